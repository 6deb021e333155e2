package graph

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
)

// imported returns a closed store with 20,000 nodes and 300,000 edges.
func imported(t *testing.T) (dir string, typ catalog.TypeID) {
	t.Helper()
	dir = t.TempDir()
	s, err := Open(testOptions(dir))
	must(t, err)
	r := rand.New(rand.NewPCG(6, 6))
	_, err = s.Import(context.Background(), func(b *Bulk) error {
		l, err := b.Label("P")
		must(t, err)
		typ, err = b.Type("F")
		must(t, err)
		k, err := b.Key("age")
		must(t, err)
		first, err := b.Nodes([]catalog.LabelID{l}, 10_000)
		must(t, err)
		v := column.Vector{Type: column.Int, Ints: make([]int64, 10_000)}
		for i := range v.Ints {
			v.Ints[i] = r.Int64N(90)
		}
		must(t, b.NodeColumn(k, first, &v, len(v.Ints)))
		src, dst := make([]uint32, 100_000), make([]uint32, 100_000)
		for i := range src {
			src[i], dst[i] = first+r.Uint32N(10_000), first+r.Uint32N(10_000)
		}
		_, _, err = b.AddRels(typ, src, dst)
		return err
	})
	must(t, err)
	must(t, s.Close())
	return dir, typ
}

// TestOpenReadsLittle: an open after a clean close reads the manifest and no blocks.
func TestOpenReadsLittle(t *testing.T) {
	dir, typ := imported(t)
	s, err := Open(testOptions(dir))
	must(t, err)
	st := s.Stats()
	if read := st.KV.BytesRead; read*20 > st.KV.FileSize {
		t.Errorf("open read %d of %d bytes", read, st.KV.FileSize)
	}
	if st.WAL.Replayed > 1 {
		t.Errorf("open replayed %d records", st.WAL.Replayed)
	}
	r, err := s.Snapshot()
	must(t, err)
	if r.CountRels(typ) != 100_000 || r.Statistics().Types[typ].Count != 100_000 {
		t.Errorf("%d relationships, statistics say %d", r.CountRels(typ), r.Statistics().Types[typ].Count)
	}
	r.Close()
	must(t, s.Close())
}

func TestReadOnly(t *testing.T) {
	dir, typ := imported(t)
	o := testOptions(dir)
	o.Create, o.ReadOnly = false, true
	s, err := Open(o)
	must(t, err)
	r, err := s.Snapshot()
	must(t, err)
	if r.CountRels(typ) != 100_000 {
		t.Errorf("%d relationships", r.CountRels(typ))
	}
	r.Close()
	_, err = s.Begin(context.Background(), false)
	wantCode(t, err, status.ReadOnlyStore)
	checkStore(t, s)
	must(t, s.Close())
}

func TestOpenRefuses(t *testing.T) {
	o := testOptions(filepath.Join(t.TempDir(), "missing"))
	o.Create = false
	_, err := Open(o)
	wantCode(t, err, status.NotAStore)

	dir, _ := imported(t)
	s, err := Open(testOptions(dir))
	must(t, err)
	_, err = Open(testOptions(dir))
	wantCode(t, err, status.StoreLocked)
	must(t, s.Close())
}

// TestCheckReadsTheKeptLog damages a record that the checkpoint made needless: opening
// does not meet it, Check does.
func TestCheckReadsTheKeptLog(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(testOptions(dir))
	must(t, err)
	for range 3 {
		tx, err := s.Begin(context.Background(), false)
		must(t, err)
		_, err = tx.CreateNode(nil, nil, nil)
		must(t, err)
		commit(t, tx)
	}
	_, err = s.Checkpoint(context.Background())
	must(t, err)
	checkStore(t, s)
	must(t, s.Close())

	files, err := filepath.Glob(filepath.Join(dir, "wal", "*.log"))
	must(t, err)
	text, err := os.ReadFile(files[0])
	must(t, err)
	const payload = 64 + 24 // of the first record: behind the headers of segment and frame
	text[payload] ^= 4
	must(t, os.WriteFile(files[0], text, 0o600))

	o := testOptions(dir)
	o.Create, o.ReadOnly = false, true
	s, err = Open(o)
	must(t, err)
	var found []string
	must(t, s.Check(context.Background(), func(p Problem) { found = append(found, p.String()) }))
	if len(found) != 1 || !strings.Contains(found[0], filepath.Base(files[0])+", offset ") {
		t.Errorf("found %q", found)
	}
	must(t, s.Close())
}

// TestCheckFindsDamage flips bytes all over the file of blocks: whatever opens is
// either right or reported.
func TestCheckFindsDamage(t *testing.T) {
	dir, typ := imported(t)
	path := filepath.Join(dir, "blocks.db")
	whole, err := os.ReadFile(path)
	must(t, err)
	r := rand.New(rand.NewPCG(8, 8))
	s, err := Open(testOptions(dir))
	must(t, err)
	want := fingerprint(t, s, typ)
	var blocks [][2]int // where each block lies in the file
	rd, err := s.Snapshot()
	must(t, err)
	rd.s.base.eachBlock(func(number uint64, _ func() string) {
		if number != 0 {
			raw, err := s.txn.Raw(nil, number)
			must(t, err)
			blocks = append(blocks, [2]int{bytes.Index(whole, raw), len(raw)})
		}
	})
	rd.Close()
	must(t, s.Abandon())
	found := 0
	for i := range 40 {
		damaged := append([]byte(nil), whole...)
		at := r.IntN(len(damaged))
		if i%2 == 0 {
			b := blocks[r.IntN(len(blocks))]
			at = b[0] + r.IntN(b[1])
		}
		damaged[at] ^= 1 << r.IntN(8)
		must(t, os.WriteFile(path, damaged, 0o600))
		s, err := Open(testOptions(dir))
		if err != nil {
			found++
			continue
		}
		problems := 0
		if err := s.Check(context.Background(), func(Problem) { problems++ }); err != nil {
			problems++
		}
		if problems > 0 {
			found++
		} else if got := fingerprint(t, s, typ); got != want {
			t.Error("a flipped bit changes answers unnoticed")
		}
		if err := s.Abandon(); err != nil {
			t.Log(err)
		}
	}
	if found < 20 {
		t.Errorf("of 20 bits flipped in blocks and 20 elsewhere only %d were found", found)
	}
}

// fingerprint sums up all edges and ages.
func fingerprint(t *testing.T, s *Store, typ catalog.TypeID) uint64 {
	t.Helper()
	r, err := s.Snapshot()
	must(t, err)
	defer r.Close()
	a := r.Adjacency(typ, Out)
	defer a.Close()
	age, _ := r.Catalog().Key("age")
	c := r.NodeColumn(age)
	defer c.Close()
	sum := uint64(r.CountRels(typ))
	for node := range r.NodeHigh() {
		nbr, rel, err := a.List(node)
		must(t, err)
		for i := range nbr {
			sum += edgeHash(node, nbr[i], rel[i])
		}
		v, err := c.Value(node)
		must(t, err)
		sum = sum*31 + uint64(v.AsInt())
	}
	return sum
}
