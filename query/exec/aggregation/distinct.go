package aggregation

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/query/exec/group"
	"github.com/kadedb/kadedb/query/exec/spill"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/status"
)

// distinctSet lets each (group, arguments) through once: at once while the set has
// room, else at the end.
type distinctSet struct {
	space   *spill.Space
	budget  *memory.Budget
	account *spill.Account
	level   int
	args    int
	inside  bool // part of an Aggregator, which counts its memory and freezes it

	table  *group.Table
	boxed  int64
	frozen bool
	parts  *spill.Partitions

	nums   []uint32
	rows   []int32
	outSel []int32
	outGrp []uint32
	hashes []uint64
	ints   []int64
}

func newDistinctSet(space *spill.Space, budget *memory.Budget, args int) *distinctSet {
	return &distinctSet{space: space, budget: budget, account: spill.NewAccount(budget), args: args, table: group.New(args + 1)}
}

// add returns the rows that are new, with their groups.
func (d *distinctSet) add(args []*column.Vector, n int, sel []int32, groups []uint32) ([]int32, []uint32, error) {
	if cap(d.ints) < n {
		d.ints = make([]int64, max(n, column.BatchSize))
		d.nums = make([]uint32, max(n, column.BatchSize))
	}
	d.rows = d.rows[:0]
	for i, r := range sel { // aggregates pass over nulls
		if len(args) > 0 && args[0].IsNull(int(r)) {
			continue
		}
		d.ints[r] = int64(groups[i])
		d.rows = append(d.rows, r)
	}
	keys := append([]*column.Vector{{Type: column.Int, Ints: d.ints[:n]}}, args...)
	nums := d.nums[:len(d.rows)]
	next := uint32(d.table.Len())
	d.table.Assign(keys, d.rows, nums, !d.frozen)
	d.outSel, d.outGrp = d.outSel[:0], d.outGrp[:0]
	if d.frozen {
		return nil, nil, d.setAside(keys, n, nums)
	}
	for i, num := range nums {
		if num == next {
			next++
			d.outSel = append(d.outSel, d.rows[i])
			d.outGrp = append(d.outGrp, uint32(d.ints[d.rows[i]]))
		}
	}
	part := column.Batch{Len: n, Sel: d.outSel, Cols: args}
	for k := range args {
		d.boxed += spill.Boxed(&part, []int{k})
	}
	return d.outSel, d.outGrp, d.fit()
}

func (d *distinctSet) bytes() int64 { return int64(d.table.Bytes()) + d.boxed }

func (d *distinctSet) fit() error {
	total := d.bytes()
	if d.inside || d.account.Hold(total) {
		return nil
	}
	if d.space == nil || d.level > spill.MaxLevel {
		return d.account.Must(total)
	}
	d.frozen = true
	return nil
}

// setAside writes pairs that are not in the frozen set to their part.
func (d *distinctSet) setAside(keys []*column.Vector, n int, nums []uint32) error {
	var out []int32
	for i, num := range nums {
		if num == group.None {
			out = append(out, d.rows[i])
		}
	}
	if len(out) == 0 {
		return nil
	}
	if d.parts == nil {
		slots := make([]int, len(keys))
		for i := range slots {
			slots[i] = i
		}
		d.parts = spill.NewPartitions(d.space, d.level, slots)
	}
	if cap(d.hashes) < n {
		d.hashes = make([]uint64, max(n, column.BatchSize))
	}
	column.HashKeys(d.hashes[:n], keys, out)
	return d.parts.Write(&column.Batch{Len: n, Cols: keys}, out, d.hashes[:n])
}

// drop forgets the pairs in memory: all further ones are on disk.
func (d *distinctSet) drop() {
	d.table, d.boxed = group.New(d.args+1), 0
	d.account.Hold(0)
}

// finish gives the pairs that were set aside to state.
func (d *distinctSet) finish(state function.State) (grew int64, err error) {
	d.drop()
	if d.parts == nil {
		return 0, nil
	}
	err = d.parts.Each(func(_ int, file *spill.File) error {
		part := newDistinctSet(d.space, d.budget, d.args)
		part.level = d.level + 1
		err := file.EachBatch(func(b *column.Batch) error {
			groups := make([]uint32, b.Len)
			for i := range groups {
				if b.Cols[0].Type != column.Int {
					return status.Errorf(status.Corruption, "spill file: group numbers are missing")
				}
				groups[i] = uint32(b.Cols[0].Ints[i])
			}
			sel, groups, err := part.add(b.Cols[1:], b.Len, b.Selection(), groups)
			if err != nil || len(sel) == 0 {
				return err
			}
			n, err := state.Update(&function.Rows{Args: b.Cols[1:], Len: b.Len, Sel: sel, Groups: groups})
			grew += int64(n)
			return err
		})
		if err == nil {
			var n int64
			n, err = part.finish(state)
			grew += n
		}
		if cerr := part.close(); err == nil {
			err = cerr
		}
		return err
	})
	return grew, err
}

func (d *distinctSet) close() error {
	d.account.Close()
	if d.parts == nil {
		return nil
	}
	return d.parts.Close()
}

// finishSets gives the functions what their sets kept back.
func (a *Aggregator) finishSets() error {
	for _, set := range a.sets {
		if set != nil {
			set.drop()
		}
	}
	a.account.Hold(a.bytes()) // less than before, so that parts have the room
	for i, set := range a.sets {
		if set == nil {
			continue
		}
		grew, err := set.finish(a.states[i])
		if err != nil {
			return a.spec.Funcs[i].at(err)
		}
		a.boxed += grew
	}
	return nil
}
