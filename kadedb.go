// Package kadedb is a graph database that runs inside a Go program: a durable
// property graph, asked in KadeQL, a superset of openCypher.
//
//	db, err := kadedb.Open("flights", nil)
//	defer db.Close()
//	_, err = db.Exec(ctx, `CREATE (:Airport {iata: $code})`, kadedb.Params{"code": "SEA"})
//	rows, err := db.Query(ctx, `MATCH (a:Airport) RETURN a.iata AS iata`, nil)
//	defer rows.Close()
//	for rows.Next() {
//		fmt.Println(rows.Values()[0].AsString())
//	}
//	err = rows.Close()
//
// A DB is safe for any number of goroutines; readers see snapshots and never wait.
// A folder is open in one process at a time. The command kadedb serves a folder over
// HTTP: see cmd/kadedb.
package kadedb

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/query"
	"github.com/kadedb/kadedb/query/exec"
	"github.com/kadedb/kadedb/query/exec/spill"
	"github.com/kadedb/kadedb/query/optimize"
	"github.com/kadedb/kadedb/query/procedure"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/txn"
	"github.com/kadedb/kadedb/storage/vfs"
	"github.com/kadedb/kadedb/storage/wal"
)

// Version is KadeDB's version.
const Version = "0.1.0"

// Limits bound one query; a zero field is the default: a quarter of the memory, 60 s,
// 1 M rows of an unstreamed answer, 1 M rows held by a path search, trails of 30.
type Limits = query.Limits

// TxLimits bound explicit transactions; a zero field is the default: 60 s idle, 10
// minutes altogether, 1,000 open at once.
type TxLimits = query.TxLimits

// Durability says when a commit is acknowledged.
type Durability = graph.Durability

// The durabilities: after fdatasync (shared by all who wait), once the operating system
// has it, or at once.
const (
	DurableGroup = graph.Group
	DurableOS    = graph.OS
	DurableNone  = graph.None
)

// Options configure a DB. The zero value of each field is its default.
type Options struct {
	// Memory is the budget of caches and queries together, in bytes (60 % of the machine's).
	Memory     int64
	Limits     Limits
	TxLimits   TxLimits
	TxMemory   int64 // changes that one transaction holds before it spills to disk (256 MiB, at most a quarter of Memory)
	Durability Durability
	// ImportDir is the folder below which LOAD may read; "": LOAD is refused.
	ImportDir string
	// LogKeepAge and LogKeepBytes say how long log segments outlive the checkpoint that
	// covers them (24 h, 1 GiB; negative: not at all).
	LogKeepAge   time.Duration
	LogKeepBytes int64
	// CheckpointBytes is how much log starts a checkpoint (64 MiB; negative: none are
	// started by themselves).
	CheckpointBytes int64
	Procedures      []*procedure.Def // beside the built-in ones
	// Holder names this process to others that find the folder locked: an address (the
	// program's name).
	Holder   string
	Address  string              // where clients reach the store, for SHOW DATABASES
	Settings []procedure.Setting // what SHOW SETTINGS shows
	// Progress is told during Open how much of the log was replayed, and how much there
	// is at most.
	Progress func(records, bytes, atMost int64)
	Logger   *slog.Logger // slog.Default()
	Engine   Engine
	FS       vfs.FS // of the log and spill files: vfs.OS
}

// Engine holds switches that tests and benchmarks turn.
type Engine struct {
	NoPlanCache bool
	PlanCache   int // plans kept (4,096)
	BatchSize   int // rows in a batch (2,048)
	Workers     int // lanes of a long pipeline (GOMAXPROCS)
	Rules       optimize.Options
	TempDir     string // spill files (DIR/tmp; of a store that is only read, the system's)
}

// DB is an open store.
type DB struct {
	dir       string
	temporary bool
	opened    time.Time
	store     *graph.Store
	engine    *query.Engine
	tokens    *auth.Tokens
	budget    *memory.Budget
	opts      Options
	run       string        // sets this DB's spill files apart from others' in the same folder
	spaces    atomic.Uint64 // of spill files
	imports   imports

	life   sync.RWMutex // held for reading by what uses the store past the engine
	closed bool
	close  error // what Close found
}

// Open opens the store in dir, and makes it where there is none. Nobody else may have
// it open: StoreLocked says who has.
func Open(dir string, o *Options) (*DB, error) { return open(dir, o, false) }

// OpenReadOnly opens an existing store for reading; nothing on disk is changed.
func OpenReadOnly(dir string, o *Options) (*DB, error) { return open(dir, o, true) }

// OpenTemporary opens an empty store in a folder of its own, which Close removes.
func OpenTemporary(o *Options) (*DB, error) {
	dir, err := os.MkdirTemp("", "kadedb-")
	if err != nil {
		return nil, status.Errorf(status.DiskError, "no temporary folder: %w", err)
	}
	db, err := open(dir, o, false)
	if err != nil {
		if rerr := os.RemoveAll(dir); rerr != nil {
			err = fmt.Errorf("%w (and its folder was left: %v)", err, rerr)
		}
		return nil, err
	}
	db.temporary = true
	return db, nil
}

func open(dir string, given *Options, readOnly bool) (*DB, error) {
	if dir == "" {
		return nil, status.Errorf(status.InvalidSetting, "the store's folder has no name").
			WithHint(`name one; "." is the working directory, and OpenTemporary makes one that goes with the store`)
	}
	var o Options
	if given != nil {
		o = *given
	}
	o.fill(dir, readOnly)
	log := o.Logger
	budget := memory.NewBudget("store", o.Memory)
	store, err := graph.Open(graph.Options{
		TxLimit: int(o.TxMemory),
		Options: txn.Options{FS: o.FS, Dir: dir, Create: !readOnly, ReadOnly: readOnly, Holder: holderOf(o.Holder), Memory: budget,
			WAL:             wal.Options{KeepAge: o.LogKeepAge, KeepBytes: o.LogKeepBytes},
			CheckpointBytes: o.CheckpointBytes, Progress: o.Progress,
			Note: func(err error) { log.Error("background work failed", "error", err) }},
	})
	if err != nil {
		return nil, heldHere(err, &o, dir)
	}
	db := &DB{dir: dir, store: store, budget: budget, opts: o, run: rand.Text()[:8], opened: time.Now()}
	if !readOnly && (given == nil || given.Engine.TempDir == "") {
		db.sweep()
	}
	if err := errors.Join(db.start(readOnly), db.unfinished(readOnly)); err != nil {
		if cerr := store.Close(); cerr != nil {
			log.Error("closing after a failed start", "error", cerr)
		}
		return nil, err
	}
	return db, nil
}

// processMark tells this process from others in the file of the lock: numbers of
// processes come again, and every container has its own.
var processMark = rand.Text()

// holderOf is what the file of the lock says of this process: a line for people, and one
// for itself.
func holderOf(name string) string {
	if name == "" {
		name = filepath.Base(os.Args[0])
	}
	if pid := fmt.Sprintf("process %d", os.Getpid()); !strings.Contains(name, pid) {
		name += " (" + pid + ")"
	}
	return name + "\n" + processMark
}

// heldHere says it where this process itself has a store open already.
func heldHere(err error, o *Options, dir string) error {
	if status.CodeOf(err) != status.StoreLocked {
		return err
	}
	f, ferr := o.FS.Open(path.Join(filepath.ToSlash(dir), "LOCK"))
	if ferr != nil {
		return err
	}
	who := make([]byte, 1<<10)
	n, rerr := f.ReadAt(who, 0)
	if cerr := f.Close(); cerr != nil || rerr != nil && !errors.Is(rerr, io.EOF) || !strings.HasSuffix(string(who[:n]), "\n"+processMark) {
		return err
	}
	return status.Errorf(status.StoreLocked, "%s is open in this process already", dir).
		WithHint("use the DB that is open, which several goroutines may, or close it first")
}

// start makes what works on the open store.
func (db *DB) start(readOnly bool) (err error) {
	o := &db.opts
	cache := o.Engine.PlanCache
	if o.Engine.NoPlanCache {
		cache = 0
	}
	if db.tokens, err = auth.Open(db.store.KV()); err != nil {
		return err
	}
	db.engine, err = query.New(query.Options{
		Store: db.store, Procedures: o.Procedures, Budget: db.budget, Limits: o.Limits, Tx: o.TxLimits, PlanCache: cache,
		Workers: o.Engine.Workers, BatchSize: o.Engine.BatchSize, Rules: o.Engine.Rules, Durability: o.Durability,
		Space:   db.space,
		OpenCSV: db.openCSV, OpenRows: db.openRows, Settings: o.Settings, Version: Version, Logger: o.Logger, Users: db.users,
		Server: procedure.Server{Database: query.Database, Aliases: []string{query.DatabaseAlias}, Address: o.Address, ReadOnly: readOnly, Started: db.opened},
	})
	return err
}

// users are the tokens, for SHOW USERS.
func (db *DB) users() []procedure.User {
	var out []procedure.User
	for _, t := range db.tokens.List() {
		out = append(out, procedure.User{ID: t.ID, Name: t.Name, Role: t.Role.String(), Created: t.Created})
	}
	return out
}

func (db *DB) space() *spill.Space {
	return spill.NewSpace(db.opts.FS, db.opts.Engine.TempDir, fmt.Sprintf("spill-%s-%d", db.run, db.spaces.Add(1)))
}

// sweep removes temporary files that a process left which ended without notice. The
// folder is the store's own and so is, now, the store.
func (db *DB) sweep() {
	dir := db.opts.Engine.TempDir
	names, err := db.opts.FS.List(dir)
	if err != nil {
		return // nothing was ever spilled
	}
	for _, name := range names {
		if err := db.opts.FS.Remove(filepath.Join(dir, name)); err != nil {
			db.opts.Logger.Warn("a temporary file of an earlier run stays", "file", filepath.Join(dir, name), "error", err)
		}
	}
}

func (o *Options) fill(dir string, readOnly bool) {
	if o.Memory <= 0 {
		o.Memory = memory.Machine() * 6 / 10
	}
	if o.Limits.Memory <= 0 {
		o.Limits.Memory = o.Memory / 4
	}
	if o.Limits.Time <= 0 {
		o.Limits.Time = 60 * time.Second
	}
	if o.Limits.Rows <= 0 {
		o.Limits.Rows = 1_000_000
	}
	if o.TxMemory <= 0 {
		o.TxMemory = 256 << 20
	}
	o.TxMemory = min(o.TxMemory, o.Memory/4)
	if o.TxLimits.Idle <= 0 {
		o.TxLimits.Idle = 60 * time.Second
	}
	if o.TxLimits.Time <= 0 {
		o.TxLimits.Time = 10 * time.Minute
	}
	if o.TxLimits.Open <= 0 {
		o.TxLimits.Open = 1000
	}
	if o.FS == nil {
		o.FS = vfs.OS
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Engine.PlanCache == 0 {
		o.Engine.PlanCache = 4096
	}
	if o.Engine.Workers <= 0 {
		o.Engine.Workers = runtime.GOMAXPROCS(0)
	}
	switch {
	case o.Engine.TempDir != "":
	case readOnly:
		o.Engine.TempDir = os.TempDir()
	default:
		o.Engine.TempDir = filepath.Join(dir, "tmp")
	}
}

// Dir returns the store's folder.
func (db *DB) Dir() string { return db.dir }

// Close ends what runs and is open, folds the log's tail into the store and closes
// its files. It waits for a Checkpoint, Check or Import under way: cancel those first.
// Rows still open fail; what comes after it is StoreClosed. A second Close does nothing and
// says what the first one said.
func (db *DB) Close() error {
	db.engine.Close()
	db.life.Lock()
	defer db.life.Unlock()
	if db.closed {
		return db.close
	}
	db.closed = true
	db.close = db.store.Close()
	if db.temporary {
		if err := os.RemoveAll(db.dir); db.close == nil && err != nil {
			db.close = status.Errorf(status.DiskError, "removing the temporary store: %w", err)
		}
	}
	return db.close
}

// use keeps the store open until done is called.
func (db *DB) use() (done func(), err error) {
	db.life.RLock()
	if db.closed {
		db.life.RUnlock()
		return nil, status.Errorf(status.StoreClosed, "the store is closed")
	}
	return db.life.RUnlock, nil
}

// Checkpoint folds everything committed so far into blocks. It is done by itself
// too; nobody waits for it.
func (db *DB) Checkpoint(ctx context.Context) error {
	done, err := db.use()
	if err != nil {
		return err
	}
	defer done()
	_, err = db.store.Checkpoint(ctx)
	return err
}

// Stats is what a DB has done since it was opened.
type Stats struct {
	Opened   time.Time
	Store    txn.Stats
	Plans    query.CacheStats
	Memory   struct{ Used, Peak, Limit int64 }
	Accounts []memory.Account // who uses the memory
	Open     query.Open
	Retries  int64 // statements that ran again because another's commit came first
	Nodes    int64
	Rels     int64
}

// Stats returns counters.
func (db *DB) Stats() Stats {
	s := Stats{Opened: db.opened, Store: db.store.Stats(), Plans: db.engine.CacheStats(), Accounts: db.budget.Accounts(),
		Open: db.engine.Open(), Retries: db.engine.Retries()}
	s.Memory.Used, s.Memory.Peak, s.Memory.Limit = db.budget.Used(), db.budget.Peak(), db.budget.Limit()
	if !db.life.TryRLock() { // it is about to close
		return s
	}
	defer db.life.RUnlock()
	if db.closed {
		return s
	}
	if r, err := db.store.Snapshot(); err == nil {
		s.Nodes, s.Rels = r.CountNodes(catalog.AnyLabel), r.CountRels(catalog.AnyType)
		r.Close()
	}
	return s
}

// EngineOf returns the query engine of db, for front ends.
func (db *DB) EngineOf() *query.Engine { return db.engine }

// Tokens returns the store's bearer tokens, for front ends.
func (db *DB) Tokens() *auth.Tokens { return db.tokens }

// Budget returns the store's memory budget; an answer that is collected counts in it.
func (db *DB) Budget() *memory.Budget { return db.budget }

// Limits returns what bounds a query that asks for nothing else.
func (db *DB) Limits() Limits { return db.opts.Limits }

// CSV is a file that LOAD CSV reads.
type CSV = exec.CSV
