package parser

import (
	"slices"
	"strings"

	"github.com/antlr4-go/antlr/v4"

	"github.com/kadedb/kadedb/grammar/gen"
	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/status"
)

// builder makes the ast of ANTLR's tree. Its methods give up by bail.
type builder struct {
	text     string
	tokens   []token
	lifted   []int32 // offsets of literals that become parameters, ascending
	patterns bool    // a pattern stands as a value somewhere
	chain    int     // operators on the way down to what is being built
}

// maxNext bounds the queries that NEXT puts in a row.
const maxNext = 200

func (b *builder) fail(at antlr.Token, code status.Code, hint, format string, args ...any) {
	err := status.Errorf(code, format, args...).At(at.(*token).pos())
	if hint != "" {
		err = err.WithHint("%s", hint)
	}
	panic(bail{err})
}

func loc(ctx antlr.ParserRuleContext) ast.Loc { return at(ctx.GetStart()) }

func at(t antlr.Token) ast.Loc { return ast.At(t.(*token).pos()) }

// find returns the first token of a type that is directly below ctx, or nil.
func find(ctx antlr.Tree, types ...int) antlr.Token {
	for _, c := range ctx.GetChildren() {
		if t, ok := c.(antlr.TerminalNode); ok && slices.Contains(types, t.GetSymbol().GetTokenType()) {
			return t.GetSymbol()
		}
	}
	return nil
}

func has(ctx antlr.Tree, types ...int) bool { return find(ctx, types...) != nil }

// nameText returns the text of a name's token without its backticks.
func nameText(t antlr.Token) string {
	s := t.GetText()
	if t.GetTokenType() == gen.KadeQLParserESCAPED {
		return strings.ReplaceAll(s[1:len(s)-1], "``", "`")
	}
	return s
}

func name(ctx antlr.ParserRuleContext) ast.Name {
	t := ctx.GetStart()
	return ast.Name{Loc: at(t), Text: nameText(t)}
}

// optName is name for a part that may be missing.
func optName[C antlr.ParserRuleContext](ctx C) *ast.Name {
	if any(ctx) == nil {
		return nil
	}
	n := name(ctx)
	return &n
}

func names(ctxs []gen.INameContext) []*ast.Name {
	out := make([]*ast.Name, len(ctxs))
	for i, c := range ctxs {
		out[i] = optName(c)
	}
	return out
}

func (b *builder) statement(ctx gen.IStatementContext) ast.Statement {
	var st ast.Statement
	switch {
	case ctx.Query() != nil:
		st = b.query(ctx.Query())
	case ctx.SchemaStatement() != nil:
		st = b.schema(ctx.SchemaStatement())
	default:
		st = b.admin(ctx.AdminStatement())
	}
	if u := ctx.Use(); u != nil {
		st = &ast.Use{Loc: loc(u), Name: b.useName(u), Statement: st}
	}
	if t := b.prefix(ctx); t != nil {
		return &ast.Explain{Loc: at(t), Profile: t.GetTokenType() == gen.KadeQLParserPROFILE, Statement: st}
	}
	return st
}

func (b *builder) query(ctx gen.IQueryContext) *ast.Query {
	var first, last *ast.Query
	unions := ctx.AllUnion()
	if len(unions) > maxNext {
		b.fail(unions[maxNext].GetStart(), status.TooDeep, "", "more than %d queries joined by NEXT", maxNext)
	}
	for _, u := range unions {
		q := b.union(u)
		if first == nil {
			first = q
		} else {
			last.Next = q
		}
		for last = q; last.Next != nil; { // a query in braces brings its own
			last = last.Next
		}
	}
	return first
}

func (b *builder) union(ctx gen.IUnionContext) *ast.Query {
	if parts := ctx.AllSingleQuery(); len(parts) == 1 && parts[0].Query() != nil {
		return b.query(parts[0].Query())
	}
	q := &ast.Query{Loc: loc(ctx)}
	for _, c := range ctx.GetChildren() {
		switch c := c.(type) {
		case gen.ISingleQueryContext:
			q.Parts = append(q.Parts, b.singleQuery(c))
		case antlr.TerminalNode:
			switch c.GetSymbol().GetTokenType() {
			case gen.KadeQLParserUNION:
				q.All = append(q.All, false)
			case gen.KadeQLParserALL:
				q.All[len(q.All)-1] = true
			}
		}
	}
	for i := 1; i < len(q.All); i++ {
		if q.All[i] != q.All[0] {
			b.fail(ctx.UNION(i).GetSymbol(), status.InvalidClauseComposition,
				"use the same one everywhere, or put one of them into CALL { }", "UNION and UNION ALL are mixed in one query")
		}
	}
	return q
}

func (b *builder) singleQuery(ctx gen.ISingleQueryContext) *ast.SingleQuery {
	q := &ast.SingleQuery{Loc: loc(ctx)}
	if c := ctx.Conditional(); c != nil {
		q.Clauses = []ast.Clause{b.conditional(c)}
		return q
	}
	if in := ctx.Query(); in != nil {
		return b.braced(q, b.query(in))
	}
	if u := ctx.Use(); u != nil {
		q.Use = b.useName(u)
	}
	q.Clauses = b.clauses(ctx)
	if len(q.Clauses) > 1 {
		b.checkCalls(q.Clauses)
	}
	return q
}

// checkCalls refuses what only a CALL that is the whole query may do.
func (b *builder) checkCalls(clauses []ast.Clause) {
	for _, c := range clauses {
		call, ok := c.(*ast.Call)
		if !ok {
			continue
		}
		if call.Implicit {
			panic(bail{status.Errorf(status.InvalidArgumentPassingMode, "the arguments of `%s` are not written out", strings.Join(call.Name, ".")).
				At(call.Pos).WithHint("write them in parentheses; only a CALL that is the whole query takes them from the parameters")})
		}
		if call.Yield != nil && call.Yield.Star {
			panic(bail{status.Errorf(status.UnexpectedSyntax, "YIELD * is only allowed where CALL is the whole query").
				At(call.Yield.Pos).WithHint("name the columns: YIELD a, b")})
		}
	}
}

func (b *builder) clauses(ctx antlr.Tree) []ast.Clause {
	var out []ast.Clause
	for _, c := range ctx.GetChildren() {
		if c, ok := c.(gen.IClauseContext); ok {
			out = append(out, b.clause(c))
			if p := c.Page(); p != nil {
				out = append(out, &ast.Page{Loc: loc(p), OrderBy: b.orderBy(p.OrderBy()), Skip: b.skip(p.Skip()), Limit: b.limit(p.Limit())})
			}
		}
	}
	return out
}

func (b *builder) conditional(ctx gen.IConditionalContext) *ast.When {
	w := &ast.When{Loc: loc(ctx)}
	conds, branches := ctx.AllExpression(), ctx.AllBranch()
	for i, c := range conds {
		w.Branches = append(w.Branches, &ast.WhenBranch{Loc: loc(c), Cond: b.expr(c), Query: b.branch(branches[i])})
	}
	if len(branches) > len(conds) {
		w.Else = b.branch(branches[len(conds)])
	}
	return w
}

func (b *builder) branch(ctx gen.IBranchContext) *ast.Query {
	if q := ctx.Query(); q != nil {
		return b.query(q)
	}
	single := &ast.SingleQuery{Loc: loc(ctx), Clauses: b.clauses(ctx)}
	return &ast.Query{Loc: loc(ctx), Parts: []*ast.SingleQuery{single}}
}

func (b *builder) clause(ctx gen.IClauseContext) ast.Clause {
	switch c := ctx.GetChild(0).(type) {
	case gen.IMatchClauseContext:
		return b.match(c)
	case gen.IWithClauseContext:
		return &ast.With{Loc: loc(c), Projection: b.projection(c.Projection()), Where: b.where(c.Where())}
	case gen.IReturnClauseContext:
		return b.returns(c)
	case gen.IUnwindClauseContext:
		return &ast.Unwind{Loc: loc(c), List: b.expr(c.Expression()), Var: optName(c.Name())}
	case gen.ILoadClauseContext:
		return b.load(c)
	case gen.ICallClauseContext:
		return b.call(c)
	case gen.ILetClauseContext:
		return b.let(c)
	case gen.IFilterClauseContext:
		return &ast.Filter{Loc: loc(c), Where: b.expr(c.Expression())}
	case gen.IForClauseContext:
		f := &ast.For{Loc: loc(c), Var: optName(c.Name(0)), List: b.expr(c.Expression())}
		if has(c, gen.KadeQLParserWITH) {
			f.Counter, f.Offset = optName(c.Name(1)), has(c, gen.KadeQLParserOFFSET)
		}
		return f
	case antlr.TerminalNode:
		return &ast.Finish{Loc: loc(ctx)}
	default:
		return b.update(c)
	}
}

func (b *builder) update(ctx antlr.Tree) ast.Clause {
	switch c := ctx.(type) {
	case gen.ICreateClauseContext:
		return &ast.Create{Loc: loc(c), Insert: has(c, gen.KadeQLParserINSERT), Patterns: b.pattern(c.Pattern())}
	case gen.IMergeClauseContext:
		m := &ast.Merge{Loc: loc(c), Pattern: b.patternPart(c.PatternPart())}
		for _, a := range c.AllMergeAction() {
			m.Actions = append(m.Actions, &ast.MergeAction{
				Loc: loc(a), OnMatch: has(a, gen.KadeQLParserMATCH), Items: b.setItems(a.AllSetItem()),
			})
		}
		return m
	case gen.ISetClauseContext:
		return &ast.Set{Loc: loc(c), Items: b.setItems(c.AllSetItem())}
	case gen.IRemoveClauseContext:
		return b.remove(c)
	case gen.IDeleteClauseContext:
		return &ast.Delete{Loc: loc(c), Detach: has(c, gen.KadeQLParserDETACH), Exprs: b.exprs(c.AllExpression())}
	case gen.IForeachClauseContext:
		return b.foreach(c)
	}
	panic("parser: a clause of the grammar that nothing builds")
}

func (b *builder) foreach(ctx gen.IForeachClauseContext) ast.Clause {
	f := &ast.Foreach{Loc: loc(ctx), Var: optName(ctx.Name()), List: b.expr(ctx.Expression())}
	for _, c := range ctx.AllClause() {
		inner := b.clause(c)
		switch inner.(type) {
		case *ast.Create, *ast.Merge, *ast.Set, *ast.Remove, *ast.Delete, *ast.Foreach:
		default:
			b.fail(c.GetStart(), status.UnexpectedSyntax, "use UNWIND or CALL { } for anything that reads",
				"FOREACH takes only clauses that write")
		}
		f.Clauses = append(f.Clauses, inner)
	}
	return f
}

func (b *builder) match(ctx gen.IMatchClauseContext) ast.Clause {
	return &ast.Match{
		Loc:      loc(ctx),
		Optional: has(ctx, gen.KadeQLParserOPTIONAL),
		Mode:     matchMode(ctx.MatchMode()),
		Patterns: b.pattern(ctx.Pattern()),
		Hints:    b.hints(ctx.AllHint()),
		Where:    b.where(ctx.Where()),
	}
}

func matchMode(ctx gen.IMatchModeContext) ast.MatchMode {
	switch {
	case ctx == nil:
		return ast.MatchDefault
	case has(ctx, gen.KadeQLParserREPEATABLE):
		return ast.RepeatableElements
	}
	return ast.DifferentRelationships
}

func (b *builder) where(ctx gen.IWhereContext) ast.Expr {
	if ctx == nil {
		return nil
	}
	return b.expr(ctx.Expression())
}

func (b *builder) returns(ctx gen.IReturnClauseContext) *ast.Return {
	return &ast.Return{Loc: loc(ctx), Projection: b.projection(ctx.Projection())}
}

func (b *builder) projection(ctx gen.IProjectionContext) *ast.Projection {
	p := &ast.Projection{
		Loc:      loc(ctx),
		Distinct: has(ctx, gen.KadeQLParserDISTINCT),
		Star:     has(ctx, gen.KadeQLParserSTAR),
		OrderBy:  b.orderBy(ctx.OrderBy()),
		Skip:     b.skip(ctx.Skip()),
		Limit:    b.limit(ctx.Limit()),
	}
	if g := ctx.GroupBy(); g != nil {
		p.Grouped, p.GroupBy = true, b.exprs(g.AllExpression())
	}
	for _, c := range ctx.AllProjectionItem() {
		e := c.Expression()
		p.Items = append(p.Items, &ast.ProjectionItem{
			Loc: loc(c), Expr: b.expr(e), Alias: optName(c.Name()),
			Text: b.text[e.GetStart().(*token).start:e.GetStop().(*token).end],
		})
	}
	return p
}

func (b *builder) orderBy(ctx gen.IOrderByContext) []*ast.SortItem {
	if ctx == nil {
		return nil
	}
	var out []*ast.SortItem
	for _, c := range ctx.AllSortItem() {
		out = append(out, &ast.SortItem{
			Loc: loc(c), Expr: b.expr(c.Expression()),
			Descending: has(c, gen.KadeQLParserDESC, gen.KadeQLParserDESCENDING),
		})
	}
	return out
}

func (b *builder) skip(ctx gen.ISkipContext) ast.Expr {
	if ctx == nil {
		return nil
	}
	return b.expr(ctx.Expression())
}

func (b *builder) limit(ctx gen.ILimitContext) ast.Expr {
	if ctx == nil {
		return nil
	}
	return b.expr(ctx.Expression())
}

func (b *builder) let(ctx gen.ILetClauseContext) ast.Clause {
	l := &ast.Let{Loc: loc(ctx)}
	for _, c := range ctx.AllLetItem() {
		l.Items = append(l.Items, &ast.LetItem{Loc: loc(c), Var: optName(c.Name()), Expr: b.expr(c.Expression())})
	}
	return l
}

func (b *builder) load(ctx gen.ILoadClauseContext) ast.Clause {
	l := &ast.Load{
		Loc: loc(ctx), WithHeaders: has(ctx, gen.KadeQLParserHEADERS),
		From: b.expr(ctx.Expression()), Var: optName(ctx.Name()),
	}
	if t := find(ctx, gen.KadeQLParserIDENTIFIER); t != nil {
		l.Format = b.loadFormat(t)
	}
	if t := find(ctx, gen.KadeQLParserSTRING_LITERAL); t != nil {
		if l.Format != ast.LoadCSV {
			b.fail(t, status.UnexpectedSyntax, "leave it out", "FIELDTERMINATOR is for LOAD CSV")
		}
		l.FieldTerminator = b.str(t)
	}
	return l
}

// loadFormat reads the word after LOAD; CSV has a token of its own.
func (b *builder) loadFormat(t antlr.Token) ast.LoadFormat {
	for f, word := range ast.LoadFormats {
		if strings.EqualFold(t.GetText(), word) {
			return ast.LoadFormat(f)
		}
	}
	hint := "LOAD reads CSV, JSONL and PARQUET"
	if near := status.Nearest(strings.ToUpper(t.GetText()), ast.LoadFormats[:]...); near != "" {
		hint = "did you mean LOAD " + near + "?"
	}
	b.fail(t, status.UnexpectedSyntax, hint, "LOAD reads no files of the format `%s`", t.GetText())
	return 0
}

func (b *builder) setItems(ctxs []gen.ISetItemContext) []ast.SetItem {
	var out []ast.SetItem
	for _, c := range ctxs {
		target := b.postfix(c.Postfix())
		if l := c.Labels(); l != nil {
			out = append(out, &ast.SetLabels{Loc: loc(c), Target: target, Labels: b.plainLabels(l)})
			continue
		}
		value := b.expr(c.Expression())
		add := has(c, gen.KadeQLParserPLUSEQ)
		switch target.(type) {
		case *ast.Property, *ast.Index:
			if !add {
				out = append(out, &ast.SetProperty{Loc: loc(c), Target: target, Value: value})
				continue
			}
		}
		out = append(out, &ast.SetProperties{Loc: loc(c), Target: target, Add: add, Value: value})
	}
	return out
}

func (b *builder) remove(ctx gen.IRemoveClauseContext) ast.Clause {
	r := &ast.Remove{Loc: loc(ctx)}
	for _, c := range ctx.AllRemoveItem() {
		target := b.postfix(c.Postfix())
		if l := c.Labels(); l != nil {
			r.Items = append(r.Items, &ast.RemoveLabels{Loc: loc(c), Target: target, Labels: b.plainLabels(l)})
			continue
		}
		switch target.(type) {
		case *ast.Property, *ast.Index:
		default:
			b.fail(c.GetStart(), status.UnexpectedSyntax, "REMOVE n.key or REMOVE n:Label; DELETE removes entities",
				"REMOVE takes a property or labels")
		}
		r.Items = append(r.Items, &ast.RemoveProperty{Loc: loc(c), Target: target})
	}
	return r
}

func (b *builder) call(ctx gen.ICallClauseContext) ast.Clause {
	optional := has(ctx, gen.KadeQLParserOPTIONAL)
	if p := ctx.ProcedureName(); p != nil {
		c := &ast.Call{Loc: loc(ctx), Optional: optional, Implicit: true}
		for _, n := range p.AllName() {
			c.Name = append(c.Name, nameText(n.GetStart()))
		}
		if a := ctx.Arguments(); a != nil {
			c.Implicit, c.Args = false, b.exprs(a.AllExpression())
		}
		if y := ctx.Yield(); y != nil {
			c.Yield = &ast.Yield{Loc: loc(y), Star: has(y, gen.KadeQLParserSTAR), Items: yieldItems(y.AllYieldItem()), Where: b.where(y.Where())}
		}
		return c
	}
	c := &ast.CallSubquery{Loc: loc(ctx), Optional: optional}
	if s := ctx.CallScope(); s != nil {
		c.Scoped, c.ScopeAll, c.Scope = true, has(s, gen.KadeQLParserSTAR), names(s.AllName())
	}
	c.Query = b.query(ctx.Query())
	if t := ctx.InTransactions(); t != nil {
		c.InTransactions = b.inTransactions(t)
	}
	return c
}

func yieldItems(ctxs []gen.IYieldItemContext) []*ast.YieldItem {
	var out []*ast.YieldItem
	for _, c := range ctxs {
		item := &ast.YieldItem{Loc: loc(c), Field: nameText(c.Name(0).GetStart())}
		if has(c, gen.KadeQLParserAS) {
			item.Alias = optName(c.Name(1))
		}
		out = append(out, item)
	}
	return out
}
