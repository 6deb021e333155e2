package function

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/kadedb/kadedb/value"
)

// chains holds a list of values a group: all values in one sequence, each with the
// place of the next of its group. The sequence lies in pieces, so that it is never moved
// as it grows.
type chains struct {
	pieces []*chainPiece
	n      uint32   // values
	held   int64    // bytes
	first  []uint32 // by group, place + 1; 0 = none
	last   []uint32
	size   []uint32
}

const chainBits = 8

type chainPiece struct {
	vals [1 << chainBits]value.Value
	next [1 << chainBits]uint32 // place + 1; 0 = last
}

// at returns the value of a place + 1, and where the next of its group has its place.
func (c *chains) at(p uint32) (*value.Value, *uint32) {
	p--
	piece := c.pieces[p>>chainBits]
	return &piece.vals[p&(1<<chainBits-1)], &piece.next[p&(1<<chainBits-1)]
}

func (c *chains) grow(n int) {
	c.first, c.last, c.size = grown(c.first, n), grown(c.last, n), grown(c.size, n)
}

func (c *chains) push(g uint32, v value.Value) (grew int, err error) {
	if c.n >= math.MaxUint32-1 {
		return 0, outOfRange("more than %d values are collected", c.n)
	}
	if int(c.n>>chainBits) == len(c.pieces) {
		c.pieces = append(c.pieces, new(chainPiece))
	}
	c.n++
	val, _ := c.at(c.n)
	*val = v
	if c.first[g] == 0 {
		c.first[g] = c.n
	} else {
		_, next := c.at(c.last[g])
		*next = c.n
	}
	c.last[g] = c.n
	c.size[g]++
	grew = value.Size(v) + 4
	c.held += int64(grew)
	return grew, nil
}

// each calls f with the values of a group.
func (c *chains) each(g uint32, f func(v value.Value) error) error {
	for p := c.first[g]; p != 0; {
		val, next := c.at(p)
		if err := f(*val); err != nil {
			return err
		}
		p = *next
	}
	return nil
}

func (c *chains) list(g uint32) []value.Value {
	list := make([]value.Value, 0, c.size[g])
	for p := c.first[g]; p != 0; {
		val, next := c.at(p)
		list, p = append(list, *val), *next
	}
	return list
}

func (c *chains) merge(o *chains, to []uint32) error {
	for i, g := range to {
		err := o.each(uint32(i), func(v value.Value) error {
			_, err := c.push(g, v)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *chains) append(dst []byte, g uint32) []byte {
	dst = binary.AppendUvarint(dst, uint64(c.size[g]))
	for p := c.first[g]; p != 0; {
		val, next := c.at(p)
		dst, p = value.Append(dst, *val), *next
	}
	return dst
}

func (c *chains) add(src []byte, g uint32) ([]byte, error) {
	n, used := binary.Uvarint(src)
	if used <= 0 {
		return src, damagedState()
	}
	src = src[used:]
	for range n {
		v, rest, err := value.Decode(src)
		if err != nil {
			return src, err
		}
		if _, err := c.push(g, v); err != nil {
			return src, err
		}
		src = rest
	}
	return src, nil
}

// collectState makes lists.
type collectState struct {
	chains chains
}

// Held implements Holder.
func (s *collectState) Held() int64 { return s.chains.held }

func (s *collectState) Grow(n int) { s.chains.grow(n) }

func (s *collectState) Update(r *Rows) (grew int, err error) {
	v := r.Args[0]
	err = r.each(v, func(row int, g uint32, mult int64) error {
		x := v.Value(row)
		for range mult {
			n, err := s.chains.push(g, x)
			if err != nil {
				return err
			}
			grew += n
		}
		return nil
	})
	return grew, err
}

func (s *collectState) Merge(other State, to []uint32) error {
	return s.chains.merge(&other.(*collectState).chains, to)
}

func (s *collectState) Value(g uint32) (value.Value, error) {
	return value.List(s.chains.list(g)...), nil
}

func (s *collectState) Append(dst []byte, g uint32) []byte { return s.chains.append(dst, g) }

func (s *collectState) Add(src []byte, g uint32) ([]byte, error) { return s.chains.add(src, g) }

// percentileState keeps all numbers of a group, each as often as it stands for a row.
type percentileState struct {
	fn          string
	interpolate bool
	chains      chains
	at          []float64 // the percentile asked for by the group's first row
}

// Held implements Holder.
func (s *percentileState) Held() int64 { return s.chains.held }

func (s *percentileState) Grow(n int) {
	s.chains.grow(n)
	s.at = grown(s.at, n)
}

func (s *percentileState) Update(r *Rows) (grew int, err error) {
	v, p := r.Args[0], r.Args[1]
	err = r.each(v, func(row int, g uint32, mult int64) error {
		x, at := v.Value(row), p.Value(row)
		switch {
		case !isNumber(x):
			return badNumber(s.fn, x, "numbers")
		case !isNumber(at):
			return hinted(badValue(s.fn, at, "a percentile of 0.0 … 1.0"), percentileHint)
		case !(toFloat(at) >= 0 && toFloat(at) <= 1):
			return hinted(outOfRange("%s wants a percentile of 0.0 … 1.0, got %s", s.fn, at), percentileHint)
		}
		if s.chains.size[g] == 0 {
			s.at[g] = toFloat(at)
		}
		for range mult {
			n, err := s.chains.push(g, x)
			if err != nil {
				return err
			}
			grew += n
		}
		return nil
	})
	return grew, err
}

func (s *percentileState) Merge(other State, to []uint32) error {
	o := other.(*percentileState)
	for i, g := range to {
		if s.chains.size[g] == 0 {
			s.at[g] = o.at[i]
		}
	}
	return s.chains.merge(&o.chains, to)
}

func (s *percentileState) Value(g uint32) (value.Value, error) {
	sorted := s.chains.list(g)
	if len(sorted) == 0 {
		return value.Null, nil
	}
	slices.SortFunc(sorted, value.Order)
	n, p := float64(len(sorted)), s.at[g]
	if !s.interpolate {
		place := int(math.Ceil(p*n)) - 1
		return sorted[min(max(place, 0), len(sorted)-1)], nil
	}
	place := p * (n - 1)
	lo := int(math.Floor(place))
	hi := min(lo+1, len(sorted)-1)
	share := place - float64(lo)
	return value.Float(toFloat(sorted[lo])*(1-share) + toFloat(sorted[hi])*share), nil
}

func (s *percentileState) Append(dst []byte, g uint32) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(s.at[g]))
	return s.chains.append(dst, g)
}

func (s *percentileState) Add(src []byte, g uint32) ([]byte, error) {
	if len(src) < 8 {
		return src, damagedState()
	}
	if s.chains.size[g] == 0 {
		s.at[g] = math.Float64frombits(binary.LittleEndian.Uint64(src))
	}
	return s.chains.add(src[8:], g)
}
