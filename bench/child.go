package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/kadedb/kadedb"
)

// What is measured in a process of its own: this program again, with child as first
// argument.

const childArg = "child"

// childReport is the line that a child prints.
type childReport struct {
	Name  string `json:"name"`  // the answer of a point read
	Read  int64  `json:"read"`  // bytes read from the file of blocks
	File  int64  `json:"file"`  // its size
	Cache int64  `json:"cache"` // bytes of cached blocks after each step
	Anon  int64  `json:"anon"`  // resident anonymous bytes
	// Steps are the cached bytes that each step added.
	Steps []int64 `json:"steps"`
}

// child runs in the child.
func child(ctx context.Context, args []string) (err error) {
	if len(args) == 1 && args[0] == "echo" {
		return echoChild()
	}
	if len(args) < 2 {
		return errors.New("child: a task and a folder are needed")
	}
	switch args[0] {
	case "budget", "room", "decoded":
		return budgetChild(ctx, args)
	}
	db, err := kadedb.Open(args[1], storeOptions())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	c := &contest{db: db}
	a, err := c.ask(ctx, "MATCH (p:Person {id: 17}) RETURN p.name AS name", nil)
	if err != nil {
		return err
	}
	if len(a.rows) != 1 {
		return fmt.Errorf("child: %d answers", len(a.rows))
	}
	r := childReport{Name: a.rows[0][0].(string)}
	if args[0] == "resident" {
		if err := c.readAll(ctx, args[2:], &r); err != nil {
			return err
		}
	}
	s := db.Stats().Store
	r.Read, r.File, r.Cache = s.KV.BytesRead, s.KV.FileSize, s.Cache.Bytes
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(append(b, '\n'))
	return err
}

// readAll asks the statements, and notes what each leaves in the cache.
func (c *contest) readAll(ctx context.Context, texts []string, r *childReport) error {
	for _, text := range texts {
		before := c.db.Stats().Store.Cache.Bytes
		if _, err := c.ask(ctx, text, nil); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
		r.Steps = append(r.Steps, c.db.Stats().Store.Cache.Bytes-before)
	}
	runtime.GC()
	debug.FreeOSMemory()
	var err error
	r.Anon, err = anonymous("self")
	return err
}

// anonymous returns the resident anonymous bytes of a process, 0 where the system does
// not say.
func anonymous(process string) (int64, error) {
	b, err := os.ReadFile("/proc/" + process + "/status")
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return 0, nil
		}
		return 0, err
	}
	for _, line := range strings.Split(string(b), "\n") {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, nil
}

// startChild runs a child and returns its report and the time until it was there.
func startChild(ctx context.Context, args ...string) (r childReport, took time.Duration, err error) {
	self, err := os.Executable()
	if err != nil {
		return r, 0, err
	}
	cmd := exec.CommandContext(ctx, self, append([]string{childArg}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return r, 0, err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return r, 0, err
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	took = time.Since(start)
	if werr := cmd.Wait(); werr != nil {
		return r, took, fmt.Errorf("child %s: %w", args[0], werr)
	}
	if err != nil {
		return r, took, err
	}
	return r, took, json.Unmarshal(line, &r)
}

// opened measures new processes, whose store was closed cleanly.
func (c *contest) opened(ctx context.Context, theirs peerOnDisk) ([]figure, error) {
	want := c.g.Label("Person").Column("name").Strs[16]
	var took []time.Duration
	var last childReport
	for range 5 {
		r, t, err := startChild(ctx, "open", c.dir)
		if err != nil {
			return nil, err
		}
		if r.Name != want {
			return nil, fmt.Errorf("a new process answers %q instead of %q", r.Name, want)
		}
		took, last = append(took, t), r
	}
	return []figure{
		{Name: "new process to the answer of a point read", Value: ms(median(took)), Unit: "ms", Peer: ms(theirs.open), Aim: 20,
			Note: "the peer: without its process's start"},
		{Name: "read for it of the file", Value: 100 * float64(last.Read) / float64(last.File), Unit: "%", Aim: 5,
			Note: fmt.Sprintf("%.2f of %.1f MB", float64(last.Read)/1e6, float64(last.File)/1e6)},
	}, nil
}

// resident measures what reading all relationships leaves in the cache: of the store as
// it was loaded, and of the one that everything before this has changed, whose lists
// name their relationships one by one.
func (c *contest) resident(ctx context.Context) ([]figure, error) {
	loaded, err := c.residentIn(ctx, c.loaded)
	if err != nil {
		return nil, err
	}
	loaded[2].Aim = 20
	changed, err := c.residentIn(ctx, c.dir)
	if err != nil {
		return nil, err
	}
	changed[2].Name += ", after changes"
	return append(loaded, changed[2]), nil
}

func (c *contest) residentIn(ctx context.Context, dir string) ([]figure, error) {
	people := c.g.Label("Person").N
	r, _, err := startChild(ctx, "resident", dir,
		// The key index and what finds people.
		fmt.Sprintf("UNWIND range(1, %d) AS i MATCH (p:Person {id: i}) RETURN sum(id(p)) AS n", people),
		"MATCH (a:Person)-[:FOLLOWS]->(b:Person) WHERE id(a) < id(b) RETURN count(*) AS n",
		fmt.Sprintf("UNWIND range(1, %d) AS i MATCH (p:Person {id: i})<-[r:FOLLOWS]-(b) RETURN sum(id(b) %% 3 + id(r) %% 5 + id(p) %% 7) AS n", people),
		"MATCH (a)-[r:FOLLOWS]->(b) RETURN sum(id(a) % 3 + id(r) % 5 + id(b) % 7) AS n")
	if err != nil {
		return nil, err
	}
	edges := float64(len(c.g.Type("FOLLOWS").Src))
	names := []string{"forward", "and backward", "and the table"}
	var out []figure
	var total float64
	for i, n := range names {
		total += float64(r.Steps[i+1])
		out = append(out, figure{Name: "resident bytes an edge, " + n, Value: total / edges, Unit: "bytes"})
	}
	out[2].Note = fmt.Sprintf("process: %.1f MB anonymous, %.1f MB cached", float64(r.Anon)/1e6, float64(r.Cache)/1e6)
	return out, nil
}
