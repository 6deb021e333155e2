package transfer

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/transfer/tabular"
	"github.com/kadedb/kadedb/value"
)

// ExportFormat is a format that a graph is written in.
type ExportFormat string

// The formats.
const (
	ExportCSV     ExportFormat = "csv"
	ExportJSONL   ExportFormat = "jsonl"
	ExportParquet ExportFormat = "parquet"
	ExportArrow   ExportFormat = "arrow"
	ExportGraphML ExportFormat = "graphml" // one file
)

// ParseExportFormat reads a format's name.
func ParseExportFormat(s string) (ExportFormat, error) {
	switch f := ExportFormat(s); f {
	case ExportCSV, ExportJSONL, ExportParquet, ExportArrow, ExportGraphML:
		return f, nil
	}
	return "", status.Errorf(status.InvalidArgumentValue, "%.100q is no format of an export", s).WithHint("Formats are csv, jsonl, parquet, arrow and graphml.")
}

func (f ExportFormat) tabular() tabular.Format {
	return map[ExportFormat]tabular.Format{ExportCSV: tabular.CSV, ExportJSONL: tabular.JSONLines, ExportParquet: tabular.Parquet, ExportArrow: tabular.Arrow}[f]
}

// ExportSpec says how to write a graph.
type ExportSpec struct {
	Format ExportFormat
	// Create begins a file; each is closed before the next is begun. Names hold letters,
	// digits, '-', '_' and '.' only.
	Create func(name string) (io.WriteCloser, error)
	// Progress is called now and then.
	Progress func(file string, rows int64)
}

// ExportSummary says what was written.
type ExportSummary struct {
	Nodes, Relationships int64
	Files                []string // after an error: those that were begun
}

// SchemaFile is the file of an export that holds the statements for its indexes and
// constraints.
const SchemaFile = "schema.kadeql"

// Export writes the whole graph as of one moment: what is committed meanwhile is not
// in it, and nobody waits. Nodes go to a file for each label, those with several to
// that of the one that was made first, relationships to one for each type; import
// reads them as they are. Memory does not grow with the graph.
func Export(ctx context.Context, store *graph.Store, spec ExportSpec) (sum ExportSummary, err error) {
	r, err := store.Snapshot()
	if err != nil {
		return sum, err
	}
	defer r.Close()
	return ExportReader(ctx, r, spec)
}

// ExportReader is Export of what a reader sees.
func ExportReader(ctx context.Context, r *graph.Reader, spec ExportSpec) (sum ExportSummary, err error) {
	x := &exporter{ctx: ctx, r: r, cat: r.Catalog(), spec: spec, names: map[string]bool{}}
	if x.spec.Progress == nil {
		x.spec.Progress = func(string, int64) {}
	}
	x.parts()
	if spec.Format == ExportGraphML {
		err = x.graphML()
		return x.sum, err
	}
	for _, p := range x.list {
		if err := x.survey(p); err != nil {
			return x.sum, err
		}
		if p.rows == 0 {
			continue // nodes whose label all have another that is older
		}
		if err := x.file(p); err != nil {
			return x.sum, err
		}
	}
	// Without any file it would not be known for an export.
	if text := schemaText(x.cat); text != "" || len(x.sum.Files) == 0 {
		err = x.create(SchemaFile, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		})
	}
	return x.sum, err
}

type exporter struct {
	ctx   context.Context
	r     *graph.Reader
	cat   catalog.Snapshot
	spec  ExportSpec
	sum   ExportSummary
	list  []*part
	names map[string]bool

	batch int   // how many entities are looked at at once
	held  int64 // bytes of their properties
}

const (
	// firstBatch is how many entities are looked at before it is known how much they hold,
	// batchBytes about how much those of a batch should.
	firstBatch = 64
	batchBytes = 8 << 20
)

// listDelim is between labels, and between the elements of lists.
const listDelim = ';'

// part is the nodes or relationships of one file.
type part struct {
	name  string // of the file, without extension
	rel   bool
	label catalog.LabelID // of nodes; AnyLabel: those without a label
	typ   catalog.TypeID
	keys  []keyColumns
	rows  int64

	dict *column.Dict                  // of labels, or the type
	sets map[catalog.LabelSetID]uint32 // code of each
}

// keyColumns are the columns that one key becomes: one, unless it has values of several
// kinds.
type keyColumns struct {
	key  catalog.KeyID
	name string
	outs []tabular.Out
}

// parts lists the files to write.
func (x *exporter) parts() {
	var labels []string
	for id := range x.cat.Len(catalog.Label) {
		labels = append(labels, x.cat.LabelName(catalog.LabelID(id)))
	}
	if x.r.CountNodes(catalog.AnyLabel) > 0 {
		for id := range x.cat.Len(catalog.Label) {
			if l := catalog.LabelID(id); x.r.CountNodes(l) > 0 {
				x.list = append(x.list, &part{name: x.unique("nodes-" + labels[id]), label: l})
			}
		}
		x.list = append(x.list, &part{name: x.unique("nodes"), label: catalog.AnyLabel})
	}
	for _, t := range x.r.Types() {
		if x.r.CountRels(t) > 0 {
			x.list = append(x.list, &part{name: x.unique("relationships-" + x.cat.TypeName(t)), rel: true, typ: t})
		}
	}
}

// unique makes a file's name of a label or type, whatever that holds.
func (x *exporter) unique(name string) string {
	plain := strings.Map(func(r rune) rune {
		if r < 128 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_') {
			return r
		}
		return '_'
	}, name)
	plain = plain[:min(len(plain), 80)]
	// Names that differ in case only are one on some machines.
	for n, try := 2, plain; ; n++ {
		if !x.names[strings.ToLower(try)] {
			x.names[strings.ToLower(try)] = true
			return try
		}
		try = fmt.Sprintf("%s-%d", plain, n)
	}
}

// each calls f with the entities of a part, in batches.
func (x *exporter) each(p *part, f func(refs []uint32) error) error {
	var buf [column.BatchSize]uint32
	x.batch = firstBatch
	morsels := x.r.NodeMorsels(p.label)
	if p.rel {
		morsels = x.r.RelMorsels(p.typ)
	}
	for _, m := range morsels {
		for from := m.From; from < m.To; {
			if err := status.Ended(x.ctx, "the export"); err != nil {
				return err
			}
			var n int
			var next uint32
			var err error
			if p.rel {
				n, next, err = x.r.ScanRels(m, p.typ, from, buf[:x.batch])
			} else {
				n, next, err = x.r.ScanNodes(m, p.label, from, buf[:x.batch])
			}
			if err != nil {
				return err
			}
			from = next
			refs := buf[:n]
			if !p.rel {
				if refs, err = x.mine(p, refs); err != nil {
					return err
				}
			}
			if len(refs) == 0 {
				continue
			}
			x.held = 0
			if err := f(refs); err != nil {
				return err
			}
			x.fit(len(refs))
		}
	}
	return nil
}

// fit makes the next batch one that holds about as much as it should, by the last of n.
func (x *exporter) fit(n int) {
	switch {
	case x.held > batchBytes:
		x.batch = max(1, int(int64(n)*batchBytes/x.held))
	case x.held < batchBytes/4:
		x.batch = min(2*x.batch, column.BatchSize)
	}
}

// mine leaves the nodes whose first label is the part's.
func (x *exporter) mine(p *part, refs []uint32) ([]uint32, error) {
	out := refs[:0]
	last, is := ^catalog.LabelSetID(0), false
	for _, ref := range refs {
		set, err := x.r.LabelSet(ref)
		if err != nil {
			return nil, err
		}
		if set != last {
			labels := x.cat.SetOf(set)
			is = len(labels) == 0 && p.label == catalog.AnyLabel || len(labels) > 0 && slices.Min(labels) == p.label
			last = set
		}
		if is {
			out = append(out, ref)
		}
	}
	return out, nil
}

func (x *exporter) gather(p *part, key catalog.KeyID, refs []uint32, v *column.Vector) (err error) {
	if p.rel {
		err = x.r.RelProperty(key, refs, nil, v)
	} else {
		err = x.r.NodeProperty(key, refs, nil, v)
	}
	if err == nil {
		x.held += weight(v)
	}
	return err
}

// weight is about how many bytes the texts and lists of a vector take.
func weight(v *column.Vector) (sum int64) {
	switch {
	case v.Type == column.String && v.Codes == nil:
		for _, s := range v.Strs {
			sum += int64(len(s))
		}
	case v.Type == column.Any:
		for _, x := range v.Anys {
			sum += valueWeight(x)
		}
	}
	return sum
}

func valueWeight(x value.Value) int64 {
	switch x.Kind() {
	case value.KindString:
		return int64(len(x.AsString()))
	case value.KindList:
		sum := int64(32 * len(x.Elems()))
		for _, e := range x.Elems() {
			sum += valueWeight(e)
		}
		return sum
	}
	return 0
}

// classSpan is a class of values, and what those reach.
type classSpan struct {
	class tabular.Class
	span  tabular.Span
}

// survey finds the columns of a part by looking at every value.
func (x *exporter) survey(p *part) error {
	keys := x.cat.Len(catalog.Key)
	found := make([][]*classSpan, keys)
	var v column.Vector
	format := x.spec.Format.tabular()
	err := x.each(p, func(refs []uint32) error {
		p.rows += int64(len(refs))
		for k := range keys {
			if err := x.gather(p, catalog.KeyID(k), refs, &v); err != nil {
				return err
			}
			found[k] = classify(found[k], &v, len(refs), format, listDelim)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for k, classes := range found {
		if len(classes) == 0 {
			continue
		}
		kc := keyColumns{key: catalog.KeyID(k), name: x.cat.KeyName(catalog.KeyID(k))}
		// JSON keeps the type of each value, where none needs a name of its own.
		if format == tabular.JSONLines && len(classes) > 1 && !slices.ContainsFunc(classes, func(c *classSpan) bool { return !format.Native(c.class.Kind) }) {
			both := slices.ContainsFunc(classes, func(c *classSpan) bool { return c.class.Kind == tabular.Int }) &&
				slices.ContainsFunc(classes, func(c *classSpan) bool { return c.class.Kind == tabular.Float })
			if !both {
				classes = []*classSpan{{class: tabular.Class{Kind: tabular.Any}}}
			}
		}
		for _, c := range classes {
			o := tabular.Out{Name: kc.name, Kind: c.class.Kind, List: c.class.List}
			if format == tabular.Parquet || format == tabular.Arrow {
				o.Fit(&c.span)
			}
			o.Plain = len(classes) == 1 && !o.List && !o.Text && format.Native(o.Kind) && strings.IndexByte(kc.name, ':') < 0
			kc.outs = append(kc.outs, o)
		}
		p.keys = append(p.keys, kc)
	}
	return nil
}

// classify adds the classes of a vector's values.
func classify(list []*classSpan, v *column.Vector, n int, f tabular.Format, delim byte) []*classSpan {
	get := func(c tabular.Class) *classSpan {
		for _, have := range list {
			if have.class == c {
				return have
			}
		}
		list = append(list, &classSpan{class: c})
		return list[len(list)-1]
	}
	var at *classSpan
	for i := range n {
		if v.IsNull(i) {
			continue
		}
		switch v.Type {
		case column.Int, column.Float, column.Bool, column.String:
			get(tabular.ClassOf(v.Value(i), f, delim))
			return list
		case column.Date:
			if at == nil {
				at = get(tabular.Class{Kind: tabular.Date})
			}
			at.span.AddDays(v.Ints[i])
		default:
			x := v.Value(i)
			get(tabular.ClassOf(x, f, delim)).span.Add(x)
		}
	}
	return list
}

func (x *exporter) create(name string, write func(w io.Writer) error) error {
	w, err := x.spec.Create(name)
	if err != nil {
		return err
	}
	x.sum.Files = append(x.sum.Files, name)
	return errorOf(write(w), w.Close())
}

// file writes a part.
func (x *exporter) file(p *part) error {
	count := &x.sum.Nodes
	cols := []tabular.Out{{Name: ":ID(export){stored:false}", Kind: tabular.Int, Plain: true}, {Name: ":LABEL", Kind: tabular.String, Plain: true}}
	if p.rel {
		count = &x.sum.Relationships
		cols = []tabular.Out{{Name: ":START_ID(export)", Kind: tabular.Int, Plain: true}, {Name: ":END_ID(export)", Kind: tabular.Int, Plain: true},
			{Name: ":TYPE", Kind: tabular.String, Plain: true}}
	}
	fixed := len(cols)
	for _, k := range p.keys {
		cols = append(cols, k.outs...)
	}
	return x.create(p.name+"."+string(x.spec.Format), func(out io.Writer) error {
		w, err := tabular.NewWriter(out, x.spec.Format.tabular(), cols, ',', listDelim)
		if err != nil {
			return err
		}
		vecs := make([]column.Vector, len(cols))
		rows := int64(0)
		err = x.each(p, func(refs []uint32) error {
			if err := x.fixed(p, refs, vecs); err != nil {
				return err
			}
			if err := x.columns(p, refs, vecs[fixed:]); err != nil {
				return err
			}
			rows += int64(len(refs))
			*count += int64(len(refs))
			x.spec.Progress(p.name, rows)
			return w.Write(vecs, len(refs))
		})
		return errorOf(err, w.Close())
	})
}

// fixed fills the columns that say what an entity is.
func (x *exporter) fixed(p *part, refs []uint32, vecs []column.Vector) error {
	n := len(refs)
	if p.rel {
		var start, end [column.BatchSize]uint32
		if err := x.r.RelEnds(refs, nil, start[:n], end[:n]); err != nil {
			return err
		}
		for k, ends := range [][]uint32{start[:n], end[:n]} {
			vecs[k].Reset(column.Int, n)
			for i, e := range ends {
				vecs[k].Ints[i] = int64(e)
			}
		}
		if p.dict == nil {
			p.dict = &column.Dict{Strings: []string{x.cat.TypeName(p.typ)}}
		}
		p.codes(&vecs[2], n)
		clear(vecs[2].Codes)
		return nil
	}
	vecs[0].Reset(column.Int, n)
	if p.dict == nil {
		p.dict, p.sets = &column.Dict{}, map[catalog.LabelSetID]uint32{}
	}
	p.codes(&vecs[1], n)
	last, code := ^catalog.LabelSetID(0), uint32(0)
	for i, ref := range refs {
		vecs[0].Ints[i] = int64(ref)
		set, err := x.r.LabelSet(ref)
		if err != nil {
			return err
		}
		if set != last {
			last = set
			var known bool
			if code, known = p.sets[set]; !known {
				code = uint32(len(p.dict.Strings))
				p.sets[set], p.dict.Strings = code, append(p.dict.Strings, string(tabular.AppendNames(nil, x.labels(set), listDelim)))
			}
		}
		vecs[1].Codes[i] = code
	}
	return nil
}

// codes makes v a vector of n codes of the part's dictionary.
func (p *part) codes(v *column.Vector, n int) {
	v.Type, v.Nulls, v.Dict = column.String, nil, p.dict
	v.Codes = slices.Grow(v.Codes[:0], n)[:n]
}

// labels returns the names of a set's labels, ordered.
func (x *exporter) labels(set catalog.LabelSetID) []string {
	var names []string
	for _, l := range x.cat.SetOf(set) {
		names = append(names, x.cat.LabelName(l))
	}
	slices.Sort(names)
	return names
}

// columns fills the columns of properties.
func (x *exporter) columns(p *part, refs []uint32, vecs []column.Vector) error {
	n, at := len(refs), 0
	var v column.Vector
	for _, k := range p.keys {
		if err := x.gather(p, k.key, refs, &v); err != nil {
			return err
		}
		for i := range k.outs {
			o, dst := &k.outs[i], &vecs[at]
			at++
			if len(k.outs) == 1 && v.Type == o.Type() {
				*dst, v = v, column.Vector{}
				break
			}
			pick(dst, &v, n, o, len(k.outs) == 1, x.spec.Format.tabular(), listDelim)
		}
	}
	return nil
}

// pick makes dst the values of v that belong to column o.
func pick(dst, v *column.Vector, n int, o *tabular.Out, all bool, f tabular.Format, delim byte) {
	dst.Reset(o.Type(), n)
	for i := range n {
		val := value.Null
		if !v.IsNull(i) {
			val = v.Value(i)
		}
		if val.IsNull() || !all && tabular.ClassOf(val, f, delim) != (tabular.Class{Kind: o.Kind, List: o.List}) {
			dst.SetNull(i, n)
			continue
		}
		switch dst.Type {
		case column.Int:
			dst.Ints[i] = val.AsInt()
		case column.Date:
			dst.Ints[i] = val.Days()
		case column.Float:
			dst.Floats[i] = val.AsFloat()
		case column.Bool:
			dst.Bools[i] = val.AsBool()
		case column.String:
			dst.Strs[i] = val.AsString()
		default:
			dst.Anys[i] = val
		}
	}
}
