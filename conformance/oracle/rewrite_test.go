package oracle

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/kadedb/kadedb"
)

// a twin is two texts that must give one bag.
type twin struct{ name, left, right string }

// reversed turns a chain around.
func (ch *chain) reversed() chain {
	names := []string{ch.from}
	for _, h := range ch.hops {
		names = append(names, h.to)
	}
	out := chain{from: names[len(names)-1]}
	for i := len(ch.hops) - 1; i >= 0; i-- {
		h := ch.hops[i]
		h.dir, h.to = -h.dir, names[i]
		out.hops = append(out.hops, h)
	}
	return out
}

// patternTwins rewrites the patterns of a MATCH.
func patternTwins(r *rand.Rand, m *model) []twin {
	g := &maker{r: r}
	c, _ := g.lively(m, []binding{{}})
	tail := " RETURN " + g.named[0] + ".id AS c1, " + g.named[len(g.named)-1] + ".id AS c2"
	text := func(c clause) string { return c.text(map[string]bool{}) + tail }
	left := text(c)
	var out []twin
	back := c
	back.chains = nil
	for i := range c.chains {
		back.chains = append(back.chains, c.chains[i].reversed())
	}
	slices.Reverse(back.chains)
	out = append(out, twin{"R1 reversed", left, text(back)})
	split := c
	split.chains = nil
	for _, ch := range c.chains {
		from := ch.from
		for _, h := range ch.hops {
			split.chains = append(split.chains, chain{from, []hop{h}})
			from = h.to
		}
		if len(ch.hops) == 0 {
			split.chains = append(split.chains, ch)
		}
	}
	out = append(out, twin{"R2 split", left, text(split)})
	bare := c
	bare.labels = nil
	var conds []string
	for _, n := range c.names() {
		for _, l := range c.labels[n] {
			if !strings.HasPrefix(n, "_") {
				conds = append(conds, n+":"+l)
			}
		}
	}
	if conds != nil {
		r.Shuffle(len(conds), func(i, k int) { conds[i], conds[k] = conds[k], conds[i] })
		out = append(out, twin{"R3 labels in WHERE", left, bare.text(map[string]bool{}) + " WHERE " + strings.Join(conds, " AND ") + tail})
	}
	return out
}

// fixedTwins are rewrites of patterns of one shape.
func fixedTwins(r *rand.Rand) []twin {
	typ := pick(r, "", ":T", ":U|V", ":T|U")
	la, lb := pick(r, "", ":A"), pick(r, "", ":B", ":A")
	dir := pick(r, "-[%s]->", "<-[%s]-", "-[%s]-")
	arrow := func(s string) string { return fmt.Sprintf(dir, s) }
	ret := " RETURN a.id AS a, b.id AS b"
	k := r.IntN(4)
	return []twin{
		{"R2 two MATCHes", "MATCH (a" + la + ")" + arrow("r1"+typ) + "(b)" + arrow("r2"+typ) + "(c" + lb + ")" + ret,
			"MATCH (a" + la + ")" + arrow("r1"+typ) + "(b) MATCH (b)" + arrow("r2"+typ) + "(c" + lb + ") WHERE r1 <> r2" + ret},
		{"R3 map", fmt.Sprintf("MATCH (a%s {v: %d})%s(b)%s", la, k, arrow(typ), ret), fmt.Sprintf("MATCH (a%s)%s(b) WHERE a.v = %d%s", la, arrow(typ), k, ret)},
		{"R4 undirected", "MATCH (a" + la + ")-[r" + typ + "]-(b" + lb + ")" + ret,
			"MATCH (a" + la + ")-[r" + typ + "]->(b" + lb + ")" + ret + " UNION ALL MATCH (a" + la + ")<-[r" + typ + "]-(b" + lb + ") WHERE a <> b" + ret},
		{"R5 lengths", "MATCH (a" + la + ")" + arrow(typ+"*1..3") + "(b" + lb + ")" + ret,
			"MATCH (a" + la + ")" + arrow(typ+"*1") + "(b" + lb + ")" + ret + " UNION ALL MATCH (a" + la + ")" + arrow(typ+"*2") + "(b" + lb + ")" + ret +
				" UNION ALL MATCH (a" + la + ")" + arrow(typ+"*3") + "(b" + lb + ")" + ret},
		{"R5 chain", "MATCH (a" + la + ")" + arrow(typ+"*2") + "(b" + lb + ")" + ret, "MATCH (a" + la + ")" + arrow(typ) + "()" + arrow(typ) + "(b" + lb + ")" + ret},
		{"R5 zero", "MATCH (a" + la + ")" + arrow(typ+"*0..1") + "(b" + lb + ")" + ret,
			"MATCH (a" + la + ") WITH a, a AS b WHERE " + orTrue(lb, "b") + ret + " UNION ALL MATCH (a" + la + ")" + arrow(typ) + "(b" + lb + ")" + ret},
		{"quantifier", "MATCH (a" + la + ")" + arrow(typ+"*1..2") + "(b" + lb + ")" + ret, "MATCH (a" + la + ")" + arrow(typ) + "{1,2}(b" + lb + ")" + ret},
		{"COUNT", "MATCH (a" + la + ") RETURN a.id AS a, COUNT { (a)" + arrow(typ) + "(" + lb + ") } AS c",
			"MATCH (a" + la + ") OPTIONAL MATCH (a)" + arrow("r"+typ) + "(" + lb + ") RETURN a.id AS a, count(r) AS c"},
		{"EXISTS", "MATCH (a" + la + ") WHERE EXISTS { (a)" + arrow(typ) + "(" + lb + ") } RETURN a.id AS a", "MATCH (a" + la + ")" + arrow(typ) + "(" + lb + ") RETURN DISTINCT a.id AS a"},
		{"comprehension", "MATCH (a" + la + ") UNWIND [(a)" + arrow(typ) + "(b" + lb + ") | b] AS b" + ret, "MATCH (a" + la + ")" + arrow(typ) + "(b" + lb + ")" + ret},
		{"hash join", "MATCH (a" + la + "), (b" + lb + ") WHERE a.v = b.v" + ret, "MATCH (a" + la + ") MATCH (b" + lb + ") WITH * WHERE NOT a.v <> b.v" + ret},
		{"grouping", "MATCH (a" + la + ")" + arrow(typ) + "(b) RETURN a.v AS k, count(*) AS c, sum(b.v) AS s, min(b.v) AS m",
			"MATCH (a" + la + ")" + arrow(typ) + "(b) WITH a.v AS k, collect(b) AS bs RETURN k, size(bs) AS c, reduce(s = 0, x IN bs | s + coalesce(x.v, 0)) AS s, reduce(m = null, x IN bs | CASE WHEN m IS NULL OR x.v < m THEN coalesce(x.v, m) ELSE m END) AS m"},
	}
}

func orTrue(label, name string) string {
	if label == "" {
		return "true"
	}
	return name + label
}

// conditionTwins rewrite a WHERE.
func conditionTwins(r *rand.Rand, m *model) []twin {
	q := newRequest(r, m)
	p, p2 := q.w.test(2), q.w.test(2)
	tail := " RETURN " + q.columns()
	with := func(cond string) string { return q.match + " WITH * WHERE " + cond + tail }
	out := []twin{
		{"R6 NOT NOT", with(p), with("NOT (NOT (" + p + "))")},
		{"R6 AND true", with(p), with("(" + p + ") AND true")},
		{"R6 OR false", with(p), with("false OR (" + p + ")")},
		{"R6 De Morgan", with("(" + p + ") AND (" + p2 + ")"), with("NOT (NOT (" + p + ") OR NOT (" + p2 + "))")},
		{"R6 swapped", with("(" + p + ") OR (" + p2 + ")"), with("(" + p2 + ") OR (" + p + ")")},
		{"R6 CASE", with(p), with("CASE WHEN " + p + " THEN true ELSE false END")},
		{"R6 list", with(p), with("true IN [" + p + "]")},
		{"R7 WITH *", q.match + tail, q.match + " WITH *" + tail},
		{"R7 UNWIND", with(p), q.match + " UNWIND [0] AS zero WITH * WHERE " + p + tail},
		{"R7 CALL", with(p), q.match + " CALL (*) { WITH * WHERE " + p + " RETURN 1 AS one }" + tail},
		{"R7 DISTINCT ids", q.match + " RETURN DISTINCT " + q.w.nodes[0] + ".id AS c", q.match + " WITH " + q.w.nodes[0] + ".id AS c, count(*) AS n RETURN c"},
		{"R7 sorted", with(p), q.match + " WITH * WHERE " + p + " WITH * ORDER BY " + q.w.nodes[0] + ".v, " + q.w.nodes[0] + ".f DESC" + tail},
		{"FILTER", with(p), q.match + " FILTER " + p + tail},
	}
	if !q.last.optional {
		out = append(out, twin{"R7 WITH * before WHERE", q.match + " WHERE " + p + tail, with(p)})
	}
	return out
}

// TestRewrites asks one question in two ways.
func TestRewrites(t *testing.T) {
	db := openStore(t, kadedb.Options{})
	var c tally
	for _, seed := range seeds(25) {
		tx, m := filled(t, db, seed)
		r := newRand(seed + 2<<32)
		for range 8 {
			for _, w := range slices.Concat(patternTwins(r, m), fixedTwins(r), conditionTwins(r, m)) {
				got, ok := c.bags(t, seed, tx, w.left, w.right)
				if ok && !slices.Equal(got[0], got[1]) {
					t.Fatalf("seed %d, %s:\n%s\n%s\n%s%s\n%s", seed, w.name, w.left, w.right, differ(got[1], got[0]), plan(tx, w.left), plan(tx, w.right))
				}
			}
		}
		rollback(t, tx)
	}
	c.check(t)
}

// TestParameters (R8) gives numbers as literals and as parameters.
func TestParameters(t *testing.T) {
	if err := parameters(t, seeds(10)); err != nil {
		t.Error(err)
	}
}

func parameters(t *testing.T, seeds []uint64) error {
	db := openStore(t, kadedb.Options{})
	do(t, db, "CREATE INDEX FOR (n:A) ON (n.v, n.k)", nil)
	for _, seed := range seeds {
		tx, _ := filled(t, db, seed)
		r := newRand(seed + 3<<32)
		err := literals(seed, r, tx)
		rollback(t, tx)
		if err != nil {
			return err
		}
	}
	return nil
}

func literals(seed uint64, r *rand.Rand, on asker) error {
	for range 20 {
		k, list := r.IntN(5), []any{r.IntN(3), r.IntN(5)}
		form := pick(r, "MATCH (a)-[r]->(b) WHERE a.v < %s AND r.w IN %s RETURN a.id AS a, b.id AS b", "MATCH (a {v: %s})--(b) WHERE b.v IN %s RETURN count(*)",
			"MATCH (a) WHERE a.v <> %s RETURN a.id AS i, a.v IN %s AS x", "MATCH (a:A {v: %s}) RETURN a.id AS i, a.v IN %s AS x")
		// A label expression keeps the index out of it.
		plain := strings.ReplaceAll(form, "(a:A {", "(a:A|A {")
		want, err := bag(on, fmt.Sprintf(plain, fmt.Sprint(k), strings.ReplaceAll(fmt.Sprint(list), " ", ", ")), nil)
		if err != nil {
			return err
		}
		got, err := bag(on, fmt.Sprintf(form, "$k", "$list"), kadedb.Params{"k": k, "list": list})
		if err != nil || !slices.Equal(got, want) {
			return fmt.Errorf("seed %d: %s, %d, %v: %v\n%s", seed, form, k, list, err, differ(got, want))
		}
	}
	return nil
}

// TestSubsets (R9): without a label, a direction or a type there are never fewer rows.
func TestSubsets(t *testing.T) {
	db := openStore(t, kadedb.Options{})
	for _, seed := range seeds(10) {
		tx, m := filled(t, db, seed)
		r := newRand(seed + 4<<32)
		for range 20 {
			g := &maker{r: r}
			c := g.clause()
			count := func() int {
				n := 0
				err := error(nil)
				if got, e := bag(tx, c.text(map[string]bool{})+" RETURN count(*)", nil); e == nil {
					_, err = fmt.Sscan(got[0], &n)
				} else {
					err = e
				}
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				return n
			}
			before := count()
			text := c.text(map[string]bool{})
			switch r.IntN(3) {
			case 0:
				c.labels = nil
			case 1:
				for i := range c.chains {
					for k := range c.chains[i].hops {
						c.chains[i].hops[k].dir = 0
					}
				}
			case 2:
				for i := range c.chains {
					for k := range c.chains[i].hops {
						c.chains[i].hops[k].types = nil
					}
				}
			}
			if after := count(); after < before {
				t.Fatalf("seed %d: %s gives %d rows, without a restriction %d\n%+v", seed, text, before, after, m)
			}
		}
		rollback(t, tx)
	}
}

// TestDisjointGraphs (R10): a connected pattern has as many rows in two graphs side by
// side as in both alone.
func TestDisjointGraphs(t *testing.T) {
	db := openStore(t, kadedb.Options{})
	for _, seed := range seeds(10) {
		r := newRand(seed + 5<<32)
		do(t, db, "MATCH (n) DETACH DELETE n", nil)
		models := []*model{newModel(r, 5, 10), newModel(r, 7, 12)}
		for i, m := range models {
			extra := fmt.Sprintf(":Part%d", i)
			m.commit(t, db, extra)
			m.change(t, db, extra)
		}
		if err := db.Checkpoint(context.Background()); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			g := &maker{r: r}
			c := g.clause()
			c.chains = c.chains[:1]
			text := c.text(map[string]bool{}) + " RETURN count(*)"
			got, err := bag(db, text, nil)
			want := len(c.rows(models[0], binding{})) + len(c.rows(models[1], binding{}))
			if err != nil || got[0] != fmt.Sprint(want) {
				t.Fatalf("seed %d: %s: %v, want %d (%v)", seed, text, got, want, err)
			}
		}
	}
}
