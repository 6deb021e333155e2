package optimize_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/query/optimize"
)

// allRules switches every rewrite off: patterns are then matched as written and
// enumerated.
var allRules = map[optimize.Rule]bool{
	optimize.Reorder: true, optimize.UseIndex: true, optimize.PushFilter: true, optimize.MergeMatch: true,
	optimize.CountPresent: true, optimize.TopK: true, optimize.Intersection: true, optimize.CountTrails: true,
	optimize.CountStore: true, optimize.DistinctEnds: true, optimize.Hash: true, optimize.LoneGroups: true,
	optimize.OptionalCount: true, optimize.CallCount: true, optimize.GroupByKey: true, optimize.LateProject: true,
}

// once are questions that some rule has answered wrongly.
var once = []string{
	// Relationships of two MATCHes may be the same, also where both close at one node.
	"MATCH (n1:A {v: 1})-[r2]-(n3:A {v: 1})-[r4]-({v: 2})<-[r5]-(:A) WITH n3 MATCH (n3)-[:T*1..3]-(n3)<-[:T|U]-(n7:B) RETURN n7.v, count(DISTINCT n7)",
	"MATCH (a)-[:T]->(b) WITH a, b MATCH (a)-[:T]->(b) RETURN a.id, b.id, count(*)",
	"MATCH (a) OPTIONAL MATCH (a)-[r:T]->(b) RETURN a.id, count(b), count(r)",
	"MATCH (a:A) OPTIONAL MATCH (a)-[:T]->(b)-[:T]->(c) WHERE c.v > 0 RETURN a.v, count(c) AS n ORDER BY n DESC, a.v LIMIT 2",
	"MATCH (a:A) OPTIONAL MATCH (a)-[:T]->(b) OPTIONAL MATCH (b)-[:U]-(c) RETURN a.id, count(b), count(c), count(*)",
	"MATCH (a:A)-->(b) OPTIONAL MATCH (b)-[:U]-(c) RETURN count(c)",
	"MATCH (a) CALL (a) { MATCH (a)-[:T]->(b) RETURN count(b) AS n } RETURN a.id, n",
	"MATCH (a) CALL (a) { MATCH (a)-[:T]->(b) WHERE b.v > a.v RETURN count(*) + a.v AS n } RETURN a.id, n",
	"MATCH (a) OPTIONAL CALL (a) { MATCH (a)-[:T]->(b)-->(c) RETURN count(*) AS n } RETURN sum(n)",
	"UNWIND [1, 1, 2] AS x CALL (x) { MATCH (a {v: x})--(b) RETURN count(b.v) AS n } RETURN x, n",
	"MATCH (a:A) CALL (a) { MATCH (a)-[:U]-(b) CALL (b) { MATCH (b)-->(c) RETURN count(c) AS m } RETURN sum(m) AS n } RETURN a.id, n",
	"OPTIONAL MATCH (a:Nope)-->(b) RETURN count(b), count(a)",
	"MATCH (a)-[:T]->(b)-[:U]->(c) WITH a, c MATCH (c)-[:T]->(a) RETURN count(*)",
}

// TestRulesKeepRows asks random questions of random graphs (with self-loops, parallel
// relationships, and changes not yet committed) with all rules on and with all
// off: the answers must be the same.
func TestRulesKeepRows(t *testing.T) {
	graphs, questions := 3, 120
	if testing.Short() {
		graphs, questions = 2, 60
	}
	for seed := range graphs {
		r := rand.New(rand.NewPCG(uint64(seed), 7))
		committed, pending := graphStatements(r)
		with, without := openTx(t, nil, committed, pending), openTx(t, allRules, committed, pending)
		for q := range questions + len(once) {
			text := ""
			if q < len(once) {
				text = once[q]
			} else {
				text = (&question{r: r}).text()
			}
			a, errA := answer(with, text)
			b, errB := answer(without, text)
			if (errA == nil) != (errB == nil) || !slices.Equal(a, b) {
				t.Fatalf("graph %d, question %d:\n%s\nwith rules    %v %v\nwithout rules %v %v\n%s", seed, q, text, a, errA, b, errB,
					strings.Join(explain(with, text), "\n"))
			}
		}
	}
}

func openTx(t *testing.T, off map[optimize.Rule]bool, committed, pending []string) *kadedb.Tx {
	t.Helper()
	ctx := context.Background()
	db, err := kadedb.OpenTemporary(&kadedb.Options{Durability: kadedb.DurableNone,
		Engine: kadedb.Engine{Rules: optimize.Options{Off: off}, Workers: 1, NoPlanCache: true}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, s := range committed {
		if _, err := db.Exec(ctx, s, nil); err != nil {
			t.Fatal(s, err)
		}
	}
	tx, err := db.Begin(ctx, kadedb.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	})
	for _, s := range pending {
		if _, err := tx.Exec(ctx, s, nil); err != nil {
			t.Fatal(s, err)
		}
	}
	return tx
}

// graphStatements makes a graph: a part to be committed and a part that is not.
func graphStatements(r *rand.Rand) (committed, pending []string) {
	const nodes = 14
	for i := range nodes {
		label := []string{":A", ":B", ":A:B", ""}[r.IntN(4)]
		props := fmt.Sprintf("id: %d", i)
		if r.IntN(4) > 0 {
			props += fmt.Sprintf(", v: %d", r.IntN(4))
		}
		committed = append(committed, fmt.Sprintf("CREATE (%s {%s})", label, props))
	}
	rel := func() string {
		from, to := r.IntN(nodes), r.IntN(nodes)
		if r.IntN(6) == 0 {
			to = from
		}
		return fmt.Sprintf("MATCH (a {id: %d}), (b {id: %d}) CREATE (a)-[:%s {w: %d}]->(b)", from, to, []string{"T", "U"}[r.IntN(2)], r.IntN(3))
	}
	for range 22 {
		committed = append(committed, rel())
	}
	committed = append(committed, "CREATE INDEX FOR (n:A) ON (n.v)", "CREATE INDEX FOR ()-[r:T]-() ON (r.w)", "CREATE CONSTRAINT FOR (n:B) REQUIRE n.id IS NODE KEY")
	for range 8 {
		pending = append(pending, rel())
	}
	pending = append(pending, "MATCH (a {id: 3})-[r:T]->() DELETE r", "CREATE (:A {v: 1})-[:T]->(:A {id: 99})")
	return committed, pending
}

func answer(tx *kadedb.Tx, text string) ([]string, error) {
	rows, err := tx.Query(context.Background(), text, nil)
	if err != nil {
		return nil, err
	}
	var out []string
	for rows.Next() {
		var b strings.Builder
		for _, v := range rows.Values() {
			b.WriteString(v.String() + " | ")
		}
		out = append(out, b.String())
	}
	slices.Sort(out)
	return out, rows.Close()
}

func explain(tx *kadedb.Tx, text string) []string {
	rows, err := tx.Query(context.Background(), "EXPLAIN "+text, nil)
	if err != nil {
		return []string{err.Error()}
	}
	var out []string
	for rows.Next() {
		out = append(out, rows.Values()[0].String())
	}
	if err := rows.Close(); err != nil {
		out = append(out, err.Error())
	}
	return out
}

// question makes up one query.
type question struct {
	r     *rand.Rand
	nodes []string
	rels  []string
	n     int
}

func (q *question) pick(xs ...string) string { return xs[q.r.IntN(len(xs))] }

func (q *question) node() string {
	name := ""
	switch {
	case len(q.nodes) > 0 && q.r.IntN(4) == 0:
		return "(" + q.nodes[q.r.IntN(len(q.nodes))] + ")"
	case q.r.IntN(4) > 0:
		q.n++
		name = fmt.Sprintf("n%d", q.n)
		q.nodes = append(q.nodes, name)
	}
	return "(" + name + q.pick("", "", ":A", ":B", ":A {v: 1}", ":B {id: 3}", " {v: 2}") + ")"
}

func (q *question) rel() string {
	name := ""
	types := q.pick("", ":T", ":T", ":U", ":T|U")
	length := ""
	switch {
	case q.r.IntN(8) == 0:
		length = q.pick("*1..2", "*0..1", "*2..2", "*1..3")
	case q.r.IntN(4) == 0:
		q.n++
		name = fmt.Sprintf("r%d", q.n)
		q.rels = append(q.rels, name)
	}
	mid := "[" + name + types + length + "]"
	return q.pick("-"+mid+"->", "<-"+mid+"-", "-"+mid+"-")
}

func (q *question) path(hops int) string {
	var b strings.Builder
	b.WriteString(q.node())
	for range hops {
		b.WriteString(q.rel() + q.node())
	}
	return b.String()
}

func (q *question) where() string {
	if len(q.nodes) == 0 || q.r.IntN(2) == 0 {
		return ""
	}
	a, b := q.nodes[q.r.IntN(len(q.nodes))], q.nodes[q.r.IntN(len(q.nodes))]
	conds := []string{a + ".v > 0", a + ":B", a + " <> " + b, a + ".v = " + b + ".v", a + ".id IN [1, 2, 3, 4, 5, 6]",
		"NOT (" + a + ")-[:T]->(" + b + ")", "EXISTS { (" + a + ")-[:U]->(x) WHERE x.v >= 1 }", a + ".v IS NOT NULL", a + ".v % 2 = 1", a + ".v >= 1 AND " + a + ".v < 3",
		"COUNT { (" + a + ")-[:T]-() } > 1", "COUNT { (" + a + ")-->(x:A)-[:T]->() } < 3"}
	if len(q.rels) > 0 {
		r := q.rels[q.r.IntN(len(q.rels))]
		conds = append(conds, r+".w = 1", r+".w > 0 AND "+r+".w <= 2", r+".w IN [0, 2, 2, null]")
	}
	s := " WHERE " + q.pick(conds...)
	if q.r.IntN(2) == 0 {
		s += " AND " + q.pick(conds...)
	}
	return s
}

func (q *question) match() string {
	parts := []string{q.path(q.r.IntN(4))}
	if q.r.IntN(4) == 0 {
		parts = append(parts, q.path(q.r.IntN(2)))
	}
	return "MATCH " + strings.Join(parts, ", ") + q.where()
}

func (q *question) text() string {
	s := q.match()
	if len(q.nodes) > 0 && q.r.IntN(3) == 0 {
		keep := q.nodes[q.r.IntN(len(q.nodes))]
		q.nodes, q.rels = []string{keep}, nil
		s += " " + q.pick("WITH "+keep, "WITH DISTINCT "+keep, "WITH "+keep+", count(*) AS c", "WITH "+keep+", "+keep+".v AS v WHERE v < 3")
		s += " " + q.pick("", "OPTIONAL ") + q.match()
	}
	if len(q.nodes) == 0 {
		return s + " RETURN count(*)"
	}
	a, b := q.nodes[q.r.IntN(len(q.nodes))], q.nodes[q.r.IntN(len(q.nodes))]
	returns := []string{"count(*)", "count(" + a + ")", "count(DISTINCT " + a + ".id)", "count(" + a + ".v), sum(" + b + ".v)", "DISTINCT " + a + ".id",
		a + ".id, count(*)", a + ".id, " + b + ".v", a + ".v AS v, count(" + b + ".id) AS n ORDER BY n DESC, v LIMIT 3", "min(" + a + ".v), max(" + b + ".id)",
		a + ".v, count(DISTINCT " + b + ")", "sum(COUNT { (" + a + ")-[:U]->() })", "sum(COUNT { (" + a + ")--(:B)-->(x) WHERE x.v > 0 })", "DISTINCT " + a + ".id, " + b + ".id"}
	if len(q.rels) > 0 {
		r := q.rels[q.r.IntN(len(q.rels))]
		returns = append(returns, "count(DISTINCT "+r+")", "sum("+r+".w)", a+".id, "+r+".w")
	}
	return s + " RETURN " + q.pick(returns...)
}
