package value

import (
	"bytes"
	"cmp"
	"math"
	"math/rand/v2"
	"testing"
)

// random returns a value of any kind, from few enough that equal ones are met often.
func random(r *rand.Rand, depth int) Value {
	n := 17
	if depth == 0 {
		n = 13
	}
	ints := []int64{0, 1, -1, 1 << 53, 1<<53 + 1, math.MaxInt64, math.MaxInt64 - 1, math.MinInt64, 42}
	switch r.IntN(n) {
	case 0:
		return Null
	case 1:
		return Bool(r.IntN(2) == 0)
	case 2:
		return Int(ints[r.IntN(len(ints))])
	case 3:
		floats := []float64{0, math.Copysign(0, -1), 1, 1.5, -1, 1 << 53, 1 << 63, -1 << 63, math.NaN(), math.Inf(1), math.Inf(-1)}
		return Float(floats[r.IntN(len(floats))])
	case 4:
		return String([]string{"", "a", "a\x00", "a\x00b", "b", "å", "ab"}[r.IntN(7)])
	case 5:
		return Date(int64(r.IntN(3) - 1))
	case 6:
		return LocalTime(int64(r.IntN(3)))
	case 7:
		return Time(int64(r.IntN(2))*3600e9, int32(r.IntN(3)-1)*3600)
	case 8:
		return LocalDateTime(int64(r.IntN(3)-1), int32(r.IntN(2)))
	case 9:
		return DateTime(int64(r.IntN(3)-1), int32(r.IntN(2)), Zone{Name: []string{"", "Europe/London"}[r.IntN(2)]}.AtInstant(0))
	case 10:
		return Duration(Span{Months: int64(r.IntN(2)), Days: int64(r.IntN(3) * 30), Seconds: int64(r.IntN(2) * 37746), Nanos: int32(r.IntN(2))})
	case 11:
		if r.IntN(2) == 0 {
			return NodeRef(uint32(r.IntN(3)))
		}
		return RelRef(uint32(r.IntN(3)))
	case 12:
		crs := systems[r.IntN(len(systems))].crs
		return Point(Place{CRS: crs, X: float64(r.IntN(3) - 1), Y: float64(r.IntN(2)), Z: float64(r.IntN(2) * (crs.Dims() - 2))})
	case 13, 14:
		elems := make([]Value, r.IntN(3))
		for i := range elems {
			elems[i] = random(r, depth-1)
		}
		return List(elems...)
	case 15:
		m := &Map{}
		for range r.IntN(3) {
			m.Set([]string{"a", "b", "c"}[r.IntN(3)], random(r, depth-1))
		}
		return FromMap(m)
	}
	p := &Path{Nodes: []Value{NodeRef(uint32(r.IntN(2)))}}
	for range r.IntN(3) {
		p.Rels = append(p.Rels, RelRef(uint32(r.IntN(2))))
		p.Nodes = append(p.Nodes, NodeRef(uint32(r.IntN(2))))
	}
	return FromPath(p)
}

// Order, sort keys, equivalence and equality must tell one story.
func TestOrderAgreesWithKeys(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50_000 {
		a, b, c := random(r, 2), random(r, 2), random(r, 2)
		got := Order(a, b)
		if want := bytes.Compare(AppendSortKey(nil, a), AppendSortKey(nil, b)); cmp.Compare(got, 0) != want {
			t.Fatalf("Order(%s, %s) = %d, keys say %d", a, b, got, want)
		}
		if Order(b, a) != -got {
			t.Fatalf("Order(%s, %s) is not the reverse", b, a)
		}
		if got <= 0 && Order(b, c) <= 0 && Order(a, c) > 0 {
			t.Fatalf("Order is not transitive over %s, %s, %s", a, b, c)
		}
		if Equivalent(a, b) != (got == 0) {
			t.Fatalf("Equivalent(%s, %s) disagrees with Order %d", a, b, got)
		}
		if eq := Equal(a, b); eq == True && got != 0 {
			t.Fatalf("%s = %s, yet Order is %d", a, b, got)
		}
		if rel := Compare(a, b); rel == Less && got >= 0 || rel == Greater && got <= 0 || rel == Same && got != 0 {
			t.Fatalf("Compare(%s, %s) = %d, Order %d", a, b, rel, got)
		}
	}
}

func TestCodecRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	filled := FromNode(&Node{ID: 1<<32 + 7, Labels: []string{"A", "B"}, Props: &Map{Keys: []string{"x"}, Vals: []Value{Float(1.5)}}})
	rel := FromRelationship(&Relationship{ID: 9, Type: "T", Start: 1<<32 + 7, End: 8, Props: &Map{}})
	values := []Value{filled, rel, FromPath(&Path{Nodes: []Value{filled, filled}, Rels: []Value{rel}})}
	for range 2_000 {
		values = append(values, random(r, 3))
	}
	for _, v := range values {
		enc := Append(nil, v)
		got, rest, err := Decode(append(enc, 0xee))
		if err != nil || len(rest) != 1 {
			t.Fatalf("Decode(%s): %d bytes left, %v", v, len(rest), err)
		}
		if got.String() != v.String() || !bytes.Equal(Append(nil, got), enc) {
			t.Fatalf("%s came back as %s", v, got)
		}
		for cut := range enc {
			if _, _, err := Decode(enc[:cut]); err == nil {
				t.Fatalf("%s: the first %d of %d bytes decode", v, cut, len(enc))
			}
		}
	}
}

func TestDecodeRefusesDeepNesting(t *testing.T) {
	deep := bytes.Repeat([]byte{byte(KindList), 1}, MaxDepth)
	if _, _, err := Decode(append(deep, byte(KindNull))); err == nil {
		t.Error("a list nested beyond MaxDepth decodes")
	}
}

func FuzzDecode(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 50 {
		f.Add(Append(nil, random(r, 2)))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		v, _, err := Decode(src)
		if err != nil {
			return
		}
		again, _, err := Decode(Append(nil, v))
		if err != nil || Order(v, again) != 0 {
			t.Fatalf("%s came back as %s, %v", v, again, err)
		}
		if Size(v) < valueBytes {
			t.Fatalf("size of %s", v)
		}
	})
}

func TestCalendar(t *testing.T) {
	for _, d := range []int64{MinDays, MaxDays} {
		y, m, day := Civil(d)
		if DaysOf(y, m, day) != d || d == MinDays && (y != MinYear || m != 1 || day != 1) || d == MaxDays && (y != MaxYear || m != 12 || day != 31) {
			t.Errorf("day %d is %d-%d-%d", d, y, m, day)
		}
	}
	year, month, day := int64(-401), 1, 1 // walk eight centuries day by day
	for d := DaysOf(year, month, day); year < 400; d++ {
		if y, m, dd := Civil(d); y != year || m != month || dd != day {
			t.Fatalf("day %d is %d-%d-%d, want %d-%d-%d", d, y, m, dd, year, month, day)
		}
		if wy, w := Week(d); WeekStart(wy)+int64(7*(w-1)+Weekday(d)-1) != d || w > WeeksIn(wy) {
			t.Fatalf("day %d is in week %d of %d", d, w, wy)
		}
		if day++; day > DaysIn(year, month) {
			day = 1
			if month++; month > 12 {
				month, year = 1, year+1
			}
		}
	}
}

func TestText(t *testing.T) {
	cases := []struct {
		v    Value
		want string
	}{
		{Float(1), "1.0"}, {Float(1e21), "1.0E21"}, {Float(-1.25e-300), "-1.25E-300"}, {Float(1e20), "100000000000000000000.0"}, {Float(-0.5), "-0.5"}, {Float(1e-7), "1.0E-7"},
		{String("it's\n\\"), `'it\'s\n\\'`}, {String("\x01"), `'\u0001'`},
		{List(Int(1), Null, String("a")), "[1, null, 'a']"},
		{FromMap(&Map{Keys: []string{"a", "b c", "d`"}, Vals: []Value{Int(1), Bool(true), Null}}), "{a: 1, `b c`: true, `d```: null}"},
		{Date(0), "date('1970-01-01')"}, {Duration(Span{}), "duration('PT0S')"},
		{FromNode(&Node{Labels: []string{"A", "B"}, Props: &Map{Keys: []string{"x"}, Vals: []Value{Int(1)}}}), "(:A:B {x: 1})"},
		{FromNode(&Node{Props: &Map{Keys: []string{"x"}, Vals: []Value{Int(1)}}}), "({x: 1})"},
		{FromPath(&Path{Nodes: []Value{FromNode(&Node{ID: 1}), FromNode(&Node{ID: 2})}, Rels: []Value{FromRelationship(&Relationship{Type: "T", Start: 2, End: 1})}}), "<()<-[:T]-()>"},
	}
	for _, c := range cases {
		if got := c.v.String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestEqualLargeMaps(t *testing.T) {
	a, b := &Map{}, &Map{}
	for i := range 20 {
		a.Set(string(rune('a'+i)), Int(int64(i)))
		b.Set(string(rune('t'-i)), Int(int64(19-i)))
	}
	if got := Equal(FromMap(a), FromMap(b)); got != True {
		t.Errorf("the same keys in another order: %v", got)
	}
	b.Set("c", Null)
	if got := Equal(FromMap(a), FromMap(b)); got != Unknown {
		t.Errorf("with a null: %v", got)
	}
	b.Set("d", Int(-1))
	if got := Equal(FromMap(a), FromMap(b)); got != False {
		t.Errorf("with another value: %v", got)
	}
}
