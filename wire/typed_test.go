package wire

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

func TestTypedEncode(t *testing.T) {
	odd := value.FromMap(&value.Map{Keys: []string{"$type", "value"}, Vals: []value.Value{value.String("date"), value.Date(0)}})
	for _, c := range []struct {
		v    value.Value
		want string
	}{
		{value.Int(1), `1`}, {value.Float(1), `1.0`}, {value.Float(math.NaN()), `{"$float":"NaN"}`}, {value.String("x"), `"x"`},
		{value.Date(0), `{"$type":"date","value":"1970-01-01"}`},
		{value.LocalTime(0), `{"$type":"localtime","value":"00:00"}`},
		{value.Time(0, 3600), `{"$type":"time","value":"00:00+01:00"}`},
		{value.LocalDateTime(0, 0), `{"$type":"localdatetime","value":"1970-01-01T00:00"}`},
		{value.DateTime(0, 0, value.UTC), `{"$type":"datetime","value":"1970-01-01T00:00Z"}`},
		{value.Duration(value.Span{Months: 14}), `{"$type":"duration","value":"P1Y2M"}`},
		{value.Duration(value.Span{Days: math.MinInt64}), `{"$type":"duration","value":"P-9223372036854775808D"}`},
		{value.Point(value.Place{CRS: value.WGS84Height, X: 1, Y: -2.5, Z: 3}), `{"$type":"point","value":{"srid":4979,"crs":"wgs-84-3d","x":1.0,"y":-2.5,"z":3.0}}`},
		{value.List(value.Date(0)), `[{"$type":"date","value":"1970-01-01"}]`},
		{sea, `{"$type":"node","value":{"id":4294967296,"labels":["Airport"],"properties":{"iata":"SEA"}}}`},
		{odd, `{"$type":"map","value":{"$type":"date","value":{"$type":"date","value":"1970-01-01"}}}`},
	} {
		if got := string(Encoder{Typed: true}.Append(nil, c.v)); got != c.want {
			t.Errorf("%v gives %s, want %s", c.v, got, c.want)
		}
	}
	if got := string(Encoder{Typed: true, IntsAsStrings: true}.Append(nil, value.Int(1<<60))); got != `{"$type":"integer","value":"1152921504606846976"}` {
		t.Errorf("an integer as a string gives %s", got)
	}
}

// random returns a value of any type; entities only where they may be.
func random(r *rand.Rand, depth int, entities bool) value.Value {
	zones := []string{"", "Europe/Stockholm", "America/New_York", "UTC"}
	names := []string{"a", "b", "$type", "value", "$float", "id", "labels", "properties", "nodes", ""}
	texts := []string{"", "date", "NaN", "map", "é😀\x00\n\"", "1970-01-01"}
	n := func(low, high int64) int64 {
		if r.IntN(4) == 0 {
			return []int64{low, high}[r.IntN(2)]
		}
		return low + r.Int64N(high-low)
	}
	aMap := func() *value.Map {
		m := &value.Map{}
		for range r.IntN(4) {
			m.Set(names[r.IntN(len(names))], random(r, depth-1, entities))
		}
		return m
	}
	most := value.LastKind
	k := value.Kind(r.IntN(int(most) + 1))
	if depth <= 0 && (k == value.KindList || k == value.KindMap) || (depth <= 0 || !entities) && k >= value.KindNode && k <= value.KindPath {
		k = value.KindDate
	}
	aNode := func() value.Value {
		return node(r.Uint64N(1<<62), texts[:r.IntN(3)], aMap())
	}
	aRel := func() value.Value {
		return value.FromRelationship(&value.Relationship{ID: 1 << 40, Type: texts[r.IntN(len(texts))], Start: 1, End: 2, Props: aMap()})
	}
	switch k {
	case value.KindBool:
		return value.Bool(r.IntN(2) == 0)
	case value.KindInt:
		return value.Int(int64(r.Uint64()))
	case value.KindFloat:
		return value.Float([]float64{math.Inf(1), math.Inf(-1), math.NaN(), 0, math.Copysign(0, -1), 1, math.MaxFloat64, math.SmallestNonzeroFloat64, r.NormFloat64()}[r.IntN(9)])
	case value.KindString:
		return value.String(texts[r.IntN(len(texts))])
	case value.KindList:
		var list []value.Value
		for range r.IntN(4) {
			list = append(list, random(r, depth-1, entities))
		}
		return value.List(list...)
	case value.KindMap:
		return value.FromMap(aMap())
	case value.KindNode:
		return aNode()
	case value.KindRelationship:
		return aRel()
	case value.KindPath:
		return value.FromPath(&value.Path{Nodes: []value.Value{aNode(), aNode()}, Rels: []value.Value{aRel()}})
	case value.KindDate:
		return value.Date(n(value.MinDays, value.MaxDays))
	case value.KindLocalTime:
		return value.LocalTime(n(0, maxNanosOfDay))
	case value.KindTime:
		return value.Time(n(0, maxNanosOfDay), int32(n(-maxOffset, maxOffset)))
	case value.KindLocalDateTime:
		return value.LocalDateTime(n(value.MinSeconds, value.MaxSeconds), int32(n(0, maxNanos)))
	case value.KindDateTime:
		seconds := n(-1<<32, 1<<33)
		zone := &value.Zone{Offset: int32(n(-maxOffset, maxOffset))}
		if name := zones[r.IntN(len(zones))]; name != "" {
			z, err := value.FindZone(name)
			if err != nil {
				panic(err)
			}
			zone = z.AtInstant(seconds)
		}
		return value.DateTime(seconds, int32(n(0, maxNanos)), zone)
	case value.KindDuration:
		return value.Duration(value.Span{Months: n(-1<<40, 1<<40), Days: n(-1<<40, 1<<40), Seconds: n(-1<<40, 1<<40), Nanos: int32(n(0, maxNanos))})
	case value.KindPoint:
		crs := []value.CRS{value.Cartesian, value.Cartesian3D, value.WGS84, value.WGS84Height}[r.IntN(4)]
		p, err := value.NewPoint(value.Place{CRS: crs, X: r.NormFloat64() * 100, Y: r.Float64() * 90, Z: float64(r.IntN(3))})
		if err != nil {
			panic(err)
		}
		return p
	}
	return value.Null
}

// Every value comes back as it was, also one that looks like another.
func TestTypedRoundTrip(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	kinds := map[value.Kind]int{}
	check := func(v value.Value, entities bool) {
		t.Helper()
		kinds[v.Kind()]++
		for _, e := range []Encoder{{Typed: true}, {Typed: true, IntsAsStrings: true}} {
			b := e.Append(nil, v)
			if !json.Valid(b) {
				t.Fatalf("seed %d: %s is not JSON", seed, b)
			}
			got, err := DecodeTypedAnswer(b)
			if err != nil || !bytes.Equal(AppendCBOR(nil, got), AppendCBOR(nil, v)) {
				t.Fatalf("seed %d: %s comes back as %v, %v", seed, b, got, err)
			}
			if entities {
				continue
			}
			if got, err = DecodeTyped(b, nil); err != nil || !bytes.Equal(AppendCBOR(nil, got), AppendCBOR(nil, v)) {
				t.Fatalf("seed %d: %s is received as %v, %v", seed, b, got, err)
			}
		}
	}
	for _, v := range cborValues(t) {
		check(v, true)
	}
	for range 5000 {
		check(random(r, 3, true), true)
		check(random(r, 3, false), false)
	}
	if len(kinds) != int(value.LastKind)+1 {
		t.Errorf("only %d types were tried", len(kinds))
	}
}

func TestTypedDecode(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{"value":"1970-01-01","$type":"date"}`, "date('1970-01-01')"}, {`{"$type":"integer","value":"7"}`, "7"}, {`{"$type":"integer","value":7}`, "7"},
		{`{"$type":"float","value":7}`, "7.0"}, {`{"$type":"float","value":"-Infinity"}`, "-Infinity"}, {`{"$type":"float","value":"1e2"}`, "100.0"},
		{`{"$type":"string","value":"x"}`, "'x'"}, {`{"$type":"boolean","value":true}`, "true"},
		{`{"$type":"boolean","value":"true"}`, "true"}, {`{"$type":"boolean","value":"false"}`, "false"}, {`{"$type":"float","value":"7"}`, "7.0"},
		{`{"$type":"datetime","value":"1970-01-01T00:00"}`, ""}, {`{"id":1,"labels":[],"properties":{}}`, "{id: 1, labels: [], properties: {}}"},
		{`{"$type":"map","value":{"$float":"x"}}`, "{`$float`: 'x'}"},
	} {
		v, err := DecodeTyped([]byte(c.in), nil)
		if err != nil || c.want != "" && v.String() != c.want && v.String() != c.want[5:max(5, len(c.want)-1)] {
			t.Errorf("%s gives %v, %v; want %s", c.in, v, err, c.want)
		}
	}
	for _, in := range []string{`{"$type":"date"}`, `{"$type":"date","value":1}`, `{"$type":"date","value":"x"}`, `{"$type":"date","value":"1970-01-01","x":1}`,
		`{"$type":1,"value":1}`, `{"$type":"","value":1}`, `{"$type":"null","value":null}`, `{"$type":"list","value":[]}`, `{"a":1,"$type":"b"}`,
		`{"value":{"a":1},"$type":"map"}`, `{"$type":"map","value":[]}`, `{"$type":"integer","value":"1.0"}`, `{"$type":"integer","value":"9223372036854775808"}`,
		`{"$type":"float","value":"x"}`, `{"$type":"float","value":"0x1p4"}`, `{"$type":"boolean","value":"True"}`, `{"$type":"boolean","value":""}`,
		`{"$type":"boolean","value":1}`, `{"$type":"string","value":1}`,
		`{"$type":"node","value":{"id":1,"labels":[],"properties":{}}}`, `{"$type":"duration","value":"1 day"}`} {
		if v, err := DecodeTyped([]byte(in), nil); status.CodeOf(err) != status.MalformedRequest {
			t.Errorf("%s gives %v, %v", in, v, err)
		}
	}
	deep := bytes.Repeat([]byte(`{"$type":"map","value":`), 1<<18)
	if _, err := DecodeTyped(deep, nil); status.CodeOf(err) != status.MalformedRequest {
		t.Errorf("deep maps: %v", err)
	}
}

func FuzzDecodeTyped(f *testing.F) {
	for _, v := range cborValues(f) {
		if b := (Encoder{Typed: true}).Append(nil, v); len(b) < 1000 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := DecodeTypedAnswer(b)
		if err != nil {
			return
		}
		again, err := DecodeTypedAnswer(Encoder{Typed: true}.Append(nil, v))
		if err != nil || !bytes.Equal(AppendCBOR(nil, again), AppendCBOR(nil, v)) {
			t.Fatalf("%q comes back as %v, %v", b, again, err)
		}
	})
}
