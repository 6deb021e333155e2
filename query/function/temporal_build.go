package function

import (
	"math"
	"slices"
	"strings"

	"github.com/kadedb/kadedb/value"
)

const (
	daySeconds = 86400
	second     = 1_000_000_000 // in nanoseconds
	dayNanos   = daySeconds * second
)

// moment is a temporal instant taken apart: what the clocks at zone show.
type moment struct {
	days    int64 // since 1970-01-01
	nanos   int64 // since midnight
	zone    value.Zone
	hasDate bool
	hasTime bool
	hasZone bool
}

func momentOf(v value.Value) moment {
	switch v.Kind() {
	case value.KindDate:
		return moment{days: v.Days(), hasDate: true}
	case value.KindLocalTime:
		nanos, _ := v.TimeOfDay()
		return moment{nanos: nanos, hasTime: true}
	case value.KindTime:
		nanos, offset := v.TimeOfDay()
		return moment{nanos: nanos, zone: value.Zone{Offset: offset}, hasTime: true, hasZone: true}
	case value.KindLocalDateTime, value.KindDateTime:
		local := v.LocalSeconds()
		_, nanos := v.Seconds()
		m := moment{days: floorDiv(local, daySeconds), hasDate: true, hasTime: true}
		m.nanos = (local-m.days*daySeconds)*second + int64(nanos)
		if v.Kind() == value.KindDateTime {
			m.zone, m.hasZone = *v.Zone(), true
		}
		return m
	}
	return moment{}
}

func floorDiv(a, d int64) int64 {
	q := a / d
	if a%d < 0 {
		q--
	}
	return q
}

func floorMod(a, d int64) int64 { return a - floorDiv(a, d)*d }

// local returns seconds and nanoseconds of what the clocks show.
func (m moment) local() (seconds int64, nanos int32) {
	return m.days*daySeconds + m.nanos/second, int32(m.nanos % second)
}

// value puts m together as a value of kind.
func (m moment) value(kind value.Kind) (value.Value, error) {
	if m.days < value.MinDays || m.days > value.MaxDays {
		return value.Null, outOfRange("a year outside %d … %d", value.MinYear, value.MaxYear)
	}
	seconds, nanos := m.local()
	switch kind {
	case value.KindDate:
		return value.Date(m.days), nil
	case value.KindLocalTime:
		return value.LocalTime(m.nanos), nil
	case value.KindTime:
		return value.Time(m.nanos, m.zone.Offset), nil
	case value.KindLocalDateTime:
		return value.LocalDateTime(seconds, nanos), nil
	}
	return value.NewDateTime(seconds, nanos, m.zone), nil
}

// at moves m to zone: the same instant when m has a zone, else the same clock time.
func (m moment) at(zone value.Zone) moment {
	if m.hasZone {
		seconds, nanos := m.local()
		instant := m.zone.AtLocal(seconds)
		zone = *zone.AtInstant(instant)
		local := instant + int64(zone.Offset)
		m.days = floorDiv(local, daySeconds)
		m.nanos = (local-m.days*daySeconds)*second + int64(nanos)
	}
	m.zone, m.hasZone = zone, true
	return m
}

// components is the map given to a constructor.
type components struct {
	m  *value.Map
	fn string
}

var componentNames = []string{"year", "quarter", "month", "week", "dayOfWeek", "dayOfQuarter", "ordinalDay", "day",
	"hour", "minute", "second", "millisecond", "microsecond", "nanosecond",
	"timezone", "date", "time", "datetime", "epochSeconds", "epochMillis"}

var dateNames = componentNames[:8]
var timeNames = componentNames[8:14]

// newComponents checks the names in m against the kind to be built.
func newComponents(fn string, kind value.Kind, m *value.Map) (components, error) {
	c := components{m: m, fn: fn}
	for i := range m.Len() {
		k := m.Keys[i]
		switch {
		case !slices.Contains(componentNames, k):
			return c, meant(badArgument("%s: unknown component %s", fn, k), k, componentNames...)
		case slices.Contains(dateNames, k) && (kind == value.KindTime || kind == value.KindLocalTime),
			slices.Contains(timeNames, k) && kind == value.KindDate:
			return c, badArgument("%s has no component %s", fn, k)
		case m.Vals[i].IsNull():
			return c, badArgument("%s: component %s is null", fn, k)
		}
	}
	return c, nil
}

func (c components) has(names ...string) bool {
	for _, n := range names {
		if _, ok := c.m.Get(n); ok {
			return true
		}
	}
	return false
}

// int returns component name, or other when it is missing. Values outside lo … hi fail.
func (c components) int(name string, lo, hi, other int64) (int64, error) {
	v, ok := c.m.Get(name)
	if !ok {
		return other, nil
	}
	if v.Kind() != value.KindInt {
		return 0, badArgument("%s: component %s is %s, want INTEGER", c.fn, name, describe(v))
	}
	if i := v.AsInt(); i >= lo && i <= hi {
		return i, nil
	}
	return 0, badArgument("%s: component %s is %d, want %d … %d", c.fn, name, v.AsInt(), lo, hi)
}

// instant returns the temporal value selected by name.
func (c components) instant(name string) (moment, bool, error) {
	v, ok := c.m.Get(name)
	if !ok {
		return moment{}, false, nil
	}
	if !InstantKind.Has(v.Kind()) {
		return moment{}, false, badArgument("%s: component %s is %s", c.fn, name, describe(v))
	}
	return momentOf(v), true, nil
}

// zone returns the component timezone; ok is false when it is missing.
func (c components) zone() (z value.Zone, ok bool, err error) {
	v, ok := c.m.Get("timezone")
	if !ok {
		return z, false, nil
	}
	if v.Kind() != value.KindString {
		return z, false, badArgument("%s: component timezone is %s, want STRING", c.fn, describe(v))
	}
	z, err = value.FindZone(v.AsString())
	return z, err == nil, err
}

// date works out the day from the components, over that of base where it has one.
func (c components) date(base moment) (int64, error) {
	groups := 0
	for _, g := range [...]bool{c.has("month", "day"), c.has("week", "dayOfWeek"), c.has("quarter", "dayOfQuarter"), c.has("ordinalDay")} {
		if g {
			groups++
		}
	}
	if groups > 1 {
		return 0, badArgument("%s: months, weeks, quarters and ordinal days cannot be mixed", c.fn)
	}
	if !base.hasDate && !c.has("year") {
		return 0, badArgument("%s: component year is missing", c.fn)
	}
	if c.has("week", "dayOfWeek") {
		return c.weekDate(base)
	}
	year, month, day := value.Civil(base.days)
	if !base.hasDate {
		month, day = 1, 1
	}
	year, err := c.int("year", value.MinYear, value.MaxYear, year)
	if err != nil {
		return 0, err
	}
	switch {
	case c.has("quarter", "dayOfQuarter"):
		return c.quarterDate(base, year, month, day)
	case c.has("ordinalDay"):
		length := int64(365)
		if value.IsLeap(year) {
			length = 366
		}
		n, err := c.int("ordinalDay", 1, length, 1)
		return value.DaysOf(year, 1, 1) + n - 1, err
	case c.has("day") && !c.has("month") && !base.hasDate:
		return 0, badArgument("%s: component month is missing", c.fn)
	}
	m, err := c.int("month", 1, 12, int64(month))
	if err != nil {
		return 0, err
	}
	length := value.DaysIn(year, int(m))
	d, err := c.int("day", 1, int64(length), int64(min(day, length)))
	return value.DaysOf(year, int(m), int(d)), err
}

func (c components) weekDate(base moment) (int64, error) {
	year, week, day := int64(0), 1, 1
	if base.hasDate {
		year, week = value.Week(base.days)
		day = value.Weekday(base.days)
	} else if !c.has("week") {
		return 0, badArgument("%s: component week is missing", c.fn)
	}
	year, err := c.int("year", value.MinYear, value.MaxYear, year)
	if err != nil {
		return 0, err
	}
	w, err := c.int("week", 1, int64(value.WeeksIn(year)), int64(min(week, value.WeeksIn(year))))
	if err != nil {
		return 0, err
	}
	d, err := c.int("dayOfWeek", 1, 7, int64(day))
	return value.WeekStart(year) + 7*(w-1) + d - 1, err
}

func (c components) quarterDate(base moment, year int64, month, day int) (int64, error) {
	if !base.hasDate && !c.has("quarter") {
		return 0, badArgument("%s: component quarter is missing", c.fn)
	}
	current := (month-1)/3 + 1
	q, err := c.int("quarter", 1, 4, int64(current))
	if err != nil {
		return 0, err
	}
	if !c.has("dayOfQuarter") { // the same day of the quarter's same month
		m := month + 3*(int(q)-current)
		return value.DaysOf(year, m, min(day, value.DaysIn(year, m))), nil
	}
	d, err := c.int("dayOfQuarter", 1, int64(value.QuarterDays(year, int(q))), 1)
	return value.DaysOf(year, 3*int(q)-2, 1) + d - 1, err
}

// time works out the time of day from the components, over that of base where it has one.
func (c components) time(base moment) (int64, error) {
	if !base.hasTime {
		need := ""
		for _, n := range [...]string{"second", "minute", "hour"} {
			if c.has(n) {
				need = ""
				continue
			}
			if need == "" && (n == "second" && c.has(timeNames[3:]...) || n == "minute" && c.has(timeNames[2:]...) || n == "hour" && c.has(timeNames[1:]...)) {
				need = n
			}
		}
		if need != "" {
			return 0, badArgument("%s: component %s is missing", c.fn, need)
		}
	}
	nanos, err := c.subsecond(base.nanos % second)
	if err != nil {
		return 0, err
	}
	units := [...]struct {
		name  string
		limit int64
		other int64
		nanos int64
	}{
		{"hour", 23, base.nanos / (3600 * second), 3600 * second},
		{"minute", 59, base.nanos / (60 * second) % 60, 60 * second},
		{"second", 59, base.nanos / second % 60, second},
	}
	for _, u := range units {
		n, err := c.int(u.name, 0, u.limit, u.other)
		if err != nil {
			return 0, err
		}
		nanos += n * u.nanos
	}
	return nanos, nil
}

// subsecond sums milli-, micro- and nanoseconds; each goes up to where the next larger begins.
func (c components) subsecond(base int64) (int64, error) {
	if !c.has("millisecond", "microsecond", "nanosecond") {
		return base, nil
	}
	ms, err := c.int("millisecond", 0, 999, 0)
	if err != nil {
		return 0, err
	}
	limit := int64(999_999)
	if c.has("millisecond") {
		limit = 999
	}
	us, err := c.int("microsecond", 0, limit, 0)
	if err != nil {
		return 0, err
	}
	switch limit = 999_999_999; {
	case c.has("microsecond"):
		limit = 999
	case c.has("millisecond"):
		limit = 999_999
	}
	ns, err := c.int("nanosecond", 0, limit, 0)
	return ms*1_000_000 + us*1_000 + ns, err
}

// build makes a value of kind from the components.
func (c components) build(ctx *Context, kind value.Kind) (value.Value, error) {
	zone, hasZone, err := c.zone()
	if err != nil {
		return value.Null, err
	}
	if c.m.Len() == 1 && hasZone {
		return ctx.current(kind, clockStatement, zone)
	}
	if c.has("epochSeconds", "epochMillis") {
		return c.epoch(kind, zone)
	}
	base, err := c.base(ctx, kind)
	if err != nil {
		return value.Null, err
	}
	m := base
	if kind != value.KindTime && kind != value.KindLocalTime {
		if m.days, err = c.date(base); err != nil {
			return value.Null, err
		}
	}
	if kind != value.KindDate {
		if kind == value.KindTime || kind == value.KindLocalTime {
			if !base.hasTime && !c.has("hour") {
				return value.Null, badArgument("%s: component hour is missing", c.fn)
			}
		}
		if m.nanos, err = c.time(base); err != nil {
			return value.Null, err
		}
	}
	if hasZone {
		if kind == value.KindTime {
			zone = *zone.AtInstant(ctx.Statement.Unix())
		}
		m = m.at(zone)
	}
	return m.value(kind)
}

// base collects what the components date, time and datetime select.
func (c components) base(ctx *Context, kind value.Kind) (moment, error) {
	zone, err := ctx.zone(kind)
	if err != nil {
		return moment{}, err
	}
	base := moment{zone: zone}
	for _, name := range [...]string{"datetime", "date", "time"} {
		m, ok, err := c.instant(name)
		switch {
		case err != nil:
			return base, err
		case !ok:
			continue
		case name != "time" && !m.hasDate, name != "date" && !m.hasTime && name == "time":
			return base, badArgument("%s: what component %s selects has none", c.fn, name)
		}
		if name != "time" {
			base.days, base.hasDate = m.days, true
		}
		if name != "date" {
			base.nanos, base.hasTime = m.nanos, true
			if m.hasZone {
				base.zone, base.hasZone = m.zone, true
			}
		}
	}
	return base, nil
}

func (c components) epoch(kind value.Kind, zone value.Zone) (value.Value, error) {
	if kind != value.KindDateTime {
		return value.Null, badArgument("%s has no components epochSeconds and epochMillis", c.fn)
	}
	seconds, err := c.int("epochSeconds", value.MinSeconds, value.MaxSeconds, 0)
	if err != nil {
		return value.Null, err
	}
	millis, err := c.int("epochMillis", math.MinInt64, math.MaxInt64, 0)
	if err != nil {
		return value.Null, err
	}
	nanos, err := c.int("nanosecond", 0, second-1, 0)
	if err != nil {
		return value.Null, err
	}
	nanos += floorMod(millis, 1000) * 1_000_000
	seconds += floorDiv(millis, 1000) + nanos/second
	if seconds > value.MaxSeconds || seconds < value.MinSeconds {
		return value.Null, outOfRange("%s: a year outside %d … %d", c.fn, value.MinYear, value.MaxYear)
	}
	return value.DateTime(seconds, int32(nanos%second), zone.AtInstant(seconds)), nil
}

// truncated units, and what they keep of the date.
func truncateDays(unit string, days int64) (int64, bool) {
	year, month, _ := value.Civil(days)
	switch strings.ToLower(unit) {
	case "millennium":
		return value.DaysOf(floorDiv(year, 1000)*1000, 1, 1), true
	case "century":
		return value.DaysOf(floorDiv(year, 100)*100, 1, 1), true
	case "decade":
		return value.DaysOf(floorDiv(year, 10)*10, 1, 1), true
	case "year":
		return value.DaysOf(year, 1, 1), true
	case "weekyear":
		weekYear, _ := value.Week(days)
		return value.WeekStart(weekYear), true
	case "quarter":
		return value.DaysOf(year, (month-1)/3*3+1, 1), true
	case "month":
		return value.DaysOf(year, month, 1), true
	case "week":
		return days - int64(value.Weekday(days)-1), true
	case "day":
		return days, true
	}
	return 0, false
}

var truncateNanos = map[string]int64{"hour": 3600 * second, "minute": 60 * second, "second": second,
	"millisecond": 1_000_000, "microsecond": 1_000}

var truncateUnits = []string{"millennium", "century", "decade", "year", "weekyear", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond", "microsecond"}
