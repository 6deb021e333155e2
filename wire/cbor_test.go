package wire

import (
	"bytes"
	hexa "encoding/hex"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

func cborValues(t testing.TB) []value.Value {
	stockholm, err := value.FindZone("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	out := []value.Value{
		value.Null, value.Bool(true), value.Bool(false), value.Int(0), value.Int(23), value.Int(24), value.Int(-1), value.Int(-24), value.Int(-25),
		value.Int(255), value.Int(256), value.Int(65535), value.Int(65536), value.Int(math.MaxUint32), value.Int(math.MaxUint32 + 1),
		value.Int(math.MaxInt64), value.Int(math.MinInt64), value.Float(1), value.Float(-0.5), value.Float(math.Inf(1)), value.Float(math.NaN()),
		value.String(""), value.String("é😀\x00"), value.String(strings.Repeat("x", 70_000)), value.List(), value.List(value.Int(1), value.List(value.Null)),
		value.FromMap(&value.Map{Keys: []string{"b", "a"}, Vals: []value.Value{value.Int(1), value.Null}}),
		value.Date(0), value.Date(value.MinDays), value.Date(value.MaxDays), value.LocalTime(maxNanosOfDay), value.Time(1, -maxOffset),
		value.LocalDateTime(value.MinSeconds, 999_999_999), value.DateTime(0, 1, value.UTC), value.DateTime(1_720_000_000, 5, stockholm.AtInstant(1_720_000_000)),
		value.Duration(value.Span{Months: -14, Days: 3, Seconds: math.MinInt64, Nanos: 999_999_999}),
		value.Point(value.Place{CRS: value.Cartesian, X: 1, Y: -0.5}), value.Point(value.Place{CRS: value.WGS84Height, X: 180, Y: 90, Z: 1e300}),
		sea, flight,
		value.FromPath(&value.Path{Nodes: []value.Value{sea, node(2, nil, nil)}, Rels: []value.Value{flight}}),
	}
	return out
}

func TestCBORRoundTrip(t *testing.T) {
	for _, v := range cborValues(t) {
		b := AppendCBOR(nil, v)
		got, err := DecodeCBORAnswer(b)
		if err != nil {
			t.Errorf("%.60v: %v", v, err)
			continue
		}
		if got.Kind() != v.Kind() || got.String() != v.String() || !bytes.Equal(AppendCBOR(nil, got), b) {
			t.Errorf("%.60v comes back as %.60v", v, got)
		}
		_, err = DecodeCBOR(b, nil)
		if refused := v.Kind() == value.KindNode || v.Kind() == value.KindRelationship || v.Kind() == value.KindPath; (err != nil) != refused {
			t.Errorf("as a parameter %.60v: %v", v, err)
		}
		for i := range b {
			if len(b) < 1000 {
				if _, err := DecodeCBORAnswer(b[:i]); status.CodeOf(err) != status.MalformedRequest {
					t.Errorf("%x cut at %d gives %v", b, i, err)
				}
			}
		}
	}
}

func TestDecodeCBOR(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"00", "0"}, {"1800", "0"}, {"1b0000000000000001", "1"}, {"3b7fffffffffffffff", "-9223372036854775808"},
		{"f7", "null"}, {"f93c00", "1.0"}, {"f90001", "5.960464477539063E-8"}, {"f9fc00", "-Infinity"}, {"f97e00", "NaN"}, {"fa3fc00000", "1.5"},
		{"a2616101616202", "{a: 1, b: 2}"}, {"d864192000", ""}, {"9a00000001f6", "[null]"},
	} {
		b, err := hexa.DecodeString(c.in)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := DecodeCBOR(b, nil); c.want != "" && (err != nil || v.String() != c.want) {
			t.Errorf("%s gives %v, %v; want %s", c.in, v, err, c.want)
		}
	}
	for _, c := range []struct {
		in   string
		code status.Code
	}{
		{"", status.MalformedRequest}, {"18", status.MalformedRequest}, {"1c", status.MalformedRequest}, {"1f", status.MalformedRequest},
		{"5f", status.MalformedRequest}, {"7f", status.MalformedRequest}, {"9f", status.MalformedRequest}, {"bf", status.MalformedRequest}, {"ff", status.MalformedRequest},
		{"4100", status.MalformedRequest}, {"f8ff", status.MalformedRequest}, {"f0", status.MalformedRequest}, {"61ff", status.MalformedRequest},
		{"6261", status.MalformedRequest}, {"9bffffffffffffffff", status.MalformedRequest}, {"9a7fffffff", status.MalformedRequest},
		{"bbffffffffffffffff", status.MalformedRequest}, {"7bffffffffffffffff", status.MalformedRequest}, {"a10000", status.MalformedRequest}, {"a16161", status.MalformedRequest},
		{"0000", status.MalformedRequest}, {"c000", status.MalformedRequest}, {"c249010000000000000000", status.MalformedRequest}, {"d9b79981", status.MalformedRequest},
		{"d864f6", status.MalformedRequest}, {"d8641b7fffffffffffffff", status.MalformedRequest}, {"d9b7991b7fffffffffffffff", status.MalformedRequest},
		{"d9b79a820000f6", status.MalformedRequest}, {"d9b79a8200190fff00", status.MalformedRequest}, {"d9b79c830000626161", status.MalformedRequest},
		{"d9b79c8400000063666f6f", status.MalformedRequest}, {"d9b79d8400000020", status.MalformedRequest}, {"d9b7a283008000a0", status.MalformedRequest}, {"a2616101616101", status.MalformedRequest}, {"81a2616101616102", status.MalformedRequest},
		{"1b8000000000000000", status.NumberOutOfRange}, {"3b8000000000000000", status.NumberOutOfRange},
		{strings.Repeat("81", 1<<20), status.MalformedRequest}, {strings.Repeat("a16161", 1<<18), status.MalformedRequest}, {strings.Repeat("c1", 1<<20), status.MalformedRequest},
	} {
		b, err := hexa.DecodeString(c.in)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeCBOR(b, nil); err == nil || status.CodeOf(err) != c.code {
			t.Errorf("%.40s gives %v, want %s", c.in, err, c.code.Info().Name)
		}
	}
}

func TestCBORMemory(t *testing.T) {
	b := AppendCBOR(nil, value.List(make([]value.Value, 1<<20)...))
	asked := int64(0)
	v, err := DecodeCBOR(b, func(n int64) error { asked += n; return nil })
	if err != nil || asked < int64(value.Size(v)) {
		t.Errorf("%d bytes were asked for, %d are held, %v", asked, value.Size(v), err)
	}
	full := errors.New("full")
	if _, err := DecodeCBOR(b, func(int64) error { return full }); !errors.Is(err, full) {
		t.Errorf("without memory: %v", err)
	}
}

// A message is the same in both forms.
func TestMessage(t *testing.T) {
	build := func(f Form) []byte {
		m := NewMessage(f, nil)
		m.Type("rows")
		m.Int("id", 7)
		m.Texts("columns", []string{"a", "b"})
		rows := m.Rows("rows")
		for i := range 300 {
			rows.Add([]value.Value{value.Int(int64(i)), value.String("x")})
		}
		rows.End()
		m.SetType("done")
		m.Counters("stats", []Counter{{"rows", 300}, {"nodes_created", 0}, {"properties_set", 1}})
		m.Texts("notices", nil)
		m.Statuses("statuses", status.GQLNoData, []string{"a \"b\""})
		m.Bool("writes", true)
		m.Error("error", status.Errorf(status.DivisionByZero, "by zero"))
		m.Millis("ms", 1500)
		return m.End()
	}
	j, err := Decode(build(JSON))
	if err != nil {
		t.Fatal(err)
	}
	c, err := DecodeCBOR(build(CBOR), nil)
	if err != nil {
		t.Fatal(err)
	}
	if j.String() != c.String() || !strings.HasPrefix(j.String(), "{type: 'done', id: 7, columns: ['a', 'b'], rows: [[0, 'x'], [1, 'x'],") {
		t.Errorf("JSON %.300v\nCBOR %.300v", j, c)
	}
	if !strings.Contains(j.String(), "stats: {rows: 300, properties_set: 1}, notices: [], statuses: [{gql_status: '02000', status_description: 'note: no data'}, "+
		"{gql_status: '01000', status_description: 'warn: warning - a \"b\"'}], writes: true") {
		t.Errorf("it ends %s", j.String()[len(j.String())-300:])
	}
}

func FuzzDecodeCBOR(f *testing.F) {
	for _, v := range cborValues(f) {
		f.Add(AppendCBOR(nil, v))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := DecodeCBORAnswer(b)
		if err != nil {
			if c := status.CodeOf(err); c != status.MalformedRequest && c != status.NumberOutOfRange {
				t.Fatalf("%x: %v", b, err)
			}
			return
		}
		if size := value.Size(v); size > 200+200*len(b) {
			t.Fatalf("%d bytes make a value of %d", len(b), size)
		}
		again, err := DecodeCBORAnswer(AppendCBOR(nil, v))
		if err != nil || !bytes.Equal(AppendCBOR(nil, again), AppendCBOR(nil, v)) {
			t.Fatalf("%x comes back as %v, %v", b, again, err)
		}
	})
}
