package value

import (
	"archive/zip"
	_ "embed"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kadedb/kadedb/status"
)

// The IANA time zone database 2026f (public domain), its main data without "backzone". The
// system's copy is never read: every machine gives the same answers.
//
//go:embed zoneinfo.zip
var zoneFile string

// zoneRule is a named zone; its rules are parsed when first asked for.
type zoneRule struct {
	name string
	load func() *time.Location
}

var zoneRules = sync.OnceValue(func() map[string]*zoneRule {
	rules := map[string]*zoneRule{}
	archive, err := zip.NewReader(strings.NewReader(zoneFile), int64(len(zoneFile)))
	if err != nil {
		panic("value: embedded zone file: " + err.Error())
	}
	for _, f := range archive.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		rules[strings.ToLower(f.Name)] = &zoneRule{name: f.Name, load: sync.OnceValue(func() *time.Location {
			return loadZone(f)
		})}
	}
	return rules
})

func loadZone(f *zip.File) *time.Location {
	r, err := f.Open()
	if err != nil {
		panic("value: embedded zone " + f.Name + ": " + err.Error())
	}
	data, err := io.ReadAll(r)
	if err != nil {
		panic("value: embedded zone " + f.Name + ": " + err.Error())
	}
	loc, err := time.LoadLocationFromTZData(f.Name, data)
	if err != nil {
		panic("value: embedded zone " + f.Name + ": " + err.Error())
	}
	return loc
}

// interned holds one *Zone for each name and offset met. It is a memo: bounded by
// the zones that exist and the seconds of an offset, and never changes an answer.
var interned sync.Map // Zone → *Zone

func intern(name string, offset int32) (z *Zone, ok bool) {
	key := Zone{Name: name, Offset: offset}
	if z, ok := interned.Load(key); ok {
		return z.(*Zone), true
	}
	if offset < -maxOffset || offset > maxOffset {
		return nil, false
	}
	if name != "" {
		rule, ok := zoneRules()[strings.ToLower(name)]
		if !ok || rule.name != name {
			return nil, false
		}
	}
	key.Name = strings.Clone(name)
	stored, _ := interned.LoadOrStore(key, &key)
	return stored.(*Zone), true
}

// UTC is the zone of offset 0.
var UTC, _ = intern("", 0)

// FindZone reads "Z", an offset ("+01:00", "-0230", "+02:05:59") or the name of a zone in
// any case. The offset of a named zone is not yet known: see AtLocal and AtInstant.
func FindZone(text string) (Zone, error) {
	if text == "Z" || text == "z" {
		return Zone{}, nil
	}
	if text != "" && (text[0] == '+' || text[0] == '-') {
		s := scanner{text: text}
		offset := s.offset()
		if s.ok() {
			return Zone{Offset: offset}, nil
		}
	} else if rule, ok := zoneRules()[strings.ToLower(text)]; ok {
		return Zone{Name: rule.name}, nil
	}
	err := status.Errorf(status.InvalidArgumentValue, "%s is not a time zone", quote(text))
	if near := nearestZone(text); near != "" {
		return Zone{}, err.WithHint("did you mean '%s'?", near)
	}
	return Zone{}, err.WithHint("write 'Z', an offset such as '+01:00', or a name such as 'Europe/Stockholm'")
}

func nearestZone(text string) string {
	var names []string
	for _, r := range zoneRules() {
		names = append(names, r.name)
	}
	slices.Sort(names)
	return status.Nearest(text, names...)
}

// offsetAt returns z's offset in force at an instant.
func (z Zone) offsetAt(seconds int64) int32 {
	if z.Name == "" {
		return z.Offset
	}
	rule, ok := zoneRules()[strings.ToLower(z.Name)]
	if !ok {
		return z.Offset
	}
	_, offset := time.Unix(seconds, 0).In(rule.load()).Zone()
	return int32(offset)
}

// Abbreviation returns the short name of the time that is in force in a named zone at an instant
// (seconds since the Unix epoch), "CEST"; "" where the zone has none.
func (z Zone) Abbreviation(seconds int64) string {
	rule, ok := zoneRules()[strings.ToLower(z.Name)]
	if !ok {
		return ""
	}
	name, _ := time.Unix(seconds, 0).In(rule.load()).Zone()
	if name == "" || name[0] == '+' || name[0] == '-' {
		return ""
	}
	return name
}

// AtInstant returns z with the offset in force at an instant (seconds since the
// Unix epoch).
func (z Zone) AtInstant(seconds int64) *Zone {
	offset := z.offsetAt(seconds)
	if p, ok := intern(z.Name, offset); ok {
		return p
	}
	return &Zone{Name: z.Name, Offset: offset}
}

// AtLocal returns the instant at which z's clocks show local (seconds since
// 1970-01-01T00:00). A time that they show twice is the one of offset z.Offset, or else
// the first; one that they skip moves on by the gap.
func (z Zone) AtLocal(local int64) int64 {
	if z.Name == "" {
		return local - int64(z.Offset)
	}
	before, after := z.offsetAt(local-86400), z.offsetAt(local+86400)
	first, second := local-int64(before), local-int64(after)
	firstValid, secondValid := z.offsetAt(first) == before, z.offsetAt(second) == after
	switch {
	case firstValid && secondValid && z.Offset == after:
		return second
	case firstValid:
		return first
	case secondValid:
		return second
	}
	return first
}

// NewDateTime returns the date-time that z's clocks show as local seconds and nanos.
func NewDateTime(local int64, nanos int32, z Zone) Value {
	instant := z.AtLocal(local)
	return DateTime(instant, nanos, z.AtInstant(instant))
}

// LocalSeconds returns what the clocks at v's zone show, for a zoned or local date-time.
func (v Value) LocalSeconds() int64 {
	if v.kind == KindDateTime {
		return int64(v.n) + int64(v.Zone().Offset)
	}
	return int64(v.n)
}
