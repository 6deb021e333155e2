package main

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/bench/gen"
)

const testPeople = 300

// TestEveryQuestion asks every query and variant of graphs that are small, with writes
// and parameters in between, and compares each answer with the enumeration's.
func TestEveryQuestion(t *testing.T) {
	cases, err := catalogue(3)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range []*gen.Graph{gen.Social(testPeople, 3), gen.Pokec(testPeople, 3)} {
		c := newContest(t, g)
		for _, k := range cases {
			if k.graph != g.Name || k.few {
				continue
			}
			if o := c.run(t.Context(), k, 1); o.Wrong != "" {
				t.Errorf("%s %s: %s", k.name, k.variant, o.Wrong)
			}
			c.rendered(t, k)
		}
		texts, differ, err := c.sameCosts(t.Context(), cases)
		if err != nil || texts == 0 || len(differ) > 0 {
			t.Errorf("%s: of %d permuted texts these have another plan cost: %q (%v)", g.Name, texts, differ, err)
		}
	}
}

// rendered asks what the arrays are asked, in the words of render, where the words of
// the case are a person's.
func (c *contest) rendered(t *testing.T, k *testCase) {
	t.Helper()
	if k.variant != "" || k.answer != nil || len(k.ask.Patterns) > 1 {
		return
	}
	var params map[string]any
	if k.params != nil {
		params = k.params(c.g, 1)
	}
	text := render(k.ask, false, nil)
	a, err := c.ask(t.Context(), text, params)
	if err != nil {
		t.Errorf("%s: %v", text, err)
		return
	}
	if d := difference(a.rows, k.rows(c.g, params, false)); d != "" {
		t.Errorf("%s: %s", text, d)
	}
}

func newContest(t *testing.T, g *gen.Graph) *contest {
	t.Helper()
	dir := t.TempDir()
	c := &contest{g: g, files: filepath.Join(dir, "files"), r: rand.New(rand.NewPCG(5, 6))}
	if err := os.Mkdir(c.files, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := g.WriteCSV(c.files); err != nil {
		t.Fatal(err)
	}
	if _, err := c.loadOne(t.Context(), filepath.Join(dir, "store"), ".csv", true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.db.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// TestWrongAnswerFails changes the arrays behind the store's back.
func TestWrongAnswerFails(t *testing.T) {
	cases, err := catalogue(3)
	if err != nil {
		t.Fatal(err)
	}
	g := gen.Social(testPeople, 3)
	c := newContest(t, g)
	g.Type("FOLLOWS").Add(1, 2)
	for _, k := range cases {
		if k.name == "q8 two-hop paths" && k.variant == "" {
			if o := c.run(t.Context(), k, 1); !strings.Contains(o.Wrong, "instead of") {
				t.Errorf("a relationship that the store lacks passes: %+v", o)
			}
			return
		}
	}
	t.Error("no q8")
}

func TestDifference(t *testing.T) {
	row := func(v ...any) [][]any { return [][]any{v} }
	for _, c := range []struct {
		got, want [][]any
		same      bool
	}{
		{row(int64(1), "a"), row(int64(1), "a"), true},
		{row(1.0), row(int64(1)), false},
		{row(int64(1)), row(1.0), false},
		{row(1.0 + 1e-12), row(1.0), true},
		{row(1.001), row(1.0), false},
		{nil, row(int64(1)), false},
		{row(int64(1), int64(2)), row(int64(1)), false},
		{row(nil), row(int64(0)), false},
	} {
		if d := difference(c.got, c.want); (d == "") != c.same {
			t.Errorf("%v and %v: %q", c.got, c.want, d)
		}
	}
}

func TestGraphsHaveLoopsAndParallels(t *testing.T) {
	for _, typ := range []*gen.Type{gen.Social(testPeople, 1).Type("FOLLOWS"), gen.Pokec(testPeople, 1).Type("FRIEND")} {
		loops, twice, seen := 0, 0, map[[2]uint32]bool{}
		for i, a := range typ.Src {
			p := [2]uint32{a, typ.Dst[i]}
			if p[0] == p[1] {
				loops++
			}
			if seen[p] {
				twice++
			}
			seen[p] = true
		}
		if loops == 0 || twice == 0 {
			t.Errorf("%s: %d loops, %d parallel relationships", typ.Name, loops, twice)
		}
	}
}

func TestRender(t *testing.T) {
	cases, err := catalogue(1)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"q4 people aged 30-40 a country reversed": "MATCH (co:Country)<-[:STATE_IN]-(s:State)<-[:CITY_IN]-(c:City)<-[:LIVES_IN]-(p:Person)",
		"q8 two-hop paths reversed":               "MATCH (a:Person)<-[:FOLLOWS]-(b:Person)-[:FOLLOWS]->(c:Person)",
		"q7 photographers by state types":         "MATCH (p:Person)-[:LIVES_IN]->(c:City)-[:CITY_IN]->(s:State), (p)-[:HAS_INTEREST]->(i:Interest)",
		"neighbours 2 reversed":                   "MATCH (s:User {id: $id})<-[:FRIEND*1..2]-(n:User)",
	}
	for _, k := range cases {
		name := k.name + " " + k.variant
		if w, ok := want[name]; ok {
			if got := strings.SplitN(k.text, "\n", 2)[0]; got != w {
				t.Errorf("%s:\n  %s\nwant\n  %s", name, got, w)
			}
			delete(want, name)
		}
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
}

func TestOptions(t *testing.T) {
	for _, args := range [][]string{{"--runs", "0"}, {"--queries", "("}, {"extra"}, {"--unknown"}} {
		if err := run(context.Background(), args, os.Stderr); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}

// TestMain is also what the tests start as children.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childArg {
		main()
		return
	}
	os.Exit(m.Run())
}
