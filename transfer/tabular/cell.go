package tabular

import (
	"strconv"
	"strings"

	"github.com/kadedb/kadedb/value"
)

// classify returns the narrowest kind that a cell's text is of. Numbers with
// leading zeros are strings, as are integers beyond 64 bits: they would not come back
// as they were.
func classify(s string) Kind {
	if s == "" {
		return Null
	}
	switch c := s[0]; {
	case c >= '0' && c <= '9' || c == '-':
		if _, ok := parseInt(s); ok {
			return Int
		}
		if decimal(s) || c == '-' && noNumber(s[1:]) {
			if _, ok := parseFloat(s); ok {
				return Float
			}
		}
		return classifyTime(s)
	case c == '.' || c == 'n' || c == 'N' || c == 'i' || c == 'I':
		if decimal(s) || noNumber(s) {
			if _, ok := parseFloat(s); ok {
				return Float
			}
		}
	case c == 't' || c == 'T' || c == 'f' || c == 'F':
		if _, ok := parseBool(s); ok {
			return Bool
		}
	}
	return String
}

// noNumber reports whether s stands for what a float can be that is no number.
func noNumber(s string) bool {
	switch len(s) {
	case 3:
		return strings.EqualFold(s, "nan") || strings.EqualFold(s, "inf")
	case 8:
		return strings.EqualFold(s, "infinity")
	}
	return false
}

// decimal reports whether s is written as a number with a point or exponent, and
// no needless zero in front.
func decimal(s string) bool {
	point := false
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
		case c == '.' || c == 'e' || c == 'E':
			point = true
		case c == '-' && i == 0:
		case (c == '-' || c == '+') && i > 0 && (s[i-1] == 'e' || s[i-1] == 'E'):
		default:
			return false
		}
	}
	digits := strings.TrimPrefix(s, "-")
	return point && !(len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9')
}

func classifyTime(s string) Kind {
	if len(s) == 10 {
		if _, ok := parseDate(s); ok {
			return Date
		}
		return String
	}
	if len(s) < 12 || s[10] != 'T' && s[10] != ' ' {
		return String
	}
	if _, ok := parseDate(s[:10]); !ok {
		return String
	}
	for _, k := range [...]Kind{LocalDateTime, DateTime} {
		if _, ok := parseValue(s, k); ok {
			return k
		}
	}
	return String
}

// Join returns the narrowest kind whose columns hold cells of both.
func Join(a, b Kind) Kind {
	if a > b {
		a, b = b, a
	}
	switch {
	case a == b || a == Null:
		return b
	case a == Int && b == Float:
		return Float
	case a == Date && b == LocalDateTime:
		return LocalDateTime
	}
	return String
}

// parseInt reads -?(0|[1-9][0-9]*) within 64 bits.
func parseInt(s string) (int64, bool) {
	i, negative := 0, false
	if len(s) > 0 && s[0] == '-' {
		i, negative = 1, true
	}
	n := len(s) - i
	if n == 0 || n > 19 || s[i] == '0' && (n > 1 || negative) {
		return 0, false
	}
	var v uint64
	for ; i < len(s); i++ {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		v = v*10 + uint64(d)
	}
	if negative {
		return -int64(v), v <= 1<<63
	}
	return int64(v), v < 1<<63
}

// looseInt is parseInt for a column that is declared: zeros and a plus in front are
// no matter.
func looseInt(s string) (int64, bool) {
	if v, ok := parseInt(s); ok {
		return v, true
	}
	v, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	return v, err == nil
}

var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// parseFloat reads a float: those of up to 15 digits, which are most, without a
// call, as their digits and the power of ten are exact.
func parseFloat(s string) (float64, bool) {
	i, negative := 0, false
	if len(s) > 0 && s[0] == '-' {
		i, negative = 1, true
	}
	var m uint64
	digits, point := 0, -1
	for ; i < len(s); i++ {
		c := s[i]
		if c == '.' && point < 0 {
			point = digits
			continue
		}
		if c < '0' || c > '9' {
			return slowFloat(s)
		}
		m = m*10 + uint64(c-'0')
		digits++
	}
	if digits == 0 || digits > 15 {
		return slowFloat(s)
	}
	f := float64(m)
	if point >= 0 {
		f /= powers[digits-point]
	}
	if negative {
		f = -f
	}
	return f, true
}

func slowFloat(s string) (float64, bool) {
	if strings.ContainsAny(s, "xX_pP") {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

func parseBool(s string) (v, ok bool) {
	switch len(s) {
	case 4:
		return true, strings.EqualFold(s, "true")
	case 5:
		return false, strings.EqualFold(s, "false")
	}
	return false, false
}

// parseDate reads YYYY-MM-DD, YYYY/MM/DD and DD.MM.YYYY. Dates with the year behind
// slashes do not say which of the others is the day: they are no dates here.
func parseDate(s string) (int64, bool) {
	if len(s) != 10 {
		return 0, false
	}
	num := func(from, to int) (n int) {
		for _, c := range []byte(s[from:to]) {
			if c < '0' || c > '9' {
				return -1 << 20
			}
			n = n*10 + int(c-'0')
		}
		return n
	}
	var y, m, d int
	switch {
	case s[4] == '-' && s[7] == '-', s[4] == '/' && s[7] == '/':
		y, m, d = num(0, 4), num(5, 7), num(8, 10)
	case s[2] == '.' && s[5] == '.':
		y, m, d = num(6, 10), num(3, 5), num(0, 2)
	default:
		return 0, false
	}
	if y < 0 || m < 1 || m > 12 || d < 1 || d > value.DaysIn(int64(y), m) {
		return 0, false
	}
	return value.DaysOf(int64(y), m, d), true
}

// parseValue reads a cell of one of the kinds that are boxed, and of those that
// are not where a list has them.
func parseValue(s string, k Kind) (v value.Value, ok bool) {
	var err error
	switch k {
	case Bool:
		b, ok := parseBool(s)
		return value.Bool(b), ok
	case Int:
		i, ok := looseInt(s)
		return value.Int(i), ok
	case Float:
		f, ok := parseFloat(s)
		return value.Float(f), ok
	case Date:
		if d, ok := parseDate(s); ok {
			return value.Date(d), true
		}
		v, err = value.ParseDate(s)
	case LocalDateTime:
		if d, ok := parseDate(s); ok {
			return value.LocalDateTime(d*86400, 0), true
		}
		v, err = value.ParseLocalDateTime(isoDateTime(s))
	case DateTime:
		v, err = value.ParseDateTime(isoDateTime(s), value.Zone{})
	case LocalTime:
		v, err = value.ParseLocalTime(s)
	case Time:
		v, err = value.ParseTime(s, 0)
	case Duration:
		v, err = value.ParseDuration(s)
	case Point:
		if v, err = value.ParsePoint(s); err == nil && v.IsNull() {
			return v, false
		}
	case Any:
		return parseTyped(s)
	default:
		return value.String(s), true
	}
	return v, err == nil
}

// isoDateTime writes a date-time as ISO has it, where its date is in another of the forms that
// parseDate reads, or spaces part it.
func isoDateTime(s string) string {
	if len(s) < 12 || s[10] != 'T' && s[10] != ' ' {
		return s
	}
	date, clock := s[:10], s[11:]
	switch {
	case date[4] == '/' && date[7] == '/':
		date = date[:4] + "-" + date[5:7] + "-" + date[8:]
	case date[2] == '.' && date[5] == '.':
		date = date[6:] + "-" + date[3:5] + "-" + date[:2]
	case s[10] == 'T':
		return s
	}
	if at, zone, ok := strings.Cut(clock, " "); ok {
		if zone == "UTC" {
			zone = "Z"
		}
		clock = at + zone
	}
	return date + "T" + clock
}
