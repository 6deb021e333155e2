package aggregation

import (
	"errors"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/query/exec/group"
	"github.com/kadedb/kadedb/query/exec/spill"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// Func is one aggregate to compute.
type Func struct {
	Def      *function.Def
	Args     int
	Distinct bool
	Pos      status.Pos // of the call, for errors
}

// at puts an error of the function at its call.
func (f *Func) at(err error) error {
	var e *status.Error
	if errors.As(err, &e) {
		e.At(f.Pos)
	}
	return err
}

// Spec says what to group and compute.
type Spec struct {
	Keys       int
	Dependents int // columns that are equal in all rows of a group
	Funcs      []Func
}

// Rows are rows to aggregate: the columns that Spec counts, over the same physical
// rows.
type Rows struct {
	Keys       []*column.Vector
	Dependents []*column.Vector
	Args       [][]*column.Vector // by Func
	Len        int
	Sel        []int32
	Mult       []int64 // nil: each row counts once
}

// Aggregator is a table of groups. Not safe for several goroutines.
type Aggregator struct {
	spec    Spec
	space   *spill.Space
	budget  *memory.Budget
	account *spill.Account
	level   int

	table  *group.Table
	deps   []column.Builder
	states []function.State
	sets   []*distinctSet // nil for functions without DISTINCT
	boxed  int64          // content of keys, dependents and accumulators
	wide   int            // groups that the accumulators have memory for

	frozenAt int64               // bytes when the sets were frozen; 0: they are not
	parts    *spill.Partitions   // groups on disk
	pairs    []*spill.Partitions // by function with DISTINCT: keys and values of its set
	spilled  bool

	groups []uint32
	fresh  []int32
	hashes []uint64
}

// New returns an empty table. A nil space or budget keeps everything in memory.
func New(space *spill.Space, budget *memory.Budget, spec Spec) *Aggregator {
	return newAt(space, budget, spec, 0)
}

func newAt(space *spill.Space, budget *memory.Budget, spec Spec, level int) *Aggregator {
	a := &Aggregator{spec: spec, space: space, budget: budget, account: spill.NewAccount(budget), level: level}
	a.pairs = make([]*spill.Partitions, len(spec.Funcs))
	a.reset()
	return a
}

func (a *Aggregator) reset() {
	a.table = group.New(a.spec.Keys)
	a.deps = make([]column.Builder, a.spec.Dependents)
	a.states = make([]function.State, len(a.spec.Funcs))
	a.sets = make([]*distinctSet, len(a.spec.Funcs))
	a.boxed, a.wide = 0, 0
	for i, f := range a.spec.Funcs {
		a.states[i] = f.Def.NewState()
		if f.Distinct {
			a.sets[i] = newDistinctSet(a.space, a.budget, f.Args)
			a.sets[i].inside = true
		}
	}
}

// Add takes rows.
func (a *Aggregator) Add(r *Rows) error {
	sel := r.Sel
	if sel == nil {
		sel = (&column.Batch{Len: r.Len}).Selection()
	}
	if len(sel) == 0 {
		return nil
	}
	if cap(a.groups) < len(sel) {
		a.groups = make([]uint32, max(len(sel), column.BatchSize))
	}
	if err := a.room(r.Keys, sel); err != nil {
		return err
	}
	groups := a.groups[:len(sel)]
	before := a.table.Len()
	a.table.Assign(r.Keys, sel, groups, true)
	a.keepNew(r, sel, groups, before)
	if err := a.update(r, sel, groups); err != nil {
		return err
	}
	return a.fit()
}

// keepNew takes from the first row of each new group what belongs to the group.
func (a *Aggregator) keepNew(r *Rows, sel []int32, groups []uint32, before int) {
	if a.table.Len() == before {
		return
	}
	a.fresh = a.fresh[:0]
	next := uint32(before)
	for i, g := range groups {
		if g == next {
			a.fresh = append(a.fresh, sel[i])
			next++
		}
	}
	for i := range a.deps {
		a.deps[i].AppendVector(r.Dependents[i], a.fresh)
	}
	part := column.Batch{Len: r.Len, Sel: a.fresh, Cols: r.Keys}
	for k := range r.Keys {
		a.boxed += spill.Boxed(&part, []int{k})
	}
	part.Cols = r.Dependents
	for k := range r.Dependents {
		a.boxed += spill.Boxed(&part, []int{k})
	}
	a.grow()
}

// grow gives each group its accumulators.
func (a *Aggregator) grow() {
	for _, s := range a.states {
		s.Grow(a.table.Len())
	}
	if n := a.table.Len(); n > a.wide {
		a.wide = max(n, 2*a.wide) // as they do
	}
}

// update feeds the accumulators.
func (a *Aggregator) update(r *Rows, sel []int32, groups []uint32) error {
	in := function.Rows{Len: r.Len, Sel: sel, Groups: groups, Mult: r.Mult}
	if a.spec.Keys == 0 {
		in.Groups = nil
	}
	for i := range a.spec.Funcs {
		one := in
		if r.Args != nil {
			one.Args = r.Args[i]
		}
		if set := a.sets[i]; set != nil {
			var err error
			if one.Sel, one.Groups, err = set.add(one.Args, r.Len, sel, groups); err != nil {
				return err
			}
			one.Mult = nil
			if len(one.Sel) == 0 {
				continue
			}
		}
		grew, err := a.states[i].Update(&one)
		if err != nil {
			return a.spec.Funcs[i].at(err)
		}
		a.boxed += int64(grew)
	}
	return nil
}

// stateBytes is what an accumulator takes, about.
const stateBytes = 24

// slack is what accumulators may grow by beyond the budget once sets are frozen.
const slack = 32 << 10

func (a *Aggregator) bytes() int64 {
	n := int64(a.table.Bytes()) + a.boxed + stateBytes*int64(len(a.states)*a.wide)
	for i := range a.deps {
		n += int64(a.deps[i].Bytes())
	}
	for _, set := range a.sets {
		if set != nil {
			n += set.bytes()
		}
	}
	return n
}

// room makes groups go to disk before the table grows where it would grow beyond the
// budget. What cannot be cut grows, and is refused by fit.
func (a *Aggregator) room(keys []*column.Vector, sel []int32) error {
	rows := len(sel)
	if a.space == nil || a.spec.Keys == 0 || a.level > spill.MaxLevel || a.frozenAt > 0 || a.table.Len() < 2*rows {
		return nil
	}
	growth := int64(a.table.Growth(rows, keys, sel))
	if a.table.Len()+rows > a.wide { // new ones stand beside the old
		growth += 2 * stateBytes * int64(len(a.states)*a.wide)
	}
	for _, set := range a.sets {
		if set != nil {
			growth += int64(set.table.Growth(rows, nil, nil))
		}
	}
	if growth == 0 {
		return nil
	}
	if a.account.Hold(a.bytes() + growth) {
		return nil
	}
	a.spilled = true
	return a.flush()
}

// fit keeps the table within the budget.
func (a *Aggregator) fit() error {
	total := a.bytes()
	if a.account.Hold(total) {
		return nil
	}
	// In a part all groups are known before the first pair comes: one group alone
	// cannot be cut any further.
	cut := a.spec.Keys > 0 && a.level <= spill.MaxLevel && (a.level == 0 || a.table.Len() > 1)
	switch {
	case a.space == nil:
		return a.account.Must(total)
	case cut && a.frozenAt == 0:
		a.spilled = true
		return a.flush()
	case a.frozenAt == 0 && a.freeze():
		a.frozenAt = total
		return nil
	case a.frozenAt > 0 && total <= a.frozenAt+slack:
		return nil
	}
	return a.account.Must(total)
}

// freeze freezes the sets, and reports whether there are any.
func (a *Aggregator) freeze() bool {
	any := false
	for _, set := range a.sets {
		if set != nil {
			set.frozen, any = true, true
		}
	}
	return any
}

// Each gives the groups that are in memory, then part by part those on disk: keys and
// dependents, and each function's values, for n groups at a time. The vectors are
// valid until f returns. The table is empty afterwards.
func (a *Aggregator) Each(f func(n int, keys, dependents, values []*column.Vector) error) error {
	if a.spec.Keys == 0 && a.table.Len() == 0 {
		a.table.Assign(nil, []int32{0}, make([]uint32, 1), true)
		a.grow()
		null := column.Vector{Type: column.Null}
		for i := range a.deps {
			a.deps[i].AppendVector(&null, []int32{0})
		}
	}
	if a.parts != nil {
		if err := a.flush(); err != nil {
			return err
		}
	}
	if err := a.finishSets(); err != nil {
		return err
	}
	if err := a.eachHeld(f); err != nil {
		return err
	}
	a.reset()
	a.account.Hold(0)
	if a.parts == nil {
		return nil
	}
	return a.parts.Each(func(i int, file *spill.File) error { return a.eachOfPart(i, file, f) })
}

// batchBytes is what the values of a batch of groups may take: lists are copies of what the
// accumulators hold.
const batchBytes = 512 << 10

func (a *Aggregator) eachHeld(f func(n int, keys, dependents, values []*column.Vector) error) error {
	keys, deps := make([]*column.Vector, a.spec.Keys), make([]*column.Vector, a.spec.Dependents)
	for i := range keys {
		keys[i] = &column.Vector{}
	}
	for i := range deps {
		deps[i] = &column.Vector{}
	}
	builders := make([]column.Builder, len(a.states))
	vals := make([]*column.Vector, len(a.states))
	var groups []uint32
	var idx []int32
	for from := 0; from < a.table.Len(); from += len(groups) {
		groups, idx = groups[:0], idx[:0]
		for i := range builders {
			builders[i].Reset()
		}
		weight := 0
		for g := from; g < min(from+column.BatchSize, a.table.Len()) && weight < batchBytes; g++ {
			groups, idx = append(groups, uint32(g)), append(idx, int32(g))
			for i, s := range a.states {
				v, err := s.Value(uint32(g))
				if err != nil {
					return a.spec.Funcs[i].at(err)
				}
				builders[i].Append(v)
				weight += value.Size(v)
			}
		}
		for i := range keys {
			a.table.Gather(i, keys[i], groups)
		}
		for i := range deps {
			deps[i].Gather(a.deps[i].Vector(), idx)
		}
		for i := range vals {
			vals[i] = builders[i].Vector()
		}
		if err := a.copied(int64(weight)); err != nil {
			return err
		}
		if err := f(len(groups), keys, deps, vals); err != nil {
			return err
		}
	}
	return nil
}

// copyShare is the part of a query's memory that copies of lists get even where the table
// has all of it.
const copyShare = 8

// copied counts copies of lists that are given beside the table.
func (a *Aggregator) copied(bytes int64) error {
	if bytes <= max(batchBytes, a.budget.Limit()/copyShare) {
		return nil
	}
	return a.account.Must(a.bytes() + bytes)
}

// CanMerge reports whether workers may aggregate apart and be merged: with DISTINCT they
// must share one aggregator instead.
func (s Spec) CanMerge() bool {
	for _, f := range s.Funcs {
		if f.Distinct {
			return false
		}
	}
	return true
}

// Merge adds the groups of other, an aggregator of the same Spec (see CanMerge), which
// is closed.
func (a *Aggregator) Merge(other *Aggregator) error {
	if other.spilled || a.crowded(other) {
		return a.mergeParts(other)
	}
	n := other.table.Len()
	if n == 0 {
		return other.Close()
	}
	keys, deps := make([]*column.Vector, a.spec.Keys), make([]*column.Vector, a.spec.Dependents)
	all, sel := make([]uint32, n), make([]int32, n)
	for g := range n {
		all[g], sel[g] = uint32(g), int32(g)
	}
	for i := range keys {
		keys[i] = &column.Vector{}
		other.table.Gather(i, keys[i], all)
	}
	for i := range deps {
		deps[i] = other.deps[i].Vector()
	}
	before := a.table.Len()
	to := make([]uint32, len(all))
	a.table.Assign(keys, sel, to, true)
	a.keepNew(&Rows{Keys: keys, Dependents: deps, Len: len(all)}, sel, to, before)
	for i, s := range a.states {
		if err := s.Merge(other.states[i], to); err != nil {
			return err
		}
	}
	a.boxed += other.boxed
	if err := other.Close(); err != nil {
		return err
	}
	return a.fit()
}

// crowded reports whether there is no room for the groups of other beside those of a, all
// of them new to it, and for the copy of their keys that Merge makes.
func (a *Aggregator) crowded(other *Aggregator) bool {
	if a.space == nil || a.spec.Keys == 0 {
		return false
	}
	n := other.table.Len()
	copies := int64(n) * int64(12+16*a.spec.Keys)
	return !a.account.Hold(a.bytes() + other.bytes() + int64(a.table.Growth(n, nil, nil)) + copies)
}

// Spilled reports whether groups went to disk.
func (a *Aggregator) Spilled() bool { return a.spilled }

// Close frees memory and deletes files. It may be called twice.
func (a *Aggregator) Close() error {
	a.account.Close()
	var first error
	for _, p := range append(a.pairs, a.parts) {
		if p == nil {
			continue
		}
		if err := p.Close(); err != nil && first == nil {
			first = err
		}
	}
	a.parts = nil
	clear(a.pairs)
	for _, s := range a.sets {
		if s != nil {
			if err := s.close(); err != nil && first == nil {
				first = err
			}
		}
	}
	a.reset()
	return first
}

// mergeParts is Merge of an aggregator with groups on disk.
func (a *Aggregator) mergeParts(other *Aggregator) error {
	if err := other.flush(); err != nil {
		return err
	}
	err := other.parts.Each(func(_ int, file *spill.File) error { return file.EachBatch(a.addAccumulators) })
	if cerr := other.Close(); err == nil {
		err = cerr
	}
	return err
}
