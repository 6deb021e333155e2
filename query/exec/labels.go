package exec

import (
	"sync"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/storage/catalog"
)

// labelSets holds, for one run, which nodes have a label, as bitmaps by node: built
// when so many nodes are to be tested that a scan of the label is cheaper.
type labelSets struct {
	mu   sync.Mutex
	bits map[catalog.LabelID]column.Bitmap
}

func (s *labelSets) forget() { s.bits = nil }

// get returns the bitmap of a label. The statement must not write.
func (s *labelSets) get(r *graph.Reader, label catalog.LabelID) (column.Bitmap, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b, ok := s.bits[label]; ok {
		return b, nil
	}
	b, err := labelBits(r, label)
	if err != nil {
		return nil, err
	}
	if s.bits == nil {
		s.bits = map[catalog.LabelID]column.Bitmap{}
	}
	s.bits[label] = b
	return b, nil
}

func labelBits(r *graph.Reader, label catalog.LabelID) (column.Bitmap, error) {
	b := column.NewBitmap(int(r.NodeHigh()))
	buf := make([]uint32, column.BatchSize)
	for _, m := range r.NodeMorsels(label) {
		for from := m.From; from < m.To; {
			n, next, err := r.ScanNodes(m, label, from, buf)
			if err != nil {
				return nil, err
			}
			for _, ref := range buf[:n] {
				b.Set(int(ref))
			}
			from = next
		}
	}
	return b, nil
}
