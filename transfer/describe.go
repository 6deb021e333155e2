package transfer

import (
	"fmt"
	"strings"

	"github.com/kadedb/kadedb/transfer/tabular"
)

// Plan is what an import is going to do.
type Plan struct {
	Sources []Source
}

// Source describes one file.
type Source struct {
	Path          string
	Relationships bool
	Name          string // labels or type; "" = by row
	Rows          int64  // -1: the file does not say
	Bytes         int64
	Columns       []SourceColumn
}

// noValues is the type of a column in which the first rows have none.
const noValues = "no values so far"

// SourceColumn describes what becomes of a column.
type SourceColumn struct {
	Column   string // in the file
	Property string // "" = none
	Type     string
	Role     string // "id", "from Person.id" …, "" = a property only
}

// String renders the plan for people, one line a file and one a column.
func (p *Plan) String() string {
	var b strings.Builder
	for _, s := range p.Sources {
		what := "nodes"
		if s.Relationships {
			what = "relationships"
		}
		name := s.Name
		if name == "" {
			name = "(named by row)"
		}
		fmt.Fprintf(&b, "%s %s from %s\n", what, name, s.Path)
		for _, c := range s.Columns {
			fmt.Fprintf(&b, "  %-24s %s", c.Column, c.Type)
			if c.Role != "" {
				fmt.Fprintf(&b, ", %s", c.Role)
			}
			if c.Property != "" && c.Property != c.Column {
				fmt.Fprintf(&b, ", as %s", c.Property)
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// plan describes what was resolved.
func (p *planner) plan() *Plan {
	out := &Plan{}
	for _, s := range p.sources() {
		out.Sources = append(out.Sources, s.plan())
	}
	return out
}

func (p *planner) sources() []*source { return append(append([]*source(nil), p.nodes...), p.rels...) }

func (s *source) plan() Source {
	d := Source{Path: s.path, Relationships: s.rel, Name: strings.Join(s.labels, ":"), Rows: s.table.Rows(), Bytes: s.table.Size()}
	if s.rel {
		d.Name = s.typ
	}
	for i, c := range s.table.Columns() {
		d.Columns = append(d.Columns, s.describe(i, c))
	}
	return d
}

func (s *source) describe(i int, c tabular.Column) SourceColumn {
	d := SourceColumn{Column: c.Name, Type: "left out"}
	for k, w := range s.wants {
		if w.Column != i {
			continue
		}
		d.Type = w.Kind.String()
		if w.Kind == tabular.Null {
			d.Type = noValues
		}
		if w.List {
			d.Type = "list of " + d.Type
		}
		for _, pc := range s.props {
			if pc.want == k {
				d.Property = pc.key
			}
		}
	}
	var also []string
	if i == s.id {
		also = append(also, "id")
	}
	if i == s.start {
		also = append(also, "from "+s.from.describe())
	}
	if i == s.end {
		also = append(also, "to "+s.to.describe())
	}
	if i == s.label {
		also = append(also, map[bool]string{false: "labels", true: "type"}[s.rel])
	}
	d.Role = strings.Join(also, ", ")
	return d
}

func (s *space) describe() string {
	var out []string
	for _, o := range s.owners {
		out = append(out, o.label+"."+o.key)
	}
	if len(out) == 0 {
		return "id space " + s.name
	}
	return strings.Join(out, " or ")
}
