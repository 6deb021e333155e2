package exec

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/plan"
)

// discard drops the rows of a statement without columns.
type discard struct{ out operator }

func (discard) push(*column.Batch) error { return nil }
func (d discard) finish() error          { return d.out.finish() }

func (b *builder) produce(n *plan.Produce, lanes []lane) (runner, error) {
	if len(n.Columns) == 0 && b.scope == b.prog.main {
		lanes = each(lanes, func(l lane) operator { return discard{l.out} })
	}
	return b.build(n.Input, lanes)
}
