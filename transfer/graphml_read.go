package transfer

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer/tabular"
	"github.com/kadedb/kadedb/value"
)

// isGraphML reports whether a file's first bytes are those of an XML document, which only
// GraphML is read of.
func isGraphML(head []byte) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	return bytes.HasPrefix(head, []byte("<?xml")) || bytes.HasPrefix(head, []byte("<graphml")) || bytes.HasPrefix(head, []byte("<!--"))
}

// graphMLReader reads a document from front to back, and writes its nodes and edges as lines
// of JSON, which are imported like any others. Each property names its type in its key.
type graphMLReader struct {
	ctx   context.Context
	name  string
	d     *xml.Decoder
	limit *tokenLimit
	nodes *lineSpill // nil: only the schema is wanted
	edges *lineSpill

	keys       map[string]graphMLKey
	order      []string          // of the keys' ids, as they are declared
	named      map[string]string // ids of the keys that are named labels and label
	ours       bool              // the document was written by an export
	hasID      bool              // a key of nodes is named id
	inGraph    bool
	undirected bool
	notices    []string
	schema     string
}

// graphMLKey is the declaration of a key.
type graphMLKey struct {
	of, name, typ string
	def           string // of elements without a value; "": none
}

// graphMLTypes are the types that a header may declare, by the names that GraphML has for them.
var graphMLTypes = map[string]string{"boolean": "boolean", "int": "int", "long": "int", "float": "float", "double": "float", "string": "string", "": "string"}

// tokenLimit bounds what the decoder reads for one token: it would hold all of it.
type tokenLimit struct {
	r       io.Reader
	n, most int64
}

var errLongToken = errors.New("a text or tag is too long")

func (l *tokenLimit) Read(p []byte) (int, error) {
	if l.n > l.most {
		return 0, errLongToken
	}
	n, err := l.r.Read(p)
	l.n += int64(n)
	return n, err
}

func newGraphMLReader(ctx context.Context, name string, in tabular.Input, limit int64) *graphMLReader {
	l := &tokenLimit{r: io.NewSectionReader(in.R, 0, in.Size), most: limit}
	return &graphMLReader{ctx: ctx, name: name, limit: l, d: xml.NewDecoder(l), keys: map[string]graphMLKey{}}
}

func (g *graphMLReader) token() (xml.Token, error) {
	g.limit.n = 0
	tok, err := g.d.Token()
	if err == nil || errors.Is(err, io.EOF) {
		return tok, err
	}
	return nil, g.malformed(err)
}

func (g *graphMLReader) malformed(err error) error {
	if status.CodeOf(err) != status.Internal {
		return err
	}
	line, _ := g.d.InputPos()
	if errors.Is(err, errLongToken) {
		return status.Errorf(status.LineTooLong, "%s:%d: a text of more than %d bytes", g.name, line, g.limit.most)
	}
	if strings.Contains(err.Error(), "CharsetReader") {
		return status.Errorf(status.InvalidUTF8, "%s:%d: its encoding is not UTF-8", g.name, line).WithHint("Save it as UTF-8.")
	}
	return status.Errorf(status.MalformedFile, "%s:%d: no GraphML: %w", g.name, line, err)
}

func (g *graphMLReader) notYet(what string) error {
	line, _ := g.d.InputPos()
	return status.Errorf(status.NotYet, "%s:%d: %s are not read yet", g.name, line, what).WithHint("Write nodes and edges of one graph.")
}

func attr(el xml.StartElement, name string) string {
	for _, a := range el.Attr {
		if a.Name.Local == name && (a.Name.Space == "" || a.Name.Space == graphMLSpace) {
			return a.Value
		}
	}
	return ""
}

// read reads the document; without places for nodes and edges, up to the first of them.
func (g *graphMLReader) read() error {
	root := false
	for {
		tok, err := g.token()
		if errors.Is(err, io.EOF) && root {
			return nil
		}
		if errors.Is(err, io.EOF) {
			return g.malformed(errors.New("it has no element graphml"))
		}
		if err != nil {
			return err
		}
		switch el := tok.(type) {
		case xml.EndElement:
			g.inGraph = g.inGraph && el.Name.Local != "graph"
		case xml.StartElement:
			if !root {
				if root = el.Name.Local == "graphml"; !root {
					return g.malformed(fmt.Errorf("its element is %.100q, not graphml", el.Name.Local))
				}
				g.root(el)
				continue
			}
			if g.nodes == nil && (el.Name.Local == "node" || el.Name.Local == "edge") {
				return nil
			}
			if err := g.element(el); err != nil {
				return err
			}
		}
	}
}

func (g *graphMLReader) root(el xml.StartElement) {
	for _, a := range el.Attr {
		g.ours = g.ours || a.Value == graphMLSpace
	}
}

func (g *graphMLReader) element(el xml.StartElement) error {
	switch el.Name.Local {
	case "key":
		return g.key(el)
	case "graph":
		if g.inGraph {
			return g.notYet("graphs in graphs")
		}
		g.inGraph, g.undirected = true, attr(el, "edgedefault") == "undirected"
		return nil
	case "node":
		return g.node(el)
	case "edge":
		return g.edge(el)
	case "hyperedge":
		return g.notYet("hyperedges")
	case "data":
		text, _, err := g.text()
		if attr(el, "key") == "schema" && g.ours {
			g.schema = text
		}
		return err
	}
	return g.skip()
}

// maxGraphMLDepth bounds how deep elements nest: the decoder remembers all that are open.
const maxGraphMLDepth = 1000

// skip passes over the rest of the element that was begun.
func (g *graphMLReader) skip() error {
	for depth := 1; depth > 0; {
		tok, err := g.token()
		if err != nil {
			return g.malformed(err)
		}
		switch tok.(type) {
		case xml.StartElement:
			if depth++; depth > maxGraphMLDepth {
				return g.malformed(fmt.Errorf("its elements nest deeper than %d", maxGraphMLDepth))
			}
		case xml.EndElement:
			depth--
		}
	}
	return nil
}

// text returns the text of the element that was begun; plain: it holds no elements.
func (g *graphMLReader) text() (text string, plain bool, err error) {
	plain = true
	var b []byte
	for {
		tok, err := g.token()
		if err != nil {
			return "", false, g.malformed(err)
		}
		switch el := tok.(type) {
		case xml.CharData:
			if b = append(b, el...); int64(len(b)) > g.limit.most {
				return "", false, g.malformed(errLongToken)
			}
		case xml.StartElement:
			plain = false
			if err := g.skip(); err != nil {
				return "", false, err
			}
		case xml.EndElement:
			return string(b), plain, nil
		}
	}
}

// maxGraphMLKeys bounds the declarations of keys.
const maxGraphMLKeys = 10_000

func (g *graphMLReader) key(el xml.StartElement) error {
	k := graphMLKey{of: attr(el, "for"), name: attr(el, "attr.name"), typ: attr(el, "type")}
	if k.name == "" {
		k.name = attr(el, "id")
	}
	if k.typ == "" {
		typ, ok := graphMLTypes[strings.ToLower(attr(el, "attr.type"))]
		if !ok {
			return g.malformed(fmt.Errorf("key %.100q is of type %.100q", k.name, attr(el, "attr.type")))
		}
		k.typ = typ
	}
	if _, ok := kinds[k.typ]; !ok {
		return g.malformed(fmt.Errorf("key %.100q is of type %.100q", k.name, k.typ))
	}
	if len(g.keys) == maxGraphMLKeys {
		return g.malformed(fmt.Errorf("it declares more than %d keys", maxGraphMLKeys))
	}
	for {
		tok, err := g.token()
		if err != nil {
			return g.malformed(err)
		}
		switch c := tok.(type) {
		case xml.StartElement:
			text, _, err := g.text()
			if err != nil {
				return err
			}
			if c.Name.Local == "default" {
				k.def = text
			}
		case xml.EndElement:
			if _, ok := g.keys[attr(el, "id")]; !ok {
				g.order = append(g.order, attr(el, "id"))
			}
			g.keys[attr(el, "id")] = k
			g.nameKey(attr(el, "id"), k)
			g.hasID = g.hasID || k.name == "id" && k.of != "edge"
			return nil
		}
	}
}

// nameKey remembers a key that is called as labels are, whatever its id: other programs number
// theirs. In an export of ours it is a property that is called so.
func (g *graphMLReader) nameKey(id string, k graphMLKey) {
	if g.named == nil {
		g.named = map[string]string{}
	}
	of := map[string]string{"labels": "node", "label": "edge"}[k.name]
	if of == "" || g.ours || k.typ != "string" || k.of != of && k.of != "all" && k.of != "" {
		return
	}
	if _, have := g.named[k.name]; !have {
		g.named[k.name] = id
	}
}

// labelKey returns the id of the key whose values are labels: the one with that id, else the
// first of that name.
func (g *graphMLReader) labelKey(name string) string {
	if _, ok := g.keys[name]; ok {
		return name
	}
	return g.named[name]
}

// entity is a node or an edge under way.
type entity struct {
	buf    []byte
	given  map[string]bool // keys that it has values for
	labels string          // of data named so
}

// data reads what is in a node or an edge, and appends its properties.
func (g *graphMLReader) data(e *entity, of, labels string) error {
	e.given = map[string]bool{}
	labels = g.labelKey(labels)
	for {
		tok, err := g.token()
		if err != nil {
			return g.malformed(err)
		}
		switch el := tok.(type) {
		case xml.EndElement:
			for _, id := range g.order {
				k := g.keys[id]
				switch missing := k.def != "" && !e.given[id] && (k.of == of || k.of == "all" || k.of == ""); {
				case missing && id == labels:
					e.labels = k.def
				case missing:
					e.property(k.name, k.typ, k.def)
				}
			}
			return nil
		case xml.StartElement:
			switch el.Name.Local {
			case "graph":
				return g.notYet("graphs in nodes")
			case "data":
				if err := g.datum(e, el, labels); err != nil {
					return err
				}
			default:
				if err := g.skip(); err != nil {
					return err
				}
			}
		}
	}
}

func (g *graphMLReader) datum(e *entity, el xml.StartElement, labels string) error {
	id := attr(el, "key")
	text, plain, err := g.text()
	if err != nil || !plain {
		return err // what draws a node is no property
	}
	k, ok := g.keys[id]
	if !ok {
		return g.malformed(fmt.Errorf("a value of key %.100q, which is not declared", id))
	}
	e.given[id] = true
	list := k.name == "labels" || labels == "labels"
	if id == labels && (g.ours || !list || text == "" || text[0] == ':') {
		e.labels = text
		return nil
	}
	if t := attr(el, "type"); t != "" {
		if k.typ = t; kinds[t] == tabular.Null {
			return g.malformed(fmt.Errorf("a value of type %.100q", t))
		}
	}
	e.property(k.name, k.typ, text)
	return nil
}

// property appends a property, which a reader of JSON Lines makes of its text what the type says.
func (e *entity) property(name, typ, text string) {
	if typ != "string" {
		if text = strings.TrimSpace(text); text == "" {
			return
		}
	}
	if typ == "float" {
		text = strings.Replace(text, "INF", "Infinity", 1)
	}
	e.field(name + ":" + typ)
	if typ == "any" {
		e.buf = append(e.buf, strings.NewReplacer("\n", " ", "\r", " ").Replace(text)...)
		return
	}
	e.buf = tabular.AppendTyped(e.buf, value.String(text))
}

func (e *entity) field(name string) {
	if len(e.buf) > 1 {
		e.buf = append(e.buf, ',')
	}
	e.buf = append(tabular.AppendTyped(e.buf, value.String(name)), ':')
}

func (e *entity) text(name, text string) {
	e.field(name)
	e.buf = tabular.AppendTyped(e.buf, value.String(text))
}

func (g *graphMLReader) node(el xml.StartElement) error {
	e := entity{buf: []byte{'{'}}
	if g.ours || g.hasID {
		e.text(":ID(graphml){stored:false}", attr(el, "id"))
	} else {
		e.text("id:ID(graphml)", attr(el, "id"))
	}
	labels := attr(el, "labels")
	if err := g.data(&e, "node", "labels"); err != nil {
		return err
	}
	if labels == "" && strings.HasPrefix(e.labels, ":") {
		labels = e.labels
	}
	names := tabular.SplitNames(nil, strings.TrimPrefix(labels, ":"), ':')
	e.text(":LABEL", string(tabular.AppendNames(nil, names, g.nodes.delim)))
	return g.nodes.line(append(e.buf, "}\n"...))
}

// plainType is the type of edges that have none.
const plainType = "EDGE"

func (g *graphMLReader) edge(el xml.StartElement) error {
	e := entity{buf: []byte{'{'}}
	e.text(":START_ID(graphml)", attr(el, "source"))
	e.text(":END_ID(graphml)", attr(el, "target"))
	if d := attr(el, "directed"); d == "false" || d == "" && g.undirected {
		g.once(g.name + ": undirected edges become relationships from their source to their target")
	}
	typ := attr(el, "label")
	if err := g.data(&e, "edge", "label"); err != nil {
		return err
	}
	if typ == "" {
		typ = e.labels
	}
	if typ == "" {
		typ = plainType
		g.once(g.name + ": edges without a label become relationships of type " + plainType)
	}
	e.text(":TYPE", typ)
	return g.edges.line(append(e.buf, "}\n"...))
}

func (g *graphMLReader) once(text string) {
	for _, n := range g.notices {
		if n == text {
			return
		}
	}
	g.notices = append(g.notices, text)
}

// lineSpill gathers lines in a temporary file.
type lineSpill struct {
	ctx   context.Context
	to    *spill
	buf   []byte
	n     int64
	delim byte // between labels
}

func (l *lineSpill) line(b []byte) error {
	l.n++
	if l.buf = append(l.buf, b...); len(l.buf) < 1<<20 {
		return nil
	}
	return l.flush()
}

func (l *lineSpill) flush() error {
	if err := status.Ended(l.ctx, "the reading of GraphML"); err != nil {
		return err
	}
	_, err := l.to.write(l.buf)
	l.buf = l.buf[:0]
	return err
}

// openGraphML makes sources of the nodes and edges of a document. Their rows are numbered as
// those of each in the document.
func (p *planner) openGraphML(f File, in tabular.Input) error {
	var to [2]*lineSpill
	for i, what := range [2]string{"nodes", "edges"} {
		s := &spill{fs: p.spec.FS, name: path.Join(filepath.ToSlash(p.spec.TempDir), fmt.Sprintf("graphml-%s-%d.tmp", what, time.Now().UnixNano()))}
		p.spools = append(p.spools, s)
		to[i] = &lineSpill{ctx: p.ctx, to: s, delim: p.spec.ListDelim}
		if to[i].delim == 0 {
			to[i].delim = listDelim
		}
	}
	g := newGraphMLReader(p.ctx, f.Path, in, int64(max(p.spec.LineLimit, folderLineLimit)))
	g.nodes, g.edges = to[0], to[1]
	if err := g.read(); err != nil {
		return err
	}
	for _, n := range g.notices {
		p.spec.Notice(n)
	}
	if g.schema != "" && !p.spec.folder && !p.spec.opens {
		p.spec.Notice(f.Path + ": its indexes and constraints are made with --folder only")
	}
	if to[0].n+to[1].n == 0 {
		p.spec.Notice(f.Path + ": it has no nodes")
	}
	for i, l := range to {
		if err := l.flush(); err != nil {
			return err
		}
		if l.n == 0 {
			continue
		}
		s := newSource(f.Path, io.NopCloser(nil), i == 1)
		p.add(s, File{Path: f.Path, Name: map[bool]string{false: f.Name}[s.rel]})
		lines := tabular.Input{Name: f.Path, R: l.to.f, Size: l.to.size}
		if err := p.header(s, lines, tabular.JSONLines, 4*max(p.spec.LineLimit, folderLineLimit)); err != nil {
			return err
		}
	}
	return nil
}

// graphMLSchema returns the schema that an export wrote into a document.
func graphMLSchema(dir, name string) (schema string, err error) {
	f, size, err := openIn(dir, name)
	if err != nil {
		return "", err
	}
	defer func() { err = errorOf(err, f.Close()) }()
	g := newGraphMLReader(context.Background(), filepath.Join(dir, name), tabular.Input{R: f, Size: size}, folderLineLimit)
	err = g.read()
	return g.schema, err
}
