package transfer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kadedb/kadedb/transfer/tabular"
)

// A property may come from several files of one label or type. Cells of CSV are texts: they
// are read as the narrowest kind that all of those files fit. What another format says of
// each value stays, but for integers beside floats.

// groupsOf parts files into those that share a label or type, be it by way of others. A
// file that names them by row is by itself.
func groupsOf(list []*source) [][]*source {
	var out [][]*source
	for _, s := range list {
		joined := []*source{s}
		rest := out[:0]
		for _, g := range out {
			if slices.ContainsFunc(g, s.shares) {
				joined = append(g, joined...)
			} else {
				rest = append(rest, g)
			}
		}
		out = append(rest, joined)
	}
	return out
}

func (s *source) shares(o *source) bool {
	if s.rel {
		return s.typ != "" && s.typ == o.typ
	}
	return slices.ContainsFunc(s.labels, func(l string) bool { return slices.Contains(o.labels, l) })
}

// group returns the files that s shares kinds with, s among them.
func (p *planner) group(s *source) []*source {
	list := p.nodes
	if s.rel {
		list = p.rels
	}
	for _, g := range groupsOf(list) {
		if slices.Contains(g, s) {
			return g
		}
	}
	return []*source{s}
}

// sharedColumn is a column that becomes a property which other files have too.
type sharedColumn struct {
	src  *source
	col  int
	kind tabular.Kind // by the file itself
	list bool
}

func (c *sharedColumn) inferred() bool {
	return !c.src.fields[c.col].typed && !c.src.table.Columns()[c.col].Fixed
}

func (c *sharedColumn) format() tabular.Format { return c.src.table.Format() }

func (c *sharedColumn) typeName() string {
	if c.list {
		return "list of " + c.src.kinds[c.col].String()
	}
	return c.src.kinds[c.col].String()
}

// joinKinds finds what every column is read as.
func (p *planner) joinKinds() {
	for _, list := range [][]*source{p.nodes, p.rels} {
		for _, s := range list {
			s.kinds = s.kinds[:0]
			for i, c := range s.table.Columns() {
				k := c.Kind
				if s.fields[i].typed {
					k = s.fields[i].kind
				}
				s.kinds = append(s.kinds, k)
			}
		}
		for _, g := range groupsOf(list) {
			if len(g) > 1 {
				p.joinGroup(g)
			}
		}
	}
}

func (p *planner) joinGroup(g []*source) {
	byKey := map[string][]sharedColumn{}
	var order []string
	for _, s := range g {
		for i, f := range s.fields {
			if !s.isProperty(i) {
				continue
			}
			if byKey[f.name] == nil {
				order = append(order, f.name)
			}
			byKey[f.name] = append(byKey[f.name], sharedColumn{s, i, s.kinds[i], f.list || s.table.Columns()[i].List})
		}
	}
	for _, key := range order {
		if cols := byKey[key]; len(cols) > 1 {
			joinColumns(cols)
			p.tellMixed(key, cols)
		}
	}
}

// isProperty reports whether a column becomes a property only.
func (s *source) isProperty(i int) bool {
	f := s.fields[i]
	return i != s.id && i != s.start && i != s.end && i != s.label && f.role == property && f.name != ""
}

// joinColumns gives the columns of one property the kinds that they are read as.
func joinColumns(cols []sharedColumn) {
	text, number := tabular.Null, tabular.Null
	for _, c := range cols {
		switch {
		case !c.inferred():
		case c.format() == tabular.CSV:
			text = tabular.Join(text, c.kind)
		case c.kind == tabular.Int || c.kind == tabular.Float:
			number = tabular.Join(number, c.kind)
		}
	}
	// Texts are what the others are, where they can be.
	for _, c := range cols {
		if c.list || c.kind == tabular.Any || c.inferred() && c.format() == tabular.CSV {
			continue
		}
		if tabular.Join(text, c.kind) == c.kind {
			text = c.kind
		}
		if number == tabular.Int && c.kind == tabular.Float {
			number = tabular.Float
		}
	}
	if number == tabular.Int && text == tabular.Float {
		number = tabular.Float
	}
	for _, c := range cols {
		switch {
		case !c.inferred():
		case c.format() == tabular.CSV:
			c.src.kinds[c.col] = text
		case c.kind == tabular.Int:
			c.src.kinds[c.col] = number
		}
	}
}

// tellMixed says of a property, once, where files have it of different types and what
// becomes of it. That integers are read as floats beside some, and dates as date-times, is
// in the plan.
func (p *planner) tellMixed(key string, cols []sharedColumn) {
	var own, read []string
	all := tabular.Null
	for _, c := range cols {
		if c.kind == tabular.Null {
			continue
		}
		all = tabular.Join(all, c.kind)
		was := c.kind.String()
		if c.list {
			was = "list of " + was
		}
		if !slices.ContainsFunc(own, func(s string) bool { return strings.HasPrefix(s, was+" in ") }) {
			own = append(own, was+" in "+c.src.path)
		}
		if now := c.typeName(); !slices.Contains(read, now) {
			read = append(read, now)
		}
	}
	if len(own) < 2 || len(read) == 1 && all != tabular.String {
		return
	}
	what := "nodes " + strings.Join(cols[0].src.labels, ":")
	if cols[0].src.rel {
		what = "relationships " + cols[0].src.typ
	}
	end := "values of all these types are kept"
	if len(read) == 1 {
		end = "all are read as " + read[0]
	}
	p.once(fmt.Sprintf("%s: property %q is of type %s: %s", what, key, strings.Join(own, ", "), end))
}

// once gives a notice, unless it was given before.
func (p *planner) once(text string) {
	if p.told == nil {
		p.told = map[string]bool{}
	}
	if !p.told[text] {
		p.told[text] = true
		p.spec.Notice(text)
	}
}

// keepsIDs reports whether ids are of the type that each row gives them, although others
// of their space are of another: JSON tells 7 from "7".
func (s *source) keepsIDs() bool {
	k := s.table.Columns()[s.id].Kind
	return s.table.Format() == tabular.JSONLines && !s.fields[s.id].typed && s.idSpace.kind == tabular.String &&
		(k == tabular.Int || k == tabular.Any) && s.idSpace.stored.ints == s.idSpace.stored.strings
}

// tellIDs says where the ids of a file do not stay what they are written as, or are not
// all of one type.
func (p *planner) tellIDs(s *source) {
	if s.idSpace == nil || s.table.Format() != tabular.JSONLines || s.fields[s.id].typed {
		return
	}
	name, kind := s.fields[s.id].name, s.table.Columns()[s.id].Kind
	switch {
	case s.keepsIDs():
		p.once(fmt.Sprintf("%s: ids in column %q are of several types: integers and strings stay as they are written, others become strings; 7 and \"7\" are the same id", s.path, name))
	case s.idSpace.kind == tabular.String && kind != tabular.String && kind != tabular.Null:
		p.once(fmt.Sprintf("%s: ids in column %q, of type %s, become strings", s.path, name, kind))
	}
}
