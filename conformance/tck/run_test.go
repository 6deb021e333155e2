package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// fake answers the queries of testdata/runner.feature, rightly unless told otherwise.
type fake struct {
	fault string
	state graphState
}

func (f *fake) Close() error { return nil }

func (f *fake) State(context.Context) (graphState, error) {
	out := newGraphState()
	for id := range f.state.nodes {
		out.nodes[id] = true
	}
	for l := range f.state.labels {
		out.labels[l] = true
	}
	for p := range f.state.props {
		out.props[p] = true
	}
	return out, nil
}

func (f *fake) Execute(_ context.Context, query string, _ map[string]value.Value) (Table, error) {
	one := func(v value.Value) (Table, error) {
		return Table{[]string{"v"}, [][]value.Value{{v}}}, nil
	}
	switch query {
	case "ordered":
		rows := [][]value.Value{{value.Int(1), value.String("x|")}, {value.Int(2), value.Null}}
		switch f.fault {
		case "order":
			rows[0], rows[1] = rows[1], rows[0]
		case "extra":
			rows = append(rows, rows[1])
		}
		return Table{[]string{"a", "b"}, rows}, nil
	case "one":
		return one(value.Int(1))
	case "float":
		if f.fault == "int for float" {
			return one(value.Int(1))
		}
		return one(value.Float(1))
	case "create":
		m := &value.Map{}
		m.Set("x", value.Int(1))
		if f.fault == "side effect" {
			m = nil
		}
		f.state.addNode(&value.Node{ID: 1, Labels: []string{"L"}, Props: m})
		return Table{}, nil
	case "bad":
		err := status.Errorf(status.UndefinedVariable, "x")
		if f.fault == "phase" {
			err.Phase = status.Runtime
		}
		if f.fault == "no error" {
			return Table{}, nil
		}
		return Table{}, err
	case "lists":
		return Table{[]string{"l"}, [][]value.Value{{value.List(value.Int(1), value.Int(2), value.Int(3))}}}, nil
	}
	return Table{}, status.Errorf(status.UnexpectedSyntax, "unknown: %s", query)
}

func runFake(t *testing.T, dir, fault string) []Outcome {
	t.Helper()
	scenarios, err := readFeatures(dir)
	if err != nil {
		t.Fatal(err)
	}
	r := &runner{limit: time.Second, open: func([]procedureTable) (engine, error) {
		return &fake{fault: fault, state: newGraphState()}, nil
	}}
	return runScenarios(r, scenarios, 2)
}

func TestRunnerPasses(t *testing.T) {
	out := runFake(t, "testdata", "")
	if len(out) != 6 {
		t.Fatalf("%d scenarios, want 6", len(out))
	}
	for _, o := range out {
		if o.Status != "passed" {
			t.Errorf("%s: %s: %s", o.Scenario.Name, o.Status, o.Detail)
		}
	}
}

// Each fault must fail exactly one scenario, in its class.
func TestRunnerCatches(t *testing.T) {
	for fault, want := range map[string]struct{ scenario, class string }{
		"order":         {"[1]", "rows"},
		"extra":         {"[1]", "rows"},
		"int for float": {"[2]", "rows"},
		"side effect":   {"[3]", "side effects"},
		"phase":         {"[4]", "wrong error"},
		"no error":      {"[4]", "no error"},
	} {
		failed := 0
		for _, o := range runFake(t, "testdata", fault) {
			if o.Status != "failed" {
				continue
			}
			failed++
			if !strings.HasPrefix(o.Scenario.Name, want.scenario) || o.Class != want.class {
				t.Errorf("%s: %s failed with class %q: %s", fault, o.Scenario.Name, o.Class, o.Detail)
			}
		}
		if failed != 1 {
			t.Errorf("%s: %d scenarios failed, want 1", fault, failed)
		}
	}
}

func TestRunnerFailsUnknownSteps(t *testing.T) {
	for _, text := range []string{"the moon should be full", "the result should be, roughly:"} {
		s := Scenario{Name: text, Steps: []Step{{Text: "executing query:", Doc: "one"}, {Text: text, Table: [][]string{{"v"}, {"1"}}}}}
		r := &runner{limit: time.Second, open: func([]procedureTable) (engine, error) { return &fake{state: newGraphState()}, nil }}
		if o := r.run(&s); o.Status != "failed" || o.Class != "step" {
			t.Errorf("%s: %s (%s)", text, o.Status, o.Class)
		}
	}
}

func TestRunnerNeedsAQuery(t *testing.T) {
	s := Scenario{Steps: []Step{{Text: "an empty graph"}}}
	r := &runner{limit: time.Second, open: func([]procedureTable) (engine, error) { return &fake{state: newGraphState()}, nil }}
	if o := r.run(&s); o.Status != "failed" {
		t.Errorf("a scenario without a query: %s", o.Status)
	}
}

func TestExpectedValues(t *testing.T) {
	for text, want := range map[string]string{
		"[1, 2.0, 'a\\'b', null, true]":           "[1, 2.0, 'a\\'b', null, true]",
		"{b: 1, a: {}}":                           "{a: {}, b: 1}",
		"(:B:A {x: 1})":                           "(:A:B {x: 1})",
		"[:T {a: NaN}]":                           "[:T {a: NaN}]",
		"<(:A)-[:T]->(:B)<-[:U {x: 1}]-({y: 2})>": "<(:A)-[:T]->(:B)<-[:U {x: 1}]-( {y: 2})>",
		"()":   "()",
		"-1":   "-1",
		"1e21": "1e+21",
	} {
		v, err := parseExpected(text)
		if err != nil {
			t.Error(err)
			continue
		}
		expectedPathIDs(v)
		if got := canon(v, false); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"[1", "{a 1}", "'x", "(:A", "1 2", "<(:A)-[:T]>", ""} {
		if v, err := parseExpected(text); err == nil {
			t.Errorf("%q was read as %s", text, canon(v, false))
		}
	}
}
