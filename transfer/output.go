package transfer

import (
	"math"

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
		o.v.Strs[row] = string(p.cell(i))
	}
	return nil
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
