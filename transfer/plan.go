package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/transfer/tabular"
)

// space is a set of nodes whose ids are distinct: those of one label, or of one of
// the header's id spaces.
type space struct {
	name   string
	kind   tabular.Kind // Int or String
	owners []owner      // labels and keys under which its nodes are found
	ids    ids          // of this import: row number, then the node's number
	old    *oldIDs      // of nodes that the store has: their numbers
	used   bool         // relationships refer to it
	files  int          // node files that belong to it
	stored storedIDs    // what the store has under the first looked owners
	looked int
}

type owner struct{ label, key string }

// own adds a label and key; false: it is there.
func (s *space) own(label, key string) bool {
	o := owner{label, key}
	if slices.Contains(s.owners, o) {
		return false
	}
	s.owners = append(s.owners, o)
	return true
}

// source is a file on its way in.
type source struct {
	path   string
	table  *tabular.Table
	closer io.Closer
	rel    bool
	labels []string
	typ    string
	fields []field
	kinds  []tabular.Kind // by column: what it is read as; see joinKinds
	seen   bool           // the columns' kinds are those of all rows

	wants    []tabular.Want
	props    []propColumn
	id       int // columns; -1: none
	label    int // or of the type
	start    int
	end      int
	wID      int // their wants
	wLabel   int
	wStart   int
	wEnd     int
	idSpace  *space
	from, to *space
	short    int64 // rows that lacked fields
}

// propColumn is a column that becomes a property.
type propColumn struct {
	want int
	key  string
}

// planner resolves a Spec.
type planner struct {
	ctx    context.Context
	spec   *Spec
	spools []*spill
	stdin  bool // one of them is of standard input
	reader *graph.Reader
	nodes  []*source
	rels   []*source
	spaces map[string]*space
	order  []*space
	told   map[string]bool // notices that were given; see once
}

func (p *planner) close() error {
	var err error
	for _, s := range p.sources() {
		err = errors.Join(err, s.closer.Close())
	}
	for _, s := range p.spools {
		err = errors.Join(err, s.close())
	}
	return err
}

func newSource(path string, closer io.Closer, rel bool) *source {
	return &source{path: path, closer: closer, rel: rel, id: -1, label: -1, start: -1, end: -1}
}

func (p *planner) open(f File, rel bool) error {
	open := p.spec.Open
	if f.Path == "-" && p.spec.Stdin != nil {
		open = p.spool
	}
	if dir, ok := p.spec.below[f.Path]; ok && !p.spec.opens {
		open = func(path string) (io.ReaderAt, int64, io.Closer, error) {
			f, size, err := openIn(dir, filepath.Base(path))
			return f, size, f, err
		}
	}
	r, size, closer, err := open(f.Path)
	if err != nil {
		return err
	}
	in := tabular.Input{Name: f.Path, R: r, Size: size}
	xml, err := p.graphML(in)
	switch {
	case err != nil:
		return errors.Join(err, closer.Close())
	case xml.R != nil && rel:
		return errors.Join(status.Errorf(status.InvalidUsage, "%s is GraphML, which has nodes too", f.Path).WithHint("Name it with --nodes."), closer.Close())
	case xml.R != nil:
		return errors.Join(p.openGraphML(f, xml), closer.Close())
	}
	s := newSource(f.Path, closer, rel)
	p.add(s, f)
	return p.header(s, in, tabular.Auto, p.spec.LineLimit)
}

// graphML returns what a file of GraphML holds, and no input of any other.
func (p *planner) graphML(in tabular.Input) (tabular.Input, error) {
	in, err := tabular.Unpack(in, p.spec.MaxRatio)
	if err != nil {
		return in, err
	}
	head, err := tabular.Head(in, 64)
	if err != nil || isGraphML(head) {
		return in, err
	}
	return tabular.Input{}, nil
}

func (p *planner) add(s *source, f File) {
	if s.rel {
		s.typ = f.Name
		p.rels = append(p.rels, s)
		return
	}
	if f.Name != "" {
		s.labels = strings.Split(f.Name, ":")
	}
	p.nodes = append(p.nodes, s)
}

// header opens a table and finds what its columns are for.
func (p *planner) header(s *source, in tabular.Input, format tabular.Format, limit int) (err error) {
	s.table, err = tabular.Open(in, tabular.Options{Format: format,
		Delimiter: p.spec.Delimiter, ListDelim: p.spec.ListDelim, LineLimit: limit, Workers: p.spec.Workers,
		Nulls: p.spec.Nulls, Strict: p.spec.Strict, KeepBad: p.spec.BadRow != nil, MaxRatio: p.spec.MaxRatio})
	if err != nil {
		return err
	}
	fields, notice, err := parseHeader(s.path, s.table.Columns())
	if err != nil {
		return err
	}
	if notice != "" {
		p.spec.Notice(notice)
	}
	s.fields = fields
	for i, fl := range fields {
		if err := s.twice(fl, fields[:i]); err != nil {
			return err
		}
	}
	return nil
}

// twice refuses a property that is there already. Two columns of different declared
// types may share a name: a row has its value in one of them.
func (s *source) twice(f field, before []field) error {
	if f.role != property || f.name == "" {
		return nil
	}
	for _, b := range before {
		if b.role == property && b.name == f.name && !(b.typed && f.typed && (b.kind != f.kind || b.list != f.list)) {
			return status.Errorf(status.MalformedFile, "%s: two columns are named %q", s.path, f.name)
		}
	}
	return nil
}

func (p *planner) space(name string) *space {
	s := p.spaces[name]
	if s == nil {
		s = &space{name: name}
		p.spaces[name] = s
		p.order = append(p.order, s)
	}
	return s
}

// resolve opens all files and finds out what their columns are for.
func (p *planner) resolve() error {
	p.spaces = map[string]*space{}
	for i, list := range [][]File{p.spec.Nodes, p.spec.Relationships} {
		files, err := p.spec.expand(list)
		if err != nil {
			return err
		}
		for _, f := range files {
			if err := p.open(f, i == 1); err != nil {
				return err
			}
		}
	}
	for _, s := range p.nodes {
		if err := p.nodeRoles(s); err != nil {
			return err
		}
	}
	for _, s := range p.rels {
		if err := p.relRoles(s); err != nil {
			return err
		}
	}
	for _, id := range p.spec.IDs {
		if !slices.ContainsFunc(p.nodes, func(s *source) bool { return slices.Contains(s.labels, id.Label) }) {
			if sp := p.spaces[id.Label]; sp == nil || !sp.used {
				return status.Errorf(status.InvalidArgumentValue, "--id %s:%s: no file has nodes of that label", id.Label, id.Column)
			}
		}
	}
	return p.finish()
}

// finish gives kinds to spaces and wants to sources. It is done anew after a
// file's kinds have changed.
func (p *planner) finish() error {
	for _, sp := range p.order {
		sp.kind = tabular.Null
	}
	for _, s := range p.nodes {
		if s.idSpace == nil {
			continue
		}
		kind := s.table.Columns()[s.id].Kind
		if f := s.fields[s.id]; f.typed {
			kind = f.kind
		}
		if kind != tabular.Int {
			kind = tabular.String
		}
		if s.idSpace.kind != tabular.Null && s.idSpace.kind != kind {
			kind = tabular.String
		}
		s.idSpace.kind = kind
	}
	for _, sp := range p.order {
		if err := p.ownersOf(sp); err != nil {
			return err
		}
		if err := p.kindOf(sp); err != nil {
			return err
		}
	}
	p.joinKinds()
	for _, s := range p.nodes {
		s.want()
		p.tellIDs(s)
	}
	for _, s := range p.rels {
		s.want()
	}
	return nil
}

// ownersOf finds under which label and key a space that no file fills is stored.
func (p *planner) ownersOf(sp *space) error {
	if sp.files > 0 {
		return nil
	}
	if len(sp.owners) == 0 {
		for _, id := range p.spec.IDs {
			if id.Label == sp.name {
				sp.own(id.Label, id.Column)
			}
		}
	}
	cat := p.reader.Catalog()
	if label, ok := cat.Label(sp.name); ok && len(sp.owners) == 0 {
		for _, c := range cat.Constraints {
			if (c.Kind == catalog.NodeKey || c.Kind == catalog.Unique) && c.Entity == catalog.Nodes && c.Token == uint32(label) && len(c.Keys) == 1 {
				sp.own(sp.name, cat.KeyName(c.Keys[0]))
			}
		}
	}
	if len(sp.owners) == 0 && sp.name == "" {
		return status.Errorf(status.MissingColumn, "relationships' ends are ids of no id space, but no file of nodes has a column :ID").
			WithHint("Add that file with --nodes; for nodes that the store has write :START_ID(LABEL) and :END_ID(LABEL), or --from and --to.")
	}
	if len(sp.owners) == 0 {
		return status.Errorf(status.MissingColumn, "relationships refer to nodes of `%s`, but no file has such nodes with an id, and the store has no key of them", sp.name).
			WithHint("Add --nodes %s=FILE and --id %s:COLUMN.", sp.name, sp.name)
	}
	return nil
}

// kindOf makes the ids of a space of the kind that they have in the store, if it has any:
// read as another they would not be found there.
func (p *planner) kindOf(sp *space) error {
	if sp.looked < len(sp.owners) {
		stored, err := p.storedIDs(sp.owners)
		if err != nil {
			return err
		}
		sp.stored, sp.looked = stored, len(sp.owners)
		if stored.ints && stored.strings {
			p.spec.Notice(fmt.Sprintf("the store has integers and strings in %s; ids are compared as texts", sp.describe()))
		}
	}
	kind := sp.stored.read()
	if kind == tabular.Null {
		if sp.kind == tabular.Null {
			sp.kind = tabular.String
		}
		return nil
	}
	for _, s := range p.nodes {
		if s.idSpace != sp || !s.fields[s.id].typed {
			continue
		}
		if f := s.fields[s.id]; (f.kind == tabular.Int) != (kind == tabular.Int) {
			return status.Errorf(status.InvalidArgumentValue, "%s declares ids of type %s in column %q, but %s is of type %s in the store", s.path, f.kind, f.name, sp.describe(), kind).
				WithHint("Declare %s:%s, or nothing.", f.name, kind)
		}
	}
	sp.kind = kind
	return nil
}

func (s *source) column(name string) int {
	return slices.IndexFunc(s.fields, func(f field) bool { return f.name == name })
}

func (s *source) missing(flag, name string) error {
	var names []string
	for _, f := range s.fields {
		if f.name != "" {
			names = append(names, f.name)
		}
	}
	e := status.Errorf(status.MissingColumn, "%s has no column %q, which %s names; it has %s", s.path, name, flag, strings.Join(names, ", "))
	if near := status.Nearest(name, names...); near != "" {
		e = e.WithHint("Did you mean %q?", near)
	}
	return e
}

func (p *planner) nodeRoles(s *source) error {
	for i, f := range s.fields {
		switch f.role {
		case roleID:
			if s.id >= 0 {
				return status.Errorf(status.MalformedFile, "%s has two columns with ids; one is read", s.path)
			}
			s.id = i
			s.idSpace = p.space(f.space)
			if s.fields[i].name == "" && !f.hidden {
				s.fields[i].name = "id"
			}
		case roleLabel:
			s.label = i
		case roleStart, roleEnd, roleType:
			return status.Errorf(status.MalformedFile, "%s: column %q belongs to relationships", s.path, s.table.Columns()[i].Name)
		}
	}
	label := ""
	for _, id := range p.spec.IDs {
		if !slices.Contains(s.labels, id.Label) {
			continue
		}
		i := s.column(id.Column)
		if i < 0 {
			return s.missing("--id", id.Column)
		}
		if s.id >= 0 && s.id != i {
			return status.Errorf(status.InvalidArgumentValue, "%s: --id names column %q, the header column %q", s.path, id.Column, s.fields[s.id].name)
		}
		if err := p.fileSpace(s, id.Label); err != nil {
			return err
		}
		s.id, label = i, id.Label
	}
	if len(s.labels) == 0 && s.label < 0 {
		return status.Errorf(status.InvalidArgumentValue, "no label is given for the nodes of %s", s.path).WithHint("Write --nodes LABEL=%s.", s.path)
	}
	if s.idSpace == nil {
		return nil
	}
	s.idSpace.files++
	f := s.fields[s.id]
	if f.role != roleID {
		s.idSpace.own(label, f.name)
		return nil
	}
	for _, l := range s.labels {
		if !f.hidden {
			s.idSpace.own(l, f.name)
		}
	}
	return nil
}

// fileSpace makes --id's label the id space of a file of nodes. Where the header names
// one too, both names mean the same.
func (p *planner) fileSpace(s *source, label string) error {
	same := p.spaces[label]
	switch {
	case s.idSpace == nil:
		s.idSpace = p.space(label)
	case same == nil:
		p.spaces[label] = s.idSpace
	case same != s.idSpace && s.idSpace.files > 0:
		return status.Errorf(status.InvalidArgumentValue, "%s: other files have ids of `%s` in another id space than %q, which its header names", s.path, label, s.idSpace.name)
	case same != s.idSpace:
		p.order = slices.DeleteFunc(p.order, func(sp *space) bool { return sp == s.idSpace })
		p.spaces[s.idSpace.name], s.idSpace = same, same
	}
	return nil
}

func (p *planner) relRoles(s *source) error {
	typeCol := -1
	for i, f := range s.fields {
		switch f.role {
		case roleStart:
			s.start, s.from = i, p.space(f.space)
		case roleEnd:
			s.end, s.to = i, p.space(f.space)
		case roleType:
			typeCol = i
		case roleID, roleLabel:
			return status.Errorf(status.MalformedFile, "%s: column %q belongs to nodes", s.path, s.table.Columns()[i].Name)
		}
	}
	for k, ends := range [2][]End{p.spec.From, p.spec.To} {
		for _, e := range ends {
			if e.Type != s.typ {
				continue
			}
			i := s.column(e.Column)
			if i < 0 {
				return s.missing([]string{"--from", "--to"}[k], e.Column)
			}
			if k == 0 {
				s.start, s.from = i, p.space(e.Label)
			} else {
				s.end, s.to = i, p.space(e.Label)
			}
		}
	}
	switch {
	case s.typ == "" && typeCol < 0:
		return status.Errorf(status.InvalidArgumentValue, "no type is given for the relationships of %s", s.path).WithHint("Write --relationships TYPE=%s.", s.path)
	case s.start < 0:
		return status.Errorf(status.MissingColumn, "%s: no column says where relationships start", s.path).WithHint("Write --from %s:LABEL:COLUMN.", s.typ)
	case s.end < 0:
		return status.Errorf(status.MissingColumn, "%s: no column says where relationships end", s.path).WithHint("Write --to %s:LABEL:COLUMN.", s.typ)
	case s.typ == "":
		s.label = typeCol
	}
	s.from.used, s.to.used = true, true
	return nil
}

// isIDKind reports whether a column may turn out to hold ids of another kind than its
// sample; ids of any other kind are read as texts.
func isIDKind(k tabular.Kind) bool {
	return k == tabular.Null || k == tabular.Int || k == tabular.String
}

// want lists what is read of the file, and as what.
func (s *source) want() {
	s.wants, s.props = nil, nil
	s.wID, s.wLabel, s.wStart, s.wEnd = -1, -1, -1, -1
	cols := s.table.Columns()
	ask := func(i int, kind tabular.Kind, list, fixed bool) int {
		s.wants = append(s.wants, tabular.Want{Column: i, Kind: kind, List: list, Fixed: fixed})
		return len(s.wants) - 1
	}
	for i, f := range s.fields {
		switch {
		case i == s.id:
			kind := s.idSpace.kind
			if s.keepsIDs() {
				kind = tabular.Any
			}
			s.wID = ask(i, kind, false, f.typed || cols[i].Fixed || !isIDKind(cols[i].Kind) || s.idSpace.stored.read() != tabular.Null)
			if !f.hidden {
				s.props = append(s.props, propColumn{s.wID, f.name})
			}
		case i == s.start && i == s.end:
			s.wStart = ask(i, s.from.kind, false, true)
			s.wEnd = s.wStart
		case i == s.start:
			s.wStart = ask(i, s.from.kind, false, true)
		case i == s.end:
			s.wEnd = ask(i, s.to.kind, false, true)
		case i == s.label:
			s.wLabel = ask(i, tabular.String, false, true)
			s.wants[s.wLabel].Names = !s.rel
		case f.role != property || f.name == "":
		case f.typed:
			s.props = append(s.props, propColumn{ask(i, f.kind, f.list, true), f.name})
		default:
			s.props = append(s.props, propColumn{ask(i, s.kinds[i], false, cols[i].Fixed), f.name})
		}
	}
}
