package optimize_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/query/optimize"
	"github.com/kadedb/kadedb/storage/catalog"
)

var rewrite = flag.Bool("rewrite", false, "write the plans that come out into the testdata files")

// social describes the graph that the golden plans are made for.
func social(t *testing.T) (catalog.Snapshot, *catalog.Statistics) {
	t.Helper()
	tokens := catalog.NewTokens()
	id := func(k catalog.Kind, name string) uint32 {
		n, _, err := tokens.Intern(k, name)
		if err != nil {
			t.Fatal(err)
		}
		tokens.MarkLogged(k, n)
		return n
	}
	st := &catalog.Statistics{Labels: map[catalog.LabelID]uint64{}, Types: map[catalog.TypeID]catalog.TypeStatistics{},
		Triples: map[catalog.Triple]uint64{}, NodeProps: map[catalog.Column]catalog.ColumnStatistics{}}
	sch := &catalog.Schema{}
	for _, l := range []struct {
		name string
		n    uint64
	}{{"Person", 100000}, {"City", 7678}, {"State", 67}, {"Country", 3}, {"Interest", 41}, {"User", 100000}} {
		label := id(catalog.Label, l.name)
		st.Labels[catalog.LabelID(label)] = l.n
		st.Nodes += l.n
		key := catalog.KeyID(id(catalog.Key, "id"))
		ix := catalog.IndexID(len(sch.Indexes) + 1)
		sch.Indexes = append(sch.Indexes, catalog.Index{ID: ix, Name: "key_" + strings.ToLower(l.name), Token: label, Keys: []catalog.KeyID{key}, Unique: true, Online: true})
		sch.Constraints = append(sch.Constraints, catalog.Constraint{Name: "key_" + strings.ToLower(l.name), Kind: catalog.NodeKey, Token: label, Keys: []catalog.KeyID{key}, Index: ix})
		st.NodeProps[catalog.Column{Token: label, Key: key}] = catalog.ColumnStatistics{Count: l.n, Distinct: l.n}
	}
	for _, p := range []struct {
		label, key string
		distinct   uint64
	}{{"Person", "age", 60}, {"Person", "gender", 2}, {"City", "city", 7000}, {"Country", "country", 3}, {"State", "country", 3}, {"Interest", "interest", 41}} {
		label, _ := tokens.Lookup(catalog.Label, p.label)
		st.NodeProps[catalog.Column{Token: label, Key: catalog.KeyID(id(catalog.Key, p.key))}] =
			catalog.ColumnStatistics{Count: st.Labels[catalog.LabelID(label)], Distinct: p.distinct}
	}
	label, _ := tokens.Lookup(catalog.Label, "City")
	sch.Indexes = append(sch.Indexes, catalog.Index{ID: 90, Name: "city_name", Token: label,
		Keys: []catalog.KeyID{catalog.KeyID(id(catalog.Key, "city")), catalog.KeyID(id(catalog.Key, "size"))}, Online: true})
	for _, r := range []struct {
		from, name, to string
		n              uint64
	}{{"Person", "FOLLOWS", "Person", 2291024}, {"Person", "LIVES_IN", "City", 100000}, {"Person", "HAS_INTEREST", "Interest", 243886},
		{"City", "CITY_IN", "State", 7678}, {"State", "STATE_IN", "Country", 67}, {"User", "FRIEND", "User", 1770000}} {
		typ := catalog.TypeID(id(catalog.Type, r.name))
		f, _ := tokens.Lookup(catalog.Label, r.from)
		to, _ := tokens.Lookup(catalog.Label, r.to)
		st.Types[typ] = catalog.TypeStatistics{Count: r.n}
		for _, x := range []catalog.LabelID{catalog.LabelID(f), catalog.AnyLabel} {
			for _, y := range []catalog.LabelID{catalog.LabelID(to), catalog.AnyLabel} {
				st.Triples[catalog.Triple{From: x, Type: typ, To: y}] = r.n
			}
		}
	}
	return catalog.Snapshot{Tokens: tokens, Schema: sch}, st
}

// TestGoldenPlans compares plans with those in testdata: blocks of `query`, a line
// `----`, the plan, a blank line.
func TestGoldenPlans(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	snap, stats := social(t)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		for _, block := range strings.Split(strings.TrimSpace(string(data)), "\n\n") {
			text, want, _ := strings.Cut(block, "\n----\n")
			text = strings.TrimSuffix(text, "\n----")
			p, err := compile(tckQuery{text: text}, optimize.Options{Catalog: snap, Statistics: stats})
			got := ""
			if err != nil {
				got = "error: " + err.Error()
			} else {
				if m := checkPlan(p); m != "" {
					t.Errorf("%s\n%s", text, m)
				}
				got = trimLines(p.Explain(nil))
			}
			if got != want && !*rewrite {
				t.Errorf("%s: %s\ngives\n%s\nwant\n%s", file, text, got, want)
			}
			out.WriteString(text + "\n----\n" + got + "\n\n")
		}
		if *rewrite {
			if err := os.WriteFile(file, []byte(strings.TrimSpace(out.String())+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func trimLines(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// TestPermutedPatterns gives one pattern in several orders: the plans must cost the
// same.
func TestPermutedPatterns(t *testing.T) {
	snap, stats := social(t)
	for _, texts := range [][]string{
		{
			"MATCH (p:Person)-[:LIVES_IN]->(c:City)-[:CITY_IN]->(s:State)-[:STATE_IN]->(co:Country) WHERE co.country = 'x' RETURN c.id, avg(p.age)",
			"MATCH (co:Country)<-[:STATE_IN]-(s:State)<-[:CITY_IN]-(c:City)<-[:LIVES_IN]-(p:Person) WHERE co.country = 'x' RETURN c.id, avg(p.age)",
			"MATCH (s:State)<-[:CITY_IN]-(c:City), (s)-[:STATE_IN]->(co:Country {country: 'x'}), (p:Person)-[:LIVES_IN]->(c) RETURN c.id, avg(p.age)",
		},
		{
			"MATCH (a:Person)-[:FOLLOWS]->(b:Person)-[:FOLLOWS]->(c:Person), (a)-[:FOLLOWS]->(c) WHERE a.age < 25 RETURN count(*)",
			"MATCH (a)-[:FOLLOWS]->(c:Person), (b:Person)-[:FOLLOWS]->(c), (a:Person)-[:FOLLOWS]->(b) WHERE a.age < 25 RETURN count(*)",
		},
		{
			"MATCH (a:Person)-[:FOLLOWS]->(b:Person)-[:FOLLOWS]->(c:Person) WHERE b.age < 50 AND c.age > 25 RETURN count(*)",
			"MATCH (c:Person)<-[:FOLLOWS]-(b:Person), (b)<-[:FOLLOWS]-(a:Person) WHERE c.age > 25 AND b.age < 50 RETURN count(*)",
		},
	} {
		var first float64
		for i, text := range texts {
			p, err := compile(tckQuery{text: text}, optimize.Options{Catalog: snap, Statistics: stats})
			if err != nil {
				t.Fatal(text, err)
			}
			cost := p.Root.Base().Cost
			if i == 0 {
				first = cost
			} else if cost < first*0.999 || cost > first*1.001 {
				t.Errorf("%s costs %g, the first of its kind %g\n%s", text, cost, first, p.Explain(nil))
			}
		}
	}
}
