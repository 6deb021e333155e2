package function

import (
	"math"

	"github.com/kadedb/kadedb/value"
)

// Component returns the part of a temporal value or point that `v.name` reads, such as
// year, week, epochMillis, timezone, or minutesOfHour of a duration.
func Component(v value.Value, name string) (value.Value, error) {
	if v.Kind() == value.KindPoint {
		return pointComponent(v.Place(), name)
	}
	if v.Kind() == value.KindDuration {
		if n, ok := spanComponent(v.Span(), name); ok {
			return n, nil
		}
		return value.Null, noComponent(v, name)
	}
	m := momentOf(v)
	if m.hasDate {
		if n, ok := dateComponent(m.days, name); ok {
			return value.Int(n), nil
		}
	}
	if m.hasTime {
		if n, ok := timeComponent(m.nanos, name); ok {
			return value.Int(n), nil
		}
	}
	if m.hasZone {
		if c, ok := zoneComponent(v, m, name); ok {
			return c, nil
		}
	}
	return value.Null, noComponent(v, name)
}

var (
	datePartNames = []string{"year", "quarter", "month", "week", "weekYear", "day", "ordinalDay", "weekDay", "dayOfWeek", "dayOfQuarter"}
	timePartNames = []string{"hour", "minute", "second", "millisecond", "microsecond", "nanosecond"}
	zonePartNames = []string{"timezone", "offset", "offsetMinutes", "offsetSeconds"}
	spanPartNames = []string{"years", "quarters", "months", "weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds", "nanoseconds", "quartersOfYear",
		"monthsOfQuarter", "monthsOfYear", "daysOfWeek", "minutesOfHour", "secondsOfMinute", "millisecondsOfSecond", "microsecondsOfSecond", "nanosecondsOfSecond"}
)

func noComponent(v value.Value, name string) error {
	var names []string
	if m := momentOf(v); v.Kind() == value.KindDuration {
		names = spanPartNames
	} else {
		if m.hasDate {
			names = append(names, datePartNames...)
		}
		if m.hasTime {
			names = append(names, timePartNames...)
		}
		if m.hasZone {
			names = append(names, zonePartNames...)
		}
		if v.Kind() == value.KindDateTime {
			names = append(names, "epochSeconds", "epochMillis")
		}
	}
	return meant(badArgument("a %s has no component %s", v.Kind(), name), name, names...)
}

func dateComponent(days int64, name string) (int64, bool) {
	year, month, day := value.Civil(days)
	quarter := (month - 1) / 3
	switch name {
	case "year":
		return year, true
	case "quarter":
		return int64(quarter) + 1, true
	case "month":
		return int64(month), true
	case "week":
		_, week := value.Week(days)
		return int64(week), true
	case "weekYear":
		weekYear, _ := value.Week(days)
		return weekYear, true
	case "day":
		return int64(day), true
	case "ordinalDay":
		return int64(value.YearDay(days)), true
	case "weekDay", "dayOfWeek":
		return int64(value.Weekday(days)), true
	case "dayOfQuarter":
		return days - value.DaysOf(year, 3*quarter+1, 1) + 1, true
	}
	return 0, false
}

func timeComponent(nanos int64, name string) (int64, bool) {
	switch name {
	case "hour":
		return nanos / (3600 * second), true
	case "minute":
		return nanos / (60 * second) % 60, true
	case "second":
		return nanos / second % 60, true
	case "millisecond":
		return nanos % second / 1_000_000, true
	case "microsecond":
		return nanos % second / 1_000, true
	case "nanosecond":
		return nanos % second, true
	}
	return 0, false
}

func zoneComponent(v value.Value, m moment, name string) (value.Value, bool) {
	switch name {
	case "timezone":
		if m.zone.Name != "" {
			return value.String(m.zone.Name), true
		}
		return value.String(string(value.AppendOffset(nil, m.zone.Offset))), true
	case "offset":
		return value.String(string(value.AppendOffset(nil, m.zone.Offset))), true
	case "offsetMinutes":
		return value.Int(int64(m.zone.Offset / 60)), true
	case "offsetSeconds":
		return value.Int(int64(m.zone.Offset)), true
	}
	if v.Kind() != value.KindDateTime {
		return value.Null, false
	}
	seconds, nanos := v.Seconds()
	switch name {
	case "epochSeconds":
		return value.Int(seconds), true
	case "epochMillis":
		if seconds > math.MaxInt64/1000-1 || seconds < math.MinInt64/1000+1 {
			return value.Null, true
		}
		return value.Int(seconds*1000 + int64(nanos)/1_000_000), true
	}
	return value.Null, false
}

// spanComponent gives null for a count that does not fit 64 bits.
func spanComponent(s value.Span, name string) (value.Value, bool) {
	scaled := func(factor int64) value.Value {
		n, ok := value.MulInt(s.Seconds, factor)
		n, ok2 := value.AddInt(n, int64(s.Nanos)/(second/factor))
		if !ok || !ok2 {
			return value.Null
		}
		return value.Int(n)
	}
	var n int64
	switch name {
	case "years":
		n = s.Months / 12
	case "quarters":
		n = s.Months / 3
	case "months":
		n = s.Months
	case "weeks":
		n = s.Days / 7
	case "days":
		n = s.Days
	case "hours":
		n = s.Seconds / 3600
	case "minutes":
		n = s.Seconds / 60
	case "seconds":
		n = s.Seconds
	case "milliseconds":
		return scaled(1_000), true
	case "microseconds":
		return scaled(1_000_000), true
	case "nanoseconds":
		return scaled(second), true
	case "quartersOfYear":
		n = s.Months / 3 % 4
	case "monthsOfQuarter":
		n = s.Months % 3
	case "monthsOfYear":
		n = s.Months % 12
	case "daysOfWeek":
		n = s.Days % 7
	case "minutesOfHour":
		n = s.Seconds / 60 % 60
	case "secondsOfMinute":
		n = s.Seconds % 60
	case "millisecondsOfSecond":
		n = int64(s.Nanos) / 1_000_000
	case "microsecondsOfSecond":
		n = int64(s.Nanos) / 1_000
	case "nanosecondsOfSecond":
		n = int64(s.Nanos)
	default:
		return value.Null, false
	}
	return value.Int(n), true
}
