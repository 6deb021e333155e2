package graph

import (
	"testing"

	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// FuzzApply replays arbitrary bytes as a section of the log: an error or a state
// that can be read, never a panic.
func FuzzApply(f *testing.F) {
	good := appendProps(appendOp(nil, opCreateNode, 0, 1), []catalog.KeyID{0}, []value.Value{value.String("x")})
	good = appendProps(appendOp(good, opCreateNode, 1, 0), nil, nil)
	good = appendProps(appendOp(good, opCreateRel, 0, 0, 0, 1), []catalog.KeyID{1}, []value.Value{value.Int(3)})
	good = appendValue(appendOp(good, opSetNode, 1, 0), value.List(value.Bool(true)))
	good = appendOp(good, opSetLabels, 1, 1)
	f.Add(append(good, appendOp(nil, opDropIndex, 1)...))
	f.Add(appendOp(appendOp(good, opDeleteRel, 0), opDeleteNode, 1))
	f.Add([]byte{opCreateNode, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0xff, 0xff})
	tokens := catalog.NewTokens()
	if _, _, err := tokens.InternSet([]catalog.LabelID{0}); err != nil {
		f.Fatal(err)
	}
	schema := &catalog.Schema{Indexes: []catalog.Index{{ID: 1, Keys: []catalog.KeyID{0}, Unique: true, Filled: true, Online: true}}}
	f.Fuzz(func(t *testing.T, section []byte) {
		st := newState()
		e := editor{s: st, own: new(owner), ver: 1, tokens: tokens, schema: schema}
		if e.apply(section) != nil {
			return
		}
		if err := e.checkConstraints(true); err != nil {
			return
		}
		r := Reader{s: st, cat: catalog.Snapshot{Tokens: tokens, Schema: schema}}
		if _, _, err := e.connected(); err != nil {
			t.Fatal(err)
		}
		for ref := range min(st.nodeHigh, 100) {
			if _, err := r.NodeProperties(ref); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// FuzzManifest loads arbitrary records: an error or a directory, never a panic.
func FuzzManifest(f *testing.F) {
	m := manifest{}
	m.putNodes(0, &nodeGroup{rows: 3, sets: []setCount{{1, 3}}})
	m.putRels(1, &relGroup{src: 1, dst: 2, rows: 3, types: []setCount{{1, 3}}})
	m.putColumn(catalog.Nodes, 1, 0, &colGroup{typ: 2, shift: 16, blocks: []uint64{3}, count: 1})
	m.putRegion(adjKey{1, Out}, &region{first: 1, end: 4, block: 5, edges: 6})
	m.putIndexBlock(1, &indexBlock{fence: "abcdef", block: 7, number: 8})
	m.putRun(relRun{first: 65536, n: 3, block: 5})
	m.putCounts(&State{nodeHigh: 3, relHigh: 4})
	m["s"] = encodeStatistics(&catalog.Statistics{Seq: 1, Labels: map[catalog.LabelID]uint64{1: 2}})
	for k, v := range m {
		f.Add([]byte(k), v)
	}
	f.Fuzz(func(t *testing.T, k, v []byte) {
		if len(k) == 0 {
			return
		}
		l := &loader{b: emptyBase.clone(), st: &State{}, regions: map[adjKey][]region{}}
		if !l.record(k, v) {
			return
		}
		for _, rs := range l.regions {
			newAdjDir(rs).find(3)
		}
		l.b.groupHas(0, []bool{true})
		l.b.relGroupHas(0, 1)
	})
}
