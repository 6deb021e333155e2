package exec_test

import (
	"context"
	"fmt"
	"os"
	osexec "os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/status"
)

// greedy are one-line queries whose expressions would make far more than the machine has.
var greedy = []string{
	"RETURN size(reduce(s = 'xxxxxxxxxx', i IN range(1, 60) | s + s)) AS s",
	"RETURN size(reduce(s = 'xxxxxxxxxx', i IN range(1, 60) | s || s)) AS s",
	"RETURN size(reduce(s = [1, 2, 3], i IN range(1, 60) | s + s)) AS s",
	"RETURN reduce(l = [1], i IN range(1, 60) | [l, l]) AS l",
	"RETURN reduce(m = {a: 1}, i IN range(1, 60) | {a: m, b: m}) AS m",
	"WITH reduce(l = [1], i IN range(1, 15) | [l, l]) AS l WITH COLLECT { UNWIND range(1, 100) AS x RETURN l } AS l RETURN l = l AS e",
	"RETURN size(reduce(l = [], i IN range(1, 300) | l + [range(1, 100000)])) AS s",
	"RETURN size([x IN range(1, 300000) | reduce(s = 'xxxxx', i IN range(1, 10) | s + s)]) AS s",
	"RETURN size([x IN range(1, 400000) | {a: x, b: x, c: x}]) AS s",
	"RETURN size([x IN range(1, 100000) | [y IN range(1, 100) | y]]) AS s",
	"RETURN size(range(1, 100000000)) AS s",
	"RETURN size(split(reduce(s = 'xxxxxxxxxx', i IN range(1, 19) | s + s), '')) AS s",
	"RETURN size(replace(reduce(s = 'x', i IN range(1, 12) | s + s), 'x', reduce(s = 'x', i IN range(1, 13) | s + s))) AS s",
	"WITH reduce(s = 'x', i IN range(1, 20) | s + s) AS s UNWIND range(1, 2000) AS x RETURN max(size(toUpper(s))) AS m",
	"WITH reduce(s = 'x', i IN range(1, 20) | s + s) AS s UNWIND range(1, 2000) AS x RETURN max(size(s + x)) AS m",
	"WITH reduce(s = 'x', i IN range(1, 20) | s + s) AS s UNWIND range(1, 2000) AS x RETURN max(size(reverse(s))) AS m",
	"RETURN size(COLLECT { UNWIND range(1, 100000) AS x RETURN [x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x] }) AS s",
	"UNWIND range(1, 20) AS x WITH collect(range(1, 100000)) AS c RETURN size(c) AS s",
	"FOREACH (x IN range(1, 100000000) | CREATE (:X))",
}

// modest ones do much, but keep little.
var modest = []string{
	"RETURN all(x IN range(1, 400000) WHERE x > 0) AS a",
	"RETURN reduce(s = 0, x IN range(1, 400000) | s + x) AS s",
	"RETURN size(reduce(s = [], x IN range(1, 2000) | s + x)) AS s",
	"RETURN size(reduce(s = '', x IN range(1, 5000) | s + 'abcd')) AS s",
	"UNWIND range(1, 100000) AS x RETURN sum(size([y IN range(1, 20) | y * x])) AS s",
	"UNWIND range(1, 5000000) AS x RETURN count(x) AS c",
	"UNWIND range(1, 30000) AS x RETURN x, reduce(s = toString(x), i IN range(1, 7) | s + s) AS s ORDER BY s, x",
}

const greedyChild = "KADEDB_TEST_GREEDY"

// TestGreedyQueriesStayInTheirMemory runs them in a process of their own, whose memory
// is looked at after each.
func TestGreedyQueriesStayInTheirMemory(t *testing.T) {
	if os.Getenv(greedyChild) != "" {
		runGreedy()
		return
	}
	cmd := osexec.Command(os.Args[0], "-test.run=^TestGreedyQueriesStayInTheirMemory$")
	cmd.Env = append(os.Environ(), greedyChild+"=1", "GOMAXPROCS=2")
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), "FAULT") {
		t.Errorf("%v\n%s", err, out)
	}
}

func runGreedy() {
	fault := func(text string, what ...any) { fmt.Println("FAULT", text, "\n  ", fmt.Sprint(what...)) }
	db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 64 << 20, CheckpointBytes: -1})
	if err != nil {
		fault("open", err)
		return
	}
	defer db.Close()
	run := func(text string, limit time.Duration) error {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		_, err := db.Exec(ctx, text, nil)
		if n := db.Stats().Memory.Used; n > 8<<20 {
			fault(text, n, " bytes are still held")
		}
		return err
	}
	for _, text := range greedy {
		if err := run(text, time.Minute); status.CodeOf(err) != status.QueryMemoryLimit {
			fault(text, err)
		}
		if mib := resident(); mib > 512 {
			fault(text, mib, " MiB resident")
		}
	}
	for _, text := range modest {
		if err := run(text, time.Minute); err != nil {
			fault(text, err)
		}
	}
	for _, text := range []string{
		"UNWIND range(1, 10000000000) AS x RETURN count(x) AS c",
		"UNWIND range(1, 100) AS y RETURN sum(reduce(s = 0, x IN range(1, 10000) | s + size([z IN range(1, 100) WHERE z > x]))) AS s",
		"WITH range(1, 17000) AS l RETURN size([a IN l | size([b IN l WHERE a < b AND b < 10 | 1])]) AS s",
	} {
		start := time.Now()
		if err := run(text, 100*time.Millisecond); status.CodeOf(err) != status.QueryTimeLimit {
			fault(text, err)
		}
		if d := time.Since(start); d > 20*time.Second {
			fault(text, "ended after ", d)
		}
	}
}

// resident is the most memory that the process has had, in MiB.
func resident() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 1 << 40
	}
	return u.Maxrss >> 10
}
