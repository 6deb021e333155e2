package kv_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/kv"
)

func create(t *testing.T, o kv.Options) *kv.Store {
	t.Helper()
	o.Create = true
	s, err := kv.Open(filepath.Join(t.TempDir(), "blocks.db"), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func put(t *testing.T, s *kv.Store, pairs ...string) {
	t.Helper()
	err := s.Update(func(tx *kv.Tx) error {
		b, err := tx.CreateBucket("b")
		if err != nil {
			return err
		}
		for i := 0; i < len(pairs); i += 2 {
			if err := b.Put([]byte(pairs[i]), []byte(pairs[i+1])); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, s *kv.Store, key string) (string, bool) {
	t.Helper()
	var out []byte
	var ok bool
	err := s.View(func(tx *kv.Tx) error {
		out, ok = tx.Bucket("b").Get(nil, []byte(key))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(out), ok
}

func TestReadAndWrite(t *testing.T) {
	s := create(t, kv.Options{})
	if _, ok := get(t, s, "a"); ok {
		t.Fatal("a new store holds something")
	}
	put(t, s, "a", "1", "ab", "2", "b", "3", "empty", "")
	if v, ok := get(t, s, "ab"); !ok || v != "2" {
		t.Fatalf("%q, %v", v, ok)
	}
	if v, ok := get(t, s, "empty"); !ok || v != "" {
		t.Fatalf("%q, %v", v, ok)
	}
	var seen []string
	scan := func(prefix, from string, stop int) {
		seen = nil
		err := s.View(func(tx *kv.Tx) error {
			return tx.Bucket("b").Scan([]byte(prefix), []byte(from), func(k, v []byte) error {
				seen = append(seen, string(k)+"="+string(v))
				if len(seen) == stop {
					return kv.ErrStop
				}
				return nil
			})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		prefix, from string
		stop         int
		want         string
	}{{"", "", 0, "[a=1 ab=2 b=3 empty=]"}, {"a", "", 0, "[a=1 ab=2]"}, {"a", "aa", 0, "[ab=2]"}, {"", "b", 1, "[b=3]"}, {"z", "", 0, "[]"}} {
		if scan(c.prefix, c.from, c.stop); fmt.Sprint(seen) != c.want {
			t.Errorf("prefix %q from %q: %v, want %s", c.prefix, c.from, seen, c.want)
		}
	}
	// Values change between short and long, and are found by scans.
	long := string(bytes.Repeat([]byte("x"), 100_000))
	for _, v := range []string{long, "short", long + "y", long, ""} {
		put(t, s, "b", v)
		if got, ok := get(t, s, "b"); !ok || got != v {
			t.Fatalf("%d bytes, %v; want %d", len(got), ok, len(v))
		}
		if scan("b", "", 0); fmt.Sprint(seen) != "[b="+v+"]" {
			t.Fatalf("a scan finds %d", len(seen))
		}
	}
	put(t, s, "long", long)
	for _, k := range []string{"long", "b", "none"} {
		if err := s.Update(func(tx *kv.Tx) error { return tx.Bucket("b").Delete([]byte(k)) }); err != nil {
			t.Fatal(err)
		}
		if _, ok := get(t, s, k); ok {
			t.Fatalf("%q is still there", k)
		}
	}
	boom := errors.New("boom")
	err := s.Update(func(tx *kv.Tx) error {
		b := tx.Bucket("b")
		if err := b.Delete([]byte("a")); err != nil {
			return err
		}
		return boom
	})
	if _, ok := get(t, s, "a"); !errors.Is(err, boom) || !ok {
		t.Fatalf("a failed update counts: %v", err)
	}
	err = s.View(func(tx *kv.Tx) error { return tx.Bucket("b").Put([]byte("x"), nil) })
	if status.CodeOf(err) != status.ReadOnlyStore {
		t.Fatalf("a write in View: %v", err)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	held := create(t, kv.Options{})
	whole, err := os.ReadFile(create(t, kv.Options{}).Path())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path string
		want status.Code
	}{
		{filepath.Join(dir, "missing"), status.NotAStore},
		{file("empty", nil), status.NotAStore},
		{file("text", bytes.Repeat([]byte("not a store\n"), 2000)), status.NotAStore},
		{file("short", []byte("x")), status.NotAStore},
		{file("a page and a half", bytes.Repeat([]byte{0xff}, 6000)), status.NotAStore},
		{file("cut in the second page", whole[:os.Getpagesize()+1000]), status.Corruption},
		{held.Path(), status.StoreLocked},
	} {
		s, err := kv.Open(c.path, kv.Options{LockTimeout: 20 * time.Millisecond})
		if status.CodeOf(err) != c.want {
			t.Errorf("%s: %v", filepath.Base(c.path), err)
		}
		if s != nil {
			s.Close()
		}
	}
	// What a crash left of an earlier creation does not matter.
	p := filepath.Join(dir, "new")
	file("new.tmp", []byte("half"))
	s, err := kv.Open(p, kv.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "a", "1")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := kv.Open(p, kv.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if v, _ := get(t, r, "a"); v != "1" {
		t.Fatal(v)
	}
	if err := r.Update(func(*kv.Tx) error { return nil }); status.CodeOf(err) != status.ReadOnlyStore {
		t.Fatal(err)
	}
}

// A reader that stays does not stop a file that grows, nor the other way round.
func TestGrowthWaitsForNobody(t *testing.T) {
	s := create(t, kv.Options{})
	put(t, s, "a", "1")
	release, started := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := s.View(func(tx *kv.Tx) error {
			close(started)
			<-release
			if v, _ := tx.Bucket("b").Get(nil, []byte("a")); string(v) != "1" {
				return fmt.Errorf("the snapshot has %q", v)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-started
	big := string(bytes.Repeat([]byte("x"), 1<<20))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 40 {
			put(t, s, "a", fmt.Sprint(i), fmt.Sprint("big", i), big)
		}
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Error("a growing file waits for a reader")
	}
	close(release)
	wg.Wait()
	if st := s.Stats(); st.FileSize > 60<<20 || st.FileSize < 40<<20 {
		t.Fatalf("the file has %d bytes", st.FileSize)
	}
}

func TestCompact(t *testing.T) {
	p := filepath.Join(t.TempDir(), "blocks.db")
	s, err := kv.Open(p, kv.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		put(t, s, fmt.Sprint(i), string(bytes.Repeat([]byte{byte(i)}, 1<<20)))
	}
	err = s.Update(func(tx *kv.Tx) error {
		for i := range 19 {
			if err := tx.Bucket("b").Delete([]byte(fmt.Sprint(i))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "z", "1")
	before := s.Stats()
	if before.FreeBytes < 15<<20 {
		t.Fatalf("%+v", before)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// One that is interrupted leaves the file as it was, and what a crash of one left is
	// taken away by the next Open.
	image, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := kv.Compact(ended, p); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v", err)
	}
	if now, err := os.ReadFile(p); err != nil || !bytes.Equal(now, image) {
		t.Fatalf("a cancelled compaction changed the file (%v)", err)
	}
	if err := os.WriteFile(p+".tmp", image[:len(image)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := kv.Compact(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	for _, left := range []string{".tmp", ".tmp.tmp"} {
		if err := os.WriteFile(p+left, image[:len(image)/2], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if s, err = kv.Open(p, kv.Options{}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if left, err := filepath.Glob(p + ".*"); err != nil || len(left) > 0 {
		t.Errorf("half a compaction stays: %v, %v", left, err)
	}
	if v, ok := get(t, s, "19"); !ok || len(v) != 1<<20 || v[5] != 19 {
		t.Fatal("compacting lost a value")
	}
	if st := s.Stats(); st.FileSize > before.FileSize/3 {
		t.Fatalf("%d bytes, before %d", st.FileSize, before.FileSize)
	}
}

// Hooks: an error before a commit leaves everything as it was; the file after a
// commit, copied, is a store of that version.
func TestCommitHooks(t *testing.T) {
	var images [][]byte
	var refuse error
	s := create(t, kv.Options{
		BeforeCommit: func() error { return refuse },
		AfterCommit: func(path string) {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Error(err)
			}
			images = append(images, b)
		},
	})
	put(t, s, "a", "0")
	refuse = errors.New("refused")
	if err := s.Update(func(tx *kv.Tx) error { return tx.Bucket("b").Put([]byte("a"), []byte("x")) }); !errors.Is(err, refuse) {
		t.Fatal(err)
	}
	refuse = nil
	put(t, s, "a", "1")
	if len(images) != 2 {
		t.Fatalf("%d commits", len(images))
	}
	for i, b := range images {
		r := openImage(t, b)
		if v, _ := get(t, r, "a"); v != fmt.Sprint(i) {
			t.Fatalf("image %d holds %q", i, v)
		}
		r.Close()
	}
}

func openImage(t *testing.T, b []byte) *kv.Store {
	t.Helper()
	s, err := openBytes(t, b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func openBytes(t *testing.T, b []byte) (*kv.Store, error) {
	p := filepath.Join(t.TempDir(), "image.db")
	if err := os.WriteFile(p, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return kv.Open(p, kv.Options{})
}

const pageSize = 4096

// sectorSize is what a disk writes as a whole at most; it may be less.
const sectorSize = 512

// commitImages runs updates and returns the file after each, and what it holds.
func commitImages(t *testing.T) (images [][]byte, contents []map[string]string) {
	s := create(t, kv.Options{AfterCommit: func(path string) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		}
		images = append(images, b)
	}})
	now := map[string]string{}
	for round := range 12 {
		var pairs []string
		for k := range 30 {
			if k%3 == round%3 || round == 0 {
				v := fmt.Sprintf("%d/%d/%0*d", round, k, 1+(round*k*37)%9000, 7)
				pairs = append(pairs, fmt.Sprint(k), v)
				now[fmt.Sprint(k)] = v
			}
		}
		put(t, s, pairs...)
		contents = append(contents, maps.Clone(now))
	}
	return images, contents
}

// content is what the bucket of tests holds.
func content(s *kv.Store) (map[string]string, error) {
	out := map[string]string{}
	err := s.View(func(tx *kv.Tx) error {
		return tx.Bucket("b").Scan(nil, nil, func(k, v []byte) error { out[string(k)] = string(v); return nil })
	})
	return out, err
}

// A commit torn by a power cut: whatever sectors of its data pages were written, in full or
// in part, the file is as of the commit before; with all of them, and the meta page cut
// anywhere, as of one of the two. Either can be written to.
func TestTornCommit(t *testing.T) {
	const seed = 8
	rng := rand.New(rand.NewPCG(seed, 1))
	images, contents := commitImages(t)
	check := func(what string, image []byte, want ...map[string]string) {
		t.Helper()
		s, err := openBytes(t, image)
		if err != nil {
			t.Fatalf("seed %d, %s: %v", seed, what, err)
		}
		defer s.Close()
		got, err := content(s)
		if err != nil || !slices.ContainsFunc(want, func(w map[string]string) bool { return maps.Equal(w, got) }) {
			t.Fatalf("seed %d, %s: %d values of another version: %v", seed, what, len(got), err)
		}
		put(t, s, "0", "again", "new", "value")
		got["0"], got["new"] = "again", "value"
		if after, err := content(s); err != nil || !maps.Equal(after, got) {
			t.Fatalf("seed %d, %s: written to, it holds %d values: %v", seed, what, len(after), err)
		}
	}
	for i := 1; i < len(images); i++ {
		old, now := images[i-1], images[i]
		grown := append(bytes.Clone(old), make([]byte, max(0, len(now)-len(old)))...)
		for _, share := range []float64{0.1, 0.5, 0.9, 1} {
			torn := bytes.Clone(grown)
			for at := 2 * pageSize; at < len(now); at += sectorSize {
				if rng.Float64() >= share {
					continue
				}
				n := sectorSize
				if rng.IntN(4) == 0 && share < 1 {
					n = rng.IntN(sectorSize)
				}
				copy(torn[at:at+n], now[at:])
			}
			check(fmt.Sprintf("commit %d, %.0f %% of its sectors", i, 100*share), torn, contents[i-1])
		}
		full := append(bytes.Clone(grown[:2*pageSize]), now[2*pageSize:]...)
		for meta := 0; meta < 2*pageSize; meta += pageSize {
			for cut := 0; cut <= 88 && i%4 == 1; cut += 8 {
				torn := bytes.Clone(full)
				copy(torn[meta:meta+cut], now[meta:])
				check(fmt.Sprintf("commit %d, %d bytes of the meta page at %d", i, cut, meta), torn, contents[i-1], contents[i])
			}
		}
	}
}

// branches reports whether the page at an offset is one that points to others.
func branches(image []byte, at int) bool {
	const flag = 1 // of the 16 bits after the page's number
	return at+10 <= len(image) && binary.NativeEndian.Uint16(image[at+8:])&flag != 0
}

// A disk that lost leaf pages though it kept the others gives a typed error or the
// values of some version, never a panic. Values carry their own check.
func TestLyingDisk(t *testing.T) {
	const seed = 9
	rng := rand.New(rand.NewPCG(seed, 1))
	images, contents := commitImages(t)
	known := map[string]bool{}
	for _, c := range contents {
		for k, v := range c {
			known[k+"="+v] = true
		}
	}
	damaged := 0
	for i := 1; i < len(images); i++ {
		for range 8 {
			old, now := images[i-1], images[i]
			torn := append(bytes.Clone(old), make([]byte, max(0, len(now)-len(old)))...)
			for at := 0; at < len(now); at += sectorSize {
				page := at - at%pageSize
				if at < 2*pageSize || branches(old, page) || branches(now, page) || rng.IntN(2) == 0 {
					copy(torn[at:at+sectorSize], now[at:])
				}
			}
			s, err := openBytes(t, torn)
			var got map[string]string
			if err == nil {
				got, err = content(s)
				s.Close()
			}
			for k, v := range got {
				if !known[k+"="+v] {
					err = status.New(status.Corruption) // as their own check would say
				}
			}
			switch status.CodeOf(err) {
			case 0:
			case status.Corruption:
				damaged++
			default:
				t.Fatalf("seed %d, commit %d: %v", seed, i, err)
			}
		}
	}
	if damaged == 0 {
		t.Error("no damage was noticed")
	}
}

// A file that was cut is a typed error when it is opened or read, not the end of the process.
func TestCutFile(t *testing.T) {
	images, contents := commitImages(t)
	image := images[len(images)-1]
	damaged := 0
	var sizes []int
	for size := 0; size < 64*pageSize; size += pageSize / 2 {
		sizes = append(sizes, size)
	}
	for size := 64 * pageSize; size < len(image); size += 61 * pageSize {
		sizes = append(sizes, size)
	}
	for _, size := range sizes {
		s, err := openBytes(t, image[:size])
		if err == nil {
			var got map[string]string
			if got, err = content(s); err == nil && !maps.Equal(got, contents[len(contents)-1]) {
				err = status.New(status.Corruption) // half a page: as values' own checks and counts would say
			}
			if uerr := s.Update(func(tx *kv.Tx) error {
				b, err := tx.CreateBucket("b")
				if err != nil {
					return err
				}
				return b.Put([]byte("k"), bytes.Repeat([]byte("v"), 100))
			}); uerr != nil && status.CodeOf(uerr) != status.Corruption {
				t.Errorf("%d of %d bytes, writing: %v", size, len(image), uerr)
			}
			s.Close()
		}
		switch status.CodeOf(err) {
		case 0:
		case status.Corruption:
			damaged++
		case status.NotAStore:
			if size >= pageSize {
				t.Errorf("%d of %d bytes: %v", size, len(image), err)
			}
		default:
			t.Errorf("%d of %d bytes: %v", size, len(image), err)
		}
	}
	if damaged == 0 {
		t.Error("no damage was noticed")
	}
}

// What keeps a writer from opening a file is found by whoever reads it and verifies.
func TestVerifyFree(t *testing.T) {
	images, _ := commitImages(t)
	image := images[len(images)-1]
	refused := 0
	for size := 2 * pageSize; size <= 256*pageSize; size += pageSize {
		p := filepath.Join(t.TempDir(), "image.db")
		if err := os.WriteFile(p, image[:min(size, len(image))], 0o600); err != nil {
			t.Fatal(err)
		}
		var found error
		r, err := kv.Open(p, kv.Options{ReadOnly: true, MmapSize: 64 << 20})
		if err != nil {
			found = err
		} else {
			found = r.VerifyFree()
			r.Close()
		}
		w, err := kv.Open(p, kv.Options{MmapSize: 64 << 20})
		if err != nil {
			refused++
		} else {
			w.Close()
		}
		if (err != nil) != (found != nil) || found != nil && status.CodeOf(found) != status.Corruption {
			t.Errorf("%d bytes: %v for a writer, a reader found %v", size, err, found)
		}
	}
	if refused == 0 {
		t.Error("nothing was refused")
	}
}

// A file cut behind a running store's back is a typed error, not the end of the process.
func TestTruncatedWhileOpen(t *testing.T) {
	s := create(t, kv.Options{})
	big := string(bytes.Repeat([]byte("x"), 1<<20))
	for i := range 8 {
		put(t, s, fmt.Sprint(i), big)
	}
	if err := os.Truncate(s.Path(), 3*pageSize); err != nil {
		t.Fatal(err)
	}
	err := s.View(func(tx *kv.Tx) error {
		return tx.Bucket("b").Scan(nil, nil, func(k, v []byte) error { _ = bytes.Clone(v); return nil })
	})
	if status.CodeOf(err) != status.Corruption {
		t.Fatalf("reading a cut file: %v", err)
	}
}

// After a commit that failed half way nothing is written any more, and reads go on.
func TestPoison(t *testing.T) {
	var file *os.File
	s, err := kv.Open(filepath.Join(t.TempDir(), "blocks.db"), kv.Options{Create: true,
		OpenFile: func(name string, flag int, perm os.FileMode) (f *os.File, err error) {
			f, err = os.OpenFile(name, flag, perm)
			file = f
			return f, err
		}})
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "a", "1")
	if err := file.Close(); err != nil { // every write and sync fails from here on
		t.Fatal(err)
	}
	for range 2 {
		err := s.Update(func(tx *kv.Tx) error { return tx.Bucket("b").Put([]byte("a"), []byte("2")) })
		if status.CodeOf(err) != status.StorePoisoned {
			t.Fatal(err)
		}
	}
	if v, ok := get(t, s, "a"); !ok || v != "1" {
		t.Fatalf("%q, %v", v, ok)
	}
}

// A panic of the caller's is the caller's.
func TestForeignPanic(t *testing.T) {
	s := create(t, kv.Options{})
	defer func() {
		if r := recover(); r != "mine" {
			t.Fatalf("recovered %v", r)
		}
		put(t, s, "a", "1") // nothing is locked
	}()
	err := s.Update(func(*kv.Tx) error { panic("mine") })
	t.Fatal("no panic", err)
}
