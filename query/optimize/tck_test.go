package optimize_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/parser"
	"github.com/kadedb/kadedb/query/bind"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/optimize"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
)

// tckDir holds the openCypher conformance scenarios, beside the repository.
const tckDir = "../../../shared/opencypher-tck/features"

// tckQuery is a query of a scenario and the compile-time error that it must raise.
type tckQuery struct {
	where, text, wantErr string
	procs                procedures
}

// procedures are those that a scenario declares.
type procedures map[string]*bind.Procedure

func (p procedures) Procedure(name string) (*bind.Procedure, bool) {
	d, ok := p[strings.ToLower(name)]
	return d, ok
}
func (procedures) Suggest(string) string { return "" }

var (
	scenarioStart = regexp.MustCompile(`(?m)^\s*Scenario( Outline)?:`)
	docString     = regexp.MustCompile(`(?s)(executing query|having executed|executing control query):\s*"""\n(.*?)"""`)
	wantError     = regexp.MustCompile(`should be raised at (compile time|any time|runtime): (\S+)`)
	procedureStep = regexp.MustCompile(`there exists a procedure ([\w.]+)\((.*?)\) :: \((.*?)\)`)
)

func tckQueries(t *testing.T) []tckQuery {
	t.Helper()
	if _, err := os.Stat(tckDir); err != nil {
		t.Skipf("SKIPPED: %s is not there: no conformance scenario was compiled", tckDir)
	}
	var out []tckQuery
	err := filepath.WalkDir(tckDir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".feature") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		at := scenarioStart.FindAllStringIndex(string(text), -1)
		for i, loc := range at {
			end := len(text)
			if i+1 < len(at) {
				end = at[i+1][0]
			}
			name := strings.TrimSuffix(filepath.Base(path), ".feature")
			out = append(out, scenarioQueries(fmt.Sprintf("%s[%d]", name, i+1), string(text[loc[0]:end]))...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func scenarioQueries(where, body string) []tckQuery {
	procs := procedures{}
	for _, m := range procedureStep.FindAllStringSubmatch(body, -1) {
		procs[strings.ToLower(m[1])] = &bind.Procedure{Name: m[1], Args: tckFields(m[2]), Results: tckFields(m[3])}
	}
	body, examples, _ := strings.Cut(body, "Examples:")
	rows := []map[string]string{{}}
	if examples != "" {
		rows = exampleRows(examples)
	}
	var out []tckQuery
	for _, row := range rows {
		b := body
		for k, v := range row {
			b = strings.ReplaceAll(b, "<"+k+">", v)
		}
		for _, m := range docString.FindAllStringSubmatch(b, -1) {
			q := tckQuery{where: where, text: m[2], procs: procs}
			if m[1] == "executing query" {
				if e := wantError.FindStringSubmatch(b); e != nil && e[1] != "runtime" {
					q.wantErr = e[2]
					if e[1] == "any time" {
						q.wantErr = "*"
					}
				}
			}
			out = append(out, q)
		}
	}
	return out
}

func tckFields(s string) []bind.Field {
	var out []bind.Field
	types := map[string]expr.Types{"INTEGER": expr.IntType, "FLOAT": expr.FloatType, "STRING": expr.StringType, "NUMBER": expr.NumberType}
	for _, f := range strings.Split(s, ",") {
		name, typ, ok := strings.Cut(f, "::")
		if !ok {
			continue
		}
		typ = strings.TrimSpace(typ)
		t := types[strings.TrimSuffix(typ, "?")]
		if strings.HasSuffix(typ, "?") {
			t |= expr.NullType
		}
		out = append(out, bind.Field{Name: strings.TrimSpace(name), Type: t})
	}
	return out
}

func exampleRows(s string) []map[string]string {
	var head []string
	var out []map[string]string
	for _, line := range strings.Split(s, "\n") {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			continue
		}
		line = strings.ReplaceAll(line, `\|`, "\x00")
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.ReplaceAll(strings.TrimSpace(cells[i]), "\x00", "|")
		}
		if head == nil {
			head = cells
			continue
		}
		row := map[string]string{}
		for i, c := range cells {
			row[head[i]] = c
		}
		out = append(out, row)
	}
	return out
}

func compile(q tckQuery, o optimize.Options) (*plan.Plan, error) {
	tree, err := parser.Parse(q.text)
	if err != nil {
		return nil, err
	}
	st, err := bind.Bind(tree, bind.Options{Procedures: q.procs})
	if err != nil || st.Plan == nil {
		return nil, err
	}
	return st.Plan, optimize.Optimize(st.Plan, o)
}

// TestConformanceCompiles compiles every query of the conformance scenarios: those
// that must fail then fail as they should, the others give plans whose operators
// find the columns that they read.
func TestConformanceCompiles(t *testing.T) {
	queries := tckQueries(t)
	var bad int
	for _, off := range []map[optimize.Rule]bool{nil, {optimize.Reorder: true, optimize.Intersection: true, optimize.PushFilter: true}} {
		for _, q := range queries {
			p, err := compile(q, optimize.Options{Off: off})
			if msg := judge(q, p, err); msg != "" {
				bad++
				t.Errorf("%s: %s\n%s", q.where, msg, q.text)
			}
		}
	}
	t.Logf("%d queries, %d bad", len(queries), bad)
}

func judge(q tckQuery, p *plan.Plan, err error) string {
	var e *status.Error
	switch {
	case q.wantErr == "*":
		return ""
	case err != nil && !errors.As(err, &e):
		return "an error that is not a *status.Error: " + err.Error()
	case q.wantErr != "" && err == nil && q.wantErr != "MissingParameter":
		return "must fail with " + q.wantErr
	case q.wantErr != "" && err != nil && (e.Code.Info().Name != q.wantErr || e.When() != status.CompileTime):
		return fmt.Sprintf("must fail with %s, fails with %v", q.wantErr, err)
	case q.wantErr == "" && err != nil && e.Code != status.NotYet:
		return err.Error()
	case err == nil && p != nil:
		return checkPlan(p)
	}
	return ""
}
