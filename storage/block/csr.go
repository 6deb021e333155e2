package block

import (
	"encoding/binary"
	"fmt"
	"sort"

	"github.com/kadedb/kadedb/internal/invariants"
)

// The payload of an adjacency block:
//
//	 0  4  first node
//	 4  4  nodes
//	 8  4  least neighbour
//	12  4  relationship base
//	16  1  how relationships are written, below
//	17  1  shift of the model
//	18  2  zero
//	20  4  knots of the model
//	24  …  streams: degrees; neighbours; [knots]; [relationships]
//
// Neighbours: the first of each list less the least of all, then the distance from
// the one before. Relationships of edge i, in list order:
//
//	1 consecutive  base + i; no stream
//	2 steps        zigzag distance from the edge before in the same list; the first of a
//	               list from the base
//	3 plain        number - base
//	4 model        base + model(neighbour) + stream; the model is a line through knots,
//	               one for 2^shift neighbour numbers
//
// All arithmetic is modulo 2³². The model is for backward lists: numbers are handed
// out in forward order, so that the relationships that leave node v have numbers near
// a monotone function of v, which costs a fraction of a bit an edge to write down.
const (
	csrHead = 24

	relConsecutive = 1
	relSteps       = 2
	relPlain       = 3
	relModel       = 4

	maxKnots = 1 << 15
)

// EncodeCSR appends an adjacency block. Lists must be sorted by neighbour, and have
// at most MaxNodes nodes and MaxEdges edges together.
func EncodeCSR(dst []byte, c CSR) []byte {
	nodes, edges := len(c.Off)-1, len(c.Nbr)
	if nodes < 0 || nodes > MaxNodes || edges > MaxEdges || len(c.Rel) != edges || int(c.Off[nodes]) != edges || c.Off[0] != 0 {
		panic(fmt.Sprintf("block: adjacency of %d nodes, %d neighbours, %d relationships", nodes, edges, len(c.Rel)))
	}
	h := Header{Kind: Adjacency, Encoding: Packed, Count: edges, HasRange: edges > 0}
	least, most := uint32(0), uint32(0)
	if edges > 0 {
		least, most = c.Nbr[0], c.Nbr[0]
		for _, n := range c.Nbr {
			least, most = min(least, n), max(most, n)
		}
		h.MinInt, h.MaxInt = int64(least), int64(most)
	}
	degrees := make([]uint32, nodes)
	steps := make([]uint32, edges)
	for i := range degrees {
		degrees[i] = c.Off[i+1] - c.Off[i]
		last := least
		for k := c.Off[i]; k < c.Off[i+1]; k++ {
			if invariants.Enabled {
				invariants.Assert(c.Nbr[k] >= last, "list of node %d is not sorted", c.First+uint32(i))
			}
			steps[k] = c.Nbr[k] - last
			last = c.Nbr[k]
		}
	}
	r := chooseRels(c, least, most)
	start := len(dst)
	dst = appendHeader(dst, &h, nil)
	dst = binary.LittleEndian.AppendUint32(dst, c.First)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(nodes))
	dst = binary.LittleEndian.AppendUint32(dst, least)
	dst = binary.LittleEndian.AppendUint32(dst, r.base)
	dst = append(dst, r.mode, byte(r.shift), 0, 0)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(r.knots)))
	dst = appendStream(dst, degrees)
	dst = appendStream(dst, steps)
	dst = appendStream(dst, zigzags(r.knots))
	return finish(appendStream(dst, r.stream), start)
}

// rels is one way to write relationship numbers.
type rels struct {
	mode   byte
	base   uint32
	shift  uint
	knots  []uint32
	stream []uint32
}

func (r *rels) size() int { return streamSize(r.stream) + streamSize(zigzags(r.knots)) }

// chooseRels returns the shortest way.
func chooseRels(c CSR, least, most uint32) rels {
	if consecutive(c.Rel) {
		base := uint32(0)
		if len(c.Rel) > 0 {
			base = c.Rel[0]
		}
		return rels{mode: relConsecutive, base: base}
	}
	base := c.Rel[0]
	for _, r := range c.Rel {
		base = min(base, r)
	}
	plain := rels{mode: relPlain, base: base, stream: make([]uint32, len(c.Rel))}
	steps := rels{mode: relSteps, base: base, stream: make([]uint32, len(c.Rel))}
	for i, r := range c.Rel {
		plain.stream[i] = r - base
	}
	for i := range len(c.Off) - 1 {
		last := base
		for k := c.Off[i]; k < c.Off[i+1]; k++ {
			steps.stream[k] = zigzag(c.Rel[k] - last)
			last = c.Rel[k]
		}
	}
	best := plain
	if steps.size() < best.size() {
		best = steps
	}
	if m, ok := bestModel(c, least, most); ok && m.size() < best.size() {
		best = m
	}
	return best
}

// bestModel walks from a likely distance between knots to the best one: sizes have
// one minimum between many knots and wide residues.
func bestModel(c CSR, least, most uint32) (best rels, ok bool) {
	possible := func(shift uint) bool { return shift <= 24 && (most-least)>>shift+2 <= maxKnots }
	shift := uint(4)
	for int((most-least)>>shift) > len(c.Rel)/32 && shift < 24 {
		shift++
	}
	if !possible(shift) {
		return best, false
	}
	best = modelled(c, least, most, shift)
	size := best.size()
	for _, step := range []uint{1, ^uint(0)} {
		better := false
		for s := shift + step; s >= 2 && possible(s); s += step {
			m := modelled(c, least, most, s)
			if n := m.size(); n < size {
				best, size, better = m, n, true
				continue
			}
			break
		}
		if better {
			break
		}
	}
	return best, true
}

func consecutive(rel []uint32) bool {
	for i, r := range rel {
		if r != rel[0]+uint32(i) {
			return false
		}
	}
	return true
}

// modelled fits the model: each knot is the least number in its reach.
func modelled(c CSR, least, most uint32, shift uint) rels {
	knots := make([]uint32, (most-least)>>shift+2)
	seen := make([]bool, len(knots))
	for i, n := range c.Nbr {
		k := (n - least) >> shift
		if !seen[k] || c.Rel[i] < knots[k] {
			knots[k], seen[k] = c.Rel[i], true
		}
	}
	last := uint32(0)
	for i := range knots {
		if seen[i] {
			last = knots[i]
		} else {
			knots[i] = last
		}
	}
	m := rels{mode: relModel, shift: shift, knots: knots, stream: make([]uint32, len(c.Rel))}
	for i, n := range c.Nbr {
		m.stream[i] = c.Rel[i] - model(knots, n-least, shift)
	}
	// The base makes all of the stream small: as signed numbers, the least of them.
	if len(m.stream) > 0 {
		lo := int32(m.stream[0])
		for _, s := range m.stream {
			lo = min(lo, int32(s))
		}
		m.base = uint32(lo)
		for i := range m.stream {
			m.stream[i] -= m.base
		}
	}
	return m
}

func model(knots []uint32, n uint32, shift uint) uint32 {
	k := n >> shift
	rise := int64(int32(knots[k+1] - knots[k]))
	return knots[k] + uint32(rise*int64(n&(1<<shift-1))>>shift)
}

func zigzag(d uint32) uint32   { return d<<1 ^ uint32(int32(d)>>31) }
func unzigzag(z uint32) uint32 { return z>>1 ^ -(z & 1) }

// zigzags returns the steps of knots.
func zigzags(knots []uint32) []uint32 {
	out := make([]uint32, len(knots))
	last := uint32(0)
	for i, k := range knots {
		out[i] = zigzag(k - last)
		last = k
	}
	return out
}

func (b *Block) decodeCSR(payload []byte) error {
	if len(payload) < csrHead {
		return damage("its adjacency is cut")
	}
	u32 := func(at int) uint32 { return binary.LittleEndian.Uint32(payload[at:]) }
	nodes, edges, least, base := int(u32(4)), b.Header.Count, u32(8), u32(12)
	mode, shift, knots := payload[16], uint(payload[17]), int(u32(20))
	if nodes > MaxNodes || edges > MaxEdges || knots > maxKnots+2 || shift > 31 {
		return damage("adjacency of %d nodes, %d edges, %d knots", nodes, edges, knots)
	}
	c := &b.CSR
	c.First = u32(0)
	c.Off = newSlice[uint32](b, nodes+1)
	c.Nbr = newSlice[uint32](b, edges)
	c.Rel = newSlice[uint32](b, edges)
	c.Off[0] = 0
	rest, err := readStream(c.Off[1:], payload[csrHead:])
	if err != nil {
		return err
	}
	sum := uint64(0)
	for i, d := range c.Off[1:] {
		sum += uint64(d)
		c.Off[i+1] = uint32(sum)
		if sum > uint64(edges) {
			break
		}
	}
	if sum != uint64(edges) {
		return damage("lists of %d edges in all, %d by its header", sum, edges)
	}
	if rest, err = readStream(c.Nbr, rest); err != nil {
		return err
	}
	sumLists(c.Off, c.Nbr, least)
	line := make([]uint32, knots)
	if rest, err = readStream(line, rest); err != nil {
		return err
	}
	return b.readRels(mode, base, least, shift, segments(line), rest)
}

// lineSegment is the model from one knot to the next.
type lineSegment struct {
	at   uint32
	rise int32
}

// segments reads what zigzags wrote. Behind the last knot there is no segment.
func segments(zigzags []uint32) []lineSegment {
	out := make([]lineSegment, max(len(zigzags), 1)-1)
	at := uint32(0)
	for i, z := range zigzags {
		step := unzigzag(z)
		at += step
		if i < len(out) {
			out[i].at = at
		}
		if i > 0 {
			out[i-1].rise = int32(step)
		}
	}
	return out
}

// sumLists turns distances into numbers, list by list.
func sumLists(off, list []uint32, base uint32) {
	from := off[0]
	for _, to := range off[1:] {
		at := base
		l := list[from:to]
		for k, d := range l {
			at += d
			l[k] = at
		}
		from = to
	}
}

func (b *Block) readRels(mode byte, base, least uint32, shift uint, line []lineSegment, src []byte) error {
	c := &b.CSR
	if mode == relConsecutive {
		for i := range c.Rel {
			c.Rel[i] = base + uint32(i)
		}
		b.RelBase, b.Consecutive = base, true
		return nil
	}
	if _, err := readStream(c.Rel, src); err != nil {
		return err
	}
	switch mode {
	case relSteps:
		for i, z := range c.Rel {
			c.Rel[i] = unzigzag(z)
		}
		sumLists(c.Off, c.Rel, base)
	case relPlain:
		for i := range c.Rel {
			c.Rel[i] += base
		}
	case relModel:
		mask, rel := uint32(1)<<shift-1, c.Rel[:len(c.Nbr)]
		for i, n := range c.Nbr {
			n -= least
			k := int(n >> (shift & 31))
			if k >= len(line) {
				return damage("a neighbour beyond the model of %d knots", len(line))
			}
			l := line[k]
			rel[i] += base + l.at + uint32(int64(l.rise)*int64(n&mask)>>(shift&31))
		}
	default:
		return damage("relationships written in way %d", mode)
	}
	return nil
}

// nearLists is how many lists on Ends looks before it searches all of them.
const nearLists = 8

// Ends returns the list and the neighbour of relationship rel, if this is a Consecutive
// adjacency block that holds it: a relationship table needs no columns of its own for its
// ends. near is a list to look at first, of the block: whoever asks for ascending
// relationships passes what the last call returned, and nothing is searched.
func (b *Block) Ends(rel uint32, near int) (list int, nbr uint32, ok bool) {
	i := rel - b.RelBase
	if !b.Consecutive || i >= uint32(len(b.CSR.Nbr)) {
		return 0, 0, false
	}
	off := b.CSR.Off
	if off[near] <= i {
		for k := near; k < min(near+nearLists, len(off)-1); k++ {
			if off[k+1] > i {
				return k, b.CSR.Nbr[i], true
			}
		}
	}
	return sort.Search(len(off)-1, func(k int) bool { return off[k+1] > i }), b.CSR.Nbr[i], true
}
