package parser

import (
	"strings"

	"github.com/antlr4-go/antlr/v4"

	"github.com/kadedb/kadedb/grammar/gen"
	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/status"
)

// cypherOptionNames are what may follow CYPHER. They tell other systems how to run a query
// and change nothing here, nor there, in what it gives.
var cypherOptionNames = []string{"planner", "runtime", "updateStrategy", "expressionEngine", "operatorEngine", "interpretedPipesFallback",
	"replan", "connectComponentsPlanner", "eagerAnalyzer", "labelInference", "statefulShortestPlanningMode", "parallelRuntimeSupport",
	"inferSchemaParts", "cachePlan", "debug"}

// prefix reads what stands before a statement and returns the token of EXPLAIN or PROFILE, nil if neither is there.
func (b *builder) prefix(ctx gen.IStatementContext) (mode antlr.Token) {
	cypher := false
	for _, k := range ctx.GetChildren() {
		switch k := k.(type) {
		case gen.ICypherOptionsContext:
			if cypher {
				b.fail(k.GetStart(), status.UnexpectedSyntax, "", "CYPHER is written twice")
			}
			cypher = true
			b.cypherOptions(k)
		case antlr.TerminalNode:
			switch t := k.GetSymbol(); t.GetTokenType() {
			case gen.KadeQLParserEXPLAIN, gen.KadeQLParserPROFILE:
				if mode != nil {
					b.fail(t, status.UnexpectedSyntax, "write one of them", "`%s` stands beside `%s`", t.GetText(), mode.GetText())
				}
				mode = t
			}
		}
	}
	return mode
}

func (b *builder) cypherOptions(ctx gen.ICypherOptionsContext) {
	if t := find(ctx, gen.KadeQLParserINTEGER_LITERAL, gen.KadeQLParserFLOAT_LITERAL); t != nil && isChild(ctx, t, 1) {
		if v := t.GetText(); v != "5" && v != "25" {
			b.fail(t, status.UnexpectedSyntax, "leave it out, or write CYPHER 25", "Cypher %s is not known here; KadeQL reads Cypher 5 and 25", shorten(v))
		}
	}
	kids := ctx.GetChildren()
	for i := 0; i+1 < len(kids); i++ {
		eq, ok := kids[i+1].(antlr.TerminalNode)
		if !ok || eq.GetSymbol().GetTokenType() != gen.KadeQLParserEQ {
			continue
		}
		option := kids[i].(gen.INameContext).GetStart()
		if !containsFold(cypherOptionNames, nameText(option)) {
			hint := "they are " + strings.Join(cypherOptionNames, ", ")
			if near := status.Nearest(nameText(option), cypherOptionNames...); near != "" {
				hint = "did you mean " + near + "?"
			}
			b.fail(option, status.UnexpectedSyntax, hint, "`%s` is no option of CYPHER", nameText(option))
		}
	}
}

// isChild reports whether t is child i of ctx.
func isChild(ctx antlr.Tree, t antlr.Token, i int) bool {
	n, ok := ctx.GetChild(i).(antlr.TerminalNode)
	return ok && n.GetSymbol() == t
}

func containsFold(list []string, s string) bool {
	for _, x := range list {
		if strings.EqualFold(x, s) {
			return true
		}
	}
	return false
}

// braced builds { query } where it is one of several parts of a UNION.
func (b *builder) braced(q *ast.SingleQuery, in *ast.Query) *ast.SingleQuery {
	if len(in.Parts) == 1 && in.Next == nil {
		q.Clauses = in.Parts[0].Clauses
		return q
	}
	all := &ast.WhenBranch{Loc: q.Loc, Cond: &ast.BoolLit{Loc: q.Loc, Value: true}, Query: in}
	q.Clauses = []ast.Clause{&ast.When{Loc: q.Loc, Branches: []*ast.WhenBranch{all}}}
	return q
}

func (b *builder) hints(ctxs []gen.IHintContext) []*ast.Hint {
	var out []*ast.Hint
	for _, c := range ctxs {
		h := &ast.Hint{Loc: loc(c)}
		vars := names(c.AllName())
		switch {
		case has(c, gen.KadeQLParserJOIN):
			h.Kind, h.Vars = ast.HintJoin, vars
		case has(c, gen.KadeQLParserSCAN):
			h.Kind, h.Vars, h.Label = ast.HintScan, vars[:1], vars[1]
		default:
			h.Vars, h.Label, h.Keys = vars[:1], vars[1], vars[2:]
			if has(c, gen.KadeQLParserSEEK) {
				h.Kind = ast.HintIndexSeek
			}
			if t := find(c, gen.KadeQLParserRANGE, gen.KadeQLParserTEXT, gen.KadeQLParserPOINT); t != nil {
				h.Index = strings.ToUpper(t.GetText())
			}
		}
		out = append(out, h)
	}
	return out
}

func (b *builder) inTransactions(ctx gen.IInTransactionsContext) *ast.InTransactions {
	t := &ast.InTransactions{Loc: loc(ctx), Concurrent: has(ctx, gen.KadeQLParserCONCURRENT), Concurrency: b.expr(ctx.Expression())}
	for _, c := range ctx.AllInTransactionsPart() {
		twice := false
		switch {
		case has(c, gen.KadeQLParserOF):
			twice, t.Rows = t.Rows != nil, b.expr(c.Expression())
		case has(c, gen.KadeQLParserREPORT):
			twice, t.Report = t.Report != nil, optName(c.Name())
		default:
			twice = t.OnError != ast.OnErrorDefault || t.Retry
			t.Retry, t.RetryFor = has(c, gen.KadeQLParserRETRY), b.expr(c.Expression())
			switch {
			case has(c, gen.KadeQLParserCONTINUE):
				t.OnError = ast.OnErrorContinue
			case has(c, gen.KadeQLParserBREAK):
				t.OnError = ast.OnErrorBreak
			case has(c, gen.KadeQLParserFAIL):
				t.OnError = ast.OnErrorFail
			}
		}
		if twice {
			b.fail(c.GetStart(), status.UnexpectedSyntax, "", "`%s` is written twice", c.GetStart().GetText())
		}
	}
	return t
}
