package transfer_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer"
)

var rewrite = flag.Bool("rewrite", false, "write what the cases of testdata give into them")

// section is a part of a case: a line "-- NAME --", and what follows.
type section struct{ name, text string }

func sections(text string) []section {
	var out []section
	for _, line := range strings.SplitAfter(text, "\n") {
		if name, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(name, " --\n") {
			out = append(out, section{name: strings.TrimSuffix(name, " --\n")})
			continue
		}
		if len(out) > 0 {
			out[len(out)-1].text += line
		}
	}
	return out
}

// TestCases runs testdata/*.txt: files, imports and queries with what they give, on
// one store each. Every case ends with a check of the store.
func TestCases(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, name := range names {
		testCase(t, name, false)
		testCase(t, name, true)
	}
}

func testCase(t *testing.T, file string, lookUp bool) {
	name := strings.TrimSuffix(filepath.Base(file), ".txt")
	if lookUp {
		name += ", looking ids up"
	}
	t.Run(name, func(t *testing.T) {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c := caseRun{t: t, dir: t.TempDir(), lookUp: lookUp}
		c.open()
		defer c.close()
		secs := sections(string(raw))
		changed := false
		for i := range secs {
			got, gives := c.run(secs[i])
			if !gives {
				continue
			}
			if i+1 == len(secs) || secs[i+1].name != "gives" {
				t.Fatalf("section %q is not followed by one of what it gives", secs[i].name)
			}
			if got != secs[i+1].text {
				if *rewrite {
					secs[i+1].text, changed = got, true
					continue
				}
				t.Errorf("%s\n%s\ngives\n%s\nwant\n%s", secs[i].name, secs[i].text, got, secs[i+1].text)
			}
		}
		if changed {
			var b strings.Builder
			for _, s := range secs {
				fmt.Fprintf(&b, "-- %s --\n%s", s.name, s.text)
			}
			if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	})
}

type caseRun struct {
	t      *testing.T
	dir    string
	lookUp bool // see Spec.LookUp
	db     *kadedb.DB
}

func (c *caseRun) open() {
	db, err := kadedb.Open(filepath.Join(c.dir, "store"), &kadedb.Options{Memory: 64 << 20})
	if err != nil {
		c.t.Fatal(err)
	}
	c.db = db
}

// close checks the store, and once more after it was opened again.
func (c *caseRun) close() {
	for range 2 {
		checkStore(c.t, c.db)
		if err := c.db.Close(); err != nil {
			c.t.Fatal(err)
		}
		c.open()
	}
	if err := c.db.Close(); err != nil {
		c.t.Fatal(err)
	}
}

func checkStore(t *testing.T, db *kadedb.DB) {
	t.Helper()
	err := db.Check(context.Background(), func(p kadedb.Problem) { t.Errorf("check: %s", p) })
	if err != nil {
		t.Fatal(err)
	}
}

func (c *caseRun) run(s section) (got string, gives bool) {
	if name, ok := strings.CutPrefix(s.name, "file "); ok {
		text := strings.NewReplacer(`\r`, "\r", `\e`, "\xff", `\t`, "\t").Replace(s.text)
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o644); err != nil {
			c.t.Fatal(err)
		}
		return "", false
	}
	if name, ok := strings.CutPrefix(s.name, "folder "); ok {
		if err := os.Mkdir(filepath.Join(c.dir, name), 0o755); err != nil {
			c.t.Fatal(err)
		}
		return "", false
	}
	switch s.name {
	case "import":
		return c.importFiles(s.text), true
	case "query":
		return query(c.t, c.db, s.text), true
	case "about", "gives":
		return "", false
	}
	c.t.Fatalf("a section %q", s.name)
	return "", false
}

func (c *caseRun) importFiles(text string) string {
	var spec kadedb.ImportSpec
	var b strings.Builder
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		word, rest, _ := strings.Cut(line, " ")
		var err error
		switch word {
		case "nodes":
			err = add(&spec.Nodes, rest, transfer.ParseFile)
		case "relationships":
			err = add(&spec.Relationships, rest, transfer.ParseFile)
		case "id":
			err = add(&spec.IDs, rest, transfer.ParseID)
		case "from":
			err = add(&spec.From, rest, transfer.ParseEnd)
		case "to":
			err = add(&spec.To, rest, transfer.ParseEnd)
		case "skip-bad":
			spec.SkipBad = true
		case "strict":
			spec.Strict = true
		case "null":
			spec.Nulls = append(spec.Nulls, rest)
		case "update":
			spec.Update = true
		case "plan":
			spec.Planned = func(p *transfer.Plan) error { b.WriteString(p.String()); return nil }
		default:
			c.t.Fatalf("an import with %q", line)
		}
		if err != nil {
			return err.Error() + "\n"
		}
	}
	for _, list := range [][]transfer.File{spec.Nodes, spec.Relationships} {
		for i := range list {
			list[i].Path = filepath.Join(c.dir, list[i].Path)
		}
	}
	spec.LineLimit = 200
	if c.lookUp {
		spec.LookUp()
	}
	spec.Notice = func(text string) { fmt.Fprintf(&b, "notice: %s\n", text) }
	sum, err := c.db.Import(context.Background(), spec)
	for _, r := range sum.Bad.First {
		fmt.Fprintf(&b, "%s:%d: %s: %s\n", r.File, r.Line, r.Code.Info().Name, r.Reason)
	}
	fmt.Fprintf(&b, "%d nodes, %d relationships, %d updated, %d bad\n", sum.Nodes, sum.Relationships, sum.Updated, sum.Bad.Count)
	if err != nil {
		fmt.Fprintf(&b, "%v\n", err)
		if hint := status.From(err).Hint; hint != "" {
			fmt.Fprintf(&b, "hint: %s\n", hint)
		}
	}
	return strings.ReplaceAll(b.String(), c.dir+string(filepath.Separator), "")
}

func add[T any](to *[]T, text string, parse func(string) (T, error)) error {
	x, err := parse(text)
	*to = append(*to, x)
	return err
}

// query renders an answer, one row a line.
func query(t *testing.T, db *kadedb.DB, text string) string {
	t.Helper()
	rows, err := db.Query(context.Background(), text, nil)
	if err != nil {
		return err.Error() + "\n"
	}
	var b strings.Builder
	for rows.Next() {
		for i, v := range rows.Values() {
			if i > 0 {
				b.WriteString(" | ")
			}
			b.WriteString(v.String())
		}
		b.WriteByte('\n')
	}
	if err := rows.Close(); err != nil {
		return b.String() + err.Error() + "\n"
	}
	return b.String()
}
