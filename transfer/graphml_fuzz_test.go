package transfer

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/vfs"
	"github.com/kadedb/kadedb/transfer/tabular"
)

// FuzzGraphML: whatever a document holds, it is read to lines of JSON that tables can be made of,
// or refused with a typed error.
func FuzzGraphML(f *testing.F) {
	f.Add(`<?xml version="1.0"?><graphml xmlns:kadedb="urn:kadedb:graphml"><key id="k0" for="node" attr.name="a" attr.type="string" kadedb:type="date"><default>2026-01-31</default></key>` +
		`<key id="schema" for="graph"/><graph edgedefault="directed"><data key="schema">x</data><node id="n1" labels=":A:` + "`b:c`" + `"><data key="k0" kadedb:type="any">[1]</data></node><edge source="n1" target="n1" label="R"/></graph></graphml>`)
	f.Add(`<graphml><key id="d" attr.type="double"/><graph><node id="a"><data key="d">INF</data><port/></node><edge/><hyperedge/></graph></graphml>`)
	f.Add(`<graphml><graph><node id="a"><graph/></node></graph></graphml>`)
	f.Fuzz(func(t *testing.T, text string) {
		g := newGraphMLReader(context.Background(), "f", tabular.Input{R: strings.NewReader(text), Size: int64(len(text))}, 1<<10)
		fs := vfs.NewMem()
		g.nodes = &lineSpill{ctx: g.ctx, to: &spill{fs: fs, name: "n/n"}, delim: ';'}
		g.edges = &lineSpill{ctx: g.ctx, to: &spill{fs: fs, name: "n/e"}, delim: ';'}
		if err := g.read(); err != nil {
			if status.CodeOf(err) == status.Internal {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		for _, l := range []*lineSpill{g.nodes, g.edges} {
			if int64(bytes.Count(l.buf, []byte{'\n'})) != l.n {
				t.Errorf("%q: %d lines of %d", text, bytes.Count(l.buf, []byte{'\n'}), l.n)
			}
			if l.n == 0 {
				continue
			}
			table, err := tabular.Open(tabular.Input{Name: "f", R: bytes.NewReader(l.buf), Size: int64(len(l.buf))}, tabular.Options{Format: tabular.JSONLines})
			if err == nil {
				_, _, err = parseHeader("f", table.Columns())
			}
			if err != nil && status.CodeOf(err) == status.Internal {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
}
