package transfer

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/transfer/tabular"
	"github.com/kadedb/kadedb/value"
)

// graphMLSpace is the namespace of what GraphML has no attribute for: types. Other programs
// pass over it.
const graphMLSpace = "urn:kadedb:graphml"

// graphML writes the graph as one XML document.
func (x *exporter) graphML() error {
	for _, p := range x.list {
		if err := x.survey(p); err != nil {
			return err
		}
	}
	if err := x.holdsNames(); err != nil {
		return err
	}
	return x.create("graph.graphml", func(out io.Writer) error {
		g := &graphMLWriter{w: bufio.NewWriterSize(out, 64<<10)}
		g.raw(xml.Header)
		g.raw(`<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:kadedb="` + graphMLSpace + `">` + "\n")
		g.raw(`<key id="labels" for="node" attr.name="labels" attr.type="string"/>` + "\n")
		g.raw(`<key id="label" for="edge" attr.name="label" attr.type="string"/>` + "\n")
		ids := g.keys(x)
		text := schemaText(x.cat)
		if text != "" {
			g.raw(`<key id="schema" for="graph" attr.name="schema" attr.type="string"/>` + "\n")
		}
		g.raw(`<graph id="G" edgedefault="directed">` + "\n")
		if text != "" {
			g.raw(`<data key="schema">`)
			g.text([]byte(text))
			g.raw("</data>\n")
		}
		for _, p := range x.list {
			if err := x.entities(g, p, ids); err != nil {
				return err
			}
		}
		g.raw("</graph>\n</graphml>\n")
		if g.err == nil {
			g.err = g.w.Flush()
		}
		return g.err
	})
}

type graphMLWriter struct {
	w   *bufio.Writer
	err error
	buf []byte
}

func (g *graphMLWriter) raw(s string) {
	if g.err == nil {
		_, g.err = g.w.WriteString(s)
	}
}

// text writes escaped text. What XML has no form for becomes U+FFFD.
func (g *graphMLWriter) text(b []byte) {
	if g.err == nil {
		g.err = xml.EscapeText(g.w, b)
	}
}

// keyID names the declaration of a key for nodes or relationships.
type keyID struct {
	rel bool
	key catalog.KeyID
}

// declared is a key as it is declared, with the type of its values.
type declared struct{ id, typ string }

// keys declares the keys. A key with values of several types is one of strings; each of
// those values names its own.
func (g *graphMLWriter) keys(x *exporter) map[keyID]declared {
	types, names := map[keyID]string{}, map[keyID]declared{}
	var order []keyID
	for _, p := range x.list {
		for _, k := range p.keys {
			id := keyID{p.rel, k.key}
			typ := "string"
			if len(k.outs) == 1 {
				typ = typeName(k.outs[0].Kind)
			}
			if was, ok := types[id]; ok && was != typ {
				typ = "string"
			} else if !ok {
				order = append(order, id)
			}
			types[id] = typ
		}
	}
	for i, id := range order {
		d := declared{fmt.Sprintf("k%d", i), types[id]}
		names[id] = d
		of := "node"
		if id.rel {
			of = "edge"
		}
		g.raw(fmt.Sprintf(`<key id="%s" for="%s" attr.name="`, d.id, of))
		g.text([]byte(x.cat.KeyName(id.key)))
		switch d.typ {
		case "string", "boolean":
			g.raw(`" attr.type="` + d.typ + "\"/>\n")
		case "int":
			g.raw(`" attr.type="long"/>` + "\n")
		case "float":
			g.raw(`" attr.type="double"/>` + "\n")
		default:
			g.raw(`" attr.type="string" kadedb:type="` + d.typ + "\"/>\n")
		}
	}
	return names
}

// typeName is how a header names a type: lists are JSON.
func typeName(k tabular.Kind) string {
	return strings.TrimPrefix((&tabular.Out{Kind: k}).Header(), ":")
}

// entities writes the nodes or relationships of a part.
func (x *exporter) entities(g *graphMLWriter, p *part, ids map[keyID]declared) error {
	vals := make([]column.Vector, len(p.keys))
	edge := x.sum.Relationships
	var start, end [column.BatchSize]uint32
	return x.each(p, func(refs []uint32) error {
		for i, k := range p.keys {
			if err := x.gather(p, k.key, refs, &vals[i]); err != nil {
				return err
			}
		}
		if p.rel {
			if err := x.r.RelEnds(refs, nil, start[:len(refs)], end[:len(refs)]); err != nil {
				return err
			}
		}
		for i, ref := range refs {
			closing := "</node>\n"
			if p.rel {
				closing = "</edge>\n"
				name := x.cat.TypeName(p.typ)
				g.raw(fmt.Sprintf(`<edge id="e%d" source="n%d" target="n%d" label="`, edge, start[i], end[i]))
				g.text([]byte(name))
				g.raw(`"><data key="label">`)
				g.text([]byte(name))
				g.raw("</data>")
				edge++
				x.sum.Relationships++
			} else {
				set, err := x.r.LabelSet(ref)
				if err != nil {
					return err
				}
				labels := string(tabular.AppendNames([]byte(":"), x.labels(set), ':'))
				if labels == ":" {
					labels = ""
				}
				g.raw(fmt.Sprintf(`<node id="n%d" labels="`, ref))
				g.text([]byte(labels))
				g.raw(`"><data key="labels">`)
				g.text([]byte(labels))
				g.raw("</data>")
				x.sum.Nodes++
			}
			for k := range vals {
				if vals[k].IsNull(i) {
					continue
				}
				d, v := ids[keyID{p.rel, p.keys[k].key}], vals[k].Value(i)
				typ := typeName(tabular.ClassOf(v, tabular.Auto, listDelim).Kind)
				if v.Kind() == value.KindString && !xmlHolds(v.AsString()) {
					typ = "any" // JSON has escapes
				}
				g.raw(`<data key="` + d.id)
				if typ != d.typ {
					g.raw(`" kadedb:type="` + typ)
				}
				g.raw(`">`)
				g.value(v, typ == "any")
				g.raw("</data>")
			}
			g.raw(closing)
		}
		x.spec.Progress(p.name, x.sum.Nodes+x.sum.Relationships)
		if g.err != nil {
			return status.Errorf(status.DiskError, "writing the export: %w", g.err)
		}
		return nil
	})
}

// xmlHolds reports whether XML has a form for all characters of s.
func xmlHolds(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff }) < 0
}

// noForm escapes in JSON what that may hold and XML may not.
var noForm = strings.NewReplacer("\ufffe", `\ufffe`, "\uffff", `\uffff`)

// holdsNames refuses names that XML has no form for, before anything is written.
func (x *exporter) holdsNames() error {
	for _, p := range x.list {
		names := []string{""}
		switch {
		case p.rel:
			names[0] = x.cat.TypeName(p.typ)
		case p.label != catalog.AnyLabel:
			names[0] = x.cat.LabelName(p.label)
		}
		for _, k := range p.keys {
			names = append(names, k.name)
		}
		for _, n := range names {
			if !xmlHolds(n) {
				return status.Errorf(status.InvalidArgumentValue, "GraphML cannot hold the name %.100q: XML has no form for one of its characters", n).
					WithHint("Export in another format.")
			}
		}
	}
	return nil
}

// value writes a property; lists and what is said to be JSON as that, floats that are no numbers as
// XML Schema spells them.
func (g *graphMLWriter) value(v value.Value, json bool) {
	if json {
		g.buf = tabular.AppendTyped(g.buf[:0], v)
		g.text([]byte(noForm.Replace(string(g.buf))))
		return
	}
	switch v.Kind() {
	case value.KindString:
		g.text([]byte(v.AsString()))
	case value.KindFloat:
		g.buf = value.AppendFloat(g.buf[:0], v.AsFloat())
		switch s := string(g.buf); s {
		case "Infinity":
			g.raw("INF")
		case "-Infinity":
			g.raw("-INF")
		default:
			g.raw(s)
		}
	case value.KindBool, value.KindInt:
		g.raw(v.String())
	default:
		g.text(value.AppendISO(g.buf[:0], v))
	}
}
