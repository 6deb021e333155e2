package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// engine is what a scenario needs of a database; kadedbEngine is the real one,
// and the runner's own tests bring engines that answer wrongly.
type engine interface {
	// Execute runs one query to its end.
	Execute(ctx context.Context, query string, params map[string]value.Value) (Table, error)
	// State reads the whole graph, for side effects.
	State(ctx context.Context) (graphState, error)
	Close() error
}

// procedureTable is a procedure that a scenario asks for: it answers from a table
// whose header names its inputs and outputs.
type procedureTable struct {
	signature string
	rows      [][]string
}

// Outcome is how a scenario ended.
type Outcome struct {
	Scenario *Scenario
	Status   string // passed, failed, skipped
	// Class sorts failures: "not yet" (refused with that error), "rows", "side
	// effects", "error" (an unexpected error), "wrong error", "no error", "step".
	Class  string
	Detail string
}

// runner runs scenarios, one engine each.
type runner struct {
	graphs string // folder of the named graphs
	open   func(procedures []procedureTable) (engine, error)
	limit  time.Duration
}

// run carries out one scenario.
func (r *runner) run(s *Scenario) (out Outcome) {
	out = Outcome{Scenario: s, Status: "passed"}
	fail := func(class, format string, args ...any) Outcome {
		out.Status, out.Class, out.Detail = "failed", class, fmt.Sprintf(format, args...)
		return out
	}
	e, err := r.open(proceduresOf(s))
	if err != nil {
		return fail("error", "opening a store: %v", err)
	}
	defer func() {
		if err := e.Close(); err != nil && out.Status == "passed" {
			fail("error", "closing the store: %v", err)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), r.limit)
	defer cancel()
	c := &scenarioRun{engine: e, ctx: ctx, graphs: r.graphs}
	for i := range s.Steps {
		st := &s.Steps[i]
		if err := c.step(st); err != nil {
			var f *failure
			if !errors.As(err, &f) {
				f = &failure{"error", err.Error()}
			}
			return fail(f.class, "line %d, %s: %s", st.Line, st.Text, f.detail)
		}
	}
	if c.err != nil && !c.errChecked {
		return fail(classOf(c.err), "unexpected error: %v", c.err)
	}
	if c.queries == 0 {
		return fail("step", "the scenario runs no query")
	}
	return out
}

func proceduresOf(s *Scenario) []procedureTable {
	var out []procedureTable
	for _, st := range s.Steps {
		if m := procedureStep.FindStringSubmatch(st.Text); m != nil {
			out = append(out, procedureTable{m[1], st.Table})
		}
	}
	return out
}

// failure is an expectation that was not met.
type failure struct{ class, detail string }

func (f *failure) Error() string { return f.class + ": " + f.detail }

func failf(class, format string, args ...any) error {
	return &failure{class, fmt.Sprintf(format, args...)}
}

func classOf(err error) string {
	if status.CodeOf(err) == status.NotYet {
		return "not yet"
	}
	return "error"
}

// scenarioRun is a scenario under way.
type scenarioRun struct {
	engine     engine
	ctx        context.Context
	graphs     string
	params     map[string]value.Value
	queries    int
	result     Table
	err        error
	errChecked bool
	before     graphState
	after      graphState
}

var (
	errorStep     = regexp.MustCompile(`^an? (\w+) should be raised at (compile time|runtime|any time): (\S+)$`)
	procedureStep = regexp.MustCompile(`^there exists a procedure (.+):$`)
	graphStep     = regexp.MustCompile(`^the ([\w-]+) graph$`)
)

func (c *scenarioRun) step(st *Step) error {
	switch text := st.Text; {
	case text == "an empty graph" || text == "any graph":
		return nil
	case graphStep.MatchString(text):
		name := graphStep.FindStringSubmatch(text)[1]
		script, err := os.ReadFile(filepath.Join(c.graphs, name, name+".cypher"))
		if err != nil {
			return failf("step", "named graph: %v", err)
		}
		return c.setup(string(script))
	case text == "having executed:":
		return c.setup(st.Doc)
	case text == "parameters are:":
		return c.parameters(st.Table)
	case procedureStep.MatchString(text):
		return nil // the engine was opened with it
	case text == "executing query:" || text == "executing control query:":
		return c.execute(st.Doc)
	case strings.HasPrefix(text, "the result should be"):
		return c.checkResult(text, st.Table)
	case text == "no side effects":
		return c.checkSideEffects(nil)
	case text == "the side effects should be:":
		return c.checkSideEffects(st.Table)
	case errorStep.MatchString(text):
		m := errorStep.FindStringSubmatch(text)
		return c.checkError(m[1], m[2], m[3])
	}
	return failf("step", "a step that this runner does not know")
}

func (c *scenarioRun) setup(query string) error {
	if _, err := c.engine.Execute(c.ctx, query, nil); err != nil {
		return failf(classOf(err), "%v", err)
	}
	return nil
}

func (c *scenarioRun) parameters(table [][]string) error {
	c.params = make(map[string]value.Value, len(table))
	for _, row := range table {
		if len(row) != 2 {
			return failf("step", "a parameter row has %d cells", len(row))
		}
		v, err := parseExpected(row[1])
		if err != nil {
			return failf("step", "%v", err)
		}
		c.params[row[0]] = v
	}
	return nil
}

func (c *scenarioRun) execute(query string) error {
	if c.err != nil && !c.errChecked {
		return failf(classOf(c.err), "unexpected error before: %v", c.err)
	}
	var err error
	if c.before, err = c.engine.State(c.ctx); err != nil {
		return err
	}
	c.queries++
	c.result, c.err = c.engine.Execute(c.ctx, query, c.params)
	c.errChecked = false
	c.after, err = c.engine.State(c.ctx)
	return err
}

func (c *scenarioRun) checkResult(text string, rows [][]string) error {
	if c.err != nil {
		c.errChecked = true
		return failf(classOf(c.err), "unexpected error: %v", c.err)
	}
	ordered := strings.HasPrefix(text, "the result should be, in order")
	switch text {
	case "the result should be empty":
		if n := len(c.result.Rows); n != 0 {
			return failf("rows", "want no rows, got %d", n)
		}
		return nil
	case "the result should be, in any order:", "the result should be, in order:",
		"the result should be (ignoring element order for lists):",
		"the result should be, in order (ignoring element order for lists):":
	default:
		return failf("step", "a step that this runner does not know")
	}
	if len(rows) == 0 {
		return failf("step", "no table of expected rows")
	}
	want := Table{Columns: rows[0]}
	for _, r := range rows[1:] {
		if len(r) != len(want.Columns) {
			return failf("step", "a row of %d cells under %d columns", len(r), len(want.Columns))
		}
		vals := make([]value.Value, len(r))
		for i, cell := range r {
			v, err := parseExpected(cell)
			if err != nil {
				return failf("step", "%v", err)
			}
			expectedPathIDs(v)
			vals[i] = v
		}
		want.Rows = append(want.Rows, vals)
	}
	if d := difference(want, c.result, ordered, strings.Contains(text, "ignoring element order")); d != "" {
		return failf("rows", "%s", d)
	}
	return nil
}

func (c *scenarioRun) checkSideEffects(table [][]string) error {
	if c.err != nil && !c.errChecked {
		c.errChecked = true
		return failf(classOf(c.err), "unexpected error: %v", c.err)
	}
	want := map[string]int{}
	for _, r := range table {
		if len(r) != 2 {
			return failf("step", "a side effect row has %d cells", len(r))
		}
		n, err := strconv.Atoi(r[1])
		if err != nil {
			return failf("step", "side effect %s: %v", r[0], err)
		}
		want[r[0]] = n
	}
	got := effects(c.before, c.after)
	for _, name := range effectNames {
		if got[name] != want[name] {
			return failf("side effects", "%s: want %d, got %d", name, want[name], got[name])
		}
		delete(want, name)
	}
	for name := range want {
		return failf("step", "an effect that this runner does not know: %s", name)
	}
	return nil
}

func (c *scenarioRun) checkError(typ, phase, detail string) error {
	c.errChecked = true
	if c.err == nil {
		return failf("no error", "want %s: %s, got %d rows", typ, detail, len(c.result.Rows))
	}
	e := status.From(c.err)
	info := e.Code.Info()
	if e.Code == status.NotYet {
		return failf("not yet", "%v", c.err)
	}
	switch {
	case info.Type != typ:
		return failf("wrong error", "type: want %s, got %s (%v)", typ, info.Type, c.err)
	case phase != "any time" && e.When().String() != phase:
		return failf("wrong error", "phase: want %s, got %s (%v)", phase, e.When(), c.err)
	case detail != "*" && info.Name != detail:
		return failf("wrong error", "detail: want %s, got %s (%v)", detail, info.Name, c.err)
	}
	return nil
}
