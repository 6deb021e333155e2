package exec

import (
	"sync"

	"github.com/kadedb/kadedb/storage/catalog"
)

// loopSets knows the self-loops of relationship types: most have none, and then
// counts need no correction. What was found stands as long as the snapshot is the same.
type loopSets struct {
	mu    sync.Mutex
	seq   uint64
	types map[catalog.TypeID]loopSet
}

// loopSet is the number of self-loops by node.
type loopSet = map[uint32]int64

// forget drops what was found, unless it stands for the next run too.
func (s *loopSets) forget(writes bool) {
	if writes {
		s.types = nil
	}
}

// get returns the self-loops of a type. The statement must not write.
func (s *loopSets) get(x *Context, typ catalog.TypeID) (loopSet, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seq != x.Reader.Seq() || x.Tx != nil {
		s.types, s.seq = nil, x.Reader.Seq()
	}
	if l, ok := s.types[typ]; ok {
		return l, nil
	}
	l, err := x.Reader.Loops(typ)
	if err != nil {
		return nil, err
	}
	if s.types == nil {
		s.types = map[catalog.TypeID]loopSet{}
	}
	s.types[typ] = l
	return l, nil
}
