package exec_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

var rewrite = flag.Bool("rewrite", false, "write what statements gave into their files")

// statement is one block of a file in testdata/statements: the text, a line "----",
// and what it gives: rows, effects, or an error. A line "in order" after the dashes
// keeps the order of the rows. "reset" instead of a text starts an empty store.
type statement struct {
	comment, text string
	ordered       bool
	want          string
}

func readStatements(t *testing.T, file string) []statement {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []statement
	for _, block := range strings.Split(strings.TrimSpace(string(raw)), "\n\n") {
		var s statement
		for strings.HasPrefix(block, "#") {
			line, rest, _ := strings.Cut(block, "\n")
			s.comment, block = s.comment+line+"\n", rest
		}
		text, want, ok := strings.Cut(block+"\n", "----\n")
		if !ok {
			t.Fatalf("%s: no ---- after\n%s", file, block)
		}
		s.text, s.want = strings.TrimSpace(text), strings.TrimSpace(want)
		if rest, ordered := strings.CutPrefix(s.want, "in order"); ordered {
			s.ordered, s.want = true, strings.TrimSpace(rest)
		}
		out = append(out, s)
	}
	return out
}

func writeStatements(t *testing.T, file string, list []statement) {
	t.Helper()
	var b strings.Builder
	for i, s := range list {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(s.comment + s.text + "\n----\n")
		if s.ordered {
			b.WriteString("in order\n")
		}
		if s.want != "" {
			b.WriteString(s.want + "\n")
		}
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// outcome runs a statement and writes down what it gave.
func outcome(db *kadedb.DB, s statement) string {
	rows, err := db.Query(context.Background(), s.text, nil)
	if err != nil {
		return errorText(err)
	}
	var lines []string
	for rows.Next() {
		cells := make([]string, len(rows.Columns()))
		for i, v := range rows.Values() {
			cells[i] = literal(v)
		}
		lines = append(lines, strings.Join(cells, " | "))
	}
	if err := rows.Close(); err != nil {
		return errorText(err)
	}
	if !s.ordered {
		slices.Sort(lines)
	}
	e := rows.Summary().Effects
	var parts []string
	for _, p := range []struct {
		name  string
		n, by int64
	}{
		{"nodes", e.NodesCreated, 1}, {"nodes", e.NodesDeleted, -1},
		{"relationships", e.RelationshipsCreated, 1}, {"relationships", e.RelationshipsDeleted, -1},
		{"properties", e.PropertiesSet, 1}, {"labels", e.LabelsAdded, 1}, {"labels", e.LabelsRemoved, -1},
	} {
		if p.n != 0 {
			parts = append(parts, fmt.Sprintf("%s %+d", p.name, p.n*p.by))
		}
	}
	if parts != nil {
		lines = append(lines, "effects: "+strings.Join(parts, ", "))
	}
	return strings.Join(lines, "\n")
}

func errorText(err error) string {
	e := status.From(err)
	phase := e.Phase
	if phase == 0 {
		phase = e.Code.Info().Phase
	}
	return strings.TrimSpace("error: " + e.Code.Info().Name + " " + phase.String())
}

// literal writes a value without numbers of entities, which depend on the store.
func literal(v value.Value) string {
	switch v.Kind() {
	case value.KindNode:
		n := v.AsNode()
		labels := ""
		for _, l := range n.Labels {
			labels += ":" + l
		}
		return "(" + labels + literal(value.FromMap(n.Props)) + ")"
	case value.KindRelationship:
		r := v.AsRelationship()
		return "[:" + r.Type + literal(value.FromMap(r.Props)) + "]"
	case value.KindList:
		var parts []string
		for _, e := range v.Elems() {
			parts = append(parts, literal(e))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case value.KindMap:
		m := v.AsMap()
		var parts []string
		for i := range m.Len() {
			parts = append(parts, m.Keys[i]+": "+literal(m.Vals[i]))
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ", ") + "}"
	case value.KindPath:
		p := v.AsPath()
		out := literal(p.Nodes[0])
		for i, r := range p.Rels {
			out += literal(r) + literal(p.Nodes[i+1])
		}
		return "<" + out + ">"
	}
	return text(v)
}

func openStore(t *testing.T, e kadedb.Engine, memory int64) *kadedb.DB {
	t.Helper()
	db, err := kadedb.OpenTemporary(&kadedb.Options{Engine: e, Limits: kadedb.Limits{Memory: memory}, CheckpointBytes: -1})
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

// TestStatements runs every file of testdata/statements at several batch sizes, with
// a budget that spills, and without the plan cache.
func TestStatements(t *testing.T) {
	files, err := filepath.Glob("testdata/statements/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no statements: %v", err)
	}
	settings := []struct {
		name   string
		engine kadedb.Engine
		memory int64
	}{
		{"plain", kadedb.Engine{}, 0},
		{"rows one by one", kadedb.Engine{BatchSize: 1, Workers: 1, NoPlanCache: true}, 0},
		{"spilling", kadedb.Engine{BatchSize: 3, Workers: 2}, 1},
	}
	for _, file := range files {
		for _, set := range settings {
			t.Run(filepath.Base(file)+"/"+set.name, func(t *testing.T) {
				list := readStatements(t, file)
				db := openStore(t, set.engine, set.memory)
				for i := range list {
					s := &list[i]
					if s.text == "reset" {
						db = openStore(t, set.engine, set.memory)
						continue
					}
					got := outcome(db, *s)
					if *rewrite && set.name == "plain" {
						s.want = got
					} else if got != s.want {
						t.Errorf("%s\n got %s\nwant %s", s.text, got, s.want)
					}
				}
				if *rewrite && set.name == "plain" {
					writeStatements(t, file, list)
				}
			})
		}
	}
}

// sortedLiteral is literal with lists in order.
func sortedLiteral(v value.Value) string {
	if v.Kind() != value.KindList {
		return literal(v)
	}
	elems := slices.Clone(v.Elems())
	slices.SortFunc(elems, value.Order)
	return literal(value.List(elems...))
}
