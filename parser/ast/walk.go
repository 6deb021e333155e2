package ast

// Inspect calls f for n and, while f returns true, for everything below it,
// parents first, in the order of the text. Nil nodes are not visited, nor are
// names (see Name).
func Inspect(n Node, f func(Node) bool) {
	if n == nil || !f(n) {
		return
	}
	Children(n, func(c Node) { Inspect(c, f) })
}

// Children calls f for each direct child of n that is there, in the order of
// the text.
func Children(n Node, f func(Node)) {
	switch n := n.(type) {
	case Statement:
		statementChildren(n, f)
	case Clause:
		clauseChildren(n, f)
	case Expr:
		exprChildren(n, f)
	case PatternElement:
		elementChildren(n, f)
	case LabelExpr:
		labelChildren(n, f)
	default:
		partChildren(n, f)
	}
}

func visit(f func(Node), nodes ...Expr) {
	for _, n := range nodes {
		if n != nil {
			f(n)
		}
	}
}

func visitAll[T Node](f func(Node), nodes []T) {
	for _, n := range nodes {
		f(n)
	}
}

func statementChildren(n Statement, f func(Node)) {
	switch n := n.(type) {
	case *Query:
		visitAll(f, n.Parts)
		if n.Next != nil {
			f(n.Next)
		}
	case *Explain:
		f(n.Statement)
	case *Show:
		listingChildren(f, n.IDs, n.Yield, n.Where, n.Return, n.Next)
	case *Terminate:
		listingChildren(f, n.IDs, n.Yield, n.Where, n.Return, n.Next)
	case *Use:
		f(n.Statement)
	case *CreateIndex:
		visit(f, n.Options)
	case *CreateConstraint:
		visit(f, n.Options)
	}
}

func listingChildren(f func(Node), ids []Expr, y *Yield, where Expr, ret *Return, next Statement) {
	visit(f, ids...)
	if y != nil {
		f(y)
	}
	visit(f, where)
	if ret != nil {
		f(ret)
	}
	if next != nil {
		f(next)
	}
}

func clauseChildren(n Clause, f func(Node)) {
	switch n := n.(type) {
	case *Match:
		visitAll(f, n.Patterns)
		visitAll(f, n.Hints)
		visit(f, n.Where)
	case *With:
		f(n.Projection)
		visit(f, n.Where)
	case *Return:
		f(n.Projection)
	case *Unwind:
		visit(f, n.List)
	case *For:
		visit(f, n.List)
	case *Let:
		visitAll(f, n.Items)
	case *Filter:
		visit(f, n.Where)
	case *Page:
		visitAll(f, n.OrderBy)
		visit(f, n.Skip, n.Limit)
	case *When:
		visitAll(f, n.Branches)
		if n.Else != nil {
			f(n.Else)
		}
	case *Call:
		visit(f, n.Args...)
		if n.Yield != nil {
			f(n.Yield)
		}
	case *CallSubquery:
		f(n.Query)
		if n.InTransactions != nil {
			f(n.InTransactions)
		}
	case *Load:
		visit(f, n.From)
		if n.FieldTerminator != nil {
			f(n.FieldTerminator)
		}
	default:
		updateChildren(n, f)
	}
}

func updateChildren(n Clause, f func(Node)) {
	switch n := n.(type) {
	case *Create:
		visitAll(f, n.Patterns)
	case *Merge:
		f(n.Pattern)
		visitAll(f, n.Actions)
	case *Set:
		visitAll(f, n.Items)
	case *Remove:
		visitAll(f, n.Items)
	case *Delete:
		visit(f, n.Exprs...)
	case *Foreach:
		visit(f, n.List)
		visitAll(f, n.Clauses)
	}
}

func exprChildren(n Expr, f func(Node)) {
	switch n := n.(type) {
	case *ListLit:
		visit(f, n.Items...)
	case *MapLit:
		for i := range n.Entries {
			f(n.Entries[i].Value)
		}
	case *Unary:
		f(n.X)
	case *Binary:
		f(n.Left)
		f(n.Right)
	case *Comparison:
		f(n.First)
		for i := range n.Rest {
			f(n.Rest[i].X)
		}
	case *IsNull:
		f(n.X)
	case *IsType:
		f(n.X)
	case *IsNormalized:
		f(n.X)
	case *HasLabels:
		f(n.X)
		f(n.Labels)
	case *Property:
		f(n.X)
	case *Index:
		visit(f, n.X, n.I)
	case *Slice:
		visit(f, n.X, n.From, n.To)
	case *FunctionCall:
		visit(f, n.Args...)
	default:
		scopedChildren(n, f)
	}
}

// scopedChildren is exprChildren for expressions with a scope or parts of their own.
func scopedChildren(n Expr, f func(Node)) {
	switch n := n.(type) {
	case *MapProjection:
		f(n.X)
		visitAll(f, n.Items)
	case *ListComprehension:
		visit(f, n.List, n.Where, n.Projection)
	case *PatternComprehension:
		f(n.Pattern)
		visit(f, n.Where, n.Projection)
	case *PatternExpr:
		f(n.Pattern)
	case *Quantifier:
		visit(f, n.List, n.Where)
	case *Reduce:
		visit(f, n.Init, n.List, n.Expr)
	case *AllReduce:
		visit(f, n.Init, n.List, n.Expr, n.Pred)
	case *Case:
		visit(f, n.Operand)
		for i := range n.Whens {
			visit(f, n.Whens[i].Values...)
			visit(f, n.Whens[i].Then)
		}
		visit(f, n.Else)
	case *Subquery:
		visitAll(f, n.Patterns)
		visit(f, n.Where)
		if n.Query != nil {
			f(n.Query)
		}
	}
}

func elementChildren(n PatternElement, f func(Node)) {
	switch n := n.(type) {
	case *NodePattern:
		if n.Labels != nil {
			f(n.Labels)
		}
		visit(f, n.Properties, n.Where)
	case *RelPattern:
		if n.Types != nil {
			f(n.Types)
		}
		visit(f, n.Properties, n.Where)
	case *GroupPattern:
		visitAll(f, n.Elements)
		visit(f, n.Where)
	}
}

func labelChildren(n LabelExpr, f func(Node)) {
	switch n := n.(type) {
	case *LabelDynamic:
		visit(f, n.Expr)
	case *LabelNot:
		f(n.X)
	case *LabelAnd:
		visitAll(f, n.Items)
	case *LabelOr:
		visitAll(f, n.Items)
	}
}

// partChildren is for nodes that are no statement, clause, expression or pattern element.
func partChildren(n Node, f func(Node)) {
	switch n := n.(type) {
	case *SingleQuery:
		visitAll(f, n.Clauses)
	case *Projection:
		visitAll(f, n.Items)
		visit(f, n.GroupBy...)
		visitAll(f, n.OrderBy)
		visit(f, n.Skip, n.Limit)
	case *ProjectionItem:
		f(n.Expr)
	case *SortItem:
		f(n.Expr)
	case *LetItem:
		f(n.Expr)
	case *MergeAction:
		visitAll(f, n.Items)
	case *SetProperty:
		visit(f, n.Target, n.Value)
	case *SetProperties:
		visit(f, n.Target, n.Value)
	case *SetLabels:
		visit(f, n.Target)
		visitAll(f, n.Labels)
	case *RemoveProperty:
		visit(f, n.Target)
	case *RemoveLabels:
		visit(f, n.Target)
		visitAll(f, n.Labels)
	case *Yield:
		visitAll(f, n.OrderBy)
		visit(f, n.Skip, n.Limit, n.Where)
	case *InTransactions:
		visit(f, n.Concurrency, n.Rows, n.RetryFor)
	case *WhenBranch:
		visit(f, n.Cond)
		f(n.Query)
	case *PatternPart:
		visit(f, n.K)
		visitAll(f, n.Elements)
		visit(f, n.Cost, n.Heuristic)
	case *MapProjectionItem:
		visit(f, n.Expr)
	}
}
