package exec_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/kadedb/kadedb"
)

// modelNode and modelRel are the graph as plain structs, changed by the same
// statements in the simplest way that there is.
type modelNode struct {
	id, v   int64
	flagged bool
}

type modelRel struct {
	from, to *modelNode
	w        int64
}

type model struct {
	nodes []*modelNode
	rels  []*modelRel
}

func (m *model) clone() *model {
	c, to := &model{}, map[*modelNode]*modelNode{}
	for _, n := range m.nodes {
		k := *n
		c.nodes, to[n] = append(c.nodes, &k), &k
	}
	for _, r := range m.rels {
		c.rels = append(c.rels, &modelRel{to[r.from], to[r.to], r.w})
	}
	return c
}

func (m *model) with(id int64) (out []*modelNode) {
	for _, n := range m.nodes {
		if n.id == id {
			out = append(out, n)
		}
	}
	return out
}

func (m *model) dump() []string {
	var out []string
	for _, n := range m.nodes {
		degree := 0
		for _, r := range m.rels {
			if r.from == n {
				degree++
			}
		}
		out = append(out, fmt.Sprintf("node %d | %d | %v | %d", n.id, n.v, n.flagged, degree))
	}
	for _, r := range m.rels {
		out = append(out, fmt.Sprintf("rel %d | %d | %d", r.from.id, r.w, r.to.id))
	}
	slices.Sort(out)
	return out
}

// change is a statement, its parameters, and what it does to the model.
type change struct {
	text   string
	params kadedb.Params
	apply  func(m *model)
}

// randomChange returns one of the statements with random parameters.
func randomChange(r *rand.Rand) change {
	a, b, d := r.Int64N(12), r.Int64N(12), 1+r.Int64N(3)
	p := kadedb.Params{"a": a, "b": b, "d": d}
	ids := make([]any, r.IntN(6))
	for i := range ids {
		ids[i] = r.Int64N(12)
	}
	switch r.IntN(9) {
	case 0:
		return change{"UNWIND $ids AS i CREATE (:N {id: i, v: i * $d})", kadedb.Params{"ids": ids, "d": d}, func(m *model) {
			for _, i := range ids {
				m.nodes = append(m.nodes, &modelNode{id: i.(int64), v: i.(int64) * d})
			}
		}}
	case 1:
		return change{"UNWIND $ids AS i MERGE (n:N {id: i}) ON CREATE SET n.v = 0 ON MATCH SET n.v = n.v * 2 + $d", kadedb.Params{"ids": ids, "d": d}, func(m *model) {
			for _, i := range ids {
				found := m.with(i.(int64))
				for _, n := range found {
					n.v = n.v*2 + d
				}
				if found == nil {
					m.nodes = append(m.nodes, &modelNode{id: i.(int64)})
				}
			}
		}}
	case 2:
		return change{"MATCH (n:N) WHERE n.id < $a UNWIND [$d, 1] AS x SET n.v = n.v + x", p, func(m *model) {
			for _, n := range m.nodes {
				if n.id < a {
					n.v += d + 1
				}
			}
		}}
	case 3:
		return change{"MATCH (x:N {id: $a}), (y:N {id: $b}) CREATE (x)-[:R {w: $d}]->(y)", p, func(m *model) {
			for _, x := range m.with(a) {
				for _, y := range m.with(b) {
					m.rels = append(m.rels, &modelRel{x, y, d})
				}
			}
		}}
	case 4:
		return change{"MATCH (x:N {id: $a}), (y:N {id: $b}) MERGE (x)-[r:R]->(y) ON CREATE SET r.w = 0 ON MATCH SET r.w = r.w + $d", p, func(m *model) {
			for _, x := range m.with(a) {
				for _, y := range m.with(b) {
					found := false
					for _, r := range m.rels {
						if r.from == x && r.to == y {
							found = true
							r.w += d
						}
					}
					if !found {
						m.rels = append(m.rels, &modelRel{x, y, 0})
					}
				}
			}
		}}
	case 5:
		return change{"MATCH (x:N {id: $a})-[r:R]-() DELETE r", p, func(m *model) {
			m.rels = slices.DeleteFunc(m.rels, func(r *modelRel) bool { return r.from.id == a || r.to.id == a })
		}}
	case 6:
		return change{"MATCH (x:N {id: $a}) DETACH DELETE x", p, func(m *model) {
			m.rels = slices.DeleteFunc(m.rels, func(r *modelRel) bool { return r.from.id == a || r.to.id == a })
			m.nodes = slices.DeleteFunc(m.nodes, func(n *modelNode) bool { return n.id == a })
		}}
	case 7:
		return change{"MATCH (x:N) FOREACH (i IN CASE WHEN x.id % 3 = $d % 3 THEN [1] ELSE [] END | SET x:Flag)", p, func(m *model) {
			for _, n := range m.nodes {
				n.flagged = n.flagged || n.id%3 == d%3
			}
		}}
	}
	return change{"MATCH (x:Flag) WHERE x.v > $a REMOVE x:Flag SET x.v = x.v - $d", p, func(m *model) {
		for _, n := range m.nodes {
			if n.flagged && n.v > a {
				n.flagged, n.v = false, n.v-d
			}
		}
	}}
}

func dumpStore(t *testing.T, db *kadedb.DB) []string {
	t.Helper()
	nodes := outcome(db, statement{text: "MATCH (n:N) RETURN n.id, n.v, n:Flag, COUNT { (n)-[:R]->() }"})
	rels := outcome(db, statement{text: "MATCH (a)-[r:R]->(b) RETURN a.id, r.w, b.id"})
	var out []string
	for _, l := range strings.Split(nodes, "\n") {
		if l != "" {
			out = append(out, "node "+l)
		}
	}
	for _, l := range strings.Split(rels, "\n") {
		if l != "" {
			out = append(out, "rel "+l)
		}
	}
	slices.Sort(out)
	return out
}

// TestRandomWritesAgainstModel runs random statements, alone, in transactions that
// commit and in transactions that roll back, with checkpoints and indexes between them.
func TestRandomWritesAgainstModel(t *testing.T) {
	engines := []kadedb.Engine{{}, {BatchSize: 1, Workers: 1}, {BatchSize: 3, NoPlanCache: true}}
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 21))
		db := openStore(t, engines[seed%3], int64(seed%2)) // every other one spills
		m := &model{}
		var history []string
		for range 60 {
			switch r.IntN(8) {
			case 0:
				if err := db.Checkpoint(context.Background()); err != nil {
					t.Fatal(err)
				}
				history = append(history, "checkpoint")
			case 1:
				if !slices.Contains(history, "index") {
					if _, err := db.Exec(context.Background(), "CREATE INDEX n_id FOR (n:N) ON (n.id)", nil); err != nil {
						t.Fatal(err)
					}
					history = append(history, "index")
				}
			case 2, 3:
				history = append(history, inTransaction(t, db, r, &m)...)
			default:
				c := randomChange(r)
				if _, err := db.Exec(context.Background(), c.text, c.params); err != nil {
					t.Fatalf("seed %d: %s %v: %v", seed, c.text, c.params, err)
				}
				c.apply(m)
				history = append(history, fmt.Sprint(c.text, c.params))
			}
			if got, want := dumpStore(t, db), m.dump(); !slices.Equal(got, want) {
				t.Fatalf("seed %d, after\n%s\n got %v\nwant %v", seed, strings.Join(history, "\n"), got, want)
			}
		}
	}
}

// inTransaction runs some statements in one transaction, which commits or rolls back.
func inTransaction(t *testing.T, db *kadedb.DB, r *rand.Rand, m **model) (history []string) {
	t.Helper()
	ctx := context.Background()
	tx, err := db.Begin(ctx, kadedb.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	next := (*m).clone()
	for range 1 + r.IntN(4) {
		c := randomChange(r)
		if _, err := tx.Exec(ctx, c.text, c.params); err != nil {
			t.Fatalf("%s %v: %v", c.text, c.params, err)
		}
		c.apply(next)
		history = append(history, fmt.Sprint("  in transaction: ", c.text, c.params))
	}
	if r.IntN(3) == 0 {
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		return append(history, "rollback")
	}
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	*m = next
	return append(history, "commit")
}
