package transfer

import (
	"path/filepath"
	"strconv"
	"sync/atomic"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/transfer/tabular"
	"github.com/kadedb/kadedb/value"
)

// storedIDs says what ids the store has of a space.
type storedIDs struct{ ints, strings bool }

// read returns the kind that ids of files are read as to be found among those of the
// store; Null: the store has none. Where it has integers and strings, ids are
// compared as texts.
func (s storedIDs) read() tabular.Kind {
	switch {
	case s.strings:
		return tabular.String
	case s.ints:
		return tabular.Int
	}
	return tabular.Null
}

// storedIDs looks at the ids that the store has under owners, or else at the type that
// a constraint asks of them.
func (p *planner) storedIDs(owners []owner) (out storedIDs, err error) {
	for _, o := range owners {
		err := eachStored(p.reader, []owner{o}, func(v value.Value, _ uint32) (bool, error) {
			switch v.Kind() {
			case value.KindNull:
			case value.KindInt:
				out.ints = true
			case value.KindString:
				out.strings = true
			default:
				return false, status.Errorf(status.InvalidArgumentValue, "the store has a node of `%s` whose `%s` is of type %s; ids are integers or strings", o.label, o.key, v.Kind()).
					WithHint("Name another column with --id, or change those values.")
			}
			return true, nil
		})
		if err != nil {
			return out, err
		}
	}
	if out.ints || out.strings {
		return out, nil
	}
	cat := p.reader.Catalog()
	for _, o := range owners {
		label, ok := cat.Label(o.label)
		key, ok2 := cat.Key(o.key)
		for _, c := range cat.Constraints {
			if !ok || !ok2 || c.Kind != catalog.ValueType || c.Entity != catalog.Nodes || c.Token != uint32(label) || len(c.Keys) != 1 || c.Keys[0] != key {
				continue
			}
			out.ints = out.ints || c.Type == value.KindInt
			out.strings = out.strings || c.Type == value.KindString
		}
	}
	return out, nil
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

// oldIDs are the ids of nodes that the store has: a table of them all, or, where that would
// take too much of the import's memory, the store's indexes. It may be asked from several goroutines.
type oldIDs struct {
	ids
	reader  *graph.Reader // nil: the table
	indexes []catalog.IndexID
	space   *space
	failed  atomic.Pointer[error]
}

// oldBytes is about what an id takes in a table, and text beside it.
const oldBytes, oldTextBytes = 24, 64

// indexed makes o ask the indexes of owners, if there is one for each.
func (o *oldIDs) indexed(r *graph.Reader, sp *space) bool {
	cat := r.Catalog()
	for _, own := range sp.owners {
		label, ok := cat.Label(own.label)
		key, ok2 := cat.Key(own.key)
		if !ok || !ok2 || r.CountNodes(label) == 0 {
			continue
		}
		x, ok := cat.IndexOn(catalog.Nodes, uint32(label), []catalog.KeyID{key})
		if !ok || !x.Online {
			return false
		}
		o.indexes = append(o.indexes, x.ID)
		o.n += int(r.CountNodes(label))
	}
	o.reader, o.space = r, sp
	return true
}

// get looks row r of a column of ids up.
func (o *oldIDs) get(v *column.Vector, r int) (uint32, bool) {
	if o.reader == nil {
		return o.ids.get(v, r)
	}
	num, ok, err := o.look(v.Value(r))
	if err != nil {
		o.failed.CompareAndSwap(nil, &err)
	}
	return num, ok && err == nil
}

// look asks the indexes. An id that is a text stands for an integer of the store's too.
func (o *oldIDs) look(v value.Value) (num uint32, found bool, err error) {
	forms := [2]value.Value{v}
	n := 1
	if v.Kind() == value.KindString && o.space.stored.ints {
		if i, err := strconv.ParseInt(v.AsString(), 10, 64); err == nil && strconv.FormatInt(i, 10) == v.AsString() {
			forms[1], n = value.Int(i), 2
		}
	}
	var few [4]uint32
	for k, form := range forms[:n] {
		for _, x := range o.indexes {
			refs, err := o.reader.IndexEqual(x, []value.Value{form}, few[:0])
			switch {
			case err != nil:
				return 0, false, err
			case len(refs) == 0:
			case found && k == 1 && refs[0] != num:
				return 0, false, status.Errorf(status.DuplicateID, "the store has nodes of %s with id %s as an integer and as a string: rows cannot say which", o.space.describe(), v.AsString()).
					WithHint("Give all ids one type, such as with SET n.id = toString(n.id).")
			case !found:
				num, found = refs[0], true
			}
		}
	}
	return num, found, nil
}

// lookups returns why a lookup in the store failed, if one did.
func (im *importer) lookups() error {
	for _, sp := range im.p.order {
		if err := sp.old.failed.Load(); err != nil {
			return *err
		}
	}
	return nil
}

// loadOld makes the ids of nodes that the store has known, in every space in use.
func (im *importer) loadOld() error {
	for _, sp := range im.p.order {
		sp.old = &oldIDs{}
		if (im.spec.lookUp || im.p.storedBytes(sp) > im.memory/2) && sp.old.indexed(im.p.reader, sp) {
			continue
		}
		sp.old = &oldIDs{}
		err := eachStored(im.p.reader, sp.owners, func(v value.Value, num uint32) (bool, error) {
			if err := im.ctx.Err(); err != nil && num&0xffff == 0 {
				return false, err
			}
			return true, sp.putOld(v, num)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// storedBytes is about what a table of the store's ids of a space takes.
func (p *planner) storedBytes(sp *space) (sum int64) {
	cat := p.reader.Catalog()
	each := int64(oldBytes)
	if sp.kind == tabular.String {
		each += oldTextBytes
	}
	for _, o := range sp.owners {
		if label, ok := cat.Label(o.label); ok {
			sum += each * p.reader.CountNodes(label)
		}
	}
	return sum
}

// rowLabels finds which of the store's labels nodes get by row, where the store has
// nodes of those: their ids are looked up too.
func (im *importer) rowLabels() error {
	r, err := im.store.Snapshot()
	if err != nil {
		return err
	}
	defer r.Close()
	im.p.reader = r
	found := false
	for _, s := range im.p.nodes {
		if s.label < 0 || s.idSpace == nil || s.fields[s.id].role != roleID || s.fields[s.id].hidden {
			continue
		}
		stored := im.p.storedLabels(s.fields[s.id].name)
		if len(stored) == 0 {
			continue
		}
		last, stage, rows := "", "looking for labels in "+filepath.Base(s.path), int64(0)
		wants := []tabular.Want{{Column: s.label, Kind: tabular.String, Fixed: true, Names: true, Some: true}}
		err := s.table.Read(im.ctx, wants, nil, func(c *tabular.Chunk) error {
			rows += int64(c.Rows)
			im.tick(stage, rows)
			for r := range c.Rows {
				if c.Cols[0].IsNull(r) || c.Cols[0].Str(r) == last {
					continue
				}
				last = c.Cols[0].Str(r)
				for _, l := range im.labelsOf(last) {
					if stored[l] {
						found = s.idSpace.own(l, s.fields[s.id].name) || found
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if !found {
		return nil
	}
	return im.p.finish()
}

// storedLabels returns the labels of the store's nodes, if any has the key.
func (p *planner) storedLabels(key string) map[string]bool {
	cat := p.reader.Catalog()
	if _, ok := cat.Key(key); !ok {
		return nil
	}
	out := map[string]bool{}
	for id := range cat.Len(catalog.Label) {
		if l := catalog.LabelID(id); p.reader.CountNodes(l) > 0 {
			out[cat.LabelName(l)] = true
		}
	}
	return out
}

// putOld adds an id of a node that the store has.
func (s *space) putOld(v value.Value, num uint32) error {
	text := ""
	switch {
	case v.Kind() == value.KindNull:
		return nil
	case s.kind == tabular.Int && v.Kind() == value.KindInt:
		s.old.putInt(v.AsInt(), num)
		return nil
	case s.kind == tabular.String && v.Kind() == value.KindString:
		text = v.AsString()
	case s.kind == tabular.String && v.Kind() == value.KindInt:
		text = strconv.FormatInt(v.AsInt(), 10)
	default:
		return status.Errorf(status.WriteConflict, "ids of type %s came into the store under %s meanwhile", v.Kind(), s.describe()).WithHint("Run the import again.")
	}
	fresh, err := s.old.putString(text, num)
	if err == nil && !fresh && s.stored.ints && s.stored.strings {
		if was, _ := s.old.string(text); was != num {
			return status.Errorf(status.DuplicateID, "the store has nodes of %s with id %s as an integer and as a string: rows cannot say which", s.describe(), text).
				WithHint("Give all ids one type, such as with SET n.id = toString(n.id).")
		}
	}
	return err
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
			err = im.lookups()
		}
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
			// So may be the properties of other files of the label.
			i, im.doneBytes = -1, 0
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
	ids mixedIDs
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
	v := u.ids.of(&c.Cols[s.wID])
	for r := range c.Rows {
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
