package ast

func (p *printer) parts(ps []*PatternPart) {
	p.list(len(ps), ", ", func(i int) { p.part(ps[i]) })
}

func (p *printer) part(t *PatternPart) {
	if t.Var != nil {
		p.s(quote(t.Var.Text), " = ")
	}
	k := ""
	if t.K != nil {
		k = " " + Format(t.K)
	}
	p.s([...]string{
		SelectNone: "", ShortestPath: "shortestPath(", AllShortestPaths: "allShortestPaths(", SelectAll: "ALL ",
		Any: "ANY" + k + " ", AnyShortest: "ANY SHORTEST ", AllShortest: "ALL SHORTEST ", ShortestK: "SHORTEST" + k + " ",
		ShortestKGroups: "SHORTEST" + k + " GROUPS ", AnyCheapest: "ANY CHEAPEST ", CheapestK: "CHEAPEST" + k + " ",
	}[t.Selector])
	p.pathMode(t.Mode)
	p.elements(t.Elements)
	p.when(t.Selector == ShortestPath || t.Selector == AllShortestPaths, ")")
	if t.Cost != nil {
		p.s(" COST ")
		p.expr(t.Cost, 0)
	}
	if t.Heuristic != nil {
		p.s(" HEURISTIC ")
		p.expr(t.Heuristic, 0)
	}
}

func (p *printer) pathMode(m PathMode) {
	p.s([...]string{PathDefault: "", ModeWalk: "WALK ", ModeTrail: "TRAIL ", ModeAcyclic: "ACYCLIC ", ModeSimple: "SIMPLE "}[m])
}

func (p *printer) elements(es []PatternElement) {
	for _, e := range es {
		p.element(e)
	}
}

func (p *printer) element(e PatternElement) {
	switch e := e.(type) {
	case *NodePattern:
		p.s("(")
		p.inside(e.Var, e.Labels, nil, e.Properties, e.Where)
		p.s(")")
	case *RelPattern:
		p.when(e.Direction == Incoming, "<")
		p.s("-")
		if e.Var != nil || e.Types != nil || e.Range != nil || e.Properties != nil || e.Where != nil {
			p.s("[")
			p.inside(e.Var, e.Types, e.Range, e.Properties, e.Where)
			p.s("]")
		}
		p.s("-")
		p.when(e.Direction == Outgoing, ">")
		p.quantifier(e.Quantifier)
	case *GroupPattern:
		p.s("(")
		if e.Var != nil {
			p.s(quote(e.Var.Text), " = ")
		}
		p.pathMode(e.Mode)
		p.elements(e.Elements)
		p.where(e.Where)
		p.s(")")
		p.quantifier(e.Quantifier)
	}
}

// inside writes what stands between the brackets of a node or a relationship.
func (p *printer) inside(v *Name, labels LabelExpr, r *Hops, props, where Expr) {
	if v != nil {
		p.name(v)
	}
	if labels != nil {
		p.s(":")
		p.label(labels)
	}
	if r != nil {
		p.s("*", itoa(r.Min), "..")
		p.when(!r.Unbounded, itoa(r.Max))
	}
	if props != nil {
		p.s(" ")
		p.expr(props, 0)
	}
	p.where(where)
}

func (p *printer) quantifier(h *Hops) {
	if h == nil {
		return
	}
	p.s("{", itoa(h.Min), ",")
	p.when(!h.Unbounded, itoa(h.Max))
	p.s("}")
}

func (p *printer) label(l LabelExpr) {
	switch l := l.(type) {
	case *LabelName:
		p.s(quote(l.Name))
	case *LabelDynamic:
		p.s("$")
		p.when(l.Any, "any")
		p.s("(")
		p.expr(l.Expr, 0)
		p.s(")")
	case *LabelWildcard:
		p.s("%")
	case *LabelNot:
		p.s("!")
		p.labelOperand(l.X, false)
	case *LabelAnd:
		p.list(len(l.Items), "&", func(i int) { p.labelOperand(l.Items[i], false) })
	case *LabelOr:
		p.list(len(l.Items), "|", func(i int) { p.labelOperand(l.Items[i], true) })
	}
}

// labelOperand writes l, in parentheses unless it binds tighter than what is around it.
func (p *printer) labelOperand(l LabelExpr, andFits bool) {
	switch l.(type) {
	case *LabelOr:
	case *LabelAnd:
		if andFits {
			p.label(l)
			return
		}
	default:
		p.label(l)
		return
	}
	p.s("(")
	p.label(l)
	p.s(")")
}
