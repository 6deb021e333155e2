package parser

import (
	"strings"

	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/status"
)

// checkPatterns refuses patterns that stand as values elsewhere than in a
// predicate. predicate says whether n itself stands in one.
func checkPatterns(n ast.Node, predicate bool) {
	switch n := n.(type) {
	case *ast.PatternExpr:
		if !predicate && n.Pattern.Selector == ast.SelectNone {
			panic(bail{status.Errorf(status.UnexpectedSyntax, "a pattern is not a value here").At(n.Pos).
				WithHint("ask EXISTS { … } or COUNT { … }, or collect with [path = … | path]")})
		}
	case *ast.Unary:
		checkPatterns(n.X, n.Op == ast.Not)
		return
	case *ast.Binary:
		logical := n.Op == ast.And || n.Op == ast.Or || n.Op == ast.Xor
		checkPatterns(n.Left, logical)
		checkPatterns(n.Right, logical)
		return
	case *ast.FunctionCall:
		exists := strings.EqualFold(n.Name, "exists")
		for _, a := range n.Args {
			if p, ok := a.(*ast.PatternExpr); ok && !exists && p.Pattern.Selector == ast.SelectNone {
				checkTakesPattern(n)
			}
			checkPatterns(a, exists)
		}
		return
	case *ast.Case:
		checkCase(n)
		return
	}
	where := whereOf(n)
	ast.Children(n, func(c ast.Node) { checkPatterns(c, where != nil && c == ast.Node(where)) })
}

// checkTakesPattern refuses a call with a pattern whose name is a slip of one that takes it.
func checkTakesPattern(n *ast.FunctionCall) {
	if near := status.Nearest(n.Name, "shortestPath", "allShortestPaths", "exists"); near != "" {
		panic(bail{status.Errorf(status.UnknownFunction, "`%s` is not a function; did you mean `%s`?", n.Name, near).At(n.Pos).
			WithHint("write %s((a)-[*]->(b))", near)})
	}
}

func checkCase(n *ast.Case) {
	if n.Operand != nil {
		checkPatterns(n.Operand, false)
	}
	for _, w := range n.Whens {
		for _, v := range w.Values {
			checkPatterns(v, n.Operand == nil)
		}
		checkPatterns(w.Then, false)
	}
	if n.Else != nil {
		checkPatterns(n.Else, false)
	}
}

// whereOf returns the child of n that is a predicate.
func whereOf(n ast.Node) ast.Expr {
	switch n := n.(type) {
	case *ast.Match:
		return n.Where
	case *ast.With:
		return n.Where
	case *ast.Filter:
		return n.Where
	case *ast.Yield:
		return n.Where
	case *ast.WhenBranch:
		return n.Cond
	case *ast.NodePattern:
		return n.Where
	case *ast.RelPattern:
		return n.Where
	case *ast.GroupPattern:
		return n.Where
	case *ast.ListComprehension:
		return n.Where
	case *ast.PatternComprehension:
		return n.Where
	case *ast.Quantifier:
		return n.Where
	case *ast.Subquery:
		return n.Where
	}
	return nil
}
