package join

import (
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/query/exec/group"
	"github.com/kadedb/kadedb/query/exec/spill"
	"github.com/kadedb/kadedb/value"
)

// Kind says which rows a join gives.
type Kind uint8

// The kinds, as plan.JoinKind has them.
const (
	Inner Kind = iota
	LeftOuter
	Semi
	Anti
)

// Spec says what to join. Slots of both sides lie in one space and do not overlap,
// except for keys that are carried on both sides.
type Spec struct {
	Kind                Kind
	LeftKeys, RightKeys []int
	LeftSlots           []int // columns of the left side to give
	RightSlots          []int // columns of the right side to give; null where LeftOuter finds nothing
	Width               int   // of the batches given
	MaxRows             int   // of a batch given; 0: column.BatchSize
}

// Join is one hash join. Not safe for several goroutines.
type Join struct {
	spec    Spec
	space   *spill.Space
	budget  *memory.Budget
	account *spill.Account
	level   int

	kept  []int // right columns that are kept: RightSlots and RightKeys
	right *column.Buffer
	boxed int64
	n     int64 // right rows that can match

	table *group.Table // numbers keys
	nums  []uint32     // until built: the key of each row
	start []int32      // built: rows of key g are rows[start[g]:start[g+1]]
	rows  []int32
	built bool

	rightParts, leftParts *spill.Partitions
	leftKept              []int

	sel    []int32
	groups []uint32
	hashes []uint64
	lefts  []int32
	rights []int32
	out    column.Batch
}

// New returns an empty join. A nil space or budget keeps everything in memory.
func New(space *spill.Space, budget *memory.Budget, spec Spec) *Join {
	return newAt(space, budget, spec, 0)
}

func newAt(space *spill.Space, budget *memory.Budget, spec Spec, level int) *Join {
	if spec.MaxRows <= 0 {
		spec.MaxRows = column.BatchSize
	}
	if spec.LeftSlots == nil {
		spec.LeftSlots = []int{} // none, where Batch.Gather takes nil for all
	}
	j := &Join{spec: spec, space: space, budget: budget, account: spill.NewAccount(budget), level: level}
	if spec.Kind == Inner || spec.Kind == LeftOuter {
		j.kept = union(spec.RightSlots, spec.RightKeys)
	} else {
		j.kept = union(spec.RightKeys, nil)
	}
	j.leftKept = union(spec.LeftSlots, spec.LeftKeys)
	j.empty()
	j.out.Cols = make([]*column.Vector, spec.Width)
	return j
}

func union(a, b []int) []int {
	out := append([]int(nil), a...)
next:
	for _, x := range b {
		for _, y := range out {
			if x == y {
				continue next
			}
		}
		out = append(out, x)
	}
	return out
}

func columns(b *column.Batch, slots []int) []*column.Vector {
	out := make([]*column.Vector, len(slots))
	for i, s := range slots {
		out[i] = b.Cols[s]
	}
	return out
}

// matchable appends to dst the selected rows whose keys may equal others.
func matchable(dst []int32, keys []*column.Vector, rows []int32) []int32 {
next:
	for _, r := range rows {
		for _, k := range keys {
			if k.IsNull(int(r)) {
				continue next
			}
			switch k.Type {
			case column.Float, column.Any:
				if v := k.Value(int(r)); value.Equal(v, v) != value.True {
					continue next
				}
			}
		}
		dst = append(dst, r)
	}
	return dst
}

// Build takes rows of the right side.
func (j *Join) Build(b *column.Batch) error {
	keys := columns(b, j.spec.RightKeys)
	j.sel = matchable(j.sel[:0], keys, b.Selection())
	if len(j.sel) == 0 {
		return nil
	}
	j.n += int64(len(j.sel))
	if j.rightParts != nil {
		return j.rightParts.Write(b, j.sel, j.hash(keys, b.Len, j.sel))
	}
	// Tables are made anew, beside the old ones, as they grow.
	if growth := int64(j.table.Growth(len(j.sel), keys, j.sel)); growth > 0 && j.divisible() && !j.account.Hold(j.bytes(len(j.sel))+growth) {
		if err := j.cut(); err != nil {
			return err
		}
		return j.rightParts.Write(b, j.sel, j.hash(keys, b.Len, j.sel))
	}
	j.right.AppendRows(b, j.sel)
	part := *b
	part.Sel = j.sel
	j.boxed += spill.Boxed(&part, j.kept)
	at := len(j.nums)
	j.nums = slices.Grow(j.nums, len(j.sel))[:at+len(j.sel)]
	j.table.Assign(keys, j.sel, j.nums[at:], true)
	want := j.bytes(0)
	if j.account.Hold(want) {
		return nil
	}
	if !j.divisible() {
		return j.account.Must(want)
	}
	return j.cut()
}

// divisible reports whether the right side can be cut into parts on disk.
func (j *Join) divisible() bool {
	return j.space != nil && len(j.spec.RightKeys) > 0 && j.level <= spill.MaxLevel
}

// bytes is what the right side takes with so many rows more, and once it is built.
func (j *Join) bytes(rows int) int64 {
	const index = 3 * 4 // of start, its copy and rows, by row
	return int64(j.right.Bytes()) + j.boxed + int64(j.table.Bytes()) + 4*int64(cap(j.nums)) + index*int64(j.right.Len()+rows)
}

// empty makes the right side one without rows.
func (j *Join) empty() {
	j.right, j.boxed = column.NewBuffer(j.kept), 0
	j.table, j.nums, j.start, j.rows = group.New(len(j.spec.RightKeys)), nil, nil, nil
}

// cut moves the right side to parts on disk.
func (j *Join) cut() error {
	j.rightParts = spill.NewPartitions(j.space, j.level, j.kept)
	j.leftParts = spill.NewPartitions(j.space, j.level, j.leftKept)
	err := spill.EachOf(j.right, func(b *column.Batch) error {
		rows := b.Selection()
		return j.rightParts.Write(b, rows, j.hash(columns(b, j.spec.RightKeys), b.Len, rows))
	})
	j.empty()
	j.account.Hold(0)
	return err
}

func (j *Join) hash(keys []*column.Vector, n int, rows []int32) []uint64 {
	if cap(j.hashes) < n {
		j.hashes = make([]uint64, max(n, column.BatchSize))
	}
	column.HashKeys(j.hashes[:n], keys, rows)
	return j.hashes[:n]
}

// index lists the rows of each key.
func (j *Join) index() {
	j.built = true
	j.start = make([]int32, j.table.Len()+1)
	for _, g := range j.nums {
		j.start[g+1]++
	}
	for g := range j.table.Len() {
		j.start[g+1] += j.start[g]
	}
	at := slices.Clone(j.start)
	j.rows = make([]int32, len(j.nums))
	for i, g := range j.nums {
		j.rows[at[g]] = int32(i)
		at[g]++
	}
	j.nums = nil
}

// Probe takes rows of the left side and gives what they join to, in their order, in
// batches that are valid until out returns. After the first Probe no row may be built.
func (j *Join) Probe(b *column.Batch, out func(*column.Batch) error) error {
	keys := columns(b, j.spec.LeftKeys)
	if j.rightParts != nil {
		return j.setAside(b, keys, out)
	}
	if !j.built {
		j.index()
	}
	sel := b.Selection()
	j.sel = matchable(j.sel[:0], keys, sel)
	if cap(j.groups) < len(sel) {
		j.groups = make([]uint32, max(len(sel), column.BatchSize))
	}
	groups := j.groups[:len(j.sel)]
	j.table.Assign(keys, j.sel, groups, false)
	j.lefts, j.rights = j.lefts[:0], j.rights[:0]
	k := 0
	for _, r := range sel {
		g := group.None
		if k < len(j.sel) && j.sel[k] == r {
			g = groups[k]
			k++
		}
		if err := j.pair(b, r, g, out); err != nil {
			return err
		}
	}
	return j.emit(b, out)
}

// pair adds the rows that left row r joins to, being of key g.
func (j *Join) pair(b *column.Batch, r int32, g uint32, out func(*column.Batch) error) error {
	found := g != group.None
	switch j.spec.Kind {
	case Semi, Anti:
		if found == (j.spec.Kind == Semi) {
			j.lefts = append(j.lefts, r)
		}
		return nil
	case LeftOuter:
		if !found {
			j.lefts, j.rights = append(j.lefts, r), append(j.rights, -1)
			return j.emitFull(b, out)
		}
	}
	if !found {
		return nil
	}
	for _, right := range j.rows[j.start[g]:j.start[g+1]] {
		j.lefts, j.rights = append(j.lefts, r), append(j.rights, right)
		if err := j.emitFull(b, out); err != nil {
			return err
		}
	}
	return nil
}

func (j *Join) emitFull(b *column.Batch, out func(*column.Batch) error) error {
	if len(j.lefts) < j.spec.MaxRows {
		return nil
	}
	return j.emit(b, out)
}

// emit gives the pairs gathered.
func (j *Join) emit(b *column.Batch, out func(*column.Batch) error) error {
	if len(j.lefts) == 0 {
		return nil
	}
	j.out.Mult = nil
	if j.spec.Kind == Inner || j.spec.Kind == LeftOuter {
		j.gatherRight()
	}
	for i := range j.out.Cols {
		if i < len(b.Cols) && b.Cols[i] == nil && !isIn(j.spec.RightSlots, i) {
			j.out.Cols[i] = nil
		}
	}
	j.out.Gather(b, j.lefts, j.spec.LeftSlots)
	j.lefts, j.rights = j.lefts[:0], j.rights[:0]
	return out(&j.out)
}

func isIn(list []int, x int) bool {
	for _, l := range list {
		if l == x {
			return true
		}
	}
	return false
}

func (j *Join) gatherRight() {
	for k, slot := range j.kept {
		if !isIn(j.spec.RightSlots, slot) {
			continue
		}
		if j.out.Cols[slot] == nil {
			j.out.Cols[slot] = &column.Vector{}
		}
		j.out.Cols[slot].Gather(j.right.Column(k), j.rights)
	}
}

// setAside writes left rows to the parts; those that match nothing for sure are
// answered at once.
func (j *Join) setAside(b *column.Batch, keys []*column.Vector, out func(*column.Batch) error) error {
	sel := b.Selection()
	j.sel = matchable(j.sel[:0], keys, sel)
	if len(j.sel) > 0 {
		if err := j.leftParts.Write(b, j.sel, j.hash(keys, b.Len, j.sel)); err != nil {
			return err
		}
	}
	if j.spec.Kind == Inner || j.spec.Kind == Semi || len(j.sel) == len(sel) {
		return nil
	}
	j.lefts, j.rights = j.lefts[:0], j.rights[:0]
	k := 0
	for _, r := range sel {
		if k < len(j.sel) && j.sel[k] == r {
			k++
			continue
		}
		j.lefts, j.rights = append(j.lefts, r), append(j.rights, -1)
	}
	return j.emit(b, out)
}

// Finish gives the rows whose keys were on disk.
func (j *Join) Finish(out func(*column.Batch) error) error {
	if j.rightParts == nil {
		return nil
	}
	for _, p := range []*spill.Partitions{j.rightParts, j.leftParts} {
		if err := p.Seal(); err != nil {
			return err
		}
	}
	for i := range spill.Fan {
		if err := j.joinPart(j.rightParts.File(i), j.leftParts.File(i), out); err != nil {
			return err
		}
	}
	return nil
}

func (j *Join) joinPart(right, left *spill.File, out func(*column.Batch) error) (err error) {
	if left == nil {
		return nil
	}
	part := newAt(j.space, j.budget, j.spec, j.level+1)
	defer func() {
		if cerr := part.Close(); err == nil {
			err = cerr
		}
	}()
	if right != nil {
		if err := right.EachBatch(part.Build); err != nil {
			return err
		}
	}
	err = left.EachBatch(func(b *column.Batch) error {
		for len(b.Cols) < j.spec.Width { // columns of no row are not written
			b.Cols = append(b.Cols, nil)
		}
		return part.Probe(b, out)
	})
	if err != nil {
		return err
	}
	return part.Finish(out)
}

// Spilled reports whether rows are on disk.
func (j *Join) Spilled() bool { return j.rightParts != nil }

// Rows returns how many rows of the right side can match.
func (j *Join) Rows() int64 { return j.n }

// Close frees memory and deletes files. It may be called twice.
func (j *Join) Close() error {
	j.account.Close()
	j.empty()
	var first error
	for _, p := range []*spill.Partitions{j.rightParts, j.leftParts} {
		if p == nil {
			continue
		}
		if err := p.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}
