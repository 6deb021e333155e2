package query

import (
	"math/bits"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/parser"
	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/bind"
	"github.com/kadedb/kadedb/query/exec"
	"github.com/kadedb/kadedb/query/optimize"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// compiled is a statement bound and optimized for one state of the schema. Texts
// that differ in lifted literals share it.
type compiled struct {
	stamp    stamp
	source   string // the text it was made from: its places point into that
	explain  bool
	profile  bool
	writes   bool
	admin    bool // ends what others do
	outside  bool // calls procedures or reads files, which must not happen twice
	loads    bool // reads files
	plan     *plan.Plan
	command  ast.Statement // instead of plan
	columns  []string
	large    atomic.Bool // the answer was larger than foreseen: see whole
	programs sync.Pool   // of *exec.Program
}

// stamp says for which schema and statistics a plan was made, and for how large a graph.
type stamp struct {
	schema, stats uint64
	size          int // binary logarithm
}

func stampOf(r *graph.Reader) stamp {
	size := uint64(r.CountNodes(catalog.AnyLabel)) + uint64(r.CountRels(catalog.AnyType))
	return stamp{schema: r.Catalog().Epoch, stats: r.Statistics().Seq, size: bits.Len64(size)}
}

// serves reports whether a plan made for s is right, and still good, at now. A graph
// that shrinks and grows about a power of two does not have its plans made anew each time.
func (s stamp) serves(now stamp) bool {
	return s.schema == now.schema && s.stats == now.stats && s.size-now.size <= 1 && now.size-s.size <= 1
}

// Prepared is a text that is ready to run. Where the schema or the graph has changed
// since, the engine compiles it anew when it runs.
type Prepared struct {
	text   string
	lifted map[string]value.Value // literals, by the names that the plan gives them
	c      atomic.Pointer[compiled]
}

func newPrepared(text string, literals []value.Value, c *compiled) *Prepared {
	p := &Prepared{text: text}
	if len(literals) > 0 {
		p.lifted = make(map[string]value.Value, len(literals))
		for i, v := range literals {
			p.lifted[liftedName(i)] = v
		}
	}
	p.c.Store(c)
	return p
}

// liftedNames saves making the same few names for every text.
var liftedNames = func() (names [16]string) {
	for i := range names {
		names[i] = bind.LiftedName(i)
	}
	return names
}()

func liftedName(i int) string {
	if i < len(liftedNames) {
		return liftedNames[i]
	}
	return bind.LiftedName(i)
}

// Columns returns the names of the answer's columns.
func (p *Prepared) Columns() []string { return p.c.Load().columns }

// Writes reports whether the statement changes the graph or the schema.
func (p *Prepared) Writes() bool { return p.c.Load().writes }

// params adds the text's literals to the caller's parameters.
func (p *Prepared) params(given map[string]value.Value) map[string]value.Value {
	switch {
	case len(p.lifted) == 0:
		return given
	case len(given) == 0:
		return p.lifted
	}
	all := make(map[string]value.Value, len(given)+len(p.lifted))
	for k, v := range given {
		all[k] = v
	}
	for k, v := range p.lifted {
		all[k] = v
	}
	return all
}

// Prepare compiles text, or finds it compiled.
func (e *Engine) Prepare(text string) (*Prepared, error) {
	res := &Result{engine: e, text: text, started: time.Now()}
	res.mu.Lock()
	defer res.unlock()
	run := e.take()
	run.res, res.run = res, run
	run.x.Reader = &run.reader
	err := res.list()
	if err == nil {
		err = e.store.Read(&run.reader)
	}
	if err == nil {
		err = res.resolve()
	}
	p := run.prepared
	res.release(err)
	return p, res.err
}

// prepare finds or makes text's plan for what r sees.
func (e *Engine) prepare(text string, r *graph.Reader) (*Prepared, *compiled, error) {
	now := stampOf(r)
	if p, ok := e.cache.exact.get(text); ok {
		c := p.c.Load()
		if c.stamp.serves(now) {
			e.cache.hits.Add(1)
			return p, c, nil
		}
		c, err := e.renew(p, c, now, r)
		return p, c, err
	}
	if e.cache.limit <= 0 {
		return e.compileText(text, parser.Lifted{}, false, now, r)
	}
	l := lifters.Get().(*parser.Lifter)
	defer lifters.Put(l)
	ok, stale := l.Lift(text), false
	if ok {
		c, found := e.cache.keyed.getBytes(l.Key)
		if found && c.stamp.serves(now) {
			e.cache.keyHits.Add(1)
			p := newPrepared(text, l.Params, c)
			if e.cache.again(text) {
				e.cache.exact.put(text, p)
			}
			return p, c, nil
		}
		stale = found && now.schema < c.stamp.schema // the asking transaction is older than the plan
	}
	e.cache.misses.Add(1)
	lifted := parser.Lifted{Key: string(l.Key), Params: l.Params, Offsets: l.Offsets}
	p, c, err := e.compileText(text, lifted, ok, now, r)
	if err != nil || c.plan == nil || stale {
		return p, c, err
	}
	e.cache.exact.put(text, p)
	if ok {
		e.cache.keyed.put(lifted.Key, c)
	}
	return p, c, nil
}

var lifters = sync.Pool{New: func() any { return new(parser.Lifter) }}

// current returns p's plan for what r sees.
func (e *Engine) current(p *Prepared, r *graph.Reader) (*compiled, error) {
	c, now := p.c.Load(), stampOf(r)
	if c.stamp.serves(now) {
		return c, nil
	}
	return e.renew(p, c, now, r)
}

// renew compiles p's text for what r sees. A transaction that began before a
// change of the schema gets a plan of its own, and the newer one stays.
func (e *Engine) renew(p *Prepared, was *compiled, now stamp, r *graph.Reader) (*compiled, error) {
	var lifted parser.Lifted
	if len(p.lifted) > 0 {
		lifted, _ = parser.Lift(p.text)
	}
	e.cache.misses.Add(1)
	_, c, err := e.compileText(p.text, lifted, len(p.lifted) > 0, now, r)
	if err != nil || now.schema < was.stamp.schema {
		return c, err
	}
	p.c.Store(c)
	if lifted.Key != "" {
		e.cache.keyed.put(lifted.Key, c)
	}
	return c, nil
}

func (e *Engine) compileText(text string, lifted parser.Lifted, lift bool, now stamp, r *graph.Reader) (*Prepared, *compiled, error) {
	c, err := e.compile(text, lifted, lift, r)
	if err != nil {
		return nil, nil, err
	}
	c.stamp = now
	var literals []value.Value
	if lift {
		literals = lifted.Params
	}
	return newPrepared(text, literals, c), c, nil
}

func (e *Engine) compile(text string, lifted parser.Lifted, lift bool, r *graph.Reader) (c *compiled, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = status.Errorf(status.Internal, "panic: %v", v)
			e.log.Error("compiling panicked", "error", err, "query", text, "stack", string(debug.Stack()))
		}
	}()
	var tree ast.Statement
	if lift {
		tree, err = parser.ParseLifted(text, lifted.Offsets)
	} else {
		tree, err = parser.Parse(text)
	}
	if err != nil {
		return nil, err
	}
	bound, err := bind.Bind(tree, bind.Options{Procedures: procedures{e.procs}, Databases: e.databases})
	if err != nil {
		return nil, err
	}
	c = &compiled{source: text, explain: bound.Explain, profile: bound.Profile, plan: bound.Plan, command: bound.Command}
	if c.plan == nil {
		_, transaction := c.command.(*ast.Transaction)
		c.writes = !transaction
		return c, nil
	}
	opts := e.opts.Rules
	opts.Catalog, opts.Statistics = r.Catalog(), liveStatistics(r)
	if err := optimize.Optimize(c.plan, opts); err != nil {
		return nil, err
	}
	c.admin = bound.Terminate
	c.writes, c.outside = c.plan.Writes, reachesOutside(c.plan.Root)
	c.loads = loads(c.plan.Root)
	for _, col := range c.plan.Columns {
		c.columns = append(c.columns, col.Name)
	}
	return c, nil
}

// reachesOutside reports whether a plan, or a plan inside it, calls procedures or reads files.
func reachesOutside(root plan.Node) bool {
	found := false
	plan.Walk(root, func(n plan.Node) bool {
		switch n.(type) {
		case *plan.CallProcedure, *plan.LoadCSV, *plan.LoadRows:
			found = true
		}
		for _, s := range plan.Subqueries(n) {
			if inner := plan.Subplan(s); !found && inner != nil {
				found = reachesOutside(inner.Root)
			}
		}
		return !found
	})
	return found
}

// loads reports whether a plan has a LOAD.
func loads(root plan.Node) bool {
	found := false
	plan.Walk(root, func(n plan.Node) bool {
		switch n.(type) {
		case *plan.LoadCSV, *plan.LoadRows:
			found = true
		}
		return !found
	})
	return found
}

// lasting reports whether the statement is of those that no limit of time ends unless it
// is asked for.
func (c *compiled) lasting() bool { return c.loads || c.plan.Batched }

// whole reports whether the run is best made at once: the answer is small, or there
// is none. A reading statement's answer that turns out larger is begun again.
func (c *compiled) whole() bool {
	switch {
	case c.plan.Batched: // what it has committed must not be done again
		return false
	case c.writes:
		return len(c.columns) == 0
	case c.profile, c.outside:
		return false
	}
	op := c.plan.Root.Base()
	return (op.Rows <= wholeRows || op.Cost <= wholeCost) && !c.large.Load()
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
