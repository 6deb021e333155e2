package graph

import (
	"github.com/kadedb/kadedb/storage/block"
	"github.com/kadedb/kadedb/storage/txn"
)

// pinSlots is the size of a cursor's table of pins, of which at most half are taken.
const pinSlots = 128

// pinSet keeps blocks pinned by number, up to the store's PinLimit: the last one used at hand,
// the others in a small hash table that is made for the second.
type pinSet struct {
	last  uint64
	lastB *block.Block
	n     int
	one   *block.Handle
	table *[pinSlots]pin
}

type pin struct {
	number uint64
	h      *block.Handle
}

func pinSlot(number uint64) uint64 { return number * 0x9e3779b97f4a7c15 >> 57 }

// get returns a block, pinned until close, or until so many others were asked for
// that the set starts over: callers hold no block across two calls.
func (p *pinSet) get(s *txn.Store, number uint64) (*block.Block, error) {
	if number == p.last && p.lastB != nil {
		return p.lastB, nil
	}
	if p.table != nil {
		for i := pinSlot(number); p.table[i].h != nil; i = (i + 1) % pinSlots {
			if p.table[i].number == number {
				p.last, p.lastB = number, p.table[i].h.Block
				return p.lastB, nil
			}
		}
	}
	if p.n >= s.PinLimit() {
		p.close()
	}
	h, err := s.Block(number)
	if err != nil && p.n > 0 {
		// The budget may be full of our own pins.
		p.close()
		h, err = s.Block(number)
	}
	if err != nil {
		return nil, err
	}
	p.keep(number, h)
	return h.Block, nil
}

func (p *pinSet) keep(number uint64, h *block.Handle) {
	switch {
	case p.n == 0 && p.table == nil:
		p.one = h
	default:
		if p.table == nil {
			p.table = new([pinSlots]pin)
			p.put(p.last, p.one)
			p.one = nil
		}
		p.put(number, h)
	}
	p.n++
	p.last, p.lastB = number, h.Block
}

func (p *pinSet) put(number uint64, h *block.Handle) {
	i := pinSlot(number)
	for p.table[i].h != nil {
		i = (i + 1) % pinSlots
	}
	p.table[i] = pin{number, h}
}

func (p *pinSet) close() {
	if p.one != nil {
		p.one.Release()
		p.one = nil
	}
	if p.table != nil && p.n > 0 {
		for i := range p.table {
			if p.table[i].h != nil {
				p.table[i].h.Release()
			}
		}
		clear(p.table[:])
	}
	p.n, p.last, p.lastB = 0, 0, nil
}
