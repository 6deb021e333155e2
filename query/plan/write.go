package plan

import (
	"strings"

	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/status"
)

// Every writing operator takes all rows of its input before it changes anything, and
// then works row by row, in order, each row seeing what those before it wrote.

// Prop is a property given to a new entity. A null value sets nothing.
type Prop struct {
	Key  string
	Expr expr.Expr
}

// NodeSpec is a node to be created.
type NodeSpec struct {
	Slot   Slot
	Name   string
	Labels []string
	// Dynamic give further labels: a string or a list of strings each.
	Dynamic []expr.Expr
	Props   []Prop
	All     expr.Expr // instead of Props: a map; or nil
	Pos     status.Pos
}

// RelSpec is a relationship to be created, From → To.
type RelSpec struct {
	Slot     Slot
	Name     string
	Type     string
	Dynamic  expr.Expr // instead of Type: a string, or a list of one; or nil
	From, To Slot
	Props    []Prop
	All      expr.Expr
	Pos      status.Pos
}

// Creation lists entities to be created for one row: nodes first, then relationships,
// each in the order of the text. Afterwards Paths are computed.
type Creation struct {
	Nodes []NodeSpec
	Rels  []RelSpec
	Paths []Item
}

// Create creates entities for each row.
type Create struct {
	unary
	Creation
}

// Merge runs Match for each row by itself (its Argument gives that row): where it
// finds rows they are given, each after OnMatch; where it finds none Creation is
// created, then OnCreate run. A null or NaN property in Creation is a MergeReadOwnWrites
// error.
type Merge struct {
	Op
	Input, Match Node
	Creation     Creation
	OnCreate     []SetItem
	OnMatch      []SetItem
	// Columns are the slots that Match or Creation bind.
	Columns []Slot
	Pos     status.Pos
}

// SetItem is one item of SET or REMOVE: *SetProperty, *SetAll, *SetLabels.
type SetItem interface{ setItem() }

// SetProperty sets one property of a node or relationship; null removes it. A null
// entity is passed over.
type SetProperty struct {
	Entity expr.Expr
	Key    string
	KeyOf  expr.Expr // instead of Key, where the key is computed
	Value  expr.Expr
	Remove bool // REMOVE: Value is nil
	Pos    status.Pos
}

// SetAll replaces all properties of an entity by those of a map, node or
// relationship, or adds them (Add; null values remove).
type SetAll struct {
	Entity expr.Expr
	Value  expr.Expr
	Add    bool
	Pos    status.Pos
}

// SetLabels adds labels to a node, or removes them.
type SetLabels struct {
	Entity expr.Expr
	Labels []string
	// Dynamic give further labels: a string or a list of strings each.
	Dynamic []expr.Expr
	Remove  bool
	Pos     status.Pos
}

func (*SetProperty) setItem() {}
func (*SetAll) setItem()      {}
func (*SetLabels) setItem()   {}

// Set runs its items for each row, in order: SET and REMOVE.
type Set struct {
	unary
	Items []SetItem
}

// Delete deletes what its expressions give: nodes, relationships, paths; null is
// passed over, anything else an InvalidArgumentType error. Without Detach a node that
// still has relationships at the end of the clause is a DeleteConnectedNode error.
type Delete struct {
	unary
	Exprs  []expr.Expr
	Detach bool
	Pos    status.Pos
}

// Foreach runs Body, which writes, for each element of a list and each row: Body's
// Argument gives the row with the element in Slot. The rows themselves pass unchanged.
type Foreach struct {
	Op
	Input, Body Node
	List        expr.Expr
	Slot        Slot
	Name        string
}

// Eager takes all rows of its input before it gives any.
type Eager struct {
	unary
	Why string // for EXPLAIN
}

func (*Create) Kind() string  { return "Create" }
func (*Merge) Kind() string   { return "Merge" }
func (*Set) Kind() string     { return "Set" }
func (*Delete) Kind() string  { return "Delete" }
func (*Foreach) Kind() string { return "Foreach" }
func (*Eager) Kind() string   { return "Eager" }

// Inputs returns the rows and the plan that looks for matches.
func (m *Merge) Inputs() []Node { return []Node{m.Input, m.Match} }

// SetInput replaces one of the inputs.
func (m *Merge) SetInput(i int, n Node) {
	if i == 0 {
		m.Input = n
	} else {
		m.Match = n
	}
}

// Inputs returns the rows and the body.
func (f *Foreach) Inputs() []Node { return []Node{f.Input, f.Body} }

// SetInput replaces one of the inputs.
func (f *Foreach) SetInput(i int, n Node) {
	if i == 0 {
		f.Input = n
	} else {
		f.Body = n
	}
}

func (c *Creation) text() string {
	var parts []string
	props := func(ps []Prop, all expr.Expr) string {
		if all != nil {
			return " " + expr.String(all)
		}
		if len(ps) == 0 {
			return ""
		}
		kv := make([]string, len(ps))
		for i, p := range ps {
			kv[i] = p.Key + ": " + expr.String(p.Expr)
		}
		return " {" + strings.Join(kv, ", ") + "}"
	}
	for _, n := range c.Nodes {
		words := append([]string{varText(n.Name, n.Slot)}, n.Labels...)
		for _, d := range n.Dynamic {
			words = append(words, "$("+expr.String(d)+")")
		}
		parts = append(parts, "("+strings.Join(words, ":")+props(n.Props, n.All)+")")
	}
	for _, r := range c.Rels {
		typ := r.Type
		if r.Dynamic != nil {
			typ = "$(" + expr.String(r.Dynamic) + ")"
		}
		parts = append(parts, "("+slotText(r.From)+")-["+varText(r.Name, r.Slot)+":"+typ+props(r.Props, r.All)+"]->("+slotText(r.To)+")")
	}
	return strings.Join(parts, ", ")
}

func setText(items []SetItem) string {
	var parts []string
	for _, it := range items {
		switch it := it.(type) {
		case *SetProperty:
			key := "." + it.Key
			if it.KeyOf != nil {
				key = "[" + expr.String(it.KeyOf) + "]"
			}
			if it.Remove {
				parts = append(parts, "remove "+expr.String(it.Entity)+key)
			} else {
				parts = append(parts, expr.String(it.Entity)+key+" = "+expr.String(it.Value))
			}
		case *SetAll:
			parts = append(parts, expr.String(it.Entity)+pick(it.Add, " += ", " = ")+expr.String(it.Value))
		case *SetLabels:
			parts = append(parts, pick(it.Remove, "remove ", "")+expr.String(it.Entity)+":"+strings.Join(it.Labels, ":"))
		}
	}
	return strings.Join(parts, ", ")
}

// Detail lists what is created.
func (c *Create) Detail() string { return c.text() }

// Detail lists what is created, and the actions.
func (m *Merge) Detail() string {
	s := m.Creation.text()
	if len(m.OnCreate) > 0 {
		s += " on create " + setText(m.OnCreate)
	}
	if len(m.OnMatch) > 0 {
		s += " on match " + setText(m.OnMatch)
	}
	return s
}

// Detail lists the items.
func (s *Set) Detail() string { return setText(s.Items) }

// Detail lists the expressions.
func (d *Delete) Detail() string { return pick(d.Detach, "detach ", "") + exprsText(d.Exprs, ", ") }

// Detail is the list.
func (f *Foreach) Detail() string { return varText(f.Name, f.Slot) + " IN " + expr.String(f.List) }

// Detail says why.
func (e *Eager) Detail() string { return e.Why }
