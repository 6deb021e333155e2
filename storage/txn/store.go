package txn

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/block"
	"github.com/kadedb/kadedb/storage/kv"
	"github.com/kadedb/kadedb/storage/vfs"
	"github.com/kadedb/kadedb/storage/wal"
)

// Format is the version of everything on disk.
const Format = 1

// Options configure a store. The zero value of each field is its default.
type Options struct {
	// FS holds the log and the lock (vfs.OS). The file of blocks is a real file
	// whatever FS is: see File.
	FS  vfs.FS
	Dir string
	// File is the file of blocks (Dir/blocks.db).
	File     string
	Create   bool // make the store where it is missing
	ReadOnly bool
	Holder   string // who holds the lock, for another process's error
	// Models are the data models, in the order in which their sections apply.
	Models []Model
	// Memory bounds the block cache and what lies over the base (nil: unbounded).
	Memory *memory.Budget
	// Size says about how many bytes of memory a root has beyond its base (nil: none).
	Size func(root *Root) int64
	WAL  wal.Options
	KV   kv.Options
	// CheckpointBytes is how much log starts a checkpoint in the background
	// (64 MiB; negative: none are started).
	CheckpointBytes int64
	// Note is told of errors that no caller can be given: those of background work.
	Note func(error)
	// Progress is told during Open how much of the log was replayed, and how much there
	// is at most.
	Progress func(records, bytes, atMost int64)
	// Checkpointed is called after each checkpoint that the background began.
	Checkpointed func(ctx context.Context)
	// Step is called before each step of a checkpoint, and before a constraint counts; its
	// error stops it there.
	Step func(name string) error
}

// Store is an open store.
type Store struct {
	opts  Options
	byID  map[byte]Model
	kv    *kv.Store
	wal   *wal.Log
	cache *block.Cache
	lock  io.Closer

	head   atomic.Pointer[Root]
	closed atomic.Bool

	queueMu sync.Mutex
	queue   []*request
	leading bool

	checkpointMu   sync.Mutex
	lastCheckpoint wal.LSN // under checkpointMu
	nextBlock      atomic.Uint64

	epochMu sync.Mutex
	oldest  *epoch   // the oldest epoch whose retired blocks may still be there
	dropped []uint64 // blocks of transactions that ended

	tapMu sync.Mutex
	tap   *[]Committed // nil: nobody wants to know of commits
	owed  []byte       // a record that the log lacks of a commit that is in the blocks; of the queue's leader

	overlay overlay

	sinceCheckpoint atomic.Int64 // bytes of log that the next checkpoint will fold
	kick, reapKick  chan struct{}
	cancel          context.CancelFunc
	background      sync.WaitGroup

	commits, batches, checkpoints, blockBytes, blockCount atomic.Int64

	checkpointTime    atomic.Int64
	checkpointRunning atomic.Bool
	lastInfo          atomic.Pointer[CheckpointInfo]
}

// Stats counts since Open.
type Stats struct {
	Commits, Batches, Checkpoints int64
	BlocksWritten, BytesWritten   int64
	LogSinceCheckpoint            int64
	Overlay                       int64 // bytes of memory of what is not in blocks yet
	CheckpointTime                time.Duration
	CheckpointRunning             bool
	LastCheckpoint                CheckpointInfo // the zero value: none since Open
	WAL                           wal.Stats
	KV                            kv.Stats
	Cache                         block.CacheStats
}

func errClosed() error { return status.Errorf(status.StoreClosed, "the store is closed") }

// Open opens or makes a store: the last checkpoint's manifest, then the log's tail.
func Open(o Options) (_ *Store, err error) {
	if o.FS == nil {
		o.FS = vfs.OS
	}
	if o.File == "" {
		o.File = filepath.Join(o.Dir, "blocks.db")
	}
	if o.CheckpointBytes == 0 {
		o.CheckpointBytes = 64 << 20
	}
	s := &Store{opts: o, byID: map[byte]Model{}, kick: make(chan struct{}, 1), reapKick: make(chan struct{}, 1)}
	s.overlay.init(&o)
	for _, m := range o.Models {
		s.byID[m.ID()] = m
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.closeFiles())
		}
	}()
	if err := s.openFiles(); err != nil {
		return nil, err
	}
	if err := s.recover(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	if !o.ReadOnly {
		s.background.Add(1)
		go s.work(ctx)
	}
	return s, nil
}

func (s *Store) openFiles() error {
	o := &s.opts
	if o.Create && !o.ReadOnly {
		if err := o.FS.MkdirAll(o.Dir); err != nil {
			return status.Errorf(status.DiskError, "making %s: %w", o.Dir, err)
		}
		if err := o.FS.SyncDir(path.Dir(o.Dir)); err != nil {
			return status.Errorf(status.DiskError, "syncing the folder of %s: %w", o.Dir, err)
		}
	} else if _, err := o.FS.Stat(o.Dir); err != nil {
		return status.Errorf(status.NotAStore, "%s: %w", o.Dir, err)
	}
	if !o.ReadOnly {
		lock, err := o.FS.Lock(path.Join(o.Dir, "LOCK"), o.Holder)
		if err != nil {
			return lockError(path.Join(o.Dir, "LOCK"), err)
		}
		s.lock = lock
	}
	if err := s.headless(); err != nil {
		return err
	}
	o.KV.Create, o.KV.ReadOnly = o.Create, o.ReadOnly
	var err error
	if s.kv, err = kv.Open(o.File, o.KV); err != nil {
		return s.nameHolder(err)
	}
	s.cache = block.NewCache(o.Memory, s.loadBlock)
	return nil
}

// lockError gives what the system says of the lock file a code.
func lockError(name string, err error) error {
	var e *status.Error
	if errors.As(err, &e) {
		return err
	}
	e = status.Errorf(status.DiskError, "locking %s: %w", name, err)
	if errors.Is(err, fs.ErrPermission) {
		e = e.WithHint("give this user the right to write the folder and its files; `kadedb query` and `kadedb check` can do with the right to read them")
	}
	return e
}

// headless refuses the log of a store whose file of blocks is gone: what the log says
// needs it, and a new file must not be made beside it.
func (s *Store) headless() error {
	o := &s.opts
	if _, err := os.Stat(o.File); !errors.Is(err, os.ErrNotExist) {
		return nil // kv.Open says more
	}
	dir := path.Join(o.Dir, "wal")
	n, err := s.logSegments(dir)
	if err == nil && n > 0 {
		err = status.Errorf(status.Corruption, "%s is missing, and %s holds the log of its store", o.File, dir).
			WithHint("put the file back, restore a backup, or name another folder")
	}
	return err
}

// nameHolder says who holds the store that a reader found locked: the lock of the
// file of blocks does not know.
func (s *Store) nameHolder(err error) error {
	if !s.opts.ReadOnly || status.CodeOf(err) != status.StoreLocked {
		return err
	}
	f, ferr := s.opts.FS.Open(path.Join(s.opts.Dir, "LOCK"))
	if ferr != nil {
		return err
	}
	who := make([]byte, 1<<10)
	n, rerr := f.ReadAt(who, 0)
	if cerr := f.Close(); n == 0 || rerr != nil && !errors.Is(rerr, io.EOF) || cerr != nil {
		return err
	}
	name, _, _ := strings.Cut(string(who[:n]), "\n")
	return status.Errorf(status.StoreLocked, "%s is held by %s", s.opts.Dir, name).WithHint("stop it first")
}

// identity is "KDB1", the format's number, and 16 random bytes.
func (s *Store) identity() (id [16]byte, err error) {
	var raw []byte
	err = s.kv.View(func(tx *kv.Tx) error {
		raw, _ = tx.Bucket(bucketMeta).Get(nil, []byte("store"))
		return nil
	})
	if err != nil {
		return id, err
	}
	if raw == nil {
		if !s.opts.Create || s.opts.ReadOnly {
			return id, status.Errorf(status.NotAStore, "%s holds no KadeDB store", s.opts.Dir)
		}
		if _, err := rand.Read(id[:]); err != nil {
			return id, err
		}
		return id, s.kv.Update(func(tx *kv.Tx) error {
			b, err := tx.CreateBucket(bucketMeta)
			if err != nil {
				return err
			}
			return b.Put([]byte("store"), Seal([]byte("store"), append([]byte{'K', 'D', 'B', '1', Format}, id[:]...)))
		})
	}
	if raw, err = Unseal([]byte("store"), raw); err != nil {
		return id, err
	}
	if len(raw) != 21 || string(raw[:4]) != "KDB1" {
		return id, status.Errorf(status.NotAStore, "%s holds no KadeDB store", s.opts.Dir)
	}
	if raw[4] > Format {
		return id, status.Errorf(status.NewerFormat, "%s has format %d, this version reads up to %d", s.opts.Dir, raw[4], Format)
	}
	copy(id[:], raw[5:])
	return id, nil
}

// recover loads the checkpoint and replays the log after it.
func (s *Store) recover() error {
	id, err := s.identity()
	if err != nil {
		return err
	}
	root := &Root{epoch: &epoch{}}
	root.epoch.refs.Store(1)
	s.oldest = root.epoch
	var ck checkpointRecord
	err = s.kv.View(func(tx *kv.Tx) error {
		if raw, ok := tx.Bucket(bucketMeta).Get(nil, []byte("checkpoint")); ok {
			if raw, err = Unseal([]byte("checkpoint"), raw); err != nil {
				return err
			}
			if ck, err = decodeCheckpoint(raw); err != nil {
				return err
			}
		}
		for _, m := range s.opts.Models {
			st, err := m.Load(s, tx)
			if err != nil {
				return fmt.Errorf("loading the checkpoint of %s: %w", s.opts.File, err)
			}
			root.states = append(root.states, st)
		}
		return nil
	})
	if err != nil {
		return err
	}
	root.Seq, root.LSN = ck.Seq, ck.LSN
	s.lastCheckpoint = ck.LSN
	s.nextBlock.Store(ck.Next)
	if !s.opts.ReadOnly {
		if err := errors.Join(s.clearPending(), s.deleteBlocks(bucketPrivate), s.deleteBlocks(bucketRetired)); err != nil {
			return err
		}
	}
	if err := s.openLog(id); err != nil {
		return err
	}
	p := &replayer{s: s, root: root, checkpoint: ck}
	record := p.record
	if o := s.opts.Progress; o != nil {
		var records, bytes int64
		atMost, err := s.wal.BytesFrom(ck.Position)
		if err != nil {
			return err
		}
		record = func(lsn wal.LSN, payload []byte) error {
			records++
			bytes += int64(len(payload))
			o(records, bytes, atMost)
			return p.record(lsn, payload)
		}
	}
	if err := s.wal.Replay(ck.LSN+1, ck.Position, record); err != nil {
		return err
	}
	p.finish()
	s.head.Store(p.root)
	s.account()
	return nil
}

// work runs checkpoints and deletes old blocks until ctx ends.
func (s *Store) work(ctx context.Context) {
	defer s.background.Done()
	defer s.overlay.close()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.reapKick:
			if err := s.reap(); err != nil {
				s.note(err)
			}
		case <-s.kick:
			if !s.due() {
				continue
			}
			_, err := s.Checkpoint(ctx)
			s.overlay.tried(err)
			if err != nil {
				if ctx.Err() == nil {
					s.note(err)
				}
			} else if s.opts.Checkpointed != nil {
				s.opts.Checkpointed(ctx)
			}
		}
	}
}

func (s *Store) note(err error) {
	if s.opts.Note != nil {
		s.opts.Note(err)
	}
}

func (s *Store) kickCheckpoint() {
	if s.due() {
		poke(s.kick)
	}
}

// due reports whether the background should make a checkpoint.
func (s *Store) due() bool {
	return s.opts.CheckpointBytes > 0 && (s.sinceCheckpoint.Load() >= s.opts.CheckpointBytes || s.overlay.large())
}

func (s *Store) kickReaper() { poke(s.reapKick) }

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Stats returns counts.
func (s *Store) Stats() Stats {
	var last CheckpointInfo
	if info := s.lastInfo.Load(); info != nil {
		last = *info
	}
	return Stats{
		CheckpointTime: time.Duration(s.checkpointTime.Load()), CheckpointRunning: s.checkpointRunning.Load(), LastCheckpoint: last,
		Commits: s.commits.Load(), Batches: s.batches.Load(), Checkpoints: s.checkpoints.Load(),
		BlocksWritten: s.blockCount.Load(), BytesWritten: s.blockBytes.Load(),
		LogSinceCheckpoint: s.sinceCheckpoint.Load(), Overlay: s.overlay.bytes.Load(),
		WAL: s.wal.Stats(), KV: s.kv.Stats(), Cache: s.cache.Stats(),
	}
}

// LoadTime returns how long all readers together waited for blocks of the file.
func (s *Store) LoadTime() time.Duration { return s.cache.LoadTime() }

// CloseCompacted is Close, and rewrites the file of blocks without what it no longer
// needs before others may open the store. After an error the file is as Close leaves it.
func (s *Store) CloseCompacted(ctx context.Context) error {
	if s.opts.ReadOnly {
		return status.Errorf(status.ReadOnlyStore, "the store was opened for reading")
	}
	if s.closed.Load() {
		return errClosed()
	}
	if _, err := s.Checkpoint(ctx); err != nil {
		return errors.Join(err, s.Abandon())
	}
	// Nobody reads any more, so that all that was retired can go.
	s.stop()
	err := errors.Join(s.deleteBlocks(bucketPrivate), s.deleteBlocks(bucketRetired))
	lock := s.lock
	s.lock = nil
	err = errors.Join(err, s.closeFiles())
	if err == nil {
		err = kv.Compact(ctx, s.opts.File)
	}
	if lock != nil {
		err = errors.Join(err, lock.Close())
	}
	return err
}

// Close lets commits under way finish, folds the log's tail so that the next Open
// replays nothing, and closes the files. Roots must be released before.
func (s *Store) Close() error {
	if s.closed.Load() {
		return nil
	}
	var err error
	if !s.opts.ReadOnly && s.sinceCheckpoint.Load() > 0 && !s.wal.Stats().Poisoned {
		_, err = s.Checkpoint(context.Background())
	}
	return errors.Join(err, s.Abandon())
}

// Abandon closes the files as they are, without a checkpoint.
func (s *Store) Abandon() error {
	if !s.stop() {
		return nil
	}
	return s.closeFiles()
}

// stop ends what works on the store; false: that was done already.
func (s *Store) stop() bool {
	if s.closed.Swap(true) {
		return false
	}
	s.cancel()
	s.background.Wait()
	// Wait for the batch under way.
	s.enqueue(&request{swap: func(head *Root) *Root { return head }})
	return true
}

func (s *Store) closeFiles() error {
	var errs []error
	if s.wal != nil {
		errs = append(errs, s.wal.Close())
	}
	if s.cache != nil {
		s.cache.Close()
	}
	if s.kv != nil {
		errs = append(errs, s.kv.Close())
	}
	s.overlay.release()
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

// KV returns the file of blocks, for small records that are no part of a model.
// Each keeps to a bucket of its own.
func (s *Store) KV() *kv.Store { return s.kv }

// VerifyLog reads all records that the log keeps, those before the checkpoint too,
// which no recovery reads. It is Corruption where one is damaged.
func (s *Store) VerifyLog(ctx context.Context) error { return s.wal.Verify(ctx) }
