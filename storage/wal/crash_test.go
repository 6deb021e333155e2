package wal_test

import (
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/kadedb/kadedb/internal/planted"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/vfs"
	"github.com/kadedb/kadedb/storage/wal"
)

// cut is what may be found after a power cut, and what had been acknowledged then.
type cut struct {
	at         int64
	fs         *vfs.Mem
	acked, max wal.LSN
}

// sweep runs work with a power cut before every operation that changes something.
func sweep(mem *vfs.Mem, seed uint64, acked, enqueued *wal.LSN, work func(fs vfs.FS)) (cuts []cut) {
	rng := rand.New(rand.NewPCG(seed, 1))
	work(vfs.NewFaulty(mem, func(o vfs.Op) error {
		if o.Writes() {
			for _, keep := range []float64{0, 0.5, 1} {
				cuts = append(cuts, cut{o.Index, mem.CrashClone(keep, rng), *acked, *enqueued})
			}
		}
		return nil
	}))
	return cuts
}

func workload(t *testing.T, acked, enqueued *wal.LSN) func(fs vfs.FS) {
	return func(fs vfs.FS) {
		l, _, err := replay(fs, testOptions)
		if err != nil {
			t.Fatal(err)
		}
		for *acked < 45 {
			var tickets []*wal.Ticket
			for range 1 + int(*acked)%4 {
				*enqueued = l.Next()
				tickets = append(tickets, l.Enqueue(record(*enqueued, 0), wal.Group))
			}
			for _, tk := range tickets {
				if err := tk.Wait(); err != nil {
					t.Fatal(err)
				}
				*acked = tk.LSN
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func crashFailures(t *testing.T, seed uint64) (points, failures int) {
	var acked, enqueued wal.LSN
	cuts := sweep(vfs.NewMem(), seed, &acked, &enqueued, workload(t, &acked, &enqueued))
	for i, c := range cuts {
		ok := recovers(t, c.fs.CrashClone(1, rand.New(rand.NewPCG(1, 1))), c.acked, c.max)
		if ok && i%7 == 0 {
			// A second cut while recovering from the first.
			for _, again := range sweep(c.fs, seed, &c.acked, &c.max, func(fs vfs.FS) { _, _, _ = replay(fs, testOptions) }) {
				ok = ok && recovers(t, again.fs, c.acked, c.max)
			}
		}
		if !ok {
			failures++
		}
	}
	return len(cuts), failures
}

// recovers checks the log after a cut: a prefix with all that was acknowledged, which
// takes further records and is the same when read again.
func recovers(t *testing.T, fs *vfs.Mem, acked, enqueued wal.LSN) bool {
	t.Helper()
	l, all, err := replay(fs, testOptions)
	if err != nil {
		t.Logf("recovery: %v", err)
		return false
	}
	if n := wal.LSN(len(all)); n < acked || n > enqueued {
		t.Logf("%d records; %d were acknowledged, %d enqueued", n, acked, enqueued)
		return false
	}
	checkRecords(t, all, 1)
	appendN(t, l, 3)
	rng := rand.New(rand.NewPCG(1, 2))
	_, again, err := replay(fs.CrashClone(0, rng), testOptions)
	if err != nil || len(again) != len(all)+3 {
		t.Logf("after recovery and 3 more: %d records, had %d, %v", len(again), len(all), err)
		return false
	}
	checkRecords(t, again, 1)
	return true
}

func TestCrashSweep(t *testing.T) {
	const seed = 20
	points, failures := crashFailures(t, seed)
	t.Logf("seed %d: %d crash points", seed, points)
	if failures > 0 {
		t.Fatalf("%d of %d crash points lost something", failures, points)
	}
	if points < 150 {
		t.Fatalf("only %d crash points", points)
	}
}

// Records that count only together, in several writes of which the last fails:
// none of them is left, whenever a power cut comes.
func TestResumeFrom(t *testing.T) {
	for fail := range 7 {
		mem := vfs.NewMem()
		fs := vfs.NewFaulty(mem, nil)
		l, _, err := replay(fs, testOptions)
		if err != nil {
			t.Fatal(err)
		}
		appendN(t, l, 5)
		var first wal.LSN
		var failed error
		fs.SetHook(vfs.FailOn("write", fail, syscall.ENOSPC, true))
		for k := range 12 {
			tk := l.Enqueue(record(l.Next(), 1), wal.Group)
			if k == 0 {
				first = tk.LSN
			}
			if k%2 == 1 || failed != nil {
				if err := tk.Wait(); failed == nil {
					failed = err
				}
			}
		}
		if failed == nil {
			t.Fatalf("write %d: nothing failed", fail)
		}
		rng := rand.New(rand.NewPCG(uint64(fail), 1))
		var cuts []*vfs.Mem
		fs.SetHook(func(o vfs.Op) error {
			for _, keep := range []float64{0, 0.5, 1} {
				cuts = append(cuts, mem.CrashClone(keep, rng))
			}
			return nil
		})
		if fail%2 == 1 { // the first attempt meets a disk that is still full
			record := cuts
			fs.SetHook(vfs.FailOn("write", 1, syscall.ENOSPC, false))
			if err := l.ResumeFrom(first); err == nil {
				t.Fatalf("write %d: ResumeFrom on a full disk", fail)
			}
			fs.SetHook(nil)
			cuts, first = record, 0
		}
		if err := l.ResumeFrom(first); err != nil {
			t.Fatal(err)
		}
		fs.SetHook(nil)
		for _, c := range cuts {
			if !recovers(t, c, 5, 17) {
				t.Fatalf("write %d: a power cut during ResumeFrom", fail)
			}
		}
		if l.Next() != 6 {
			t.Fatalf("write %d: the next record is %d", fail, l.Next())
		}
		appendN(t, l, 10)
		_, all := mustReplay(t, mem.CrashClone(0, rng))
		if len(all) != 15 {
			t.Fatalf("write %d: %d records", fail, len(all))
		}
		for i, p := range all {
			if p[8] != 0 {
				t.Fatalf("write %d: record %d was refused, and is there", fail, i+1)
			}
		}
	}
}

// The bugs that this package can have are found by the sweeps above.
func TestPlanted(t *testing.T) {
	if !planted.Enabled {
		t.Log("built without the tag `planted`: nothing to find")
		return
	}
	for _, bug := range []string{planted.SkipFsync, planted.EarlyAck} {
		t.Run(bug, func(t *testing.T) {
			t.Setenv("KADEDB_PLANTED", bug)
			if _, failures := crashFailures(t, 20); failures == 0 {
				t.Fatal("no crash point finds it")
			}
		})
	}
	t.Run(planted.NoCRC, func(t *testing.T) {
		fs := vfs.NewMem()
		l, _ := mustReplay(t, fs)
		appendN(t, l, 2)
		c, _ := edit(t, fs, func(b []byte) { b[64+24+9] ^= 1 })
		t.Setenv("KADEDB_PLANTED", planted.NoCRC)
		if _, all, err := replay(c, testOptions); err == nil && len(all) == 2 {
			return // served as if nothing were wrong: TestTornTailAtEveryByte fails on that
		}
		t.Fatal("the bug is not planted")
	})
}

func BenchmarkAppend(b *testing.B) {
	l, err := wal.Open(vfs.OS, b.TempDir()+"/log", wal.Options{})
	if err != nil {
		b.Fatal(err)
	}
	if err := l.Replay(1, wal.Position{}, nil); err != nil {
		b.Fatal(err)
	}
	payload := make([]byte, 100)
	b.ReportAllocs()
	b.SetParallelism(6)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := l.Append(payload, wal.Group); err != nil {
				b.Error(err)
				return
			}
		}
	})
	s := l.Stats()
	b.ReportMetric(float64(s.Commits)/float64(s.Syncs), "commits/sync")
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
}

// A mutated log yields a clean prefix of what was written, or an error.
func FuzzReplay(f *testing.F) {
	mem := vfs.NewMem()
	l, _, err := replay(mem, testOptions)
	if err != nil {
		f.Fatal(err)
	}
	for n := range wal.LSN(8) {
		if _, err := l.Append(record(n+1, 0), wal.Group); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(uint32(64), []byte{1}, uint32(0))
	f.Add(uint32(100), []byte{0, 0, 0, 0}, uint32(2000))
	f.Fuzz(func(t *testing.T, at uint32, change []byte, cutAt uint32) {
		c := mem.CrashClone(1, rand.New(rand.NewPCG(1, 1)))
		w, err := c.OpenWrite("log/0000000000000001.log")
		if err != nil {
			t.Fatal(err)
		}
		size, err := w.Size()
		if err != nil {
			t.Fatal(err)
		}
		if off := int64(at) % size; int64(len(change)) <= size-off {
			if _, err := w.WriteAt(change, off); err != nil {
				t.Fatal(err)
			}
		}
		if cutAt%4 == 1 {
			if err := w.Truncate(int64(cutAt) % size); err != nil {
				t.Fatal(err)
			}
		}
		_, all, err := replay(c, testOptions)
		if len(all) > 8 {
			t.Fatalf("%d records of 8", len(all))
		}
		checkRecords(t, all, 1)
		if err == nil {
			if _, again, err := replay(c, testOptions); err != nil || len(again) != len(all) {
				t.Fatalf("read again: %d records, %v", len(again), err)
			}
		} else if code := status.CodeOf(err); code != status.Corruption && code != status.NewerFormat {
			t.Fatal(err)
		}
	})
}
