package optimize

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kadedb/kadedb/internal/planted"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/storage/catalog"
)

// seek is a way to find a node by values instead of by a scan.
type seek struct {
	op    *plan.IndexSeek
	id    *plan.NodeByID
	rows  float64
	preds []*predicate // decided by it
}

// seek returns the best way to find node k by its properties or id, with what is
// bound as operands; nil if there is none.
func (g *queryGraph) seek(k int, bound slotSet) *seek {
	if !g.z.on(UseIndex) {
		return nil
	}
	n := g.nodes[k]
	if s := g.seekID(n, bound); s != nil {
		return s
	}
	var best *seek
	for _, ix := range g.z.stats.cat.Indexes {
		label := g.z.stats.cat.LabelName(catalog.LabelID(ix.Token))
		if ix.Entity != catalog.Nodes || !ix.Online || label == "" || !slices.Contains(n.labels, label) {
			continue
		}
		if !g.tested(n.Slot, label) {
			continue
		}
		if s := g.seekIndex(n, ix, label, bound); s != nil && (best == nil || s.rows < best.rows) {
			best = s
		}
	}
	return best
}

// tested reports whether the pattern itself asks for the label: what an earlier
// clause knew of a node says nothing where this one binds it.
func (g *queryGraph) tested(s plan.Slot, label string) bool {
	for _, p := range g.preds {
		if p.label == label && p.e.(*expr.LabelTest).Base.(*expr.Slot).Slot == s {
			return true
		}
	}
	return false
}

// usable reports whether e can be computed before slot is bound.
func (g *queryGraph) usable(e expr.Expr, bound slotSet) bool {
	if volatile(e) {
		return false
	}
	for _, s := range expr.Slots(nil, e) {
		if g.local.has(s) && !bound.has(s) {
			return false
		}
	}
	return true
}

func (g *queryGraph) seekID(n queryNode, bound slotSet) *seek {
	isID := func(e expr.Expr) bool {
		c, ok := e.(*expr.Call)
		if !ok || c.Def.Name != "id" || len(c.Args) != 1 {
			return false
		}
		s, ok := c.Args[0].(*expr.Slot)
		return ok && s.Slot == n.Slot
	}
	for _, p := range g.preds {
		switch e := p.e.(type) {
		case *expr.Compare:
			if e.Op != expr.Eq {
				continue
			}
			for _, side := range [][2]expr.Expr{{e.Left, e.Right}, {e.Right, e.Left}} {
				if isID(side[0]) && g.usable(side[1], bound) {
					op := &plan.NodeByID{Node: n.Slot, Name: n.Name, ID: side[1]}
					return &seek{id: op, rows: 1, preds: []*predicate{p}}
				}
			}
		case *expr.In:
			if isID(e.X) && g.usable(e.List, bound) {
				op := &plan.NodeByID{Node: n.Slot, Name: n.Name, ID: e.List, List: true, Pos: e.Pos}
				return &seek{id: op, rows: 5, preds: []*predicate{p}}
			}
		}
	}
	return nil
}

func (g *queryGraph) seekIndex(n queryNode, ix catalog.Index, label string, bound slotSet) *seek {
	op := &plan.IndexSeek{Index: ix.Name, Label: label, Node: n.Slot, Name: n.Name,
		Rel: plan.NoSlot, From: plan.NoSlot, To: plan.NoSlot}
	return g.useIndex(&seek{op: op, rows: g.z.stats.nodes([]string{label})}, n.Slot, ix, bound)
}

// seekRel returns the best way to find relationship r, and with it both its ends, by its
// properties; nil if there is none.
func (g *queryGraph) seekRel(r *plan.PatternRel, bound slotSet) *seek {
	if !g.z.on(UseIndex) || len(r.Types) != 1 {
		return nil
	}
	var best *seek
	for _, ix := range g.z.stats.cat.Indexes {
		if ix.Entity != catalog.Relationships || !ix.Online || g.z.stats.cat.TypeName(catalog.TypeID(ix.Token)) != r.Types[0] {
			continue
		}
		from, to := g.nodes[r.From].Slot, g.nodes[r.To].Slot
		if r.Dir == plan.In {
			from, to = to, from
		}
		op := &plan.IndexSeek{Index: ix.Name, Label: r.Types[0], Node: plan.NoSlot, Name: r.Name, Rel: r.Slot, From: from, To: to}
		s := g.useIndex(&seek{op: op, rows: g.z.stats.rels("", r.Types, "")}, r.Slot, ix, bound)
		if s != nil && (best == nil || s.rows < best.rows) {
			best = s
		}
	}
	return best
}

// useIndex fills in what an index decides of the entity in slot; nil: nothing.
func (g *queryGraph) useIndex(s *seek, slot plan.Slot, ix catalog.Index, bound slotSet) *seek {
	op := s.op
	for _, k := range ix.Keys {
		op.Properties = append(op.Properties, g.z.stats.cat.KeyName(k))
	}
	for _, key := range op.Properties {
		if p, e := g.equality(slot, key, bound); p != nil {
			op.Equal = append(op.Equal, e)
			s.preds = append(s.preds, p)
			s.rows *= p.share
			continue
		}
		g.lastKey(slot, key, bound, s)
		break
	}
	if len(s.preds) == 0 {
		return nil
	}
	for _, key := range op.Properties[len(op.Equal):] {
		if !g.present(slot, key) && !planted.Is(planted.IndexPrefix) {
			return nil
		}
	}
	if ix.Unique && len(op.Equal) == len(op.Properties) {
		op.Unique, s.rows = true, min(s.rows, 1)
	}
	s.rows = max(s.rows, 0.1)
	return s
}

func propertyOf(e expr.Expr, slot plan.Slot, key string) bool {
	p, ok := e.(*expr.Property)
	if !ok || p.Key != key {
		return false
	}
	s, ok := p.Base.(*expr.Slot)
	return ok && s.Slot == slot
}

func (g *queryGraph) equality(slot plan.Slot, key string, bound slotSet) (*predicate, expr.Expr) {
	for _, p := range g.preds {
		c, ok := p.e.(*expr.Compare)
		if !ok || c.Op != expr.Eq {
			continue
		}
		if propertyOf(c.Left, slot, key) && g.usable(c.Right, bound) {
			return p, c.Right
		}
		if propertyOf(c.Right, slot, key) && g.usable(c.Left, bound) {
			return p, c.Left
		}
	}
	return nil, nil
}

// present reports whether the pattern drops every node that lacks the property. Only
// nodes with all of its properties are in an index.
func (g *queryGraph) present(slot plan.Slot, key string) bool {
	for _, p := range g.preds {
		switch e := p.e.(type) {
		case *expr.Compare:
			if propertyOf(e.Left, slot, key) || propertyOf(e.Right, slot, key) {
				return true
			}
		case *expr.In:
			if propertyOf(e.X, slot, key) {
				return true
			}
		case *expr.StringOp:
			if propertyOf(e.Left, slot, key) || propertyOf(e.Right, slot, key) {
				return true
			}
		case *expr.IsNull:
			if e.Negated && propertyOf(e.X, slot, key) {
				return true
			}
		}
	}
	return false
}

// lastKey uses IN, STARTS WITH or a range on the first key that has no equality.
func (g *queryGraph) lastKey(slot plan.Slot, key string, bound slotSet, s *seek) {
	for _, p := range g.preds {
		switch e := p.e.(type) {
		case *expr.In:
			if propertyOf(e.X, slot, key) && g.usable(e.List, bound) {
				s.op.In, s.op.InPos = e.List, e.Pos
				s.preds, s.rows = append(s.preds, p), s.rows*p.share
				return
			}
		case *expr.StringOp:
			if e.Op == expr.StartsWith && propertyOf(e.Left, slot, key) && g.usable(e.Right, bound) {
				s.op.Prefix = e.Right
				s.preds, s.rows = append(s.preds, p), s.rows*p.share
				return
			}
		}
	}
	for _, p := range g.preds {
		c, ok := p.e.(*expr.Compare)
		if !ok {
			continue
		}
		op, operand := c.Op, c.Right
		if !propertyOf(c.Left, slot, key) {
			if !propertyOf(c.Right, slot, key) {
				continue
			}
			op, operand = mirror(op), c.Left
		}
		if !g.usable(operand, bound) {
			continue
		}
		switch {
		case (op == expr.Gt || op == expr.Ge) && s.op.Low.Value == nil:
			s.op.Low = plan.Bound{Value: operand, Inclusive: op == expr.Ge}
		case (op == expr.Lt || op == expr.Le) && s.op.High.Value == nil:
			s.op.High = plan.Bound{Value: operand, Inclusive: op == expr.Le}
		default:
			continue
		}
		s.preds, s.rows = append(s.preds, p), s.rows*p.share
	}
}

// whyNoIndex explains, for EXPLAIN, why a scan of node k uses no index.
func (g *queryGraph) whyNoIndex(k int) []string {
	n := g.nodes[k]
	var out []string
	for _, p := range g.preds {
		c, ok := p.e.(*expr.Compare)
		if !ok || len(p.need) != 1 || p.need[0] != n.Slot || p.done {
			continue
		}
		for _, side := range []expr.Expr{c.Left, c.Right} {
			prop, ok := side.(*expr.Property)
			if !ok || !propertyOf(side, n.Slot, prop.Key) {
				continue
			}
			note := ""
			switch {
			case len(n.labels) == 0:
				note = fmt.Sprintf("no index on %s.%s: the node has no label in the pattern", n.Name, prop.Key)
			case c.Op == expr.Ne:
				note = fmt.Sprintf("no index on %s.%s: <> cannot use one", n.Name, prop.Key)
			default:
				note = fmt.Sprintf("no index on :%s(%s)", strings.Join(n.labels, ":"), prop.Key)
			}
			if !slices.Contains(out, note) {
				out = append(out, note)
			}
		}
	}
	return out
}
