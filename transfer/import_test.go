package transfer_test

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/vfs"
	"github.com/kadedb/kadedb/transfer"
)

func openDB(t *testing.T, dir string) *kadedb.DB {
	t.Helper()
	db, err := kadedb.Open(dir, &kadedb.Options{Memory: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// people writes a random graph into files: n people, m relationships with
// properties of several types, some null, some rows equal.
func people(t *testing.T, dir string, n, m int, seed uint64) kadedb.ImportSpec {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 2))
	write := func(name string, rows int, header string, row func(i int) []string) string {
		p := filepath.Join(dir, name)
		f, err := os.Create(p)
		if err != nil {
			t.Fatal(err)
		}
		b := bufio.NewWriter(f)
		w := csv.NewWriter(b)
		rec := strings.Split(header, ",")
		for i := -1; i < rows; i++ {
			if i >= 0 {
				rec = row(i)
			}
			if err := w.Write(rec); err != nil {
				t.Fatal(err)
			}
		}
		w.Flush()
		if err := errors.Join(b.Flush(), f.Close()); err != nil {
			t.Fatal(err)
		}
		return p
	}
	pf := write("people.csv", n, "id,name,age", func(i int) []string {
		age := ""
		if r.IntN(5) > 0 {
			age = strconv.Itoa(r.IntN(90))
		}
		return []string{strconv.Itoa(i * 3), fmt.Sprintf("person, \"%d\"", i), age}
	})
	last := []string{"0", "0", "x", "0.5", "2020-01-01T00:00"}
	kf := write("knows.csv", m, "a,b,word,weight,at", func(i int) []string {
		if r.IntN(20) == 0 {
			return last
		}
		a := r.IntN(n)
		if r.IntN(3) == 0 {
			a = r.IntN(3)
		}
		last = []string{strconv.Itoa(3 * a), strconv.Itoa(3 * r.IntN(n)), []string{"", "x", "some longer word"}[r.IntN(3)],
			strconv.FormatFloat(float64(r.IntN(1000))/8, 'f', -1, 64), fmt.Sprintf("2020-01-%02dT10:00", 1+r.IntN(28))}
		if r.IntN(4) == 0 {
			last[3] = ""
		}
		return last
	})
	return kadedb.ImportSpec{
		Nodes: []transfer.File{{Name: "Person", Path: pf}}, IDs: []transfer.ID{{Label: "Person", Column: "id"}},
		Relationships: []transfer.File{{Name: "KNOWS", Path: kf}},
		From:          []transfer.End{{Type: "KNOWS", Label: "Person", Column: "a"}},
		To:            []transfer.End{{Type: "KNOWS", Label: "Person", Column: "b"}},
	}
}

// rowsOf renders the rows of a file as the query of compare gives them, sorted.
func rowsOf(t *testing.T, path string, render func(rec []string) string) []string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	recs, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, rec := range recs[1:] {
		out = append(out, render(rec))
	}
	sort.Strings(out)
	return out
}

func answer(t *testing.T, db *kadedb.DB, text string) []string {
	t.Helper()
	out := strings.Split(strings.TrimSuffix(query(t, db, text), "\n"), "\n")
	sort.Strings(out)
	return out
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d rows, want %d", what, len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("%s: row %d is %s, want %s", what, i, got[i], want[i])
		}
	}
}

func orNull(s, quote string) string {
	if s == "" {
		return "null"
	}
	return quote + s + quote
}

func compare(t *testing.T, db *kadedb.DB, spec kadedb.ImportSpec) {
	t.Helper()
	want := rowsOf(t, spec.Nodes[0].Path, func(r []string) string {
		return r[0] + " | '" + r[1] + "' | " + orNull(r[2], "")
	})
	same(t, "people", answer(t, db, `MATCH (p:Person) RETURN p.id, p.name, p.age`), want)
	want = rowsOf(t, spec.Relationships[0].Path, func(r []string) string {
		w := orNull(r[3], "")
		if r[3] != "" && !strings.Contains(r[3], ".") {
			w += ".0"
		}
		return fmt.Sprintf("%s | %s | %s | %s | localdatetime('%s')", r[0], r[1], orNull(r[2], "'"), w, r[4])
	})
	same(t, "forward", answer(t, db, `MATCH (a:Person)-[r:KNOWS]->(b) RETURN a.id, b.id, r.word, r.weight, r.at`), want)
	same(t, "backward", answer(t, db, `MATCH (b:Person)<-[r:KNOWS]-(a) RETURN a.id, b.id, r.word, r.weight, r.at`), want)
}

// TestRoundTrip imports random graphs with plenty of memory and with so little that
// everything is sorted in files, and reads all of it back.
func TestRoundTrip(t *testing.T) {
	for _, memory := range []int64{64 << 20, 200 << 10, 40 << 10} {
		t.Run(fmt.Sprint(memory>>10, " KiB"), func(t *testing.T) {
			dir := t.TempDir()
			spec := people(t, dir, 5000, 30_000, uint64(memory))
			spec.Memory = memory
			db := openDB(t, filepath.Join(dir, "store"))
			sum, err := db.Import(context.Background(), spec)
			if err != nil {
				t.Fatal(err)
			}
			if spilled := sum.Spilled > 0; spilled != (memory < 1<<20) {
				t.Errorf("%d bytes were spilled", sum.Spilled)
			}
			if sum.Nodes != 5000 || sum.Relationships != 30_000 {
				t.Errorf("%d nodes, %d relationships", sum.Nodes, sum.Relationships)
			}
			compare(t, db, spec)
			left, err := os.ReadDir(filepath.Join(dir, "store", "tmp"))
			if err == nil && len(left) > 0 {
				t.Errorf("temporary files are left: %v", left)
			}
			checkStore(t, db)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			db = openDB(t, filepath.Join(dir, "store"))
			compare(t, db, spec)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestLateMisfit widens columns of properties and ids beyond the sample: all of them are
// named, and the plan is told again as it is then. A dry run finds out as much.
func TestLateMisfit(t *testing.T) {
	dir := t.TempDir()
	var p, k strings.Builder
	p.WriteString("id,v,u,e\n")
	k.WriteString("a,b,w\n")
	const n = 40_000
	for i := range n {
		id, v, w, e := strconv.Itoa(i), strconv.Itoa(i%7), strconv.Itoa(i%5), ""
		if i == n-2 {
			id, v, w, e = "last", "2.5", "many", "true"
		}
		fmt.Fprintf(&p, "%s,%s,%s,%s\n", id, v, v, e)
		fmt.Fprintf(&k, "%s,%d,%s\n", id, 0, w)
	}
	write := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return name
	}
	var said strings.Builder
	spec := kadedb.ImportSpec{
		Nodes: []transfer.File{{Name: "P", Path: write("p.csv", p.String())}}, IDs: []transfer.ID{{Label: "P", Column: "id"}},
		Relationships: []transfer.File{{Name: "K", Path: write("k.csv", k.String())}},
		From:          []transfer.End{{Type: "K", Label: "P", Column: "a"}}, To: []transfer.End{{Type: "K", Label: "P", Column: "b"}},
		Notice:  func(s string) { said.WriteString(s + "\n") },
		Planned: func(p *transfer.Plan) error { said.WriteString(p.String()); return nil },
	}
	const want = `nodes P from p.csv
  id                       integer, id
  v                        integer
  u                        integer
  e                        no values so far
relationships K from k.csv
  a                        integer, from P.id
  b                        integer, to P.id
  w                        integer
p.csv:40000: column "id" is of type string, not integer
p.csv: column "v" is of type float, not integer
p.csv: column "u" is of type float, not integer
p.csv: column "e" is of type boolean; the first rows have no values in it
nodes P from p.csv
  id                       string, id
  v                        float
  u                        float
  e                        boolean
relationships K from k.csv
  a                        string, from P.id
  b                        string, to P.id
  w                        integer
k.csv:40000: column "w" is of type string, not integer
relationships K from k.csv
  a                        string, from P.id
  b                        string, to P.id
  w                        string
`
	db := openDB(t, filepath.Join(dir, "store"))
	defer db.Close()
	for _, dry := range []bool{true, false} {
		said.Reset()
		spec.DryRun = dry
		sum, err := db.Import(context.Background(), spec)
		if err != nil || sum.Nodes != n || sum.Relationships != n {
			t.Fatalf("%+v, %v", sum, err)
		}
		if got := strings.ReplaceAll(said.String(), dir+string(filepath.Separator), ""); got != want {
			t.Errorf("it says\n%s", got)
		}
		if got := query(t, db, "MATCH (n) RETURN count(*)"); dry && got != "0\n" {
			t.Errorf("after a dry run there are nodes: %s", got)
		}
	}
	got := query(t, db, `MATCH (p:P {id: 'last'})-[r]->(q) RETURN p.v, q.id, r.w`)
	if got != "2.5 | '0' | 'many'\n" {
		t.Errorf("the last row reads %s", got)
	}
	got = query(t, db, `MATCH (p:P)-[r]->() RETURN sum(p.v), count(DISTINCT r.w), count(*)`)
	sumV := 2.5 - float64((n-2)%7)
	for i := range n {
		sumV += float64(i % 7)
	}
	if want := fmt.Sprintf("%.1f | 6 | %d\n", sumV, n); got != want {
		t.Errorf("sums are %s, want %s", got, want)
	}
	checkStore(t, db)
}

// TestStopped stops imports at more and more of the reads and writes that they do of
// files, copies the store there as a crash would leave it, and finds both as they were
// before.
func TestStopped(t *testing.T) {
	dir := t.TempDir()
	spec := people(t, dir, 2000, 10_000, 3)
	spec.Memory = 100 << 10
	db := openDB(t, filepath.Join(dir, "store"))
	if _, err := db.Exec(context.Background(), `CREATE (:Person {id: -1, name: 'before'})-[:KNOWS {word: 'old'}]->(:Other)`, nil); err != nil {
		t.Fatal(err)
	}
	const state = `MATCH (n) OPTIONAL MATCH (n)-[r]->(m) RETURN labels(n), properties(n), properties(r), labels(m)`
	before := query(t, db, state)
	points := 0
	for at := 0; ; at += 1 + at/8 {
		ctx, cancel := context.WithCancel(context.Background())
		var mu sync.Mutex
		step, crashed := 0, ""
		hook := func() {
			mu.Lock()
			defer mu.Unlock()
			if step == at {
				crashed = copyStore(t, filepath.Join(dir, "store"))
				cancel()
			}
			step++
		}
		s := spec
		s.Open = func(path string) (io.ReaderAt, int64, io.Closer, error) {
			f, err := os.Open(path)
			if err != nil {
				return nil, 0, nil, err
			}
			info, err := f.Stat()
			return stopper{f, hook}, info.Size(), f, err
		}
		s.FS = vfs.NewFaulty(vfs.OS, func(vfs.Op) error { hook(); return nil })
		_, err := db.Import(ctx, s)
		cancel()
		if crashed == "" {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		points++
		if err == nil {
			// The last file was removed already.
			break
		}
		if status.CodeOf(err) != status.Cancelled {
			t.Fatalf("stopped at %d: %v", at, err)
		}
		if got := query(t, db, state); got != before {
			t.Fatalf("stopped at %d:\n%s\nwant\n%s", at, got, before)
		}
		old := openDB(t, crashed)
		if got := query(t, old, state); got != before {
			t.Fatalf("crashed at %d:\n%s\nwant\n%s", at, got, before)
		}
		checkStore(t, old)
		if err := old.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if points < 20 {
		t.Errorf("stopped at %d points only", points)
	}
	checkStore(t, db)
	if got := query(t, db, `MATCH (p:Person) RETURN count(p)`); got != "2001\n" {
		t.Errorf("%s people", got)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// stopper calls at before every read.
type stopper struct {
	io.ReaderAt
	at func()
}

func (s stopper) ReadAt(b []byte, off int64) (int, error) {
	s.at()
	return s.ReaderAt.ReadAt(b, off)
}

func copyStore(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(filepath.Join(to, "store"), os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(to, "store")
}

func shared(t *testing.T, name string) string {
	t.Helper()
	p := filepath.Join("../../shared/data", name)
	if _, err := os.Stat(p); err != nil {
		t.Skipf("SKIPPED, the shared data is not there: %v", err)
	}
	return p
}

// TestLSQB imports a whole social network of files with Neo4j's headers.
// Rows that cannot be kept are not dropped: nothing counts then.
func TestLooked(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "p.csv")
	if err := os.WriteFile(file, []byte("id\n1\n1\n2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	db := openDB(t, filepath.Join(dir, "store"))
	kept, full := 0, errors.New("no room")
	spec := kadedb.ImportSpec{Nodes: []transfer.File{{Name: "P", Path: file}}, IDs: []transfer.ID{{Label: "P", Column: "id"}}, SkipBad: true,
		BadRow: func(transfer.BadRow) error { kept++; return nil }, Looked: func() error { return full }}
	if _, err := db.Import(context.Background(), spec); !errors.Is(err, full) || kept != 1 {
		t.Errorf("%d kept, %v", kept, err)
	}
	if got := strings.TrimSpace(query(t, db, "MATCH (n) RETURN count(*)")); got != "0" {
		t.Errorf("%s nodes", got)
	}
}

func TestLSQB(t *testing.T) {
	dir := shared(t, "lsqb-sf0.003")
	names, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	if err != nil || len(names) == 0 {
		t.Fatal("no files", err)
	}
	var spec kadedb.ImportSpec
	want := map[string]int{}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Count(strings.TrimSuffix(string(raw), "\n"), "\n")
		base := strings.TrimSuffix(filepath.Base(name), ".csv")
		header, _, _ := strings.Cut(string(raw), "\n")
		if strings.Contains(header, ":ID") {
			spec.Nodes = append(spec.Nodes, transfer.File{Name: base, Path: name})
			want["n "+base] += lines
			continue
		}
		parts := strings.Split(base, "_")
		spec.Relationships = append(spec.Relationships, transfer.File{Name: parts[1], Path: name})
		want["r "+parts[1]] += lines
	}
	db := openDB(t, filepath.Join(t.TempDir(), "store"))
	defer db.Close()
	sum, err := db.Import(context.Background(), spec)
	if err != nil {
		t.Fatalf("%v %v", err, sum.Bad.First)
	}
	for k, n := range want {
		text := fmt.Sprintf("MATCH (n:`%s`) RETURN count(n)", k[2:])
		if k[0] == 'r' {
			text = fmt.Sprintf("MATCH ()-[r:`%s`]->() RETURN count(r)", k[2:])
		}
		if got := query(t, db, text); got != fmt.Sprint(n, "\n") {
			t.Errorf("%s: %s, want %d", k, strings.TrimSpace(got), n)
		}
	}
	checkStore(t, db)
}

// TestFlights imports three million rows, of which 191 are equal to another.
func TestFlights(t *testing.T) {
	airports, flights := shared(t, "flights/airports.csv"), shared(t, "flights/flights-3m.parquet")
	if testing.Short() || underRace {
		t.Skip("SKIPPED: three million rows in a short run, or under the race detector")
	}
	db := openDB(t, filepath.Join(t.TempDir(), "store"))
	defer db.Close()
	sum, err := db.Import(context.Background(), kadedb.ImportSpec{
		Nodes: []transfer.File{{Name: "Airport", Path: airports}}, IDs: []transfer.ID{{Label: "Airport", Column: "iata"}},
		Relationships: []transfer.File{{Name: "FLIGHT", Path: flights}},
		From:          []transfer.End{{Type: "FLIGHT", Label: "Airport", Column: "origin"}},
		To:            []transfer.End{{Type: "FLIGHT", Label: "Airport", Column: "destination"}},
	})
	if err != nil || sum.Nodes != 3376 || sum.Relationships != 3_000_000 {
		t.Fatalf("%d nodes, %d relationships, %v", sum.Nodes, sum.Relationships, err)
	}
	if sum.Spilled == 0 {
		t.Errorf("nothing was sorted in files with 32 MiB")
	}
	got := query(t, db, `MATCH (a:Airport)-[r:FLIGHT]->() RETURN count(*), count(DISTINCT a), min(r.date), max(r.date)`)
	if got != "3000000 | 229 | localdatetime('2001-01-01T00:01') | localdatetime('2001-07-01T00:00')\n" {
		t.Errorf("flights: %s", got)
	}
	got = query(t, db, `MATCH (a)<-[r:FLIGHT]-() RETURN count(r), sum(r.distance)`)
	if got != "3000000 | 2194861208\n" {
		t.Errorf("backward: %s", got)
	}
}

// TestLateMixedIDs finds out late that ids are numbers and strings.
func TestLateMixedIDs(t *testing.T) {
	dir := t.TempDir()
	var b strings.Builder
	const n = 20_000
	for i := range n {
		id := strconv.Itoa(i)
		if i == n-2 {
			id = `"last"`
		}
		fmt.Fprintf(&b, "{\"id\": %s}\n", id)
	}
	name := filepath.Join(dir, "p.jsonl")
	if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	var notices []string
	db := openDB(t, filepath.Join(dir, "store"))
	defer db.Close()
	_, err := db.Import(context.Background(), kadedb.ImportSpec{
		Nodes: []transfer.File{{Name: "P", Path: name}}, IDs: []transfer.ID{{Label: "P", Column: "id"}},
		Notice: func(s string) { notices = append(notices, s) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(notices) != 2 || !strings.Contains(notices[0], `of several types`) || !strings.HasSuffix(notices[1], `p.jsonl:19999: column "id" is of type any, not integer`) {
		t.Errorf("notices: %q", notices)
	}
	if got := query(t, db, "MATCH (p:P) WHERE p.id = 'last' OR p.id = 17 OR p.id = '17' RETURN p.id"); got != "17\n'last'\n" {
		t.Errorf("ids are %s", got)
	}
	checkStore(t, db)
}
