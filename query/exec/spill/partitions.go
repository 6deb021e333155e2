package spill

import "github.com/kadedb/kadedb/column"

const (
	// Fan is the number of partitions of one level.
	Fan = 16
	// MaxLevel is the deepest level: 16^7 parts. Rows that still do not fit then
	// are of a few keys, and no further cut would help.
	MaxLevel = 6
)

// Partitions cuts rows by the hash of their key into Fan files, four bits of the hash
// a level. Equal keys come into one file, in the order of their arrival.
type Partitions struct {
	space *Space
	level int
	slots []int
	files [Fan]*File
	rows  [Fan][]int32
}

// NewPartitions returns empty partitions of the columns slots.
func NewPartitions(space *Space, level int, slots []int) *Partitions {
	return &Partitions{space: space, level: level, slots: slots}
}

// Write appends the given rows of b; hashes is by row.
func (p *Partitions) Write(b *column.Batch, rows []int32, hashes []uint64) error {
	for i := range p.rows {
		p.rows[i] = p.rows[i][:0]
	}
	for _, r := range rows {
		i := hashes[r] >> (4 * p.level) % Fan
		p.rows[i] = append(p.rows[i], r)
	}
	for i, rows := range p.rows {
		if len(rows) == 0 {
			continue
		}
		if p.files[i] == nil {
			f, err := p.space.Create()
			if err != nil {
				return err
			}
			p.files[i] = f
		}
		part := *b
		part.Sel = rows
		if err := p.files[i].Write(&part, p.slots); err != nil {
			return err
		}
	}
	return nil
}

// Each gives the files that have rows, and deletes each after f returned.
func (p *Partitions) Each(f func(i int, file *File) error) error {
	if err := p.Seal(); err != nil {
		return err
	}
	for i, file := range p.files {
		if file == nil {
			continue
		}
		if err := f(i, file); err != nil {
			return err
		}
		p.files[i] = nil
		if err := file.Close(); err != nil {
			return err
		}
	}
	return nil
}

// File returns partition i, or nil where it has no rows.
func (p *Partitions) File(i int) *File { return p.files[i] }

// Seal seals the files: see File.Seal.
func (p *Partitions) Seal() error {
	for _, f := range p.files {
		if f == nil {
			continue
		}
		if err := f.Seal(); err != nil {
			return err
		}
	}
	return nil
}

// Close deletes the files.
func (p *Partitions) Close() error {
	var first error
	for i, f := range p.files {
		if f == nil {
			continue
		}
		p.files[i] = nil
		if err := f.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// EachBatch gives the batches of a file in order.
func (f *File) EachBatch(do func(b *column.Batch) error) error {
	rd, err := f.Reader()
	if err != nil {
		return err
	}
	for {
		b, err := rd.Next()
		if err != nil || b == nil {
			return err
		}
		if err := do(b); err != nil {
			return err
		}
	}
}
