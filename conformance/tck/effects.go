package main

import (
	"github.com/kadedb/kadedb/value"
)

// graphState is a whole graph, small enough to hold: what side effects compare.
type graphState struct {
	nodes, rels map[uint64]bool
	labels      map[string]bool
	props       map[propertyFact]bool
}

// propertyFact says that an entity has this value under this key.
type propertyFact struct {
	rel        bool
	id         uint64
	key, value string
}

func newGraphState() graphState {
	return graphState{nodes: map[uint64]bool{}, rels: map[uint64]bool{}, labels: map[string]bool{}, props: map[propertyFact]bool{}}
}

func (g graphState) addNode(n *value.Node) {
	g.nodes[n.ID] = true
	for _, l := range n.Labels {
		g.labels[l] = true
	}
	g.addProps(false, n.ID, n.Props)
}

func (g graphState) addRelationship(r *value.Relationship) {
	g.rels[r.ID] = true
	g.addProps(true, r.ID, r.Props)
}

func (g graphState) addProps(rel bool, id uint64, m *value.Map) {
	for i := 0; i < m.Len(); i++ {
		g.props[propertyFact{rel, id, m.Keys[i], canon(m.Vals[i], false)}] = true
	}
}

var effectNames = []string{"+nodes", "-nodes", "+relationships", "-relationships", "+labels", "-labels", "+properties", "-properties"}

// effects counts what appeared and vanished between two states, as the TCK counts:
// a changed property is one removed and one added; a label counts while any node has it.
func effects(before, after graphState) map[string]int {
	return map[string]int{
		"+nodes": newIn(after.nodes, before.nodes), "-nodes": newIn(before.nodes, after.nodes),
		"+relationships": newIn(after.rels, before.rels), "-relationships": newIn(before.rels, after.rels),
		"+labels": newIn(after.labels, before.labels), "-labels": newIn(before.labels, after.labels),
		"+properties": newIn(after.props, before.props), "-properties": newIn(before.props, after.props),
	}
}

func newIn[K comparable](in, notIn map[K]bool) int {
	n := 0
	for k := range in {
		if !notIn[k] {
			n++
		}
	}
	return n
}
