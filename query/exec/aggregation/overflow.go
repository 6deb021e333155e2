package aggregation

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/exec/group"
	"github.com/kadedb/kadedb/query/exec/spill"
	"github.com/kadedb/kadedb/status"
)

// A part's file has the columns
//
//	keys … dependents … accumulators (as strings) …     without DISTINCT
//	keys … dependents … arguments …                     with DISTINCT

func (a *Aggregator) partSlots() []int {
	n := a.spec.Keys + a.spec.Dependents
	for _, f := range a.spec.Funcs {
		if a.anyDistinct {
			n += f.Args
		} else {
			n++
		}
	}
	slots := make([]int, n)
	for i := range slots {
		slots[i] = i
	}
	return slots
}

func (a *Aggregator) partitions() *spill.Partitions {
	if a.parts == nil {
		a.parts = spill.NewPartitions(a.space, a.level, a.partSlots())
	}
	return a.parts
}

func (a *Aggregator) hash(keys []*column.Vector, n int, rows []int32) []uint64 {
	if cap(a.hashes) < n {
		a.hashes = make([]uint64, max(n, column.BatchSize))
	}
	column.HashKeys(a.hashes[:n], keys, rows)
	return a.hashes[:n]
}

// flush moves all groups to their parts and starts again with an empty table.
func (a *Aggregator) flush() error {
	nk, nd := a.spec.Keys, a.spec.Dependents
	b := column.Batch{Cols: make([]*column.Vector, len(a.partSlots()))}
	for i := range b.Cols {
		b.Cols[i] = &column.Vector{}
	}
	var groups []uint32
	var idx []int32
	var buf []byte
	for from := 0; from < a.table.Len(); from += column.BatchSize {
		groups, idx = groups[:0], idx[:0]
		for g := from; g < min(from+column.BatchSize, a.table.Len()); g++ {
			groups, idx = append(groups, uint32(g)), append(idx, int32(g))
		}
		for i := range nk {
			a.table.Gather(i, b.Cols[i], groups)
		}
		for i := range nd {
			b.Cols[nk+i].Gather(a.deps[i].Vector(), idx)
		}
		for i, s := range a.states {
			v := b.Cols[nk+nd+i]
			v.Reset(column.String, len(groups))
			for j, g := range groups {
				buf = s.Append(buf[:0], g)
				v.Strs[j] = string(buf)
			}
		}
		b.Len = len(groups)
		rows := b.Selection()
		if err := a.partitions().Write(&b, rows, a.hash(b.Cols[:nk], b.Len, rows)); err != nil {
			return err
		}
	}
	a.reset()
	a.account.Hold(0)
	return nil
}

// setAside writes the rows of groups that are not in the frozen table to their part
// and returns the others.
func (a *Aggregator) setAside(r *Rows, sel []int32, groups []uint32) ([]int32, []uint32, error) {
	a.rows, a.known, a.fresh = a.rows[:0], a.known[:0], a.fresh[:0]
	for i, g := range groups {
		if g == group.None {
			a.fresh = append(a.fresh, sel[i])
		} else {
			a.rows, a.known = append(a.rows, sel[i]), append(a.known, g)
		}
	}
	if len(a.fresh) == 0 {
		return a.rows, a.known, nil
	}
	b := column.Batch{Len: r.Len, Mult: r.Mult}
	b.Cols = append(append(b.Cols, r.Keys...), r.Dependents...)
	for _, args := range r.Args {
		b.Cols = append(b.Cols, args...)
	}
	err := a.partitions().Write(&b, a.fresh, a.hash(r.Keys, r.Len, a.fresh))
	return a.rows, a.known, err
}

// eachOfPart aggregates one part on its own.
func (a *Aggregator) eachOfPart(file *spill.File, f func(n int, keys, dependents, values []*column.Vector) error) (err error) {
	part := newAt(a.space, a.budget, a.spec, a.level+1)
	defer func() {
		if cerr := part.Close(); err == nil {
			err = cerr
		}
	}()
	err = file.EachBatch(func(b *column.Batch) error {
		if a.anyDistinct {
			return part.Add(a.rowsOf(b))
		}
		return part.addAccumulators(b)
	})
	if err != nil {
		return err
	}
	return part.Each(f)
}

// rowsOf undoes setAside.
func (a *Aggregator) rowsOf(b *column.Batch) *Rows {
	nk, nd := a.spec.Keys, a.spec.Dependents
	r := &Rows{Keys: b.Cols[:nk], Dependents: b.Cols[nk : nk+nd], Len: b.Len, Mult: b.Mult}
	at := nk + nd
	for _, f := range a.spec.Funcs {
		r.Args = append(r.Args, b.Cols[at:at+f.Args])
		at += f.Args
	}
	return r
}

// addAccumulators undoes flush: equal keys are added up.
func (a *Aggregator) addAccumulators(b *column.Batch) error {
	nk, nd := a.spec.Keys, a.spec.Dependents
	sel := b.Selection()
	groups := make([]uint32, len(sel))
	before := a.table.Len()
	a.table.Assign(b.Cols[:nk], sel, groups, true)
	a.keepNew(&Rows{Keys: b.Cols[:nk], Dependents: b.Cols[nk : nk+nd], Len: b.Len}, sel, groups, before)
	for i, s := range a.states {
		v := b.Cols[nk+nd+i]
		for j, r := range sel {
			src := []byte(v.Strs[r])
			rest, err := s.Add(src, groups[j])
			if err != nil {
				return err
			}
			if len(rest) != 0 {
				return status.Errorf(status.Corruption, "spill file: an accumulator of %s is too long", a.spec.Funcs[i].Def.Name)
			}
			a.boxed += int64(len(src))
		}
	}
	return a.fit()
}
