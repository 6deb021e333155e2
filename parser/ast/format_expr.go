package ast

import (
	"math"
	"strconv"
	"strings"
)

// How tightly expressions bind, as in the grammar.
const (
	levelOpen = 5 // ends at a |, or looks like something else without parentheses
	levelOr   = 10 * (iota)
	levelXor
	levelAnd
	levelNot
	levelCompare
	levelTest
	levelAdd
	levelMultiply
	levelPower
	levelSign
	levelLabels
	levelPostfix
	levelAtom
)

var binaryText = map[BinaryOp]struct {
	text  string
	level int
}{
	Or: {"OR", levelOr}, Xor: {"XOR", levelXor}, And: {"AND", levelAnd},
	Add: {"+", levelAdd}, Subtract: {"-", levelAdd}, Concat: {"||", levelAdd},
	Multiply: {"*", levelMultiply}, Divide: {"/", levelMultiply}, Modulo: {"%", levelMultiply}, Power: {"^", levelPower},
	In: {"IN", levelTest}, StartsWith: {"STARTS WITH", levelTest}, EndsWith: {"ENDS WITH", levelTest},
	Contains: {"CONTAINS", levelTest}, RegexMatch: {"=~", levelTest},
}

var compareText = map[CompareOp]string{
	Equal: "=", NotEqual: "<>", Less: "<", LessEqual: "<=", Greater: ">", GreaterEqual: ">=",
}

func level(e Expr) int {
	switch e := e.(type) {
	case *Binary:
		return binaryText[e.Op].level
	case *Comparison:
		return levelCompare
	case *Unary:
		if e.Op == Not {
			return levelNot
		}
		return levelSign
	case *IsNull:
		return levelTest
	case *IsType:
		if e.Type.Name == "UNION" {
			return levelOpen
		}
		return levelTest
	case *IsNormalized:
		return levelTest
	case *HasLabels:
		return levelLabels
	case *PatternExpr:
		if e.Pattern.Selector == SelectNone {
			return levelOpen
		}
	case *IntLit, *FloatLit:
		// Neither a sign nor a dot may follow or precede it unnoticed.
		return levelPower
	case *Parameter:
		if e.Literal != nil {
			return level(e.Literal)
		}
	case *Property, *Index, *Slice, *FunctionCall:
		return levelPostfix
	}
	return levelAtom
}

func (p *printer) exprs(es []Expr) {
	p.list(len(es), ", ", func(i int) { p.expr(es[i], 0) })
}

// expr writes e, in parentheses if it binds looser than floor.
func (p *printer) expr(e Expr, floor int) {
	l := level(e)
	switch e.(type) {
	case *IntLit, *FloatLit:
		// Fine as an operand of ^ but not of a sign.
		l = levelPower + 1
	}
	if l < floor && !OpensWithOperand(e) {
		p.s("(")
		p.bare(e)
		p.s(")")
		return
	}
	p.bare(e)
}

func (p *printer) bare(e Expr) {
	switch e := e.(type) {
	case *IntLit:
		p.s(itoa(e.Value))
	case *FloatLit:
		p.s(formatFloat(e.Value))
	case *StringLit:
		p.s(quoteString(e.Value))
	case *BoolLit:
		p.s(strconv.FormatBool(e.Value))
	case *NullLit:
		p.s("null")
	case *ListLit:
		p.listLit(e)
	case *MapLit:
		p.s("{")
		p.list(len(e.Entries), ", ", func(i int) {
			p.s(quote(e.Entries[i].Key.Text), ": ")
			p.expr(e.Entries[i].Value, 0)
		})
		p.s("}")
	case *Variable:
		p.s(quote(e.Name))
	case *Parameter:
		p.parameter(e)
	case *Property:
		p.expr(e.X, levelPostfix)
		p.s(".", quote(e.Key.Text))
	case *Index:
		p.expr(e.X, levelPostfix)
		p.s("[")
		p.expr(e.I, 0)
		p.s("]")
	case *Slice:
		p.slice(e)
	case *FunctionCall:
		p.function(e)
	case *CountStar:
		p.s("count(*)")
	case *CaseOperand: // is not written
	case *Unary, *Binary, *Comparison, *IsNull, *IsType, *IsNormalized, *HasLabels:
		p.operator(e)
	default:
		p.scoped(e)
	}
}

func (p *printer) operator(e Expr) {
	switch e := e.(type) {
	case *Unary:
		switch e.Op {
		case Not:
			if l, ok := e.X.(*HasLabels); ok && OpensWithOperand(l.X) {
				p.bare(l.X)
				p.s(" IS NOT LABELED ")
				p.labelOperand(l.Labels, true)
				return
			}
			p.s("NOT ")
			p.expr(e.X, levelNot)
		case Negate:
			p.s("-")
			p.expr(e.X, levelSign)
		case Plus:
			p.s("+")
			p.expr(e.X, levelSign)
		}
	case *Binary:
		b := binaryText[e.Op]
		p.expr(e.Left, b.level)
		p.s(" ", b.text, " ")
		p.expr(e.Right, b.level+1)
	case *Comparison:
		p.expr(e.First, levelTest)
		for _, l := range e.Rest {
			p.s(" ", compareText[l.Op], " ")
			p.expr(l.X, levelTest)
		}
	case *IsNull:
		p.expr(e.X, levelTest)
		p.s(map[bool]string{false: " IS NULL", true: " IS NOT NULL"}[e.Not])
	case *IsType:
		p.expr(e.X, levelTest)
		p.s(map[bool]string{false: " IS :: ", true: " IS NOT :: "}[e.Not])
		p.typeName(e.Type)
	case *IsNormalized:
		p.expr(e.X, levelTest)
		p.s(map[bool]string{false: " IS ", true: " IS NOT "}[e.Not], e.Form, " NORMALIZED")
	case *HasLabels:
		if OpensWithOperand(e.X) {
			p.bare(e.X)
			p.s(" IS LABELED ")
		} else {
			p.expr(e.X, levelPostfix)
			p.s(":")
		}
		p.labelOperand(e.Labels, true)
	}
}

// OpensWithOperand reports whether e begins with the operand of the CASE around, which is not
// written: no parenthesis can stand before it, and none has to, since none was written.
func OpensWithOperand(e Expr) bool {
	for {
		switch x := e.(type) {
		case *CaseOperand:
			return true
		case *Unary:
			l, ok := x.X.(*HasLabels)
			if !ok || x.Op != Not {
				return false
			}
			e = l.X
		case *Binary:
			e = x.Left
		case *Comparison:
			e = x.First
		case *IsNull:
			e = x.X
		case *IsType:
			e = x.X
		case *IsNormalized:
			e = x.X
		case *HasLabels:
			e = x.X
		default:
			return false
		}
	}
}

func (p *printer) scoped(e Expr) {
	switch e := e.(type) {
	case *MapProjection:
		p.mapProjection(e)
	case *ListComprehension:
		p.s("[")
		p.binding(e.Var, e.List)
		p.filter(e.Where)
		if e.Projection != nil {
			p.s(" | ")
			p.expr(e.Projection, 0)
		}
		p.s("]")
	case *PatternComprehension:
		p.s("[")
		p.part(e.Pattern)
		p.filter(e.Where)
		p.s(" | ")
		p.expr(e.Projection, 0)
		p.s("]")
	case *PatternExpr:
		p.part(e.Pattern)
	case *Quantifier:
		p.s([...]string{AllOf: "all(", AnyOf: "any(", NoneOf: "none(", SingleOf: "single("}[e.Kind])
		p.binding(e.Var, e.List)
		p.filter(e.Where)
		p.s(")")
	case *Reduce:
		p.s("reduce(", quote(e.Acc.Text), " = ")
		p.expr(e.Init, levelAdd)
		p.s(", ")
		p.binding(e.Var, e.List)
		p.s(" | ")
		p.expr(e.Expr, 0)
		p.s(")")
	case *AllReduce:
		p.s("allReduce(", quote(e.Acc.Text), " = ")
		p.expr(e.Init, levelAdd)
		p.s(", ")
		p.binding(e.Var, e.List)
		p.s(" | ")
		p.expr(e.Expr, 0)
		p.s(", ")
		p.expr(e.Pred, 0)
		p.s(")")
	case *Case:
		p.caseExpr(e)
	case *Subquery:
		p.s([...]string{ExistsSubquery: "EXISTS { ", CountSubquery: "COUNT { ", CollectSubquery: "COLLECT { "}[e.Kind])
		if e.Query != nil {
			p.query(e.Query)
		} else {
			p.mode(e.Mode)
			p.parts(e.Patterns)
			p.where(e.Where)
		}
		p.s(" }")
	}
}

func (p *printer) binding(v *Name, list Expr) {
	p.s(quote(v.Text), " IN ")
	p.expr(list, levelAdd)
}

func (p *printer) filter(e Expr) {
	if e != nil {
		p.s(" WHERE ")
		p.expr(e, levelOr)
	}
}

func (p *printer) listLit(e *ListLit) {
	p.s("[")
	p.list(len(e.Items), ", ", func(i int) { p.argument(e.Items[i]) })
	p.s("]")
}

// argument writes e so that it is not taken for `x IN list` or `a = b` of a
// comprehension, a quantifier or reduce.
func (p *printer) argument(e Expr) {
	if b, ok := e.(*Binary); ok && b.Op == In {
		p.s("(")
		p.bare(e)
		p.s(")")
		return
	}
	p.expr(e, 0)
}

func (p *printer) parameter(e *Parameter) {
	switch {
	case e.Literal != nil:
		p.bare(e.Literal)
	case e.Name != "" && strings.Trim(e.Name, "0123456789") == "":
		p.s("$", e.Name)
	default:
		p.s("$", quote(e.Name))
	}
}

func (p *printer) slice(e *Slice) {
	p.expr(e.X, levelPostfix)
	p.s("[")
	if e.From != nil {
		p.expr(e.From, 0)
	}
	p.s("..")
	if e.To != nil {
		p.expr(e.To, 0)
	}
	p.s("]")
}

func (p *printer) function(e *FunctionCall) {
	parts := strings.Split(e.Name, ".")
	p.list(len(parts), ".", func(i int) { p.s(quote(parts[i])) })
	p.s("(")
	p.when(e.Distinct, "DISTINCT ")
	p.list(len(e.Args), ", ", func(i int) { p.argument(e.Args[i]) })
	p.s(")")
}

func (p *printer) mapProjection(e *MapProjection) {
	p.expr(e.X, levelAtom)
	p.s(" {")
	p.list(len(e.Items), ", ", func(i int) {
		item := e.Items[i]
		switch item.Kind {
		case ProjectProperty:
			p.s(".", quote(item.Key))
		case ProjectAll:
			p.s(".*")
		case ProjectEntry:
			p.s(quote(item.Key), ": ")
			p.expr(item.Expr, 0)
		case ProjectVariable:
			p.s(quote(item.Key))
		}
	})
	p.s("}")
}

func (p *printer) caseExpr(e *Case) {
	p.s("CASE ")
	if e.Operand != nil {
		p.expr(e.Operand, 0)
		p.s(" ")
	}
	for _, w := range e.Whens {
		p.s("WHEN ")
		p.exprs(w.Values)
		p.s(" THEN ")
		p.expr(w.Then, 0)
		p.s(" ")
	}
	if e.Else != nil {
		p.s("ELSE ")
		p.expr(e.Else, 0)
		p.s(" ")
	}
	p.s("END")
}

func (p *printer) typeName(t *TypeName) {
	switch {
	case t.Name == "UNION":
		p.list(len(t.Union), " | ", func(i int) { p.typeName(t.Union[i]) })
		return
	case t.Element != nil:
		p.s("LIST<")
		p.typeName(t.Element)
		p.s(">")
	default:
		p.s(t.Name)
	}
	p.when(t.NotNull, " NOT NULL")
}

// formatFloat writes a float so that it reads back as the same float.
func formatFloat(f float64) string {
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") && !math.IsInf(f, 0) && !math.IsNaN(f) {
		s += ".0"
	}
	return s
}
