package transfer_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/transfer"
)

// BenchmarkImport loads 100,000 nodes and 2.3 million relationships from CSV, durably.
func BenchmarkImport(b *testing.B) {
	const nodes, rels = 100_000, 2_300_000
	dir := b.TempDir()
	rng := rand.New(rand.NewPCG(1, 1))
	write := func(name string, lines func(w *bufio.Writer)) string {
		name = filepath.Join(dir, name)
		f, err := os.Create(name)
		if err != nil {
			b.Fatal(err)
		}
		w := bufio.NewWriter(f)
		lines(w)
		if err := w.Flush(); err != nil {
			b.Fatal(err)
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
		return name
	}
	people := write("people.csv", func(w *bufio.Writer) {
		fmt.Fprintln(w, "id,name,age")
		for i := range nodes {
			fmt.Fprintf(w, "%d,person %d,%d\n", i, i, rng.IntN(90))
		}
	})
	follows := write("follows.csv", func(w *bufio.Writer) {
		fmt.Fprintln(w, "a,b")
		for range rels {
			fmt.Fprintf(w, "%d,%d\n", rng.IntN(nodes), rng.IntN(nodes))
		}
	})
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		db, err := kadedb.Open(filepath.Join(dir, fmt.Sprint("store", i)), nil)
		if err != nil {
			b.Fatal(err)
		}
		i++
		_, err = db.Import(context.Background(), kadedb.ImportSpec{
			Nodes: []transfer.File{{Name: "Person", Path: people}}, IDs: []transfer.ID{{Label: "Person", Column: "id"}},
			Relationships: []transfer.File{{Name: "FOLLOWS", Path: follows}},
			From:          []transfer.End{{Type: "FOLLOWS", Label: "Person", Column: "a"}},
			To:            []transfer.End{{Type: "FOLLOWS", Label: "Person", Column: "b"}},
		})
		if err != nil {
			b.Fatal(err)
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(rels*float64(b.N)/b.Elapsed().Seconds(), "rels/s")
}
