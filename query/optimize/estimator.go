package optimize

import (
	"math"

	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// estimator answers questions about the data from statistics, or by guesses where
// there are none.
type estimator struct {
	cat   catalog.Snapshot
	stats *catalog.Statistics
	known map[plan.Slot][]string // labels that patterns ask of a node
	rows  map[plan.Node]float64  // what ordering found for the operators that it made
}

func (e *estimator) labelsOf(s plan.Slot) []string { return e.known[s] }

func newEstimator(o Options) *estimator {
	e := &estimator{cat: o.Catalog, stats: o.Statistics, known: map[plan.Slot][]string{}, rows: map[plan.Node]float64{}}
	if e.cat.Tokens == nil {
		e.cat.Tokens = catalog.NewTokens()
	}
	if e.cat.Schema == nil {
		e.cat.Schema = &catalog.Schema{}
	}
	return e
}

// Guesses where nothing is known.
const (
	guessNodes     = 1000
	guessDegree    = 10
	guessEqual     = 0.05
	guessRange     = 0.3
	guessPredicate = 0.5
	guessLabel     = 0.2
)

// nodes returns the number of nodes with all of labels.
func (e *estimator) nodes(labels []string) float64 {
	if e.stats == nil {
		n := float64(guessNodes)
		for range labels {
			n *= guessLabel
		}
		return max(n, 1)
	}
	all := max(float64(e.stats.Nodes), 1)
	n := all
	for _, l := range labels {
		n *= e.labelCount(l) / all
	}
	return max(n, 0.5)
}

func (e *estimator) labelCount(name string) float64 {
	id, ok := e.cat.Label(name)
	if !ok || e.stats == nil {
		return 0
	}
	return float64(e.stats.Labels[id])
}

// rels returns the number of relationships of the types from a node with label from
// to one with label to ("": any).
func (e *estimator) rels(from string, types []string, to string) float64 {
	if e.stats == nil {
		n := float64(guessNodes * guessDegree)
		if len(types) > 0 {
			n *= 0.3 * float64(len(types))
		}
		return n
	}
	f, okF := e.labelID(from)
	t, okT := e.labelID(to)
	if !okF || !okT {
		return 0
	}
	if len(types) == 0 {
		var n float64
		for id := range e.stats.Types {
			n += e.triple(f, id, t)
		}
		return n
	}
	var n float64
	for _, name := range types {
		if id, ok := e.cat.Type(name); ok {
			n += e.triple(f, id, t)
		}
	}
	return n
}

func (e *estimator) labelID(name string) (catalog.LabelID, bool) {
	if name == "" {
		return catalog.AnyLabel, true
	}
	return e.cat.Label(name)
}

// triple returns the number of relationships of one type between two labels, exactly
// where it is kept, else by assuming that the ends are independent.
func (e *estimator) triple(f catalog.LabelID, t catalog.TypeID, to catalog.LabelID) float64 {
	if n, ok := e.stats.Triples[catalog.Triple{From: f, Type: t, To: to}]; ok {
		return float64(n)
	}
	n := float64(e.stats.Types[t].Count)
	if f == catalog.AnyLabel && to == catalog.AnyLabel || n == 0 {
		return n
	}
	if len(e.stats.Triples) > 0 {
		var sum float64
		for k, c := range e.stats.Triples {
			if k.Type != t {
				continue
			}
			if (f == catalog.AnyLabel || k.From == f) && (to == catalog.AnyLabel || k.To == to) &&
				(f != catalog.AnyLabel || k.From == catalog.AnyLabel) && (to != catalog.AnyLabel || k.To == catalog.AnyLabel) {
				sum += float64(c)
			}
		}
		return sum
	}
	all := max(float64(e.stats.Nodes), 1)
	for _, l := range []catalog.LabelID{f, to} {
		if l != catalog.AnyLabel {
			n *= float64(e.stats.Labels[l]) / all
		}
	}
	return n
}

// endLabel returns the rarest label that the start (or end) of every relationship of a
// type has, "" if there is none.
func (e *estimator) endLabel(typ string, start bool) string {
	id, ok := e.cat.Type(typ)
	if !ok || e.stats == nil || e.stats.Types[id].Count == 0 {
		return ""
	}
	best := ""
	for k, n := range e.stats.Triples {
		label, other := k.From, k.To
		if !start {
			label, other = other, label
		}
		if k.Type != id || label == catalog.AnyLabel || other != catalog.AnyLabel || n != e.stats.Types[id].Count {
			continue
		}
		name := e.cat.LabelName(label)
		if best == "" || e.labelCount(name) < e.labelCount(best) || e.labelCount(name) == e.labelCount(best) && name < best {
			best = name
		}
	}
	return best
}

// column returns the statistics of a property of nodes with one of the labels.
func (e *estimator) column(labels []string, key string) (catalog.ColumnStatistics, bool) {
	if e.stats == nil {
		return catalog.ColumnStatistics{}, false
	}
	k, ok := e.cat.Key(key)
	if !ok {
		return catalog.ColumnStatistics{}, true
	}
	for _, l := range labels {
		if id, ok := e.cat.Label(l); ok {
			if c, ok := e.stats.NodeProps[catalog.Column{Token: uint32(id), Key: k}]; ok {
				return c, true
			}
		}
	}
	return catalog.ColumnStatistics{}, false
}

// selectivity returns the share of a node's (or relationship's) rows for which a predicate is
// true; labels are those that the node has for sure.
func (e *estimator) selectivity(p expr.Expr, labels func(plan.Slot) []string) float64 {
	switch p := p.(type) {
	case *expr.Const:
		if p.Value.Kind() == value.KindBool && p.Value.AsBool() {
			return 1
		}
		return 0
	case *expr.LabelTest:
		return e.labelShare(p.Labels)
	case *expr.Compare:
		return e.compareShare(p, labels)
	case *expr.Not:
		return clamp(1 - e.selectivity(p.X, labels))
	case *expr.IsNull:
		if p.Negated {
			return 0.9
		}
		return 0.1
	case *expr.Logic:
		return e.logicShare(p, labels)
	case *expr.In:
		n := 5.0
		if l, ok := p.List.(*expr.ListLit); ok {
			n = float64(len(l.Elems))
		}
		if c, ok := p.List.(*expr.Const); ok && c.Value.Kind() == value.KindList {
			n = float64(len(c.Value.Elems()))
		}
		return clamp(n * e.equalShare(p.X, labels))
	case *expr.StringOp:
		return 0.1
	case *expr.Chain:
		return guessRange * guessRange
	}
	return guessPredicate
}

func clamp(f float64) float64 { return math.Min(1, math.Max(0, f)) }

func (e *estimator) logicShare(p *expr.Logic, labels func(plan.Slot) []string) float64 {
	s := 1.0
	for _, a := range p.Args {
		x := e.selectivity(a, labels)
		switch p.Op {
		case expr.And:
			s *= x
		case expr.Or:
			s *= 1 - x
		default:
			return guessPredicate
		}
	}
	if p.Op == expr.Or {
		return clamp(1 - s)
	}
	return s
}

func (e *estimator) labelShare(l expr.Label) float64 {
	switch l.Op {
	case expr.LabelName:
		return clamp(e.nodes([]string{l.Name}) / e.nodes(nil))
	case expr.LabelNot:
		return clamp(1 - e.labelShare(l.Args[0]))
	case expr.LabelAnd:
		s := 1.0
		for _, a := range l.Args {
			s *= e.labelShare(a)
		}
		return s
	case expr.LabelOr:
		s := 0.0
		for _, a := range l.Args {
			s += e.labelShare(a)
		}
		return clamp(s)
	}
	return 1
}

func (e *estimator) compareShare(p *expr.Compare, labels func(plan.Slot) []string) float64 {
	side, other, op := p.Left, p.Right, p.Op
	if _, ok := side.(*expr.Const); ok {
		side, other, op = p.Right, p.Left, mirror(p.Op)
	}
	switch op {
	case expr.Eq:
		if c, ok := other.(*expr.Const); ok {
			return e.commonShare(side, c.Value, labels)
		}
		return e.equalShare(side, labels)
	case expr.Ne:
		return clamp(1 - e.equalShare(side, labels))
	}
	c, ok := other.(*expr.Const)
	prop, okP := side.(*expr.Property)
	if !ok || !okP {
		return guessRange
	}
	s, okS := prop.Base.(*expr.Slot)
	if !okS {
		return guessRange
	}
	col, known := e.column(labels(s.Slot), prop.Key)
	if !known || len(col.Bounds) < 2 {
		return guessRange
	}
	below := bucketShare(col.Bounds, c.Value)
	if op == expr.Lt || op == expr.Le {
		return clamp(below)
	}
	return clamp(1 - below)
}

func mirror(op expr.CompareOp) expr.CompareOp {
	switch op {
	case expr.Lt:
		return expr.Gt
	case expr.Le:
		return expr.Ge
	case expr.Gt:
		return expr.Lt
	case expr.Ge:
		return expr.Le
	}
	return op
}

// bucketShare returns the share of an equi-depth histogram below v.
func bucketShare(bounds []value.Value, v value.Value) float64 {
	n := 0
	for _, b := range bounds {
		if value.Order(b, v) < 0 {
			n++
		}
	}
	return float64(n) / float64(len(bounds))
}

// commonShare returns the share of rows equal to a known value.
func (e *estimator) commonShare(side expr.Expr, v value.Value, labels func(plan.Slot) []string) float64 {
	if prop, ok := side.(*expr.Property); ok {
		if s, ok := prop.Base.(*expr.Slot); ok {
			if col, known := e.column(labels(s.Slot), prop.Key); known {
				for _, c := range col.Common {
					if value.Order(c.Value, v) == 0 {
						return c.Share
					}
				}
			}
		}
	}
	return e.equalShare(side, labels)
}

// equalShare returns the share of rows whose side equals some value.
func (e *estimator) equalShare(side expr.Expr, labels func(plan.Slot) []string) float64 {
	if c, ok := side.(*expr.Call); ok && len(c.Args) == 1 {
		side = c.Args[0] // toLower(n.name): about as many values as n.name
	}
	prop, ok := side.(*expr.Property)
	if !ok {
		return guessEqual
	}
	s, ok := prop.Base.(*expr.Slot)
	if !ok {
		return guessEqual
	}
	if e.unique(labels(s.Slot), prop.Key) {
		return clamp(1 / e.nodes(labels(s.Slot)))
	}
	if col, known := e.column(labels(s.Slot), prop.Key); known && col.Distinct > 0 {
		return clamp(1 / float64(col.Distinct))
	}
	return guessEqual
}

// unique reports whether a constraint makes key unique among the nodes of a label.
func (e *estimator) unique(labels []string, key string) bool {
	k, ok := e.cat.Key(key)
	if !ok {
		return false
	}
	for _, c := range e.cat.Constraints {
		if c.Entity != catalog.Nodes || len(c.Keys) != 1 || c.Keys[0] != k || c.Kind != catalog.Unique && c.Kind != catalog.NodeKey {
			continue
		}
		for _, l := range labels {
			if e.cat.LabelName(catalog.LabelID(c.Token)) == l {
				return true
			}
		}
	}
	return false
}
