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

// deal makes the runner of a source: each lane takes the next piece until none is left.
func (b *builder) deal(id int, lanes []lane, sources []source) runner {
	return func() error {
		var taken atomic.Int64
		work := working(lanes)
		err := parallel(lanes, func(i int, l lane) error {
			n := sources[i].open(work)
			return l.w.timed(id, func() error {
				for {
					k := int(taken.Add(1)) - 1
					if k >= n {
						return nil
					}
					if err := l.w.x.check(); err != nil {
						return err
					}
					if err := sources[i].read(k); err != nil {
						return err
					}
				}
			})
		})
		return finishAll(lanes, err)
	}
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
