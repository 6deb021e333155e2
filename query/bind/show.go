package bind

import (
	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
)

// shown names the procedure behind each SHOW.
var shown = map[ast.ShowKind]string{
	ast.ShowIndexes:      "db.indexes",
	ast.ShowConstraints:  "db.constraints",
	ast.ShowFunctions:    "dbms.functions",
	ast.ShowProcedures:   "dbms.procedures",
	ast.ShowTransactions: "dbms.transactions",
}

// show turns SHOW into a call of the procedure that lists the same, with YIELD, WHERE
// and RETURN after it.
func (b *binder) show(s *ast.Show) (*plan.Plan, error) {
	proc, err := b.procedure(shown[s.Kind], s.Pos)
	if err != nil {
		return nil, err
	}
	if len(s.IDs) > 0 {
		return nil, status.Errorf(status.NotYet, "SHOW TRANSACTIONS takes no list of ids in this version").At(s.Pos).
			WithHint("use YIELD * WHERE …")
	}
	p := &pipeline{b: b, sc: newScope(nil), cur: &plan.SingleRow{}, pos: position{standalone: true}, rows: &result{}}
	out := &plan.CallProcedure{Procedure: proc.Name, Pos: s.Pos}
	out.Input = p.cur
	p.cur = out
	if err := p.yield(s.Yield, proc, out, true); err != nil {
		return nil, err
	}
	if s.Where != nil {
		if err := p.where(s.Where, p.sc); err != nil {
			return nil, err
		}
	}
	if y := s.Yield; y != nil {
		pr := &ast.Projection{Loc: y.Loc, Star: true, OrderBy: y.OrderBy, Skip: y.Skip, Limit: y.Limit}
		if _, _, err := p.project(pr, false); err != nil {
			return nil, err
		}
	}
	if s.Return != nil {
		if err := p.ret(s.Return); err != nil {
			return nil, err
		}
	}
	return b.finish(p.cur, p.rows.columns), nil
}
