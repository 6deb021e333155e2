package exec

import (
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
)

// notYet refuses a plan with an operator that cannot run.
func notYet(n plan.Node) (runner, error) {
	return nil, status.Errorf(status.NotYet, "the operator %s is not offered yet", n.Kind()).
		WithHint("write the query without it")
}

func (b *builder) create(n *plan.Create, _ []lane) (runner, error)   { return notYet(n) }
func (b *builder) merge(n *plan.Merge, _ []lane) (runner, error)     { return notYet(n) }
func (b *builder) set(n *plan.Set, _ []lane) (runner, error)         { return notYet(n) }
func (b *builder) delete(n *plan.Delete, _ []lane) (runner, error)   { return notYet(n) }
func (b *builder) foreach(n *plan.Foreach, _ []lane) (runner, error) { return notYet(n) }
