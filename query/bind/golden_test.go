package bind_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/parser"
	"github.com/kadedb/kadedb/query/bind"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
)

var rewrite = flag.Bool("rewrite", false, "write what comes out into the testdata files")

// procedures are those that the queries of testdata may call.
type procedures struct{}

func (procedures) Procedure(name string) (*bind.Procedure, bool) {
	switch strings.ToLower(name) {
	case "test.pair":
		return &bind.Procedure{Name: "test.pair", Args: []bind.Field{{Name: "n", Type: expr.FloatType}, {Name: "s", Type: expr.StringType | expr.NullType}},
			Results: []bind.Field{{Name: "left", Type: expr.IntType}, {Name: "right", Type: expr.StringType}}}, true
	case "test.write":
		return &bind.Procedure{Name: "test.write", Writes: true}, true
	}
	return nil, false
}

func (procedures) Suggest(name string) string {
	if strings.HasPrefix(name, "test.p") {
		return "test.pair"
	}
	return ""
}

func bound(text string) (*bind.Statement, error) {
	tree, err := parser.Parse(text)
	if err != nil {
		return nil, err
	}
	return bind.Bind(tree, bind.Options{Procedures: procedures{}})
}

// golden runs f over the blocks of a testdata file: a query, `----`, what f gives.
func golden(t *testing.T, file string, f func(text string) string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, block := range strings.Split(strings.TrimSpace(string(data)), "\n\n") {
		text, want, _ := strings.Cut(block, "\n----\n")
		text = strings.TrimSuffix(text, "\n----")
		got := strings.TrimSpace(f(text))
		if got != want && !*rewrite {
			t.Errorf("%s: %s\ngives\n%s\nwant\n%s", file, text, got, want)
		}
		out.WriteString(text + "\n----\n" + got + "\n\n")
	}
	if *rewrite {
		if err := os.WriteFile(file, []byte(strings.TrimSpace(out.String())+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestErrors compares errors with testdata: name, place, message and hint.
func TestErrors(t *testing.T) {
	golden(t, "testdata/errors.txt", func(text string) string {
		_, err := bound(text)
		var e *status.Error
		if !errors.As(err, &e) {
			return fmt.Sprintf("no *status.Error: %v", err)
		}
		if e.When() != status.CompileTime {
			return "raised at " + e.When().String()
		}
		s := fmt.Sprintf("%s\n%s", e, status.Caret(text, e.Pos))
		if e.Hint != "" {
			s += "\nhint: " + e.Hint
		}
		return s
	})
}

// TestPlans compares bound plans, before they are optimized, with testdata: operators
// one a line, and what a statement writes, needs and returns.
func TestPlans(t *testing.T) {
	golden(t, "testdata/plans.txt", func(text string) string {
		st, err := bound(text)
		if err != nil {
			return err.Error()
		}
		if st.Plan == nil {
			return fmt.Sprintf("command %T", st.Command)
		}
		var b strings.Builder
		outline(&b, st.Plan.Root, 0)
		if st.Plan.Writes {
			b.WriteString("writes\n")
		}
		if len(st.Plan.Params) > 0 {
			b.WriteString("needs " + strings.Join(st.Plan.Params, ", ") + "\n")
		}
		return b.String()
	})
}

func outline(b *strings.Builder, n plan.Node, depth int) {
	fmt.Fprintln(b, strings.TrimRight(strings.Repeat("  ", depth)+n.Kind()+"  "+n.Detail(), " "))
	for _, in := range n.Inputs() {
		outline(b, in, depth+1)
	}
	for _, s := range plan.Subqueries(n) {
		if sub := plan.Subplan(s); sub != nil {
			outline(b, sub.Root, depth+2)
		}
	}
}

// TestBounds holds the limits on hostile texts: each is refused, or bound, at once.
func TestBounds(t *testing.T) {
	repeat := func(n int, sep string, f func(i int) string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = f(i)
		}
		return strings.Join(parts, sep)
	}
	for _, c := range []struct {
		name, text string
		want       status.Code
	}{
		{"many CREATE", repeat(3000, " ", func(i int) string { return fmt.Sprintf("CREATE (n%d {x: %d})", i, i) }), 0},
		{"many MATCH", repeat(3000, " ", func(i int) string { return fmt.Sprintf("MATCH (n%d)", i) }) + " RETURN 1", status.TooDeep},
		{"many UNION", repeat(3000, " UNION ALL ", func(int) string { return "RETURN 1 AS x" }), status.TooDeep},
		{"many nodes", "MATCH " + repeat(100, "-->", func(int) string { return "()" }) + " RETURN 1", status.NotYet},
		{"many hops", "MERGE " + repeat(100, "-[:T]->", func(int) string { return "()" }) + " RETURN 1", status.NotYet},
		{"many subqueries", "RETURN " + strings.Repeat("EXISTS { RETURN ", 50) + "1" + strings.Repeat(" }", 50), status.TooDeep},
		{"long path", "MATCH ()-[*1..99999999]->() RETURN 1", status.InvalidRelationshipPattern},
	} {
		_, err := bound(c.text)
		if got := status.CodeOf(err); got != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
