package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "kadedb-test-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "kadedb")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		panic(string(out))
	}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// run is one run of the built command.
type run struct {
	args  []string
	stdin string
	env   []string
}

func (r run) command() *exec.Cmd {
	c := exec.Command(binary, r.args...)
	c.Stdin = strings.NewReader(r.stdin)
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "KADEDB_") {
			c.Env = append(c.Env, e)
		}
	}
	c.Env = append(c.Env, "TERM=xterm", "LC_ALL=C.UTF-8")
	c.Env = append(c.Env, r.env...)
	return c
}

func (r run) do(t *testing.T) (out, errs string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	c := r.command()
	c.Stdout, c.Stderr = &o, &e
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return o.String(), e.String(), c.ProcessState.ExitCode()
}

// daemon is a server that runs.
type daemon struct {
	t    *testing.T
	cmd  *exec.Cmd
	errs *lines
	done sync.WaitGroup // both pipes were read to their ends
	url  string
}

// lines keeps what a process writes while it runs.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) add(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b.WriteString(s + "\n")
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var address = regexp.MustCompile(`https?://127\.0\.0\.1:[0-9]+`)

// serve starts a server and waits until it answers.
func serve(t *testing.T, args ...string) *daemon {
	t.Helper()
	d := &daemon{t: t, errs: &lines{}}
	d.cmd = run{args: append([]string{"serve", "--listen", "127.0.0.1:0", "--memory", "200MiB"}, args...)}.command()
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	errs, err := d.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	found := make(chan string, 1)
	d.done.Add(2)
	go func() {
		defer d.done.Done()
		if _, err := io.Copy(io.Discard, out); err != nil {
			t.Error(err)
		}
	}()
	go func() {
		defer d.done.Done()
		for in := bufio.NewScanner(errs); in.Scan(); {
			d.errs.add(in.Text())
			if u := address.FindString(in.Text()); u != "" && strings.Contains(in.Text(), "msg=serving") {
				found <- u
			}
		}
		close(found)
	}()
	t.Cleanup(func() {
		if d.cmd.ProcessState == nil {
			if err := d.cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
			d.wait()
		}
	})
	select {
	case d.url = <-found:
	case <-time.After(30 * time.Second):
	}
	if d.url == "" {
		t.Fatal("the server did not start")
	}
	return d
}

// wait waits for the process and returns its exit code.
func (d *daemon) wait() int {
	d.done.Wait()
	err := d.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		d.t.Error(err)
	}
	return d.cmd.ProcessState.ExitCode()
}

func (d *daemon) signal(s os.Signal) {
	d.t.Helper()
	if err := d.cmd.Process.Signal(s); err != nil {
		d.t.Fatal(err)
	}
}

var secret = regexp.MustCompile(`kdb_[A-Za-z0-9_-]{43}`)

// store makes a store with two nodes and returns its folder.
func store(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "store")
	d := serve(t, "--data", dir, "--auth", "off")
	if out, errs, code := (run{args: []string{"query", "--server", d.url, "CREATE (:A {n: 1, s: 'x,\"y'}), (:A {n: 2})"}}).do(t); code != 0 {
		t.Fatal(out, errs)
	}
	d.signal(os.Interrupt)
	if code := d.wait(); code != 0 {
		t.Fatalf("the server ends with %d: %s", code, d.errs)
	}
	return dir
}

func TestQueryFolder(t *testing.T) {
	dir := store(t)
	file := filepath.Join(t.TempDir(), "q.cypher")
	if err := os.WriteFile(file, []byte("// a comment; with a semicolon\nRETURN ';' AS a;\nRETURN 2 AS b"), 0o600); err != nil {
		t.Fatal(err)
	}
	const all = "MATCH (a:A) RETURN a.n AS n, a.s AS s ORDER BY n"
	for _, c := range []struct {
		name string
		run  run
		out  string
		errs string
		code int
	}{
		{"table", run{args: []string{"query", dir, all}}, "n │ s\n──┼─────\n1 │ x,\"y\n2 │ null\n", "2 rows", 0},
		{"csv", run{args: []string{"query", "--data", dir, all, "--format", "csv"}}, "n,s\n1,\"x,\"\"y\"\n2,\n", "2 rows", 0},
		{"json", run{args: []string{"query", dir, all, "--format", "json"}}, "[\n{\"n\":1,\"s\":\"x,\\\"y\"},\n{\"n\":2,\"s\":null}\n]\n", "", 0},
		{"ndjson", run{args: []string{"query", dir, all, "--format=ndjson"}}, "{\"n\":1,\"s\":\"x,\\\"y\"}\n{\"n\":2,\"s\":null}\n", "", 0},
		{"no rows", run{args: []string{"query", dir, "MATCH (b:B) RETURN b", "--format", "json"}}, "[]\n", "0 rows", 0},
		{"no rows in csv", run{args: []string{"query", dir, "MATCH (b:B) RETURN b", "--format", "csv"}}, "b\n", "0 rows", 0},
		{"stdin", run{args: []string{"query", dir, "--format", "csv"}, stdin: "RETURN 1 AS a"}, "a\n1\n", "1 row", 0},
		{"file", run{args: []string{"query", dir, "--format", "csv", "-f", file}}, "a\n;\n\nb\n2\n", "", 0},
		{"null and nothing", run{args: []string{"query", dir, "RETURN null AS a, '' AS b", "--format", "csv"}}, "a,b\n,\"\"\n", "1 row", 0},
		{"one document", run{args: []string{"query", dir, "RETURN 1 AS a; BEGIN; RETURN 2 AS b; COMMIT", "--format", "json"}}, "[\n[\n{\"a\":1}\n],\n[],\n[\n{\"b\":2}\n],\n[]\n]\n", "", 0},
		{"environment", run{args: []string{"query", "RETURN 1 AS a", "--format", "csv"}, env: []string{"KADEDB_DATA=" + dir}}, "a\n1\n", "", 0},
		{"params", run{args: []string{"query", dir, "RETURN $i AS i, $f AS f, $s AS s, $q AS q, $l AS l", "--format", "ndjson", "-p", "i=1", "--param", "f=1.0", "-p", "s=SEA",
			"-p", `q="1"`, "-p", "l=[1]"}}, "{\"i\":1,\"f\":1.0,\"s\":\"SEA\",\"q\":\"1\",\"l\":[1]}\n", "", 0},
		{"transaction", run{args: []string{"query", dir, "BEGIN; CREATE (:T); ROLLBACK; MATCH (t:T) RETURN count(t) AS c", "--format", "csv"}}, "c\n0\n", "", 0},
		{"unended transaction", run{args: []string{"query", dir, "BEGIN; CREATE (:T)"}}, "", "inside a transaction", 7},
		{"caret", run{args: []string{"query", dir, "RETURN 1\n + nme"}}, "", "   + nme\n     ^\nhint: ", 7},
		{"runtime error", run{args: []string{"query", dir, "RETURN 1/0", "--format", "ndjson"}}, "", "KDB-2010 DivisionByZero", 7},
		{"first error ends", run{args: []string{"query", dir, "RETURN 1/0; RETURN 1 AS a"}}, "", "DivisionByZero", 7},
		{"limit", run{args: []string{"query", dir, "--query-time", "50ms", "UNWIND range(1, 100000) AS x UNWIND range(1, 100000) AS y WITH x, y WHERE x + y < 0 RETURN count(*)"}}, "", "query-time", 8},
		{"nothing", run{args: []string{"query", dir, " ; // x"}}, "", "no statement", 2},
		{"no store", run{args: []string{"query", dir + "-not", "RETURN 1"}}, "", "holds no store", 7},
		{"no format", run{args: []string{"query", dir, "RETURN 1", "--format", "xml"}}, "", "csv, tsv, json", 2},
		{"no flag", run{args: []string{"query", dir, "--nosuch"}}, "", "--nosuch", 2},
		{"no command", run{args: []string{"qurey"}}, "", "qurey", 2},
		{"wrong param", run{args: []string{"query", dir, "RETURN 1", "-p", "x"}}, "", "name=value", 2},
		{"not JSON", run{args: []string{"query", dir, "RETURN $p", "-p", `p={"a":1,"a":2}`}}, "", "begins like JSON", 2},
		{"not JSON either", run{args: []string{"query", dir, "RETURN $p", "-p", ` p= [1`}}, "", "JSON string", 2},
		{"both", run{args: []string{"query", dir, "RETURN 1", "--server", "http://127.0.0.1:1"}}, "", "twice", 2},
		{"no server", run{args: []string{"query", "--server", "http://127.0.0.1:1", "RETURN 1"}}, "", "kadedb serve", 9},
		{"no address", run{args: []string{"query", "--server", "nowhere", "RETURN 1"}}, "", "http://127.0.0.1:7480", 2},
		{"wrong setting", run{args: []string{"query", dir, "RETURN 1", "--memory", "much"}}, "", "memory", 2},
		{"wrong environment", run{args: []string{"query", dir, "RETURN 1"}, env: []string{"KADEDB_MEMORY=much"}}, "", "environment", 2},
		{"check", run{args: []string{"check", dir}}, "", "no problem", 0},
		{"check of nothing", run{args: []string{"check", dir + "-not"}}, "", "holds no store", 7},
		{"version", run{args: []string{"version"}}, "kadedb 0.1.0", "", 0},
	} {
		out, errs, code := c.run.do(t)
		if code != c.code || !strings.Contains(errs, c.errs) || !strings.HasPrefix(out, c.out) || c.out == "" && out != "" {
			t.Errorf("%s: code %d, want %d\n--- out\n%s--- want\n%s--- err\n%s--- want in it\n%s", c.name, code, c.code, out, c.out, errs, c.errs)
		}
	}
}

// What csv and tsv print, the import reads as the same values.
func TestSeparatedRoundTrip(t *testing.T) {
	dir := store(t)
	const rows = "UNWIND [[1, null, 'a'], [2, '', ' b '], [3, 'x,\\ty', 'q\"q'], [4, 'two\\nlines', '']] AS r RETURN r[0] AS id, r[1] AS s, r[2] AS t"
	for format, flags := range map[string][]string{"csv": nil, "tsv": {"--delimiter", "\t"}} {
		out, errs, code := run{args: []string{"query", dir, "--format", format, rows}}.do(t)
		if code != 0 {
			t.Fatal(errs)
		}
		file, data := filepath.Join(t.TempDir(), "rows."+format), filepath.Join(t.TempDir(), "again")
		if err := os.WriteFile(file, []byte(out), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, errs, code := (run{args: append([]string{"import", "--data", data, "--nodes", "P=" + file, "--id", "P:id"}, flags...)}).do(t); code != 0 {
			t.Fatal(out, errs)
		}
		again, errs, code := run{args: []string{"query", data, "--format", format, "MATCH (p:P) RETURN p.id AS id, p.s AS s, p.t AS t ORDER BY id"}}.do(t)
		if code != 0 || again != out {
			t.Errorf("%s: %q comes back as %q: %s", format, out, again, errs)
		}
	}
}

func TestShellScript(t *testing.T) {
	dir := store(t)
	for _, c := range []struct {
		in   string
		out  string
		errs string
		code int
	}{
		{"RETURN 1 AS a;\nRETURN 'x;y'\n  AS b; RETURN 3 AS c;", "a\n1\nb\nx;y\nc\n3\n", "", 0},
		{":param n 2\n:param $s=\"q\"\nMATCH (a:A {n: $n}) RETURN a.n AS n, $s AS s;\n:params", "n,s\n2,q\n", "$n = 2\n$s = 'q'\n", 0},
		{":begin\nCREATE (:T);\nMATCH (t:T) RETURN count(t) AS c;\n:rollback\nMATCH (t:T) RETURN count(t) AS c;", "c\n1\nc\n0\n", "", 0},
		{"BEGIN;\nCREATE (:T);\n:commit\nMATCH (t:T) RETURN count(t) AS c;", "c\n1\n", "", 0},
		{":format ndjson\nRETURN 1 AS a", "{\"a\":1}\n", "", 0},
		{":help\n:quit\nRETURN 1 AS a;", "", ":rollback", 0},
		{"RETURN 1 AS a;\nRETRUN 2;\nRETURN 3 AS c;", "a\n1\n", "RETRUN 2\n  ^", 7},
		{":nosuch\nRETURN 3 AS c;", "", ":help", 2},
		{":commit", "", "TransactionStatement", 7},
		{"", "", "", 0},
	} {
		out, errs, code := run{args: []string{"shell", dir, "--format", "csv"}, stdin: c.in}.do(t)
		if out != c.out || code != c.code || !strings.Contains(errs, c.errs) {
			t.Errorf("%q: code %d, want %d\n--- out\n%s--- want\n%s--- err\n%s", c.in, code, c.code, out, c.out, errs)
		}
	}
}

func TestServe(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	d := serve(t, "--data", dir)
	admin := secret.FindString(d.errs.String())
	if admin == "" {
		t.Fatalf("the first start shows no token: %s", d.errs)
	}
	server := []string{"KADEDB_SERVER=" + d.url, "KADEDB_TOKEN=" + admin}
	do := func(want int, args ...string) (string, string) {
		t.Helper()
		out, errs, code := run{args: args, env: server}.do(t)
		if code != want {
			t.Errorf("%q ends with %d, want %d: %s%s", args, code, want, out, errs)
		}
		return out, errs
	}
	do(0, "query", "CREATE (:A)")
	do(3, "query", "RETURN 1", "--token", "kdb_wrong")
	reader, _ := do(0, "token", "create", "--role", "reader", "--name", "grafana")
	reader = strings.TrimSpace(reader)
	if !secret.MatchString(reader) {
		t.Fatalf("a token is %q", reader)
	}
	do(0, "query", "RETURN 1", "--token", reader)
	do(4, "query", "CREATE (:A)", "--token", reader)
	do(4, "token", "list", "--token", reader)
	do(2, "token", "create", "--role", "")
	list, _ := do(0, "token", "list")
	if !strings.Contains(list, "\treader\t") || !strings.Contains(list, "grafana") || strings.Contains(list, "kdb_") {
		t.Errorf("the list is %q", list)
	}
	for _, args := range [][]string{{"query", dir, "RETURN 1"}, {"shell", dir}, {"token", "list", dir}, {"check", dir}} {
		c := run{args: args}
		if _, errs, code := c.do(t); code != exitUnavailable || !strings.Contains(errs, d.url) {
			t.Errorf("%q of a served folder ends with %d: %s", args, code, errs)
		}
	}
	var id string
	for _, line := range strings.Split(list, "\n") {
		if strings.Contains(line, "grafana") {
			id, _, _ = strings.Cut(line, "\t")
		}
	}
	do(0, "token", "revoke", id)
	d.signal(syscall.SIGKILL)
	d.wait()

	// After kill -9 what was revoked is revoked, and what was written is there.
	d = serve(t, "--data", dir)
	server = []string{"KADEDB_SERVER=" + d.url, "KADEDB_TOKEN=" + admin}
	if secret.MatchString(d.errs.String()) {
		t.Error("the second start shows a token")
	}
	do(3, "query", "RETURN 1", "--token", reader)
	if out, _ := do(0, "query", "MATCH (a:A) RETURN count(a) AS n", "--format", "csv"); out != "n\n1\n" {
		t.Errorf("after kill -9: %q", out)
	}
	do(5, "token", "revoke", "nosuch")
	d.signal(syscall.SIGTERM)
	if code := d.wait(); code != 0 || !strings.Contains(d.errs.String(), "msg=stopped") {
		t.Errorf("SIGTERM ends with %d: %s", code, d.errs)
	}
	if out, errs, code := (run{args: []string{"token", "create", dir, "--role", "writer"}}).do(t); code != 0 || !secret.MatchString(out) {
		t.Errorf("a token of the folder: %d %q %s", code, out, errs)
	}
}

func TestServeRefuses(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		args []string
		errs string
		code int
	}{
		"no folder":        {[]string{}, "--demo", 2},
		"both":             {[]string{"--demo", "--data", dir}, "exclude", 2},
		"open to all":      {[]string{"--data", dir, "--auth", "off", "--listen", "0.0.0.0:0"}, "loopback", 2},
		"demo open to all": {[]string{"--demo", "--listen", ":0"}, "loopback", 2},
		"no address":       {[]string{"--data", dir, "--listen", "7480"}, "127.0.0.1:7480", 2},
		"no value":         {[]string{"--data", dir, "--auth"}, "--auth takes token|off, and nothing follows it", 2},
		"no choice":        {[]string{"--data", dir, "--auth", "maybe"}, "token, off", 2},
		"a file":           {[]string{"--data", binary, "--listen", "127.0.0.1:0"}, "KDB-7", exitDisk},
	} {
		if out, errs, code := (run{args: append([]string{"serve"}, c.args...)}).do(t); code != c.code || !strings.Contains(errs, c.errs) || out != "" {
			t.Errorf("%s: %d, want %d: %s%s", name, code, c.code, out, errs)
		}
	}
}

func TestDemo(t *testing.T) {
	cmd := run{args: []string{"serve", "--demo", "--listen", "127.0.0.1:0", "--memory", "200MiB"}}.command()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	in := bufio.NewScanner(out)
	for in.Scan() {
		text.WriteString(in.Text() + "\n")
		if strings.HasPrefix(in.Text(), "Or by hand") {
			break
		}
	}
	url := address.FindString(text.String())
	if !strings.Contains(text.String(), `["San Francisco","Los Angeles",13788]`) || !strings.Contains(text.String(), "curl "+url+"/v1/query") {
		t.Errorf("it says\n%s", text.String())
	}
	rows, errs, code := run{args: []string{"query", "--server", url, "MATCH (a:Airport) WITH count(a) AS airports MATCH ()-[r:ROUTE]->() RETURN airports, count(r) AS routes", "--format", "csv"}}.do(t)
	if code != 0 || rows != "airports,routes\n3376,5366\n" {
		t.Errorf("the demo holds %q: %s", rows, errs)
	}
	shellPage(t, url)
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// shellPage runs the statement that docs/shell.md shows, of which the rows are as there.
func shellPage(t *testing.T, url string) {
	page, err := os.ReadFile("../../docs/shell.md")
	if err != nil {
		t.Fatal(err)
	}
	var script, want strings.Builder
	for line := range strings.Lines(string(page)) {
		text := strings.TrimPrefix(line, "    ")
		switch typed, is := strings.CutPrefix(text, "kadedb> "); {
		case is:
			script.WriteString(typed)
		case strings.HasPrefix(text, "     -> "):
			script.WriteString(text[8:])
		case script.Len() > 0 && strings.Contains(text, " rows ("):
			out, errs, code := run{args: []string{"shell", "--server", url}, stdin: script.String()}.do(t)
			if code != 0 || out != want.String() || script.Len() < 20 {
				t.Errorf("%s gives\n%s--- not\n%s%s", &script, out, &want, errs)
			}
			return
		case script.Len() > 0:
			want.WriteString(text)
		}
	}
	t.Error("docs/shell.md shows no statement")
}

func TestConfig(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kadedb.toml")
	if err := os.WriteFile(file, []byte("# settings\nmemory = \"1GiB\" # a size\nquery-rows = 7\nlisten = 127.0.0.1:1 # there\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, errs, code := run{args: []string{"config", "show", "--origin", "--config", file, "--memory", "3GiB"},
		env: []string{"KADEDB_QUERY_ROWS=8", "KADEDB_MEMORY=2GiB"}}.do(t)
	for _, want := range []string{`memory = "3GiB" +# flag`, `query-rows = "8" +# environment`, `listen = "127.0.0.1:1" +# file`, `tx-idle = "60s" +# default`} {
		if code != 0 || !regexp.MustCompile(`(?m)^`+want+`$`).MatchString(out) {
			t.Errorf("no line %q (%d) in\n%s%s", want, code, out, errs)
		}
	}
	// What it prints is a file that gives the same.
	again := filepath.Join(t.TempDir(), "again.toml")
	if err := os.WriteFile(again, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	if out2, errs, _ := (run{args: []string{"config", "show"}, env: []string{"KADEDB_CONFIG=" + again}}).do(t); !strings.Contains(out2, `memory = "3GiB"`) {
		t.Errorf("read again: %s%s", out2, errs)
	}
	for text, want := range map[string]string{"x": "line 1", "nosuch = 1": "nosuch", "memory = 1\nmemory = 2": "line 2", "memory = \"1": "quotes", "memory = much": "memory"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, errs, code := (run{args: []string{"config", "show", "--config", file}}).do(t); code != 2 || !strings.Contains(errs, want) {
			t.Errorf("%q ends with %d: %s", text, code, errs)
		}
	}
}

// Whoever reads our output may stop.
func TestBrokenPipe(t *testing.T) {
	dir := store(t)
	d := serve(t, "--data", filepath.Join(t.TempDir(), "served"), "--auth", "off")
	const many = "UNWIND range(1, 1000) AS x UNWIND range(1, 1000) AS y RETURN x, y"
	for _, r := range []run{
		{args: []string{"query", dir, "--format", "csv", many}},
		{args: []string{"query", "--server", d.url, many}},
		{args: []string{"shell", dir}, stdin: many + ";"},
		{args: []string{"export", "--data", dir, "--query", many, "--output", "-"}},
		{args: []string{"export", "--server", d.url, "--query", many, "--output", "-"}},
	} {
		c := r.command()
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
		if err := c.Wait(); err != nil {
			t.Errorf("%q ends with %v", r.args, err)
		}
	}
}

// A full disk under our output is no fault of ours.
func TestFullOutput(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full here")
	}
	defer full.Close()
	dir := store(t)
	d := serve(t, "--data", filepath.Join(t.TempDir(), "served"), "--auth", "off")
	for _, args := range [][]string{{"query", dir, "RETURN 1"}, {"query", "--server", d.url, "--format", "json", "RETURN 1"}, {"shell", dir}, {"status", dir}, {"status", "--server", d.url, "--json"},
		{"version"}, {"help"}, {"serve", "--help"}, {"man"}, {"completion", "zsh"}, {"config", "show"},
		{"export", "--data", dir, "--query", "RETURN 1", "--output", "-"}, {"export", "--server", d.url, "--query", "RETURN 1", "--output", "-"}} {
		c := run{args: args, stdin: "RETURN 1;"}.command()
		var errs bytes.Buffer
		c.Stdout, c.Stderr = full, &errs
		if err := c.Run(); err == nil || c.ProcessState.ExitCode() != exitDisk || !strings.Contains(errs.String(), "DiskFull") {
			t.Errorf("%q: %v: %s", args, err, &errs)
		}
	}
}

func TestComplete(t *testing.T) {
	for text, want := range map[string]bool{"RETURN 1": false, "RETURN 1;": true, "RETURN 1; // x": true, "RETURN 1; RETURN": false, ":help": true, "": true,
		"RETURN ';": false, "// x": true, "/* x": false, "RETURN 1; /* x": false, " :param x": true} {
		if complete(text) != want {
			t.Errorf("complete(%q) is %v", text, !want)
		}
	}
}

// Its answer is what the demo's first query gives.
func TestDemoQueryFitsQuotes(t *testing.T) {
	if strings.ContainsAny(demoQuery, `'"\`) {
		t.Errorf("%s cannot be pasted", demoQuery)
	}
	if !json.Valid([]byte(`{"query": "` + demoQuery + `"}`)) {
		t.Error("it is no JSON")
	}
}
