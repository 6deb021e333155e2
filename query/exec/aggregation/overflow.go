package aggregation

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/exec/spill"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/status"
)

// A part's file of groups has the columns
//
//	keys … dependents … accumulators (as strings; none for functions with DISTINCT) …
//
// and one of pairs keys … arguments ….

func firstSlots(n int) []int {
	slots := make([]int, n)
	for i := range slots {
		slots[i] = i
	}
	return slots
}

func (a *Aggregator) hash(keys []*column.Vector, n int, rows []int32) []uint64 {
	if cap(a.hashes) < n {
		a.hashes = make([]uint64, max(n, column.BatchSize))
	}
	column.HashKeys(a.hashes[:n], keys, rows)
	return a.hashes[:n]
}

// someVectors returns n empty vectors.
func someVectors(n int) []*column.Vector {
	out := make([]*column.Vector, n)
	for i := range out {
		out[i] = &column.Vector{}
	}
	return out
}

// flush moves all groups to their parts and starts again with an empty table.
func (a *Aggregator) flush() error {
	nk, nd := a.spec.Keys, a.spec.Dependents
	if a.parts == nil {
		a.parts = spill.NewPartitions(a.space, a.level, firstSlots(nk+nd+len(a.states)))
	}
	b := column.Batch{Cols: someVectors(nk + nd + len(a.states))}
	var groups []uint32
	var idx []int32
	var buf []byte
	for from := 0; from < a.table.Len(); from += len(groups) {
		groups, idx = groups[:0], idx[:0]
		for i := range a.states {
			b.Cols[nk+nd+i].Reset(column.String, 0)
		}
		weight := 0
		for g := from; g < min(from+column.BatchSize, a.table.Len()) && weight < batchBytes; g++ {
			groups, idx = append(groups, uint32(g)), append(idx, int32(g))
			for i, s := range a.states {
				buf = buf[:0]
				if a.sets[i] == nil {
					buf = s.Append(buf, uint32(g))
				}
				v := b.Cols[nk+nd+i]
				v.Strs = append(v.Strs, string(buf))
				weight += len(buf)
			}
		}
		for i := range nk {
			a.table.Gather(i, b.Cols[i], groups)
		}
		for i := range nd {
			b.Cols[nk+i].Gather(a.deps[i].Vector(), idx)
		}
		b.Len = len(groups)
		rows := b.Selection()
		if err := a.parts.Write(&b, rows, a.hash(b.Cols[:nk], b.Len, rows)); err != nil {
			return err
		}
	}
	for i, set := range a.sets {
		if set == nil {
			continue
		}
		if err := a.flushPairs(i, set); err != nil {
			return err
		}
	}
	a.reset()
	a.account.Hold(0)
	return nil
}

// flushPairs moves a set's pairs to their parts, by the keys of their groups.
func (a *Aggregator) flushPairs(i int, set *distinctSet) error {
	nk := a.spec.Keys
	if a.pairs[i] == nil {
		a.pairs[i] = spill.NewPartitions(a.space, a.level, firstSlots(nk+set.args))
	}
	b := column.Batch{Cols: someVectors(nk + set.args)}
	var group column.Vector
	var nums, groups []uint32
	for from := 0; from < set.table.Len(); from += column.BatchSize {
		nums, groups = nums[:0], groups[:0]
		for n := from; n < min(from+column.BatchSize, set.table.Len()); n++ {
			nums = append(nums, uint32(n))
		}
		set.table.Gather(0, &group, nums)
		for _, g := range group.Ints {
			groups = append(groups, uint32(g))
		}
		for k := range nk {
			a.table.Gather(k, b.Cols[k], groups)
		}
		for k := range set.args {
			set.table.Gather(1+k, b.Cols[nk+k], nums)
		}
		b.Len = len(nums)
		rows := b.Selection()
		if err := a.pairs[i].Write(&b, rows, a.hash(b.Cols[:nk], b.Len, rows)); err != nil {
			return err
		}
	}
	return nil
}

// eachOfPart aggregates part n on its own.
func (a *Aggregator) eachOfPart(n int, file *spill.File, f func(n int, keys, dependents, values []*column.Vector) error) (err error) {
	part := newAt(a.space, a.budget, a.spec, a.level+1)
	defer func() {
		if cerr := part.Close(); err == nil {
			err = cerr
		}
	}()
	if err := file.EachBatch(part.addAccumulators); err != nil {
		return err
	}
	for i, pairs := range a.pairs {
		if pairs == nil || pairs.File(n) == nil {
			continue
		}
		if err := pairs.File(n).EachBatch(func(b *column.Batch) error { return part.addPairs(i, b) }); err != nil {
			return err
		}
	}
	return part.Each(f)
}

// addAccumulators undoes flush: equal keys are added up.
func (a *Aggregator) addAccumulators(b *column.Batch) error {
	nk, nd := a.spec.Keys, a.spec.Dependents
	if err := a.room(b.Cols[:nk], b.Selection()); err != nil {
		return err
	}
	groups := a.assign(b.Cols[:nk], b.Cols[nk:nk+nd], b)
	for i, s := range a.states {
		if a.sets[i] != nil {
			continue
		}
		v := b.Cols[nk+nd+i]
		for j, r := range b.Selection() {
			src := []byte(v.Strs[r])
			before := held(s)
			rest, err := s.Add(src, groups[j])
			if err != nil {
				return err
			}
			if grew := held(s) - before; grew > 0 {
				a.boxed += grew
				src = nil
			}
			if len(rest) != 0 {
				return status.Errorf(status.Corruption, "spill file: an accumulator of %s is too long", a.spec.Funcs[i].Def.Name)
			}
			a.boxed += int64(len(src))
		}
	}
	return a.fit()
}

// held is what a state holds of rows; 0 where it does not tell.
func held(s function.State) int64 {
	if h, ok := s.(function.Holder); ok {
		return h.Held()
	}
	return 0
}

// addPairs undoes flushPairs of function i.
func (a *Aggregator) addPairs(i int, b *column.Batch) error {
	nk := a.spec.Keys
	// A group may be on disk again: its dependents stand there, and here come nulls, which
	// must not be the first to be read back.
	groups := a.assign(b.Cols[:nk], nil, b)
	args := b.Cols[nk:]
	sel, groups, err := a.sets[i].add(args, b.Len, b.Selection(), groups)
	if err != nil {
		return err
	}
	if len(sel) > 0 {
		grew, err := a.states[i].Update(&function.Rows{Args: args, Len: b.Len, Sel: sel, Groups: groups})
		if err != nil {
			return a.spec.Funcs[i].at(err)
		}
		a.boxed += int64(grew)
	}
	return a.fit()
}

// assign returns the groups of b's rows; without dependents new groups have nulls.
func (a *Aggregator) assign(keys, deps []*column.Vector, b *column.Batch) []uint32 {
	sel := b.Selection()
	groups := make([]uint32, len(sel))
	before := a.table.Len()
	a.table.Assign(keys, sel, groups, true)
	if deps == nil {
		for range a.spec.Dependents {
			deps = append(deps, &column.Vector{Type: column.Null})
		}
	}
	a.keepNew(&Rows{Keys: keys, Dependents: deps, Len: b.Len}, sel, groups, before)
	return groups
}
