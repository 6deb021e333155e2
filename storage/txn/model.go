package txn

import (
	"context"

	"github.com/kadedb/kadedb/storage/kv"
)

// Change is one transaction's section for one model.
type Change struct {
	Seq      uint64 // the commit's number
	Section  []byte // valid during the call only
	Replay   bool   // from the log: it was checked when it was committed
	Snapshot uint64 // the commit that the transaction saw
	// Older are the last roots before each checkpoint since Snapshot: their
	// overlays know of changes that are no longer in the newest one.
	Older []*Root
}

// Model is one data model's part in transactions. Methods are called by one
// goroutine at a time, Fold apart, which runs beside the others.
type Model interface {
	// ID marks the model's sections in the log and its keys; it never changes.
	ID() byte
	// Load returns the state of the checkpoint in the file, or an empty one. Blocks
	// are read from s later, when states are used.
	Load(s *Store, tx *kv.Tx) (State, error)
	// Apply returns the state after a change, or why the change cannot be made
	// (WriteConflict …). next holds the states of earlier models after the change,
	// and of this and later ones before it.
	Apply(next *Root, c *Change) (State, error)
	// Logged is told of each section that is in the log, in order.
	Logged(section []byte)
	// Fold writes what root's state has beyond its base as new blocks.
	Fold(ctx context.Context, root *Root, w *BlockWriter) (Folded, error)
}

// Folded is a model's state on its way into the base.
type Folded interface {
	// Manifest writes which blocks count from now on; part of the one update that
	// makes the checkpoint count.
	Manifest(tx *kv.Tx) error
	// Rebase returns head, a later state than the folded one, laid over the new base.
	Rebase(head State) State
	// Released is called once nobody reads a state from before the checkpoint any more.
	Released()
}
