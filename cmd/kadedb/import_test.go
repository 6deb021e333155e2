package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// writeGraph writes people.csv and follows.csv, and returns the flags that import them.
func writeGraph(t *testing.T, dir string, nodes, rels int) []string {
	t.Helper()
	rng := rand.New(rand.NewPCG(4, 4))
	write := func(name string, lines func(w io.Writer)) string {
		name = filepath.Join(dir, name)
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w := bufio.NewWriter(f)
		lines(w)
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		return name
	}
	people := write("people.csv", func(w io.Writer) {
		fmt.Fprintln(w, "id,name")
		for i := range nodes {
			fmt.Fprintf(w, "%d,person %d\n", i, i)
		}
	})
	follows := write("follows.csv", func(w io.Writer) {
		fmt.Fprintln(w, "a,b")
		for range rels {
			fmt.Fprintf(w, "%d,%d\n", rng.IntN(nodes), rng.IntN(nodes))
		}
	})
	return []string{"import", "--data", filepath.Join(dir, "store"), "--nodes", "Person=" + people, "--id", "Person:id",
		"--relationships", "FOLLOWS=" + follows, "--from", "FOLLOWS:Person:a", "--to", "FOLLOWS:Person:b"}
}

func TestImport(t *testing.T) {
	dir := t.TempDir()
	args := writeGraph(t, dir, 100, 1000)
	out, errs, code := run{args: append(args, "--dry-run")}.do(t)
	if out != "" || code != 0 || !strings.Contains(errs, "from Person.id") {
		t.Fatalf("dry run: %d %s%s", code, out, errs)
	}
	count := run{args: []string{"query", "--data", filepath.Join(dir, "store"), "--format", "csv", "MATCH (a:Person) OPTIONAL MATCH (a)-[r]->() RETURN count(DISTINCT a), count(r)"}}
	if out, errs, code := count.do(t); code == 0 {
		t.Errorf("after a dry run there is a store: %s%s", out, errs)
	}
	out, errs, code = run{args: args}.do(t)
	if out != "" || code != 0 || !strings.Contains(errs, "100 nodes, 1,000 relationships") {
		t.Fatalf("import: %d %s%s", code, out, errs)
	}
	if out, errs, _ := count.do(t); !strings.HasSuffix(strings.ReplaceAll(out, "\r", ""), "\n100,1000\n") {
		t.Errorf("after the import: %s%s", out, errs)
	}
	out, errs, code = run{args: args}.do(t)
	if code != exitInvalid || strings.Count(errs, "NodeExists") != mostBadRows || !strings.Contains(errs, "and 90 more") || !strings.Contains(errs, "--update") {
		t.Errorf("a second time: %d %s%s", code, out, errs)
	}
	for _, bad := range [][]string{{"import", "--data", dir + "/x"}, {"import", "--nodes", "P=x"}, {"import", "--data", dir + "/x", "--nodes", "P=x", "--id", "P"},
		{"import", "--data", dir + "/x", "--nodes", "P=x", "--delimiter", "ab"}} {
		if _, errs, code := (run{args: bad}).do(t); code != exitUsage && code != exitInvalid {
			t.Errorf("%q: %d %s", bad, code, errs)
		}
	}
}

// TestImportRefused looks for what an import leaves that wrote nothing.
func TestImportRefused(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return name
	}
	bad, good := file("bad.csv", "id,n\n1,a\n1,b\n"), file("good.csv", "id,n\n1,a\n")
	store, empty := filepath.Join(dir, "store"), filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--nodes", "P=" + bad, "--id", "P:id"}, {"--nodes", "P=" + dir + "/nowhere.csv"}, {"--nodes", "P=" + good, "--dry-run"}} {
		for _, data := range []string{store, empty} {
			_, errs, code := run{args: append([]string{"import", "--data", data}, args...)}.do(t)
			if dry := args[len(args)-1] == "--dry-run"; dry != (code == 0) {
				t.Errorf("%q: %d %s", args, code, errs)
			}
		}
		if _, err := os.Stat(store); !os.IsNotExist(err) {
			t.Errorf("%q left a store: %v", args, err)
		}
		if left, err := os.ReadDir(empty); err != nil || len(left) > 0 {
			t.Errorf("%q left %v in a folder that was empty: %v", args, left, err)
		}
	}
	for _, nodes := range []string{good, bad} {
		_, errs, code := run{args: []string{"import", "--data", store, "--nodes", "P=" + nodes, "--id", "P:id"}}.do(t)
		if (code == 0) != (nodes == good) {
			t.Errorf("%s: %d %s", nodes, code, errs)
		}
	}
	out, errs, _ := run{args: []string{"query", "--data", store, "--format", "csv", "MATCH (n) RETURN count(n)"}}.do(t)
	if !strings.HasSuffix(strings.ReplaceAll(out, "\r", ""), "\n1\n") {
		t.Errorf("a store that was there: %s%s", out, errs)
	}
}

// TestImportInterrupted stops an import with Ctrl-C.
func TestImportInterrupted(t *testing.T) {
	dir := t.TempDir()
	c := run{args: append(writeGraph(t, dir, 100_000, 1_500_000), "--memory", "64MiB")}.command()
	errs, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewScanner(errs)
	for said.Scan() && !strings.Contains(said.Text(), "to Person.id") {
	}
	time.Sleep(150 * time.Millisecond)
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	var rest strings.Builder
	for said.Scan() {
		rest.WriteString(said.Text() + "\n")
	}
	if err := c.Wait(); err == nil || c.ProcessState.ExitCode() != exitInterrupted {
		t.Fatalf("interrupted: %v %s", err, rest.String())
	}
	store := filepath.Join(dir, "store")
	if _, err := os.Stat(store); !os.IsNotExist(err) {
		t.Errorf("after Ctrl-C: %v", err)
	}
}

// A store that a killed import made goes when the next import of it is refused too, and
// nothing else that is in its folder.
func TestImportRefusedAfterKill(t *testing.T) {
	store := t.TempDir()
	note := filepath.Join(store, "note.txt")
	if err := os.WriteFile(note, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := run{args: []string{"import", "--data", store, "--nodes", "P=-", "--id", "P:id"}}.command()
	c.Stdin = nil
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if b, err := os.ReadFile(filepath.Join(store, "IMPORT")); err == nil && len(b) > 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the import leaves no mark")
		}
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err == nil {
		t.Fatal("the import was not killed")
	}
	in.Close() // Wait has closed it already
	refused := run{args: []string{"import", "--data", store, "--nodes", "P=-", "--id", "P:id"}, stdin: "id\n1\n1\n"}
	if _, errs, code := refused.do(t); code != exitInvalid || !strings.Contains(errs, "-:3") {
		t.Errorf("the second import: %d %s", code, errs)
	}
	left, err := os.ReadDir(store)
	if err != nil || len(left) != 1 || left[0].Name() != "note.txt" {
		t.Errorf("it left %v, %v", left, err)
	}
	refused.stdin = "id\n1\n2\n"
	if _, errs, code := refused.do(t); code != exitOK {
		t.Errorf("the third import: %d %s", code, errs)
	}
	refused.stdin = "id\n1\n"
	if _, errs, code := refused.do(t); code != exitInvalid {
		t.Errorf("the fourth import: %d %s", code, errs)
	}
	if out, errs, _ := (run{args: []string{"query", store, "--format", "csv", "MATCH (p:P) RETURN count(p) AS n"}}).do(t); out != "n\n2\n" {
		t.Errorf("the store holds %s%s", out, errs)
	}
}

// TestImportMemory imports more than fits into its budget and watches the process.
func TestImportMemory(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("SKIPPED: there is no /proc to read a process's memory from")
	}
	dir := t.TempDir()
	c := run{args: append(writeGraph(t, dir, 200_000, 3_000_000), "--memory", "24MiB")}.command()
	var errs strings.Builder
	c.Stderr = &errs
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- c.Wait() }()
	peak := 0
	for running := true; running; {
		select {
		case err := <-done:
			if err != nil {
				t.Fatalf("%v %s", err, errs.String())
			}
			running = false
		case <-time.After(5 * time.Millisecond):
			peak = max(peak, anonymous(c.Process.Pid))
		}
	}
	if !strings.Contains(errs.String(), "temporary files") {
		t.Errorf("nothing was sorted in files: %s", errs.String())
	}
	if peak == 0 || peak > (24+64)<<10 {
		t.Errorf("%d KiB of anonymous memory", peak)
	}
}

// anonymous returns a process's resident anonymous memory in KiB, 0 if it is gone.
func anonymous(pid int) int {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(raw), "RssAnon:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	n, err := strconv.Atoi(fields[0])
	if err != nil {
		return 0
	}
	return n
}

// TestImportReal imports what a pipe, a pattern and packed files hold, and keeps bad rows.
func TestImportReal(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return name
	}
	file("p1.csv", "id,n\n1,a\n2,NA\n")
	file("p2.csv", "n,id\nc,3\nc,1\n\"open,4\n")
	store, rejects := filepath.Join(dir, "store"), filepath.Join(dir, "bad.jsonl")
	args := []string{"import", "--data", store, "--nodes", "P=" + filepath.Join(dir, "p*.csv"), "--id", "P:id", "--null", "NA",
		"--relationships", "K=-", "--from", "K:P:a", "--to", "K:P:b"}
	stdin := "{\"a\": 1, \"b\": 2}\n{\"a\": 2, \"b\": 3}\n{\"a\": 2, \"b\": 9}\n"
	_, errs, code := run{args: append(args, "--strict"), stdin: stdin}.do(t)
	if code != exitInvalid || !strings.Contains(errs, "p2.csv:3") || strings.Contains(errs, "p2.csv:4") {
		t.Errorf("strict: %d %s", code, errs)
	}
	_, errs, code = run{args: append(args, "--skip-bad", rejects), stdin: stdin}.do(t)
	if code != 0 || !strings.Contains(errs, "3 nodes, 2 relationships") {
		t.Fatalf("skip-bad: %d %s", code, errs)
	}
	kept, err := os.ReadFile(rejects)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"line":3,"code":"DuplicateID","reason":"id 1 appears twice","row":"c,1"}`, `"line":4,"code":"MalformedRow"`,
		`"file":"-","line":3,"code":"DanglingRelationship"`, `"row":"{\"a\": 2, \"b\": 9}"}`} {
		if !strings.Contains(string(kept), want) {
			t.Errorf("%s is not in\n%s", want, kept)
		}
	}
	if n := strings.Count(string(kept), "\n"); n != 3 {
		t.Errorf("%d bad rows were kept", n)
	}
	// What is there is never written over, be it the input itself.
	for _, name := range []string{rejects, filepath.Join(dir, "p2.csv")} {
		args := []string{"import", "--data", filepath.Join(dir, "other"), "--nodes", "P=" + filepath.Join(dir, "p2.csv"), "--skip-bad", name}
		before, _ := os.ReadFile(name)
		if _, errs, code := (run{args: args}.do(t)); code != exitUsage || !strings.Contains(errs, "exists") {
			t.Errorf("skip-bad %s: %d %s", name, code, errs)
		}
		if after, _ := os.ReadFile(name); string(after) != string(before) {
			t.Errorf("%s holds %q now", name, after)
		}
	}
}

// Every flag means the same to a server as to a folder.
func TestImportServerFlags(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return name
	}
	people := write("späte leute.csv", "id;name;tags:string[]\n1;Ann;a|b\n2;NA;\n2;dup;x\nx\n4;Bob;c\n5;"+strings.Repeat("long", 30)+";\n")
	knows := write("k=nows.jsonl", "{\"a\": 1, \"b\": 4}\n{\"a\": 1, \"b\": 99}\n{\"a\": 4, \"b\": 4, \"since:date\": \"2001-02-03\"}\n")
	again := write("again.csv", "id,name\n1,Anna\n7,New\n")
	flags := []string{"--nodes", "P=" + people, "--id", "P:id", "--relationships", "K=" + knows, "--from", "K:P:a", "--to", "K:P:b",
		"--delimiter", ";", "--array-delimiter", "|", "--null", "NA", "--line-limit", "100"}
	d := serve(t, "--data", filepath.Join(dir, "served"), "--auth", "off")
	store := filepath.Join(dir, "store")
	took := regexp.MustCompile(`in [0-9.]+ s .*`)
	for i, c := range []struct {
		more []string
		code int
		want string
	}{
		{append(flags, "--dry-run"), exitInvalid, "tags:string[]            list of string, as tags"},
		{append(flags, "--dry-run", "--skip-bad", "BAD"), exitOK, "dry run: 3 nodes and 2 relationships would be imported"},
		{flags, exitInvalid, "4 bad rows\n"},
		{append(flags, "--strict"), exitInvalid, ":4: "},
		{append(flags, "--skip-bad", "BAD"), exitOK, "4 bad rows, kept in "},
		{[]string{"--nodes", "P=" + again, "--id", "P:id", "--update", "--quiet"}, exitOK, "1 node, 0 relationships, 1 node updated"},
		{[]string{"--nodes", "P=" + again, "--id", "P:id", "--skip-bad", "BAD"}, exitOK, "2 bad rows"},
		{[]string{"--nodes", "P=" + dir + "/nowhere-*.csv"}, exitNotFound, "no file matches"},
		{nil, exitInvalid, "without files"},
	} {
		said, kept := [2]string{}, [2]string{}
		for k, to := range [][]string{{"--data", store}, {"--server", d.url}} {
			bad := filepath.Join(dir, fmt.Sprintf("bad-%d-%d.ndjson", i, k))
			args := append([]string{"import"}, to...)
			for _, a := range c.more {
				args = append(args, strings.Replace(a, "BAD", bad, 1))
			}
			_, errs, code := run{args: args}.do(t)
			if said[k] = strings.ReplaceAll(took.ReplaceAllString(errs, ""), bad, "BAD"); code != c.code || !strings.Contains(errs, c.want) {
				t.Errorf("%q: %d %s", args, code, errs)
			}
			if b, err := os.ReadFile(bad); err == nil {
				kept[k] = string(b)
			}
		}
		if said[0] != said[1] {
			t.Errorf("%q says to a folder\n%s\nand to a server\n%s", c.more, said[0], said[1])
		}
		if kept[0] != kept[1] || strings.Contains(c.want, "kept") && !strings.Contains(kept[0], `"row":"2;dup;x"`) {
			t.Errorf("%q keeps of a folder\n%s\nand of a server\n%s", c.more, kept[0], kept[1])
		}
	}
	count := []string{"query", "--format", "csv", "MATCH (p:P) OPTIONAL MATCH (p)-[k:K]->() RETURN count(DISTINCT p), count(k), collect(DISTINCT p.tags), max(p.name)"}
	one, _, _ := run{args: append(count, "--data", store)}.do(t)
	two, _, _ := run{args: append(count, "--server", d.url)}.do(t)
	if one != two || !strings.Contains(one, "\n4,2,") {
		t.Errorf("the folder holds %s, the server %s", one, two)
	}
}
