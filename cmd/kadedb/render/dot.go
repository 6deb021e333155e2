package render

import (
	"bufio"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// mostDrawn bounds the nodes and relationships of a picture, which is held whole.
const mostDrawn = 10_000

// dotPicture draws all nodes and relationships of all results, also those in lists, maps
// and paths, as one graph in Graphviz's language; and a plan, where EXPLAIN gave one.
//
//	digraph kadedb {
//	  n17 [label="Airport\nSEA"];
//	  n17 -> n23 [label="ROUTE"];
//	}
type dotPicture struct {
	nodes, rels map[uint64]string // what each is drawn as
	order       []dotPart
	plan        []string
	rows        int64
	palette     map[string]int // of labels
}

// dotPart is a node, or a relationship.
type dotPart struct {
	id, from, to uint64
	rel          bool
}

func newDotPicture() *dotPicture {
	return &dotPicture{nodes: map[uint64]string{}, rels: map[uint64]string{}, palette: map[string]int{}}
}

// dotPrinter gives a result's rows to the picture.
type dotPrinter struct {
	p    *dotPicture
	plan bool
}

func (d dotPrinter) row(vals []value.Value) error {
	d.p.rows++
	if d.plan && vals[0].Kind() == value.KindString {
		d.p.plan = append(d.p.plan, strings.Clone(vals[0].AsString()))
		return nil
	}
	for _, v := range vals {
		if err := d.p.add(v); err != nil {
			return err
		}
	}
	return nil
}

func (d dotPrinter) end() error { return nil }

// add draws what v holds. Values nest no deeper than the engine lets them.
func (p *dotPicture) add(v value.Value) error {
	if len(p.order) > mostDrawn {
		return status.Errorf(status.RowLimit, "a picture of more than %d nodes and relationships", mostDrawn).
			WithHint("ask for fewer, with LIMIT or a narrower pattern")
	}
	switch v.Kind() {
	case value.KindNode:
		if n := v.AsNode(); n != nil {
			if _, have := p.nodes[n.ID]; !have {
				p.order = append(p.order, dotPart{id: n.ID})
			}
			p.nodes[n.ID] = p.node(n)
		}
	case value.KindRelationship:
		if r := v.AsRelationship(); r != nil {
			if _, have := p.rels[r.ID]; !have {
				p.order = append(p.order, dotPart{id: r.ID, from: r.Start, to: r.End, rel: true})
				p.rels[r.ID] = p.rel(r)
			}
		}
	case value.KindPath:
		for _, list := range [][]value.Value{v.AsPath().Nodes, v.AsPath().Rels} {
			for _, e := range list {
				if err := p.add(e); err != nil {
					return err
				}
			}
		}
	case value.KindList:
		for _, e := range v.Elems() {
			if err := p.add(e); err != nil {
				return err
			}
		}
	case value.KindMap:
		for _, e := range v.AsMap().Vals {
			if err := p.add(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// fills are the colours of nodes, by their first label.
var fills = [...]string{"#cfe2f3", "#fce5cd", "#d9ead3", "#ead1dc", "#fff2cc", "#d9d2e9", "#d0e0e3", "#f4cccc"}

func (p *dotPicture) node(n *value.Node) string {
	label := strings.Join(n.Labels, ":")
	fill := ""
	if len(n.Labels) > 0 {
		at, have := p.palette[n.Labels[0]]
		if !have {
			at = len(p.palette)
			p.palette[strings.Clone(n.Labels[0])] = at
		}
		fill = fmt.Sprintf(", fillcolor=%q", fills[at%len(fills)])
	}
	if name := caption(n.Props); name != "" {
		if label != "" {
			label += "\n"
		}
		label += name
	}
	return fmt.Sprintf("label=%s%s", dotQuote(label), fill)
}

func (p *dotPicture) rel(r *value.Relationship) string {
	label := r.Type
	if r.Props.Len() == 1 || r.Props.Len() == 2 {
		for i, k := range r.Props.Keys {
			label += "\n" + k + ": " + shorten(Cell(r.Props.Vals[i]))
		}
	}
	return "label=" + dotQuote(label)
}

// caption returns the property that names a node best.
func caption(m *value.Map) string {
	if m.Len() == 0 {
		return ""
	}
	for _, key := range []string{"name", "title", "label", "id", "key", "code"} {
		if v, ok := m.Get(key); ok && !v.IsNull() {
			return shorten(Cell(v))
		}
	}
	for _, v := range m.Vals {
		if v.Kind() == value.KindString {
			return shorten(v.AsString())
		}
	}
	return shorten(m.Keys[0] + ": " + Cell(m.Vals[0]))
}

// mostCaption is how many characters of a property are drawn.
const mostCaption = 32

func shorten(s string) string {
	if utf8.RuneCountInString(s) <= mostCaption {
		return s
	}
	return string([]rune(s)[:mostCaption-1]) + "…"
}

// dotQuote writes a string of Graphviz's language; a new line centres.
func dotQuote(s string) string {
	s = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(Printable(s))
	return `"` + strings.ReplaceAll(s, "\n", `\n`) + `"`
}

// write writes the picture.
func (p *dotPicture) write(w *bufio.Writer) error {
	if len(p.order) == 0 && len(p.plan) == 0 && p.rows > 0 {
		return status.Errorf(status.InvalidUsage, "the rows hold nothing to draw").
			WithHint("return nodes, relationships or paths, or EXPLAIN a statement")
	}
	var b strings.Builder
	b.WriteString("digraph kadedb {\n")
	if len(p.plan) > 0 {
		b.WriteString("  graph [rankdir=BT];\n  node [shape=box, style=\"filled,rounded\", fillcolor=\"#eeeeee\", fontname=\"Helvetica\", fontsize=10];\n" +
			"  edge [fontname=\"Helvetica\", fontsize=8];\n")
		drawPlan(&b, p.plan)
	}
	if len(p.order) > 0 {
		b.WriteString("  graph [overlap=false, splines=true];\n  node [shape=ellipse, style=filled, fillcolor=\"#eeeeee\", fontname=\"Helvetica\", fontsize=10];\n" +
			"  edge [fontname=\"Helvetica\", fontsize=8];\n")
	}
	for _, e := range p.order {
		if e.rel {
			fmt.Fprintf(&b, "  n%d -> n%d [%s];\n", e.from, e.to, p.rels[e.id])
			continue
		}
		fmt.Fprintf(&b, "  n%d [%s];\n", e.id, p.nodes[e.id])
	}
	b.WriteString("}\n")
	_, err := w.WriteString(b.String())
	return err
}

// drawPlan draws the lines of EXPLAIN: a header, and operators below the one that they
// feed, set in by two columns each.
//
//	Operator                   Estimated rows   Cost
//	Produce  a                            1.0  100ns
//	└ Filter  a.x                         1.0  100ns
//	  ├ NodeScan  a                       1.0  100ns
//	  │   · no index on :A(x)
//	  └ in an expression: Argument  #0    1.0      0
func drawPlan(b *strings.Builder, lines []string) {
	var above []int // the operators on the way to the last one
	for i, line := range lines {
		if i == 0 && strings.HasPrefix(line, "Operator ") {
			continue
		}
		text := strings.TrimLeft(line, " │├└")
		depth := (utf8.RuneCountInString(line) - utf8.RuneCountInString(text)) / 2
		style := ""
		if before, after, found := strings.Cut(text, ": "); found && before == strings.ToLower(before) {
			text, style = after, ", style=dashed" // in an expression
		}
		if text == "" || text[0] < 'A' || text[0] > 'Z' {
			continue // a note
		}
		above = append(above[:min(depth, len(above))], i)
		var fields []string
		for f := range strings.SplitSeq(text, "  ") {
			if f = strings.TrimSpace(f); f != "" {
				fields = append(fields, f)
			}
		}
		rows := ""
		if n := len(fields); n > 2 { // the last two are numbers
			rows = fields[n-2]
			fields = append(fields[:n-2], fields[n-1])
		}
		for k, f := range fields {
			fields[k] = strings.Join(fold(f, mostCaption, true), "\n")
		}
		fmt.Fprintf(b, "  p%d [label=%s];\n", i, dotQuote(strings.Join(fields, "\n")))
		if n := len(above); n > 1 {
			fmt.Fprintf(b, "  p%d -> p%d [label=%s%s];\n", i, above[n-2], dotQuote(rows), style)
		}
	}
}
