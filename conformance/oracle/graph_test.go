package oracle

import (
	"fmt"
	"slices"
	"strings"
)

// node and rel are the model of what a store holds; numbers are indexes into the graph.
type node struct {
	labels []string
	v      int               // -1: none
	props  map[string]string // more of them, as literals
	gone   bool              // deleted by the changes
	was    *node             // before the changes, where they changed labels and v
	way    int               // how it is written
}

func (n *node) has(label string) bool { return slices.Contains(n.labels, label) }

type rel struct {
	typ      string
	from, to int
	w        int
	gone     bool
	was      int // w before the changes; -1: as it is
	way      int
}

// model is a graph in plain slices.
type model struct {
	nodes []node
	rels  []rel
	// Those from these on are written by the changes.
	laterNodes, laterRels int
	stage                 stage
}

// stage says how far what is written has come when questions are asked.
type stage int

const (
	atOnce         stage = iota // without changes
	pending                     // changes are not committed
	pendingOver                 // nor are these, over a checkpoint
	changed                     // committed, all in memory
	changedOver                 // committed after a checkpoint
	checkpointed                // all in blocks
	restarted                   // after a checkpoint and changes
	betweenChanges              // half of the changes before a checkpoint, half not committed
	restartedPlain              // without a checkpoint
	stages
)

// asDrawn leaves the stage to the model.
const asDrawn stage = -1

var typeNames = []string{"T", "U", "V"}

// newModel makes a graph with self-loops, parallel relationships, nodes of several
// labels or none, and changes that create, delete and update.
func newModel(r *source, nodes, rels int) *model {
	m := &model{laterNodes: nodes - nodes/4, laterRels: rels - rels/3, stage: stage(r.IntN(int(stages)))}
	labels := func() []string {
		return pick(r, []string{"A"}, []string{"B"}, []string{"A", "B"}, nil, []string{"A", "C"})
	}
	for range nodes {
		m.nodes = append(m.nodes, node{labels: labels(), v: r.IntN(5) - 1, way: r.IntN(4)})
	}
	for i := range rels {
		x := rel{typ: typeNames[min(r.IntN(4), 2)], w: r.IntN(4), was: -1, way: r.IntN(3)}
		limit := nodes
		if i < m.laterRels {
			limit = max(m.laterNodes, 1)
		}
		x.from, x.to = r.IntN(limit), r.IntN(limit)
		switch {
		case r.once(6):
			x.to = x.from
		case i > 0 && r.once(6):
			x.from, x.to = m.rels[i-1].from, m.rels[i-1].to
		}
		m.rels = append(m.rels, x)
	}
	for i := range m.laterRels {
		m.rels[i].gone = r.once(8)
		if r.once(6) {
			m.rels[i].was = r.IntN(4)
		}
	}
	for i := range m.laterNodes {
		switch n := &m.nodes[i]; {
		case r.once(12):
			n.gone = true
			for k := range m.rels {
				x := &m.rels[k]
				x.gone = x.gone || x.from == i || x.to == i
			}
		case r.once(5):
			n.was = &node{labels: labels(), v: r.IntN(5) - 1}
		}
	}
	// What is written later cannot hang on what is deleted.
	m.rels = slices.Concat(m.rels[:m.laterRels], slices.DeleteFunc(slices.Clone(m.rels[m.laterRels:]), func(x rel) bool { return x.gone }))
	return m
}

// decorate gives nodes more properties: of every kind, with collisions, and a fifth missing.
func (m *model) decorate(r *source) *model {
	for i := range m.nodes {
		n := &m.nodes[i]
		n.props = map[string]string{}
		set := func(key string, literals ...string) {
			if v := pick(r, literals...); !r.once(5) {
				n.props[key] = v
			}
		}
		set("s", "'a'", "''", "'ab'", "'b'", "'é'", `'a\'b'`, `'\u0000'`)
		set("f", "1.0", "0.0", "-0.0", "1.5", "0.0 / 0", "1.0 / 0", "-2.25", "9007199254740992.0")
		set("b", "true", "false")
		set("k", "0", "-1", "1", "9223372036854775807", "-9223372036854775807 - 1", "9007199254740993")
		set("l", "[]", "[1, 2]", "[2, 1]", "[1]")
		set("x", "1", "1.0", "'a'", "true", "[1]", "date('2019-04-14')", "duration('P1D')", "point({x: 1, y: 2})")
		set("d", "date('2020-01-01')", "date('2019-12-31')", "date('-0001-02-28')")
		set("t", "datetime('2020-01-01T00:00Z')", "datetime('2020-01-01T01:00+01:00')", "datetime('2020-06-01T00:00[Europe/Berlin]')")
		set("u", "duration('P1D')", "duration('PT24H')", "duration('P1M')", "duration('PT0S')")
		set("p", "point({x: 1, y: 2})", "point({x: 1.0, y: -2})", "point({x: 1, y: 2, z: 0})", "point({longitude: 1, latitude: 2})")
	}
	return m
}

// hops calls f with what can be crossed from a node.
func (m *model) hops(at int, types []string, dir int, f func(rel, to int)) {
	for i := range m.rels {
		x := &m.rels[i]
		if x.gone || types != nil && !slices.Contains(types, x.typ) {
			continue
		}
		switch {
		case x.from == at && dir >= 0:
			f(i, x.to)
		case x.to == at && dir <= 0:
			f(i, x.from)
		}
	}
}

// step is one thing that makes a store what it is when questions are asked.
type step struct{ verb, text string }

// The verbs of steps; only a statement has a text.
const (
	verbDo         = "do"
	verbBegin      = "begin"
	verbEnd        = "end" // what was begun is rolled back
	verbCheckpoint = "checkpoint"
	verbRestart    = "restart"
)

// script writes the model as steps. A stage other than asDrawn replaces the model's.
func (m *model) script(at stage) []step {
	if at == asDrawn {
		at = m.stage
	}
	var out []step
	do := func(texts ...string) {
		for _, t := range texts {
			if t != "" {
				out = append(out, step{verbDo, t})
			}
		}
	}
	then := func(verb string) { out = append(out, step{verb: verb}) }
	if at == atOnce {
		do(m.create(len(m.nodes), len(m.rels), true))
		return out
	}
	do(m.create(m.laterNodes, m.laterRels, false))
	changes := m.changes()
	half := len(changes) / 2
	switch at {
	case pendingOver, changedOver, checkpointed, restarted, betweenChanges:
		then(verbCheckpoint)
	}
	switch at {
	case pending, pendingOver:
		then(verbBegin)
	case betweenChanges:
		do(changes[:half]...)
		then(verbCheckpoint)
		then(verbBegin)
		changes = changes[half:]
	}
	do(changes...)
	switch at {
	case checkpointed:
		then(verbCheckpoint)
	case restarted, restartedPlain:
		then(verbRestart)
	}
	return out
}

// create writes one statement of the first nodes and relationships: as they are in the
// end, or as they are before the changes.
func (m *model) create(nodes, rels int, final bool) string {
	var parts []string
	for i := range nodes {
		n := &m.nodes[i]
		if final && n.gone {
			continue
		}
		if !final && n.was != nil {
			n = &node{labels: n.was.labels, v: n.was.v, props: n.props}
		}
		parts = append(parts, fmt.Sprintf("(n%d%s %s)", i, labelText(n.labels), n.literal(i)))
	}
	for i := range rels {
		x := m.rels[i]
		if final && x.gone {
			continue
		}
		if !final && x.was >= 0 {
			x.w = x.was
		}
		parts = append(parts, fmt.Sprintf("(n%d)-[:%s {id: %d, w: %d}]->(n%d)", x.from, x.typ, i, x.w, x.to))
	}
	if parts == nil {
		return ""
	}
	return "CREATE " + strings.Join(parts, ", ")
}

func labelText(labels []string) string {
	text := ""
	for _, l := range labels {
		text += ":" + l
	}
	return text
}

// literal writes all properties of node number i.
func (n *node) literal(i int) string {
	parts := []string{fmt.Sprintf("id: %d", i)}
	if n.v >= 0 {
		parts = append(parts, fmt.Sprintf("v: %d", n.v))
	}
	for _, k := range sorted(n.props) {
		parts = append(parts, k+": "+n.props[k])
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// changes are the statements that make of what was created what the model says.
func (m *model) changes() []string {
	var out []string
	for i := range m.laterRels {
		switch x := &m.rels[i]; {
		case x.gone:
			out = append(out, fmt.Sprintf("MATCH ()-[r {id: %d}]->() DELETE r", i))
		case x.was >= 0:
			out = append(out, fmt.Sprintf([]string{"MATCH ()-[r {id: %d}]->() SET r.w = %d", "MATCH ()-[r {id: %d}]->() SET r += {w: %d}",
				"MATCH ()-[r {id: %d}]-() SET r['w'] = %d"}[x.way], i, x.w))
		}
	}
	for i := range m.laterNodes {
		switch n := &m.nodes[i]; {
		case n.gone:
			out = append(out, fmt.Sprintf("MATCH (n {id: %d}) DETACH DELETE n", i))
		case n.was != nil:
			out = append(out, n.update(i))
		}
	}
	for i := m.laterNodes; i < len(m.nodes); i++ {
		n := &m.nodes[i]
		text := labelText(n.labels) + " "
		out = append(out, [...]string{"CREATE (n" + text + n.literal(i) + ")", "INSERT (n" + text + n.literal(i) + ")",
			fmt.Sprintf("MERGE (n%s{id: %d}) ON CREATE SET n += %s", text, i, n.literal(i)), "FOREACH (i IN [0] | CREATE (n" + text + n.literal(i) + "))"}[n.way])
	}
	for i := m.laterRels; i < len(m.rels); i++ {
		x := &m.rels[i]
		out = append(out, fmt.Sprintf("MATCH (a {id: %d}), (b {id: %d}) ", x.from, x.to)+[...]string{
			fmt.Sprintf("CREATE (a)-[:%s {id: %d, w: %d}]->(b)", x.typ, i, x.w),
			fmt.Sprintf("MERGE (a)-[r:%s {id: %d}]->(b) SET r.w = %d", x.typ, i, x.w),
			fmt.Sprintf("INSERT (b)<-[:$('%s') {id: %d, w: %d}]-(a)", x.typ, i, x.w)}[x.way])
	}
	return out
}

// update writes the change of a node from what it was.
func (n *node) update(i int) string {
	text := fmt.Sprintf("MATCH (n {id: %d})", i)
	switch {
	case n.way == 1:
		text += " SET n = " + n.literal(i)
	case n.v < 0:
		text += [...]string{" REMOVE n.v", "", " SET n.v = null", " SET n += {v: null}"}[n.way]
	default:
		text += fmt.Sprintf([...]string{" SET n.v = %d", "", " SET n['v'] = %d", " SET n += {v: %d}"}[n.way], n.v)
	}
	for _, l := range n.labels {
		if !n.was.has(l) {
			text += " SET n" + pick(replay([]int{n.way}), ":"+l, " IS "+l, ":$('"+l+"')", ":"+l)
		}
	}
	for _, l := range n.was.labels {
		if !n.has(l) {
			text += " REMOVE n:" + l
		}
	}
	return text
}

func sorted[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// clone copies what reductions change.
func (m *model) clone() *model {
	c := *m
	c.nodes, c.rels = slices.Clone(m.nodes), slices.Clone(m.rels)
	for i := range c.nodes {
		n := &c.nodes[i]
		props := make(map[string]string, len(n.props))
		for k, v := range n.props {
			props[k] = v
		}
		n.props = props
	}
	return &c
}
