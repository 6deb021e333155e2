package query

import (
	"sync"

	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/parser"
	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/bind"
	"github.com/kadedb/kadedb/query/exec"
	"github.com/kadedb/kadedb/query/optimize"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// compiled is a statement bound and optimized for one state of the schema. Texts
// that differ in lifted literals share it.
type compiled struct {
	stamp    stamp
	explain  bool
	profile  bool
	plan     *plan.Plan
	command  ast.Statement // instead of plan
	columns  []string
	programs sync.Pool // of *exec.Program
}

// stamp says for which catalog and statistics a plan was made.
type stamp struct {
	schema, stats uint64
}

// Prepared is a text that is ready to run, for as long as the schema stays as it
// is; the engine prepares it anew when it changes.
type Prepared struct {
	text   string
	lifted []value.Value
	c      *compiled
}

// Columns returns the names of the answer's columns.
func (p *Prepared) Columns() []string { return p.c.columns }

// Writes reports whether the statement changes the graph or the schema.
func (p *Prepared) Writes() bool {
	if p.c.plan != nil {
		return p.c.plan.Writes
	}
	_, transaction := p.c.command.(*ast.Transaction)
	_, terminate := p.c.command.(*ast.Terminate)
	return !transaction && !terminate
}

// Prepare compiles text, or finds it compiled.
func (e *Engine) Prepare(text string) (*Prepared, error) {
	now := e.stamp()
	if p, ok := e.cache.exact.get(text); ok && p.c.stamp == now {
		e.cache.hits.Add(1)
		return p, nil
	}
	if e.cache.limit <= 0 {
		return e.compile(text, parser.Lifted{}, false, now)
	}
	lifted, ok := parser.Lift(text)
	if ok {
		if c, found := e.cache.keyed.get(lifted.Key); found && c.stamp == now {
			e.cache.keyHits.Add(1)
			p := &Prepared{text: text, lifted: lifted.Params, c: c}
			e.cache.exact.put(text, p)
			return p, nil
		}
	}
	e.cache.misses.Add(1)
	p, err := e.compile(text, lifted, ok, now)
	if err != nil || p.c.plan == nil {
		return p, err
	}
	e.cache.exact.put(text, p)
	if ok {
		e.cache.keyed.put(lifted.Key, p.c)
	}
	return p, nil
}

func (e *Engine) compile(text string, lifted parser.Lifted, lift bool, now stamp) (*Prepared, error) {
	var tree ast.Statement
	var err error
	if lift {
		tree, err = parser.ParseLifted(text, lifted.Offsets)
	} else {
		tree, err = parser.Parse(text)
	}
	if err != nil {
		return nil, err
	}
	bound, err := bind.Bind(tree, bind.Options{Procedures: procedures{e.procs}})
	if err != nil {
		return nil, err
	}
	c := &compiled{stamp: now, explain: bound.Explain, profile: bound.Profile, plan: bound.Plan, command: bound.Command}
	p := &Prepared{text: text, c: c}
	if lift {
		p.lifted = lifted.Params
	}
	if c.plan == nil {
		return p, nil
	}
	if err := e.optimize(c); err != nil {
		return nil, err
	}
	for _, col := range c.plan.Columns {
		c.columns = append(c.columns, col.Name)
	}
	return p, nil
}

func (e *Engine) optimize(c *compiled) error {
	snap, err := e.store.Snapshot()
	if err != nil {
		return err
	}
	defer snap.Close()
	opts := e.opts.Rules
	opts.Catalog, opts.Statistics = snap.Catalog(), liveStatistics(snap)
	return optimize.Optimize(c.plan, opts)
}

// liveStatistics returns the last statistics taken, with counts as they are now.
func liveStatistics(r *graph.Reader) *catalog.Statistics {
	s := catalog.Statistics{}
	if old := r.Statistics(); old != nil {
		s = *old
	}
	s.Nodes = uint64(r.CountNodes(catalog.AnyLabel))
	labels := make(map[catalog.LabelID]uint64)
	for id := range r.Catalog().Len(catalog.Label) {
		labels[catalog.LabelID(id)] = uint64(r.CountNodes(catalog.LabelID(id)))
	}
	types := make(map[catalog.TypeID]catalog.TypeStatistics)
	for _, id := range r.Types() {
		t := s.Types[id]
		t.Count = uint64(r.CountRels(id))
		types[id] = t
	}
	s.Labels, s.Types = labels, types
	return &s
}

// program returns a program of the plan, from the pool where there is one.
func (c *compiled) program(e *Engine) (*exec.Program, error) {
	if p, ok := c.programs.Get().(*exec.Program); ok {
		return p, nil
	}
	return exec.Build(c.plan, exec.Options{Workers: e.opts.Workers, Logger: e.log})
}

// bindParams adds lifted literals to the caller's parameters.
func (p *Prepared) bindParams(params map[string]value.Value) map[string]value.Value {
	if len(p.lifted) == 0 {
		return params
	}
	all := make(map[string]value.Value, len(params)+len(p.lifted))
	for k, v := range params {
		all[k] = v
	}
	for i, v := range p.lifted {
		all[bind.LiftedName(i)] = v
	}
	return all
}
