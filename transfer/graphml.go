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

// graphML writes the graph as one XML document.
func (x *exporter) graphML() error {
	for _, p := range x.list {
		if err := x.survey(p); err != nil {
			return err
		}
	}
	return x.create("graph.graphml", func(out io.Writer) error {
		g := &graphMLWriter{w: bufio.NewWriterSize(out, 64<<10)}
		g.raw(xml.Header)
		g.raw(`<graphml xmlns="http://graphml.graphdrawing.org/xmlns">` + "\n")
		g.raw(`<key id="labels" for="node" attr.name="labels" attr.type="string"/>` + "\n")
		g.raw(`<key id="label" for="edge" attr.name="label" attr.type="string"/>` + "\n")
		ids := g.keys(x)
		g.raw(`<graph id="G" edgedefault="directed">` + "\n")
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

// keys declares the keys. A key with values of several kinds is one of strings.
func (g *graphMLWriter) keys(x *exporter) map[keyID]string {
	types, names := map[keyID]string{}, map[keyID]string{}
	var order []keyID
	for _, p := range x.list {
		for _, k := range p.keys {
			id := keyID{p.rel, k.key}
			typ := "string"
			if len(k.outs) == 1 {
				typ = graphMLType(k.outs[0].Kind)
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
		names[id] = fmt.Sprintf("k%d", i)
		of := "node"
		if id.rel {
			of = "edge"
		}
		g.raw(fmt.Sprintf(`<key id="%s" for="%s" attr.name="`, names[id], of))
		g.text([]byte(x.cat.KeyName(id.key)))
		g.raw(`" attr.type="` + types[id] + "\"/>\n")
	}
	return names
}

func graphMLType(k tabular.Kind) string {
	switch k {
	case tabular.Bool:
		return "boolean"
	case tabular.Int:
		return "long"
	case tabular.Float:
		return "double"
	}
	return "string"
}

// entities writes the nodes or relationships of a part.
func (x *exporter) entities(g *graphMLWriter, p *part, ids map[keyID]string) error {
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
				labels := strings.Join(x.labels(set), ":")
				if labels != "" {
					labels = ":" + labels
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
				g.raw(`<data key="` + ids[keyID{p.rel, p.keys[k].key}] + `">`)
				g.value(vals[k].Value(i))
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

// value writes a property; lists as JSON, floats that are none as XML Schema spells them.
func (g *graphMLWriter) value(v value.Value) {
	switch v.Kind() {
	case value.KindString:
		g.text([]byte(v.AsString()))
	case value.KindList:
		g.buf = tabular.AppendTyped(g.buf[:0], v)
		g.text(g.buf)
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
