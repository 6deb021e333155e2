package transfer_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/transfer"
)

var oddValues = []string{
	"1", "-9223372036854775807", "1.5", "0.1", "1e300", "0.0/0.0", "1.0/0.0", "-1.0/0.0", "-0.0", "true", "false", "''", "'a'", "'NA'", "'007'", "' x '", "'a;b'", "'a,\"b\"'",
	"'x\\r\\ny'", "'\\u0001\\t'", "'true'", "'1.5'", "'2026-01-31'", "'日本😀'", "'{'", "'[1]'", "date('2026-01-31')", "date('-0044-03-15')", "date('+999999999-12-31')",
	"localdatetime('2026-01-31T12:00:00.123456789')", "localdatetime('1969-12-31T23:59:59.999')", "localdatetime('+99999-01-01T00:00:00')", "datetime('2026-01-31T12:00:00Z')",
	"datetime('2026-01-31T12:00:00.5+01:30')", "datetime('2026-07-31T12:00:00[Europe/Stockholm]')", "localtime('12:34:56.789')", "time('12:00:00+02:00')",
	"duration('P1Y2M3DT4H5M6.789S')", "duration('-PT0.5S')", "duration({months: -9223372036854775807 - 1, days: -9223372036854775807 - 1, seconds: -9223372036854775807, nanoseconds: -999999999})", "point({x: 1, y: -0.5})",
	"point({x: 1, y: 2, z: 1e300})", "point({longitude: -12.5, latitude: 90})", "point({longitude: 1, latitude: 2, height: 3})", "[point({x: 1, y: 2}), point({x: 3, y: 4, z: 5})]",
	"[point({x: 1, y: 2})]", "[]", "[1, 2]", "[1, 2.5]", "['a', 'b;c', '']", "['x']", "['']", "[date('2026-01-31')]", "[[1], ['a']]", "[true]",
	"[0.0/0.0]", "[duration('P1D'), 1]", "[1.0, 2.0]",
}

// oddGraph makes a graph with values of every kind under few keys.
func oddGraph(t testing.TB, seed uint64) *kadedb.DB {
	t.Helper()
	db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	exec := func(text string) {
		t.Helper()
		if _, err := db.Exec(context.Background(), text, nil); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	exec("CREATE CONSTRAINT one FOR (x:A) REQUIRE x.id IS UNIQUE")
	exec("CREATE INDEX two FOR (x:`b b`) ON (x.v, x.w)")
	exec("CREATE INDEX three FOR ()-[x:R]-() ON (x.w)")
	rng := rand.New(rand.NewPCG(seed, 1))
	labels := []string{"", ":A", ":A:`b b`", ":`b b`", ":C:A", ":`ü/:`"}
	keys := []string{"v", "w", "`a:int`", "`k \"q\"`", "z"}
	props := func() string {
		var p []string
		for _, k := range keys {
			if rng.IntN(2) == 0 {
				p = append(p, k+": "+oddValues[rng.IntN(len(oddValues))])
			}
		}
		return strings.Join(p, ", ")
	}
	const nodes = 300
	var b strings.Builder
	for i := range nodes {
		p := fmt.Sprintf("id: %d, only%d: %s", i, i%len(oddValues), oddValues[i%len(oddValues)])
		if more := props(); more != "" {
			p += ", " + more
		}
		fmt.Fprintf(&b, "CREATE (%s {%s})\n", labels[rng.IntN(len(labels))], p)
		if i%100 == 99 {
			exec(b.String())
			b.Reset()
		}
	}
	for _, typ := range []string{"R", "`s t`"} {
		exec(fmt.Sprintf("MATCH (a), (b) WHERE (a.id * 7 + b.id * 13) %% 101 = 0 CREATE (a)-[:%s {%s}]->(b)", typ, "w: a.id + b.id"))
	}
	for range 40 {
		exec(fmt.Sprintf("MATCH (a {id: %d}), (b {id: %d}) CREATE (a)-[:R {%s}]->(b)", rng.IntN(nodes), rng.IntN(nodes), props()))
	}
	return db
}

// exportTo writes a graph to files of a folder.
func exportTo(t testing.TB, db *kadedb.DB, dir string, f transfer.ExportFormat) kadedb.ExportSummary {
	t.Helper()
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	sum, err := db.Export(context.Background(), kadedb.ExportSpec{Format: f, Create: func(name string) (io.WriteCloser, error) {
		return os.Create(filepath.Join(dir, name))
	}})
	if err != nil {
		t.Fatalf("%s: %v", f, err)
	}
	return sum
}

func stateHash(t testing.TB, db *kadedb.DB) string {
	t.Helper()
	h, err := db.StateHash(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestExportRoundTrip exports a graph in every format that is read, and imports it again.
func TestExportRoundTrip(t *testing.T) {
	for seed := range uint64(2) {
		db := oddGraph(t, seed)
		want := stateHash(t, db)
		for _, f := range importable {
			dir := filepath.Join(t.TempDir(), "out")
			sum := exportTo(t, db, dir, f)
			again, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 64 << 20})
			if err != nil {
				t.Fatal(err)
			}
			var spec kadedb.ImportSpec
			schema, err := spec.Folder(dir)
			if err != nil {
				t.Fatal(err)
			}
			got, err := again.Import(context.Background(), spec)
			if err != nil || got.Nodes != sum.Nodes || got.Relationships != sum.Relationships {
				t.Fatalf("%s: %d nodes and %d relationships of %d and %d: %v %v", f, got.Nodes, got.Relationships, sum.Nodes, sum.Relationships, err, got.Bad.First)
			}
			for _, s := range strings.SplitAfter(schema, ";\n") {
				if s == "" {
					continue
				}
				if _, err := again.Exec(context.Background(), strings.TrimSuffix(s, ";\n"), nil); err != nil {
					t.Errorf("%s: %q: %v", f, s, err)
				}
			}
			if h := stateHash(t, again); h != want {
				t.Errorf("%s: the graph came back as another", f)
				differ(t, db, again)
			}
			checkStore(t, again)
			if err := again.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// differ shows nodes and relationships that two stores do not share.
func differ(t *testing.T, a, b *kadedb.DB) {
	t.Helper()
	for _, text := range []string{
		"MATCH (n) UNWIND keys(n) AS k WITH n, k ORDER BY k RETURN n.id AS id, labels(n) AS l, collect([k, n[k]]) AS p ORDER BY id",
		"MATCH (x)-[r]->(y) RETURN x.id AS x, y.id AS y, type(r) AS t, properties(r) AS p ORDER BY x, y, t, toString(p.w)",
		"SHOW INDEXES", "SHOW CONSTRAINTS",
	} {
		one, two := strings.Split(query(t, a, text), "\n"), strings.Split(query(t, b, text), "\n")
		shown := 0
		for i := range one {
			if i < len(two) && one[i] != two[i] && shown < 5 {
				t.Logf("%s\n%s", one[i], two[i])
				shown++
			}
		}
	}
}

// TestStateHash changes one thing at a time.
func TestStateHash(t *testing.T) {
	ctx := context.Background()
	seen := map[string]string{}
	for _, text := range []string{
		"CREATE (:A {x: 1})-[:R {w: 1}]->(:B)", "CREATE (:A {x: 1.0})-[:R {w: 1}]->(:B)", "CREATE (:A {x: '1'})-[:R {w: 1}]->(:B)",
		"CREATE (:A {x: 1})<-[:R {w: 1}]-(:B)", "CREATE (:A {x: 1})-[:R {w: 2}]->(:B)", "CREATE (:A {x: 1})-[:S {w: 1}]->(:B)",
		"CREATE (:A:C {x: 1})-[:R {w: 1}]->(:B)", "CREATE (:A {y: 1})-[:R {w: 1}]->(:B)", "CREATE (:A {x: 1})-[:R {w: 1}]->(:B), ()",
		// Two triangles are no ring of six.
		"CREATE (a:N)-[:T]->(b:N)-[:T]->(c:N)-[:T]->(a)", "CREATE (a:N)-[:T]->(b:N)-[:T]->(c:N)-[:T]->(a), (d:N)-[:T]->(d)", "CREATE INDEX FOR (x:A) ON (x.y)",
	} {
		db, err := kadedb.OpenTemporary(nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(ctx, text, nil); err != nil {
			t.Fatal(err)
		}
		h := stateHash(t, db)
		if was, ok := seen[h]; ok {
			t.Errorf("%s and %s are the same", was, text)
		}
		seen[h] = text
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	// The order of making, and what was deleted, do not count.
	var hashes [2]string
	for i, texts := range [][]string{{"CREATE (:A {x: 1, y: 2})", "CREATE (:B {z: 3})", "MATCH (a:A), (b:B) CREATE (a)-[:R]->(b)"},
		{"CREATE (:Z {q: 1})", "CREATE (:B {z: 3})", "MATCH (z:Z) DELETE z", "CREATE (:A {y: 2, x: 1})", "MATCH (a:A), (b:B) CREATE (a)-[:R]->(b)"}} {
		db, err := kadedb.OpenTemporary(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			if _, err := db.Exec(ctx, text, nil); err != nil {
				t.Fatal(err)
			}
		}
		hashes[i] = stateHash(t, db)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if hashes[0] != hashes[1] {
		t.Error("the order of making counts")
	}
}

func TestGraphML(t *testing.T) {
	db := oddGraph(t, 3)
	dir := filepath.Join(t.TempDir(), "out")
	sum := exportTo(t, db, dir, transfer.ExportGraphML)
	raw, err := os.ReadFile(filepath.Join(dir, "graph.graphml"))
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int64{}
	for d := xml.NewDecoder(bytes.NewReader(raw)); ; {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if s, ok := tok.(xml.StartElement); ok {
			count[s.Name.Local]++
		}
	}
	if count["node"] != sum.Nodes || count["edge"] != sum.Relationships || sum.Nodes != 300 || count["key"] < 5 {
		t.Errorf("%v of %+v", count, sum)
	}
}

// A file that could not be written to its end is among those that are named, so that who
// began it can take it away.
func TestExportNamesWhatItBegan(t *testing.T) {
	db := oddGraph(t, 3)
	for _, format := range []transfer.ExportFormat{transfer.ExportCSV, transfer.ExportGraphML} {
		var began []string
		full := errors.New("full")
		sum, err := db.Export(context.Background(), kadedb.ExportSpec{Format: format, Create: func(name string) (io.WriteCloser, error) {
			began = append(began, name)
			return &fullFile{full}, nil
		}})
		if !errors.Is(err, full) || len(began) != 1 || !slices.Equal(sum.Files, began) {
			t.Errorf("%s: began %q, names %q: %v", format, began, sum.Files, err)
		}
	}
}

type fullFile struct{ err error }

func (f *fullFile) Write([]byte) (int, error) { return 0, f.err }

func (f *fullFile) Close() error { return nil }
