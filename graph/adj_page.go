package graph

import (
	"cmp"
	"slices"

	"github.com/kadedb/kadedb/graph/csr"
	"github.com/kadedb/kadedb/storage/catalog"
)

// tailMax is how many changes a page keeps unsorted.
const tailMax = 32

// adjPage is what changed in the neighbour lists of 64 nodes, for one type and
// direction: sorted immutable pieces, and a short unsorted tail that is newer than they.
//
//	pieces: [ 900 edges ][ 300 ][ 80 ]   tail: 17 changes
//
// A piece is merged with the one before it until sizes at least halve, so that a
// page has at most log n of them and an edge is copied log n times.
type adjPage struct {
	net    [pageSize]int32 // live edges minus those of the base
	has    uint64          // nodes with at least one change
	pieces []*piece
	tail   []change
}

func (p *adjPage) fork() {
	p.pieces = p.pieces[:len(p.pieces):len(p.pieces)]
	p.tail = p.tail[:len(p.tail):len(p.tail)]
}

// changeBytes is about what a change takes, in the tail and then in pieces.
const changeBytes = 32

// change adds or removes an edge of a node of the page.
type change struct {
	nbr, rel uint32
	node     uint8
	del      bool
}

func compareChanges(a, b change) int {
	if c := cmp.Compare(a.node, b.node); c != 0 {
		return c
	}
	if c := cmp.Compare(a.nbr, b.nbr); c != 0 {
		return c
	}
	return cmp.Compare(a.rel, b.rel)
}

// piece is a sorted run of changes in CSR form.
type piece struct {
	off      [pageSize + 1]uint32
	nbr, rel []uint32
	del      []bool // nil: nothing is deleted
}

// list returns the changes of node i.
func (p *piece) list(i uint32) csr.Changes {
	lo, hi := p.off[i], p.off[i+1]
	c := csr.Changes{Nbr: p.nbr[lo:hi:hi], Rel: p.rel[lo:hi:hi]}
	if p.del != nil {
		c.Del = p.del[lo:hi:hi]
	}
	return c
}

func (p *adjPage) add(c change) {
	if c.del {
		p.net[c.node]--
	} else {
		p.net[c.node]++
	}
	p.has |= 1 << c.node
	p.tail = append(p.tail, c)
	if len(p.tail) >= tailMax {
		p.seal()
	}
}

// seal turns the tail into a piece and merges pieces into tiers.
func (p *adjPage) seal() {
	if len(p.tail) == 0 {
		return
	}
	top := pieceOf(p.tail)
	p.tail = nil
	for n := len(p.pieces); n > 0 && len(p.pieces[n-1].nbr) < 2*len(top.nbr); n-- {
		top = mergePieces(p.pieces[n-1], top)
		p.pieces = p.pieces[:n-1]
	}
	// Other versions of the page may share the slice.
	p.pieces = append(slices.Clip(p.pieces), top)
}

// pieceOf sorts changes, given in order of time, into a piece.
func pieceOf(changes []change) *piece {
	sorted := slices.Clone(changes)
	slices.SortStableFunc(sorted, compareChanges)
	// Of several changes of one edge the last counts.
	n := 0
	for i, c := range sorted {
		if i+1 < len(sorted) && compareChanges(c, sorted[i+1]) == 0 {
			continue
		}
		sorted[n] = c
		n++
	}
	return buildPiece(sorted[:n])
}

func buildPiece(sorted []change) *piece {
	p := &piece{nbr: make([]uint32, len(sorted)), rel: make([]uint32, len(sorted))}
	for i, c := range sorted {
		p.nbr[i], p.rel[i] = c.nbr, c.rel
		p.off[c.node+1]++
		if c.del {
			if p.del == nil {
				p.del = make([]bool, len(sorted))
			}
			p.del[i] = true
		}
	}
	for i := 0; i < pageSize; i++ {
		p.off[i+1] += p.off[i]
	}
	return p
}

// mergePieces returns old overridden by newer.
func mergePieces(old, newer *piece) *piece {
	out := &piece{
		nbr: make([]uint32, 0, len(old.nbr)+len(newer.nbr)),
		rel: make([]uint32, 0, len(old.nbr)+len(newer.nbr)),
	}
	c := csr.Changes{Nbr: out.nbr, Rel: out.rel}
	if old.del != nil || newer.del != nil {
		c.Del = make([]bool, 0, cap(out.nbr))
	}
	for i := uint32(0); i < pageSize; i++ {
		c = csr.Override(c, old.list(i), newer.list(i))
		out.off[i+1] = uint32(len(c.Nbr))
	}
	out.nbr, out.rel, out.del = c.Nbr, c.Rel, c.Del
	return out
}

// collapse returns all changes of the page as one piece.
func (p *adjPage) collapse() *piece {
	out := pieceOf(p.tail)
	for i := len(p.pieces) - 1; i >= 0; i-- {
		out = mergePieces(p.pieces[i], out)
	}
	return out
}

// minus returns the page's changes without those that was, an earlier version,
// already has: what remains to be laid over a base that was's changes are part
// of. It returns nil where nothing remains.
func (p *adjPage) minus(was *adjPage) *adjPage {
	now := p.collapse()
	if was == nil {
		was = &adjPage{}
	}
	then := was.collapse()
	var rest []change
	for i := uint32(0); i < pageSize; i++ {
		a, b := now.list(i), then.list(i)
		k := 0
		for j := range a.Nbr {
			for k < len(b.Nbr) && csr.Less(b.Nbr[k], b.Rel[k], a.Nbr[j], a.Rel[j]) {
				k++
			}
			same := k < len(b.Nbr) && b.Nbr[k] == a.Nbr[j] && b.Rel[k] == a.Rel[j]
			if same && a.Deleted(j) == b.Deleted(k) {
				continue
			}
			rest = append(rest, change{nbr: a.Nbr[j], rel: a.Rel[j], node: uint8(i), del: a.Deleted(j)})
		}
	}
	if len(rest) == 0 {
		return nil
	}
	out := &adjPage{pieces: []*piece{buildPiece(rest)}}
	for i := range out.net {
		out.net[i] = p.net[i] - was.net[i]
	}
	for _, c := range rest {
		out.has |= 1 << c.node
	}
	return out
}

// adjTypes holds the changed adjacency of 8 types.
type adjTypes struct {
	dir [8][2]tree[adjPage, *adjPage] // by Out, In
}

func (p *adjTypes) fork() {}

type adjacencies = tree[adjTypes, *adjTypes]

func adjTree(t *adjacencies, typ catalog.TypeID, d Direction) *tree[adjPage, *adjPage] {
	p := t.get(uint32(typ) >> 3)
	if p == nil {
		return nil
	}
	return &p.dir[typ&7][d]
}

func editAdj(t *adjacencies, o *owner, typ catalog.TypeID, d Direction) *tree[adjPage, *adjPage] {
	return &t.edit(o, uint32(typ)>>3).dir[typ&7][d]
}
