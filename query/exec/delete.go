package exec

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// deleter is plan.Delete.
type deleter struct {
	*writer
	n    *plan.Delete
	rels []uint32
}

func (b *builder) delete(n *plan.Delete, lanes []lane) (runner, error) {
	w := lanes[0].w
	d := &deleter{writer: newWriter(b, w), n: n}
	op := &barrier{w: w, out: lanes[0].out, live: n.Live}
	op.work = func(batch *column.Batch) (bool, error) {
		tx, err := d.tx()
		if err != nil {
			return false, err
		}
		for r := range batch.Len {
			for _, e := range n.Exprs {
				v, err := d.value(e, batch, r)
				if err == nil {
					err = d.delete(tx, v)
				}
				if err != nil {
					return false, at(err, n.Pos)
				}
			}
		}
		return true, nil
	}
	op.end = func() error {
		tx, err := d.tx()
		if err == nil {
			err = tx.CheckDeleted()
		}
		return at(err, n.Pos)
	}
	return op.build(b, n.Input)
}

// delete deletes what v is or consists of.
func (d *deleter) delete(tx *graph.Tx, v value.Value) error {
	switch v.Kind() {
	case value.KindNull:
		return nil
	case value.KindNode:
		return d.deleteNode(tx, v.Ref())
	case value.KindRelationship:
		return d.deleteRel(tx, v.Ref())
	case value.KindPath:
		p := v.AsPath()
		for _, r := range p.Rels {
			if err := d.deleteRel(tx, r.Ref()); err != nil {
				return err
			}
		}
		for _, n := range p.Nodes {
			if err := d.deleteNode(tx, n.Ref()); err != nil {
				return err
			}
		}
		return nil
	}
	return status.Errorf(status.RuntimeTypeMismatch, "DELETE takes a NODE, RELATIONSHIP or PATH, not %s", v.Kind())
}

func (d *deleter) deleteRel(tx *graph.Tx, ref uint32) error {
	was, err := tx.DeleteRel(ref)
	if was {
		d.effects().RelationshipsDeleted++
	}
	return err
}

func (d *deleter) deleteNode(tx *graph.Tx, ref uint32) error {
	if d.n.Detach && !tx.NodeDeleted(ref) {
		if err := d.detach(tx, ref); err != nil {
			return err
		}
	}
	was, err := tx.DeleteNode(ref)
	if was {
		d.effects().NodesDeleted++
	}
	return err
}

// detach deletes a node's relationships: all are listed before the first is deleted,
// since cursors do not outlive a write.
func (d *deleter) detach(tx *graph.Tx, ref uint32) error {
	d.rels = d.rels[:0]
	for _, t := range tx.Types() {
		for _, dir := range [2]graph.Direction{graph.Out, graph.In} {
			adj := tx.Adjacency(t, dir)
			_, rels, err := adj.List(ref)
			d.rels = append(d.rels, rels...)
			adj.Close()
			if err != nil {
				return err
			}
		}
	}
	for _, r := range d.rels {
		if err := d.deleteRel(tx, r); err != nil {
			return err
		}
	}
	return nil
}
