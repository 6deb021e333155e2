package graph

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/internal/planted"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/txn"
	"github.com/kadedb/kadedb/storage/vfs"
	"github.com/kadedb/kadedb/storage/wal"
	"github.com/kadedb/kadedb/value"
)

// cut is what may be found after a power cut: the log's file system, and the file
// of blocks as of its last sync.
type cut struct {
	where string
	fs    *vfs.Mem
	file  []byte
	acked int // commits acknowledged by then
}

// sweeper runs a workload with a power cut before every operation of the log's
// file system that changes something, around every update of the file of blocks and at every
// step of a checkpoint. Its oracle is the list of states after each commit.
type sweeper struct {
	t    testing.TB
	r    *rand.Rand // of the workload
	lose *rand.Rand // of what a cut loses
	mem  *vfs.Mem
	path string
	// cutDir is where cuts are opened: in memory where there is such a file system.
	cutDir  string
	txLimit int // 0: the default
	atStep  func(name string)

	mu     sync.Mutex
	file   []byte
	acked  int
	cuts   []cut
	states map[uint64]*oracle // by commit; commits that change the schema have none of their own
	last   uint64
	names  names
}

func (w *sweeper) cut(where string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, keep := range []float64{0, 0.5, 1} {
		w.cuts = append(w.cuts, cut{where, w.mem.CrashClone(keep, w.lose), w.file, w.acked})
	}
}

func (w *sweeper) options(fs vfs.FS, path string) Options {
	return Options{TxLimit: w.txLimit, Options: txn.Options{
		FS: fs, Dir: "store", File: path, Create: true, CheckpointBytes: -1,
		WAL: wal.Options{SegmentSize: 4 << 10, KeepAge: -1, KeepBytes: 1, PrepareInline: true},
	}}
}

// start opens the store that is cut everywhere.
func (w *sweeper) start() *Store {
	t := w.t
	fs := vfs.NewFaulty(w.mem, func(o vfs.Op) error {
		if o.Writes() {
			w.cut(o.Name + " " + o.Path)
		}
		return nil
	})
	o := w.options(fs, w.path)
	o.Step = func(name string) error {
		w.cut("step " + name)
		if w.atStep != nil {
			w.atStep(name)
		}
		return nil
	}
	o.KV.BeforeCommit = func() error { w.cut("before update"); return nil }
	o.KV.AfterCommit = func(path string) {
		w.mu.Lock() // or else an update beside this one could be undone in w.file
		file, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		}
		w.file = file
		w.mu.Unlock()
		w.cut("after update")
	}
	s, err := Open(o)
	must(t, err)
	return s
}

// run performs the workload.
func (w *sweeper) run() {
	t, s := w.t, w.start()
	now := newOracle()
	w.note(s, now)
	for round := range 22 {
		switch round {
		case 1:
			_, err := s.CreateIndex(context.Background(), IndexSpec{Name: "x", Token: "L0", Keys: []string{"k0"}}, nil)
			must(t, err)
			w.note(s, now)
		case 3, 6, 7, 12, 15, 20:
			checkpoint(t, s)
		case 9:
			now = w.load(s, now)
		}
		tx := begin(t, s)
		w.names = tx.testNames(t)
		next := now.clone()
		for range 1 + w.r.IntN(8) {
			next.step(t, tx, w.names, w.r)
		}
		// Enough bytes for a new segment every few commits.
		big, err := tx.CreateNode(nil, w.names.keys[2:], []value.Value{value.String(strings.Repeat("x", 1500))})
		must(t, err)
		next.nodes[big] = &oracleNode{map[catalog.LabelID]bool{}, map[catalog.KeyID]value.Value{w.names.keys[2]: value.String(strings.Repeat("x", 1500))}}
		w.mu.Lock()
		w.states[w.last+1] = next
		w.mu.Unlock()
		commit(t, tx)
		now = next
		w.note(s, now)
	}
	must(t, s.Close())
	w.cut("closed")
}

// runSpill performs transactions that spill, each with another that commits first
// or while it does.
func (w *sweeper) runSpill() {
	t, s := w.t, w.start()
	now := newOracle()
	w.note(s, now)
	state := func(after uint64, o *oracle) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.states[w.last+after] = o
	}
	for round := range 4 {
		tx := begin(t, s)
		w.names = tx.testNames(t)
		next := now.clone()
		for range 60 {
			next.step(t, tx, w.names, w.r)
		}
		if round%2 == 1 {
			small := begin(t, s)
			id, err := small.CreateNode(w.names.labels[:1], nil, nil)
			must(t, err)
			now = now.clone()
			for _, o := range []*oracle{now, next} {
				o.nodes[id] = &oracleNode{map[catalog.LabelID]bool{w.names.labels[0]: true}, map[catalog.KeyID]value.Value{}}
			}
			state(1, now)
			commit(t, small)
			w.note(s, now)
		}
		if round == 2 {
			checkpoint(t, s)
		}
		if tx.private == nil {
			t.Fatal("the transaction did not spill")
		}
		state(1, next)
		commit(t, tx)
		now = next
		w.note(s, now)
	}
	must(t, s.Close())
	w.cut("closed")
}

// note records that the newest commit is acknowledged and what it holds.
func (w *sweeper) note(s *Store, o *oracle) {
	r, err := s.Snapshot()
	must(w.t, err)
	defer r.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	for seq := w.last; seq <= r.Seq(); seq++ {
		if w.states[seq] == nil {
			w.states[seq] = o
		}
	}
	w.last, w.acked = r.Seq(), int(r.Seq())
}

// load imports ten nodes with edges among all.
func (w *sweeper) load(s *Store, now *oracle) *oracle {
	t, next := w.t, now.clone()
	_, err := s.Import(context.Background(), func(b *Bulk) error {
		first, err := b.Nodes(w.names.labels[:1], 10)
		must(t, err)
		v := column.Vector{Type: column.Int, Ints: make([]int64, 10)}
		var src, dst []uint32
		for i := range uint32(10) {
			v.Ints[i] = int64(i)
			next.nodes[first+i] = &oracleNode{map[catalog.LabelID]bool{w.names.labels[0]: true}, map[catalog.KeyID]value.Value{w.names.keys[0]: value.Int(int64(i))}}
			src, dst = append(src, first+i), append(dst, first+(i*3)%10)
		}
		must(t, b.NodeColumn(w.names.keys[0], first, &v, 10))
		rel, _, err := b.AddRels(w.names.types[0], src, dst)
		must(t, err)
		for i := range src {
			next.rels[rel+uint32(i)] = &oracleRel{w.names.types[0], src[i], dst[i], map[catalog.KeyID]value.Value{}}
		}
		return nil
	})
	must(t, err)
	// An import has no commit of its own: both states are right for its number
	// until the next commit.
	w.mu.Lock()
	defer w.mu.Unlock()
	w.states[w.last+1<<32] = next
	return next
}

// probe is a testing.TB that notes failures instead of ending the test.
type probe struct {
	testing.TB
	failed []string
}

type probeStop struct{}

func (p *probe) Helper() {}
func (p *probe) Errorf(format string, args ...any) {
	p.failed = append(p.failed, fmt.Sprintf(format, args...))
}
func (p *probe) Error(args ...any)                 { p.failed = append(p.failed, fmt.Sprint(args...)) }
func (p *probe) Fatal(args ...any)                 { p.Error(args...); panic(probeStop{}) }
func (p *probe) Fatalf(format string, args ...any) { p.Errorf(format, args...); panic(probeStop{}) }

func (p *probe) run(f func()) (ok bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, stop := r.(probeStop); !stop {
				panic(r)
			}
		}
		ok = len(p.failed) == 0
	}()
	f()
	return true
}

// recovered opens what a cut left and compares; it returns what is wrong.
func (w *sweeper) recovered(c cut, again bool) []string {
	p := &probe{TB: w.t}
	path := filepath.Join(w.cutDir, "cut.db")
	if c.file == nil {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			w.t.Fatal(err)
		}
	} else {
		must(w.t, os.WriteFile(path, c.file, 0o600))
	}
	p.run(func() {
		s, err := Open(w.options(c.fs, path))
		must(p, err)
		defer func() { must(w.t, s.Abandon()) }()
		r, err := s.Snapshot()
		must(p, err)
		defer r.Close()
		// Open commits the end of what was half built.
		last := r.Seq() - uint64(s.Stats().Commits)
		if int(last) < c.acked {
			p.Fatalf("commit %d was acknowledged, %d is the last", c.acked, last)
		}
		w.compare(p, r, last)
		checkStore(p, s)
		for _, x := range r.Catalog().Indexes {
			if !x.Online {
				p.Errorf("index %s is half built", x.Name)
			}
		}
		if n := len(r.Catalog().Pending); n > 0 {
			p.Errorf("%d constraints are pending", n)
		}
		if again {
			tx := begin(p, s)
			_, err := tx.CreateNode(nil, nil, nil)
			must(p, err)
			commit(p, tx)
			must(p, func() error { _, err := s.Checkpoint(context.Background()); return err }())
			checkStore(p, s)
			r.Close() // of the base before
			noLeaks(p, s)
		}
	})
	return p.failed
}

func (w *sweeper) compare(p *probe, r *Reader, last uint64) {
	want := w.states[last]
	if want == nil {
		p.Fatalf("commit %d was never made", last)
	}
	first := &probe{TB: w.t}
	if first.run(func() { want.compare(first, r, w.names) }) {
		return
	}
	if imported := w.states[last+1<<32]; imported != nil {
		imported.compare(p, r, w.names)
		return
	}
	p.failed = append(p.failed, first.failed...)
}

func newSweeper(t testing.TB, seed uint64) *sweeper {
	cutDir, err := os.MkdirTemp("/dev/shm", "kadedb")
	if err != nil {
		cutDir = t.TempDir()
	} else {
		t.Cleanup(func() { must(t, os.RemoveAll(cutDir)) })
	}
	return &sweeper{
		cutDir: cutDir,
		t:      t, r: rand.New(rand.NewPCG(seed, 1)), lose: rand.New(rand.NewPCG(seed, 2)), mem: vfs.NewMem(), states: map[uint64]*oracle{},
		path: filepath.Join(t.TempDir(), "blocks.db"),
	}
}

// crashFailures runs the sweep over at least limit cuts, or all.
func crashFailures(t testing.TB, seed uint64, limit int) (points int, failures []string) {
	w := newSweeper(t, seed)
	w.run()
	step := max(len(w.cuts)/limit, 1)
	for i := 0; i < len(w.cuts); i += step {
		c := w.cuts[i]
		points++
		for _, f := range w.recovered(c, i%10 == 0) {
			failures = append(failures, fmt.Sprintf("cut %d (%s): %s", i, c.where, f))
		}
	}
	return points, failures
}

// TestCrashSweep cuts the power everywhere: every commit that was acknowledged is
// there, the others as a whole or not at all, and everything derived is right.
func TestCrashSweep(t *testing.T) {
	points, failures := crashFailures(t, 11, 700)
	for i, f := range failures {
		if i == 20 {
			t.Errorf("… %d more", len(failures)-i)
			break
		}
		t.Error(f)
	}
	t.Logf("%d crash points", points)
	if points < 500 {
		t.Errorf("only %d crash points, want at least 500", points)
	}
}

// TestPlanted: the suites find the deliberate bugs.
func TestPlanted(t *testing.T) {
	if !planted.Enabled {
		t.Log("built without the tag `planted`: nothing to find")
		return
	}
	for _, bug := range []string{planted.SkipFsync, planted.EarlyAck, planted.EarlyTruncate, planted.StaleIndex} {
		t.Run(bug, func(t *testing.T) {
			t.Setenv("KADEDB_PLANTED", bug)
			p := &probe{TB: t}
			var failures []string
			ok := p.run(func() { _, failures = crashFailures(p, 11, 700) })
			if ok && len(failures) == 0 {
				t.Error("the sweep did not find the bug")
			}
		})
	}
	t.Run(planted.LostConflict, func(t *testing.T) {
		t.Setenv("KADEDB_PLANTED", planted.LostConflict)
		_, a, _, x, y := two(t)
		k, err := x.Key("k")
		must(t, err)
		must(t, x.SetNodeProperty(a, k, value.Int(1)))
		must(t, y.SetNodeProperty(a, k, value.Int(2)))
		commit(t, x)
		if tryCommit(y) != nil {
			t.Error("the bug is not planted")
		}
	})
}
