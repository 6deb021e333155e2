package parser

import (
	"slices"
	"strings"

	"github.com/antlr4-go/antlr/v4"

	"github.com/kadedb/kadedb/grammar/gen"
	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/status"
)

// atom builds what a postfix expression begins with.
func (b *builder) atom(ctx gen.IPostfixContext) ast.Expr {
	switch c := ctx.GetChild(0).(type) {
	case antlr.TerminalNode:
		if c.GetSymbol().GetTokenType() == gen.KadeQLParserLPAREN {
			return b.expr(ctx.Expression())
		}
		return b.literal(c.GetSymbol())
	case gen.IParameterContext:
		return b.parameter(c)
	case gen.IVariableContext:
		v := &ast.Variable{Loc: loc(c), Name: nameText(c.GetStart())}
		if p := ctx.MapProjection(); p != nil {
			if t := c.GetStart(); len(p.AllMapProjectionItem()) == 0 && (t.GetTokenType() == gen.KadeQLParserCOUNT || t.GetTokenType() == gen.KadeQLParserCOLLECT) {
				word := strings.ToUpper(t.GetText())
				b.fail(t, status.UnexpectedSyntax, "write "+word+" { MATCH (n) RETURN n }", "%s { … } has no query", word)
			}
			return b.mapProjection(v, p)
		}
		return v
	case gen.IPatternValueContext:
		b.patterns = true
		return &ast.PatternExpr{Loc: loc(c), Pattern: b.patternValue(c)}
	case gen.ISubqueryContext:
		return b.subquery(c)
	case gen.ICaseValueContext:
		return b.caseValue(c)
	case gen.ITemporalLiteralContext:
		return b.temporalLiteral(c)
	case gen.IPatternComprehensionContext:
		p := &ast.PatternComprehension{
			Loc: loc(c), Pattern: b.patternValue(c.PatternValue()),
			Where: b.filterExpr(c.FilterExpression()), Projection: b.expr(c.Expression()),
		}
		if p.Pattern.Var = optName(c.Variable()); p.Pattern.Var != nil {
			p.Pattern.Loc = p.Pattern.Var.Loc
		}
		return p
	case gen.IListContext:
		return b.list(c)
	case gen.IMapContext:
		return b.mapLit(c)
	}
	panic("parser: an atom of the grammar that nothing builds")
}

func (b *builder) literal(t antlr.Token) ast.Expr {
	var lit ast.Expr
	switch t.GetTokenType() {
	case gen.KadeQLParserTRUE, gen.KadeQLParserFALSE:
		return &ast.BoolLit{Loc: at(t), Value: t.GetTokenType() == gen.KadeQLParserTRUE}
	case gen.KadeQLParserNULL:
		return &ast.NullLit{Loc: at(t)}
	case gen.KadeQLParserSTRING_LITERAL:
		lit = b.str(t)
	default:
		lit = b.number(t, nil)
	}
	if i := b.liftIndex(t); i >= 0 {
		return &ast.Parameter{Loc: at(t), Literal: lit, Index: i}
	}
	return lit
}

// liftIndex returns the number of the parameter that the literal t becomes, -1 if none.
func (b *builder) liftIndex(t antlr.Token) int {
	if len(b.lifted) == 0 {
		return -1
	}
	if i, ok := slices.BinarySearch(b.lifted, int32(t.GetStart())); ok {
		return i
	}
	return -1
}

func (b *builder) parameter(ctx gen.IParameterContext) ast.Expr {
	return &ast.Parameter{Loc: loc(ctx), Name: nameText(ctx.GetStop())}
}

func (b *builder) patternValue(ctx gen.IPatternValueContext) *ast.PatternPart {
	p := &ast.PatternPart{Loc: loc(ctx)}
	for _, k := range ctx.GetChildren() {
		switch k := k.(type) {
		case gen.INodeContext:
			p.Elements = append(p.Elements, b.node(k))
		case gen.IRelationshipContext:
			p.Elements = append(p.Elements, b.relationship(k))
		}
	}
	return p
}

func (b *builder) subquery(ctx gen.ISubqueryContext) ast.Expr {
	s := &ast.Subquery{Loc: loc(ctx), Kind: ast.ExistsSubquery}
	switch ctx.GetStart().GetTokenType() {
	case gen.KadeQLParserCOUNT:
		s.Kind = ast.CountSubquery
	case gen.KadeQLParserCOLLECT:
		s.Kind = ast.CollectSubquery
	}
	if q := ctx.Query(); q != nil {
		s.Query = b.query(q)
		return s
	}
	s.Mode, s.Patterns, s.Where = matchMode(ctx.MatchMode()), b.pattern(ctx.Pattern()), b.where(ctx.Where())
	return s
}

func (b *builder) caseValue(ctx gen.ICaseValueContext) ast.Expr {
	c := &ast.Case{Loc: loc(ctx)}
	var mode int // the word before the expression
	for _, k := range ctx.GetChildren() {
		switch k := k.(type) {
		case antlr.TerminalNode:
			t := k.GetSymbol().GetTokenType()
			if t == gen.KadeQLParserWHEN {
				c.Whens = append(c.Whens, ast.CaseWhen{})
			}
			if t != gen.KadeQLParserCOMMA {
				mode = t
			}
		case gen.ICaseTestContext:
			w := &c.Whens[len(c.Whens)-1]
			w.Values = append(w.Values, b.caseTest(k))
		case gen.IExpressionContext:
			e := b.expr(k)
			switch mode {
			case gen.KadeQLParserCASE:
				c.Operand = e
			case gen.KadeQLParserWHEN:
				w := &c.Whens[len(c.Whens)-1]
				w.Values = append(w.Values, e)
			case gen.KadeQLParserTHEN:
				c.Whens[len(c.Whens)-1].Then = e
			case gen.KadeQLParserELSE:
				c.Else = e
			}
		}
	}
	return c
}

// caseTest builds a value of WHEN, or a test whose left side is the operand of CASE.
func (b *builder) caseTest(ctx gen.ICaseTestContext) ast.Expr {
	if ctx.GetChildCount() == 1 && ctx.Expression() != nil {
		b.inAlone(ctx.Expression())
		return b.expr(ctx.Expression())
	}
	items := []item{{tok: ctx.GetStart(), cased: true}}
	if t := ctx.IsTest(); t != nil {
		items = append(items, item{tok: t.GetStart(), test: t})
	} else {
		items = append(items, item{tok: ctx.GetStart(), op: operators[ctx.GetStart().GetTokenType()]})
		items = append(items, b.items(ctx.Expression().GetChildren())...)
	}
	return b.climb(items)
}

// inAlone refuses WHEN IN [1, 2], which would be an element of a variable `IN`.
func (b *builder) inAlone(ctx gen.IExpressionContext) {
	p, ok := ctx.GetChild(0).(gen.IPostfixContext)
	if !ok || ctx.GetStart().GetTokenType() != gen.KadeQLParserIN || p.GetChildCount() < 2 {
		return
	}
	if part, ok := p.GetChild(1).(gen.IPostfixPartContext); ok && has(part, gen.KadeQLParserLBRACKET) {
		b.fail(ctx.GetStart(), status.UnexpectedSyntax, "list the values: WHEN 1, 2 THEN …; or write CASE WHEN x IN [1, 2] THEN …", "IN is no test of CASE's operand")
	}
}

// temporalFunctions are the functions that read the text of a literal such as DATE '2026-11-25'.
var temporalFunctions = map[string]string{"DATE": "date", "DATETIME": "datetime", "ZONED DATETIME": "datetime", "TIMESTAMP": "localdatetime",
	"LOCAL DATETIME": "localdatetime", "TIME": "time", "ZONED TIME": "time", "LOCAL TIME": "localtime", "DURATION": "duration"}

func (b *builder) temporalLiteral(ctx gen.ITemporalLiteralContext) ast.Expr {
	var words []string
	kids := ctx.GetChildren()
	for _, k := range kids[:len(kids)-1] {
		words = append(words, strings.ToUpper(k.(antlr.TerminalNode).GetText()))
	}
	return &ast.FunctionCall{Loc: loc(ctx), Name: temporalFunctions[strings.Join(words, " ")], Args: []ast.Expr{b.str(ctx.GetStop())}}
}

func (b *builder) mapLit(ctx gen.IMapContext) ast.Expr {
	m := &ast.MapLit{Loc: loc(ctx)}
	for _, e := range ctx.AllMapEntry() {
		m.Entries = append(m.Entries, ast.MapEntry{Key: name(e.Name()), Value: b.expr(e.Expression())})
	}
	return m
}

func (b *builder) mapProjection(v *ast.Variable, ctx gen.IMapProjectionContext) ast.Expr {
	p := &ast.MapProjection{Loc: v.Loc, X: v}
	for _, c := range ctx.AllMapProjectionItem() {
		item := &ast.MapProjectionItem{Loc: loc(c)}
		switch {
		case c.Variable() != nil:
			item.Kind, item.Key = ast.ProjectVariable, nameText(c.GetStart())
			item.Expr = &ast.Variable{Loc: loc(c), Name: item.Key}
		case has(c, gen.KadeQLParserSTAR):
			item.Kind = ast.ProjectAll
		case c.Expression() != nil:
			item.Kind, item.Key, item.Expr = ast.ProjectEntry, nameText(c.GetStart()), b.expr(c.Expression())
		default:
			item.Kind, item.Key = ast.ProjectProperty, nameText(c.Name().GetStart())
		}
		p.Items = append(p.Items, item)
	}
	return p
}
