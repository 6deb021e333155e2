package exec_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/query"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/txn"
	"github.com/kadedb/kadedb/value"
)

// benchStore is a graph like the measured one in small: people who follow each other,
// a few of whom are followed by many, some self-loops and parallel relationships.
func benchStore(b testing.TB, people, follows int) *graph.Store {
	b.Helper()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	s, err := graph.Open(graph.Options{Options: txn.Options{Dir: b.TempDir(), Create: true, CheckpointBytes: -1}})
	must(err)
	b.Cleanup(func() { must(s.Abandon()) })
	r := rand.New(rand.NewPCG(3, 5))
	ctx := context.Background()
	tx, err := s.Begin(ctx, false)
	must(err)
	label, err := tx.Label("Person")
	must(err)
	typ, err := tx.Type("FOLLOWS")
	must(err)
	id, err := tx.Key("id")
	must(err)
	age, err := tx.Key("age")
	must(err)
	refs := make([]uint32, people)
	for i := range refs {
		refs[i], err = tx.CreateNode([]catalog.LabelID{label}, []catalog.KeyID{id, age},
			[]value.Value{value.Int(int64(i)), value.Int(13 + r.Int64N(60))})
		must(err)
	}
	_, err = tx.Commit(ctx, graph.None)
	must(err)
	for done := 0; done < follows; {
		tx, err := s.Begin(ctx, false)
		must(err)
		for range min(200_000, follows-done) {
			to := refs[r.IntN(people)]
			if r.IntN(2) == 0 {
				to = refs[r.IntN(people/200+1)]
			}
			_, err := tx.CreateRel(typ, refs[r.IntN(people)], to, nil, nil)
			must(err)
			done++
		}
		_, err = tx.Commit(ctx, graph.None)
		must(err)
	}
	_, err = s.Checkpoint(ctx)
	must(err)
	_, err = s.Analyze(ctx)
	must(err)
	return s
}

var benchQueries = []struct{ name, text string }{
	{"expand", `MATCH (a:Person)-[:FOLLOWS]->(b) WHERE id(b) >= 0 RETURN count(*)`},
	{"expandSum", `MATCH (a:Person)-[:FOLLOWS]->(b) RETURN sum(id(b) % 2)`},
	{"expandFilter", `MATCH (a:Person)-[:FOLLOWS]->(b) WHERE b.age > 40 RETURN count(*), sum(a.age)`},
	{"groupByNode", `MATCH (f:Person)-[:FOLLOWS]->(p:Person) RETURN p.id, count(f.id) AS n ORDER BY n DESC, p.id LIMIT 3`},
	{"twoHops", `MATCH (a:Person)-[:FOLLOWS]->(b:Person)-[:FOLLOWS]->(c:Person) RETURN count(*)`},
	{"twoHopsFiltered", `MATCH (a:Person)-[:FOLLOWS]->(b:Person)-[:FOLLOWS]->(c:Person) WHERE b.age < 50 AND c.age > 25 RETURN count(*)`},
	{"triangles", `MATCH (a:Person)-[:FOLLOWS]->(b)-[:FOLLOWS]->(c)-[:FOLLOWS]->(a) WHERE a.age < 25 RETURN count(*)`},
	{"mutual", `MATCH (a:Person)-[:FOLLOWS]->(b:Person)-[:FOLLOWS]->(a) RETURN count(*)`},
	{"distinct3", `MATCH (a:Person {id: 77})-[:FOLLOWS]->()-[:FOLLOWS]->()-[:FOLLOWS]->(n) RETURN count(DISTINCT n)`},
	{"trails4", `MATCH (a:Person {id: 77})-[:FOLLOWS*4..4]->(n) RETURN count(*)`},
	{"byAge", `MATCH (a:Person) RETURN a.age, count(*) AS n ORDER BY n DESC LIMIT 5`},
}

func BenchmarkQueries(b *testing.B) {
	const people, follows = 20_000, 400_000
	s := benchStore(b, people, follows)
	e, err := query.New(query.Options{Store: s, PlanCache: 100, Workers: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	res, err := e.Run(context.Background(), query.Request{Text: "CREATE INDEX FOR (p:Person) ON (p.id)"})
	if err != nil {
		b.Fatal(err)
	}
	if err := res.Close(); err != nil {
		b.Fatal(err)
	}
	for _, q := range benchQueries {
		b.Run(q.name, func(b *testing.B) {
			p, err := e.Prepare(q.text)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				res, err := e.RunPrepared(context.Background(), p, query.Request{})
				if err != nil {
					b.Fatal(err)
				}
				for res.Next() {
				}
				if err := res.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/follows, "ns/rel")
		})
	}
}

func BenchmarkPointRead(b *testing.B) {
	s := benchStore(b, 20_000, 40_000)
	e, err := query.New(query.Options{Store: s, PlanCache: 100, Workers: 2})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	for _, text := range []string{"CREATE INDEX FOR (p:Person) ON (p.id)"} {
		res, err := e.Run(context.Background(), query.Request{Text: text})
		if err != nil {
			b.Fatal(err)
		}
		if err := res.Close(); err != nil {
			b.Fatal(err)
		}
	}
	p, err := e.Prepare(`MATCH (a:Person {id: $id}) RETURN a.age`)
	if err != nil {
		b.Fatal(err)
	}
	params := map[string]value.Value{}
	b.ReportAllocs()
	i := int64(0)
	for b.Loop() {
		i = (i + 7919) % 20_000
		params["id"] = value.Int(i)
		res, err := e.RunPrepared(context.Background(), p, query.Request{Params: params})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for res.Next() {
			n++
		}
		if err := res.Close(); err != nil || n != 1 {
			b.Fatal(n, err)
		}
	}
}

// Several workers give the rows that one gives.
func TestWorkersAgree(t *testing.T) {
	s := benchStore(t, 20_000, 60_000)
	answers := func(workers, batch int) map[string]string {
		e, err := query.New(query.Options{Store: s, Workers: workers, BatchSize: batch})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		out := map[string]string{}
		for _, q := range benchQueries {
			if q.name == "distinct3" {
				continue
			}
			res, err := e.Run(context.Background(), query.Request{Text: q.text})
			if err != nil {
				t.Fatal(err)
			}
			for res.Next() {
				for _, v := range res.Values() {
					out[q.name] += fmt.Sprint(v.AsInt()) + " "
				}
			}
			if err := res.Close(); err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
	want := answers(1, 0)
	if want["twoHops"] == "" || want["twoHops"] == "0 " {
		t.Fatal("the questions find nothing")
	}
	for _, c := range [][2]int{{2, 0}, {3, 100}, {1, 1000}} {
		if got := answers(c[0], c[1]); !maps.Equal(got, want) {
			t.Errorf("%d workers, batches of %d:\n got %v\nwant %v", c[0], c[1], got, want)
		}
	}
}

// What a node with very many relationships leads to is worked on by all lanes, and is what
// one lane finds.
func TestWorkersAgreeAboutHubs(t *testing.T) {
	s, err := graph.Open(graph.Options{Options: txn.Options{Dir: t.TempDir(), Create: true, CheckpointBytes: -1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Abandon(); err != nil {
			t.Error(err)
		}
	})
	ask := func(workers int, text string) string {
		t.Helper()
		e, err := query.New(query.Options{Store: s, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		res, err := e.Run(context.Background(), query.Request{Text: text})
		if err != nil {
			t.Fatal(text, err)
		}
		out := ""
		for res.Next() {
			out += fmt.Sprintln(res.Values())
		}
		if err := res.Close(); err != nil {
			t.Fatal(text, err)
		}
		return out
	}
	ask(1, `CREATE INDEX FOR (h:Hub) ON (h.id)`)
	ask(1, `UNWIND range(0, 29999) AS i CREATE (:Leaf {id: i, text: 'leaf ' + toString(i % 100)})`)
	ask(1, `CREATE (h:Hub {id: 1}) WITH h MATCH (l:Leaf) CREATE (h)-[:HAS {n: l.id}]->(l)`)
	ask(1, `MATCH (l:Leaf) WHERE l.id % 3 = 0 MATCH (h:Hub) CREATE (l)-[:BACK]->(h)`)
	if _, err := s.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Analyze(context.Background()); err != nil {
		t.Fatal(err)
	}
	ask(1, `MATCH (l:Leaf {id: 17}), (h:Hub) CREATE (h)-[:HAS {n: -5}]->(l)`) // and beside the blocks
	for _, text := range []string{
		`MATCH (h:Hub {id: 1})-[r:HAS]->(l) RETURN count(*) AS c, sum(id(l)), sum(r.n)`,
		`MATCH (h:Hub {id: 1})-[r:HAS]->(l) WHERE l.id % 2 = 0 RETURN l.text AS t, count(*) AS c, max(r.n), min(h.id) ORDER BY t LIMIT 7`,
		`MATCH (h:Hub {id: 1})-[r:HAS]->(l)-[s:BACK]->(k) WHERE r.n < 100000 RETURN count(*), sum(id(l)), count(DISTINCT k)`,
		`MATCH (h:Hub)-[r]-(l:Leaf) RETURN type(r) AS t, count(*) AS c, sum(l.id) ORDER BY t`,
		`MATCH (h:Hub {id: 1})-[r:HAS*1..2]->(l) RETURN count(*), sum(l.id), sum(r[0].n)`,
	} {
		want := ask(1, text)
		if want == "" {
			t.Fatal(text, "finds nothing")
		}
		for range 3 {
			if got := ask(4, text); got != want {
				t.Errorf("%s\n got %s\nwant %s", text, got, want)
			}
		}
	}
}
