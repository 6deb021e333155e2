package oracle

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/query/optimize"
	"github.com/kadedb/kadedb/status"
)

// instance is a store in one setting; all hold the same graph.
type instance struct {
	name string
	on   asker
}

// newInstances opens the same graph in every setting.
func newInstances(t *testing.T, seed uint64) ([]instance, *model) {
	none := map[optimize.Rule]bool{}
	for _, r := range rules {
		none[r] = true
	}
	settings := []struct {
		name       string
		o          kadedb.Options
		checkpoint bool
		restart    bool
		pending    bool // the changes are not committed
		index      bool
	}{
		{name: "plain"},
		{name: "rows one by one", o: kadedb.Options{Engine: kadedb.Engine{BatchSize: 1, Workers: 1}}},
		{name: "no plan cache", o: kadedb.Options{Engine: kadedb.Engine{NoPlanCache: true}}},
		{name: "no rules", o: kadedb.Options{Engine: kadedb.Engine{Rules: optimize.Options{Off: none}}}},
		{name: "spilling", o: kadedb.Options{Engine: kadedb.Engine{BatchSize: 2}, Limits: kadedb.Limits{Memory: 1}}},
		{name: "four workers", o: kadedb.Options{Engine: kadedb.Engine{BatchSize: 3, Workers: 4}}},
		{name: "checkpointed", checkpoint: true},
		{name: "restarted", restart: true},
		{name: "restarted after a checkpoint", checkpoint: true, restart: true},
		{name: "not committed", pending: true},
		{name: "not committed, over blocks", pending: true, checkpoint: true},
		{name: "indexed", index: true},
	}
	var out []instance
	var m *model
	for _, s := range settings {
		r := newRand(seed)
		m = newModel(r, 4+r.IntN(10), 4+r.IntN(30))
		dir := t.TempDir()
		quiet(&s.o)
		db, err := kadedb.Open(dir, &s.o)
		if err != nil {
			t.Fatal(err)
		}
		if s.index {
			do(t, db, "CREATE INDEX FOR (n:A) ON (n.v)", nil)
			do(t, db, "CREATE INDEX FOR (n:B) ON (n.s)", nil)
			do(t, db, "CREATE CONSTRAINT FOR (n:A) REQUIRE n.id IS UNIQUE", nil)
		}
		m.commit(t, db, "")
		m.decorate(t, r, db)
		if s.checkpoint {
			if err := db.Checkpoint(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if s.pending {
			tx := begin(t, db)
			m.change(t, tx, "")
			out = append(out, instance{s.name, tx})
			t.Cleanup(func() { rollback(t, tx) })
		} else {
			m.change(t, db, "")
		}
		if s.restart {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			if db, err = kadedb.Open(dir, &s.o); err != nil {
				t.Fatal(err)
			}
		}
		if !s.pending {
			out = append(out, instance{s.name, db})
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return out, m
}

// longer adds clauses that group, sort, join and spill.
func (q *request) longer(r *rand.Rand) string {
	n, m := q.w.node(), q.w.node()
	text := q.match
	if r.IntN(2) == 0 {
		text += " WITH * WHERE " + q.w.test(2)
	}
	return text + pick(r,
		" RETURN "+q.columns(),
		" RETURN DISTINCT "+q.columns(),
		" RETURN "+q.columns()+" ORDER BY c1, c2, c3 SKIP 1 LIMIT 5",
		" RETURN "+n+".v AS k, count(*) AS c, sum("+m+".v) AS s, max("+m+".f) AS x, count(DISTINCT "+m+".s) AS d",
		" WITH "+n+" AS a, count(*) AS c WHERE c > 1 RETURN a.id AS i, c",
		" WITH DISTINCT "+n+" AS a MATCH (a)-[e]->(z) RETURN a.id AS a, z.id AS z, e.w AS w",
		" WITH "+n+" AS a, collect(DISTINCT "+m+".id) AS l UNWIND l AS i RETURN a.id AS a, i",
		" CALL (*) { MATCH (z)-->(y) WHERE z.v = "+n+".v RETURN count(*) AS c } RETURN "+n+".id AS i, c",
		" RETURN "+n+".id AS i UNION MATCH (z:A) RETURN z.id AS i",
		" RETURN "+n+".x AS i, "+m+".l AS l ORDER BY i, l LIMIT 4",
		" OPTIONAL MATCH (z:B) WHERE z.v = "+n+".v AND z.s = "+m+".s RETURN "+n+".id AS n, z.id AS z",
		" RETURN count(*) AS c",
		" RETURN "+n+".id AS i, COLLECT { MATCH ("+n+")-[e]->(z) RETURN z.id ORDER BY z.id, e.id } AS l",
	)
}

// TestSettings asks the same questions in every setting.
func TestSettings(t *testing.T) {
	var c tally
	for _, seed := range seeds(4) {
		t.Run("", func(t *testing.T) {
			list, m := newInstances(t, seed)
			r := newRand(seed + 6<<32)
			for range 60 {
				q := newRequest(r, m)
				text := q.longer(r)
				want, wantErr := loose(list[0].on, text, nil)
				c.asked++
				if wantErr != nil {
					c.dropped++
				}
				for _, x := range list[1:] {
					got, err := loose(x.on, text, nil)
					switch code := status.CodeOf(err); {
					case code == status.QueryMemoryLimit && x.name == "spilling":
						continue // not everything spills; but nothing else may come of it
					case code == status.Internal:
						t.Fatalf("seed %d, %s: %s\n%v", seed, x.name, text, err)
					case err != nil || wantErr != nil:
						continue // which row's error comes first is open
					case !slices.Equal(got, want):
						t.Fatalf("seed %d, %s: %s\n%s%s\n%s", seed, x.name, text, differ(got, want), plan(list[0].on, text), plan(x.on, text))
					}
				}
			}
		})
	}
	c.check(t)
}
