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
