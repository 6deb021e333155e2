package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

func node(id uint64, labels []string, props *value.Map) value.Value {
	return value.FromNode(&value.Node{ID: id, Labels: labels, Props: props})
}

var sea = node(1<<32, []string{"Airport"}, &value.Map{Keys: []string{"iata"}, Vals: []value.Value{value.String("SEA")}})
var flight = value.FromRelationship(&value.Relationship{ID: 7, Type: "FLIGHT", Start: 1 << 32, End: 2})

var encodings = []struct {
	v    value.Value
	want string
}{
	{value.Null, `null`},
	{value.Bool(true), `true`},
	{value.Int(math.MaxInt64), `9223372036854775807`},
	{value.Int(math.MinInt64), `-9223372036854775808`},
	{value.Float(1), `1.0`},
	{value.Float(-0.5), `-0.5`},
	{value.Float(1e300), `1.0E300`},
	{value.Float(math.NaN()), `{"$float":"NaN"}`},
	{value.Float(math.Inf(1)), `{"$float":"Infinity"}`},
	{value.Float(math.Inf(-1)), `{"$float":"-Infinity"}`},
	{value.String("a\"b\\c\n\x01é\u2028"), `"a\"b\\c\n\u0001é` + "\u2028" + `"`},
	{value.Date(0), `"1970-01-01"`},
	{value.DateTime(0, 0, &value.Zone{}), `"1970-01-01T00:00Z"`},
	{value.Duration(value.Span{Months: 14, Days: 3}), `"P1Y2M3D"`},
	{value.Point(value.Place{CRS: value.Cartesian, X: 1, Y: -0.5}), `{"srid":7203,"crs":"cartesian","x":1.0,"y":-0.5}`},
	{value.List(value.Int(1), value.List()), `[1,[]]`},
	{value.FromMap(&value.Map{Keys: []string{"b", "a"}, Vals: []value.Value{value.Int(1), value.Null}}), `{"b":1,"a":null}`},
	{sea, `{"id":4294967296,"labels":["Airport"],"properties":{"iata":"SEA"}}`},
	{flight, `{"id":7,"type":"FLIGHT","start":4294967296,"end":2,"properties":{}}`},
	{value.FromPath(&value.Path{Nodes: []value.Value{node(2, nil, nil)}}), `{"nodes":[{"id":2,"labels":[],"properties":{}}],"relationships":[]}`},
}

func TestEncode(t *testing.T) {
	for _, c := range encodings {
		got := string(Encoder{}.Append(nil, c.v))
		if got != c.want {
			t.Errorf("%v gives %s, want %s", c.v, got, c.want)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("%s is not JSON", got)
		}
	}
	if got := string(Encoder{IntsAsStrings: true}.Append(nil, value.List(value.Int(1), flight))); got !=
		`["1",{"id":"7","type":"FLIGHT","start":"4294967296","end":"2","properties":{}}]` {
		t.Errorf("integers as strings give %s", got)
	}
	if got := string(AppendString(nil, "a\xffb")); got != `"a\ufffdb"` {
		t.Errorf("a byte that is no UTF-8 gives %s", got)
	}
}

// Everything but temporal values and points comes back as it was.
func TestRoundTrip(t *testing.T) {
	for _, c := range encodings {
		switch c.v.Kind() {
		case value.KindDate, value.KindDateTime, value.KindDuration, value.KindPoint:
			continue
		}
		got, err := DecodeAnswer([]byte(c.want))
		if err != nil {
			t.Errorf("%s: %v", c.want, err)
			continue
		}
		if again := string(Encoder{}.Append(nil, got)); again != c.want || got.Kind() != c.v.Kind() {
			t.Errorf("%s comes back as the %s %s", c.want, got.Kind(), again)
		}
	}
}

func TestDecode(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{` 1 `, "1"}, {`1.0`, "1.0"}, {`1e2`, "100.0"}, {`-0`, "0"}, {`-0.0`, "-0.0"},
		{`"\u00e9\ud83d\ude00\/"`, `'é😀/'`},
		{`{"a":1,"b":[true,null],"c":{"a":2}}`, "{a: 1, b: [true, null], c: {a: 2}}"},
		{`{"id":1,"labels":[],"properties":{}}`, "{id: 1, labels: [], properties: {}}"},
	} {
		v, err := Decode([]byte(c.in))
		if err != nil || v.String() != c.want {
			t.Errorf("%s gives %v, %v; want %s", c.in, v, err, c.want)
		}
	}
	for _, c := range []struct {
		in   string
		code status.Code
	}{
		{``, status.MalformedRequest}, {`{`, status.MalformedRequest}, {`[1,]`, status.MalformedRequest},
		{`{"a":1,}`, status.MalformedRequest}, {`{a:1}`, status.MalformedRequest}, {`01`, status.MalformedRequest},
		{`1.`, status.MalformedRequest}, {`.5`, status.MalformedRequest}, {`+1`, status.MalformedRequest}, {`1e`, status.MalformedRequest},
		{`-`, status.MalformedRequest}, {`NaN`, status.MalformedRequest}, {`"a`, status.MalformedRequest}, {"\"a\nb\"", status.MalformedRequest},
		{`"\ud800"`, status.MalformedRequest}, {`"\ud800\u0041"`, status.MalformedRequest}, {`"\u12"`, status.MalformedRequest},
		{`"\x"`, status.MalformedRequest}, {"\"\xff\"", status.MalformedRequest}, {`1 2`, status.MalformedRequest},
		{`{"$float":"x"}`, status.MalformedRequest}, {`"\`, status.MalformedRequest}, {"\x00", status.MalformedRequest},
		{"\xef\xbb\xbf1", status.MalformedRequest}, {`{"a":1,"a":1}`, status.MalformedRequest}, {`[{"a":1,"\u0061":2}]`, status.MalformedRequest},
		{`9223372036854775808`, status.NumberOutOfRange}, {`1e999`, status.NumberOutOfRange},
		{strings.Repeat("[", 1<<20), status.MalformedRequest}, {strings.Repeat(`{"a":`, 1<<20), status.MalformedRequest},
	} {
		if _, err := Decode([]byte(c.in)); status.CodeOf(err) != c.code || err == nil {
			t.Errorf("%.40q gives %v, want %s", c.in, err, c.code.Info().Name)
		}
	}
}

// A key that stands twice is named, in short and in long objects, and whatever the form.
func TestKeysStandOnce(t *testing.T) {
	long := "{"
	for i := range 2 * manyKeys {
		long += fmt.Sprintf(`"k%d":1,`, i)
	}
	for _, in := range []string{`{"k0":1,"k0":1}`, `[[{"k0":1,"b":2,"k0":3}]]`, `{"k0":{},"k0":[]}`, long + `"k0":2}`, `{"a":` + long + `"k0":2}}`} {
		for name, decode := range map[string]func([]byte) (value.Value, error){
			"JSON":       Decode,
			"an answer":  DecodeAnswer,
			"typed JSON": func(b []byte) (value.Value, error) { return DecodeTyped(b, nil) },
		} {
			if _, err := decode([]byte(in)); status.CodeOf(err) != status.MalformedRequest || !strings.Contains(err.Error(), `the key "k0" stands twice`) {
				t.Errorf("%s as %s gives %v", in, name, err)
			}
		}
	}
	if _, err := DecodeTyped([]byte(`{"$type":"map","value":{"k0":1,"k0":2}}`), nil); err == nil || !strings.Contains(err.Error(), `"k0" stands twice`) {
		t.Errorf("in a typed map: %v", err)
	}
	key := strings.Repeat("é", 1<<10)
	if _, err := Decode([]byte(`{"x` + key + `":1,"x` + key + `":1}`)); err == nil || len(err.Error()) > 300 || !utf8.ValidString(err.Error()) {
		t.Errorf("a long key gives %v", err)
	}
}

// What is a message, and holds a value that is none, is known up to that value.
func TestMisfits(t *testing.T) {
	for _, c := range []struct {
		form  Form
		typed bool
		in    string
		code  status.Code
	}{
		{JSON, false, `{"params":{"x":9223372036854775808},"id":7}`, status.NumberOutOfRange},
		{JSON, false, `{"params":{"x":-1e999},"id":7}`, status.NumberOutOfRange},
		{JSON, false, `{"params":{"x":{"$float":"inf"}},"id":7}`, status.MalformedRequest},
		{JSON, false, `{"params":{"x":1,"x":2},"id":7}`, status.MalformedRequest},
		{JSON, true, `{"params":{"x":{"$type":"day","value":1}},"id":7}`, status.MalformedRequest},
		{JSON, true, `{"params":{"x":{"$type":"date","value":"2026-02-30"}},"id":7}`, status.MalformedRequest},
		{JSON, true, `{"params":{"x":{"$type":"node","value":{"id":1,"labels":[],"properties":{}}}},"id":7}`, status.MalformedRequest},
		{JSON, true, `{"params":{"x":{"$type":"integer","value":"9223372036854775808"}},"id":7}`, status.MalformedRequest},
		{JSON, true, `{"params":{"x":{"$type":"point","value":{"longitude":0,"latitude":91}}},"id":7}`, status.InvalidArgumentValue},
		{JSON, true, `{"params":{"x":{"$type":"point","value":{"x":null,"y":1}}},"id":7}`, status.MalformedRequest},
		{CBOR, false, "\xa2\x66params\xa1\x61x\xd9\xb7\xa2\x83\x01\x80\xa0\x62id\x07", status.MalformedRequest},
		{CBOR, false, "\xa2\x66params\xa1\x61x\x1b\xff\xff\xff\xff\xff\xff\xff\xff\x62id\x07", status.NumberOutOfRange},
		{CBOR, false, "\xa2\x66params\xa1\x61x\x43abc\x62id\x07", status.MalformedRequest},
		{CBOR, false, "\xa2\x66params\xa1\x61x\xc1\x01\x62id\x07", status.MalformedRequest},
		{CBOR, false, "\xa2\x66params\xa1\x61x\xf8\xff\x62id\x07", status.MalformedRequest},
		{CBOR, false, "\xa2\x66params\xa2\x61x\x01\x61x\x01\x62id\x07", status.MalformedRequest},
	} {
		v, misfit, err := c.form.DecodeMessage([]byte(c.in), c.typed, nil)
		if err != nil || status.CodeOf(misfit) != c.code || v.Kind() != value.KindMap {
			t.Errorf("%q gives %v, %v, %v; want %s", c.in, v, misfit, err, c.code.Info().Name)
			continue
		}
		if id, ok := v.AsMap().Get("id"); !ok || !value.Equivalent(id, value.Int(7)) {
			t.Errorf("%q has the id %v", c.in, id)
		}
	}
	for _, c := range []struct {
		form Form
		in   string
	}{{JSON, `{"id":1,"id":2}`}, {CBOR, "\xa2\x62id\x01\x62id\x01"}, {JSON, `{"id":9223372036854775808`}, {CBOR, "\xa1\x61x\x43ab"}} {
		if _, _, err := c.form.DecodeMessage([]byte(c.in), false, nil); status.CodeOf(err) != status.MalformedRequest {
			t.Errorf("%q gives %v", c.in, err)
		}
	}
}

func TestManyKeysAreLinear(t *testing.T) {
	var b []byte
	const n = 200_000
	b = append(b, '{')
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(AppendString(b, strings.Repeat("k", 1)+string(rune('a'+i%26))+time.Duration(i).String()), ":1"...)
	}
	b = append(b, '}')
	v, err := Decode(b)
	if err != nil || v.AsMap().Len() != n {
		t.Fatalf("%d keys, %v", v.AsMap().Len(), err)
	}
}

func TestRequest(t *testing.T) {
	yes := true
	want := &Request{Query: "RETURN $a", Params: map[string]value.Value{"a": value.Float(math.NaN())}, Tx: "x",
		Timeout: 5 * time.Second, MemoryBytes: 1, MaxRows: 2, MaxPathRows: 3, MaxPathLength: 4, Isolation: "snapshot", ReadOnly: &yes}
	body := Encoder{}.AppendRequest(nil, want)
	got, err := DecodeRequest(body, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if again := string(Encoder{}.AppendRequest(nil, got)); again != string(body) {
		t.Errorf("%s comes back as %s", body, again)
	}
	for _, bad := range []string{`[]`, `{"query":1}`, `{"params":[]}`, `{"timeout_ms":0}`, `{"timeout_ms":"5"}`, `{"timeout_ms":-1}`,
		`{"querry":"x"}`, `{"read_only":1}`, `{"max_rows":1.5}`, `{"tx":""}`} {
		if _, err := DecodeRequest([]byte(bad), false, nil); status.CodeOf(err) != status.MalformedRequest {
			t.Errorf("%s gives %v", bad, err)
		}
	}
}

// The tags that describe a request are the names that Set knows.
func TestRequestTags(t *testing.T) {
	tags := reflect.TypeFor[Request]()
	for i := range tags.NumField() {
		name, _, _ := strings.Cut(tags.Field(i).Tag.Get("json"), ",")
		if err := (&Request{}).Set(name, value.FromMap(&value.Map{})); name != "params" && (err == nil || strings.Contains(err.Error(), "unknown field")) {
			t.Errorf("%s as a map gives %v", name, err)
		}
	}
}

// The memory that values take is asked for before it is much.
func TestRequestMemory(t *testing.T) {
	full := errors.New("full")
	for _, params := range []string{"[" + strings.Repeat("1,", 1<<20) + "1]", "[" + strings.Repeat("{\"a\":1},", 1<<18) + "1]"} {
		asked := int64(0)
		body := `{"params":{"a":` + params + `}}`
		r, err := DecodeRequest([]byte(body), false, func(n int64) error { asked += n; return nil })
		if err != nil {
			t.Fatal(err)
		}
		if size := int64(value.Size(r.Params["a"])); asked < size {
			t.Errorf("%d bytes were asked for, %d are held", asked, size)
		}
		if _, err := DecodeRequest([]byte(body), false, func(int64) error { return full }); !errors.Is(err, full) {
			t.Errorf("without memory: %v", err)
		}
	}
}

func TestError(t *testing.T) {
	e := status.Errorf(status.UndefinedVariable, "variable `n` is not defined").At(status.Pos{Line: 2, Column: 8}).WithHint("define it")
	body := AppendError(nil, e)
	const want = "{\"code\":\"KDB-1002\",\"name\":\"UndefinedVariable\",\"gql_status\":\"42N62\",\"message\":\"variable `n` is not defined\",\"line\":2,\"column\":8," +
		"\"hint\":\"define it\",\"type\":\"SyntaxError\",\"phase\":\"compile time\",\"detail\":\"UndefinedVariable\"}"
	if string(body) != want {
		t.Errorf("%s\nwant\n%s", body, want)
	}
	v, err := Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	back := DecodeError(v.AsMap())
	if !errors.Is(back, status.New(status.UndefinedVariable)) || back.Pos.Line != 2 || back.Hint != e.Hint || back.Msg != e.Msg {
		t.Errorf("it comes back as %+v", back)
	}
	if got := string(AppendError(nil, status.Errorf(status.BodyLimit, "too long"))); got !=
		`{"code":"KDB-4007","name":"BodyLimit","gql_status":"51N55","message":"too long","line":null,"column":null,"hint":null}` {
		t.Errorf("an error without a place gives %s", got)
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range encodings {
		f.Add([]byte(c.want))
	}
	f.Add([]byte(`{"query":"RETURN 1","params":{"a":[1,2.5,"x"]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := Decode(b)
		if (err == nil) != json.Valid(b) && status.CodeOf(err) == status.MalformedRequest {
			if strings.Contains(string(b), "$float") || strings.Contains(err.Error(), "surrogate") || strings.Contains(err.Error(), "UTF-8") ||
				strings.Contains(err.Error(), "deeper") {
				return // stricter than JSON
			}
			t.Fatalf("%q: %v, encoding/json says %v", b, err, json.Valid(b))
		}
		if err != nil {
			return
		}
		again, err := Decode(Encoder{}.Append(nil, v))
		if err != nil || string(Encoder{}.Append(nil, again)) != string(Encoder{}.Append(nil, v)) {
			t.Fatalf("%q comes back as %v, %v", b, again, err)
		}
	})
}

func BenchmarkAppendRow(b *testing.B) {
	row := []value.Value{value.Int(123456), value.String("Seattle-Tacoma Intl"), value.Float(47.44898194), sea}
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = Encoder{}.AppendRow(dst[:0], row)
	}
	b.SetBytes(int64(len(dst)))
}
