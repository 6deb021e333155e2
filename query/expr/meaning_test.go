package expr

import (
	"math/rand/v2"
	"testing"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

func lit(x any) Expr {
	switch x := x.(type) {
	case nil:
		return &Const{Value: value.Null}
	case bool:
		return &Const{Value: value.Bool(x)}
	case int:
		return &Const{Value: value.Int(int64(x))}
	case float64:
		return &Const{Value: value.Float(x)}
	case string:
		return &Const{Value: value.String(x)}
	case []any:
		vals := make([]value.Value, len(x))
		for i, e := range x {
			vals[i] = lit(e).(*Const).Value
		}
		return &Const{Value: value.List(vals...)}
	case Expr:
		return x
	}
	panic("lit: unknown type")
}

func slot(i int) Expr { return &Slot{Slot: i, Name: "x", T: AnyType} }

func eq(a, b any) Expr { return &Compare{Op: Eq, Left: lit(a), Right: lit(b)} }

func div(a, b any) Expr { return NewArith(Div, lit(a), lit(b)) }

func call(name string, args ...any) Expr {
	d, ok := function.Lookup(name)
	if !ok {
		panic("no function " + name)
	}
	c := &Call{Def: d, T: AnyType}
	for _, a := range args {
		c.Args = append(c.Args, lit(a))
	}
	return c
}

func quantify(k QuantifierKind, list []any, where Expr) Expr {
	return &Quantifier{Kind: k, Local: 9, Name: "x", List: lit(list), Where: where}
}

var boom = div(1, 0)

// Slot 0 is node 2, slot 1 relationship 4, slot 2 null, slot 3 a map, slot 4 the list of
// relationships 2 and 3.
func meaningBatch() *column.Batch {
	rels := value.List(value.RelRef(2), value.RelRef(3))
	m := value.FromMap(&value.Map{Keys: []string{"k"}, Vals: []value.Value{value.Int(5)}})
	return &column.Batch{Len: 1, Cols: []*column.Vector{
		{Type: column.Node, Refs: []uint32{2}}, {Type: column.Rel, Refs: []uint32{4}}, {Type: column.Null},
		{Type: column.Any, Anys: []value.Value{m}}, {Type: column.Any, Anys: []value.Value{rels}}}}
}

func TestMeaning(t *testing.T) {
	x := slot(9)
	x2 := eq(x, 2)
	two := []Expr{lit(1), lit(2), lit(3)}
	path := value.FromPath(&value.Path{
		Nodes: []value.Value{value.NodeRef(2), value.NodeRef(3), value.NodeRef(4)},
		Rels:  []value.Value{value.RelRef(2), value.RelRef(3)}})
	cases := []struct {
		e    Expr
		want any
	}{
		// Three-valued logic, and operands that are never evaluated.
		{&Logic{Op: And, Args: []Expr{lit(nil), lit(false)}}, false},
		{&Logic{Op: And, Args: []Expr{lit(nil), lit(true)}}, nil},
		{&Logic{Op: And, Args: []Expr{lit(false), eq(boom, 1)}}, false},
		{&Logic{Op: Or, Args: []Expr{lit(true), eq(boom, 1)}}, true},
		{&Logic{Op: Or, Args: []Expr{lit(nil), lit(false)}}, nil},
		{&Logic{Op: Xor, Args: []Expr{lit(true), lit(nil)}}, nil},
		{&Logic{Op: Xor, Args: []Expr{lit(true), lit(true), lit(true)}}, true},
		{&Not{X: lit(nil)}, nil},
		{call("coalesce", nil, 3, boom), 3},
		{call("coalesce", nil, nil), nil},
		{&Case{Whens: []When{{lit(nil), boom}, {lit(true), lit(7)}}, Else: boom}, 7},
		{&Case{Whens: []When{{lit(false), boom}}}, nil},
		{&Case{Operand: lit(nil), Whens: []When{{lit(nil), lit(1)}}, Else: lit(2)}, 2},
		{&Case{Operand: lit(1), Whens: []When{{lit(1.0), lit("same")}}}, "same"},

		{&Chain{Ops: []CompareOp{Lt, Lt}, Args: two}, true},
		{&Chain{Ops: []CompareOp{Lt, Gt}, Args: two}, false},
		{&Chain{Ops: []CompareOp{Eq, Lt}, Args: []Expr{lit(3), lit(3), lit(2)}}, false},
		{&Chain{Ops: []CompareOp{Lt, Lt}, Args: []Expr{lit(1), lit(5), lit(3)}}, false},
		{&Chain{Ops: []CompareOp{Lt, Lt}, Args: []Expr{lit(1), lit(nil), lit(3)}}, nil},
		{&Chain{Ops: []CompareOp{Lt, Lt, Lt}, Args: []Expr{lit(1), lit(nil), lit(3), lit(2)}}, false},
		{&Chain{Ops: []CompareOp{Gt, Lt}, Args: []Expr{lit(1), lit(2), boom}}, false},

		{&In{X: lit(nil), List: lit([]any{})}, false},
		{&In{X: lit(nil), List: lit([]any{1})}, nil},
		{&In{X: lit(2), List: lit([]any{1, nil})}, nil},
		{&In{X: lit(1), List: lit([]any{1.0, nil})}, true},
		{&In{X: lit(1), List: lit(nil)}, nil},

		// Quantifiers: nulls leave open what the other elements do not decide.
		{quantify(All, []any{}, boom), true},
		{quantify(All, []any{2, nil}, x2), nil},
		{quantify(All, []any{1, nil}, x2), false},
		{quantify(All, []any{2, 2}, x2), true},
		{quantify(AnyOf, []any{}, boom), false},
		{quantify(AnyOf, []any{1, nil}, x2), nil},
		{quantify(AnyOf, []any{2, nil}, x2), true},
		{quantify(None, []any{2, nil}, x2), false},
		{quantify(None, []any{1, nil}, x2), nil},
		{quantify(None, []any{1}, x2), true},
		{quantify(Single, []any{2, 1}, x2), true},
		{quantify(Single, []any{2, 2}, x2), false},
		{quantify(Single, []any{2, nil}, x2), nil},
		{quantify(Single, []any{2, 2, nil}, x2), false},
		{&Quantifier{Kind: All, Local: 9, List: lit(nil), Where: x2}, nil},

		{&ListComprehension{Local: 9, List: lit([]any{1, 2, 3}), Where: &Compare{Op: Gt, Left: x, Right: lit(1)}, Map: NewArith(Mul, x, lit(2))}, []any{4, 6}},
		{&ListComprehension{Local: 9, List: lit([]any{1, nil}), Where: &IsNull{X: x}}, []any{nil}},
		{&ListComprehension{Local: 9, List: lit([]any{}), Map: boom}, []any{}},
		{&ListComprehension{Local: 9, List: lit(nil), Map: x}, nil},
		{&ListComprehension{Local: 9, List: lit([]any{1, 2}), Map: &ListComprehension{Local: 8, List: lit([]any{10, 20}), Map: NewArith(Add, slot(8), x)}},
			[]any{[]any{11, 21}, []any{12, 22}}},
		{&Reduce{Acc: 9, Local: 8, Init: lit("a"), List: lit([]any{"b", "c"}), Body: NewArith(Add, slot(9), slot(8))}, "abc"},
		{&Reduce{Acc: 9, Local: 8, Init: lit(1), List: lit([]any{}), Body: boom}, 1},
		{&Reduce{Acc: 9, Local: 8, Init: lit(1), List: lit(nil), Body: boom}, nil},

		{&Index{Base: lit([]any{1, 2}), Index: lit(-1)}, 2},
		{&Index{Base: slot(0), Index: lit("age")}, 20},
		{&Index{Base: slot(3), Index: NewArith(Add, lit("k"), lit(""))}, 5},
		{&Slice{Base: lit([]any{1, 2, 3}), From: lit(1)}, []any{2, 3}},
		{&Slice{Base: lit([]any{1, 2, 3}), To: lit(-1)}, []any{1, 2}},
		{&Slice{Base: lit([]any{1, 2, 3}), From: lit(nil)}, nil},

		{&Property{Base: slot(0), Key: "age"}, 20},
		{&Property{Base: slot(1), Key: "age"}, 41},
		{&Property{Base: slot(2), Key: "age"}, nil},
		{&Property{Base: slot(0), Key: "missing"}, nil},
		{&Property{Base: slot(3), Key: "k"}, 5},
		{&Property{Base: slot(3), Key: "nosuch"}, nil},
		{&LabelTest{Base: slot(0), Labels: Label{Name: "Even"}}, true},
		{&LabelTest{Base: slot(0), Labels: Label{Op: LabelAnd, Args: []Label{{Name: "Even"}, {Name: "Odd"}}}}, false},
		{&LabelTest{Base: slot(0), Labels: Label{Op: LabelOr, Args: []Label{{Name: "Odd"}, {Name: "Big"}}}}, true},
		{&LabelTest{Base: slot(0), Labels: Label{Op: LabelNot, Args: []Label{{Op: LabelAny}}}}, false},
		{&LabelTest{Base: slot(1), Labels: Label{Name: "Even"}}, true},
		{&LabelTest{Base: slot(2), Labels: Label{Name: "Even"}}, nil},
		{&TypeTest{Base: lit([]any{1, "a"}), Kinds: ListType, Elem: IntType}, false},
		{&TypeTest{Base: lit([]any{1}), Kinds: ListType, Elem: IntType}, true},
		{&TypeTest{Base: lit(nil), Kinds: IntType | NullType}, true},
		{&TypeTest{Base: lit(1), Kinds: IntType, Negated: true}, false},
		{&MapProjection{Base: slot(2), Items: []MapItem{{All: true}}}, nil},
		{&Property{Base: &MapProjection{Base: slot(0), Items: []MapItem{{Key: "n", Value: lit(1)}, {All: true}}}, Key: "n"}, 2},
		{&Property{Base: &MapLit{Keys: []string{"a", "b"}, Elems: []Expr{lit(1), lit(2)}}, Key: "b"}, 2},
		{&PathBuild{Start: slot(0), Steps: []PathStep{{Rel: slot(4), VarLength: true}}}, &Const{Value: path}},
		{&PathBuild{Start: slot(0), Steps: []PathStep{{Rel: slot(2), Node: slot(0)}}}, nil},
		{&Param{Name: "p"}, 8},
		{&StringOp{Op: Matches, Left: lit("abc"), Right: lit("a.c")}, true},
		{&StringOp{Op: Matches, Left: lit("abcd"), Right: lit("a.c")}, false},
	}
	for _, c := range cases {
		ctx := newTestContext()
		ctx.Params = map[string]value.Value{"p": value.Int(8)}
		got, err := Eval(ctx, c.e, meaningBatch())
		if err != nil {
			t.Errorf("%s: %v", String(c.e), err)
			continue
		}
		if want := lit(c.want).(*Const).Value; !identical(got.Value(0), want) {
			t.Errorf("%s = %v, want %v", String(c.e), got.Value(0), want)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		e    Expr
		want status.Code
	}{
		{boom, status.DivisionByZero},
		{NewArith(Add, lit(9223372036854775807), lit(1)), status.ArithmeticOverflow},
		{&Logic{Op: And, Args: []Expr{lit(true), lit(1)}}, status.RuntimeTypeMismatch},
		{&Not{X: lit("a")}, status.RuntimeTypeMismatch},
		{&Property{Base: lit(1), Key: "k"}, status.RuntimeTypeMismatch},
		{&LabelTest{Base: lit(1), Labels: Label{Name: "A"}}, status.RuntimeTypeMismatch},
		{&Index{Base: slot(3), Index: lit(1)}, status.MapElementAccessByNonString},
		{&Index{Base: slot(0), Index: lit(1)}, status.MapElementAccessByNonString},
		{&Index{Base: lit([]any{1}), Index: lit("a")}, status.ListElementAccessByNonInteger},
		{&ListComprehension{Local: 9, List: lit(1)}, status.RuntimeTypeMismatch},
		{&Param{Name: "nosuch"}, status.MissingParameter},
		{&StringOp{Op: Matches, Left: lit("a"), Right: lit("(")}, status.InvalidArgumentValue},
		{&Property{Base: &Const{Value: value.NodeRef(77)}, Key: "age"}, status.DeletedEntityAccess},
		{&Slot{Slot: 30}, status.Internal},
	} {
		_, err := Eval(newTestContext(), c.e, meaningBatch())
		if got := status.CodeOf(err); got != c.want {
			t.Errorf("%s: error %v, want %v", String(c.e), err, c.want.Info().Name)
		}
		if _, err := Eval(newTestContext(), Fold(c.e), meaningBatch()); status.CodeOf(err) != c.want {
			t.Errorf("%s folded to %s: %v", String(c.e), String(Fold(c.e)), err)
		}
		none := meaningBatch()
		none.Sel = []int32{}
		if _, ok := c.e.(*Param); ok || c.want == status.Internal {
			continue
		}
		if _, err := Eval(newTestContext(), c.e, none); err != nil {
			t.Errorf("%s: error without a row: %v", String(c.e), err)
		}
	}
}

func TestSlots(t *testing.T) {
	e := &ListComprehension{Local: 9, List: slot(1), Where: eq(slot(9), slot(2)),
		Map: &Logic{Op: And, Args: []Expr{&Subquery{Outer: []int{3, 9}}, slot(2)}}}
	got := Slots(nil, e)
	want := map[int]bool{1: true, 2: true, 3: true}
	if len(got) != 3 || !want[got[0]] || !want[got[1]] || !want[got[2]] {
		t.Errorf("slots %v, want 1, 2 and 3", got)
	}
}

func TestFoldAndString(t *testing.T) {
	p := &Property{Base: &Slot{Slot: 0, Name: "n"}, Key: "age"}
	for _, c := range []struct {
		e    Expr
		want string
	}{
		{&Compare{Op: Gt, Left: p, Right: NewArith(Add, lit(1), lit(2))}, "n.age > 3"},
		{&Compare{Op: Gt, Left: p, Right: div(1, 0)}, "n.age > (1 / 0)"},
		{&Logic{Op: And, Args: []Expr{lit(true), eq(p, 1), eq(p, 2)}}, "(n.age = 1) AND (n.age = 2)"},
		{&Logic{Op: And, Args: []Expr{lit(false), eq(p, 1)}}, "false"},
		{&Logic{Op: Or, Args: []Expr{eq(boom, 1), lit(true)}}, "((1 / 0) = 1) OR true"},
		{&Logic{Op: And, Args: []Expr{lit(true), p}}, "true AND n.age"},
		{call("rand"), "rand()"},
		{call("toUpper", "a"), "'A'"},
		{&Not{X: &In{X: p, List: lit([]any{1, "a"})}}, "NOT (n.age IN [1, 'a'])"},
		{&LabelTest{Base: &Slot{Name: "n"}, Labels: Label{Op: LabelAnd, Args: []Label{{Name: "A"}, {Op: LabelNot, Args: []Label{{Name: "B"}}}}}}, "n:A&!B"},
	} {
		if got := String(Fold(c.e)); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	if Deterministic(eq(call("rand"), 1)) || !Deterministic(eq(call("toUpper", "a"), p)) {
		t.Error("Deterministic is wrong about rand() or toUpper()")
	}
	if !CanFail(boom) || CanFail(eq(&Property{Base: &Slot{T: NodeType}, Key: "a"}, 1)) {
		t.Error("CanFail is wrong about 1 / 0 or a comparison")
	}
}

// TestFilterOfNothing holds that an empty selection is not nil, which would select all.
func TestFilterOfNothing(t *testing.T) {
	for _, e := range []Expr{lit(false), lit(nil), eq(slot(0), slot(1)), &Logic{Op: And, Args: []Expr{lit(true), lit(false)}},
		&Logic{Op: Or, Args: []Expr{lit(nil), lit(false)}}, eq(&Property{Base: slot(0), Key: "age"}, 3)} {
		none := meaningBatch()
		none.Sel = []int32{}
		for _, b := range []*column.Batch{meaningBatch(), none} {
			sel, err := Filter(newTestContext(), e, b)
			if err != nil || sel == nil || len(sel) != 0 {
				t.Errorf("%s: %v, %v; want an empty list", String(e), sel, err)
			}
		}
	}
}

// TestInSharedList holds that a list that many rows share means what it means row by row.
func TestInSharedList(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	types := []column.Type{column.Int, column.Float, column.String, column.Node, column.Rel, column.Null, column.Bool, column.Any}
	hits := 0
	for range 300 {
		var list []value.Value
		kinds := types[:r.IntN(6)+1]
		if r.IntN(4) == 0 {
			kinds = types
		}
		for range r.IntN(12) {
			list = append(list, scalar(r, kinds[r.IntN(len(kinds))]))
		}
		var lists, xs column.Vector
		lists.Reset(column.Any, 40)
		xs.Reset(column.Any, 40)
		for i := range 40 {
			lists.Anys[i] = value.List(list...)
			xs.Anys[i] = scalar(r, types[r.IntN(len(types))])
		}
		got, err := Eval(newTestContext(), &In{X: slot(0), List: slot(1)}, &column.Batch{Len: 40, Cols: []*column.Vector{&xs, &lists}})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 40 {
			want, err := function.In(xs.Anys[i], lists.Anys[i])
			if err != nil || !identical(got.Value(i), want) {
				t.Fatalf("%v IN %v: got %v, want %v, %v", xs.Anys[i], lists.Anys[i], got.Value(i), want, err)
			}
			if !want.IsNull() && want.AsBool() {
				hits++
			}
		}
	}
	if hits < 100 {
		t.Errorf("only %d values were found", hits)
	}
}

// TestCheckStopsLongLists holds that work inside lists can be stopped and counted.
func TestCheckStopsLongLists(t *testing.T) {
	long := make([]any, 3*column.BatchSize)
	for i := range long {
		long[i] = i
	}
	stop := status.New(status.Cancelled)
	for _, e := range []Expr{
		&ListComprehension{Local: 9, List: lit(long), Map: slot(9)},
		quantify(All, long, eq(slot(9), slot(9))),
		&Reduce{Acc: 9, Local: 8, Init: lit(0), List: lit(long), Body: slot(8)},
	} {
		asked := 0
		ctx := newTestContext()
		ctx.Check = func(int64) error {
			if asked++; asked > 2 {
				return stop
			}
			return nil
		}
		if _, err := Eval(ctx, e, meaningBatch()); status.CodeOf(err) != status.Cancelled {
			t.Errorf("%T: %v after %d questions, want Cancelled", e, err, asked)
		}
	}
}
