package render_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/cmd/kadedb/render"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

func node(id uint64, label string, props ...any) value.Value {
	m := &value.Map{}
	for i := 0; i < len(props); i += 2 {
		m.Set(props[i].(string), props[i+1].(value.Value))
	}
	return value.FromNode(&value.Node{ID: id, Labels: []string{label}, Props: m})
}

func rel(id uint64, typ string, from, to uint64) value.Value {
	return value.FromRelationship(&value.Relationship{ID: id, Type: typ, Start: from, End: to, Props: &value.Map{}})
}

func body(s string) string {
	var keep []string
	for line := range strings.SplitSeq(s, "\n") {
		if t := strings.TrimSpace(line); t != "" && !strings.HasPrefix(t, "graph ") && !strings.HasPrefix(t, "node ") && !strings.HasPrefix(t, "edge ") {
			keep = append(keep, t)
		}
	}
	return strings.Join(keep, "\n")
}

func TestDot(t *testing.T) {
	a, b := node(1, "A", "name", value.String(`x "y" \z`)), node(2, "B", "k", value.Int(7))
	path := value.FromPath(&value.Path{Nodes: []value.Value{a, b, a}, Rels: []value.Value{rel(10, "T", 1, 2), rel(11, "U", 1, 2)}})
	for _, c := range []struct {
		name    string
		results []*fixed
		want    string
	}{
		{"path", []*fixed{{columns: []string{"p"}, rows: [][]value.Value{{path}}}}, `digraph kadedb {
n1 [label="A\nx \"y\" \\z", fillcolor="#cfe2f3"];
n2 [label="B\nk: 7", fillcolor="#fce5cd"];
n1 -> n2 [label="T"];
n1 -> n2 [label="U"];
}`},
		{"nested, once, of two statements", []*fixed{{columns: []string{"l"}, rows: [][]value.Value{{value.List(a, value.FromMap(&value.Map{Keys: []string{"r"}, Vals: []value.Value{rel(10, "T", 1, 2)}}))}}},
			{columns: []string{"a"}, rows: [][]value.Value{{a}, {value.Null}}}}, `digraph kadedb {
n1 [label="A\nx \"y\" \\z", fillcolor="#cfe2f3"];
n1 -> n2 [label="T"];
}`},
		{"nothing came", []*fixed{{columns: []string{"a"}}}, "digraph kadedb {\n}"},
		{"plan", []*fixed{{columns: []string{"plan"}, rows: plan(
			"Operator                                     Estimated rows   Cost",
			"Produce  a                                              1.0  100ns",
			"└ Filter  a.x = 1                                       2.0  100ns",
			"  ├ NodeScan  a                                         3.0   50ns",
			"  │   · no index on :A(x)",
			"  └ in an expression: Argument  #0                      1.0      0")}}, `digraph kadedb {
p1 [label="Produce\na\n100ns"];
p2 [label="Filter\na.x = 1\n100ns"];
p2 -> p1 [label="2.0"];
p3 [label="NodeScan\na\n50ns"];
p3 -> p2 [label="3.0"];
p5 [label="Argument\n#0\n0"];
p5 -> p2 [label="1.0", style=dashed];
}`},
	} {
		if got := body(text(t, render.Options{Format: "dot"}, c.results...)); got != c.want {
			t.Errorf("%s:\n%s\n--- want\n%s", c.name, got, c.want)
		}
	}
}

func plan(lines ...string) (rows [][]value.Value) {
	for _, l := range lines {
		rows = append(rows, []value.Value{value.String(l)})
	}
	return rows
}

func TestDotRefuses(t *testing.T) {
	many := &fixed{columns: []string{"n"}}
	for i := range 10_002 {
		many.rows = append(many.rows, []value.Value{node(uint64(i), "A")})
	}
	for _, c := range []struct {
		rows *fixed
		want status.Code
	}{
		{&fixed{columns: []string{"a"}, rows: [][]value.Value{{value.Int(1)}}}, status.InvalidUsage},
		{many, status.RowLimit},
	} {
		var b bytes.Buffer
		w, err := render.New(&b, render.Options{Format: "dot"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Write(c.rows)
		if err == nil {
			err = w.Close()
		}
		if status.CodeOf(err) != c.want {
			t.Errorf("%d rows give %v", len(c.rows.rows), err)
		}
	}
}

func TestPlanFits(t *testing.T) {
	lines := []string{
		"Operator                                                       Estimated rows   Cost",
		"Produce  a, c                                                             176   59µs",
		"└ Union  #7, #8                                                           353   52µs",
		"  ├ Filter  c.state = 'WA' AND EXISTS { (a)-->(c) }                        84   26µs",
		"  │ └ NodeScan  c:Airport                                                3376  5.5µs",
		"  │     · no index on :Airport(state), which is long to tell",
		"  └ Expand  (c)<-[#6]-(a:Airport)                                         268   26µs",
	}
	const want = `Operator                  Estimated rows   Cost
Produce  a, c                        176   59µs
└ Union  #7, #8                      353   52µs
  ├ Filter  c.state =                 84   26µs
  │   'WA' AND EXISTS {
  │   (a)-->(c) }
  │ └ NodeScan                      3376  5.5µs
  │     c:Airport
  │     · no index on :Airport(state),
  │       which is long to tell
  └ Expand  (c)                      268   26µs
      <-[#6]-(a:Airport)
`
	if got := text(t, render.Options{Format: "table", Width: 47}, &fixed{columns: []string{"plan"}, rows: plan(lines...)}); got != want {
		t.Errorf("it is\n%s", got)
	}
	wide := strings.Join(lines, "\n") + "\n"
	if got := text(t, render.Options{Format: "box", Width: 100}, &fixed{columns: []string{"plan"}, rows: plan(lines...)}); got != wide {
		t.Errorf("in a wide terminal it is\n%s", got)
	}
	other := &fixed{columns: []string{"plan"}, rows: plan("a", "Operator  b")}
	if got := text(t, render.Options{Format: "table", Width: 40}, other); got != "plan\n───────────\na\nOperator  b\n" {
		t.Errorf("rows that are no plan are\n%s", got)
	}
	if got := text(t, render.Options{Format: "table", Width: 40}, &fixed{columns: []string{"plan"}}); got != "plan\n────\n" {
		t.Errorf("no rows are\n%s", got)
	}
}
