package oracle

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/value"
)

var (
	seedFlag = flag.Uint64("seed", 0, "the first seed")
	rounds   = flag.Int("rounds", 0, "how many times the usual rounds; or KADEDB_ROUNDS")
)

// seeds gives the seeds of a test: n of them, unless a flag asks for others.
func seeds(n int) []uint64 {
	times := *rounds
	if times == 0 {
		times, _ = strconv.Atoi(os.Getenv("KADEDB_ROUNDS"))
	}
	switch {
	case *seedFlag > 0 && times <= 1:
		n = 1
	case times > 1:
		n *= times
	case testing.Short():
		n = max(n/8, 1)
	}
	out := make([]uint64, n)
	for i := range out {
		out[i] = *seedFlag + uint64(i)
	}
	return out
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x6b616465)) }

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// node and rel are the model of what a store holds; numbers are indexes into the graph.
type node struct {
	labels []string
	v      int // -1: none
	gone   bool
}

func (n *node) has(label string) bool { return slices.Contains(n.labels, label) }

type rel struct {
	typ      string
	from, to int
	w        int
	gone     bool
}

// model is a graph in plain slices.
type model struct {
	nodes []node
	rels  []rel
	// Those from these on are written after the commit; the ones marked gone are
	// deleted after it.
	laterNodes, laterRels int
}

var typeNames = []string{"T", "U", "V"}

// newModel makes a graph with self-loops, parallel relationships, nodes of several
// labels or none, and a part that is written later.
func newModel(r *rand.Rand, nodes, rels int) *model {
	m := &model{laterNodes: nodes - nodes/4, laterRels: rels - rels/3}
	for range nodes {
		m.nodes = append(m.nodes, node{labels: pick(r, []string{"A"}, []string{"B"}, []string{"A", "B"}, nil, []string{"A", "C"}), v: r.IntN(5) - 1})
	}
	for i := range rels {
		x := rel{typ: typeNames[min(r.IntN(4), 2)], w: r.IntN(4)}
		limit := nodes
		if i < m.laterRels {
			limit = max(m.laterNodes, 1)
		}
		x.from, x.to = r.IntN(limit), r.IntN(limit)
		switch {
		case r.IntN(6) == 0:
			x.to = x.from
		case i > 0 && r.IntN(6) == 0:
			x.from, x.to = m.rels[i-1].from, m.rels[i-1].to
		}
		m.rels = append(m.rels, x)
	}
	for i := range m.laterRels {
		m.rels[i].gone = r.IntN(8) == 0
	}
	for i := range m.laterNodes {
		if r.IntN(12) == 0 {
			m.nodes[i].gone = true
			for k := range m.rels {
				x := &m.rels[k]
				x.gone = x.gone || x.from == i || x.to == i
			}
		}
	}
	// What is written later cannot hang on what is deleted.
	m.rels = slices.Concat(m.rels[:m.laterRels], slices.DeleteFunc(slices.Clone(m.rels[m.laterRels:]), func(x rel) bool { return x.gone }))
	return m
}

// asker runs statements: a store or an open transaction.
type asker interface {
	Query(ctx context.Context, text string, params kadedb.Params) (*kadedb.Rows, error)
}

func do(t testing.TB, on asker, text string, params kadedb.Params) {
	t.Helper()
	rows, err := on.Query(context.Background(), text, params)
	if err != nil {
		t.Fatal(text, err)
	}
	for rows.Next() {
	}
	if err := rows.Close(); err != nil {
		t.Fatal(text, err)
	}
}

// write creates the nodes and relationships with numbers in the given ranges.
func (m *model) write(t testing.TB, on asker, nodes, rels [2]int, extra string) {
	byLabels := map[string][]any{}
	for i := nodes[0]; i < nodes[1]; i++ {
		n := &m.nodes[i]
		row := map[string]any{"id": i, "v": any(n.v)}
		if n.v < 0 {
			row["v"] = nil
		}
		key := extra
		for _, l := range n.labels {
			key += ":" + l
		}
		byLabels[key] = append(byLabels[key], row)
	}
	for labels, rows := range byLabels {
		do(t, on, "UNWIND $rows AS row CREATE (n"+labels+" {id: row.id, v: row.v})", kadedb.Params{"rows": rows})
	}
	byType := map[string][]any{}
	for i := rels[0]; i < rels[1]; i++ {
		x := &m.rels[i]
		byType[x.typ] = append(byType[x.typ], map[string]any{"id": i, "from": x.from, "to": x.to, "w": x.w})
	}
	for typ, rows := range byType {
		do(t, on, "UNWIND $rows AS row MATCH (a"+extra+" {id: row.from}), (b"+extra+" {id: row.to}) CREATE (a)-[:"+typ+" {id: row.id, w: row.w}]->(b)",
			kadedb.Params{"rows": rows})
	}
}

// commit writes the part of the model that is committed; extra, such as ":G7", is a
// label of all its nodes.
func (m *model) commit(t testing.TB, on asker, extra string) {
	m.write(t, on, [2]int{0, m.laterNodes}, [2]int{0, m.laterRels}, extra)
}

// change writes the rest of the model.
func (m *model) change(t testing.TB, on asker, extra string) {
	var rels, nodes []any
	for i := range m.laterRels {
		if m.rels[i].gone {
			rels = append(rels, i)
		}
	}
	for i := range m.laterNodes {
		if m.nodes[i].gone {
			nodes = append(nodes, i)
		}
	}
	if rels != nil {
		do(t, on, "MATCH (n"+extra+")-[r]->() WHERE r.id IN $ids DELETE r", kadedb.Params{"ids": rels})
	}
	if nodes != nil {
		do(t, on, "MATCH (n"+extra+") WHERE n.id IN $ids DETACH DELETE n", kadedb.Params{"ids": nodes})
	}
	m.write(t, on, [2]int{m.laterNodes, len(m.nodes)}, [2]int{m.laterRels, len(m.rels)}, extra)
}

func openStore(t testing.TB, o kadedb.Options) *kadedb.DB {
	t.Helper()
	quiet(&o)
	db, err := kadedb.OpenTemporary(&o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func quiet(o *kadedb.Options) {
	o.Durability, o.CheckpointBytes, o.Memory = kadedb.DurableNone, -1, 256<<20
	o.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
}

func begin(t testing.TB, db *kadedb.DB) *kadedb.Tx {
	t.Helper()
	tx, err := db.Begin(context.Background(), kadedb.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

func rollback(t testing.TB, tx *kadedb.Tx) {
	t.Helper()
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
}

// answer gives a query's rows as text, in order.
func answer(on asker, text string, params kadedb.Params) ([]string, error) {
	var out []string
	err := each(on, text, params, func(row []value.Value) {
		parts := make([]string, len(row))
		for i, v := range row {
			parts[i] = v.String()
		}
		out = append(out, strings.Join(parts, " | "))
	})
	return out, err
}

// bag is answer with the rows sorted.
func bag(on asker, text string, params kadedb.Params) ([]string, error) {
	out, err := answer(on, text, params)
	slices.Sort(out)
	return out, err
}

// loose is bag where a float is written as the integer that it equals: which of two
// equal values stands for both after DISTINCT, or comes first, is open.
func loose(on asker, text string, params kadedb.Params) ([]string, error) {
	var out []string
	err := each(on, text, params, func(row []value.Value) {
		parts := make([]string, len(row))
		for i, v := range row {
			if f, ok := v, v.Kind() == value.KindFloat; ok && f.AsFloat() == math.Trunc(f.AsFloat()) && math.Abs(f.AsFloat()) < 1e15 {
				v = value.Int(int64(f.AsFloat()))
			}
			parts[i] = v.String()
		}
		out = append(out, strings.Join(parts, " | "))
	})
	slices.Sort(out)
	return out, err
}

func each(on asker, text string, params kadedb.Params, f func([]value.Value)) error {
	rows, err := on.Query(context.Background(), text, params)
	if err != nil {
		return err
	}
	for rows.Next() {
		f(rows.Values())
	}
	return rows.Close()
}

// differ describes two bags that are not equal.
func differ(got, want []string) string {
	count := map[string]int{}
	for _, s := range got {
		count[s]++
	}
	for _, s := range want {
		count[s]--
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d rows, want %d\n", len(got), len(want))
	lines := 0
	for _, s := range slices.Sorted(maps(count)) {
		if n := count[s]; n != 0 && lines < 10 {
			fmt.Fprintf(&b, "%+d × %s\n", n, s)
			lines++
		}
	}
	return b.String()
}

func maps(m map[string]int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}
