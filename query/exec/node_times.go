package exec

import (
	"slices"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/plan"
)

// nodeTimes is a scan of nodes for each row of its input where nobody above reads the
// node: rows are multiplied by how many there are, which is counted once.
type nodeTimes struct {
	out   operator
	scan  *nodeScan // gives what it finds to be counted
	known bool
	n     int64
	mult  []int64
	view  column.Batch
}

func newNodeTimes(n *plan.NodeScan, l lane) *nodeTimes {
	c := &nodeTimes{out: l.out, scan: newNodeScan(n, l)}
	c.scan.out, c.scan.carry = rowCounter{&c.n}, nil
	return c
}

// countsNodes reports whether n only multiplies its input.
func countsNodes(n *plan.NodeScan) bool { return n.Mult && n.Input != nil && !n.IsLive(n.Node) }

func (c *nodeTimes) finish() error { return c.out.finish() }

func (c *nodeTimes) push(b *column.Batch) error {
	if !c.known || c.scan.w.prog.writes {
		if err := c.count(); err != nil {
			return err
		}
	}
	if c.n == 0 {
		return nil
	}
	share(&c.view, b)
	c.mult = slices.Grow(c.mult[:0], b.Len)[:b.Len]
	for _, r := range b.Selection() {
		times := c.n
		if b.Mult != nil {
			var err error
			if times, err = mulCount(c.n, b.Mult[r]); err != nil {
				return err
			}
		}
		c.mult[r] = times
	}
	c.view.Mult = c.mult
	return c.out.push(&c.view)
}

// count finds how many nodes there are; those of several labels must be looked at.
func (c *nodeTimes) count() error {
	s := c.scan
	s.open(1)
	c.known, c.n = true, 0
	if s.nothing {
		return nil
	}
	if len(s.rest) == 0 {
		c.n = int64(s.w.reader().CountNodes(s.first))
		return nil
	}
	s.begin(&column.Batch{Len: 1})
	for _, m := range s.morsels {
		if err := s.scan(m, 0); err != nil {
			return err
		}
	}
	return nil
}

// rowCounter adds up the rows that it is given.
type rowCounter struct{ n *int64 }

func (c rowCounter) push(b *column.Batch) error {
	*c.n += int64(b.Rows())
	return nil
}

func (c rowCounter) finish() error { return nil }
