package bind

import (
	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
)

// batches binds IN TRANSACTIONS; nil where t is.
func (p *pipeline) batches(t *ast.InTransactions) (*plan.Batches, error) {
	if t == nil {
		return nil, nil
	}
	refuse := func(hint, why string) error {
		return status.Errorf(status.InvalidClauseComposition, "CALL … IN TRANSACTIONS %s", why).At(t.Pos).WithHint("%s", hint)
	}
	switch {
	case p.b.depth > 0 || p.pos.readOnly:
		return nil, refuse("write it in the outermost query", "inside a subquery")
	case p.b.compound:
		return nil, refuse("send the parts as statements of their own", "beside UNION or NEXT")
	case p.b.writes:
		return nil, refuse("write before it in a CALL … IN TRANSACTIONS too", "after a clause that writes")
	case t.Report != nil && t.OnError != ast.OnErrorContinue && t.OnError != ast.OnErrorBreak:
		return nil, refuse("add ON ERROR CONTINUE or ON ERROR BREAK", "has a status to report only where an error does not end the statement")
	}
	out := &plan.Batches{Concurrent: t.Concurrent, Report: plan.NoSlot, Pos: t.Pos}
	switch t.OnError {
	case ast.OnErrorContinue:
		out.OnError = plan.OnErrorContinue
	case ast.OnErrorBreak:
		out.OnError = plan.OnErrorBreak
	}
	if t.Retry {
		out.Retry = true
		if t.RetryFor != nil {
			seconds, err := p.b.rowCount(t.RetryFor, "RETRY FOR")
			if err != nil {
				return nil, err
			}
			out.RetryFor = seconds
		}
	}
	if t.Concurrency != nil {
		n, err := p.b.rowCount(t.Concurrency, "CONCURRENT")
		if err != nil {
			return nil, err
		}
		out.Concurrency = n
	}
	if t.Rows == nil {
		return out, nil
	}
	var err error
	out.Rows, err = p.b.rowCount(t.Rows, "OF … ROWS")
	return out, err
}

// report declares the variable of REPORT STATUS, once the subquery's columns are.
func (p *pipeline) report(t *ast.InTransactions, b *plan.Batches) error {
	if t.Report == nil {
		return nil
	}
	v, err := p.b.declare(p.sc, t.Report, expr.MapType)
	if err != nil {
		return err
	}
	p.b.elems[v.slot] = expr.AnyType
	b.Report, b.ReportName = v.slot, v.name
	return nil
}
