package expr

import (
	"slices"
	"strconv"
	"strings"
)

// String writes e as KadeQL, for EXPLAIN and as a column's fallback name. Hidden
// slots are written as `#7`.
func String(e Expr) string {
	var b strings.Builder
	write(&b, e)
	return b.String()
}

func write(b *strings.Builder, e Expr) {
	switch e := e.(type) {
	case nil:
		b.WriteString("null")
	case *Const:
		b.WriteString(e.Value.String())
	case *Param:
		// The name of a lifted literal has a byte that no name in a text can have.
		b.WriteString("$" + strings.ReplaceAll(e.Name, "\x00", "_"))
	case *Slot:
		if e.Name == "" {
			b.WriteString("#" + strconv.Itoa(e.Slot))
			return
		}
		b.WriteString(e.Name)
	case *Property:
		operand(b, e.Base)
		b.WriteString("." + e.Key)
	case *LabelTest:
		operand(b, e.Base)
		b.WriteByte(':')
		b.WriteString(e.Labels.String())
	case *TypeTest:
		operand(b, e.Base)
		if e.Negated {
			b.WriteString(" IS NOT :: " + e.Name)
			return
		}
		b.WriteString(" IS :: " + e.Name)
	case *Not:
		b.WriteString("NOT ")
		operand(b, e.X)
	case *Logic:
		for i, a := range e.Args {
			if i > 0 {
				b.WriteString(" " + e.Op.String() + " ")
			}
			operand(b, a)
		}
	case *Compare:
		infix(b, e.Left, e.Op.String(), e.Right)
	case *Chain:
		operand(b, e.Args[0])
		for i, op := range e.Ops {
			b.WriteString(" " + op.String() + " ")
			operand(b, e.Args[i+1])
		}
	case *Arith:
		infix(b, e.Left, e.Op.String(), e.Right)
	case *Neg:
		b.WriteByte('-')
		operand(b, e.X)
	case *In:
		infix(b, e.X, "IN", e.List)
	case *StringOp:
		infix(b, e.Left, e.Op.String(), e.Right)
	case *IsNull:
		operand(b, e.X)
		if e.Negated {
			b.WriteString(" IS NOT NULL")
			return
		}
		b.WriteString(" IS NULL")
	case *Call:
		b.WriteString(e.Def.Name)
		list(b, '(', e.Args, ')')
	default:
		writeCompound(b, e)
	}
}

func writeCompound(b *strings.Builder, e Expr) {
	switch e := e.(type) {
	case *Case:
		b.WriteString("CASE")
		if e.Operand != nil {
			b.WriteByte(' ')
			operand(b, e.Operand)
		}
		for _, w := range e.Whens {
			b.WriteString(" WHEN ")
			write(b, w.Cond)
			b.WriteString(" THEN ")
			write(b, w.Then)
		}
		if e.Else != nil {
			b.WriteString(" ELSE ")
			write(b, e.Else)
		}
		b.WriteString(" END")
	case *ListLit:
		list(b, '[', e.Elems, ']')
	case *MapLit:
		b.WriteByte('{')
		for i, k := range e.Keys {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(k + ": ")
			write(b, e.Elems[i])
		}
		b.WriteByte('}')
	case *MapProjection:
		writeProjection(b, e)
	case *Index:
		operand(b, e.Base)
		list(b, '[', []Expr{e.Index}, ']')
	case *Slice:
		operand(b, e.Base)
		b.WriteByte('[')
		if e.From != nil {
			write(b, e.From)
		}
		b.WriteString("..")
		if e.To != nil {
			write(b, e.To)
		}
		b.WriteByte(']')
	case *PathBuild:
		list(b, '(', Children(e), ')')
	case *Subquery:
		b.WriteString([...]string{"EXISTS", "COUNT", "COLLECT"}[e.Kind] + " { " + e.Text + " }")
	default:
		writeScoped(b, e)
	}
}

// writeScoped writes what binds local variables.
func writeScoped(b *strings.Builder, e Expr) {
	switch e := e.(type) {
	case *ListComprehension:
		b.WriteString("[" + e.Name + " IN ")
		write(b, e.List)
		optional(b, " WHERE ", e.Where)
		optional(b, " | ", e.Map)
		b.WriteByte(']')
	case *Quantifier:
		b.WriteString(e.Kind.String() + "(" + e.Name + " IN ")
		write(b, e.List)
		optional(b, " WHERE ", e.Where)
		b.WriteByte(')')
	case *Reduce:
		b.WriteString("reduce(" + e.AccName + " = ")
		write(b, e.Init)
		b.WriteString(", " + e.LocalName + " IN ")
		write(b, e.List)
		optional(b, " | ", e.Body)
		b.WriteByte(')')
	}
}

func writeProjection(b *strings.Builder, e *MapProjection) {
	operand(b, e.Base)
	b.WriteString(" {")
	for i, it := range e.Items {
		if i > 0 {
			b.WriteString(", ")
		}
		if it.All {
			b.WriteString(".*")
			continue
		}
		b.WriteString(it.Key + ": ")
		write(b, it.Value)
	}
	b.WriteByte('}')
}

func optional(b *strings.Builder, word string, e Expr) {
	if e != nil {
		b.WriteString(word)
		write(b, e)
	}
}

func list(b *strings.Builder, open byte, es []Expr, end byte) {
	b.WriteByte(open)
	for i, e := range es {
		if i > 0 {
			b.WriteString(", ")
		}
		write(b, e)
	}
	b.WriteByte(end)
}

func infix(b *strings.Builder, l Expr, op string, r Expr) {
	operand(b, l)
	b.WriteString(" " + op + " ")
	operand(b, r)
}

// operand writes e, in parentheses where it is an operator itself.
func operand(b *strings.Builder, e Expr) {
	switch e.(type) {
	case *Logic, *Compare, *Chain, *Arith, *Neg, *In, *StringOp, *IsNull, *Not, *TypeTest, *LabelTest:
		b.WriteByte('(')
		write(b, e)
		b.WriteByte(')')
	default:
		write(b, e)
	}
}

// String writes the label expression.
func (l Label) String() string {
	switch l.Op {
	case LabelName:
		return l.Name
	case LabelAny:
		return "%"
	case LabelNot:
		return "!" + l.Args[0].group()
	}
	sep := "&"
	if l.Op == LabelOr {
		sep = "|"
	}
	parts := make([]string, len(l.Args))
	for i, a := range l.Args {
		parts[i] = a.group()
	}
	return strings.Join(parts, sep)
}

func (l Label) group() string {
	if l.Op == LabelAnd || l.Op == LabelOr {
		return "(" + l.String() + ")"
	}
	return l.String()
}

// Equal reports whether l and m are the same tree.
func (l Label) Equal(m Label) bool {
	return l.Op == m.Op && l.Name == m.Name && slices.EqualFunc(l.Args, m.Args, Label.Equal)
}
