package transfer

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/transfer/tabular"
	"github.com/kadedb/kadedb/value"
)

// schema numbers the physical columns of a set of rows.
type schema struct {
	ids []columnID
	at  map[columnID]int
}

func (s *schema) column(id columnID) int {
	if i, ok := s.at[id]; ok {
		return i
	}
	if s.at == nil {
		s.at = map[columnID]int{}
	}
	s.at[id] = len(s.ids)
	s.ids = append(s.ids, id)
	return len(s.ids) - 1
}

// columns returns the places of a source's properties.
func (s *schema) columns(src *source) []int {
	at := make([]int, len(src.props))
	for i, p := range src.props {
		at[i] = s.column(columnID{p.key, src.wants[p.want].Type()})
	}
	return at
}

// keys returns the property keys and, for each, its physical columns.
func (s *schema) keys() (names []string, cols map[string][]int) {
	cols = map[string][]int{}
	for i, id := range s.ids {
		if cols[id.key] == nil {
			names = append(names, id.key)
		}
		cols[id.key] = append(cols[id.key], i)
	}
	return names, cols
}

func (s *schema) types(cols []int) []column.Type {
	out := make([]column.Type, len(cols))
	for i, c := range cols {
		out[i] = s.ids[c].typ
	}
	return out
}

// nodeSet is the nodes with one set of labels.
type nodeSet struct {
	labels []string
	schema
	buf    rows
	frames []frame
	n      uint32
	first  uint32 // the store's number of the first, once it is known
}

// stretch is a run of nodes that were read one after the other: numbers in the order
// of reading, from first on, are rows of a set.
type stretch struct {
	first uint32
	set   int
	row   uint32
}

// labelSet returns the set of a list of labels.
func (im *importer) labelSet(labels []string) (int, error) {
	labels = slices.Clone(labels)
	slices.Sort(labels)
	labels = slices.Compact(labels)
	name := strings.Join(labels, "\x00")
	if i, ok := im.setAt[name]; ok {
		return i, nil
	}
	if len(im.sets) >= maxLabelSets {
		return 0, status.Errorf(status.MalformedFile, "more than %d different sets of labels; is the column of labels the right one?", maxLabelSets)
	}
	im.setAt[name] = len(im.sets)
	im.sets = append(im.sets, &nodeSet{labels: labels})
	return len(im.sets) - 1, nil
}

// maxLabelSets bounds what a column of labels can do.
const maxLabelSets = 10_000

// readNodes reads all files of nodes.
func (im *importer) readNodes() error {
	for i := 0; i < len(im.p.nodes); i++ {
		s := im.p.nodes[i]
		n := nodeReader{im: im, src: s, at: map[int][]int{}}
		if err := n.begin(); err != nil {
			return err
		}
		again, err := im.read(s, nil, n.take)
		if err != nil {
			return err
		}
		if again {
			// A column is of another kind than it seemed: its ids may be in a map already.
			if err := im.forgetNodes(); err != nil {
				return err
			}
			i = -1
		}
	}
	return im.lookups()
}

func (im *importer) forgetNodes() error {
	im.sets, im.setAt, im.stretches, im.nodeCount = nil, map[string]int{}, nil, 0
	im.doneBytes, im.sum.Bad, im.sum.Updated = 0, Bad{}, 0
	for _, sp := range im.p.order {
		sp.ids = ids{}
	}
	return im.loadOld()
}

// nodeReader takes the chunks of one file.
type nodeReader struct {
	im   *importer
	src  *source
	at   map[int][]int // by set: places of the properties
	set  int           // where no column says otherwise
	last string        // labels as the row before had them
	cols []*column.Vector
	sel  map[int][]int32
	ids  mixedIDs
}

func (n *nodeReader) begin() (err error) {
	n.sel = map[int][]int32{}
	n.set, err = n.im.labelSet(n.src.labels)
	if n.src.wLabel >= 0 {
		n.last = "\x00"
	}
	return err
}

func (n *nodeReader) take(c *tabular.Chunk) error {
	im, s := n.im, n.src
	bad := newBadRows(im, s, c)
	var ids *column.Vector
	if s.wID >= 0 {
		ids = n.ids.of(&c.Cols[s.wID])
	}
	for set := range n.sel {
		n.sel[set] = n.sel[set][:0]
	}
	for r := range c.Rows {
		if s.wLabel >= 0 {
			if err := n.labels(&c.Cols[s.wLabel], r); err != nil {
				return err
			}
		}
		if s.wID >= 0 {
			ok, err := n.id(c, ids, r, bad)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
		}
		if im.nodeCount == 1<<32-1 {
			return status.Errorf(status.StoreFull, "more than 4,294,967,295 nodes in one import")
		}
		set := im.sets[n.set]
		if k := len(im.stretches); k == 0 || im.stretches[k-1].set != n.set {
			im.stretches = append(im.stretches, stretch{im.nodeCount, n.set, set.n})
		}
		im.nodeCount++
		set.n++
		n.sel[n.set] = append(n.sel[n.set], int32(r))
	}
	if err := bad.done(); err != nil {
		return err
	}
	n.cols = n.cols[:0]
	for _, p := range s.props {
		n.cols = append(n.cols, &c.Cols[p.want])
	}
	for set, sel := range n.sel {
		ns := im.sets[set]
		if n.at[set] == nil {
			n.at[set] = ns.columns(s)
		}
		if len(sel) > 0 {
			ns.buf.expect = im.expect(s, &ns.buf, len(sel), c)
			ns.buf.appendChunk(ns.ids, n.at[set], n.cols, sel)
		}
	}
	return im.putNodesAway(false)
}

// labels makes n.set the set of a row that names its labels.
func (n *nodeReader) labels(v *column.Vector, r int) error {
	text := ""
	if !v.IsNull(r) {
		text = v.Str(r)
	}
	if text == n.last {
		return nil
	}
	labels := append(slices.Clone(n.src.labels), n.im.labelsOf(text)...)
	set, err := n.im.labelSet(labels)
	n.set, n.last = set, text
	if err == nil && n.src.idSpace != nil && n.src.fields[n.src.id].role == roleID && !n.src.fields[n.src.id].hidden {
		for _, l := range labels {
			n.src.idSpace.own(l, n.src.fields[n.src.id].name)
		}
	}
	return err
}

// labelsOf splits a cell of labels.
func (im *importer) labelsOf(text string) []string {
	return tabular.SplitNames(nil, text, im.listDelim())
}

// id notes a row's id; false: the row is left out.
func (n *nodeReader) id(c *tabular.Chunk, v *column.Vector, r int, bad *badRows) (bool, error) {
	im, s := n.im, n.src
	given := &c.Cols[s.wID]
	if v.IsNull(r) {
		reason := fmt.Sprintf("no id in column %q", s.fields[s.id].name)
		if !given.IsNull(r) {
			reason = fmt.Sprintf("%s in column %q is no id: those are integers and strings", given.Value(r), s.fields[s.id].name)
		}
		bad.add(r, status.MalformedRow, reason)
		return false, nil
	}
	if _, exists := s.idSpace.old.get(v, r); exists {
		if im.spec.Update {
			im.sum.Updated++
		} else {
			bad.add(r, status.NodeExists, fmt.Sprintf("a node with id %s exists in the store; --update sets its properties", given.Value(r)))
		}
		return false, nil
	}
	fresh, err := s.idSpace.ids.put(v, r, im.nodeCount)
	if err == nil && !fresh {
		bad.add(r, status.DuplicateID, fmt.Sprintf("id %s appears twice", given.Value(r)))
	}
	if fresh && given.Type == column.Any && given.Anys[r].Kind() == value.KindInt {
		s.idSpace.ids.markInt()
	}
	return fresh, err
}

// putNodesAway writes buffered nodes to the spill file where they are too many; all:
// the largest go whatever there is.
func (im *importer) putNodesAway(all bool) error {
	for {
		sum, most := int64(0), (*nodeSet)(nil)
		for _, s := range im.sets {
			n := s.buf.used()
			sum += n
			if s.buf.n > 0 && (most == nil || n > most.buf.used() || s.buf.full()) {
				most = s
			}
		}
		if most == nil || !all && sum <= im.memory/4 && !most.buf.full() {
			return nil
		}
		for from := 0; from < most.buf.n; from += frameRows {
			f, buf, err := most.buf.putAway(im.spill, most.ids, nil, from, min(from+frameRows, most.buf.n), im.scratch)
			im.scratch = buf
			if err != nil {
				return err
			}
			most.frames = append(most.frames, f)
		}
		most.buf = rows{}
	}
}

// writeNodes gives numbers to the nodes that were read, and writes their columns.
func (im *importer) writeNodes(write bool) error {
	im.dropEmptySets()
	for _, s := range im.sets {
		labels := make([]catalog.LabelID, len(s.labels))
		for i, l := range s.labels {
			id, err := im.b.Label(l)
			if err != nil {
				return err
			}
			labels[i] = id
		}
		first, err := im.b.Nodes(labels, s.n)
		if err != nil {
			return err
		}
		s.first = first
		im.sum.Nodes += int64(s.n)
		if !write {
			s.buf, s.frames = rows{}, nil
			continue
		}
		if err := im.writeNodeColumns(s); err != nil {
			return err
		}
		s.buf, s.frames = rows{}, nil
	}
	for _, sp := range im.p.order {
		sp.ids.remap(im.number)
		sp.ids.freeze()
		sp.old.freeze()
	}
	return nil
}

// dropEmptySets leaves only sets that have nodes: those have numbers of their own.
func (im *importer) dropEmptySets() {
	to := make([]int, len(im.sets))
	kept := im.sets[:0]
	for i, s := range im.sets {
		to[i] = len(kept)
		if s.n > 0 {
			kept = append(kept, s)
		}
	}
	im.sets = kept
	for i := range im.stretches {
		im.stretches[i].set = to[im.stretches[i].set]
	}
}

// number returns the store's number of the i-th node that was read.
func (im *importer) number(i uint32) uint32 {
	k := sort.Search(len(im.stretches), func(k int) bool { return im.stretches[k].first > i }) - 1
	st := &im.stretches[k]
	return im.sets[st.set].first + st.row + (i - st.first)
}

func (im *importer) writeNodeColumns(s *nodeSet) error {
	names, cols := s.keys()
	var l loader
	loaded := make([]vector, len(s.ids))
	for _, name := range names {
		key, err := im.b.Key(name)
		if err != nil {
			return err
		}
		out := newOutput(s.types(cols[name]), s.first, func(first uint32, v *column.Vector, n int) error {
			im.tick("writing nodes", 0)
			return im.b.NodeColumn(key, first, v, n)
		})
		parts := make([]*vector, len(cols[name]))
		for i := range s.frames {
			f := &s.frames[i]
			for k, c := range cols[name] {
				if err := l.column(im.spill, f, c, &loaded[k]); err != nil {
					return err
				}
				parts[k] = nil
				if loaded[k].some {
					parts[k] = &loaded[k]
				}
			}
			if err := out.addRows(parts, 0, f.n); err != nil {
				return err
			}
		}
		for k, c := range cols[name] {
			parts[k] = nil
			if c < len(s.buf.cols) && s.buf.cols[c].some {
				parts[k] = &s.buf.cols[c]
			}
		}
		if err := out.addRows(parts, 0, s.buf.n); err != nil {
			return err
		}
		if err := out.flush(); err != nil {
			return err
		}
	}
	return nil
}
