package function

import (
	"strconv"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

func itoa64(u uint64) string { return strconv.FormatUint(u, 10) }

var (
	monthNames   = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	dayNames     = [...]string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
	quarterNames = [...]string{"1st quarter", "2nd quarter", "3rd quarter", "4th quarter"}
)

// clockFace writes the fields of an instant. Names are English, and weeks those of ISO 8601.
type clockFace struct {
	moment
	kind value.Kind
	of   value.Value
}

func (c *clockFace) append(dst []byte, pieces []piece) (_ []byte, err error) {
	for _, p := range pieces {
		switch {
		case p.letter == 0 && p.inner == nil:
			dst = append(dst, p.text...)
		case p.letter == 0:
			if c.hasAll(p.inner) {
				dst, err = c.append(dst, p.inner)
			}
		default:
			from := len(dst)
			if dst, err = c.field(dst, p); err == nil {
				dst, err = padField(dst, from, p.width)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return dst, nil
}

const (
	dateLetters = "GuyYQqMLwDdFEec"
	timeLetters = "aBhKkHmsSAnN"
	zoneLetters = "OXxZ"
)

// has reports whether the value has what a letter stands for.
func (c *clockFace) has(letter byte) bool {
	switch {
	case indexByte(dateLetters, letter):
		return c.hasDate
	case indexByte(timeLetters, letter):
		return c.hasTime
	case letter == 'V' || letter == 'z':
		return c.kind == value.KindDateTime || c.hasZone && letter == 'V'
	case indexByte(zoneLetters, letter):
		return c.hasZone
	}
	return true // and field says what is wrong
}

// hasAll reports whether an optional section is written.
func (c *clockFace) hasAll(pieces []piece) bool {
	for _, p := range pieces {
		if p.letter != 0 && !c.has(p.letter) {
			return false
		}
	}
	return true
}

func indexByte(s string, b byte) bool {
	for i := range len(s) {
		if s[i] == b {
			return true
		}
	}
	return false
}

func (c *clockFace) field(dst []byte, p piece) ([]byte, error) {
	if !c.has(p.letter) {
		return nil, badArgument("format(): a %s has nothing for the letter %c", c.kind, p.letter)
	}
	switch {
	case indexByte("GuyYQqMLEec", p.letter):
		return c.calendar(dst, p)
	case indexByte("VzOXxZ", p.letter):
		return c.zoneField(dst, p)
	}
	seconds := c.nanos / second
	hour := seconds / 3600
	switch p.letter {
	case 'D':
		return number(dst, p, int64(value.YearDay(c.days)), 3)
	case 'd':
		_, _, day := value.Civil(c.days)
		return number(dst, p, int64(day), 2)
	case 'w':
		_, week := value.Week(c.days)
		return number(dst, p, int64(week), 2)
	case 'F':
		_, _, day := value.Civil(c.days)
		return number(dst, p, int64(day-1)/7+1, 1)
	case 'a':
		if p.n > 1 {
			return nil, tooMany(p)
		}
		return append(dst, []string{"AM", "PM"}[hour/12]...), nil
	case 'h':
		return number(dst, p, (hour+11)%12+1, 2)
	case 'K':
		return number(dst, p, hour%12, 2)
	case 'k':
		return number(dst, p, (hour+23)%24+1, 2)
	case 'H':
		return number(dst, p, hour, 2)
	case 'm':
		return number(dst, p, seconds/60%60, 2)
	case 's':
		return number(dst, p, seconds%60, 2)
	case 'S':
		return fraction(dst, p, c.nanos%second)
	case 'A':
		return number(dst, p, c.nanos/1_000_000, maxFieldLength)
	case 'n':
		return number(dst, p, c.nanos%second, maxFieldLength)
	case 'N':
		return number(dst, p, c.nanos, maxFieldLength)
	}
	return nil, unknownLetter(p)
}

func unknownLetter(p piece) error {
	return status.Errorf(status.NotYet, "format(): the letter %c is not known to this version", p.letter).
		WithHint("known are G u y Y Q q M L w D d F E e c a h K k H m s S A n N V z O X x Z; text stands in quotes")
}

func tooMany(p piece) error { return badPattern("%d times the letter %c", p.n, p.letter) }

// number appends a number with at least as many digits as the field has letters.
func number(dst []byte, p piece, i int64, most int) ([]byte, error) {
	if p.n > most {
		return nil, tooMany(p)
	}
	return appendPadded(dst, i, p.n, false), nil
}

// fraction appends the first digits of a second's parts.
func fraction(dst []byte, p piece, nanos int64) ([]byte, error) {
	if p.n > 9 {
		return nil, tooMany(p)
	}
	return append(dst, appendPadded(nil, nanos, 9, false)[:p.n]...), nil
}

// calendar appends fields that may be names.
func (c *clockFace) calendar(dst []byte, p piece) ([]byte, error) {
	year, month, _ := value.Civil(c.days)
	switch p.letter {
	case 'G':
		names := [][2]string{{"BC", "AD"}, {"Before Christ", "Anno Domini"}, {"B", "A"}}[min(max(p.n-3, 0), 2)]
		if p.n > 5 {
			return nil, tooMany(p)
		}
		if year > 0 {
			return append(dst, names[1]...), nil
		}
		return append(dst, names[0]...), nil
	case 'u':
		return yearField(dst, p, year), nil
	case 'y':
		if year <= 0 {
			year = 1 - year
		}
		return yearField(dst, p, year), nil
	case 'Y':
		weekYear, _ := value.Week(c.days)
		return yearField(dst, p, weekYear), nil
	case 'M', 'L':
		return name(dst, p, month, monthNames[month-1], monthNames[month-1][:3])
	case 'Q', 'q':
		q := (month-1)/3 + 1
		if p.n == 5 {
			return append(dst, byte('0'+q)), nil
		}
		return name(dst, p, q, quarterNames[q-1], "Q"+itoa(q))
	}
	day := value.Weekday(c.days)
	if p.letter == 'E' && p.n < 3 {
		p.n = 3
	}
	return name(dst, p, day, dayNames[day-1], dayNames[day-1][:3])
}

// yearField appends a year: two letters give its last two digits.
func yearField(dst []byte, p piece, year int64) []byte {
	if p.n == 2 {
		return appendPadded(dst, max(year, -year)%100, 2, false)
	}
	return appendPadded(dst, year, p.n, p.n >= 4)
}

// name appends a number of one or two digits, or a name: short, full, or its first letter.
func name(dst []byte, p piece, i int, full, short string) ([]byte, error) {
	switch p.n {
	case 1, 2:
		return appendPadded(dst, int64(i), p.n, false), nil
	case 3:
		return append(dst, short...), nil
	case 4:
		return append(dst, full...), nil
	case 5:
		return append(dst, full[:1]...), nil
	}
	return nil, tooMany(p)
}

func (c *clockFace) zoneField(dst []byte, p piece) ([]byte, error) {
	offset := c.zone.Offset
	switch p.letter {
	case 'V':
		if p.n != 2 {
			return nil, badPattern("the letter V stands twice or not at all")
		}
		if c.zone.Name != "" {
			return append(dst, c.zone.Name...), nil
		}
		return value.AppendOffset(dst, offset), nil
	case 'z':
		if p.n > 3 {
			return nil, status.Errorf(status.NotYet, "format(): full names of time zones are not known to this version").WithHint("write z, VV or xxx")
		}
		seconds, _ := c.of.Seconds()
		if short := c.zone.Abbreviation(seconds); short != "" {
			return append(dst, short...), nil
		}
		if c.zone.Name != "" {
			return append(dst, c.zone.Name...), nil
		}
		return value.AppendOffset(dst, offset), nil
	case 'O':
		if p.n != 1 && p.n != 4 {
			return nil, tooMany(p)
		}
		return localizedOffset(dst, offset, p.n == 4), nil
	case 'Z':
		switch {
		case p.n == 4:
			return localizedOffset(dst, offset, true), nil
		case p.n > 5:
			return nil, tooMany(p)
		case p.n == 5 && offset == 0:
			return append(dst, 'Z'), nil
		case p.n == 5:
			return plainOffset(dst, offset, ":", true, true), nil
		}
		return plainOffset(dst, offset, "", true, false), nil
	}
	if p.n > 5 {
		return nil, tooMany(p)
	}
	if p.letter == 'X' && offset == 0 {
		return append(dst, 'Z'), nil
	}
	colon := ""
	if p.n == 3 || p.n == 5 {
		colon = ":"
	}
	return plainOffset(dst, offset, colon, p.n > 1, p.n > 3), nil
}

// plainOffset appends +08, +0830, +08:30 or +08:30:15: minutes where they are asked for or
// not 0, seconds where they are asked for and not 0.
func plainOffset(dst []byte, offset int32, colon string, minutes, seconds bool) []byte {
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	dst = appendPadded(append(dst, sign), int64(offset/3600), 2, false)
	if minutes || offset/60%60 != 0 {
		dst = appendPadded(append(dst, colon...), int64(offset/60%60), 2, false)
	}
	if seconds && offset%60 != 0 {
		dst = appendPadded(append(dst, colon...), int64(offset%60), 2, false)
	}
	return dst
}

// localizedOffset appends GMT+8, or in full GMT+08:00.
func localizedOffset(dst []byte, offset int32, full bool) []byte {
	dst = append(dst, "GMT"...)
	if offset == 0 {
		return dst
	}
	if full {
		return plainOffset(dst, offset, ":", true, true)
	}
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	dst = appendPadded(append(dst, sign), int64(offset/3600), 1, false)
	if offset%3600 != 0 {
		dst = appendPadded(append(dst, ':'), int64(offset/60%60), 2, false)
	}
	if offset%60 != 0 {
		dst = appendPadded(append(dst, ':'), int64(offset%60), 2, false)
	}
	return dst
}
