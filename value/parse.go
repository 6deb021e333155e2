package value

import (
	"math"
	"strings"

	"github.com/kadedb/kadedb/status"
)

// scanner reads ISO 8601 text from left to right; after the first mistake all reads
// give zeros and ok is false.
type scanner struct {
	text string
	bad  bool
}

// ok reports whether everything was read without a mistake.
func (s *scanner) ok() bool { return !s.bad && s.text == "" }

func (s *scanner) peek() byte {
	if s.text == "" {
		return 0
	}
	return s.text[0]
}

// skip passes over c and reports whether it was there.
func (s *scanner) skip(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.text = s.text[1:]
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// run returns how many digits come next.
func (s *scanner) run() int {
	n := 0
	for n < len(s.text) && isDigit(s.text[n]) {
		n++
	}
	return n
}

// digits reads a number of exactly n digits, n ≤ 9, from lo to hi.
func (s *scanner) digits(n int, lo, hi int) int {
	if s.run() < n {
		s.bad = true
		return lo
	}
	v := 0
	for i := range n {
		v = v*10 + int(s.text[i]-'0')
	}
	s.text = s.text[n:]
	if v < lo || v > hi {
		s.bad = true
		return lo
	}
	return v
}

// date reads every form: 2015-07-21, 20150721, 2015-07, 201507, 2015-W30-2, 2015W302,
// 2015-W30, 2015W30, 2015-Q2-60, 2015Q260, 2015-202, 2015202, 2015, and ±years
// of up to nine digits before '-'.
func (s *scanner) date() int64 {
	year, signed := int64(0), s.peek() == '-' || s.peek() == '+'
	if signed {
		negative := s.peek() == '-'
		s.text = s.text[1:]
		year = int64(s.digits(max(1, min(s.run(), 9)), 0, MaxYear))
		if negative {
			year = -year
		}
	} else {
		year = int64(s.digits(4, 0, 9999))
	}
	if s.text == "" || s.peek() == 'T' {
		return DaysOf(year, 1, 1)
	}
	dashed := s.skip('-')
	if signed && !dashed && isDigit(s.peek()) {
		s.bad = true
	}
	switch {
	case s.skip('W'):
		return s.weekDate(year, dashed)
	case s.skip('Q'):
		return s.quarterDate(year, dashed)
	case s.run() == 3:
		length := 365
		if IsLeap(year) {
			length = 366
		}
		return DaysOf(year, 1, 1) + int64(s.digits(3, 1, length)) - 1
	}
	month := s.digits(2, 1, 12)
	if s.text == "" || s.peek() == 'T' {
		return DaysOf(year, month, 1)
	}
	if s.skip('-') != dashed {
		s.bad = true
	}
	return DaysOf(year, month, s.digits(2, 1, DaysIn(year, month)))
}

func (s *scanner) weekDate(year int64, dashed bool) int64 {
	start := WeekStart(year) + 7*int64(s.digits(2, 1, WeeksIn(year))-1)
	if s.text == "" || s.peek() == 'T' {
		return start
	}
	if s.skip('-') != dashed {
		s.bad = true
	}
	return start + int64(s.digits(1, 1, 7)) - 1
}

func (s *scanner) quarterDate(year int64, dashed bool) int64 {
	quarter := s.digits(1, 1, 4)
	start := DaysOf(year, 3*quarter-2, 1)
	if s.text == "" || s.peek() == 'T' {
		return start
	}
	if s.skip('-') != dashed {
		s.bad = true
	}
	return start + int64(s.digits(2, 1, QuarterDays(year, quarter))) - 1
}

// QuarterDays returns the number of days of a quarter.
func QuarterDays(year int64, quarter int) int {
	m := 3*quarter - 2
	return DaysIn(year, m) + DaysIn(year, m+1) + DaysIn(year, m+2)
}

// time reads 21:40:32.142, 214032.142, 21:40, 2140 or 21, in nanoseconds.
func (s *scanner) time() int64 {
	hour := s.digits(2, 0, 23)
	colon := s.skip(':')
	minute, second, nanos := 0, 0, 0
	if colon || isDigit(s.peek()) {
		minute = s.digits(2, 0, 59)
		if s.peek() == ':' || isDigit(s.peek()) {
			if s.skip(':') != colon {
				s.bad = true
			}
			second = s.digits(2, 0, 59)
			nanos = s.fraction()
		}
	}
	return int64(hour*3600+minute*60+second)*1_000_000_000 + int64(nanos)
}

// fraction reads ".142" in nanoseconds, if it is there.
func (s *scanner) fraction() int {
	if !s.skip('.') && !s.skip(',') {
		return 0
	}
	n := s.run()
	if n == 0 || n > 9 {
		s.bad = true
		return 0
	}
	v := s.digits(n, 0, 999_999_999)
	for range 9 - n {
		v *= 10
	}
	return v
}

// offset reads Z, +01, +0100, +01:00, +010203 or +01:02:03.
func (s *scanner) offset() int32 {
	if s.skip('Z') || s.skip('z') {
		return 0
	}
	negative := s.skip('-')
	if !negative && !s.skip('+') {
		s.bad = true
		return 0
	}
	seconds := 3600 * s.digits(2, 0, 18)
	colon := s.skip(':')
	if colon || isDigit(s.peek()) {
		seconds += 60 * s.digits(2, 0, 59)
		if s.peek() == ':' || isDigit(s.peek()) {
			if s.skip(':') != colon {
				s.bad = true
			}
			seconds += s.digits(2, 0, 59)
		}
	}
	if seconds > maxOffset {
		s.bad = true
		return 0
	}
	if negative {
		seconds = -seconds
	}
	return int32(seconds)
}

func unreadable(text string, kind Kind, example string) error {
	if len(text) > 100 {
		text = strings.ToValidUTF8(text[:100], "") + "…"
	}
	return status.Errorf(status.InvalidArgumentValue, "%s is not a %s", quote(text), kind).WithHint("write for example '%s'", example)
}

// ParseDate reads a date in any ISO 8601 form.
func ParseDate(text string) (Value, error) {
	s := scanner{text: text}
	days := s.date()
	if !s.ok() {
		return Null, unreadable(text, KindDate, "2015-07-21")
	}
	return Date(days), nil
}

// ParseLocalTime reads a time of day.
func ParseLocalTime(text string) (Value, error) {
	s := scanner{text: text}
	nanos := s.time()
	if !s.ok() {
		return Null, unreadable(text, KindLocalTime, "21:40:32.142")
	}
	return LocalTime(nanos), nil
}

// ParseTime reads a time of day with an offset; without one it is at offset.
func ParseTime(text string, offset int32) (Value, error) {
	s := scanner{text: text}
	nanos := s.time()
	if s.text != "" {
		offset = s.offset()
	}
	if !s.ok() {
		return Null, unreadable(text, KindTime, "21:40:32+01:00")
	}
	return Time(nanos, offset), nil
}

func (s *scanner) dateTime() (seconds int64, nanos int32) {
	seconds = s.date() * secondsPerDay
	if s.skip('T') {
		t := s.time()
		seconds += t / 1_000_000_000
		nanos = int32(t % 1_000_000_000)
	}
	return seconds, nanos
}

// ParseLocalDateTime reads a date, or a date, 'T' and a time of day.
func ParseLocalDateTime(text string) (Value, error) {
	s := scanner{text: text}
	seconds, nanos := s.dateTime()
	if !s.ok() {
		return Null, unreadable(text, KindLocalDateTime, "2015-07-21T21:40:32")
	}
	return LocalDateTime(seconds, nanos), nil
}

// ParseDateTime reads a date-time with an offset, "[zone]" or both; without either it
// is in zone.
func ParseDateTime(text string, zone Zone) (Value, error) {
	s := scanner{text: text}
	local, nanos := s.dateTime()
	const example = "2015-07-21T21:40:32+02:00[Europe/Stockholm]"
	hasOffset := s.text != "" && s.peek() != '['
	if hasOffset {
		zone = Zone{Offset: s.offset()}
	}
	if s.skip('[') {
		name, rest, closed := strings.Cut(s.text, "]")
		if !closed || rest != "" || s.bad {
			return Null, unreadable(text, KindDateTime, example)
		}
		s.text = ""
		named, err := FindZone(name)
		if err != nil {
			return Null, err
		}
		if hasOffset {
			instant := local - int64(zone.Offset)
			if got := named.offsetAt(instant); got != zone.Offset {
				return Null, status.Errorf(status.InvalidArgumentValue, "%s: the zone's offset is %s then", quote(text), AppendOffset(nil, got))
			}
			return DateTime(instant, nanos, named.AtInstant(instant)), nil
		}
		zone = named
	}
	if !s.ok() {
		return Null, unreadable(text, KindDateTime, example)
	}
	return NewDateTime(local, nanos, zone), nil
}

// ParseDuration reads P12Y5M14DT16H12M70.5S, with a sign at each part and fractions, weeks
// (P2.5W), or P2012-02-02T14:37:21.545.
func ParseDuration(text string) (Value, error) {
	s := scanner{text: text}
	negative := s.skip('-')
	if !negative {
		s.skip('+')
	}
	if !s.skip('P') || s.text == "" {
		return Null, unreadable(text, KindDuration, "P1Y2M3DT4H5M6.7S")
	}
	var sum Parts
	if s.run() == 4 && len(s.text) > 4 && s.text[4] == '-' {
		s.durationDate(&sum)
	} else {
		s.durationParts(&sum)
	}
	span, fits := sum.Span()
	if negative && fits {
		span, fits = sum.negate().Span()
	}
	if !s.ok() || !fits {
		return Null, unreadable(text, KindDuration, "P1Y2M3DT4H5M6.7S")
	}
	return Duration(span), nil
}

func (s *scanner) durationDate(sum *Parts) {
	year := int64(s.digits(4, 0, 9999))
	s.skip('-')
	month := int64(s.digits(2, 0, 12))
	if !s.skip('-') {
		s.bad = true
	}
	sum.Add(UnitMonth, Number{Whole: year*12 + month})
	sum.Add(UnitDay, Number{Whole: int64(s.digits(2, 0, 31))})
	if s.skip('T') {
		t := s.time()
		sum.Add(UnitSecond, Number{Whole: t / 1_000_000_000, Fraction: float64(t%1_000_000_000) / 1e9})
	}
}

func (s *scanner) durationParts(sum *Parts) {
	units := "YMWD"
	inTime := false
	for s.text != "" && !s.bad {
		if !inTime && s.skip('T') {
			inTime, units = true, "HMS"
			if s.text == "" {
				s.bad = true
			}
			continue
		}
		n := s.decimal()
		at := strings.IndexByte(units, s.peek())
		if at < 0 {
			s.bad = true
			return
		}
		unit := units[at]
		s.text = s.text[1:]
		units = units[at+1:]
		sum.Add(durationUnit(unit, inTime), n)
	}
}

func durationUnit(letter byte, inTime bool) Unit {
	switch letter {
	case 'Y':
		return UnitYear
	case 'W':
		return UnitWeek
	case 'D':
		return UnitDay
	case 'H':
		return UnitHour
	case 'S':
		return UnitSecond
	}
	if inTime {
		return UnitMinute
	}
	return UnitMonth
}

// decimal reads a signed number with an optional fraction of any length.
func (s *scanner) decimal() Number {
	negative := s.skip('-')
	if !negative {
		s.skip('+')
	}
	n := s.run()
	most := uint64(math.MaxInt64) // of the digits: there is one negative number more
	if negative {
		most++
	}
	var whole uint64
	for i := range n {
		digit := uint64(s.text[i] - '0')
		if whole > (most-digit)/10 {
			s.bad = true
			return Number{}
		}
		whole = whole*10 + digit
	}
	s.text = s.text[n:]
	fraction := 0.0
	if s.skip('.') || s.skip(',') {
		m := s.run()
		if m == 0 {
			s.bad = true
		}
		numerator, denominator := 0.0, 1.0
		for i := range min(m, 15) {
			numerator = numerator*10 + float64(s.text[i]-'0')
			denominator *= 10
		}
		fraction = numerator / denominator
		s.text = s.text[m:]
	} else if n == 0 {
		s.bad = true
	}
	if negative {
		return Number{Whole: int64(-whole), Fraction: -fraction}
	}
	return Number{Whole: int64(whole), Fraction: fraction}
}
