package wal_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/vfs"
	"github.com/kadedb/kadedb/storage/wal"
)

var testOptions = wal.Options{StoreID: [16]byte{1, 2, 3}, SegmentSize: 4 << 10, PrepareInline: true, KeepAge: -1}

// record is what record n of try holds: its length depends on n, too.
func record(n wal.LSN, try byte) []byte {
	rng := rand.New(rand.NewPCG(uint64(n), 7))
	p := make([]byte, 10+rng.IntN(600))
	for i := range p {
		p[i] = byte(rng.Uint32())
	}
	binary.LittleEndian.PutUint64(p, uint64(n))
	p[8] = try
	return p
}

func open(t *testing.T, fs vfs.FS, o wal.Options) *wal.Log {
	t.Helper()
	l, err := wal.Open(fs, "log", o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// replay opens the log and returns the payloads from record 1 on.
func replay(fs vfs.FS, o wal.Options) (*wal.Log, [][]byte, error) {
	l, err := wal.Open(fs, "log", o)
	if err != nil {
		return nil, nil, err
	}
	var all [][]byte
	err = l.Replay(1, wal.Position{}, func(n wal.LSN, p []byte) error {
		if int(n) != len(all)+1 {
			return fmt.Errorf("record %d after %d records", n, len(all))
		}
		all = append(all, bytes.Clone(p))
		return nil
	})
	return l, all, err
}

func mustReplay(t *testing.T, fs vfs.FS) (*wal.Log, [][]byte) {
	t.Helper()
	l, all, err := replay(fs, testOptions)
	if err != nil {
		t.Fatal(err)
	}
	return l, all
}

func appendN(t *testing.T, l *wal.Log, n int) {
	t.Helper()
	for range n {
		want := l.Next()
		got, err := l.Append(record(want, 0), wal.Group)
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Fatalf("record %d, want %d", got, want)
		}
	}
}

func checkRecords(t *testing.T, all [][]byte, from wal.LSN) {
	t.Helper()
	for i, p := range all {
		if n := from + wal.LSN(i); !bytes.Equal(p, record(n, p[8])) {
			t.Fatalf("record %d came back changed", n)
		}
	}
}

func TestReopen(t *testing.T) {
	for name, fs := range map[string]vfs.FS{"mem": vfs.NewMem(), "os": nil} {
		t.Run(name, func(t *testing.T) {
			dir := "log"
			if fs == nil {
				fs, dir = vfs.OS, t.TempDir()+"/log"
			}
			for round := range 4 {
				l, err := wal.Open(fs, dir, testOptions)
				if err != nil {
					t.Fatal(err)
				}
				n := 0
				err = l.Replay(1, wal.Position{}, func(lsn wal.LSN, p []byte) error {
					n++
					if !bytes.Equal(p, record(lsn, 0)) {
						return fmt.Errorf("record %d came back changed", lsn)
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				if n != 50*round {
					t.Fatalf("%d records after %d rounds of 50", n, round)
				}
				appendN(t, l, 50)
				if err := l.Verify(context.Background()); err != nil {
					t.Fatal(err)
				}
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// Every truncation of the last record, and every flipped bit in it, is a torn tail;
// the same in a record before that is corruption, naming the file.
func TestTornTailAtEveryByte(t *testing.T) {
	fs := vfs.NewMem()
	l, _ := mustReplay(t, fs)
	appendN(t, l, 3)
	before := l.PositionOf(4)
	appendN(t, l, 1)
	end := l.PositionOf(5)
	for off := before.Offset; off < end.Offset; off++ {
		for _, damage := range []func(b []byte){
			func(b []byte) { clear(b[off:end.Offset]) },
			func(b []byte) { b[off] ^= 0x10 },
		} {
			c, b := edit(t, fs, damage)
			l, all, err := replay(c, testOptions)
			if err != nil {
				t.Fatalf("offset %d: %v", off, err)
			}
			if len(all) != 3 && !(len(all) == 4 && bytes.Equal(b, contents(t, fs))) && off < end.Offset-8 {
				t.Fatalf("offset %d: %d records", off, len(all))
			}
			checkRecords(t, all, 1)
			appendN(t, l, 2)
			if _, all := mustReplay(t, c); len(all) < 5 {
				t.Fatalf("offset %d: %d records after two more", off, len(all))
			}
		}
	}
	for off := int64(64); off < before.Offset; off++ {
		c, _ := edit(t, fs, func(b []byte) { b[off] ^= 0x10 })
		_, all, err := replay(c, testOptions)
		if err == nil && len(all) == 4 {
			continue // padding
		}
		if status.CodeOf(err) != status.Corruption || !bytes.Contains([]byte(err.Error()), []byte("0000000000000001.log, offset")) {
			t.Fatalf("offset %d: %d records, %v", off, len(all), err)
		}
	}
}

func contents(t *testing.T, fs vfs.FS) []byte {
	t.Helper()
	f, err := fs.Open("log/0000000000000001.log")
	if err != nil {
		t.Fatal(err)
	}
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}

// edit returns a copy of fs whose first segment was changed by f.
func edit(t *testing.T, fs *vfs.Mem, f func(b []byte)) (*vfs.Mem, []byte) {
	t.Helper()
	c := fs.CrashClone(1, rand.New(rand.NewPCG(1, 1)))
	b := contents(t, c)
	f(b)
	w, err := c.OpenWrite("log/0000000000000001.log")
	if err == nil {
		_, err = w.WriteAt(b, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c, b
}

// After a clean close nothing is a torn tail.
func TestDamageAfterClose(t *testing.T) {
	fs := vfs.NewMem()
	l, _ := mustReplay(t, fs)
	appendN(t, l, 3)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	c, _ := edit(t, fs, func(b []byte) { b[len(b)-20] ^= 1 })
	if _, _, err := replay(c, testOptions); status.CodeOf(err) != status.Corruption {
		t.Fatalf("damage in the last record of a closed log: %v", err)
	}
}

func TestMissingSegments(t *testing.T) {
	fs := vfs.NewMem()
	l, _ := mustReplay(t, fs)
	appendN(t, l, 60)
	hint := l.PositionOf(61)
	for _, s := range []int{1, 2, 3} {
		c := fs.CrashClone(1, rand.New(rand.NewPCG(1, 1)))
		if err := c.Remove(fmt.Sprintf("log/%016x.log", s)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := replay(c, testOptions); status.CodeOf(err) != status.Corruption {
			t.Errorf("without segment %d: %v", s, err)
		}
	}
	l = open(t, vfs.NewMem(), testOptions)
	if err := l.Replay(61, hint, nil); status.CodeOf(err) != status.Corruption {
		t.Errorf("without a log: %v", err)
	}
	other := testOptions
	other.StoreID[0] = 99
	if _, _, err := replay(fs, other); status.CodeOf(err) != status.Corruption {
		t.Errorf("another store's log: %v", err)
	}
}

func TestReplayFromPosition(t *testing.T) {
	fs := vfs.NewMem()
	l, _ := mustReplay(t, fs)
	o := testOptions
	o.SegmentSize = 1 << 20
	appendN(t, l, 400)
	for _, from := range []wal.LSN{1, 2, 37, 200, 399, 400, 401} {
		for _, hint := range []wal.Position{l.PositionOf(from), {}} {
			again := open(t, fs.CrashClone(0, rand.New(rand.NewPCG(1, 1))), o)
			next := from
			err := again.Replay(from, hint, func(n wal.LSN, p []byte) error {
				if n != next || !bytes.Equal(p, record(n, 0)) {
					return fmt.Errorf("record %d, want %d", n, next)
				}
				next++
				return nil
			})
			if err != nil || next != 401 {
				t.Fatalf("from %d with %+v: next %d, %v", from, hint, next, err)
			}
		}
	}
}

func TestTruncateBefore(t *testing.T) {
	fs := vfs.NewMem()
	l, _ := mustReplay(t, fs)
	appendN(t, l, 100)
	before := l.Stats()
	if err := l.TruncateBefore(80); err != nil {
		t.Fatal(err)
	}
	after := l.Stats()
	if after.Segments >= before.Segments || after.First > 80 || after.First < 60 {
		t.Fatalf("%d segments from record %d, before %d from %d", after.Segments, after.First, before.Segments, before.First)
	}
	hint := l.PositionOf(80)
	if err := l.Read(80, func(n wal.LSN, p []byte) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := l.Read(1, func(n wal.LSN, p []byte) error { return nil }); status.CodeOf(err) != status.FileNotFound {
		t.Fatalf("reading removed records: %v", err)
	}
	again := open(t, fs.CrashClone(0, rand.New(rand.NewPCG(1, 1))), testOptions)
	n := 0
	if err := again.Replay(80, hint, func(wal.LSN, []byte) error { n++; return nil }); err != nil || n != 21 {
		t.Fatalf("%d records, %v", n, err)
	}
	keep := testOptions
	keep.KeepAge = time.Hour
	l, _, err := replay(vfs.NewMem(), keep)
	if err != nil {
		t.Fatal(err)
	}
	appendN(t, l, 100)
	if err := l.TruncateBefore(100); err != nil || l.Stats().First != 1 {
		t.Fatalf("kept from record %d, %v", l.Stats().First, err)
	}
}

func TestLargeRecords(t *testing.T) {
	fs := vfs.NewMem()
	l, _ := mustReplay(t, fs)
	big := bytes.Repeat([]byte("x"), 100<<10)
	for _, p := range [][]byte{[]byte("a"), big, {}, big[:5000], []byte("b")} {
		if _, err := l.Append(p, wal.Group); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Append(make([]byte, wal.MaxPayload+1), wal.Group); status.CodeOf(err) != status.TransactionLimit {
		t.Fatalf("a record over the limit: %v", err)
	}
	if _, all := mustReplay(t, fs); len(all) != 5 || len(all[1]) != len(big) || len(all[2]) != 0 {
		t.Fatalf("%d records", len(all))
	}
}

// Twelve writers share syncs.
func TestGroupCommit(t *testing.T) {
	slow := vfs.NewFaulty(vfs.NewMem(), func(o vfs.Op) error {
		if o.Name == "sync" {
			time.Sleep(200 * time.Microsecond)
		}
		return nil
	})
	l, _, err := replay(slow, wal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			for range 50 {
				if _, err := l.Append([]byte("payload"), wal.Group); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	s := l.Stats()
	t.Logf("%d commits, %d syncs: %.1f commits a sync", s.Commits, s.Syncs, float64(s.Commits)/float64(s.Syncs))
	if s.Commits != 600 || s.Commits < 3*s.Syncs || s.Durable != 600 {
		t.Fatalf("%+v", s)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestDurabilityLevels(t *testing.T) {
	fs := vfs.NewMem()
	o := testOptions
	o.FlushEvery = time.Hour
	l, _, err := replay(fs, o)
	if err != nil {
		t.Fatal(err)
	}
	after := func(keep float64) int {
		_, all := mustReplay(t, fs.CrashClone(keep, rand.New(rand.NewPCG(1, 1))))
		return len(all)
	}
	for _, step := range []struct {
		d               wal.Durability
		process, system int // records that survive a crash of the process, of the system
	}{{wal.None, 0, 0}, {wal.OS, 2, 0}, {wal.Group, 3, 3}, {wal.OS, 4, 3}} {
		if _, err := l.Append([]byte("x"), step.d); err != nil {
			t.Fatal(err)
		}
		if p, s := after(1), after(0); p != step.process || s != step.system {
			t.Fatalf("after %v: %d and %d records, want %d and %d", step.d, p, s, step.process, step.system)
		}
	}
	if err := l.Sync(); err != nil || after(0) != 4 {
		t.Fatalf("after Sync: %d, %v", after(0), err)
	}
}

func TestPoison(t *testing.T) {
	fs := vfs.NewFaulty(vfs.NewMem(), nil)
	l, _, err := replay(fs, testOptions)
	if err != nil {
		t.Fatal(err)
	}
	appendN(t, l, 3)
	fs.SetHook(vfs.FailOn("sync", 0, syscall.EIO, false))
	for range 3 { // the second sync would succeed
		if _, err := l.Append([]byte("x"), wal.Group); status.CodeOf(err) != status.StorePoisoned {
			t.Fatalf("after a failed sync: %v", err)
		}
	}
	if err := l.Resume(); status.CodeOf(err) != status.StorePoisoned {
		t.Fatalf("Resume after a failed sync: %v", err)
	}
	n := 0
	if err := l.Read(1, func(wal.LSN, []byte) error { n++; return nil }); err != nil || n != 3 {
		t.Fatalf("%d records are readable, %v", n, err)
	}
}

// A disk without room: at every write call in turn, whole or half done. What was
// refused never comes back, what is acknowledged stays.
func TestFullDisk(t *testing.T) {
	for i := int64(0); ; i++ {
		mem := vfs.NewMem()
		fs := vfs.NewFaulty(mem, nil)
		l, _, err := replay(fs, testOptions)
		if err != nil {
			t.Fatal(err)
		}
		start := fs.Ops()
		fired := false
		fs.SetHook(func(o vfs.Op) error {
			if o.Index == start+i && (o.Name == "write" || o.Name == "preallocate" || o.Name == "create") {
				fired = true
				return syscall.ENOSPC
			}
			return nil
		})
		var want [][]byte
		failures := 0
		for try := 0; len(want) < 40; try++ {
			var tickets []*wal.Ticket
			var ps [][]byte
			first := l.Next()
			for k := range 4 {
				ps = append(ps, record(first+wal.LSN(k), byte(try)))
				tickets = append(tickets, l.Enqueue(ps[k], wal.Group))
			}
			for k, tk := range tickets {
				switch err := tk.Wait(); {
				case err == nil:
					want = append(want, ps[k])
				case status.CodeOf(err) != status.DiskFull:
					t.Fatalf("op %d: %v", i, err)
				default:
					failures++
				}
			}
			if _, err := l.Append([]byte("held"), wal.Group); l.Stats().FailedHold != (err != nil) {
				t.Fatalf("op %d: hold %v, append %v", i, l.Stats().FailedHold, err)
			} else if err == nil {
				want = append(want, []byte("held"))
			} else {
				failures++
			}
			if err := l.Resume(); err != nil {
				t.Fatalf("op %d: Resume: %v", i, err)
			}
		}
		if fired != (failures > 0) {
			t.Fatalf("op %d: fired %v, %d failures", i, fired, failures)
		}
		_, got := mustReplay(t, mem.CrashClone(0.5, rand.New(rand.NewPCG(uint64(i), 1))))
		if len(got) != len(want) {
			t.Fatalf("op %d: %d records, want %d", i, len(got), len(want))
		}
		for k := range got {
			if !bytes.Equal(got[k], want[k]) {
				t.Fatalf("op %d: record %d is not the acknowledged one", i, k+1)
			}
		}
		if i > fs.Ops()-start {
			return
		}
	}
}

// One error of each kind at every operation: no panic, nothing acknowledged is lost.
func TestErrorSweep(t *testing.T) {
	for _, kind := range []struct {
		err    error
		sticky bool
	}{{syscall.EIO, false}, {syscall.EIO, true}, {syscall.ENOSPC, true}, {syscall.EMFILE, false}, {vfs.ErrShort, false}} {
		for i := int64(0); ; i++ {
			mem := vfs.NewMem()
			fs := vfs.NewFaulty(mem, vfs.FailAt(i, kind.err, kind.sticky))
			acked := 0
			l, _, err := replay(fs, testOptions)
			for n := wal.LSN(1); err == nil && n <= 30; n++ {
				if _, err = l.Append(record(n, 0), wal.Group); err == nil {
					acked++
				}
				if err == nil && n%10 == 0 {
					err = l.TruncateBefore(1)
				}
			}
			if l != nil {
				if cerr := l.Close(); err == nil && cerr != nil {
					err = cerr
				}
			}
			var typed *status.Error
			if err != nil && !errors.As(err, &typed) {
				t.Fatalf("%v at %d: untyped error %v", kind.err, i, err)
			}
			_, all := mustReplay(t, mem.CrashClone(0.5, rand.New(rand.NewPCG(uint64(i), 3))))
			if len(all) < acked {
				t.Fatalf("%v at %d: %d acknowledged, %d there", kind.err, i, acked, len(all))
			}
			checkRecords(t, all, 1)
			if i > fs.Ops() {
				break
			}
		}
	}
}

// A disk that has no room for a segment of the usual size is filled by smaller ones.
func TestSmallSegmentsOnNearlyFullDisk(t *testing.T) {
	mem := vfs.NewMem()
	const room = 5 << 20 / 2
	mem.SetFull(room)
	l, _, err := replay(mem, wal.Options{StoreID: testOptions.StoreID, PrepareInline: true})
	if err != nil {
		t.Fatal(err)
	}
	payload := make([]byte, 8<<10)
	n := 0
	for ; ; n++ {
		if _, err = l.Append(payload, wal.Group); err != nil {
			break
		}
	}
	if status.CodeOf(err) != status.DiskFull || n*len(payload) < room-(128<<10) {
		t.Errorf("%d of %d bytes were written, then %v", n*len(payload), room, err)
	}
	if err := l.Close(); err != nil && status.CodeOf(err) != status.DiskFull {
		t.Fatal(err)
	}
	mem.SetFull(0)
	if _, got, err := replay(mem, wal.Options{StoreID: testOptions.StoreID}); err != nil || len(got) != n {
		t.Errorf("%d of %d records are read again, %v", len(got), n, err)
	}
}
