package function

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// digits is a pattern of DecimalFormat, such as #,##0.00 or 0.###E0.
type digits struct {
	prefix, suffix string
	least, most    int // whole digits
	group          int // digits between commas; 0: none
	minFrac        int
	maxFrac        int
	exponent       int // least digits of one; 0: none
	scale          int // 2 of %, 3 of ‰
}

func badDigits(format string, args ...any) *status.Error {
	return badArgument("format(): "+format, args...).(*status.Error).
		WithHint("a pattern of numbers is written as '0', '#,##0.00', '0.0#%%' or '0.###E0'; text stands in quotes")
}

// appendNumber writes a number by a pattern and, behind a semicolon, one for negatives.
// Halves go to the even digit.
func appendNumber(dst []byte, v value.Value, pattern string) ([]byte, error) {
	positive, rest, err := parseDigits(pattern)
	if err != nil {
		return nil, err
	}
	before, after := "-"+positive.prefix, positive.suffix
	if rest != "" {
		negative, more, err := parseDigits(rest[1:])
		if err != nil {
			return nil, err
		}
		if more != "" {
			return nil, badDigits("a second semicolon in %s", describe(value.String(pattern)))
		}
		if before, after = negative.prefix, negative.suffix; before == positive.prefix && after == positive.suffix {
			before = "-" + before
		}
	}
	below := v.Kind() == value.KindInt && v.AsInt() < 0 || v.Kind() == value.KindFloat && (v.AsFloat() < 0 || v.AsFloat() == 0 && math.Signbit(v.AsFloat()))
	if v.Kind() == value.KindFloat && math.IsNaN(v.AsFloat()) {
		return append(dst, "NaN"...), nil
	}
	if !below {
		before, after = positive.prefix, positive.suffix
	}
	dst = append(dst, before...)
	switch {
	case v.Kind() == value.KindFloat && math.IsInf(v.AsFloat()*math.Pow10(positive.scale), 0):
		dst = append(dst, "∞"...)
	case positive.exponent > 0:
		dst = positive.scientific(dst, math.Abs(toFloat(v)))
	default:
		dst = positive.plain(dst, positive.round(v))
	}
	return append(dst, after...), nil
}

// Where in a pattern of digits a character stands.
const (
	inPrefix = iota
	inWhole
	inFrac
	inExponent
	inSuffix
)

// digitReader reads a pattern of digits from left to right.
type digitReader struct {
	digits
	where int
	comma int  // places since the last comma, -1: there was none
	zeros bool // a 0 came before the point
}

// place takes a character that stands for digits, or parts them. out: it does, but not there.
func (d *digitReader) place(c rune) (took, out bool) {
	mark := c == '#' || c == '0' || c == ',' || c == '.'
	if d.where == inPrefix && mark {
		d.where = inWhole
	}
	switch {
	case d.where == inExponent && c == '0':
		d.exponent++
	case d.where == inWhole && (c == '0' || c == '#' && !d.zeros):
		d.zeros = d.zeros || c == '0'
		if d.most++; c == '0' {
			d.least++
		}
		if d.comma >= 0 {
			d.comma++
		}
	case d.where == inWhole && c == ',':
		d.comma = 0
	case d.where == inWhole && c == '.':
		d.where = inFrac
	case d.where == inFrac && (c == '#' || c == '0' && d.minFrac == d.maxFrac):
		if d.maxFrac++; c == '0' {
			d.minFrac++
		}
	case (d.where == inWhole || d.where == inFrac) && c == 'E':
		d.where = inExponent
	default:
		if d.where != inPrefix {
			out = mark || d.where == inExponent && d.exponent == 0
			d.where = inSuffix
		}
		return false, out
	}
	return true, false
}

// parseDigits reads a pattern up to a semicolon, which is in rest.
func parseDigits(pattern string) (_ digits, rest string, err error) {
	d := digitReader{comma: -1}
	for i := 0; i < len(pattern); {
		c, size := utf8.DecodeRuneInString(pattern[i:])
		if c == ';' {
			rest = pattern[i:]
			break
		}
		i += size
		took, out := d.place(c)
		if out {
			return d.digits, "", badDigits("`%c` out of place in %s", c, describe(value.String(pattern)))
		}
		if took {
			continue
		}
		text := string(c)
		switch c {
		case '\'':
			var after string
			var ok bool
			if text, after, ok = quotedText(pattern[i:]); !ok {
				return d.digits, "", badDigits("a quote that is not closed in %s", describe(value.String(pattern)))
			}
			i = len(pattern) - len(after)
		case '%':
			d.scale = 2
		case '‰':
			d.scale = 3
		case '¤':
			return d.digits, "", status.Errorf(status.NotYet, "format(): signs of currencies are not known to this version").WithHint("write the sign itself, in quotes")
		}
		if d.where == inPrefix {
			d.prefix += text
		} else {
			d.suffix += text
		}
	}
	wrong := d.exponent == 0 && d.where == inExponent || d.exponent > 0 && d.comma >= 0 || d.comma == 0
	switch d.group = max(d.comma, 0); {
	case d.most+d.maxFrac == 0:
		return d.digits, "", badDigits("%s has no place for digits", describe(value.String(pattern)))
	case wrong:
		return d.digits, "", badDigits("%s cannot be read", describe(value.String(pattern)))
	}
	return d.digits, rest, nil
}

// round returns the decimal digits of a finite number's size, with maxFrac of them after
// the point, the percentage taken.
func (d *digits) round(v value.Value) string {
	if v.Kind() == value.KindInt {
		u := uint64(v.AsInt())
		if v.AsInt() < 0 {
			u = -u
		}
		text := strconv.FormatUint(u, 10) + strings.Repeat("0", d.scale)
		if d.maxFrac > 0 {
			text += "." + strings.Repeat("0", d.maxFrac)
		}
		return text
	}
	return strconv.FormatFloat(math.Abs(v.AsFloat())*math.Pow10(d.scale), 'f', d.maxFrac, 64)
}

// plain appends 1234.50 as 1,234.5, by what the pattern asks for.
func (d *digits) plain(dst []byte, text string) []byte {
	whole, frac, _ := strings.Cut(text, ".")
	for len(frac) > d.minFrac && frac[len(frac)-1] == '0' {
		frac = frac[:len(frac)-1]
	}
	whole = strings.TrimLeft(whole, "0")
	if n := d.least - len(whole); n > 0 {
		whole = strings.Repeat("0", n) + whole
	}
	if whole == "" && frac == "" {
		whole = "0"
	}
	for i := range len(whole) {
		if left := len(whole) - i; i > 0 && d.group > 0 && left%d.group == 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, whole[i])
	}
	if frac != "" {
		dst = append(append(dst, '.'), frac...)
	}
	return dst
}

// scientific appends 12345 as 1.2345E4. With more places before the point than zeros there
// the exponent is a multiple of their number: ##0.###E0 gives 12.345E3.
func (d *digits) scientific(dst []byte, f float64) []byte {
	f *= math.Pow10(d.scale)
	exp, whole := 0, max(d.least, 1)
	significant := whole + d.maxFrac
	if d.most > d.least && d.most > 1 {
		significant = max(d.least, 1) + d.maxFrac
	}
	mantissa := strings.Repeat("0", significant)
	if f != 0 {
		text := strconv.FormatFloat(f, 'e', significant-1, 64)
		m, e, _ := strings.Cut(text, "e")
		n, err := strconv.Atoi(e)
		if err != nil {
			return append(dst, text...)
		}
		mantissa, exp = strings.Replace(m, ".", "", 1), n+1-whole
	}
	if d.most > d.least && d.most > 1 && f != 0 {
		top := exp + whole - 1 // of the first digit
		exp = int(floorDiv(int64(top), int64(d.most))) * d.most
		whole = top - exp + 1
	}
	for len(mantissa) < whole {
		mantissa += "0"
	}
	frac := mantissa[whole:]
	for len(frac) > d.minFrac && frac[len(frac)-1] == '0' {
		frac = frac[:len(frac)-1]
	}
	if dst = append(dst, mantissa[:whole]...); frac != "" {
		dst = append(append(dst, '.'), frac...)
	}
	return appendPadded(append(dst, 'E'), int64(exp), d.exponent, false)
}
