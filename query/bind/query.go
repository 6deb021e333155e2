package bind

import (
	"sort"

	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// leafSource makes the operator that a (sub-)query starts from: its rows are the
// outer ones of arg, or a single empty one.
type leafSource struct {
	arg func() plan.Node // nil: SingleRow
	// outer makes an operator that gives the outer rows alone, where arg's rows are more than
	// those: after NEXT. nil: arg does.
	outer func() plan.Node
}

// attach makes the operator that gives a subquery's outer rows; nil outside of one.
func (l leafSource) attach() func() plan.Node {
	if l.outer != nil {
		return l.outer
	}
	return l.arg
}

func (l leafSource) node() plan.Node {
	if l.arg == nil {
		return &plan.SingleRow{}
	}
	return l.arg()
}

// position says where a query stands, which decides what it may hold.
type position struct {
	standalone bool // the whole statement
	readOnly   bool // inside an expression
	needReturn bool // COLLECT, COUNT: must end in RETURN
	mayLackEnd bool // EXISTS { MATCH … } and CALL { … } may end without RETURN
}

// result is a bound query.
type result struct {
	root    plan.Node
	columns []plan.Column // nil: ends without RETURN
	scope   *scope        // the variables that the columns are
	perRow  bool          // cannot be run for many outer rows at once
	returns bool
}

// query binds a list of single queries joined by UNION, and what follows NEXT.
func (b *binder) query(q *ast.Query, sc *scope, src leafSource, pos position) (*result, error) {
	if err := sameUnions(q); err != nil {
		return nil, err
	}
	if len(q.Parts) > 1 || q.Next != nil {
		pos.standalone = false
		b.compound = b.compound || b.depth == 0
	}
	res, err := b.union(q, sc, src, pos)
	if err != nil || q.Next == nil {
		return res, err
	}
	return b.next(res, q.Next, sc, src, pos)
}

// sameUnions refuses a mixture of UNION and UNION ALL.
func sameUnions(q *ast.Query) error {
	for i := 1; i < len(q.All); i++ {
		if q.All[i] != q.All[0] {
			return status.Errorf(status.InvalidClauseComposition, "UNION and UNION ALL are mixed").At(q.Parts[i+1].Pos).
				WithHint("use one of the two throughout")
		}
	}
	return nil
}

func (b *binder) union(q *ast.Query, sc *scope, src leafSource, pos position) (*result, error) {
	if len(q.Parts) == 1 {
		return b.single(q.Parts[0], sc, src, pos)
	}
	var parts []*result
	for _, part := range q.Parts {
		res, err := b.single(part, sc.copy(), src, pos)
		if err != nil {
			return nil, err
		}
		parts = append(parts, res)
	}
	return b.joined(parts, q, !q.All[0], sc)
}

// joined makes one result of the parts of a union.
func (b *binder) joined(parts []*result, q *ast.Query, distinct bool, sc *scope) (*result, error) {
	u := &plan.Union{}
	first := parts[0]
	for i, res := range parts {
		cols, err := matchColumns(first, res, q.Parts[i])
		if err != nil {
			return nil, err
		}
		u.Parts = append(u.Parts, res.root)
		u.Columns = append(u.Columns, cols)
	}
	out := &result{scope: sc.next(), perRow: true, returns: first.returns}
	for i, c := range first.columns {
		var t, elem expr.Types
		for p := range u.Columns {
			t |= b.types[u.Columns[p][i]]
			if e, ok := b.elems[u.Columns[p][i]]; ok {
				elem |= e
			} else {
				elem = expr.AnyType
			}
		}
		v := b.newVar(c.Name, t, elem)
		out.scope.add(v)
		u.Out = append(u.Out, v.slot)
		out.columns = append(out.columns, plan.Column{Name: c.Name, Slot: v.slot})
	}
	out.root = u
	if distinct && first.returns {
		d := &plan.Distinct{Keys: append([]plan.Slot(nil), u.Out...)}
		d.Input = u
		out.root = d
	}
	return out, nil
}

// matchColumns returns res's slots in the order of first's columns.
func matchColumns(first, res *result, part *ast.SingleQuery) ([]plan.Slot, error) {
	mismatch := func() error {
		return status.Errorf(status.DifferentColumnsInUnion, "all parts of a UNION must return the same columns").At(part.Pos).
			WithHint("give the columns the same names with AS")
	}
	if len(first.columns) != len(res.columns) || first.returns != res.returns {
		return nil, mismatch()
	}
	var out []plan.Slot
	for _, c := range first.columns {
		found := false
		for _, d := range res.columns {
			if d.Name == c.Name {
				out, found = append(out, d.Slot), true
				break
			}
		}
		if !found {
			return nil, mismatch()
		}
	}
	return out, nil
}

// pipeline is a query being bound clause by clause.
type pipeline struct {
	b    *binder
	sc   *scope
	cur  plan.Node
	src  leafSource
	pos  position
	rows *result
}

func (b *binder) single(q *ast.SingleQuery, sc *scope, src leafSource, pos position) (*result, error) {
	p := &pipeline{b: b, sc: sc, cur: src.node(), src: src, pos: pos, rows: &result{}}
	if err := b.database(q.Use); err != nil {
		return nil, err
	}
	if err := checkOrder(q, pos); err != nil {
		return nil, err
	}
	for _, c := range q.Clauses {
		if err := b.countClause(p, c); err != nil {
			return nil, err
		}
		if err := p.clause(c, len(q.Clauses) == 1); err != nil {
			return nil, err
		}
	}
	p.rows.root, p.rows.scope = p.cur, p.sc
	return p.rows, nil
}

// checkOrder refuses sequences of clauses that end in the middle.
func checkOrder(q *ast.SingleQuery, pos position) error {
	for i, c := range q.Clauses {
		last := i == len(q.Clauses)-1
		switch c.(type) {
		case *ast.Return, *ast.Finish:
			if !last {
				return status.Errorf(status.InvalidClauseComposition, "RETURN must be the last clause").At(q.Clauses[i+1].Position())
			}
		case *ast.Create, *ast.Merge, *ast.Set, *ast.Remove, *ast.Delete, *ast.Foreach:
			if pos.readOnly {
				return status.Errorf(status.InvalidClauseComposition, "a subquery inside an expression cannot write").At(c.Position()).
					WithHint("write in CALL { } or in a clause of its own")
			}
		case *ast.Call, *ast.CallSubquery, *ast.When:
		default:
			if last && !pos.mayLackEnd {
				return status.Errorf(status.UnexpectedSyntax, "a query cannot end here").At(c.Position()).
					WithHint("end it with RETURN or a clause that writes")
			}
		}
	}
	if len(q.Clauses) == 0 {
		return status.Errorf(status.UnexpectedSyntax, "an empty query").At(q.Pos)
	}
	switch q.Clauses[len(q.Clauses)-1].(type) {
	case *ast.Return, *ast.When: // a WHEN's branches are checked by themselves
	default:
		if !pos.needReturn {
			break
		}
		return status.Errorf(status.InvalidClauseComposition, "this subquery must end in RETURN").At(q.Pos)
	}
	return nil
}

// maxClauses bounds the clauses of a statement; CREATE after CREATE counts as one.
const maxClauses = 1000

func (b *binder) countClause(p *pipeline, c ast.Clause) error {
	if _, ok := c.(*ast.Create); ok {
		if _, ok := p.cur.(*plan.Create); ok {
			return nil
		}
	}
	if b.clauses++; b.clauses > maxClauses {
		return status.Errorf(status.TooDeep, "a query of more than %d clauses", maxClauses).At(c.Position()).
			WithHint("send it as several queries in one transaction, or pass the data as a parameter and UNWIND it")
	}
	return nil
}

func (p *pipeline) clause(c ast.Clause, only bool) error {
	switch c := c.(type) {
	case *ast.Match:
		return p.match(c)
	case *ast.With:
		return p.with(c)
	case *ast.Return:
		return p.ret(c)
	case *ast.Finish:
		p.rows.returns, p.rows.columns = false, nil
		return nil
	case *ast.Unwind:
		return p.unwind(c.List, c.Var, nil, 0)
	case *ast.For:
		from := 1
		if c.Offset {
			from = 0
		}
		return p.unwind(c.List, c.Var, c.Counter, from)
	case *ast.Let:
		return p.let(c)
	case *ast.Filter:
		return p.where(c.Where, p.sc)
	case *ast.Page:
		return p.page(c)
	case *ast.Call:
		return p.call(c, only)
	case *ast.CallSubquery:
		return p.callSubquery(c)
	case *ast.Load:
		return p.load(c)
	case *ast.When:
		return p.when(c)
	}
	return p.write(c)
}

// env returns what expressions of a clause may use: no aggregates, no patterns.
func (p *pipeline) env() *env { return &env{sc: p.sc} }

func (p *pipeline) where(e ast.Expr, sc *scope) error {
	if e == nil {
		return nil
	}
	conj, err := p.b.predicates(e, sc)
	if err != nil {
		return err
	}
	p.filter(conj)
	return nil
}

func (p *pipeline) filter(conj []expr.Expr) {
	f := &plan.Filter{Predicates: conj}
	f.Input = p.cur
	p.cur = f
}

// predicates binds a WHERE and splits it at its ANDs.
func (b *binder) predicates(e ast.Expr, sc *scope) ([]expr.Expr, error) {
	return b.predicatesIn(e, &env{sc: sc, pattern: true})
}

func (b *binder) predicatesIn(e ast.Expr, en *env) ([]expr.Expr, error) {
	x, err := b.condition(e, en)
	if err != nil {
		return nil, err
	}
	return conjuncts(nil, x), nil
}

// condition binds an expression that must be a truth value.
func (b *binder) condition(e ast.Expr, en *env) (expr.Expr, error) {
	x, err := b.expr(e, en)
	if err != nil {
		return nil, err
	}
	if !expr.CanBe(x.Type(), expr.BoolType) {
		return nil, status.Errorf(status.InvalidArgumentType, "a condition must be BOOLEAN, but this is %s", x.Type()).At(e.Position())
	}
	return x, nil
}

func conjuncts(dst []expr.Expr, e expr.Expr) []expr.Expr {
	if l, ok := e.(*expr.Logic); ok && l.Op == expr.And {
		for _, a := range l.Args {
			dst = conjuncts(dst, a)
		}
		return dst
	}
	return append(dst, e)
}

func (p *pipeline) unwind(list ast.Expr, name, counter *ast.Name, from int) error {
	x, err := p.b.expr(list, p.env())
	if err != nil {
		return err
	}
	t := p.b.elemType(x)
	v, err := p.b.declare(p.sc, name, t)
	if err != nil {
		return err
	}
	u := &plan.Unwind{List: x, Slot: v.slot, Name: v.name, Index: plan.NoSlot, IndexFrom: from}
	if counter != nil {
		c, err := p.b.declare(p.sc, counter, expr.IntType)
		if err != nil {
			return err
		}
		u.Index = c.slot
	}
	u.Input = p.cur
	p.cur = u
	return nil
}

func (p *pipeline) let(c *ast.Let) error {
	pr := &plan.Project{}
	xs := make([]expr.Expr, len(c.Items))
	for i, it := range c.Items {
		x, err := p.b.expr(it.Expr, p.env())
		if err != nil {
			return err
		}
		xs[i] = x
	}
	for i, it := range c.Items {
		x := xs[i]
		v, err := p.b.declare(p.sc, it.Var, x.Type())
		if err != nil {
			return err
		}
		p.b.elems[v.slot] = p.b.elemType(x)
		pr.Items = append(pr.Items, plan.Item{Slot: v.slot, Name: v.name, Expr: x})
	}
	pr.Input = p.cur
	p.cur = pr
	return nil
}

func (p *pipeline) load(c *ast.Load) error {
	from, err := p.b.expr(c.From, p.env())
	if err != nil {
		return err
	}
	if !expr.CanBe(from.Type(), expr.StringType) {
		return status.Errorf(status.InvalidArgumentType, "LOAD %s FROM takes a STRING, not %s", c.Format, from.Type()).At(c.From.Position())
	}
	if c.Format != ast.LoadCSV {
		return p.loadRows(c, from)
	}
	t := expr.ListType
	if c.WithHeaders {
		t = expr.MapType
	}
	v, err := p.b.declare(p.sc, c.Var, t)
	if err != nil {
		return err
	}
	p.b.elems[v.slot] = expr.StringType | expr.NullType
	l := &plan.LoadCSV{From: from, Slot: v.slot, Name: v.name, Line: plan.NoSlot, File: plan.NoSlot, Headers: c.WithHeaders, Terminator: ',', Pos: c.Pos}
	if c.FieldTerminator != nil {
		r := []rune(c.FieldTerminator.Value)
		if len(r) != 1 {
			return status.Errorf(status.InvalidArgumentType, "FIELDTERMINATOR must be one character").At(c.FieldTerminator.Pos)
		}
		l.Terminator = r[0]
	}
	p.sc.loaded, p.b.loads = l, true
	l.Input = p.cur
	p.cur = l
	return nil
}

// loadRows binds LOAD JSONL and LOAD PARQUET.
func (p *pipeline) loadRows(c *ast.Load, from expr.Expr) error {
	l := &plan.LoadRows{From: from, JSONLines: c.Format == ast.LoadJSONLines, Pos: c.Pos}
	t := expr.MapType
	if l.JSONLines {
		t = expr.AnyType // of what a line holds
	}
	v, err := p.b.declare(p.sc, c.Var, t)
	if err != nil {
		return err
	}
	p.b.elems[v.slot] = expr.AnyType
	l.Slot, l.Name, l.Input = v.slot, v.name, p.cur
	p.cur = l
	return nil
}

// rowCount binds the operand of SKIP or LIMIT: it must not depend on rows.
func (b *binder) rowCount(e ast.Expr, word string) (expr.Expr, error) {
	var named status.Pos
	ast.Inspect(e, func(n ast.Node) bool {
		if v, ok := n.(*ast.Variable); ok && !named.IsValid() {
			named = v.Pos
		}
		return true
	})
	if named.IsValid() {
		return nil, status.Errorf(status.NonConstantExpression, "%s cannot depend on a variable", word).At(named).
			WithHint("use a number or a parameter")
	}
	x, err := b.expr(e, &env{sc: newScope(nil)})
	if err != nil {
		return nil, err
	}
	switch c := x.(type) {
	case *expr.Const:
		if c.Value.Kind() != value.KindInt {
			return nil, status.Errorf(status.InvalidArgumentType, "%s takes an INTEGER, not %s", word, c.Value.Kind()).At(e.Position())
		}
		if c.Value.AsInt() < 0 {
			return nil, status.Errorf(status.NegativeIntegerArgument, "%s takes a number of %s ≥ 0, not %d", word, counted(word), c.Value.AsInt()).At(e.Position())
		}
	case *expr.Neg:
		if n, ok := c.X.(*expr.Const); ok && n.Value.Kind() == value.KindInt {
			return nil, status.Errorf(status.NegativeIntegerArgument, "%s takes a number of %s ≥ 0", word, counted(word)).At(e.Position())
		}
	}
	if !expr.CanBe(x.Type(), expr.IntType) {
		return nil, status.Errorf(status.InvalidArgumentType, "%s takes an INTEGER, not %s", word, x.Type()).At(e.Position())
	}
	return x, nil
}

// counted says what the number after a word counts.
func counted(word string) string {
	switch word {
	case "RETRY FOR":
		return "seconds"
	case "CONCURRENT":
		return "transactions"
	}
	return "rows"
}

// sortedVars returns the scope's variables by name, as * lists them.
func sortedVars(sc *scope) []*variable {
	vs := append([]*variable(nil), sc.order...)
	sort.SliceStable(vs, func(i, j int) bool { return vs[i].name < vs[j].name })
	return vs
}
