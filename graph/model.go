package graph

import (
	"sync/atomic"

	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/txn"
)

// modelID marks the graph's sections in the log.
const modelID = 2

// Places of the models' states in a root.
const (
	placeCatalog = iota
	placeGraph
)

func stateOf(r *txn.Root) *State { return r.State(placeGraph).(*State) }

func schemaOf(r *txn.Root) *catalog.Schema { return r.State(placeCatalog).(*catalog.Schema) }

// model is the graph's part in transactions; its states are *State.
type model struct {
	tokens          *catalog.Tokens
	stats           *atomic.Pointer[catalog.Statistics]
	nodeIDs, relIDs *allocator

	replay *owner // edits in place while the log is replayed and nobody reads
}

// ID is modelID.
func (m *model) ID() byte { return modelID }

// Logged needs nothing: operations carry their numbers.
func (m *model) Logged([]byte) {}

// Apply applies a section on top of next.
func (m *model) Apply(next *txn.Root, c *txn.Change) (txn.State, error) {
	st := *stateOf(next)
	e := editor{s: &st, own: m.replay, ver: c.Seq, snap: c.Snapshot, check: !c.Replay, tokens: m.tokens, schema: schemaOf(next)}
	if e.own == nil {
		e.own = newOwner()
	}
	for _, r := range c.Older {
		e.older = append(e.older, stateOf(r))
	}
	before := e.own.kin.grew
	if err := e.apply(c.Section); err != nil {
		return nil, err
	}
	st.size += e.own.kin.grew - before
	if c.Replay {
		return &st, nil
	}
	if ref, found, err := e.connected(); err != nil {
		return nil, err
	} else if found {
		// The transaction itself saw to it that there were none.
		return nil, conflict(catalog.Nodes, ref)
	}
	return &st, e.checkConstraints(true)
}
