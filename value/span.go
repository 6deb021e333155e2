package value

import (
	"math"
	"math/bits"
)

// average returns the whole seconds of s at 30.436875 days a month, as a signed
// 128-bit number: any months and days are allowed, so 64 bits could overflow.
func (s Span) average() (hi int64, lo uint64) {
	hi, lo = mul128(s.Months, avgSecondsPerMonth)
	h, l := mul128(s.Days, secondsPerDay)
	hi, lo = add128(hi, lo, h, l)
	return add128(hi, lo, s.Seconds>>63, uint64(s.Seconds))
}

// mul128 multiplies by a positive factor.
func mul128(a int64, factor uint64) (int64, uint64) {
	hi, lo := bits.Mul64(uint64(a), factor)
	if a < 0 {
		hi -= factor
	}
	return int64(hi), lo
}

func add128(ah int64, al uint64, bh int64, bl uint64) (int64, uint64) {
	lo, carry := bits.Add64(al, bl, 0)
	hi, _ := bits.Add64(uint64(ah), uint64(bh), carry)
	return int64(hi), lo
}

// IsZero reports whether all parts of s are 0.
func (s Span) IsZero() bool { return s == Span{} }

// AddInt adds, and reports whether the sum fits.
func AddInt(a, b int64) (int64, bool) {
	c := a + b
	return c, (c > a) == (b > 0)
}

// SubInt subtracts, and reports whether the difference fits.
func SubInt(a, b int64) (int64, bool) {
	c := a - b
	return c, (c < a) == (b > 0)
}

// MulInt multiplies, and reports whether the product fits.
func MulInt(a, b int64) (int64, bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	c := a * b
	if (c < 0) != ((a < 0) != (b < 0)) || c/b != a || a == -1 && b == math.MinInt64 || b == -1 && a == math.MinInt64 {
		return 0, false
	}
	return c, true
}

// Unit is a unit of a duration's parts.
type Unit uint8

const (
	UnitYear Unit = iota
	UnitQuarter
	UnitMonth
	UnitWeek
	UnitDay
	UnitHour
	UnitMinute
	UnitSecond
	UnitMillisecond
	UnitMicrosecond
	UnitNanosecond
)

// Number is a count of units: a whole number and a fraction of the same sign, |Fraction| < 1.
type Number struct {
	Whole    int64
	Fraction float64
}

// SplitFloat returns f as a Number; ok is false when it does not fit.
func SplitFloat(f float64) (n Number, ok bool) {
	whole, fraction := math.Modf(f)
	if !(math.Abs(whole) < 1<<63) {
		return Number{}, false
	}
	return Number{Whole: int64(whole), Fraction: fraction}, true
}

// Parts sums counts of units into a duration. What is left of a month goes on as
// days of its average length (2,629,746 seconds), what is left of a day as seconds.
// The zero Parts is an empty sum.
type Parts struct {
	months, days, seconds int64
	nanos                 int64 // from units below an hour; |nanos| stays under a few hours
	rest                  int64 // nanoseconds from fractions of months and days
	overflow              bool
}

var unitFactor = [...]int64{UnitYear: 12, UnitQuarter: 3, UnitMonth: 1, UnitWeek: 7, UnitDay: 1,
	UnitHour: 3600, UnitMinute: 60, UnitSecond: 1, UnitMillisecond: 1_000, UnitMicrosecond: 1_000_000, UnitNanosecond: 1_000_000_000}

func (p *Parts) sum(to *int64, whole, factor int64, more float64) {
	product, ok := MulInt(whole, factor)
	total, ok2 := AddInt(*to, product)
	total, ok3 := AddInt(total, int64(more))
	if !ok || !ok2 || !ok3 {
		p.overflow = true
	}
	*to = total
}

// Add adds n units.
func (p *Parts) Add(unit Unit, n Number) {
	factor := unitFactor[unit]
	switch {
	case unit <= UnitMonth:
		more, fraction := math.Modf(n.Fraction * float64(factor))
		p.sum(&p.months, n.Whole, factor, more)
		p.sum(&p.rest, 0, 0, math.Round(fraction*avgSecondsPerMonth*1e9))
	case unit <= UnitDay:
		more, fraction := math.Modf(n.Fraction * float64(factor))
		p.sum(&p.days, n.Whole, factor, more)
		p.sum(&p.rest, 0, 0, math.Round(fraction*nanosPerDay))
	case unit <= UnitSecond:
		p.sum(&p.seconds, n.Whole, factor, 0)
		p.sum(&p.nanos, 0, 0, math.Round(n.Fraction*float64(factor)*1e9))
	default:
		nanos := 1_000_000_000 / factor
		p.sum(&p.seconds, n.Whole/factor, 1, 0)
		p.sum(&p.nanos, n.Whole%factor, nanos, math.Trunc(n.Fraction*float64(nanos)))
	}
}

func (p Parts) negate() Parts {
	least := p.months == math.MinInt64 || p.days == math.MinInt64 || p.seconds == math.MinInt64
	return Parts{-p.months, -p.days, -p.seconds, -p.nanos, -p.rest, p.overflow || least}
}

// Span returns the sum; ok is false when a part does not fit 64 bits.
func (p Parts) Span() (s Span, ok bool) {
	days, rest := p.rest/nanosPerDay, p.rest%nanosPerDay
	p.sum(&p.days, days, 1, 0)
	switch { // what is left has the sign of the days
	case p.days > 0 && rest < 0:
		p.days, rest = p.days-1, rest+nanosPerDay
	case p.days < 0 && rest > 0:
		p.days, rest = p.days+1, rest-nanosPerDay
	}
	nanos := p.nanos%1_000_000_000 + rest%1_000_000_000
	p.sum(&p.seconds, p.nanos/1_000_000_000+rest/1_000_000_000+floorDiv(nanos, 1_000_000_000), 1, 0)
	s = Span{Months: p.months, Days: p.days, Seconds: p.seconds, Nanos: int32(floorMod(nanos, 1_000_000_000))}
	return s, !p.overflow
}

// Add returns s + t; ok is false on overflow.
func (s Span) Add(t Span) (sum Span, ok bool) {
	var p Parts
	for _, x := range [...]Span{s, t} {
		p.addSpan(x)
	}
	return p.Span()
}

func (p *Parts) addSpan(x Span) {
	p.sum(&p.months, x.Months, 1, 0)
	p.sum(&p.days, x.Days, 1, 0)
	p.sum(&p.seconds, x.Seconds, 1, 0)
	p.nanos += int64(x.Nanos)
}

// Negate returns -s; ok is false on overflow.
func (s Span) Negate() (neg Span, ok bool) {
	if s.Months == math.MinInt64 || s.Days == math.MinInt64 || s.Seconds == math.MinInt64 {
		return Span{}, false
	}
	neg = Span{Months: -s.Months, Days: -s.Days, Seconds: -s.Seconds}
	if s.Nanos > 0 {
		neg.Seconds, neg.Nanos = neg.Seconds-1, 1_000_000_000-s.Nanos
	}
	return neg, true
}

// Scale returns s times f, part by part; ok is false on overflow.
func (s Span) Scale(f float64) (scaled Span, ok bool) {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return s.times(int64(f))
	}
	return s.each(func(x float64) float64 { return x * f })
}

// Divide returns s divided by f ≠ 0, part by part; ok is false on overflow.
func (s Span) Divide(f float64) (part Span, ok bool) {
	return s.each(func(x float64) float64 { return x / f })
}

func (s Span) times(n int64) (Span, bool) {
	var p Parts
	p.sum(&p.months, s.Months, n, 0)
	p.sum(&p.days, s.Days, n, 0)
	p.sum(&p.seconds, s.Seconds, n, 0)
	hi, lo := mul128(n, uint64(s.Nanos))
	if hi != 0 && hi != -1 || int64(lo)>>63 != hi {
		return Span{}, false
	}
	p.sum(&p.seconds, floorDiv(int64(lo), 1_000_000_000), 1, 0)
	p.nanos = floorMod(int64(lo), 1_000_000_000)
	return p.Span()
}

func (s Span) each(f func(float64) float64) (Span, bool) {
	var p Parts
	seconds, nanos := s.Seconds, int64(s.Nanos)
	if seconds < 0 && nanos > 0 {
		seconds, nanos = seconds+1, nanos-1_000_000_000
	}
	for _, x := range [...]struct {
		unit Unit
		n    int64
	}{{UnitMonth, s.Months}, {UnitDay, s.Days}, {UnitSecond, seconds}, {UnitNanosecond, nanos}} {
		n, ok := SplitFloat(f(float64(x.n)))
		if !ok {
			return Span{}, false
		}
		p.Add(x.unit, n)
	}
	return p.Span()
}
