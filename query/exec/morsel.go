package exec

import (
	"sync/atomic"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph"
)

// source is an operator that reads the graph in pieces, in any order: one lane's part of a
// scan.
type source interface {
	// open finds what there is to read, cut for so many lanes, and returns the number of
	// pieces: the same in all lanes of a run.
	open(lanes int) int
	// read pushes the rows of piece k.
	read(k int) error
}

// deal makes the runner of a source: each lane takes the next piece until none is left, and
// then what others offer.
func (b *builder) deal(id int, lanes []lane, sources []source) runner {
	x := b.exchange
	return func() error {
		d := dealer{id: id, lanes: lanes[:working(lanes)], sources: sources}
		d.pieces = sources[0].open(len(d.lanes))
		if len(d.lanes) == 1 || x == nil {
			return finishAll(lanes, d.lane(0))
		}
		return finishAll(lanes, x.run(d.lanes, max(1, min(len(d.lanes), d.pieces)), d.lane))
	}
}

// dealer is one run of a source.
type dealer struct {
	id      int
	lanes   []lane
	sources []source
	pieces  int
	taken   atomic.Int64
}

// lane reads pieces in lane i.
func (d *dealer) lane(i int) error {
	w := d.lanes[i].w
	return w.timed(d.id, func() error {
		if i > 0 {
			d.sources[i].open(len(d.lanes))
		}
		for {
			k := int(d.taken.Add(1)) - 1
			if k >= d.pieces {
				return nil
			}
			if err := w.x.check(); err != nil {
				return err
			}
			if err := d.sources[i].read(k); err != nil {
				if err != errStop {
					d.taken.Add(int64(d.pieces)) // nobody needs to read on
				}
				return err
			}
		}
	})
}

// whole is a source of one piece: what an operator makes of a single row.
type whole struct {
	op  operator
	row column.Batch
}

func (s *whole) open(int) int { return 1 }

func (s *whole) read(int) error {
	s.row.Len, s.row.Sel, s.row.Mult = 1, nil, nil
	return s.op.push(&s.row)
}

const (
	// piecesPerLane is how finely a scan is cut where there is enough of it: what follows a
	// piece may be far more work than what follows another.
	piecesPerLane = 16
	// leastPiece bounds what is paid for each piece.
	leastPiece = 64
)

// cut cuts morsels for lanes that share them: into batches at least, and into less where
// there are few.
func cut(dst, morsels []graph.Morsel, lanes int) []graph.Morsel {
	if lanes <= 1 {
		return append(dst, morsels...)
	}
	total := uint32(0)
	for _, m := range morsels {
		total += m.To - m.From
	}
	size := min(max(total/uint32(lanes*piecesPerLane), leastPiece), column.BatchSize) &^ (leastPiece - 1)
	for _, m := range morsels {
		for from := m.From; from < m.To; from += min(size, m.To-from) {
			dst = append(dst, graph.Morsel{From: from, To: from + min(size, m.To-from)})
		}
	}
	return dst
}
