package expr

import (
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// evalAll evaluates operands one after the other.
func (c *Context) evalAll(es []Expr, b *column.Batch) ([]*column.Vector, error) {
	out := make([]*column.Vector, len(es))
	for i, e := range es {
		v, err := c.eval(e, b)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func (c *Context) listLit(e *ListLit, b *column.Batch) (*column.Vector, error) {
	elems, err := c.evalAll(e.Elems, b)
	if err != nil {
		return nil, err
	}
	rows, constant := rowsFor(b, elems...)
	out := c.result(column.Any, b, constant)
	for _, r := range rows {
		list := make([]value.Value, len(elems))
		for i, v := range elems {
			list[i] = v.Value(int(r))
		}
		v := value.List(list...)
		if err := c.put(v); err != nil {
			return nil, err
		}
		out.Anys[r] = v
	}
	return out, nil
}

func (c *Context) mapLit(e *MapLit, b *column.Batch) (*column.Vector, error) {
	elems, err := c.evalAll(e.Elems, b)
	if err != nil {
		return nil, err
	}
	rows, constant := rowsFor(b, elems...)
	out := c.result(column.Any, b, constant)
	for _, r := range rows {
		m := &value.Map{Keys: slices.Clone(e.Keys), Vals: make([]value.Value, len(elems))}
		for i, v := range elems {
			m.Vals[i] = v.Value(int(r))
		}
		v := value.FromMap(m)
		if err := c.put(v); err != nil {
			return nil, err
		}
		out.Anys[r] = v
	}
	return out, nil
}

func (c *Context) mapProjection(e *MapProjection, b *column.Batch) (*column.Vector, error) {
	base, err := c.eval(e.Base, b)
	if err != nil {
		return nil, err
	}
	items := make([]*column.Vector, len(e.Items))
	for i, it := range e.Items {
		if it.All {
			continue
		}
		if items[i], err = c.eval(it.Value, b); err != nil {
			return nil, err
		}
	}
	out := c.result(column.Any, b, false)
	for _, r := range b.Selection() {
		from := base.Value(int(r))
		if from.IsNull() {
			out.Anys[r] = value.Null
			continue
		}
		m := &value.Map{}
		for i, it := range e.Items {
			if !it.All {
				m.Set(it.Key, items[i].Value(int(r)))
				continue
			}
			all, err := c.properties(from, e.Pos)
			if err != nil {
				return nil, at(err, e.Pos)
			}
			for j := range all.Len() {
				m.Set(all.Keys[j], all.Vals[j])
			}
		}
		v := value.FromMap(m)
		if err := c.put(v); err != nil {
			return nil, at(err, e.Pos)
		}
		out.Anys[r] = v
	}
	return out, nil
}

// properties returns the content of a map, node or relationship.
func (c *Context) properties(v value.Value, pos status.Pos) (*value.Map, error) {
	switch v.Kind() {
	case value.KindMap:
		return v.AsMap(), nil
	case value.KindNode, value.KindRelationship:
		g, err := c.graph()
		if err != nil {
			return nil, err
		}
		return g.Properties(v)
	}
	return nil, mismatch(pos, "the base of a map projection", v, "MAP, NODE or RELATIONSHIP")
}

func (c *Context) index(e *Index, b *column.Batch) (*column.Vector, error) {
	base, err := c.eval(e.Base, b)
	if err != nil {
		return nil, err
	}
	idx, err := c.eval(e.Index, b)
	if err != nil {
		return nil, err
	}
	if idx.Const && idx.Type == column.String && (base.Type == column.Node || base.Type == column.Rel) {
		out, err := c.entityProperty(base, idx.Str(0), b)
		return out, at(err, e.Pos)
	}
	out, err := c.boxed2(b, base, idx, func(x, i value.Value) (value.Value, error) {
		switch x.Kind() {
		case value.KindNode, value.KindRelationship:
			if i.IsNull() {
				return value.Null, nil
			}
			if i.Kind() != value.KindString {
				return value.Null, status.Errorf(status.MapElementAccessByNonString, "an entity is indexed by a value of type %s, want STRING", i.Kind())
			}
			return c.propertyOfAny(x, i.AsString())
		}
		return function.Index(c.functions(), x, i)
	})
	return out, at(err, e.Pos)
}

func (c *Context) slice(e *Slice, b *column.Batch) (*column.Vector, error) {
	base, err := c.eval(e.Base, b)
	if err != nil {
		return nil, err
	}
	from, to := c.constant(value.Null), c.constant(value.Null)
	if e.From != nil {
		if from, err = c.eval(e.From, b); err != nil {
			return nil, err
		}
	}
	if e.To != nil {
		if to, err = c.eval(e.To, b); err != nil {
			return nil, err
		}
	}
	rows, constant := rowsFor(b, base, from, to)
	out := c.result(column.Any, b, constant)
	for _, r := range rows {
		v, err := function.Slice(base.Value(int(r)), from.Value(int(r)), to.Value(int(r)), e.From == nil, e.To == nil)
		if err != nil {
			return nil, at(err, e.Pos)
		}
		out.Anys[r] = v
	}
	return out, nil
}

// flat lays the elements of many rows' lists out in child batches of about
// BatchSize rows: the local variable in its slot, the outer columns that the inner
// expressions read repeated beside it. A list may be spread over several batches.
type flat struct {
	c     *Context
	outer []int // slots to repeat
	local int

	batch   column.Batch
	builder column.Builder
	idx     []int32 // outer row of each child row
	rows    int     // of a child batch
	before  int64   // what was made before the present one
	kept    int64   // of what was made for it; set by who keeps something
}

const (
	// firstMaking is how many rows a child batch has whose expressions make lists of
	// their own, until it is known how large those are.
	firstMaking = 16
	// mostMaking is how many bytes the rows of one such batch should make.
	mostMaking = 1 << 20
)

func (c *Context) flatten(local int, inner ...Expr) *flat {
	f := &flat{c: c, local: local, rows: column.BatchSize}
	for _, e := range inner {
		if e != nil {
			f.outer = Slots(f.outer, e)
			if makesLists(e) {
				f.rows = firstMaking
			}
		}
	}
	return f
}

// makesLists reports whether evaluating e for one row may make a list of any length, so
// that the lists of a whole batch together may be far larger than any of them.
func makesLists(e Expr) bool {
	found := false
	Walk(e, func(e Expr) bool {
		switch e.(type) {
		case *ListComprehension, *Reduce, *Subquery:
			found = true
		}
		return !found
	})
	return found
}

// learn fits the rows of a child batch to what those of the last one made.
func (f *flat) learn(made int64) {
	switch {
	case f.rows == column.BatchSize && made < mostMaking:
	case made < mostMaking/4:
		f.rows = min(2*f.rows, column.BatchSize)
	case made > mostMaking:
		f.rows = max(f.rows/4, 1)
	}
}

// run calls do with batches that cover the lists of the rows, in order. Scratch
// memory that do uses is taken back after each.
func (f *flat) run(b *column.Batch, lists *column.Vector, rows []int32, do func(child *column.Batch, outer []int32) error) error {
	flush := func() error {
		if len(f.idx) == 0 {
			return nil
		}
		if err := f.c.check(); err != nil {
			return err
		}
		m := f.c.pool.mark()
		f.before, f.kept = f.c.made, 0
		f.fill(b)
		err := do(&f.batch, f.idx)
		f.c.pool.release(m)
		if made := f.c.made - f.before; made > 0 {
			f.learn(made)
			f.c.keep(f.before + f.kept)
		}
		f.builder.Reset()
		f.idx = f.idx[:0]
		return err
	}
	for _, r := range rows {
		for _, v := range lists.Value(int(r)).Elems() {
			f.builder.Append(v)
			f.idx = append(f.idx, r)
			if len(f.idx) >= f.rows {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	return flush()
}

// fill makes the child batch of what was collected.
func (f *flat) fill(b *column.Batch) {
	width := max(len(b.Cols), f.local+1)
	if len(f.batch.Cols) < width {
		f.batch.Cols = make([]*column.Vector, width)
	}
	f.batch.Len, f.batch.Sel = len(f.idx), nil
	for _, s := range f.outer {
		if s == f.local || s >= len(b.Cols) || b.Cols[s] == nil {
			continue
		}
		if src := b.Cols[s]; src.Const {
			f.batch.Cols[s] = src
			continue
		}
		v := f.c.pool.vector()
		v.Gather(b.Cols[s], f.idx)
		f.batch.Cols[s] = v
	}
	f.batch.Cols[f.local] = f.builder.Vector()
}

// listRows evaluates a list operand and returns it with the rows that hold a
// list; anything but a list or null is an error.
func (c *Context) listRows(e Expr, b *column.Batch, pos status.Pos, what, want string) (*column.Vector, []int32, error) {
	lists, err := c.eval(e, b)
	if err != nil {
		return nil, nil, err
	}
	rows := c.pool.rows(b.Rows())
	for _, r := range b.Selection() {
		switch v := lists.Value(int(r)); v.Kind() {
		case value.KindNull:
		case value.KindList:
			rows = append(rows, r)
		default:
			return nil, nil, mismatch(pos, what, v, want)
		}
	}
	return lists, rows, nil
}

func (c *Context) listComprehension(e *ListComprehension, b *column.Batch) (*column.Vector, error) {
	lists, rows, err := c.listRows(e.List, b, e.Pos, "the list of a comprehension", "LIST")
	if err != nil {
		return nil, err
	}
	out := c.result(column.Any, b, false)
	for _, r := range b.Selection() {
		out.Anys[r] = value.Null
	}
	got := make([][]value.Value, b.Len)
	f := c.flatten(e.Local, e.Where, e.Map)
	err = f.run(b, lists, rows, func(child *column.Batch, outer []int32) error {
		if e.Where != nil {
			sel, err := c.filter(e.Where, child)
			if err != nil {
				return err
			}
			sub := with(child, sel)
			child = &sub
		}
		vals := child.Cols[e.Local]
		if e.Map != nil {
			if vals, err = c.eval(e.Map, child); err != nil {
				return err
			}
		}
		collectRows(got, vals, child.Selection(), outer)
		err := c.making(int64(child.Rows()) * valueBytes)
		f.kept = int64(child.Rows()) * valueBytes
		if e.Map != nil && c.made-f.before-f.kept > madeStep {
			f.kept += weights(vals, child.Selection())
		} else if e.Map != nil {
			f.kept = c.made - f.before
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		v := value.List(got[r]...)
		if v.Depth() > 1 { // what is flat was counted
			if err := c.put(v); err != nil {
				return nil, at(err, e.Pos)
			}
		}
		out.Anys[r] = v
	}
	return out, nil
}

// weights is what the values of rows take, at most.
func weights(v *column.Vector, rows []int32) int64 {
	sum := int64(0)
	for _, r := range rows {
		sum = min(sum+v.Value(int(r)).Weight(), mostMade)
	}
	return sum
}

// collectRows appends the values of the child rows to their outer rows' lists.
func collectRows(got [][]value.Value, vals *column.Vector, sel, outer []int32) {
	for i := 0; i < len(sel); {
		row, j := outer[sel[i]], i
		for j < len(sel) && outer[sel[j]] == row {
			j++
		}
		list := got[row]
		if list == nil {
			list = make([]value.Value, 0, j-i)
		}
		for ; i < j; i++ {
			list = append(list, vals.Value(int(sel[i])))
		}
		got[row] = list
	}
}

// tally counts what a quantifier's condition gave for one row's list.
type tally struct{ trues, falses, nulls int32 }

func (k QuantifierKind) result(t tally) value.Ternary {
	switch k {
	case All:
		return allOf(t.falses, t.nulls)
	case AnyOf:
		return allOf(t.trues, t.nulls).Not()
	case None:
		return allOf(t.trues, t.nulls)
	}
	switch {
	case t.trues > 1:
		return value.False
	case t.nulls > 0:
		return value.Unknown
	}
	return value.Truth(t.trues == 1)
}

// allOf is true when nothing speaks against, and unknown when only nulls might.
func allOf(against, nulls int32) value.Ternary {
	switch {
	case against > 0:
		return value.False
	case nulls > 0:
		return value.Unknown
	}
	return value.True
}

func (c *Context) quantifier(e *Quantifier, b *column.Batch) (*column.Vector, error) {
	what, want := "the list of "+e.Kind.String()+"()", "LIST"
	if e.Labels {
		what, want = "what names labels or types", "STRING or LIST"
	}
	lists, rows, err := c.listRows(e.List, b, e.Pos, what, want)
	if err != nil {
		return nil, err
	}
	counts := make([]tally, b.Len)
	err = c.flatten(e.Local, e.Where).run(b, lists, rows, func(child *column.Batch, outer []int32) error {
		v, err := c.eval(e.Where, child)
		if err != nil {
			return err
		}
		if v, err = c.truth(v, child, e.Kind.String()+"()", e.Pos); err != nil {
			return err
		}
		for i, r := range outer {
			switch {
			case v.IsNull(i):
				counts[r].nulls++
			case v.Bools[i&mask(v)]:
				counts[r].trues++
			default:
				counts[r].falses++
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := c.result(column.Bool, b, false)
	for _, r := range b.Selection() {
		out.Bools[r] = false
	}
	for i, r := 0, b.Selection(); i < len(r); i++ {
		if len(rows) > 0 && rows[0] == r[i] {
			rows = rows[1:]
			setTernary(out, int(r[i]), b.Len, e.Kind.result(counts[r[i]]))
		} else {
			out.SetNull(int(r[i]), b.Len)
		}
	}
	return out, nil
}

// reduce takes one step for all rows whose lists are long enough, then the next.
func (c *Context) reduce(e *Reduce, b *column.Batch) (*column.Vector, error) {
	init, err := c.eval(e.Init, b)
	if err != nil {
		return nil, err
	}
	lists, rows, err := c.listRows(e.List, b, e.Pos, "the list of reduce()", "LIST")
	if err != nil {
		return nil, err
	}
	out := c.result(column.Any, b, false)
	for _, r := range b.Selection() {
		out.Anys[r] = value.Null
	}
	for _, r := range rows {
		out.Anys[r] = init.Value(int(r))
	}
	child := *b
	child.Cols = make([]*column.Vector, max(len(b.Cols), e.Acc+1, e.Local+1))
	copy(child.Cols, b.Cols)
	live := append([]int32(nil), rows...)
	before, kept := c.made, int64(0)
	for step := 0; ; step++ {
		live = longer(live, lists, step)
		if len(live) == 0 {
			return out, nil
		}
		if err := c.check(); err != nil {
			return nil, err
		}
		m := c.pool.mark()
		acc, local := c.result(column.Any, b, false), c.result(column.Any, b, false)
		for _, r := range live {
			acc.Anys[r] = out.Anys[r]
			local.Anys[r] = lists.Value(int(r)).Elems()[step]
		}
		narrow(acc, live, b.Len)
		narrow(local, live, b.Len)
		child.Cols[e.Acc], child.Cols[e.Local], child.Sel = acc, local, live
		v, err := c.eval(e.Body, &child)
		if err != nil {
			return nil, err
		}
		for _, r := range live {
			out.Anys[r] = v.Value(int(r))
			if out.Anys[r].Depth() > value.MaxDepth {
				return nil, at(status.Errorf(status.TooDeep, "reduce() nests lists or maps deeper than %d", value.MaxDepth).In(status.Runtime), e.Pos)
			}
		}
		c.pool.release(m)
		if c.made-before > 2*kept+madeStep { // what the steps made has gone, but for the results
			kept = 0
			for _, r := range rows {
				kept += out.Anys[r].Weight()
			}
			c.keep(before + kept)
		}
	}
}

// longer keeps the rows whose list has an element at place step, in place.
func longer(rows []int32, lists *column.Vector, step int) []int32 {
	k := 0
	for _, r := range rows {
		rows[k] = r
		if step < len(lists.Value(int(r)).Elems()) {
			k++
		}
	}
	return rows[:k]
}
