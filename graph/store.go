package graph

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/kv"
	"github.com/kadedb/kadedb/storage/txn"
	"github.com/kadedb/kadedb/storage/wal"
)

// Durability says when a commit is acknowledged.
type Durability = wal.Durability

// The durabilities: see package wal.
const (
	Group = wal.Group
	OS    = wal.OS
	None  = wal.None
)

// CommitInfo describes a commit.
type CommitInfo = txn.Info

// Options configure a store. The zero value of each field is its default.
type Options struct {
	txn.Options     // Models are the store's own
	TxLimit     int // bytes of changes that one transaction holds before it writes blocks of its own (256 MiB)
}

// Store is an open graph store. Its methods may be called from several goroutines.
type Store struct {
	txn             *txn.Store
	opts            Options
	tokens          *catalog.Tokens
	model           *model
	nodeIDs, relIDs *allocator
	schemaMu        sync.Mutex // one change of the schema at a time
	stats           atomic.Pointer[catalog.Statistics]
	building        atomic.Pointer[build]
	sortLimit       int64          // of keys sorted at once, for tests; 0: by the budget
	open            atomic.Int64   // snapshots and transactions
	changes         *memory.Budget // where transactions' changes count
}

// Open opens or makes the store in o.Dir.
func Open(o Options) (*Store, error) {
	if o.TxLimit == 0 {
		o.TxLimit = 256 << 20
	}
	if limit := o.Memory.Limit(); o.CheckpointBytes == 0 && limit > 0 {
		// Until they are folded, changes lie in memory at several times their size in the log.
		o.CheckpointBytes = min(64<<20, max(4<<20, limit/16))
	}
	tokens := catalog.NewTokens()
	s := &Store{opts: o, tokens: tokens, nodeIDs: newAllocator("nodes"), relIDs: newAllocator("relationships"),
		changes: o.Memory.Sub("transactions", 0)}
	s.stats.Store(&catalog.Statistics{})
	s.model = &model{tokens: tokens, stats: &s.stats, nodeIDs: s.nodeIDs, relIDs: s.relIDs, replay: newOwner()}
	o.Options.Models = []txn.Model{&catalog.Model{Tokens: tokens}, s.model}
	o.Checkpointed = s.refreshStatistics
	o.Size = func(root *txn.Root) int64 { return stateOf(root).size }
	t, err := txn.Open(o.Options)
	if err != nil {
		return nil, err
	}
	s.txn = t
	s.model.replay = nil
	root, release, err := t.Acquire()
	if err != nil {
		return nil, err
	}
	defer release()
	st := stateOf(root)
	nodes, rels := st.groupUses()
	s.nodeIDs.reset(uint64(st.nodeHigh), nodes)
	s.relIDs.reset(uint64(st.relHigh), rels)
	if err := s.finishSchema(); err != nil {
		return nil, errors.Join(err, s.Abandon())
	}
	return s, nil
}

// Snapshot returns a reader of the newest state. Close it.
func (s *Store) Snapshot() (*Reader, error) {
	r := new(Reader)
	if err := s.Read(r); err != nil {
		return nil, err
	}
	return r, nil
}

// Read is Snapshot into the caller's memory: r is a new or a closed Reader.
func (s *Store) Read(r *Reader) error {
	root, err := s.txn.Pin()
	if err != nil {
		return err
	}
	s.open.Add(1)
	*r = s.readerOf(root)
	r.of, r.pinned = s, root
	return nil
}

func (s *Store) reader(root *txn.Root) *Reader {
	r := s.readerOf(root)
	return &r
}

func (s *Store) readerOf(root *txn.Root) Reader {
	return Reader{
		s: stateOf(root), seq: root.Seq, stats: s.stats.Load(),
		cat: catalog.Snapshot{Tokens: s.tokens, Schema: schemaOf(root)},
	}
}

// Begin starts a transaction on the newest state.
func (s *Store) Begin(ctx context.Context, readOnly bool) (*Tx, error) {
	if err := status.Ended(ctx, "the beginning of a transaction"); err != nil {
		return nil, err
	}
	if !readOnly && s.opts.ReadOnly {
		return nil, status.Errorf(status.ReadOnlyStore, "the store was opened for reading")
	}
	root, release, err := s.txn.Acquire()
	if err != nil {
		return nil, err
	}
	s.open.Add(1)
	t := &Tx{Reader: s.reader(root), store: s, readOnly: readOnly, begun: root}
	t.releaseRoot = release
	if readOnly {
		return t, nil
	}
	t.state = *stateOf(root)
	t.Reader.s = &t.state
	t.first = root.Seq + 1
	t.ed = editor{s: &t.state, own: newOwner(), ver: t.first, tokens: s.tokens, schema: t.cat.Schema}
	return t, nil
}

func (s *Store) ended(t *Tx) {
	s.open.Add(-1)
	t.releaseRoot()
}

// commit sends a transaction's changes through the queue.
func (s *Store) commit(ctx context.Context, t *Tx, d Durability) (CommitInfo, error) {
	after := t.state
	after.size = stateOf(t.begun).size + t.ed.own.kin.grew
	r := txn.Request{Snapshot: t.begun, Durability: d, Wait: ctx, Adopt: t.begun.WithStates(schemaOf(t.begun), &after)}
	if len(t.defs) > 0 {
		r.Sections = append(r.Sections, txn.Section{Model: catalog.ModelID, Bytes: t.defs})
	}
	if len(t.log) > 0 {
		r.Sections = append(r.Sections, txn.Section{Model: modelID, Bytes: t.log})
	}
	return s.txn.Commit(r)
}

// Checkpoint folds what was committed into blocks; nobody waits for it.
func (s *Store) Checkpoint(ctx context.Context) (txn.CheckpointInfo, error) {
	return s.txn.Checkpoint(ctx)
}

// refreshStatistics analyzes anew once a tenth of the graph has changed.
func (s *Store) refreshStatistics(ctx context.Context) {
	r, err := s.Snapshot()
	if err != nil {
		return
	}
	was, now := s.stats.Load(), uint64(r.s.nodeCount+r.s.relCount)
	r.Close()
	before := was.Nodes
	for _, t := range was.Types {
		before += t.Count
	}
	if diff := int64(now) - int64(before); diff*10 < int64(before) && -diff*10 < int64(before) && before > 0 {
		return
	}
	if _, err := s.Analyze(ctx); err != nil && ctx.Err() == nil && s.opts.Note != nil {
		s.opts.Note(err)
	}
}

// Tokens returns the names and numbers of labels, types and keys.
func (s *Store) Tokens() *catalog.Tokens { return s.tokens }

// Stats returns counts of the store's work.
func (s *Store) Stats() txn.Stats { return s.txn.Stats() }

// LoadTime returns how long all readers together waited for blocks of the file.
func (s *Store) LoadTime() time.Duration { return s.txn.LoadTime() }

// InUse counts the snapshots and transactions that were not ended.
func (s *Store) InUse() int { return int(s.open.Load()) }

// Close folds the log's tail and closes the files.
func (s *Store) Close() error { return s.txn.Close() }

// CloseCompacted is Close, and gives the disk back what the file of blocks does not need.
func (s *Store) CloseCompacted(ctx context.Context) error { return s.txn.CloseCompacted(ctx) }

// Abandon closes the files as they are: the next Open replays the log.
func (s *Store) Abandon() error { return s.txn.Abandon() }

// KV returns the file of blocks, for small records beside the graph.
func (s *Store) KV() *kv.Store { return s.txn.KV() }
