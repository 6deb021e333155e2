package expr

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// testGraph has nodes and relationships 0 … 9; number n has the properties and labels
// that the methods compute.
type testGraph struct{}

func (testGraph) Property(of column.Type, key string, refs []uint32, rows []int32, dst *column.Vector) error {
	if key == "missing" {
		dst.Reset(column.Null, len(refs))
		return nil
	}
	dst.Reset(column.Int, len(refs))
	if rows == nil {
		rows = (&column.Batch{Len: len(refs)}).Selection()
	}
	for _, r := range rows {
		n := refs[r]
		if n > 9 {
			return status.Errorf(status.DeletedEntityAccess, "number %d", n)
		}
		dst.Ints[r] = int64(n) * 10
		if of == column.Rel {
			dst.Ints[r]++
		}
		if n%3 == 0 {
			dst.SetNull(int(r), len(refs))
		}
	}
	return nil
}

func (testGraph) HasLabel(label string, refs []uint32, rows []int32, dst []bool) error {
	for _, r := range rows {
		dst[r] = label == "" && refs[r] > 0 || label == "Even" && refs[r]%2 == 0 || label == "Big" && refs[r] > 1
	}
	return nil
}

func (testGraph) HasType(typ string, refs []uint32, rows []int32, dst []bool) error {
	for _, r := range rows {
		dst[r] = typ == "Even" && refs[r]%2 == 0
	}
	return nil
}

func (testGraph) Ends(refs []uint32, rows []int32, from, to []uint32) error {
	for i, r := range refs {
		from[i], to[i] = r, r+1
	}
	return nil
}

func (testGraph) Properties(entity value.Value) (*value.Map, error) {
	return &value.Map{Keys: []string{"n"}, Vals: []value.Value{value.Int(int64(entity.Ref()))}}, nil
}

var dict = &column.Dict{Strings: []string{"", "a", "ab", "abc", "b", "x1"}}

func scalar(r *rand.Rand, t column.Type) value.Value {
	switch t {
	case column.Bool:
		return value.Bool(r.IntN(2) == 0)
	case column.Int:
		return value.Int([]int64{0, 1, -1, 2, 3, 7, math.MaxInt64, math.MinInt64, 1<<53 + 1}[r.IntN(9)])
	case column.Float:
		return value.Float([]float64{0, math.Copysign(0, -1), 1, -1, 1.5, math.NaN(), math.Inf(1), 1 << 53, 2}[r.IntN(9)])
	case column.String:
		return value.String(dict.Strings[r.IntN(len(dict.Strings))])
	case column.Node:
		return value.NodeRef(r.Uint32N(4))
	case column.Rel:
		return value.RelRef(r.Uint32N(4))
	case column.Date:
		return value.Date(r.Int64N(4))
	case column.Any:
		switch r.IntN(6) {
		case 0:
			return value.List(scalar(r, column.Int), value.Null, scalar(r, column.String))
		case 1:
			return value.FromMap(&value.Map{Keys: []string{"k"}, Vals: []value.Value{scalar(r, column.Int)}})
		case 2:
			return value.Point(value.Place{CRS: value.Cartesian3D, X: float64(r.IntN(2)), Z: float64(r.IntN(2))})
		}
		return scalar(r, column.Type(r.IntN(int(column.Any))))
	}
	return value.Null
}

// typedColumns returns a column for each type in a random form: plain, with nulls,
// all null, constant or by dictionary.
func typedColumns(r *rand.Rand, n int) []*column.Vector {
	var cols []*column.Vector
	for t := column.Null; t <= column.Any; t++ {
		form := r.IntN(5)
		if form == 3 {
			cols = append(cols, column.Const(scalar(r, t)))
			continue
		}
		v := &column.Vector{}
		if t == column.String && form >= 2 {
			v = &column.Vector{Type: t, Dict: dict, Codes: make([]uint32, n)}
			for i := range v.Codes {
				v.Codes[i] = r.Uint32N(uint32(len(dict.Strings)))
			}
		} else {
			var b column.Builder
			for range n {
				b.Append(scalar(r, t))
			}
			v.Flatten(b.Vector(), n)
		}
		for i := range n {
			if form == 1 && r.IntN(3) == 0 || form == 2 {
				v.SetNull(i, n)
				if v.Dict != nil {
					v.Codes[i] = math.MaxUint32 // undefined: whoever looks at it fails
				}
				if v.Type == column.Node {
					v.Refs[i] = math.MaxUint32
				}
			}
		}
		cols = append(cols, v)
	}
	return cols
}

// generator makes random expressions over the slots 0 … slots-1.
type generator struct {
	r     *rand.Rand
	slots int
	next  int // slot of the next local variable
}

func (g *generator) expr(depth int) Expr {
	if depth == 0 || g.r.IntN(8) == 0 {
		return g.leaf()
	}
	sub := func() Expr { return g.expr(depth - 1) }
	switch g.r.IntN(20) {
	case 0, 1, 2, 3:
		return &Compare{Op: CompareOp(g.r.IntN(6)), Left: sub(), Right: sub()}
	case 4, 5:
		return &Logic{Op: LogicOp(g.r.IntN(3)), Args: []Expr{g.boolean(depth - 1), g.boolean(depth - 1), g.boolean(depth - 1)}}
	case 6:
		return &Not{X: g.boolean(depth - 1)}
	case 7, 8:
		return NewArith(ArithOp(g.r.IntN(7)), sub(), sub())
	case 9:
		return &In{X: sub(), List: g.list(depth - 1)}
	case 10:
		return &StringOp{Op: StringTest(g.r.IntN(3)), Left: sub(), Right: sub()}
	case 11:
		return &IsNull{X: sub(), Negated: g.r.IntN(2) == 0}
	case 12:
		return &Property{Base: sub(), Key: []string{"k", "age", "missing"}[g.r.IntN(3)]}
	case 13:
		c := &Case{Whens: []When{{g.boolean(depth - 1), sub()}, {g.boolean(depth - 1), sub()}}}
		if g.r.IntN(2) == 0 {
			c = &Case{Operand: sub(), Whens: []When{{sub(), sub()}, {sub(), sub()}}, Else: sub()}
		}
		return c
	case 14:
		return &Chain{Ops: []CompareOp{CompareOp(g.r.IntN(6)), CompareOp(g.r.IntN(6))}, Args: []Expr{sub(), sub(), sub()}}
	case 15:
		return g.scoped(depth)
	case 16:
		return g.list(depth)
	case 17:
		return &LabelTest{Base: g.leaf(), Labels: Label{Op: LabelOr, Args: []Label{{Name: "Even"}, {Op: LabelNot, Args: []Label{{Name: "Big"}}}}}}
	case 18:
		return &Index{Base: sub(), Index: sub()}
	}
	return &TypeTest{Base: sub(), Kinds: IntType | StringType | NullType, Negated: g.r.IntN(2) == 0}
}

// kernel makes an operator on two operands of types that belong together, so that the
// typed kernels run rather than the boxed path.
func (g *generator) kernel() Expr {
	pairs := [][2]column.Type{{column.Int, column.Int}, {column.Float, column.Float}, {column.Int, column.Float}, {column.Float, column.Int},
		{column.String, column.String}, {column.Bool, column.Bool}, {column.Date, column.Date}, {column.Node, column.Node}, {column.Rel, column.Rel}}
	p := pairs[g.r.IntN(len(pairs))]
	operand := func(t column.Type) Expr {
		if g.r.IntN(2) == 0 {
			return &Const{Value: scalar(g.r, t)}
		}
		return &Slot{Slot: int(t), T: AnyType}
	}
	l, r := operand(p[0]), operand(p[1])
	if g.r.IntN(4) == 0 && p[1] == column.Int {
		return NewArith(ArithOp(g.r.IntN(6)), l, r)
	}
	if g.r.IntN(4) == 0 && p[1] == column.String {
		return &StringOp{Op: StringTest(g.r.IntN(3)), Left: l, Right: r}
	}
	return &Compare{Op: CompareOp(g.r.IntN(6)), Left: l, Right: r}
}

func (g *generator) scoped(depth int) Expr {
	local, acc := g.next, g.next+1
	g.next += 2
	list := g.list(depth - 1)
	outer := g.slots
	inner := generator{g.r, outer, g.next}
	use := func(e Expr) Expr { // half of the time the body reads the local
		if g.r.IntN(2) == 0 {
			return &Compare{Op: Eq, Left: &Slot{Slot: local, T: AnyType}, Right: e}
		}
		return e
	}
	switch g.r.IntN(3) {
	case 0:
		return &ListComprehension{Local: local, List: list, Where: inner.boolean(depth - 1), Map: use(inner.expr(depth - 1))}
	case 1:
		return &Quantifier{Kind: QuantifierKind(g.r.IntN(4)), Local: local, List: list, Where: use(inner.boolean(depth - 1))}
	}
	return &Reduce{Acc: acc, Local: local, Init: inner.expr(0), List: list,
		Body: NewArith(Add, &Slot{Slot: acc, T: AnyType}, &Slot{Slot: local, T: AnyType})}
}

func (g *generator) boolean(depth int) Expr {
	if depth <= 0 {
		return &Slot{Slot: 1, T: BoolType | NullType}
	}
	return &Compare{Op: CompareOp(g.r.IntN(6)), Left: g.expr(depth - 1), Right: g.expr(depth - 1)}
}

func (g *generator) list(depth int) Expr {
	if g.r.IntN(2) == 0 {
		var vals []value.Value
		for range g.r.IntN(4) {
			vals = append(vals, scalar(g.r, []column.Type{column.Int, column.String, column.Float, column.Null, column.Any}[g.r.IntN(5)]))
		}
		return &Const{Value: value.List(vals...)}
	}
	var elems []Expr
	for range g.r.IntN(3) {
		elems = append(elems, g.expr(max(depth-1, 0)))
	}
	return &ListLit{Elems: elems}
}

func (g *generator) leaf() Expr {
	if g.r.IntN(3) == 0 {
		return &Const{Value: scalar(g.r, column.Type(g.r.IntN(int(column.Any)+1)))}
	}
	s := g.r.IntN(g.slots)
	return &Slot{Slot: s, T: AnyType}
}

// boxedRow returns row r alone, every column of type Any, so that no typed kernel runs.
func boxedRow(b *column.Batch, r int) *column.Batch {
	one := &column.Batch{Len: 1, Cols: make([]*column.Vector, len(b.Cols))}
	for s, c := range b.Cols {
		one.Cols[s] = &column.Vector{Type: column.Any, Anys: []value.Value{c.Value(r)}}
	}
	return one
}

func identical(a, b value.Value) bool {
	if a.Kind() == value.KindFloat && b.Kind() == value.KindFloat && a.AsFloat() != a.AsFloat() {
		return b.AsFloat() != b.AsFloat()
	}
	return a.Kind() == b.Kind() && bytes.Equal(value.Append(nil, a), value.Append(nil, b))
}

func newTestContext() *Context { return &Context{Graph: testGraph{}, Functions: &function.Context{}} }

// TestTypedAgreesWithBoxed evaluates random expressions over typed columns of all
// forms and sizes, and row by row over boxed ones: values and errors must agree.
func TestTypedAgreesWithBoxed(t *testing.T) {
	sizes := []int{1, 2, 63, 64, 65, 100, 130}
	evaluated, failed, selected := 0, 0, 0
	for seed := range uint64(5000) {
		r := rand.New(rand.NewPCG(seed, 11))
		n := sizes[r.IntN(len(sizes))]
		if seed%500 == 0 {
			n = column.BatchSize
		}
		b := &column.Batch{Len: n, Cols: typedColumns(r, n)}
		if r.IntN(2) == 0 {
			b.Sel = []int32{}
			for i := range n {
				if r.IntN(3) > 0 {
					b.Sel = append(b.Sel, int32(i))
				}
			}
		}
		g := generator{r, len(b.Cols), len(b.Cols)}
		e := g.expr(1 + r.IntN(3))
		if seed%2 == 0 {
			e = g.kernel()
		}
		ctx := newTestContext()
		got, err := Eval(ctx, e, b)
		var want []value.Value
		var wantErr error
		for _, row := range b.Selection() {
			v, err := Eval(newTestContext(), e, boxedRow(b, int(row)))
			if err != nil {
				wantErr = err
				break
			}
			want = append(want, v.Value(0))
		}
		if (err != nil) != (wantErr != nil) {
			t.Fatalf("seed %d: %s\ntyped error %v, boxed error %v", seed, String(e), err, wantErr)
		}
		if err != nil {
			failed++
			continue
		}
		evaluated++
		for i, row := range b.Selection() {
			if g := got.Value(int(row)); !identical(g, want[i]) {
				t.Fatalf("seed %d row %d: %s\ntyped %v %v, boxed %v %v", seed, row, String(e), g.Kind(), g, want[i].Kind(), want[i])
			}
			if got.IsNull(int(row)) != want[i].IsNull() {
				t.Fatalf("seed %d row %d: %s: IsNull is wrong", seed, row, String(e))
			}
		}
		if again, err := Eval(ctx, e, b); err == nil { // with sets and dictionary tables warm
			for i, row := range b.Selection() {
				if g := again.Value(int(row)); !identical(g, want[i]) {
					t.Fatalf("seed %d row %d: %s: second evaluation %v, want %v", seed, row, String(e), g, want[i])
				}
			}
		}
		selected += checkFilter(t, seed, ctx, e, b, want)
		checkFold(t, seed, e, b, want)
	}
	t.Logf("%d evaluated, %d raise an error, %d rows selected", evaluated, failed, selected)
	if evaluated < 3000 || failed < 200 || selected < 1000 {
		t.Errorf("too few cases: %d evaluated, %d errors, %d rows selected", evaluated, failed, selected)
	}
}

func checkFilter(t *testing.T, seed uint64, ctx *Context, e Expr, b *column.Batch, vals []value.Value) int {
	t.Helper()
	var want []int32
	for i, row := range b.Selection() {
		switch vals[i].Kind() {
		case value.KindBool:
			if vals[i].AsBool() {
				want = append(want, row)
			}
		case value.KindNull:
		default:
			return 0
		}
	}
	got, err := Filter(ctx, e, b)
	if err != nil {
		t.Fatalf("seed %d: Filter %s: %v", seed, String(e), err)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("seed %d: Filter %s\ngot  %v\nwant %v", seed, String(e), got, want)
	}
	return len(got)
}

func checkFold(t *testing.T, seed uint64, e Expr, b *column.Batch, want []value.Value) {
	t.Helper()
	folded := Fold(e)
	got, err := Eval(newTestContext(), folded, b)
	if err != nil {
		t.Fatalf("seed %d: folded %s: %v", seed, String(folded), err)
	}
	for i, row := range b.Selection() {
		if g := got.Value(int(row)); !identical(g, want[i]) {
			t.Fatalf("seed %d row %d: %s folded to %s: got %v, want %v", seed, row, String(e), String(folded), g, want[i])
		}
	}
	if !Equal(e, Rewrite(e, func(e Expr) Expr { return e })) {
		t.Fatalf("seed %d: %s is not equal to its copy", seed, String(e))
	}
}
