package optimize

import (
	"github.com/kadedb/kadedb/query/plan"
)

// topK turns a Sort below a Limit (with a Skip between them or not) into one operator
// that keeps Skip + Limit rows.
//
//	Limit 10 ← Skip 5 ← Sort k   →   TopK k, skip 5, limit 10
//
// Not made where something stands between them: a Filter after WITH … ORDER BY … LIMIT
// is above the Limit and does not matter. Any amount is right, also zero; the memory is
// that of the rows kept, and a huge limit spills as Sort does.
func topK(root plan.Node) plan.Node {
	return plan.Rewrite(root, func(n plan.Node) plan.Node {
		l, ok := n.(*plan.Limit)
		if !ok {
			return n
		}
		below := l.Input
		t := &plan.TopK{Count: l.Count, CountPos: l.Pos}
		if s, ok := below.(*plan.Skip); ok {
			t.Skip, t.SkipPos, below = s.Count, s.Pos, s.Input
		}
		s, ok := below.(*plan.Sort)
		if !ok {
			return n
		}
		t.Keys = s.Keys
		t.Input = s.Input
		return t
	})
}
