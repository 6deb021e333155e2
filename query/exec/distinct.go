package exec

import (
	"sync"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/exec/group"
	"github.com/kadedb/kadedb/query/exec/spill"
	"github.com/kadedb/kadedb/query/plan"
)

// distinct is plan.Distinct: a new key is given at once while the table has room; then
// the table is frozen, and rows whose key is not in it wait on disk by the hash of the
// key. Lanes share the table.
type distinct struct {
	n    *plan.Distinct
	w    *worker
	gate *gate
	*distinctShared
}

type distinctShared struct {
	mu   sync.Mutex
	out  operator
	done bool // the consumer wants no more
	set  *distinctTable
}

func (b *builder) distinct(n *plan.Distinct, lanes []lane) (runner, error) {
	shared := &distinctShared{out: lanes[0].out}
	var all []*distinct
	gate, run, err := b.fanIn(n.Input, lanes[0].w, true, func(_ int, w *worker) operator {
		op := &distinct{n: n, w: w, distinctShared: shared}
		all = append(all, op)
		return op
	})
	drop := func() {
		if shared.set != nil {
			closeQuietly(lanes[0].w.x, shared.set)
			shared.set = nil
		}
		shared.done = false
	}
	for _, op := range all {
		op.gate = gate
	}
	b.scope.onReset(drop)
	b.scope.onClose(drop)
	return run, err
}

func (d *distinct) push(b *column.Batch) error {
	if err := d.w.x.check(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.done {
		return errStop
	}
	if d.set == nil {
		d.set = newDistinctTable(d.w.x, d.n.Keys, d.w.prog.plan.NumSlots, 0)
	}
	err := d.set.add(b, d.out.push)
	d.done = err == errStop
	return err
}

func (d *distinct) finish() error {
	if !d.gate.last() {
		return nil
	}
	var err error
	if d.set != nil && !d.done {
		err = d.set.rest(d.out.push)
	}
	return ended(err, d.out)
}

// distinctTable lets each key through once.
type distinctTable struct {
	x       *Context
	slots   []plan.Slot
	level   int
	table   *group.Table
	account *spill.Account
	boxed   int64
	frozen  bool
	parts   *spill.Partitions

	keys   []*column.Vector
	nums   []uint32
	rows   []int32
	hashes []uint64
	view   column.Batch
	width  int
}

func newDistinctTable(x *Context, slots []plan.Slot, width, level int) *distinctTable {
	return &distinctTable{x: x, slots: slots, level: level, table: group.New(len(slots)), account: spill.NewAccount(x.Budget), width: width}
}

// add gives the rows of b whose key is new, as a selection of b's rows.
func (t *distinctTable) add(b *column.Batch, give func(*column.Batch) error) error {
	sel := b.Selection()
	if len(sel) == 0 {
		return nil
	}
	t.keys = pick(t.keys, b, t.slots)
	if cap(t.nums) < len(sel) {
		t.nums = make([]uint32, max(len(sel), column.BatchSize))
	}
	// A table that would grow beyond the budget is frozen before it does.
	if growth := int64(t.table.Growth(len(sel), t.keys, sel)); growth > 0 && !t.frozen && t.x.Space != nil && len(t.slots) > 0 && t.level <= spill.MaxLevel {
		t.frozen = !t.account.Hold(int64(t.table.Bytes()) + t.boxed + growth)
	}
	nums := t.nums[:len(sel)]
	next := uint32(t.table.Len())
	t.table.Assign(t.keys, sel, nums, !t.frozen)
	t.rows = t.rows[:0]
	for i, num := range nums {
		if t.frozen && num == group.None {
			t.rows = append(t.rows, sel[i])
		} else if !t.frozen && num == next {
			next++
			t.rows = append(t.rows, sel[i])
		}
	}
	if len(t.rows) == 0 {
		return nil
	}
	if t.frozen {
		return t.setAside(b)
	}
	widen(&t.view, t.width)
	t.view.Len, t.view.Sel, t.view.Mult = b.Len, t.rows, nil
	for i, s := range t.slots {
		t.view.Cols[s] = t.keys[i]
	}
	t.boxed += spill.Boxed(&t.view, t.slots)
	if err := t.fit(); err != nil {
		return err
	}
	return give(&t.view)
}

func (t *distinctTable) fit() error {
	total := int64(t.table.Bytes()) + t.boxed
	if t.account.Hold(total) {
		return nil
	}
	if t.x.Space == nil || len(t.slots) == 0 || t.level > spill.MaxLevel {
		return t.account.Must(total)
	}
	t.frozen = true
	return nil
}

func (t *distinctTable) setAside(b *column.Batch) error {
	if t.parts == nil {
		t.parts = spill.NewPartitions(t.x.Space, t.level, t.slots)
	}
	if cap(t.hashes) < b.Len {
		t.hashes = make([]uint64, max(b.Len, column.BatchSize))
	}
	column.HashKeys(t.hashes[:b.Len], t.keys, t.rows)
	part := *b
	part.Mult = nil
	return t.parts.Write(&part, t.rows, t.hashes[:b.Len])
}

// rest gives the keys that were set aside; nothing may be added any more.
func (t *distinctTable) rest(give func(*column.Batch) error) error {
	t.table, t.boxed = group.New(len(t.slots)), 0
	t.account.Hold(0)
	if t.parts == nil {
		return nil
	}
	return t.parts.Each(func(_ int, file *spill.File) error {
		part := newDistinctTable(t.x, t.slots, t.width, t.level+1)
		err := file.EachBatch(func(b *column.Batch) error { return part.add(b, give) })
		if err == nil {
			err = part.rest(give)
		}
		if cerr := part.Close(); err == nil {
			err = cerr
		}
		return err
	})
}

// Close frees memory and deletes files.
func (t *distinctTable) Close() error {
	t.account.Close()
	if t.parts == nil {
		return nil
	}
	return t.parts.Close()
}
