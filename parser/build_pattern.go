package parser

import (
	"github.com/antlr4-go/antlr/v4"

	"github.com/kadedb/kadedb/grammar/gen"
	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/status"
)

func (b *builder) pattern(ctx gen.IPatternContext) []*ast.PatternPart {
	var out []*ast.PatternPart
	for _, c := range ctx.AllPatternPart() {
		out = append(out, b.patternPart(c))
	}
	return out
}

func (b *builder) patternPart(ctx gen.IPatternPartContext) *ast.PatternPart {
	p := &ast.PatternPart{Loc: loc(ctx), Var: optName(ctx.Variable()), Mode: pathMode(ctx.PathMode())}
	if s := ctx.Selector(); s != nil {
		b.selector(p, s)
	}
	if t := find(ctx, gen.KadeQLParserSHORTESTPATH, gen.KadeQLParserALLSHORTESTPATHS); t != nil {
		p.Selector = ast.ShortestPath
		if t.GetTokenType() == gen.KadeQLParserALLSHORTESTPATHS {
			p.Selector = ast.AllShortestPaths
		}
	}
	p.Elements = b.elements(ctx.PathElements())
	cheapest := p.Selector == ast.AnyCheapest || p.Selector == ast.CheapestK
	if c := ctx.Cost(); c != nil {
		if !cheapest {
			b.fail(c.GetStart(), status.CostNotAllowed, "write ANY CHEAPEST before the path", "COST belongs to ANY CHEAPEST and CHEAPEST k")
		}
		p.Cost = b.expr(c.Expression(0))
		if has(c, gen.KadeQLParserHEURISTIC) {
			p.Heuristic = b.expr(c.Expression(1))
		}
	} else if cheapest {
		b.fail(ctx.GetStop(), status.UnexpectedSyntax, "write COST and what a hop costs after the path, such as COST r.distance",
			"a CHEAPEST path needs a COST")
	}
	return p
}

func (b *builder) selector(p *ast.PatternPart, ctx gen.ISelectorContext) {
	if c := ctx.HopCount(); c != nil {
		if pc := c.Parameter(); pc != nil {
			p.K = b.parameter(pc)
		} else {
			p.K = b.literalInt(c.GetStart())
		}
	}
	if m := ctx.PathMode(); m != nil {
		if p.Mode != ast.PathDefault {
			b.fail(m.GetStart(), status.UnexpectedSyntax, "write it once: SHORTEST 3 TRAIL PATH GROUPS", "the path has two modes")
		}
		p.Mode = pathMode(m)
	}
	anyWord := has(ctx, gen.KadeQLParserANY)
	switch {
	case has(ctx, gen.KadeQLParserGROUP, gen.KadeQLParserGROUPS):
		p.Selector = ast.ShortestKGroups
	case has(ctx, gen.KadeQLParserSHORTEST) && has(ctx, gen.KadeQLParserALL):
		p.Selector = ast.AllShortest
	case has(ctx, gen.KadeQLParserSHORTEST) && anyWord:
		p.Selector = ast.AnyShortest
	case has(ctx, gen.KadeQLParserSHORTEST):
		p.Selector = ast.ShortestK
	case has(ctx, gen.KadeQLParserCHEAPEST) && anyWord:
		p.Selector = ast.AnyCheapest
	case has(ctx, gen.KadeQLParserCHEAPEST):
		p.Selector = ast.CheapestK
	case anyWord:
		p.Selector = ast.Any
	default:
		p.Selector = ast.SelectAll
	}
}

func pathMode(ctx gen.IPathModeContext) ast.PathMode {
	if ctx == nil {
		return ast.PathDefault
	}
	switch ctx.GetStart().GetTokenType() {
	case gen.KadeQLParserWALK:
		return ast.ModeWalk
	case gen.KadeQLParserTRAIL:
		return ast.ModeTrail
	case gen.KadeQLParserACYCLIC:
		return ast.ModeAcyclic
	}
	return ast.ModeSimple
}

// elements builds a path. Two elements without a relationship between them
// are only allowed where one of them is a group.
func (b *builder) elements(ctx gen.IPathElementsContext) []ast.PatternElement {
	var out []ast.PatternElement
	for _, c := range ctx.GetChildren() {
		switch c := c.(type) {
		case gen.IRelationshipContext:
			if _, ok := out[len(out)-1].(*ast.NodePattern); !ok {
				b.fail(c.GetStart(), status.UnexpectedSyntax, "put a node between them: ()", "a relationship cannot touch a parenthesised path")
			}
			out = append(out, b.relationship(c))
		case gen.IPathElementContext:
			out = append(out, b.element(c, out))
		}
	}
	return out
}

func (b *builder) element(ctx gen.IPathElementContext, before []ast.PatternElement) ast.PatternElement {
	var prev ast.PatternElement
	if len(before) > 0 {
		prev = before[len(before)-1]
	}
	if n := ctx.Node(); n != nil {
		if _, ok := prev.(*ast.NodePattern); ok {
			b.fail(ctx.GetStart(), status.UnexpectedSyntax, "write a relationship such as -[:TYPE]-> between them, or a comma",
				"two nodes stand side by side")
		}
		return b.node(n)
	}
	if _, ok := prev.(*ast.RelPattern); ok {
		b.fail(ctx.GetStart(), status.UnexpectedSyntax, "put a node between them: ()", "a relationship cannot touch a parenthesised path")
	}
	g := ctx.Group()
	return &ast.GroupPattern{
		Loc: loc(g), Var: optName(g.Variable()), Mode: pathMode(g.PathMode()), Elements: b.elements(g.PathElements()),
		Where: b.where(g.Where()), Quantifier: b.quantifier(g.Quantifier()),
	}
}

func (b *builder) node(ctx gen.INodeContext) *ast.NodePattern {
	return &ast.NodePattern{
		Loc: loc(ctx), Var: optName(ctx.Variable()), Labels: b.labels(ctx.Labels()),
		Properties: b.properties(ctx.Map_(), ctx.Parameter()), Where: b.where(ctx.Where()),
	}
}

func (b *builder) properties(m gen.IMapContext, p gen.IParameterContext) ast.Expr {
	switch {
	case m != nil:
		return b.mapLit(m)
	case p != nil:
		return b.parameter(p)
	}
	return nil
}

func (b *builder) relationship(ctx gen.IRelationshipContext) *ast.RelPattern {
	r := &ast.RelPattern{
		Loc: loc(ctx), Var: optName(ctx.Variable()), Types: b.labels(ctx.Labels()),
		Properties: b.properties(ctx.Map_(), ctx.Parameter()), Where: b.where(ctx.Where()),
		Range: b.hopRange(ctx.Range_()), Quantifier: b.quantifier(ctx.Quantifier()),
	}
	left, right := has(ctx, gen.KadeQLParserLT), has(ctx, gen.KadeQLParserGT)
	switch {
	case left && !right:
		r.Direction = ast.Incoming
	case right && !left:
		r.Direction = ast.Outgoing
	}
	if r.Range != nil && r.Quantifier != nil {
		b.fail(ctx.Quantifier().GetStart(), status.UnexpectedSyntax, "keep one of them", "a relationship has both a range and a quantifier")
	}
	return r
}

func (b *builder) hopRange(ctx gen.IRangeContext) *ast.Hops {
	if ctx == nil {
		return nil
	}
	h := &ast.Hops{Loc: loc(ctx), Min: 1, Unbounded: true}
	dots := false
	for _, c := range ctx.GetChildren() {
		t := c.(antlr.TerminalNode).GetSymbol()
		switch t.GetTokenType() {
		case gen.KadeQLParserDOTDOT:
			dots = true
			h.Max, h.Unbounded = 0, true
		case gen.KadeQLParserINTEGER_LITERAL:
			n := b.count(t)
			if !dots {
				h.Min = n
			}
			h.Max, h.Unbounded = n, false
		}
	}
	return h
}

func (b *builder) quantifier(ctx gen.IQuantifierContext) *ast.Hops {
	if ctx == nil {
		return nil
	}
	h := &ast.Hops{Loc: loc(ctx), Unbounded: true}
	comma := false
	for _, c := range ctx.GetChildren() {
		t := c.(antlr.TerminalNode).GetSymbol()
		switch t.GetTokenType() {
		case gen.KadeQLParserPLUS:
			h.Min = 1
		case gen.KadeQLParserCOMMA:
			comma = true
			h.Max, h.Unbounded = 0, true
		case gen.KadeQLParserINTEGER_LITERAL:
			n := b.count(t)
			if !comma {
				h.Min = n
			}
			h.Max, h.Unbounded = n, false
		}
	}
	if !h.Unbounded && h.Max < max(h.Min, 1) {
		b.fail(ctx.GetStart(), status.UnexpectedSyntax, "", "the quantifier's upper bound is below its lower bound, or zero")
	}
	return h
}

// count reads a number of repetitions.
func (b *builder) count(t antlr.Token) int64 {
	n, code := parseInt(t.GetText(), false)
	if code != 0 {
		b.fail(t, code, "", "`%s` is not a number of repetitions", t.GetText())
	}
	return n
}

func (b *builder) labels(ctx gen.ILabelsContext) ast.LabelExpr {
	if ctx == nil {
		return nil
	}
	return b.labelOr(ctx.LabelOr())
}

// plainLabels builds the labels of SET and REMOVE, which name labels only.
func (b *builder) plainLabels(ctx gen.ILabelsContext) []ast.LabelExpr {
	items := []ast.LabelExpr{b.labels(ctx)}
	if and, ok := items[0].(*ast.LabelAnd); ok {
		items = and.Items
	}
	for _, l := range items {
		switch l := l.(type) {
		case *ast.LabelName:
			continue
		case *ast.LabelDynamic:
			if !l.Any {
				continue
			}
		}
		b.fail(ctx.GetStart(), status.UnexpectedSyntax, "write them as n:A:B", "SET and REMOVE take label names, not a label expression")
	}
	return items
}

func (b *builder) labelOr(ctx gen.ILabelOrContext) ast.LabelExpr {
	ands := ctx.AllLabelAnd()
	if len(ands) == 1 {
		return b.labelAnd(ands[0])
	}
	or := &ast.LabelOr{Loc: loc(ctx)}
	for _, c := range ands {
		or.Items = append(or.Items, b.labelAnd(c))
	}
	return or
}

func (b *builder) labelAnd(ctx gen.ILabelAndContext) ast.LabelExpr {
	atoms := ctx.AllLabelAtom()
	if len(atoms) == 1 {
		return b.labelAtom(atoms[0])
	}
	and := &ast.LabelAnd{Loc: loc(ctx)}
	for _, c := range atoms {
		and.Items = append(and.Items, b.labelAtom(c))
	}
	return and
}

func (b *builder) labelAtom(ctx gen.ILabelAtomContext) ast.LabelExpr {
	l := b.labelPrimary(ctx.LabelPrimary())
	nots := ctx.AllEXCLAMATION()
	if len(nots) > maxDepth {
		b.fail(nots[maxDepth].GetSymbol(), status.TooDeep, "", "more than %d negations in a row", maxDepth)
	}
	for i := len(nots) - 1; i >= 0; i-- {
		l = &ast.LabelNot{Loc: at(nots[i].GetSymbol()), X: l}
	}
	return l
}

func (b *builder) labelPrimary(ctx gen.ILabelPrimaryContext) ast.LabelExpr {
	switch {
	case ctx.Name() != nil:
		return &ast.LabelName{Loc: loc(ctx), Name: nameText(ctx.GetStart())}
	case ctx.LabelOr() != nil:
		return b.labelOr(ctx.LabelOr())
	case has(ctx, gen.KadeQLParserPERCENT):
		return &ast.LabelWildcard{Loc: loc(ctx)}
	}
	return &ast.LabelDynamic{Loc: loc(ctx), Any: has(ctx, gen.KadeQLParserANY), Expr: b.expr(ctx.Expression())}
}
