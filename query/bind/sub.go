package bind

import (
	"strings"

	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// bound is a bound subquery: a plan over the slots that it imports.
type bound struct {
	*result
	rowID   plan.Slot
	imports *imports
	args    []*plan.Argument
}

// begin opens a subquery inside outer.
func (b *binder) begin(outer *scope, at status.Pos) (*bound, *scope, error) {
	if b.depth >= maxSubqueries {
		return nil, nil, status.Errorf(status.TooDeep, "subqueries nested deeper than %d", maxSubqueries).At(at)
	}
	b.depth++
	sub := &bound{rowID: b.newSlot(), imports: &imports{}}
	b.types[sub.rowID] = expr.IntType
	sc := newScope(outer)
	sc.imports = sub.imports
	return sub, sc, nil
}

func (sub *bound) source() leafSource {
	return leafSource{arg: func() plan.Node {
		a := &plan.Argument{RowID: sub.rowID}
		sub.args = append(sub.args, a)
		return a
	}}
}

// fix completes the Arguments once all imports are known.
func (sub *bound) fix(perRow bool) {
	if perRow {
		sub.perRow, sub.rowID = true, plan.NoSlot
	}
	for _, a := range sub.args {
		a.Slots, a.RowID = sub.imports.slots, sub.rowID
	}
}

func (sub *bound) imported(s plan.Slot) bool {
	for _, have := range sub.imports.slots {
		if have == s {
			return true
		}
	}
	return false
}

// subquery binds a whole query inside outer.
func (b *binder) subquery(q *ast.Query, outer *scope, pos position, at status.Pos) (*bound, error) {
	sub, sc, err := b.begin(outer, at)
	if err != nil {
		return nil, err
	}
	defer func() { b.depth-- }()
	if sub.result, err = b.query(q, sc, sub.source(), pos); err != nil {
		return nil, err
	}
	sub.fix(sub.perRow)
	return sub, nil
}

// patternQuery binds a pattern inside an expression as a subquery that has a row for
// each match. After binding, then may add operators.
func (b *binder) patternQuery(parts []*ast.PatternPart, mode ast.MatchMode, where ast.Expr, outer *scope, closed bool, at status.Pos,
	then func(sub *bound, sc *scope) error) (*bound, error) {
	sub, sc, err := b.begin(outer, at)
	if err != nil {
		return nil, err
	}
	defer func() { b.depth-- }()
	pat := b.newPattern(sc)
	pat.closed = closed
	if err := pat.bind(parts, mode, where); err != nil {
		return nil, err
	}
	m := &plan.Match{Pattern: pat.out}
	m.Input = sub.source().node()
	sub.result = &result{root: m, scope: sc, returns: true}
	if then != nil {
		if err := then(sub, sc); err != nil {
			return nil, err
		}
	}
	sub.fix(false)
	return sub, nil
}

// bodyText is what EXPLAIN shows of a subquery: its text without the braces.
func bodyText(n ast.Node) string {
	s := ast.Format(n)
	if i, j := strings.IndexByte(s, '{'), strings.LastIndexByte(s, '}'); i >= 0 && j > i && s[j+1:] == "" {
		s = s[i+1 : j]
	}
	return strings.Trim(strings.TrimSpace(s), "[]")
}

// asExpr makes an expression of a bound subquery.
func (b *binder) asExpr(sub *bound, kind expr.SubqueryKind, text string, at status.Pos) *expr.Subquery {
	p := &plan.Plan{Root: sub.root, Columns: sub.columns, RowID: sub.rowID, PerRow: sub.perRow}
	b.subplans = append(b.subplans, p)
	s := &expr.Subquery{Kind: kind, Plan: p, Outer: sub.imports.slots, Result: plan.NoSlot, Text: text, Pos: at}
	if kind == expr.Collect {
		s.Result = sub.columns[0].Slot
	}
	return s
}

func (b *binder) subqueryExpr(s *ast.Subquery, en *env) (expr.Expr, error) {
	kind := [...]expr.SubqueryKind{ast.ExistsSubquery: expr.Exists, ast.CountSubquery: expr.Count, ast.CollectSubquery: expr.Collect}[s.Kind]
	if s.Query == nil {
		if kind == expr.Collect {
			return nil, status.Errorf(status.UnexpectedSyntax, "COLLECT { } takes a query that ends in RETURN").At(s.Pos)
		}
		sub, err := b.patternQuery(s.Patterns, s.Mode, s.Where, en.sc, false, s.Pos, nil)
		if err != nil {
			return nil, err
		}
		return b.asExpr(sub, kind, bodyText(s), s.Pos), nil
	}
	pos := position{readOnly: true, mayLackEnd: kind != expr.Collect, needReturn: kind == expr.Collect}
	sub, err := b.subquery(s.Query, en.sc, pos, s.Pos)
	if err != nil {
		return nil, err
	}
	if kind == expr.Collect && len(sub.columns) != 1 {
		return nil, status.Errorf(status.InvalidArgumentType, "COLLECT { } must return one column, not %d", len(sub.columns)).At(s.Pos)
	}
	return b.asExpr(sub, kind, bodyText(s), s.Pos), nil
}

// patternExpr binds a pattern that stands as a value.
func (b *binder) patternExpr(e *ast.PatternExpr, en *env) (expr.Expr, error) {
	parts := []*ast.PatternPart{e.Pattern}
	switch e.Pattern.Selector {
	case ast.ShortestPath, ast.AllShortestPaths:
		sub, err := b.patternQuery(parts, ast.MatchDefault, nil, en.sc, false, e.Pos, b.collectPath(e.Pattern))
		if err != nil {
			return nil, err
		}
		list := b.asExpr(sub, expr.Collect, bodyText(e), e.Pos)
		if e.Pattern.Selector == ast.AllShortestPaths {
			return list, nil
		}
		return &expr.Index{Base: list, Index: &expr.Const{Value: value.Int(0)}, Pos: e.Pos}, nil
	}
	if !en.pattern {
		return nil, status.Errorf(status.UnexpectedSyntax, "a pattern can be a condition, not a value").At(e.Pos).
			WithHint("use a pattern comprehension, [(a)-->(b) | b], or COUNT { (a)-->(b) }")
	}
	if len(e.Pattern.Elements) == 1 {
		return b.singleNode(e, en)
	}
	sub, err := b.patternQuery(parts, ast.MatchDefault, nil, en.sc, true, e.Pos, nil)
	if err != nil {
		return nil, err
	}
	return b.asExpr(sub, expr.Exists, bodyText(e), e.Pos), nil
}

// singleNode refuses a pattern of one node as a condition.
func (b *binder) singleNode(e *ast.PatternExpr, en *env) (expr.Expr, error) {
	if n, ok := e.Pattern.Elements[0].(*ast.NodePattern); ok && n.Var != nil && en.sc.lookup(n.Var.Text) == nil {
		return nil, en.sc.undefined(n.Var.Text, n.Var.Pos)
	}
	return nil, status.Errorf(status.InvalidArgumentType, "a node is not a condition").At(e.Pos).
		WithHint("write a relationship, or use IS NOT NULL")
}

// collectPath adds the path of a pattern's only part as the column to collect.
func (b *binder) collectPath(part *ast.PatternPart) func(*bound, *scope) error {
	return func(sub *bound, _ *scope) error {
		m := sub.root.(*plan.Match)
		if err := bothBound(&m.Pattern, part.Pos); err != nil {
			return err
		}
		if part.Var == nil {
			rel := m.Pattern.Rels[0]
			from, to := m.Pattern.Nodes[rel.From], m.Pattern.Nodes[rel.To]
			path := &expr.PathBuild{Start: &expr.Slot{Slot: from.Slot, Name: from.Name, T: expr.NodeType},
				Steps: []expr.PathStep{{Rel: &expr.Slot{Slot: rel.Slot, T: expr.ListType}, VarLength: true,
					Node: &expr.Slot{Slot: to.Slot, Name: to.Name, T: expr.NodeType}}}}
			v := b.newVar("", expr.PathType, 0)
			m.Pattern.Paths = append(m.Pattern.Paths, plan.Item{Slot: v.slot, Expr: path})
		}
		sub.columns = []plan.Column{{Slot: m.Pattern.Paths[len(m.Pattern.Paths)-1].Slot}}
		return nil
	}
}

func (b *binder) patternComprehension(e *ast.PatternComprehension, en *env) (expr.Expr, error) {
	var elem expr.Types
	sub, err := b.patternQuery([]*ast.PatternPart{e.Pattern}, ast.MatchDefault, e.Where, en.sc, false, e.Pos, func(sub *bound, sc *scope) error {
		x, err := b.expr(e.Projection, &env{sc: sc})
		if err != nil {
			return err
		}
		elem = x.Type()
		if s, ok := x.(*expr.Slot); ok {
			sub.columns = []plan.Column{{Slot: s.Slot}}
			return nil
		}
		v := b.newVar("", elem, b.elemType(x))
		pr := &plan.Project{Items: []plan.Item{{Slot: v.slot, Expr: x}}}
		pr.Input = sub.root
		sub.root = pr
		sub.columns = []plan.Column{{Slot: v.slot}}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s := b.asExpr(sub, expr.Collect, bodyText(e), e.Pos)
	b.elems[s.Result+subqueryElems] = elem
	return s, nil
}

// subqueryElems sets the element types of collected lists apart from those of slots.
const subqueryElems = 1 << 40
