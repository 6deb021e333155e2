package transfer

import (
	"math"
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// groupRows is how many rows the store takes of a column at a time.
const groupRows = 1 << 16

// output gathers one property's values into groups and hands them on.
type output struct {
	types []column.Type // physical columns that it is put together from
	put   func(first uint32, v *column.Vector, n int) error

	first uint32 // number of the group's first row
	n     int
	some  bool // a row is not null
	v     column.Vector

	// Strings wait here and become one piece of memory with the group.
	text []byte
	ends []uint32 // of the rows in at
	at   []uint32

	spans [][2]uint32
}

func newOutput(types []column.Type, first uint32, put func(uint32, *column.Vector, int) error) *output {
	o := &output{types: types, first: first, put: put}
	o.reset()
	return o
}

func (o *output) reset() {
	t := column.Any
	if len(o.types) == 1 {
		t = o.types[0]
	}
	o.v.Reset(t, groupRows)
	o.n, o.some = 0, false
	if t != column.Any {
		o.v.Nulls = column.NewBitmap(groupRows)
	}
}

// add appends row i of one of the physical columns in parts that is not null there.
func (o *output) add(parts []*vector, i int) error {
	row := o.n
	o.n++
	null := true
	for k, p := range parts {
		if p == nil || p.isNull(i) {
			continue
		}
		null = false
		o.some = true
		if err := o.set(row, o.types[k], p, i); err != nil {
			return err
		}
		break
	}
	if null {
		o.v.SetNull(row, groupRows)
	}
	if o.n == groupRows {
		return o.flush()
	}
	return nil
}

func (o *output) set(row int, t column.Type, p *vector, i int) error {
	if o.v.Type == column.Any {
		v, err := p.value(t, i)
		o.v.Anys[row] = v
		return err
	}
	switch t {
	case column.Int, column.Date:
		o.v.Ints[row] = int64(p.fixed[i])
	case column.Float:
		o.v.Floats[row] = math.Float64frombits(p.fixed[i])
	case column.Bool:
		o.v.Bools[row] = p.fixed[i] != 0
	case column.String:
		o.text = append(o.text, p.cell(i)...)
		o.at, o.ends = append(o.at, uint32(row)), append(o.ends, uint32(len(o.text)))
	}
	return nil
}

// addRows appends the rows from … to-1 of parts.
func (o *output) addRows(parts []*vector, from, to int) error {
	if len(parts) != 1 || o.v.Type == column.Any {
		for i := from; i < to; i++ {
			if err := o.add(parts, i); err != nil {
				return err
			}
		}
		return nil
	}
	for from < to {
		n := min(to-from, groupRows-o.n)
		o.run(parts[0], from, n)
		from, o.n = from+n, o.n+n
		if o.n == groupRows {
			if err := o.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// gather appends the rows idx of parts. A column at a time keeps many loads from far apart under way at once.
func (o *output) gather(parts []*vector, idx []uint32) error {
	if len(parts) != 1 || o.v.Type == column.Any {
		for _, i := range idx {
			if err := o.add(parts, int(i)); err != nil {
				return err
			}
		}
		return nil
	}
	for len(idx) > 0 {
		n := min(len(idx), groupRows-o.n)
		o.pick(parts[0], idx[:n])
		idx, o.n = idx[n:], o.n+n
		if o.n == groupRows {
			if err := o.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// pick copies rows of a typed column, of which nil is nulls alone, behind those of the group.
func (o *output) pick(p *vector, idx []uint32) {
	if p == nil {
		for k := range idx {
			o.v.SetNull(o.n+k, groupRows)
		}
		return
	}
	switch o.v.Type {
	case column.Int, column.Date:
		dst := o.v.Ints[o.n:]
		for k, i := range idx {
			dst[k] = int64(p.fixed[i])
		}
	case column.Float:
		dst := o.v.Floats[o.n:]
		for k, i := range idx {
			dst[k] = math.Float64frombits(p.fixed[i])
		}
	case column.Bool:
		dst := o.v.Bools[o.n:]
		for k, i := range idx {
			dst[k] = p.fixed[i] != 0
		}
	case column.String:
		o.pickTexts(p, idx)
	}
	nulls := 0
	if len(p.nulls) > 0 {
		for k, i := range idx {
			if p.isNull(int(i)) {
				o.v.SetNull(o.n+k, groupRows)
				nulls++
			}
		}
	}
	o.some = o.some || nulls < len(idx)
}

func (o *output) pickTexts(p *vector, idx []uint32) {
	o.spans = o.spans[:0]
	size := 0
	for _, i := range idx {
		from, end := uint32(0), p.ends[i]
		if i > 0 {
			from = p.ends[i-1]
		}
		o.spans = append(o.spans, [2]uint32{from, end})
		size += int(end - from)
	}
	o.text = slices.Grow(o.text, size)
	for k, x := range o.spans {
		o.text = append(o.text, p.text[x[0]:x[1]]...)
		o.at, o.ends = append(o.at, uint32(o.n+k)), append(o.ends, uint32(len(o.text)))
	}
}

// run copies n rows of a typed column, of which nil is nulls alone, behind those of the group.
func (o *output) run(p *vector, from, n int) {
	if p == nil {
		for k := range n {
			o.v.SetNull(o.n+k, groupRows)
		}
		return
	}
	switch o.v.Type {
	case column.Int, column.Date:
		for k, x := range p.fixed[from : from+n] {
			o.v.Ints[o.n+k] = int64(x)
		}
	case column.Float:
		for k, x := range p.fixed[from : from+n] {
			o.v.Floats[o.n+k] = math.Float64frombits(x)
		}
	case column.Bool:
		for k, x := range p.fixed[from : from+n] {
			o.v.Bools[o.n+k] = x != 0
		}
	case column.String:
		p.texts(from, o.v.Strs[o.n:o.n+n])
	}
	nulls := 0
	for k := range min(n, max(len(p.nulls)*64-from, 0)) {
		if p.nulls.Get(from + k) {
			o.v.SetNull(o.n+k, groupRows)
			nulls++
		}
	}
	o.some = o.some || nulls < n
}

// texts makes dst the cells from the row on, in one piece of memory.
func (v *vector) texts(from int, dst []string) {
	start := uint32(0)
	if from > 0 {
		start = v.ends[from-1]
	}
	text, at := string(v.text[start:v.ends[from+len(dst)-1]]), uint32(0)
	for k := range dst {
		end := v.ends[from+k] - start
		dst[k], at = text[at:end], end
	}
}

// value boxes row i.
func (v *vector) value(t column.Type, i int) (value.Value, error) {
	switch t {
	case column.Int:
		return value.Int(int64(v.fixed[i])), nil
	case column.Date:
		return value.Date(int64(v.fixed[i])), nil
	case column.Float:
		return value.Float(math.Float64frombits(v.fixed[i])), nil
	case column.Bool:
		return value.Bool(v.fixed[i] != 0), nil
	case column.String:
		return value.String(string(v.cell(i))), nil
	}
	val, rest, err := value.Decode(v.cell(i))
	if err == nil && len(rest) > 0 {
		err = status.Errorf(status.Internal, "%d bytes after a value in a temporary file", len(rest))
	}
	return val, err
}

// flush hands a group on; at the end also one that is not full.
func (o *output) flush() error {
	if o.n == 0 {
		return nil
	}
	if o.some {
		text, from := string(o.text), uint32(0)
		for k, row := range o.at {
			o.v.Strs[row], from = text[from:o.ends[k]], o.ends[k]
		}
		o.text, o.at, o.ends = o.text[:0], o.at[:0], o.ends[:0]
		var v column.Vector
		v.Slice(&o.v, 0, o.n)
		if err := o.put(o.first, &v, o.n); err != nil {
			return err
		}
	}
	o.first += uint32(o.n)
	clear(o.v.Strs)
	o.reset()
	return nil
}
