package expr

// Rewrite returns e with f applied to every node, children first. Nodes whose
// children f left alone are shared with e, others are copies: e itself never changes.
func Rewrite(e Expr, f func(Expr) Expr) Expr {
	if e == nil {
		return nil
	}
	return f(rewriteChildren(e, f))
}

// kids rewrites the operands of one node and remembers whether one changed.
type kids struct {
	f       func(Expr) Expr
	changed bool
}

func (k *kids) one(e Expr) Expr {
	if e == nil {
		return nil
	}
	n := Rewrite(e, k.f)
	if n != e {
		k.changed = true
	}
	return n
}

func (k *kids) all(es []Expr) []Expr {
	out := make([]Expr, len(es))
	for i, e := range es {
		out[i] = k.one(e)
	}
	return out
}

func rewriteChildren(e Expr, f func(Expr) Expr) Expr {
	k := &kids{f: f}
	n := k.copyOf(e)
	if !k.changed {
		return e
	}
	return n
}

func (k *kids) copyOf(e Expr) Expr {
	switch e := e.(type) {
	case *Property:
		return &Property{k.one(e.Base), e.Key, e.Pos}
	case *LabelTest:
		return &LabelTest{k.one(e.Base), e.Labels, e.Pos}
	case *TypeTest:
		n := *e
		n.Base = k.one(e.Base)
		return &n
	case *Not:
		return &Not{k.one(e.X), e.Pos}
	case *Logic:
		return &Logic{e.Op, k.all(e.Args), e.Pos}
	case *Compare:
		return &Compare{e.Op, k.one(e.Left), k.one(e.Right), e.Pos}
	case *Chain:
		return &Chain{e.Ops, k.all(e.Args), e.Pos}
	case *Arith:
		n := NewArith(e.Op, k.one(e.Left), k.one(e.Right))
		n.Pos = e.Pos
		return n
	case *Neg:
		return &Neg{k.one(e.X), e.Pos}
	case *In:
		return &In{k.one(e.X), k.one(e.List), e.Pos}
	case *StringOp:
		return &StringOp{e.Op, k.one(e.Left), k.one(e.Right), e.Pos}
	case *IsNull:
		return &IsNull{k.one(e.X), e.Negated}
	case *Call:
		return &Call{e.Def, k.all(e.Args), e.T, e.Pos}
	case *Case:
		n := &Case{Operand: k.one(e.Operand), Whens: make([]When, len(e.Whens)), Pos: e.Pos}
		for i, w := range e.Whens {
			n.Whens[i] = When{k.one(w.Cond), k.one(w.Then)}
		}
		n.Else = k.one(e.Else)
		return n
	}
	return k.copyOfCollection(e)
}

func (k *kids) copyOfCollection(e Expr) Expr {
	switch e := e.(type) {
	case *ListLit:
		return &ListLit{k.all(e.Elems)}
	case *MapLit:
		return &MapLit{e.Keys, k.all(e.Elems)}
	case *MapProjection:
		n := &MapProjection{k.one(e.Base), make([]MapItem, len(e.Items)), e.Pos}
		for i, it := range e.Items {
			n.Items[i] = MapItem{it.All, it.Key, k.one(it.Value)}
		}
		return n
	case *Index:
		return &Index{k.one(e.Base), k.one(e.Index), e.Pos}
	case *Slice:
		return &Slice{k.one(e.Base), k.one(e.From), k.one(e.To), e.Pos}
	case *ListComprehension:
		n := *e
		n.List, n.Where, n.Map = k.one(e.List), k.one(e.Where), k.one(e.Map)
		return &n
	case *Quantifier:
		n := *e
		n.List, n.Where = k.one(e.List), k.one(e.Where)
		return &n
	case *Reduce:
		n := *e
		n.Init, n.List, n.Body = k.one(e.Init), k.one(e.List), k.one(e.Body)
		return &n
	case *PathBuild:
		n := &PathBuild{Start: k.one(e.Start), Steps: make([]PathStep, len(e.Steps))}
		for i, s := range e.Steps {
			n.Steps[i] = PathStep{k.one(s.Rel), s.VarLength, k.one(s.Node)}
		}
		return n
	}
	return e
}
