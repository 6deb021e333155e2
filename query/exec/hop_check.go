package exec

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/internal/planted"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// hopCheck drops hops that lead to a node without the labels wanted, or that use
// a relationship which the row's pattern uses already.
type hopCheck struct {
	w      *worker
	labels []string
	unique []plan.Slot
	along  *legs // the hops that are checked; nil: any

	ids     []catalog.LabelID
	bits    []column.Bitmap
	nothing bool // a label is unknown: no node has it
	tested  int
	ready   bool
	sel     []int32
	has     []bool
	cols    []uniqueCol
}

// uniqueCol is one of the unique slots, made ready for a batch.
type uniqueCol struct {
	refs  []uint32 // a column of relationships
	nulls column.Bitmap
	fixed bool // one entry for all rows
	boxed *column.Vector
}

func (b *builder) newHopCheck(w *worker, labels []string, unique []plan.Slot) hopCheck {
	return hopCheck{w: w, labels: labels, unique: unique}
}

// none reports whether there is nothing to check.
func (c *hopCheck) none() bool { return len(c.labels) == 0 && len(c.unique) == 0 }

// begin prepares for a batch of rows that hops start from.
func (c *hopCheck) begin(src *column.Batch) error {
	if err := c.lookUp(); err != nil {
		return err
	}
	c.cols = c.cols[:0]
	if planted.Is(planted.TrailReuse) {
		return nil
	}
	for _, s := range c.unique {
		v := src.Cols[s]
		switch {
		case v == nil || v.Type == column.Null:
		case v.Type == column.Rel:
			c.cols = append(c.cols, uniqueCol{refs: v.Refs, nulls: v.Nulls, fixed: v.Const})
		default:
			c.cols = append(c.cols, uniqueCol{boxed: v})
		}
	}
	return nil
}

func (c *hopCheck) lookUp() error {
	if c.ready && !c.w.prog.writes {
		return nil
	}
	r := c.w.reader()
	c.ids, c.bits, c.nothing = c.ids[:0], c.bits[:0], false
	all := r.CountNodes(catalog.AnyLabel)
	for _, name := range c.labels {
		id, ok := r.Catalog().Label(name)
		if !ok {
			c.nothing = true
			break
		}
		if r.CountNodes(id) == all {
			continue // every node has it
		}
		always, err := c.along.alwaysTo(id)
		if err != nil {
			return err
		}
		if always {
			continue
		}
		c.ids = append(c.ids, id)
		c.bits = append(c.bits, nil)
	}
	c.ready, c.tested = true, 0
	return nil
}

// forget makes the check ready for another run.
func (c *hopCheck) forget() { c.ready = false }

// passive reports whether, as begun, the check lets everything through.
func (c *hopCheck) passive() bool { return !c.nothing && len(c.ids) == 0 && len(c.cols) == 0 }

// filter returns which of the hops to[i], rel[i] pass; nil: all. Hop i starts from row
// idx[i] of the batch, or all of them from row if idx is nil. to may be nil where no
// labels, rel where no unique relationships are asked for.
func (c *hopCheck) filter(n int, idx []int32, row int32, to, rel []uint32) ([]int32, error) {
	if c.passive() {
		return nil, nil
	}
	if c.nothing {
		return []int32{}, nil
	}
	sel := append(c.sel[:0], (&column.Batch{Len: n}).Selection()...)
	c.sel = sel
	for i := range c.ids {
		var err error
		if sel, err = c.labelled(i, sel, to); err != nil {
			return nil, err
		}
	}
	for i := range c.cols {
		sel = c.cols[i].differing(sel, idx, row, rel)
	}
	if len(sel) == n {
		return nil, nil
	}
	if sel == nil {
		sel = []int32{}
	}
	return sel, nil
}

func (c *hopCheck) labelled(i int, sel []int32, to []uint32) ([]int32, error) {
	bits := c.bits[i]
	if bits == nil && !c.w.prog.writes {
		// A scan of the label costs about as much as testing each of its nodes once.
		if c.tested += len(sel); c.tested > int(c.w.reader().NodeHigh())/4 {
			var err error
			if bits, err = c.w.prog.labels.get(c.w.reader(), c.ids[i]); err != nil {
				return nil, err
			}
			c.bits[i] = bits
		}
	}
	if bits != nil {
		k := 0
		for _, j := range sel {
			sel[k] = j
			n := to[j]
			k += int(bits[n>>6] >> (n & 63) & 1)
		}
		return sel[:k], nil
	}
	if len(c.has) < len(to) {
		c.has = make([]bool, max(len(to), column.BatchSize))
	}
	if err := c.w.reader().HasLabel(to, sel, c.ids[i], c.has[:len(to)]); err != nil {
		return nil, err
	}
	return keep(sel, c.has), nil
}

// differing drops hops over the row's own relationship.
func (u *uniqueCol) differing(sel, idx []int32, row int32, rel []uint32) []int32 {
	k := 0
	for _, j := range sel {
		sel[k] = j
		from := row
		if idx != nil {
			from = idx[j]
		}
		if !u.uses(from, rel[j]) {
			k++
		}
	}
	return sel[:k]
}

// uses reports whether row r has relationship rel in the column.
func (u *uniqueCol) uses(r int32, rel uint32) bool {
	if u.boxed != nil {
		return holdsRel(u.boxed.Value(int(r)), rel)
	}
	if u.fixed {
		r = 0
	}
	return u.refs[r] == rel && !u.nulls.Get(int(r))
}

// holdsRel reports whether v is the relationship rel, or a list that holds it.
func holdsRel(v value.Value, rel uint32) bool {
	switch v.Kind() {
	case value.KindRelationship:
		return v.Ref() == rel
	case value.KindList:
		for _, e := range v.Elems() {
			if e.Kind() == value.KindRelationship && e.Ref() == rel {
				return true
			}
		}
	}
	return false
}

// refReader reads a column of nodes or relationships, whatever its form.
type refReader struct {
	refs []uint32 // by row
	rows []int32  // the selected rows that are not null
	own  []uint32
	list []int32
	seq  bool // rows are all of the batch, and refs ascend by one
}

// read makes c ready for the rows of b; kind is what values of an untyped column must be.
func (c *refReader) read(v *column.Vector, b *column.Batch, kind value.Kind) {
	c.rows, c.seq = nil, false
	switch {
	case v == nil || v.Type == column.Null:
		return
	case v.Type == column.Node || v.Type == column.Rel:
		if v.Const {
			c.fill(b, v.Refs[0], v.Nulls.Get(0))
			return
		}
		c.refs = v.Refs
		if v.Nulls == nil {
			c.rows = b.Selection()
			c.seq = b.Sel == nil && b.Len > 1 && consecutive(c.refs[:b.Len])
			return
		}
		c.list = c.list[:0]
		for _, r := range b.Selection() {
			if !v.Nulls.Get(int(r)) {
				c.list = append(c.list, r)
			}
		}
	default:
		c.grow(b.Len)
		c.list = c.list[:0]
		for _, r := range b.Selection() {
			if val := v.Value(int(r)); val.Kind() == kind {
				c.own[r] = val.Ref()
				c.list = append(c.list, r)
			}
		}
		c.refs = c.own
	}
	c.rows = c.list
}

func (c *refReader) fill(b *column.Batch, ref uint32, null bool) {
	if null {
		return
	}
	c.grow(b.Len)
	c.rows = b.Selection()
	for _, r := range c.rows {
		c.own[r] = ref
	}
	c.refs = c.own
}

func (c *refReader) grow(n int) {
	if len(c.own) < n {
		c.own = make([]uint32, max(n, column.BatchSize))
	}
}

func consecutive(refs []uint32) bool {
	first := refs[0]
	if refs[len(refs)-1]-first != uint32(len(refs)-1) {
		return false
	}
	for i, r := range refs {
		if r != first+uint32(i) {
			return false
		}
	}
	return true
}

// labelsOnly is filter without the unique relationships, which were checked already.
func (c *hopCheck) labelsOnly(n int, to []uint32) ([]int32, error) {
	cols := c.cols
	c.cols = nil
	defer func() { c.cols = cols }()
	return c.filter(n, nil, 0, to, nil)
}
