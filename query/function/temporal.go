package function

import (
	"slices"
	"strings"
	"time"

	"github.com/kadedb/kadedb/value"
)

type clock uint8

const (
	clockStatement clock = iota
	clockTransaction
	clockRealtime
)

// current returns the time of a clock in zone as a value of kind.
func (ctx *Context) current(kind value.Kind, which clock, zone value.Zone) (value.Value, error) {
	now := ctx.Statement
	switch {
	case which == clockTransaction && !ctx.Transaction.IsZero():
		now = ctx.Transaction
	case which == clockRealtime && ctx.Now != nil:
		now = ctx.Now()
	}
	if now.IsZero() {
		now = time.Unix(0, 0)
	}
	seconds := now.Unix()
	v := value.DateTime(seconds, int32(now.Nanosecond()), zone.AtInstant(seconds))
	return momentOf(v).value(kind)
}

// zone returns the default zone; for a time of day, with the offset in force at the
// statement's clock.
func (ctx *Context) zone(kind value.Kind) (value.Zone, error) {
	if ctx.Zone == "" {
		return value.Zone{}, nil
	}
	z, err := value.FindZone(ctx.Zone)
	if err == nil && kind == value.KindTime {
		z = *z.AtInstant(ctx.Statement.Unix())
	}
	return z, err
}

var instantKinds = []struct {
	name string
	kind value.Kind
	from Kinds // kinds of instants that the constructor takes
	ex   string
}{
	{"date", value.KindDate, DateKind | LocalDateTimeKind | DateTimeKind, "date({year: 1984, week: 10}) = date('1984-03-05')"},
	{"localtime", value.KindLocalTime, LocalTimeKind | TimeKind | LocalDateTimeKind | DateTimeKind, "localtime('214032.142') = localtime({hour: 21, minute: 40, second: 32, millisecond: 142})"},
	{"time", value.KindTime, LocalTimeKind | TimeKind | LocalDateTimeKind | DateTimeKind, "time('21:40-01:30').offset = '-01:30'"},
	{"localdatetime", value.KindLocalDateTime, DateKind | LocalDateTimeKind | DateTimeKind, "localdatetime('2015-W30T2140').day = 20"},
	{"datetime", value.KindDateTime, DateKind | LocalDateTimeKind | DateTimeKind, "datetime('2015-07-21T21:40[Europe/London]').offset = '+01:00'"},
}

func temporalFunctions() []*Def {
	var defs []*Def
	for _, k := range instantKinds {
		kind, result := k.kind, Kinds(1)<<k.kind
		name := k.name
		defs = append(defs, &Def{
			Name: name,
			Signatures: []Signature{
				{Result: result},
				{Args: []Kinds{StringKind | MapKind | k.from}, Result: result},
			},
			Stability: PerStatement,
			Doc:       "A " + strings.ToLower(kind.String()) + " from text in ISO 8601, from a map of components, from another temporal value, or the current one.",
			Example:   k.ex,
			Call: func(ctx *Context, args []value.Value) (value.Value, error) {
				if len(args) == 0 {
					zone, err := ctx.zone(0)
					if err != nil {
						return value.Null, err
					}
					return ctx.current(kind, clockStatement, zone)
				}
				return construct(ctx, name+"()", kind, args[0])
			},
		})
		for which, suffix := range [...]string{clockStatement: "statement", clockTransaction: "transaction", clockRealtime: "realtime"} {
			defs = append(defs, clockFunction(name+"."+suffix, kind, clock(which)))
		}
		defs = append(defs, truncateFunction(name+".truncate", kind))
	}
	return append(defs, epochFunctions()...)
}

func clockFunction(name string, kind value.Kind, which clock) *Def {
	d := &Def{
		Name:       name,
		Signatures: []Signature{{Args: []Kinds{StringKind}, Optional: 1, Result: 1 << kind}},
		Stability:  PerStatement,
		Doc:        "The current " + strings.ToLower(kind.String()) + " by the clock of that name, in a time zone if one is given.",
		Example:    name + "() = " + name + "()",
		Call: func(ctx *Context, args []value.Value) (value.Value, error) {
			zone, err := ctx.zone(0)
			if len(args) == 1 {
				if args[0].Kind() != value.KindString {
					return value.Null, badValue(name+"()", args[0], "STRING")
				}
				zone, err = value.FindZone(args[0].AsString())
			}
			if err != nil {
				return value.Null, err
			}
			return ctx.current(kind, which, zone)
		},
	}
	if which == clockRealtime {
		d.Stability = Volatile
		d.Example = name + "() IS NOT NULL"
	}
	return d
}

// construct makes a value of kind from text, a map or another temporal value.
func construct(ctx *Context, fn string, kind value.Kind, arg value.Value) (value.Value, error) {
	switch arg.Kind() {
	case value.KindString:
		return parseInstant(ctx, kind, arg.AsString())
	case value.KindMap:
		c, err := newComponents(fn, kind, arg.AsMap())
		if err != nil {
			return value.Null, err
		}
		return c.build(ctx, kind)
	}
	for _, k := range instantKinds {
		if k.kind == kind && k.from.Has(arg.Kind()) {
			m := momentOf(arg)
			if !m.hasZone {
				zone, err := ctx.zone(kind)
				if err != nil {
					return value.Null, err
				}
				m.zone = zone
			}
			return m.value(kind)
		}
	}
	return value.Null, badValue(fn, arg, "STRING, MAP or a temporal value that has these parts")
}

func parseInstant(ctx *Context, kind value.Kind, text string) (value.Value, error) {
	switch kind {
	case value.KindDate:
		return value.ParseDate(text)
	case value.KindLocalTime:
		return value.ParseLocalTime(text)
	case value.KindLocalDateTime:
		return value.ParseLocalDateTime(text)
	}
	zone, err := ctx.zone(kind)
	if err != nil {
		return value.Null, err
	}
	if kind == value.KindTime {
		return value.ParseTime(text, zone.Offset)
	}
	return value.ParseDateTime(text, zone)
}

func truncateFunction(name string, kind value.Kind) *Def {
	return &Def{
		Name:       name,
		Signatures: []Signature{{Args: []Kinds{StringKind, InstantKind, MapKind}, Optional: 2, Result: 1 << kind}},
		Stability:  PerStatement,
		Doc:        "The value cut down to a unit (millennium, century, decade, year, weekYear, quarter, month, week, day, hour, minute, second, millisecond, microsecond), then changed by a map of components.",
		Example:    name + "('day', datetime('2017-10-11T12:31')) IS NOT NULL",
		Call: func(ctx *Context, args []value.Value) (value.Value, error) {
			if args[0].Kind() != value.KindString {
				return value.Null, badValue(name+"()", args[0], "STRING")
			}
			var fields *value.Map
			if len(args) == 3 {
				if args[2].Kind() != value.KindMap {
					return value.Null, badValue(name+"()", args[2], "MAP")
				}
				fields = args[2].AsMap()
			}
			var m moment
			if len(args) == 1 {
				zone, err := ctx.zone(0)
				if err != nil {
					return value.Null, err
				}
				now, err := ctx.current(value.KindDateTime, clockStatement, zone)
				if err != nil {
					return value.Null, err
				}
				m = momentOf(now)
			} else if !InstantKind.Has(args[1].Kind()) {
				return value.Null, badValue(name+"()", args[1], "a temporal value")
			} else {
				m = momentOf(args[1])
			}
			return truncate(ctx, name+"()", kind, args[0].AsString(), m, fields)
		},
	}
}

func truncate(ctx *Context, fn string, kind value.Kind, unit string, m moment, fields *value.Map) (value.Value, error) {
	c, err := newComponents(fn, kind, fields)
	if err != nil {
		return value.Null, err
	}
	timeOnly := kind == value.KindTime || kind == value.KindLocalTime
	step, ofTime := truncateNanos[strings.ToLower(unit)]
	switch days, ofDate := truncateDays(unit, m.days); {
	case ofTime && kind != value.KindDate && m.hasTime && (m.hasDate || timeOnly):
		m.nanos -= m.nanos % step
	case ofDate && timeOnly && strings.EqualFold(unit, "day") && m.hasTime:
		m.nanos = 0
	case ofDate && !timeOnly && m.hasDate:
		m.days, m.nanos = days, 0
	default:
		if !slices.Contains(truncateUnits, strings.ToLower(unit)) {
			return value.Null, meant(badArgument("%s: there is no unit '%s'", fn, unit), unit, truncateUnits...)
		}
		return value.Null, badArgument("%s cannot cut a value of this type to the unit '%s'", fn, unit)
	}
	if !m.hasZone {
		zone, err := ctx.zone(kind)
		if err != nil {
			return value.Null, err
		}
		m.zone = zone
	}
	m.hasTime = true
	kept := int64(0)
	if step == 1_000_000 && !c.has("millisecond") || step == 1_000 && !c.has("millisecond", "microsecond") {
		kept = m.nanos % second // finer components add to what the unit keeps
	}
	if !timeOnly {
		if m.days, err = c.date(m); err != nil {
			return value.Null, err
		}
	}
	if c.has("millisecond", "microsecond", "nanosecond") {
		nanos, err := c.time(m)
		if err != nil {
			return value.Null, err
		}
		if kept > 0 && nanos%second >= step {
			return value.Null, badArgument("%s: components below the second exceed the unit", fn)
		}
		m.nanos = nanos + kept
	} else if m.nanos, err = c.time(m); err != nil {
		return value.Null, err
	}
	zone, hasZone, err := c.zone()
	if err != nil {
		return value.Null, err
	}
	if hasZone { // the clocks' time stays
		if kind == value.KindTime {
			zone = *zone.AtInstant(ctx.Statement.Unix())
		}
		m.zone = zone
	}
	return m.value(kind)
}

func epochFunctions() []*Def {
	fromEpoch := func(fn string, unit int64) func(*Context, []value.Value) (value.Value, error) {
		return func(ctx *Context, args []value.Value) (value.Value, error) {
			var n [2]int64
			for i, a := range args {
				if a.Kind() != value.KindInt {
					return value.Null, badValue(fn, a, "INTEGER")
				}
				n[i] = a.AsInt()
			}
			seconds, nanos := floorDiv(n[0], unit), floorMod(n[0], unit)*(second/unit)
			if nanos += floorMod(n[1], second); nanos >= second {
				nanos, seconds = nanos-second, seconds+1
			}
			seconds += floorDiv(n[1], second)
			if seconds < value.MinSeconds || seconds > value.MaxSeconds {
				return value.Null, outOfRange("%s: a year outside %d … %d", fn, value.MinYear, value.MaxYear)
			}
			return value.DateTime(seconds, int32(nanos), value.UTC), nil
		}
	}
	return []*Def{
		{Name: "datetime.fromepoch", Signatures: []Signature{{Args: []Kinds{IntKind, IntKind}, Optional: 1, Result: DateTimeKind}},
			Doc: "The zoned date-time in UTC at seconds and nanoseconds after 1970-01-01.", Example: "datetime.fromepoch(0, 1) = datetime('1970-01-01T00:00:00.000000001Z')",
			Call: fromEpoch("datetime.fromepoch()", 1)},
		{Name: "datetime.fromepochmillis", Signatures: []Signature{{Args: []Kinds{IntKind}, Result: DateTimeKind}},
			Doc: "The zoned date-time in UTC at milliseconds after 1970-01-01.", Example: "datetime.fromepochmillis(1500) = datetime('1970-01-01T00:00:01.5Z')",
			Call: fromEpoch("datetime.fromepochmillis()", 1000)},
	}
}
