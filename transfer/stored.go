package transfer

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer/tabular"
	"github.com/kadedb/kadedb/value"
)

// storedKind returns the kind of the ids that the store has under owners.
func storedKind(r *graph.Reader, owners []owner) (tabular.Kind, error) {
	kind := tabular.String
	err := eachStored(r, owners, func(v value.Value, _ uint32) (bool, error) {
		if v.Kind() == value.KindInt {
			kind = tabular.Int
		}
		return v.Kind() == value.KindNull, nil
	})
	return kind, err
}

// eachStored calls f with the ids and numbers of the store's nodes under owners, until
// it returns false.
func eachStored(r *graph.Reader, owners []owner, f func(v value.Value, num uint32) (bool, error)) error {
	cat := r.Catalog()
	var buf [column.BatchSize]uint32
	var vals column.Vector
	for _, o := range owners {
		label, ok := cat.Label(o.label)
		key, ok2 := cat.Key(o.key)
		if !ok || !ok2 || r.CountNodes(label) == 0 {
			continue
		}
		for _, m := range r.NodeMorsels(label) {
			for from := m.From; from < m.To; {
				n, next, err := r.ScanNodes(m, label, from, buf[:])
				if err != nil {
					return err
				}
				from = next
				if err := r.NodeProperty(key, buf[:n], nil, &vals); err != nil {
					return err
				}
				for i := range n {
					if more, err := f(vals.Value(i), buf[i]); err != nil || !more {
						return err
					}
				}
			}
		}
	}
	return nil
}

// loadOld loads the ids of nodes that the store has, of every space in use.
func (im *importer) loadOld() error {
	for _, sp := range im.p.order {
		sp.old = ids{}
		err := eachStored(im.p.reader, sp.owners, func(v value.Value, num uint32) (bool, error) {
			if err := im.ctx.Err(); err != nil && num&0xffff == 0 {
				return false, err
			}
			switch {
			case sp.kind == tabular.Int && v.Kind() == value.KindInt:
				sp.old.putInt(v.AsInt(), num)
			case sp.kind == tabular.String && v.Kind() == value.KindString:
				if _, err := sp.old.putString(v.AsString(), num); err != nil {
					return false, err
				}
			}
			return true, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// updateRows is how many nodes one transaction of an update changes.
const updateRows = 20_000

// update gives nodes that exist the properties of their rows. It comes before the
// import's swap, in transactions: after a crash in between, the same import goes on.
func (im *importer) update() error {
	r, err := im.store.Snapshot()
	if err != nil {
		return err
	}
	defer r.Close()
	im.p.reader = r
	if err := im.loadOld(); err != nil {
		return err
	}
	for i := 0; i < len(im.p.nodes); i++ {
		s := im.p.nodes[i]
		if s.idSpace == nil || s.idSpace.old.n == 0 {
			continue
		}
		u := updater{im: im, src: s}
		again, err := im.read(s, nil, u.take)
		if err == nil {
			err = u.commit()
		}
		if err != nil {
			return u.end(err)
		}
		if again {
			// The ids may be of another kind than those that were looked up.
			if err := im.loadOld(); err != nil {
				return err
			}
			i--
		}
	}
	im.doneBytes = 0
	return nil
}

// updater changes the nodes of one file.
type updater struct {
	im  *importer
	src *source
	tx  *graph.Tx
	n   int
}

func (u *updater) end(err error) error {
	if u.tx != nil {
		u.tx.Rollback()
		u.tx = nil
	}
	return err
}

func (u *updater) commit() error {
	if u.tx == nil {
		return nil
	}
	_, err := u.tx.Commit(u.im.ctx, graph.Group)
	u.tx, u.n = nil, 0
	return err
}

func (u *updater) take(c *tabular.Chunk) error {
	s := u.src
	for r := range c.Rows {
		v := &c.Cols[s.wID]
		if v.IsNull(r) {
			continue
		}
		num, ok := s.idSpace.old.get(v, r)
		if !ok {
			continue
		}
		if u.tx == nil {
			tx, err := u.im.store.Begin(u.im.ctx, false)
			if err != nil {
				return err
			}
			u.tx = tx
		}
		if err := u.row(num, c, r); err != nil {
			return status.Errorf(status.From(err).Code, "%s:%d: %w", s.path, c.Line(r), err)
		}
		if u.n++; u.n == updateRows {
			if err := u.commit(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (u *updater) row(num uint32, c *tabular.Chunk, r int) error {
	for _, p := range u.src.props {
		v := c.Cols[p.want].Value(r)
		if v.IsNull() || p.want == u.src.wID {
			continue
		}
		key, err := u.tx.Key(p.key)
		if err != nil {
			return err
		}
		if err := u.tx.SetNodeProperty(num, key, v); err != nil {
			return err
		}
	}
	return nil
}
