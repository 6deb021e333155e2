package parser

import (
	"slices"
	"strings"

	"github.com/antlr4-go/antlr/v4"

	"github.com/kadedb/kadedb/grammar/gen"
	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/status"
)

// maxChain bounds the operators that stand between the top of an expression
// and anything in it, and so the depth of the tree.
const maxChain = 5000

func (b *builder) exprs(ctxs []gen.IExpressionContext) []ast.Expr {
	var out []ast.Expr
	for _, c := range ctxs {
		out = append(out, b.expr(c))
	}
	return out
}

// expr builds an expression, nil for a nil ctx.
func (b *builder) expr(ctx gen.IExpressionContext) ast.Expr {
	if ctx == nil {
		return nil
	}
	return b.flat(ctx.GetChildren())
}

func (b *builder) filterExpr(ctx gen.IFilterExpressionContext) ast.Expr {
	if ctx == nil {
		return nil
	}
	return b.flat(ctx.GetChildren())
}

// flat builds the flat list of operands and operators that an expression is.
func (b *builder) flat(kids []antlr.Tree) ast.Expr {
	if len(kids) == 1 {
		return b.postfix(kids[0].(gen.IPostfixContext))
	}
	return b.climb(b.items(kids))
}

// climb builds a tree of a flat expression's items.
func (b *builder) climb(items []item) ast.Expr {
	b.chain += len(items)
	if b.chain > maxChain {
		panic(bail{status.Errorf(status.TooDeep, "more than %d operators in one expression", maxChain).At(items[0].pos().Pos).
			WithHint("compare with a list instead: x IN $list")})
	}
	c := climber{b: b, items: items}
	e := c.parse(1)
	b.chain -= len(items)
	return e
}

// item is one sign, operand, operator or IS test of a flat expression.
type item struct {
	tok     antlr.Token // of a sign, operator or IS
	op      opInfo      // of an operator
	operand operandKids // of an operand
	cased   bool        // the operand of the CASE around, which is not written
	test    antlr.Tree  // IsTest or FilterIsTest
}

// operandKids is an operand before it is built, without its signs.
type operandKids struct {
	postfix gen.IPostfixContext
	labels  antlr.Tree // LabelOr or LabelAnd, or nil
}

func (it item) pos() ast.Loc {
	if it.operand.postfix != nil {
		return loc(it.operand.postfix)
	}
	return at(it.tok)
}

func (b *builder) items(kids []antlr.Tree) []item {
	items := make([]item, 0, len(kids))
	signs := 0
	for _, k := range kids {
		switch k := k.(type) {
		case gen.ISignContext:
			if signs++; signs > maxDepth {
				b.fail(k.GetStart(), status.TooDeep, "", "more than %d signs in a row", maxDepth)
			}
			items = append(items, item{tok: k.GetStart()})
			continue
		case gen.IPostfixContext:
			items = append(items, item{operand: operandKids{postfix: k}})
		case gen.ILabelOrContext, gen.ILabelAndContext:
			items[len(items)-1].operand.labels = k
		case gen.IOperatorContext:
			items = append(items, item{tok: k.GetStart(), op: operators[k.GetStart().GetTokenType()]})
		case antlr.ParserRuleContext:
			items = append(items, item{tok: k.GetStart(), test: k})
		}
		signs = 0
	}
	return items
}

// opInfo is a binary operator; a comparison has cmp set, the others bin.
type opInfo struct {
	prec int
	bin  ast.BinaryOp
	cmp  ast.CompareOp
}

// The precedences, loosest first. NOT stands between AND and the comparisons,
// signs bind tighter than all.
const (
	precOr = iota + 1
	precXor
	precAnd
	precCompare
	precTest
	precAdd
	precMultiply
	precPower
)

var operators = map[int]opInfo{
	gen.KadeQLParserOR:       {precOr, ast.Or, 0},
	gen.KadeQLParserXOR:      {precXor, ast.Xor, 0},
	gen.KadeQLParserAND:      {precAnd, ast.And, 0},
	gen.KadeQLParserEQ:       {precCompare, 0, ast.Equal},
	gen.KadeQLParserNE:       {precCompare, 0, ast.NotEqual},
	gen.KadeQLParserLT:       {precCompare, 0, ast.Less},
	gen.KadeQLParserLE:       {precCompare, 0, ast.LessEqual},
	gen.KadeQLParserGT:       {precCompare, 0, ast.Greater},
	gen.KadeQLParserGE:       {precCompare, 0, ast.GreaterEqual},
	gen.KadeQLParserREGEX:    {precTest, ast.RegexMatch, 0},
	gen.KadeQLParserIN:       {precTest, ast.In, 0},
	gen.KadeQLParserSTARTS:   {precTest, ast.StartsWith, 0},
	gen.KadeQLParserENDS:     {precTest, ast.EndsWith, 0},
	gen.KadeQLParserCONTAINS: {precTest, ast.Contains, 0},
	gen.KadeQLParserPLUS:     {precAdd, ast.Add, 0},
	gen.KadeQLParserMINUS:    {precAdd, ast.Subtract, 0},
	gen.KadeQLParserBARBAR:   {precAdd, ast.Concat, 0},
	gen.KadeQLParserSTAR:     {precMultiply, ast.Multiply, 0},
	gen.KadeQLParserSLASH:    {precMultiply, ast.Divide, 0},
	gen.KadeQLParserPERCENT:  {precMultiply, ast.Modulo, 0},
	gen.KadeQLParserCARET:    {precPower, ast.Power, 0},
}

// climber is a precedence climber over a flat expression.
type climber struct {
	b     *builder
	items []item
	i     int
}

func (c *climber) parse(floor int) ast.Expr {
	left := c.unary()
	for c.i < len(c.items) {
		it := c.items[c.i]
		switch {
		case it.test != nil:
			if floor > precTest {
				return left
			}
			c.i++
			left = c.b.isTest(left, it.test)
		case it.op.prec < floor:
			return left
		case it.op.prec == precCompare:
			left = c.comparison(left)
		default:
			c.i++
			right := c.parse(it.op.prec + 1)
			left = &ast.Binary{Loc: ast.At(left.Position()), Op: it.op.bin, OpPos: at(it.tok), Left: left, Right: right}
		}
	}
	return left
}

func (c *climber) comparison(first ast.Expr) ast.Expr {
	cmp := &ast.Comparison{Loc: ast.At(first.Position()), First: first}
	for c.i < len(c.items) && c.items[c.i].op.prec == precCompare {
		op := c.items[c.i].op.cmp
		c.i++
		cmp.Rest = append(cmp.Rest, ast.CompareLink{Op: op, X: c.parse(precCompare + 1)})
	}
	return cmp
}

func (c *climber) unary() ast.Expr {
	it := c.items[c.i]
	c.i++
	switch {
	case it.cased:
		return &ast.CaseOperand{Loc: at(it.tok)}
	case it.operand.postfix != nil:
		return c.b.operand(it.operand)
	}
	switch it.tok.GetTokenType() {
	case gen.KadeQLParserNOT:
		return &ast.Unary{Loc: at(it.tok), Op: ast.Not, X: c.parse(precCompare)}
	case gen.KadeQLParserMINUS:
		if t := bareNumber(c.items[c.i]); t != nil && c.b.liftIndex(t) < 0 {
			c.i++
			return c.b.number(t, it.tok)
		}
		return &ast.Unary{Loc: at(it.tok), Op: ast.Negate, X: c.signed()}
	}
	return &ast.Unary{Loc: at(it.tok), Op: ast.Plus, X: c.signed()}
}

// signed is the operand of a plus or minus.
func (c *climber) signed() ast.Expr {
	if it := c.items[c.i]; it.operand.postfix == nil && it.tok.GetTokenType() == gen.KadeQLParserNOT {
		c.b.fail(it.tok, status.UnexpectedSyntax, "put NOT and its operand in parentheses", "NOT cannot follow a sign")
	}
	return c.unary()
}

// bareNumber returns the token of an operand that is a number and nothing else.
func bareNumber(it item) antlr.Token {
	p := it.operand.postfix
	if p == nil || it.operand.labels != nil || p.GetChildCount() != 1 {
		return nil
	}
	switch t := p.GetStart(); t.GetTokenType() {
	case gen.KadeQLParserINTEGER_LITERAL, gen.KadeQLParserFLOAT_LITERAL:
		return t
	}
	return nil
}

// bareVariable returns the token of an operand that is a variable and nothing else, nil for others.
func bareVariable(k antlr.Tree) antlr.Token {
	if p, ok := k.(gen.IPostfixContext); ok && p.GetChildCount() == 1 {
		if v, ok := p.GetChild(0).(gen.IVariableContext); ok {
			return v.GetStart()
		}
	}
	return nil
}

func (b *builder) operand(o operandKids) ast.Expr {
	x := b.postfix(o.postfix)
	switch l := o.labels.(type) {
	case gen.ILabelOrContext:
		return &ast.HasLabels{Loc: ast.At(x.Position()), X: x, Labels: b.labelOr(l)}
	case gen.ILabelAndContext:
		return &ast.HasLabels{Loc: ast.At(x.Position()), X: x, Labels: b.labelAnd(l)}
	}
	return x
}

func (b *builder) isTest(x ast.Expr, ctx antlr.Tree) ast.Expr {
	place := ast.At(x.Position())
	not := has(ctx, gen.KadeQLParserNOT)
	var labels ast.LabelExpr
	last := ctx.(antlr.ParserRuleContext).GetStop()
	if last.GetTokenType() == gen.KadeQLParserNORMALIZED && !has(ctx, gen.KadeQLParserLABELED) {
		return &ast.IsNormalized{Loc: place, X: x, Not: not, Form: normalForm(ctx)}
	}
	if e := b.graphTest(x, not, ctx); e != nil {
		return e
	}
	for _, k := range ctx.GetChildren() {
		switch k := k.(type) {
		case gen.ITypeContext:
			return &ast.IsType{Loc: place, X: x, Not: not, Type: b.typeName(k)}
		case gen.ITypeAtomContext:
			return &ast.IsType{Loc: place, X: x, Not: not, Type: b.typeAtom(k)}
		case gen.ILabelOrContext:
			labels = b.labelOr(k)
		case gen.ILabelAndContext:
			labels = b.labelAnd(k)
		case gen.IVariableContext:
			labels = &ast.LabelName{Loc: loc(k), Name: nameText(k.GetStart())}
		}
	}
	switch {
	case labels == nil:
		return &ast.IsNull{Loc: place, X: x, Not: not}
	case not:
		return &ast.Unary{Loc: place, Op: ast.Not, X: &ast.HasLabels{Loc: place, X: x, Labels: labels}}
	}
	return &ast.HasLabels{Loc: place, X: x, Labels: labels}
}

func normalForm(ctx antlr.Tree) string {
	if t := find(ctx, gen.KadeQLParserNFC, gen.KadeQLParserNFD, gen.KadeQLParserNFKC, gen.KadeQLParserNFKD); t != nil {
		return strings.ToUpper(t.GetText())
	}
	return "NFC"
}

// postfix builds an atom and what follows it.
func (b *builder) postfix(ctx gen.IPostfixContext) ast.Expr {
	parts := ctx.AllPostfixPart()
	if len(parts) > maxDepth {
		b.fail(ctx.GetStart(), status.TooDeep, "", "more than %d accesses in a row", maxDepth)
	}
	x := b.atom(ctx)
	if len(parts) == 0 {
		return x
	}
	var dotted []string // the name that a call would have here, nil if none
	if v := ctx.Variable(); v != nil && ctx.MapProjection() == nil {
		dotted = []string{nameText(v.GetStart())}
	}
	place := ast.At(x.Position())
	for _, p := range parts {
		switch {
		case p.Name() != nil:
			key := name(p.Name())
			x = &ast.Property{Loc: place, X: x, Key: key}
			if dotted != nil {
				dotted = append(dotted, key.Text)
			}
		case p.Call() != nil:
			if dotted == nil {
				b.fail(p.GetStart(), status.UnexpectedSyntax, "", "only a function's name can be called")
			}
			x = b.functionCall(place, dotted, p.Call())
			dotted = nil
		default:
			x, dotted = b.index(place, x, p), nil
		}
	}
	return x
}

func (b *builder) index(place ast.Loc, x ast.Expr, p gen.IPostfixPartContext) ast.Expr {
	if !has(p, gen.KadeQLParserDOTDOT) {
		return &ast.Index{Loc: place, X: x, I: b.expr(p.Expression(0))}
	}
	s := &ast.Slice{Loc: place, X: x}
	dots := false
	for _, k := range p.GetChildren() {
		switch k := k.(type) {
		case antlr.TerminalNode:
			dots = dots || k.GetSymbol().GetTokenType() == gen.KadeQLParserDOTDOT
		case gen.IExpressionContext:
			if dots {
				s.To = b.expr(k)
			} else {
				s.From = b.expr(k)
			}
		}
	}
	return s
}

var quantifiers = map[string]ast.QuantifierKind{
	"all": ast.AllOf, "any": ast.AnyOf, "none": ast.NoneOf, "single": ast.SingleOf,
}

// functionCall builds what has the form of a call: quantifiers, reduce,
// shortestPath and count(*) are told apart from functions here.
func (b *builder) functionCall(place ast.Loc, dotted []string, ctx gen.ICallContext) ast.Expr {
	fn := strings.Join(dotted, ".")
	lower := strings.ToLower(fn)
	args := ctx.AllExpression()
	if from := find(ctx, gen.KadeQLParserFROM); from != nil || ctx.Trimmed() != nil {
		return b.trim(place, fn, ctx, from)
	}
	if has(ctx, gen.KadeQLParserBAR) {
		return b.reduce(place, lower, ctx, args)
	}
	if kind, ok := quantifiers[lower]; ok && len(args) == 1 && !has(ctx, gen.KadeQLParserDISTINCT) {
		if v, list := b.binding(args[0]); v != nil {
			return &ast.Quantifier{Loc: place, Kind: kind, Var: v, List: list, Where: b.where(ctx.Where())}
		}
	}
	if w := ctx.Where(); w != nil {
		b.fail(w.GetStart(), status.UnexpectedSyntax, "all, any, none and single take (x IN list WHERE …)", "WHERE is not expected here")
	}
	if t := find(ctx, gen.KadeQLParserSTAR); t != nil {
		if lower != "count" {
			b.fail(t, status.UnexpectedSyntax, "only count takes *", "`*` is not an argument of %s", fn)
		}
		return &ast.CountStar{Loc: place}
	}
	if e := b.gqlPredicate(place, lower, ctx); e != nil {
		return e
	}
	call := &ast.FunctionCall{Loc: place, Name: fn, Distinct: has(ctx, gen.KadeQLParserDISTINCT), Args: b.exprs(args)}
	if len(args) == 1 && (lower == "shortestpath" || lower == "allshortestpaths") {
		if p, ok := call.Args[0].(*ast.PatternExpr); ok && p.Pattern.Selector == ast.SelectNone {
			p.Pattern.Selector = ast.ShortestPath
			if lower == "allshortestpaths" {
				p.Pattern.Selector = ast.AllShortestPaths
			}
			p.Loc, p.Pattern.Loc = place, place
			return p
		}
	}
	return call
}

// trim builds trim([BOTH|LEADING|TRAILING] [characters] FROM text); from is not nil where the grammar took what
// stands before FROM for an expression.
func (b *builder) trim(place ast.Loc, fn string, ctx gen.ICallContext, from antlr.Token) ast.Expr {
	function, args := "btrim", ctx.AllExpression()
	side := func(word string) {
		switch strings.ToUpper(word) {
		case "LEADING":
			function = "ltrim"
		case "TRAILING":
			function = "rtrim"
		}
	}
	if t := ctx.Trimmed(); t != nil {
		from, args = find(t, gen.KadeQLParserFROM), t.AllExpression()
		side(t.GetStart().GetText())
	}
	if !strings.EqualFold(fn, "trim") || len(args) > 2 || ctx.Where() != nil || has(ctx, gen.KadeQLParserBAR, gen.KadeQLParserDISTINCT) {
		b.fail(from, status.UnexpectedSyntax, "trim(BOTH 'x' FROM text) is written so, and no other function", "FROM is not expected here")
	}
	if kids := args[0].GetChildren(); len(args) == 2 && len(kids) == 1 {
		switch v := bareVariable(kids[0]); {
		case v == nil:
		case v.GetTokenType() == gen.KadeQLParserBOTH, v.GetTokenType() == gen.KadeQLParserLEADING, v.GetTokenType() == gen.KadeQLParserTRAILING:
			side(v.GetText())
			args = args[1:]
		}
	}
	call := &ast.FunctionCall{Loc: place, Name: function, Args: []ast.Expr{b.expr(args[len(args)-1])}}
	if len(args) == 2 {
		call.Args = append(call.Args, b.expr(args[0]))
	}
	return call
}

// reduce builds reduce(acc = init, x IN list | expression).
func (b *builder) reduce(place ast.Loc, fn string, ctx gen.ICallContext, args []gen.IExpressionContext) ast.Expr {
	all := fn == "allreduce"
	if (fn == "reduce" && len(args) == 3 || all && len(args) == 4) && ctx.Where() == nil && !has(ctx, gen.KadeQLParserDISTINCT) {
		acc := args[0].GetChildren()
		v, list := b.binding(args[1])
		if t := bound(acc, gen.KadeQLParserEQ); t != nil && v != nil && all {
			return &ast.AllReduce{
				Loc: place, Acc: &ast.Name{Loc: at(t), Text: nameText(t)}, Init: b.flat(acc[2:]),
				Var: v, List: list, Expr: b.expr(args[2]), Pred: b.expr(args[3]),
			}
		}
		if t := bound(acc, gen.KadeQLParserEQ); t != nil && v != nil {
			return &ast.Reduce{
				Loc: place, Acc: &ast.Name{Loc: at(t), Text: nameText(t)}, Init: b.flat(acc[2:]),
				Var: v, List: list, Expr: b.expr(args[2]),
			}
		}
	}
	if _, ok := quantifiers[fn]; ok {
		b.fail(find(ctx, gen.KadeQLParserBAR), status.UnexpectedSyntax, "all, any, none and single take (x IN list WHERE …)", "`|` is not expected here")
	}
	if all {
		b.fail(find(ctx, gen.KadeQLParserBAR), status.UnexpectedSyntax, "allReduce is written allReduce(sum = 0, x IN list | sum + x, sum < 10)", "`|` is not expected here")
	}
	b.fail(find(ctx, gen.KadeQLParserBAR), status.UnexpectedSyntax, "reduce is written reduce(sum = 0, x IN list | sum + x)", "`|` is not expected here")
	return nil
}

// bound returns the variable of a flat expression that has the form
// `variable op …`, nil for any other form.
func bound(kids []antlr.Tree, op int) antlr.Token {
	if len(kids) < 3 {
		return nil
	}
	o, ok := kids[1].(gen.IOperatorContext)
	if !ok || o.GetStart().GetTokenType() != op {
		return nil
	}
	return bareVariable(kids[0])
}

// binding reads `x IN list`, nil for anything else.
func (b *builder) binding(ctx gen.IExpressionContext) (*ast.Name, ast.Expr) {
	kids := ctx.GetChildren()
	t := bound(kids, gen.KadeQLParserIN)
	if t == nil {
		return nil, nil
	}
	return &ast.Name{Loc: at(t), Text: nameText(t)}, b.flat(kids[2:])
}

// list builds a list literal or a list comprehension.
func (b *builder) list(ctx gen.IListContext) ast.Expr {
	elems := ctx.AllExpression()
	bar, where := find(ctx, gen.KadeQLParserBAR), ctx.FilterExpression()
	n := len(elems)
	if bar != nil {
		n--
	}
	if n == 1 {
		kids := elems[0].GetChildren()
		certain := bar != nil || where != nil
		if t := bound(kids, gen.KadeQLParserIN); t != nil && (certain || onlyTighter(kids[3:])) {
			c := &ast.ListComprehension{
				Loc: loc(ctx), Var: &ast.Name{Loc: at(t), Text: nameText(t)}, List: b.flat(kids[2:]), Where: b.filterExpr(where),
			}
			if bar != nil {
				c.Projection = b.expr(elems[1])
			}
			return c
		}
	}
	if bar != nil || where != nil {
		t := bar
		if where != nil {
			t = find(ctx, gen.KadeQLParserWHERE)
		}
		b.fail(t, status.UnexpectedSyntax, "a comprehension is written [x IN list WHERE condition | expression]", "`%s` is not expected in a list", t.GetText())
	}
	return &ast.ListLit{Loc: loc(ctx), Items: b.exprs(elems)}
}

// onlyTighter reports whether all operators bind tighter than IN, so that
// `x IN` takes everything after it.
func onlyTighter(kids []antlr.Tree) bool {
	return !slices.ContainsFunc(kids, func(k antlr.Tree) bool {
		switch k := k.(type) {
		case gen.IOperatorContext:
			return operators[k.GetStart().GetTokenType()].prec <= precTest
		case gen.IIsTestContext:
			return true
		}
		return false
	})
}
