package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kadedb/kadedb/cmd/kadedb/edit"
	"github.com/kadedb/kadedb/status"
)

func TestShellCommands(t *testing.T) {
	dir := store(t)
	files := t.TempDir()
	name := func(n string) string { return filepath.Join(files, n) }
	for n, text := range map[string]string{
		"good":    "RETURN 1 AS a;\n:param x 5\nRETURN $x AS x;\n:quit\nRETURN 9 AS no;",
		"bad":     "RETURN 1 AS a;\n// a comment\n\n:param x 1\nRETURN $x +\n  nme;\nRETURN 3 AS c;\n",
		"command": "RETURN 1 AS a;\n\n:formt csv\n",
		"runtime": "RETURN 1 AS a;\n/* two\nlines */ RETURN 1/0\n",
		"outer":   "RETURN 0 AS o;\n:source " + name("bad") + "\n",
		"itself":  ":source " + name("itself") + "\n",
	} {
		if err := os.WriteFile(name(n), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		in, out string
		errs    []string
		code    int
	}{
		{":source " + name("good") + "\nRETURN 2 AS b;", "a\n1\nx\n5\nb\n2\n", nil, 0},
		{":source '" + name("good") + "'", "a\n1\nx\n5\n", nil, 0},
		{":source " + name("bad") + "\nRETURN 2 AS b;", "a\n1\n", []string{name("bad") + ":6:3: KDB-1002 UndefinedVariable: variable `nme`", "    nme\n    ^"}, 7},
		{":source " + name("outer"), "o\n0\na\n1\n", []string{name("bad") + ":6:3: "}, 7},
		{":source " + name("command"), "a\n1\n", []string{name("command") + ":3: KDB-5014", "did you mean :format?"}, 2},
		{":source " + name("runtime"), "a\n1\n", []string{name("runtime") + ":3"}, 7},
		{":source " + name("itself"), "", []string{"10 deep"}, 2},
		{":source " + name("nosuch"), "", []string{"FileNotFound"}, 5},
		{":source", "", []string{"name of a file"}, 2},
		{"RETURN 1/0;", "", []string{"KDB-2010 DivisionByZero"}, 7},
		{":timing off\nRETURN 1 AS a;", "a\n1\n", []string{"1 row\n"}, 0},
		{":timing\n:timing on;\n:TIMING", "", []string{"timing is on\ntiming is on\n"}, 0},
		{":timing of", "", []string{"on or off"}, 2},
		{":param a 1\n:param $b = [1, 2]\n:param c=x y\n:params\n:clear $a\n:params\n:clear\n:params", "",
			[]string{"$a = 1\n$b = [1, 2]\n$c = 'x y'\n$b = [1, 2]\n$c = 'x y'\nthere are no parameters"}, 0},
		{":param a 2\n:param d => date('2026-01-0' + $a)\n:param $m=>{x: [1.5, $d]}\n:params", "", []string{"$a = 2\n$d = date('2026-01-02')\n$m = {x: [1.5, date('2026-01-02')]}\n"}, 0},
		{":param d => nme", "", []string{"KDB-1002", "\n  nme\n  ^"}, 7},
		{":param d => 1/0", "", []string{"KDB-2010"}, 7},
		{":param n => head(COLLECT { MATCH (a:A) RETURN a })", "", []string{"cannot be a parameter"}, 2},
		{":param city 1\n:clear cty", "", []string{"did you mean $city?"}, 2},
		{":begn", "", []string{"did you mean :begin?"}, 2},
		{":begin now", "", []string{"\"now\""}, 2},
		{":explain MATCH (a:A) RETURN count(*)", "plan\n", []string{"rows"}, 0},
		{":explain MATCH (a:A)\n", "", []string{"KDB-1001", "EXPLAIN MATCH (a:A)"}, 7},
		{":profile MATCH (a:A) RETURN count(a) AS n;", "n\n2\n", []string{"Estimated rows", "1 row"}, 0},
		{":explain ;", "", []string{"for example :explain"}, 2},
		{":help", "", []string{":schema [NAME]", ":rollback", ":pager"}, 0},
		{":help schema\n:help :q", "", []string{":schema [NAME]\n  show", ":quit\n  leave", "also :exit, :q"}, 0},
		{":help nosuch", "", []string{"no command :nosuch"}, 2},
		{":format\n:format line\n:format", "", []string{"printed as csv\nrows are printed as line\n"}, 0},
		{":begin\nCREATE (:T);\n:commit\nMATCH (t:T) DETACH DELETE t;", "", []string{"done (", "nodes created 1", "nodes deleted 1"}, 0},
		{"\n\n// only this\n", "", nil, 0},
	} {
		out, errs, code := run{args: []string{"shell", dir, "--format", "csv"}, stdin: c.in}.do(t)
		ok := code == c.code && (out == c.out || c.out == "plan\n" && strings.HasPrefix(out, c.out))
		for _, want := range c.errs {
			ok = ok && strings.Contains(errs, want)
		}
		if !ok {
			t.Errorf("%q: code %d, want %d\n--- out\n%s--- want\n%s--- err\n%s--- want in it\n%q", c.in, code, c.code, out, c.out, errs, c.errs)
		}
	}
	// A file of `query` is named as well.
	if _, errs, code := (run{args: []string{"query", dir, "-f", name("runtime")}}).do(t); code != 7 || !strings.Contains(errs, name("runtime")+":3") {
		t.Errorf("query --file ends with %d: %s", code, errs)
	}
}

func TestShellSchema(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	d := serve(t, "--data", dir, "--auth", "off")
	const made = "CREATE (:P {name: 'x', n: 1})-[:KNOWS {since: 1.5}]->(:P:Q {name: 'y', n: 'z'}), (:P)-[:`a b`]->(:R), (:P {name: 'u'}); " +
		"CREATE CONSTRAINT p_name FOR (p:P) REQUIRE p.name IS UNIQUE; CREATE INDEX q_n FOR (q:Q) ON (q.n)"
	if _, errs, code := (run{args: []string{"query", "--server", d.url, made}}).do(t); code != 0 {
		t.Fatal(errs)
	}
	for in, want := range map[string]string{
		":schema": `Labels
  P  4 nodes
  │   n     INTEGER | STRING  in 50 %
  │   name  STRING            in 75 %
  Q  1 node
  │   n     STRING
  │   name  STRING
  R  1 node

Relationship types
  KNOWS  1 relationship  (:P)→(:P:Q)
  │   since  FLOAT
  ` + "`a b`" + `  1 relationship  (:P)→(:R)

Indexes
  p_name  (:P) name  RANGE
  q_n     (:Q) n     RANGE

Constraints
  p_name  (:P) name  UNIQUENESS
`,
		":schema :Q":    "Labels\n  Q  1 node\n  │   n     STRING\n  │   name  STRING\n\nIndexes\n  q_n  (:Q) n  RANGE\n",
		":schema `a b`": "Relationship types\n  `a b`  1 relationship  (:P)→(:R)\n",
	} {
		out, errs, code := run{args: []string{"shell", "--server", d.url}, stdin: in}.do(t)
		if out != want || code != 0 {
			t.Errorf("%s shows\n%s--- not\n%s%s", in, out, want, errs)
		}
	}
	if _, errs, code := (run{args: []string{"shell", "--server", d.url}, stdin: ":schema KNOW"}).do(t); code != 2 || !strings.Contains(errs, "did you mean KNOWS?") {
		t.Errorf("an unknown name ends with %d: %s", code, errs)
	}
}

func TestHistoryFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state", "kadedb", "history")
	open := func() *history {
		t.Helper()
		h, err := openHistory(file)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	h := open()
	for _, text := range []string{"RETURN 1;", "RETURN 1;", "two\nlines;", " hidden;", "CREATE (u:User {password: 'x'});", ":param token abc",
		"RETURN 'kdb_0123456789abcdefghij'", "MATCH (u) RETURN u.token;", "   ", strings.Repeat("x", mostHistoryLine+1)} {
		h.Add(text)
	}
	want := []string{"RETURN 1;", "two\nlines;", "MATCH (u) RETURN u.token;"}
	if !slices.Equal(h.lines, want) || !slices.Equal(open().lines, want) {
		t.Errorf("the history is %q, and read again %q", h.lines, open().lines)
	}
	for _, c := range []struct {
		path string
		want os.FileMode
	}{{file, 0o600}, {filepath.Dir(file), 0o700}} {
		if info, err := os.Stat(c.path); err != nil || info.Mode().Perm() != c.want {
			t.Errorf("%s: %v, %v", c.path, info.Mode(), err)
		}
	}
	// It is bounded, and two shells at once lose nothing.
	a, b := open(), open()
	for i := range mostHistory + 10 {
		a.Add("a" + strconv.Itoa(i))
		b.Add("b" + strconv.Itoa(i))
	}
	if n := len(open().lines); n != mostHistory {
		t.Errorf("it holds %d lines", n)
	}
	size, err := os.Stat(file)
	if err != nil || size.Size() > 20*mostHistory {
		t.Errorf("the file is %v", size.Size())
	}
	if got := open().lines; got[len(got)-1] != "b"+strconv.Itoa(mostHistory+9) || got[len(got)-2] != "a"+strconv.Itoa(mostHistory+9) {
		t.Errorf("it ends with %q", got[len(got)-2:])
	}
	// What others wrote there does no harm.
	if err := os.WriteFile(file, []byte("plain\n{\"a\":1}\n\"kept\"\n\xff\n\"\\u001b[31mred\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := open().lines; !slices.Equal(got, []string{"kept"}) {
		t.Errorf("it is %q", got)
	}
}

func TestProposals(t *testing.T) {
	c := newCatalogue(nil)
	c.stale = false
	c.now = names{labels: []string{"Airport", "Air\x1b[31mred", "Air\nline", "odd label"}, types: []string{"ROUTE"}, keys: []string{"iata", "city"},
		functions: []named{{"count", "count(ANY)"}, {"coalesce", "coalesce(ANY, …)"}}, procedures: []named{{"db.labels", "The labels in use."}}}
	sh := &shell{names: c}
	c.setParams([]string{"code"})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "load.cypher"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"MATCH (n:a":                             "Airport",
		"MATCH (n:od":                            "`odd label`",
		"MATCH (n)-[:r":                          "ROUTE",
		"MATCH (n {i":                            "iata",
		"MATCH (n) WHERE n.":                     "city iata",
		"RETURN $":                               "$code",
		"RETURN co":                              "collect commit concurrent constraint constraints contains continue cost count coalesce( count(",
		"RETURN COA":                             "coalesce(",
		"CALL d":                                 "db.labels(",
		"mat":                                    "match",
		"MAT":                                    "MATCH",
		":ex":                                    ":explain",
		":format m":                              "markdown",
		":timing ":                               "off on",
		":explain MATCH (n:A":                    "Airport",
		":schema r":                              "ROUTE",
		":source " + filepath.Join(dir, "lo"):    filepath.Join(dir, "load.cypher"),
		":help :roll":                            ":rollback",
		"MATCH (first)--(second) RETURN fi":      "fieldterminator filter finish first",
		"RETURN 'a":                              "",
		"RETURN 1; MATCH (n:A":                   "Airport",
		":param c":                               "",
		":param x => coal":                       "coalesce(",
		":param x => $c":                         "$code",
		"MATCH (n:Airport) WHERE n.city = $code": "$code",
	} {
		start, list := sh.proposals(text)
		got := texts(list)
		slices.Sort(got)
		wanted := strings.Fields(want)
		if strings.HasPrefix(want, "`") || strings.HasPrefix(want, "/") {
			wanted = []string{want}
		}
		slices.Sort(wanted)
		if !slices.Equal(got, wanted) || start > len(text) {
			t.Errorf("after %q come %q, not %q", text, got, wanted)
		}
	}
}

// slow is a session whose store takes its time.
type slow struct {
	session
	gate chan struct{}
}

func (s slow) Lookup(ctx context.Context, _ string) (answer, error) {
	select {
	case <-s.gate:
	case <-ctx.Done():
	}
	return nil, status.Errorf(status.Cancelled, "too slow")
}

// A store that does not answer holds nobody up, neither a key nor the end.
func TestProposalsOfASlowStore(t *testing.T) {
	c := newCatalogue(slow{gate: make(chan struct{})})
	c.now.labels = []string{"Old", "Old2"}
	sh := &shell{names: c}
	for _, text := range []string{"MATCH (n:O", "MATCH (n:Old|Old2) RETURN n."} {
		start := time.Now()
		_, list := sh.proposals(text)
		if took := time.Since(start); took > namesWait+5*time.Second {
			t.Errorf("after %q proposals take %v", text, took)
		}
		if strings.HasSuffix(text, "O") && !slices.Equal(texts(list), []string{"Old", "Old2"}) {
			t.Errorf("there come %v", list)
		}
	}
	done := make(chan struct{})
	go func() {
		c.close()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("close waits for the store")
	}
}

func texts(list []edit.Proposal) (out []string) {
	for _, p := range list {
		out = append(out, p.Text)
	}
	return out
}

func TestCaret(t *testing.T) {
	at := func(line, column int32) status.Pos { return status.Pos{Line: line, Column: column} }
	for _, c := range []struct {
		text string
		pos  status.Pos
		most int
		want string
	}{
		{"RETURN nme", at(1, 8), 0, "RETURN nme\n       ^"},
		{"a\n\tb", at(2, 2), 0, " b\n ^"},
		{"日本 x", at(1, 4), 0, "日本 x\n     ^"},
		{strings.Repeat("x", 50) + "y", at(1, 51), 20, strings.Repeat("x", 15) + "y\n" + strings.Repeat(" ", 15) + "^"},
		{"a", status.Pos{}, 0, ""},
		{"a", at(3, 1), 0, ""},
	} {
		if got := caret(c.text, c.pos, c.most); got != c.want {
			t.Errorf("%q at %v gives\n%s", c.text, c.pos, got)
		}
	}
}
