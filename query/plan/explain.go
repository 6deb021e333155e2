package plan

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kadedb/kadedb/query/expr"
)

// Actual is what one operator did in a run, for PROFILE.
type Actual struct {
	Rows  int64         // rows out, multiplicity counted
	Time  time.Duration // in this operator alone, summed over workers
	Calls int64         // batches out
}

// Number gives every operator of p its id, those of plans inside expressions after
// the operator that they belong to, and sets NumOps.
func (p *Plan) Number() {
	n := 0
	numberOps(p.Root, &n)
	p.NumOps = n
}

func numberOps(root Node, n *int) {
	root.Base().ID = *n
	*n++
	for _, in := range root.Inputs() {
		numberOps(in, n)
	}
	for _, s := range Subqueries(root) {
		if sub := Subplan(s); sub != nil {
			numberOps(sub.Root, n)
		}
	}
}

// Subqueries returns the subqueries in n's own expressions, outermost ones only.
func Subqueries(n Node) []*expr.Subquery {
	var out []*expr.Subquery
	for _, e := range Exprs(n) {
		expr.Walk(e, func(e expr.Expr) bool {
			if s, ok := e.(*expr.Subquery); ok {
				out = append(out, s)
			}
			return true
		})
	}
	return out
}

// Explain draws the plan, one operator a line, with its estimates; where actual is
// not nil (indexed by Op.ID) also what each operator did.
func (p *Plan) Explain(actual []Actual) string {
	var rows [][]string
	head := []string{"Operator", "Estimated rows", "Cost"}
	if actual != nil {
		head = append(head, "Rows", "Time")
	}
	rows = append(rows, head)
	explainNode(p.Root, "", "", actual, &rows)
	return table(rows)
}

// Line names the plan's operators in one line: Project(Filter(NodeScan)).
func (p *Plan) Line() string {
	var b strings.Builder
	lineOf(&b, p.Root)
	return b.String()
}

// maxLine bounds Line, in bytes.
const maxLine = 2000

func lineOf(b *strings.Builder, n Node) {
	if b.Len() > maxLine {
		b.WriteString("…")
		return
	}
	b.WriteString(n.Kind())
	open := "("
	below := func(root Node) {
		b.WriteString(open)
		lineOf(b, root)
		open = ", "
	}
	for _, in := range n.Inputs() {
		below(in)
	}
	for _, s := range Subqueries(n) {
		if sub := Subplan(s); sub != nil {
			below(sub.Root)
		}
	}
	if open != "(" {
		b.WriteString(")")
	}
}

func explainNode(n Node, first, rest string, actual []Actual, rows *[][]string) {
	op := n.Base()
	name := first + n.Kind()
	if d := n.Detail(); d != "" {
		name += "  " + clip(d, 160)
	}
	line := []string{name, number(op.Rows), costText(op.Cost)}
	if actual != nil && op.ID < len(actual) {
		a := actual[op.ID]
		line = append(line, fmt.Sprint(a.Rows), a.Time.Round(time.Microsecond).String())
	}
	*rows = append(*rows, line)
	for _, note := range op.Notes {
		*rows = append(*rows, []string{rest + "  · " + note})
	}
	type below struct {
		n     Node
		label string
	}
	var ins []below
	for _, in := range n.Inputs() {
		ins = append(ins, below{n: in})
	}
	for _, s := range Subqueries(n) {
		if sub := Subplan(s); sub != nil {
			ins = append(ins, below{n: sub.Root, label: "in an expression: "})
		}
	}
	for i, in := range ins {
		if i == len(ins)-1 {
			explainNode(in.n, rest+"└ "+in.label, rest+"  ", actual, rows)
		} else {
			explainNode(in.n, rest+"├ "+in.label, rest+"│ ", actual, rows)
		}
	}
}

func clip(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

func number(f float64) string {
	switch {
	case f <= 0:
		return "0"
	case f < 10:
		return fmt.Sprintf("%.1f", f)
	case f < 1e15:
		return fmt.Sprintf("%.0f", f)
	}
	return fmt.Sprintf("%.1e", f)
}

func costText(ns float64) string {
	if ns <= 0 || math.IsInf(ns, 0) || ns > math.MaxInt64/2 {
		return number(ns)
	}
	d := time.Duration(ns)
	for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		if d >= 10*unit {
			return d.Round(unit).String()
		}
		if d >= unit {
			return d.Round(unit / 10).String()
		}
	}
	return d.String()
}

// table pads cells to columns; the first is left-aligned, the others right-aligned.
func table(rows [][]string) string {
	var width []int
	for _, r := range rows {
		if len(r) == 1 {
			continue
		}
		for i, c := range r {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	var b strings.Builder
	for _, r := range rows {
		for i, c := range r {
			pad := strings.Repeat(" ", max(0, width[i]-utf8.RuneCountInString(c)))
			switch {
			case len(r) == 1:
				b.WriteString(c)
			case i == 0:
				b.WriteString(c + pad)
			default:
				b.WriteString("  " + pad + c)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}
