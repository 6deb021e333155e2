package value

import "testing"

func TestWeight(t *testing.T) {
	const valueSize = int64(valueBytes)
	ints := func(n int) Value {
		l := make([]Value, n)
		for i := range l {
			l[i] = Int(int64(i))
		}
		return List(l...)
	}
	doubled := List(Int(1))
	for range 60 {
		doubled = List(doubled, doubled)
	}
	for _, c := range []struct {
		what  string
		v     Value
		least int64
	}{
		{"a number", Int(1), valueSize},
		{"a string", String("abc"), valueSize + 3},
		{"an empty list", List(), valueSize},
		{"numbers", ints(100), 101 * valueSize},
		{"many numbers", ints(100_003), 100_004 * valueSize},
		{"a map", FromMap(&Map{Keys: []string{"a"}, Vals: []Value{String("abcd")}}), 2*valueSize + 4},
		{"a list in a list", List(List(Int(1), String("ab")), Int(2)), 5*valueSize + 2},
		{"what doubles", doubled, maxWeight},
	} {
		if got := c.v.Weight(); got < c.least || got > c.least+c.least/1000 {
			t.Errorf("%s weighs %d, want %d or little more", c.what, got, c.least)
		}
	}
	if doubled.Depth() != 61 {
		t.Errorf("depth %d", doubled.Depth())
	}
	deep := List()
	for range 5000 {
		deep = List(deep)
	}
	if d := deep.Depth(); d <= MaxDepth {
		t.Errorf("depth %d", d)
	}
}
