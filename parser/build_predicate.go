package parser

import (
	"slices"
	"strings"

	"github.com/antlr4-go/antlr/v4"

	"github.com/kadedb/kadedb/grammar/gen"
	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/status"
)

// graphTest builds what GQL asks of a graph's elements behind IS: r IS DIRECTED, n IS SOURCE OF r
// and n IS DESTINATION OF r, nil for other tests. They are what can be said with functions; a
// label DIRECTED is asked for with a colon.
func (b *builder) graphTest(x ast.Expr, not bool, ctx antlr.Tree) ast.Expr {
	var words []antlr.Token
	for _, k := range ctx.GetChildren() {
		if v, ok := k.(gen.IVariableContext); ok {
			words = append(words, v.GetStart())
		}
	}
	if len(words) == 0 {
		return nil
	}
	word, place := strings.ToUpper(words[0].GetText()), ast.At(x.Position())
	if len(words) == 1 && word != "DIRECTED" {
		return nil
	}
	if ast.OpensWithOperand(x) {
		if len(words) == 2 {
			word += " OF"
		}
		b.fail(words[0], status.NotYet, "write CASE WHEN r IS "+word+" … THEN …", "IS %s cannot test the operand of CASE in this version", word)
	}
	call := func(fn string, arg ast.Expr) ast.Expr {
		return &ast.FunctionCall{Loc: place, Name: fn, Args: []ast.Expr{arg}}
	}
	if len(words) == 1 {
		// Every type has a name, and null has none.
		var e ast.Expr = &ast.Binary{Loc: place, Op: ast.StartsWith, OpPos: at(words[0]), Left: call("type", x), Right: &ast.StringLit{Loc: at(words[0])}}
		if not {
			e = &ast.Unary{Loc: place, Op: ast.Not, X: e}
		}
		return e
	}
	end := map[string]string{"SOURCE": "startNode", "DESTINATION": "endNode"}[word]
	if end == "" {
		b.fail(words[0], status.UnexpectedSyntax, "write n IS SOURCE OF r, or n IS DESTINATION OF r", "`%s` is no end of a relationship", words[0].GetText())
	}
	op := ast.Equal
	if not {
		op = ast.NotEqual
	}
	r := &ast.Variable{Loc: at(words[1]), Name: nameText(words[1])}
	return &ast.Comparison{Loc: place, First: x, Rest: []ast.CompareLink{{Op: op, X: call(end, r)}}}
}

// maxElements bounds the variables of all_different, which compares each with each.
const maxElements = 32

// gqlPredicate builds same(a, b), all_different(a, b) and property_exists(n, key) of GQL, nil for
// any other function.
func (b *builder) gqlPredicate(place ast.Loc, fn string, ctx gen.ICallContext) ast.Expr {
	if fn != "same" && fn != "all_different" && fn != "property_exists" {
		return nil
	}
	var names []antlr.Token
	for _, a := range ctx.AllExpression() {
		var t antlr.Token
		if kids := a.GetChildren(); len(kids) == 1 {
			t = bareVariable(kids[0])
		}
		names = append(names, t)
	}
	if len(names) < 2 || len(names) > maxElements || fn == "property_exists" && len(names) != 2 || slices.Contains(names, nil) || has(ctx, gen.KadeQLParserDISTINCT) {
		if fn == "property_exists" {
			b.fail(ctx.GetStart(), status.UnexpectedSyntax, "write property_exists(n, key), or n.key IS NOT NULL", "property_exists takes a variable and the name of a property")
		}
		b.fail(ctx.GetStart(), status.UnexpectedSyntax, "write "+fn+"(a, b)", "%s takes 2 to %d variables", fn, maxElements)
	}
	variable := func(t antlr.Token) ast.Expr { return &ast.Variable{Loc: at(t), Name: nameText(t)} }
	switch fn {
	case "property_exists":
		keys := &ast.FunctionCall{Loc: place, Name: "keys", Args: []ast.Expr{variable(names[0])}}
		key := &ast.StringLit{Loc: at(names[1]), Value: nameText(names[1])}
		return &ast.Binary{Loc: place, Op: ast.In, OpPos: at(names[1]), Left: key, Right: keys}
	case "same":
		c := &ast.Comparison{Loc: place, First: variable(names[0])}
		for _, t := range names[1:] {
			c.Rest = append(c.Rest, ast.CompareLink{Op: ast.Equal, X: variable(t)})
		}
		return c
	}
	var all ast.Expr
	for i, left := range names {
		for _, right := range names[i+1:] {
			var e ast.Expr = &ast.Comparison{Loc: place, First: variable(left), Rest: []ast.CompareLink{{Op: ast.NotEqual, X: variable(right)}}}
			if all != nil {
				e = &ast.Binary{Loc: place, Op: ast.And, OpPos: place, Left: all, Right: e}
			}
			all = e
		}
	}
	return all
}
