package function

import (
	"slices"

	"github.com/kadedb/kadedb/value"
)

var durationUnits = []string{value.UnitYear: "years", value.UnitQuarter: "quarters", value.UnitMonth: "months",
	value.UnitWeek: "weeks", value.UnitDay: "days", value.UnitHour: "hours", value.UnitMinute: "minutes", value.UnitSecond: "seconds",
	value.UnitMillisecond: "milliseconds", value.UnitMicrosecond: "microseconds", value.UnitNanosecond: "nanoseconds"}

func durationFunctions() []*Def {
	defs := []*Def{{
		Name:       "duration",
		Signatures: []Signature{{Args: []Kinds{StringKind | MapKind | DurationKind}, Result: DurationKind}},
		Doc:        "A duration from text in ISO 8601 or from a map of units; fractions go on to smaller units.",
		Example:    "duration({months: 5, days: 1.5}) = duration('P5M1DT12H')",
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			switch a := args[0]; a.Kind() {
			case value.KindString:
				return value.ParseDuration(a.AsString())
			case value.KindMap:
				return durationOf(a.AsMap())
			case value.KindDuration:
				return a, nil
			}
			return value.Null, badValue("duration()", args[0], "STRING or MAP")
		},
	}}
	for _, f := range []struct {
		name, doc, ex string
		call          func(a, b moment) (value.Span, bool)
	}{
		{"duration.between", "What lies between two temporal values, in months, days and seconds.", "duration.between(date('1984-10-11'), date('2015-06-24')) = duration('P30Y8M13D')", between},
		{"duration.inMonths", "What lies between two temporal values, in whole months.", "duration.inMonths(date('1984-10-11'), date('2015-06-24')) = duration('P30Y8M')", inMonths},
		{"duration.inDays", "What lies between two temporal values, in whole days.", "duration.inDays(date('2015-06-24'), date('2015-07-24')) = duration('P30D')", inDays},
		{"duration.inSeconds", "What lies between two temporal values, in seconds.", "duration.inSeconds(localtime('14:30'), localtime('16:30')) = duration('PT2H')", inSeconds},
	} {
		defs = append(defs, &Def{Name: f.name, Doc: f.doc, Example: f.ex,
			Signatures: []Signature{{Args: []Kinds{InstantKind, InstantKind}, Result: DurationKind}},
			Call: func(_ *Context, args []value.Value) (value.Value, error) {
				for _, a := range args {
					if !InstantKind.Has(a.Kind()) {
						return value.Null, badValue(f.name+"()", a, "a temporal value")
					}
				}
				a, b := align(momentOf(args[0]), momentOf(args[1]))
				span, ok := f.call(a, b)
				if !ok {
					return value.Null, overflow(f.name + "()")
				}
				return value.Duration(span), nil
			}})
	}
	return defs
}

func durationOf(m *value.Map) (value.Value, error) {
	var parts value.Parts
	for i := range m.Len() {
		unit := slices.Index(durationUnits, m.Keys[i])
		if unit < 0 {
			return value.Null, meant(badArgument("duration(): unknown unit %s", m.Keys[i]), m.Keys[i], durationUnits...)
		}
		var n value.Number
		ok := true
		switch v := m.Vals[i]; v.Kind() {
		case value.KindInt:
			n.Whole = v.AsInt()
		case value.KindFloat:
			n, ok = value.SplitFloat(v.AsFloat())
		default:
			return value.Null, badArgument("duration(): unit %s is %s, want a number", m.Keys[i], describe(v))
		}
		if !ok {
			return value.Null, overflow("duration()")
		}
		parts.Add(value.Unit(unit), n)
	}
	span, ok := parts.Span()
	if !ok {
		return value.Null, overflow("duration()")
	}
	return value.Duration(span), nil
}

// align gives two moments what only one of them has: a date, a zone. A date alone is at midnight.
func align(a, b moment) (moment, moment) {
	switch {
	case a.hasDate && !b.hasDate:
		b.days, b.hasDate = a.days, true
	case b.hasDate && !a.hasDate:
		a.days, a.hasDate = b.days, true
	}
	switch {
	case a.hasZone && !b.hasZone:
		b.zone, b.hasZone = a.zone, true
	case b.hasZone && !a.hasZone:
		a.zone, a.hasZone = b.zone, true
	case a.hasZone: // calendar units are counted on the first one's clocks
		b = b.at(a.zone)
	}
	return a, b
}

// instant returns m as seconds and nanoseconds on the one time line.
func (m moment) instant() (int64, int64) {
	seconds, nanos := m.local()
	if m.hasZone {
		seconds = m.zone.AtLocal(seconds)
	}
	return seconds, int64(nanos)
}

// wholeMonths counts the months from a to b, rounding towards zero.
func wholeMonths(a, b moment) int64 {
	ay, am, ad := value.Civil(a.days)
	by, bm, bd := value.Civil(b.days)
	months := (by-ay)*12 + int64(bm-am)
	late := bd < ad || bd == ad && b.nanos < a.nanos
	early := bd > ad || bd == ad && b.nanos > a.nanos
	switch {
	case months > 0 && late:
		months--
	case months < 0 && early:
		months++
	}
	return months
}

func wholeDays(a, b moment) int64 {
	days := b.days - a.days
	switch {
	case days > 0 && b.nanos < a.nanos:
		days--
	case days < 0 && b.nanos > a.nanos:
		days++
	}
	return days
}

func inMonths(a, b moment) (value.Span, bool) {
	return value.Span{Months: wholeMonths(a, b)}, true
}

func inDays(a, b moment) (value.Span, bool) { return value.Span{Days: wholeDays(a, b)}, true }

func inSeconds(a, b moment) (value.Span, bool) {
	as, an := a.instant()
	bs, bn := b.instant()
	seconds, nanos := bs-as, bn-an
	if nanos < 0 {
		seconds, nanos = seconds-1, nanos+second
	}
	return value.Span{Seconds: seconds, Nanos: int32(nanos)}, true
}

func between(a, b moment) (value.Span, bool) {
	months := wholeMonths(a, b)
	if months != 0 {
		days, ok := value.AddMonths(a.days, months)
		if !ok {
			return value.Span{}, false
		}
		a.days = days
	}
	days := wholeDays(a, b)
	a.days += days
	span, ok := inSeconds(a, b)
	span.Months, span.Days = months, days
	return span, ok
}

// addSpan moves an instant by a duration; sign is 1 or -1.
func addSpan(v value.Value, s value.Span, sign int64) (value.Value, error) {
	if sign < 0 {
		neg, ok := s.Negate()
		if !ok {
			return value.Null, overflow("-")
		}
		s = neg
	}
	m := momentOf(v)
	if m.hasDate {
		days, ok := value.AddMonths(m.days, s.Months)
		if !ok || s.Days > 3*value.MaxDays || s.Days < 3*value.MinDays {
			return value.Null, outOfDates()
		}
		if m.days = days + s.Days; m.days > value.MaxDays || m.days < value.MinDays {
			return value.Null, outOfDates()
		}
	}
	switch {
	case !m.hasTime:
		seconds := s.Seconds
		if seconds < 0 && s.Nanos > 0 {
			seconds++
		}
		m.days += seconds / daySeconds
	case !m.hasDate:
		m.nanos = floorMod(m.nanos+floorMod(s.Seconds, daySeconds)*second+int64(s.Nanos), dayNanos)
	default:
		return addSeconds(v.Kind(), m, s)
	}
	return m.value(v.Kind())
}

func outOfDates() error {
	return outOfRange("a year outside %d … %d", value.MinYear, value.MaxYear)
}

func addSeconds(kind value.Kind, m moment, s value.Span) (value.Value, error) {
	seconds, nanos := m.local()
	if m.hasZone {
		seconds = m.zone.AtLocal(seconds)
	}
	total := int64(nanos) + int64(s.Nanos)
	sum, ok := value.AddInt(seconds, s.Seconds)
	if !ok {
		return value.Null, outOfDates()
	}
	sum += total / second
	if sum > value.MaxSeconds || sum < value.MinSeconds {
		return value.Null, outOfDates()
	}
	nanos = int32(total % second)
	if kind == value.KindLocalDateTime {
		return value.LocalDateTime(sum, nanos), nil
	}
	return value.DateTime(sum, nanos, m.zone.AtInstant(sum)), nil
}
