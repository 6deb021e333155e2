package transfer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"sync/atomic"
	"time"

	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/transfer/tabular"
	"github.com/kadedb/kadedb/value"
)

// importer is one import under way.
type importer struct {
	ctx    context.Context
	spec   *Spec
	store  *graph.Store
	p      *planner
	b      *graph.Bulk
	sum    Summary
	memory int64

	sets      []*nodeSet
	setAt     map[string]int
	stretches []stretch
	nodeCount uint32
	rels      []*relSet
	counts    bool        // the swap was made
	enough    atomic.Bool // as many bad rows were described as are shown

	spill   *spill
	scratch []byte
	tmp     []uint64

	start, lastTick    time.Time
	doneBytes, allSize int64
	stage              string
	stageRows          int64
	stageStart         time.Time
	wrote              int64 // relationships, in both directions
}

// Import reads the files of spec into store. Rows that cannot be imported are counted
// in the summary, which is valid after an error too; with any, and without
// spec.SkipBad, nothing is written and the error is BadRows.
func Import(ctx context.Context, store *graph.Store, spec Spec) (sum Summary, err error) {
	spec.fill()
	if len(spec.Nodes)+len(spec.Relationships) == 0 && spec.folder {
		return sum, nil // of an empty graph
	}
	if len(spec.Nodes)+len(spec.Relationships) == 0 {
		return sum, status.Errorf(status.InvalidArgumentValue, "an import without files").WithHint("Name some with --nodes and --relationships.")
	}
	r, err := store.Snapshot()
	if err != nil {
		return sum, err
	}
	p := &planner{ctx: ctx, spec: &spec, reader: r}
	defer func() { err = errorOf(err, p.close()) }()
	err = p.resolve()
	keys := p.keysToMake()
	r.Close()
	p.reader = nil
	if err != nil {
		return sum, err
	}
	if spec.Planned != nil {
		if err := spec.Planned(p.plan()); err != nil {
			return sum, err
		}
	}
	if spec.Strict {
		spec.SkipBad = false
	}
	im := &importer{ctx: ctx, spec: &spec, store: store, p: p, memory: spec.Memory, setAt: map[string]int{},
		start: time.Now(), spill: &spill{fs: spec.FS, name: path.Join(filepath.ToSlash(spec.TempDir), fmt.Sprintf("import-%d.tmp", time.Now().UnixNano()))}}
	defer func() { err = errorOf(err, im.spill.close()) }()
	if spec.Budget != nil {
		held := spec.Budget.Sub("import", 0)
		defer held.Close()
		if err := held.Reserve(spec.Memory); err != nil {
			return sum, err
		}
	}
	for _, s := range p.sources() {
		im.allSize += s.table.Size()
	}
	if spec.DryRun {
		keys = nil
	}
	undo, err := im.makeKeys(keys)
	if err == nil {
		err = im.run()
	}
	if err != nil && !im.counts {
		err = undo(err)
	}
	im.sum.Spilled = im.spill.size
	return im.sum, err
}

// errDryRun ends a dry run where it would begin to write.
var errDryRun = errors.New("dry run")

// run reads and writes everything in one swap.
func (im *importer) run() error {
	if err := im.rowLabels(); err != nil {
		return err
	}
	if im.spec.Update && !im.spec.DryRun {
		if err := im.update(); err != nil {
			return err
		}
	}
	info, err := im.store.Import(im.ctx, func(b *graph.Bulk) error {
		im.b = b
		im.p.reader = b.Reader()
		if err := im.loadOld(); err != nil {
			return err
		}
		if err := im.readNodes(); err != nil {
			return err
		}
		if err := im.writeNodes(im.willing()); err != nil {
			return err
		}
		if err := im.readRels(); err != nil {
			return err
		}
		im.sum.Read = time.Since(im.start)
		if !im.willing() {
			return status.Errorf(status.BadRows, "bad rows: %d; nothing was imported", im.sum.Bad.Count).
				WithHint("Mend them, or import the other rows with --skip-bad FILE.")
		}
		if im.spec.DryRun {
			im.sum.Relationships = im.allRels()
			return errDryRun
		}
		if im.spec.Looked != nil {
			if err := im.spec.Looked(); err != nil {
				return err
			}
		}
		for _, s := range im.rels {
			if err := im.writeRels(s); err != nil {
				return err
			}
		}
		return im.bulkKeys()
	})
	im.sum.Written = time.Since(im.start) - im.sum.Read
	im.sum.Blocks, im.sum.Bytes = info.Blocks, info.Bytes
	im.counts = info.Took > 0
	switch {
	case err == nil:
	case errors.Is(err, errDryRun):
		return nil
	case im.counts && im.ctx.Err() != nil:
		im.spec.Notice("stopped after everything was imported; statistics were not gathered")
		return nil
	case im.counts:
		return status.Errorf(status.From(err).Code, "everything was imported, but what came after that failed: %w", err)
	default:
		im.sum.Nodes, im.sum.Relationships = 0, 0
		if cerr := status.Ended(im.ctx, "the import; the store is as it was"); cerr != nil {
			err = cerr
		}
		if e := (*status.Error)(nil); errors.As(err, &e) && e.Code == status.ConstraintViolation {
			err = e.WithHint("Name the column of that property with --id to be told the file and the line of each such row, or run with --update.")
		}
	}
	return err
}

// willing reports whether what was read so far may be written.
func (im *importer) willing() bool { return im.spec.SkipBad || im.sum.Bad.Count == 0 }

func (im *importer) listDelim() byte {
	if im.spec.ListDelim != 0 {
		return im.spec.ListDelim
	}
	return ';'
}

// read reads one file. again: a column was of another kind than the sample showed;
// what was read has to be forgotten and read anew.
func (im *importer) read(s *source, work, take func(*tabular.Chunk) error) (again bool, err error) {
	what := "nodes"
	if s.rel {
		what = "relationships"
	}
	stage := "reading " + what + " of " + filepath.Base(s.path)
	im.stageRows = 0
	before, bad := im.doneBytes, im.sum.Bad.Count
	err = s.table.Read(im.ctx, s.wants, work, func(c *tabular.Chunk) error {
		im.stageRows += int64(c.Rows)
		im.doneBytes = before + c.Bytes
		im.tick(stage, im.stageRows)
		return take(c)
	})
	im.doneBytes = before + s.table.Size()
	var m *tabular.Misfit
	if !errors.As(err, &m) {
		if err == nil && s.short > 0 {
			im.spec.Notice(fmt.Sprintf("%s: rows with fewer fields than the header: %d; what they lack is no property", s.path, s.short))
		}
		if err == nil && im.stageRows == 0 && im.sum.Bad.Count == bad {
			im.spec.Notice(s.path + ": it has no rows" + map[bool]string{true: " after the header"}[s.table.Format() == tabular.CSV])
		}
		s.short = 0
		return false, err
	}
	s.short = 0
	return true, im.widen(s, m)
}

// widen looks at all rows of a file, and of those that share types with it, as a row was
// found that the first ones do not tell of, and says what is another now.
func (im *importer) widen(s *source, m *tabular.Misfit) error {
	if s.seen {
		return status.Errorf(status.Internal, "%s:%d: column %d does not fit what all rows were found to be", s.path, m.Line, m.Column)
	}
	all := im.p.sources()
	before := make([]Source, len(all))
	for i, o := range all {
		before[i] = o.plan()
	}
	for _, o := range im.p.group(s) {
		if err := im.infer(o); err != nil {
			return err
		}
	}
	if err := im.p.finish(); err != nil {
		return err
	}
	changed := &Plan{}
	for i, o := range all {
		line := int64(0)
		if o == s {
			line = m.Line
		}
		now := o.plan()
		if im.tellWidened(&before[i], &now, line, m.Column) {
			changed.Sources = append(changed.Sources, now)
		}
	}
	if im.spec.Planned == nil || len(changed.Sources) == 0 {
		return nil
	}
	return im.spec.Planned(changed)
}

// maxToldColumns is of how many columns of a file it is said that they changed.
const maxToldColumns = 20

// tellWidened says which columns of a file are read as something else than before. The
// row on line, if there is one, made column first be looked at, -1: a new column.
func (im *importer) tellWidened(before, now *Source, line int64, first int) bool {
	told, changed := 0, false
	for i, c := range now.Columns {
		what := ""
		switch {
		case i >= len(before.Columns):
			what = fmt.Sprintf("a column %q that the first rows do not have", c.Column)
		case before.Columns[i].Type == noValues && c.Type != noValues:
			what = fmt.Sprintf("column %q is of type %s; the first rows have no values in it", c.Column, c.Type)
		case before.Columns[i].Type != c.Type:
			what = fmt.Sprintf("column %q is of type %s, not %s", c.Column, c.Type, before.Columns[i].Type)
		default:
			continue
		}
		changed = true
		if c.Property == "" {
			continue // ends of relationships, which are what ids of nodes are
		}
		at := now.Path
		if line > 0 && (i == first || first < 0 && i == len(before.Columns)) {
			at = fmt.Sprintf("%s:%d", now.Path, line)
		}
		if told++; told <= maxToldColumns {
			im.spec.Notice(at + ": " + what)
		}
	}
	if told > maxToldColumns {
		im.spec.Notice(fmt.Sprintf("%s: and %d columns more", now.Path, told-maxToldColumns))
	}
	return changed
}

// expect returns about how many rows will be in memory when a file was read, of which c
// is the latest chunk, with more rows for b: 0 where nothing is known yet.
func (im *importer) expect(s *source, b *rows, more int, c *tabular.Chunk) int {
	if b.n == 0 || c.Bytes <= 0 || im.stageRows == 0 {
		return 0
	}
	share := float64(more) / float64(max(c.Rows, 1))
	left := share * float64(im.stageRows) / float64(c.Bytes) * float64(s.table.Size()-c.Bytes)
	room := float64(im.memory/4) / float64(max(b.used(), 1)) * float64(b.n)
	return int(min(1.02*(float64(b.n+more)+left), room))
}

// infer looks at all of a file of which a sample said too little.
func (im *importer) infer(s *source) error {
	if s.seen {
		return nil
	}
	s.seen = true
	known := len(s.fields)
	if _, err := s.table.Infer(im.ctx); err != nil {
		return err
	}
	for i, c := range s.table.Columns()[known:] {
		f, err := parseField(s.path, c.Name)
		if err == nil && f.role != property {
			err = status.Errorf(status.MalformedFile, "%s: column %q is missing in the first rows", s.path, c.Name).
				WithHint("Write it in every row.")
		}
		if err == nil {
			err = s.twice(f, s.fields[:known+i])
		}
		if err != nil {
			return err
		}
		s.fields = append(s.fields, f)
	}
	return nil
}

// tick reports progress ten times a second.
func (im *importer) tick(stage string, rows int64) {
	now := time.Now()
	if stage != im.stage {
		im.stage, im.stageStart = stage, now
	}
	if now.Sub(im.lastTick) < 100*time.Millisecond {
		return
	}
	im.lastTick = now
	p := Progress{Stage: stage, Rows: rows, Done: im.doneBytes, Total: im.allSize, Elapsed: now.Sub(im.start)}
	if since := now.Sub(im.stageStart).Seconds(); since > 0 {
		p.Rate = float64(rows) / since
	}
	if len(im.p.rels) > 0 {
		// Relationships are read once and written twice, which takes about as long.
		p.Total *= 2
		if all := im.allRels(); all > 0 && im.wrote > 0 {
			p.Done += int64(float64(im.allSize) * float64(im.wrote) / float64(2*all))
		}
	}
	im.spec.Progress(p)
}

func (im *importer) allRels() (n int64) {
	for _, s := range im.rels {
		n += s.n
	}
	return n
}

// badRows collects the bad rows of one chunk, and tells them by line.
type badRows struct {
	im   *importer
	src  *source
	c    *tabular.Chunk
	list []tabular.Bad
}

func newBadRows(im *importer, s *source, c *tabular.Chunk) *badRows {
	im.sum.Bad.Count += c.More
	s.short += c.Short
	return &badRows{im: im, src: s, c: c, list: append([]tabular.Bad(nil), c.Bad...)}
}

func (b *badRows) add(row int, code status.Code, reason string) {
	if b.im.spec.BadRow == nil && len(b.im.sum.Bad.First) >= maxBadShown {
		b.im.sum.Bad.Count++
		return
	}
	b.list = append(b.list, b.im.badRow(b.c, row, code, reason))
}

func (im *importer) badRow(c *tabular.Chunk, row int, code status.Code, reason string) tabular.Bad {
	b := tabular.Bad{Line: c.Line(row), Code: code, Reason: reason}
	if im.spec.BadRow != nil {
		b.Text = c.Text(row)
	}
	return b
}

// done tells the chunk's bad rows.
func (b *badRows) done() error {
	im := b.im
	if len(b.list) == 0 {
		return nil
	}
	slices.SortStableFunc(b.list, func(x, y tabular.Bad) int { return cmp.Compare(x.Line, y.Line) })
	if x := b.list[0]; im.spec.Strict {
		im.sum.Bad.add(BadRow{File: b.src.path, Line: x.Line, Code: x.Code, Reason: x.Reason})
		return status.Errorf(status.BadRows, "%s:%d: %s; nothing was imported", b.src.path, x.Line, x.Reason).
			WithHint("Mend the row, or leave out --strict to hear of all of them.")
	}
	for _, x := range b.list {
		row := BadRow{b.src.path, x.Line, x.Code, x.Reason, x.Text}
		im.sum.Bad.add(row)
		if im.spec.BadRow != nil {
			if err := im.spec.BadRow(row); err != nil {
				return err
			}
		}
	}
	im.enough.Store(im.spec.BadRow == nil && len(im.sum.Bad.First) >= maxBadShown)
	return nil
}

// keysToMake returns the labels and keys of ids that have no constraint yet and
// whose label has nodes: those constraints are made before the import, the others with it.
func (p *planner) keysToMake() []owner {
	var out []owner
	if p.reader == nil {
		return nil
	}
	cat := p.reader.Catalog()
	for _, sp := range p.order {
		for _, o := range sp.owners {
			if label, ok := cat.Label(o.label); ok && p.reader.CountNodes(label) > 0 && !hasKey(cat, o) {
				out = append(out, o)
			}
		}
	}
	return out
}

func hasKey(cat catalog.Snapshot, o owner) bool {
	label, ok := cat.Label(o.label)
	key, ok2 := cat.Key(o.key)
	if !ok || !ok2 {
		return false
	}
	for _, c := range cat.Constraints {
		if (c.Kind == catalog.NodeKey || c.Kind == catalog.Unique) && c.Entity == catalog.Nodes && c.Token == uint32(label) && len(c.Keys) == 1 && c.Keys[0] == key {
			return true
		}
	}
	return false
}

// makeKeys makes constraints on nodes that exist. undo drops them again.
func (im *importer) makeKeys(keys []owner) (undo func(error) error, err error) {
	var made []string
	undo = func(err error) error {
		for _, name := range made {
			if _, derr := im.store.DropConstraint(name, true); derr != nil {
				err = fmt.Errorf("%w (and dropping constraint `%s` failed: %w)", err, name, derr)
			}
		}
		return err
	}
	for _, o := range keys {
		name := "key_" + o.label + "_" + o.key
		created, err := im.store.CreateConstraint(im.ctx, graph.ConstraintSpec{Name: name, Kind: catalog.NodeKey, Entity: catalog.Nodes,
			Token: o.label, Keys: []string{o.key}, IfNotExists: true}, nil)
		if err != nil {
			return undo, err
		}
		if created {
			made = append(made, name)
		}
	}
	return undo, nil
}

// bulkKeys makes the constraints of labels that had no nodes.
func (im *importer) bulkKeys() error {
	cat := im.p.reader.Catalog()
	for _, sp := range im.p.order {
		if sp.files == 0 {
			continue
		}
		for _, o := range sp.owners {
			label, ok := cat.Label(o.label)
			if hasKey(cat, o) || ok && im.p.reader.CountNodes(label) > 0 {
				continue
			}
			im.tick("writing keys", 0)
			if err := im.bulkKey(sp, o); err != nil {
				return err
			}
		}
	}
	return nil
}

func (im *importer) bulkKey(sp *space, o owner) error {
	label, err := im.b.Label(o.label)
	if err != nil {
		return err
	}
	key, err := im.b.Key(o.key)
	if err != nil {
		return err
	}
	// Other labels of the space have keys of their own.
	in, nodes, with := make([]bool, len(im.sets)), 0, 0
	for i, s := range im.sets {
		if in[i] = slices.Contains(s.labels, o.label); in[i] {
			nodes += int(s.n)
		}
	}
	want := func(num uint32) bool { return in[im.setOf(num)] }
	sp.ids.each(func(num uint32) {
		if want(num) {
			with++
		}
	})
	if with < nodes {
		im.spec.Notice(fmt.Sprintf("no key constraint on %s.%s: %d of its %d nodes have no id in that id space", o.label, o.key, nodes-with, nodes))
		return nil
	}
	var entries iter.Seq2[value.Value, uint32] = func(yield func(value.Value, uint32) bool) { sp.ids.sorted(want, yield) }
	return im.b.NodeKey(label, key, entries)
}

// setOf returns the set of a node that was imported. Sets have ascending numbers, one
// after the other.
func (im *importer) setOf(num uint32) int {
	return sort.Search(len(im.sets), func(k int) bool { return im.sets[k].first > num }) - 1
}
