package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/bench/gen"
	"github.com/kadedb/kadedb/bench/server"
	"github.com/kadedb/kadedb/internal/memory"
)

// The budget run: a store that is four times its budget gives the same answers as with
// four times its own size, and its processes stay within the budget.

// slack is what a process may hold beside its budget.
const slack = 64 << 20

// budgetQuestion is one statement for a child.
type budgetQuestion struct {
	Name   string           `json:"name"`
	Text   string           `json:"text"`
	Params map[string]int64 `json:"params,omitempty"`
	Long   bool             `json:"long"` // may take longer than queryTime
}

// budgetAnswer is a line of the child that asks.
type budgetAnswer struct {
	Name    string  `json:"name"`
	Long    bool    `json:"long"`
	Rows    [][]any `json:"rows"`
	MS      float64 `json:"ms"`
	Rereads int64   `json:"rereads"` // adjacency blocks that were read, evicted and read again
	Spilled int64   `json:"spilled"`
	Cache   int64   `json:"cache"`
	Peak    int64   `json:"-"` // anonymous memory of the process, seen by its parent
}

// spilling returns statements that hold more than any budget here.
func spilling(follows int) []budgetQuestion {
	return []budgetQuestion{{Name: "sort of all relationships", Text: `MATCH (a:Person)-[:FOLLOWS]->(b:Person)
RETURN b.id AS b, a.id AS a ORDER BY b DESC, a SKIP $skip LIMIT 3`, Params: map[string]int64{"skip": int64(follows / 2)}, Long: true},
		{Name: "groups of pairs", Text: `MATCH (a:Person)-[:FOLLOWS]->(b:Person)
WITH b.age AS age, a.id AS id, count(*) AS n RETURN n, count(*) AS groups ORDER BY n LIMIT 5`, Long: true},
		{Name: "distinct pairs", Text: `MATCH (a:Person)-[:FOLLOWS]->(b:Person)
WITH DISTINCT a.id AS a, b.id AS b RETURN count(*) AS n`, Long: true}}
}

// runBudget is the whole of it.
func runBudget(ctx context.Context, o *options, out io.Writer) (err error) {
	people, users := 1_000_000, fullSize
	if o.small {
		people, users = 20_000, 5_000
	}
	if o.people > 0 {
		people, users = o.people, min(fullSize, o.people/4)
	}
	dir := o.keep
	if dir != "" {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	} else {
		if dir, err = os.MkdirTemp("", "kadedb-budget-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	c := &contest{dir: filepath.Join(dir, "store"), files: filepath.Join(dir, "files")}
	if err := os.Mkdir(c.files, 0o755); err != nil {
		return err
	}
	list, err := c.prepareBudget(people, users, o, dir)
	if err != nil {
		return err
	}
	binary, err := server.Build(ctx, dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d relationships\n", c.g.Edges())
	decoded, err := c.decoded(ctx, out, binary, filepath.Join(dir, "large"), list)
	if err != nil {
		return err
	}
	return c.underBudget(ctx, out, binary, list, decoded, o.queries.String() == "")
}

// decoded imports with room for everything and returns how large the store is, decoded.
func (c *contest) decoded(ctx context.Context, out io.Writer, binary, dir, list string) (int64, error) {
	if _, err := importCommand(ctx, binary, c, dir, 8<<30); err != nil {
		return 0, err
	}
	all, err := askChild(ctx, out, "decoded", dir, 8<<30, list)
	if err != nil {
		return 0, err
	}
	return all[len(all)-1].Cache, os.RemoveAll(dir)
}

// underBudget imports and asks with a quarter of what the store is decoded, and asks
// again with four times as much; whole says that every question is asked.
func (c *contest) underBudget(ctx context.Context, out io.Writer, binary, list string, decoded int64, whole bool) error {
	budget := decoded / 4
	fmt.Fprintf(out, "decoded: %.1f MB; budget: %.1f MB\n", float64(decoded)/1e6, float64(budget)/1e6)
	start := time.Now()
	peak, err := importCommand(ctx, binary, c, c.dir, budget)
	if err != nil {
		return err
	}
	took := time.Since(start)
	wrong := []error{within(out, "import", peak, budget)}
	fmt.Fprintf(out, "import took %.1f s\n", took.Seconds())
	if err := c.printOpened(ctx, out); err != nil {
		return err
	}
	small, err := askChild(ctx, out, "budget", c.dir, budget, list)
	if err != nil {
		return err
	}
	room, err := askChild(ctx, out, "room", c.dir, 4*decoded, list)
	if err != nil {
		return err
	}
	wrong = append(wrong, compareBudgets(out, small, room, budget, whole)...)
	return errors.Join(wrong...)
}

// printOpened says how long new processes take to answer from this store.
func (c *contest) printOpened(ctx context.Context, out io.Writer) error {
	opened, err := c.opened(ctx, peerOnDisk{})
	if err != nil {
		return err
	}
	opened[0].Aim, opened[0].Note = 100, ""
	for _, f := range opened {
		fmt.Fprintln(out, f)
	}
	return nil
}

func within(out io.Writer, what string, peak, budget int64) error {
	fmt.Fprintf(out, "%s: peak of %.1f MB anonymous, allowed %.1f MB\n", what, float64(peak)/1e6, float64(budget+slack)/1e6)
	if peak > budget+slack {
		return fmt.Errorf("%s held %d bytes of a budget of %d", what, peak, budget)
	}
	return nil
}

// queryTime is what a query has where nobody says otherwise. The budget must not make one
// miss it, except for those that are here to spill.
const queryTime = time.Minute

// compareBudgets compares the answers, and each query's memory with the budget; whole
// says that every question was asked, so that some must have felt it.
func compareBudgets(out io.Writer, small, room []budgetAnswer, budget int64, whole bool) (wrong []error) {
	fmt.Fprintf(out, "%-38s %12s %12s %10s %14s %10s\n", "query", "ms", "ms with room", "re-reads", "spilled bytes", "peak MB")
	var rereads, spilled, peak int64
	for i, a := range small {
		fmt.Fprintf(out, "%-38s %12.1f %12.1f %10d %14d %10.1f\n", a.Name, a.MS, room[i].MS, a.Rereads, a.Spilled, float64(a.Peak)/1e6)
		rereads, spilled, peak = rereads+a.Rereads, spilled+a.Spilled, max(peak, a.Peak)
		if !reflect.DeepEqual(a.Rows, room[i].Rows) {
			wrong = append(wrong, fmt.Errorf("%s: %v with the budget, %v with room", a.Name, a.Rows, room[i].Rows))
		}
		if took := time.Duration(a.MS * float64(time.Millisecond)); took > queryTime && !a.Long {
			wrong = append(wrong, fmt.Errorf("%s took %v", a.Name, took))
		}
		if a.Peak > budget+slack {
			wrong = append(wrong, fmt.Errorf("%s held %d bytes of a budget of %d", a.Name, a.Peak, budget))
		}
	}
	fmt.Fprintf(out, "%-38s %12s %12s %10d %14d %10.1f of %.1f\n", "all", "", "", rereads, spilled, float64(peak)/1e6, float64(budget+slack)/1e6)
	if whole && (rereads == 0 || spilled == 0) {
		wrong = append(wrong, fmt.Errorf("%d adjacency blocks read again and %d bytes spilled: the budget is not felt", rereads, spilled))
	}
	return wrong
}

// prepareBudget writes the files of both graphs and returns what to ask.
func (c *contest) prepareBudget(people, users int, o *options, dir string) (string, error) {
	social, pokec := gen.Social(people, o.seed), gen.Pokec(users, o.seed)
	c.g = &gen.Graph{Name: "both", Labels: slices.Concat(social.Labels, pokec.Labels), Types: slices.Concat(social.Types, pokec.Types)}
	if _, err := c.g.WriteCSV(c.files); err != nil {
		return "", err
	}
	cases, err := catalogue(o.seed)
	if err != nil {
		return "", err
	}
	var list []budgetQuestion
	for _, k := range cases {
		if k.variant != "" {
			continue
		}
		q := budgetQuestion{Name: k.name, Text: k.text, Params: map[string]int64{}}
		if k.params != nil {
			for name, v := range k.params(c.g, 0) {
				q.Params[name] = v.(int64)
			}
		}
		if !k.few {
			list = append(list, q)
		}
	}
	list = append(list, spilling(len(social.Type("FOLLOWS").Src))...)
	list = slices.DeleteFunc(list, func(q budgetQuestion) bool { return !o.queries.MatchString(q.Name) })
	b, err := json.Marshal(list)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "questions.json")
	return path, os.WriteFile(path, b, 0o644)
}

// importCommand runs `kadedb import` and returns the most anonymous memory it held.
func importCommand(ctx context.Context, binary string, c *contest, dir string, memory int64) (peak int64, err error) {
	args := []string{"import", "--data", dir, "--quiet", "--memory", strconv.FormatInt(memory, 10)}
	for _, l := range c.g.Labels {
		args = append(args, "--nodes", l.Name+"="+filepath.Join(c.files, l.Name+".csv"), "--id", l.Name+":id")
	}
	for _, t := range c.g.Types {
		args = append(args, "--relationships", t.Name+"="+filepath.Join(c.files, t.Name+".csv"),
			"--from", t.Name+":"+t.From.Name+":from", "--to", t.Name+":"+t.To.Name+":to")
	}
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	w := watch(cmd.Process.Pid)
	err = cmd.Wait()
	w.end()
	return w.take(), err
}

// watcher samples the anonymous memory of a process.
type watcher struct {
	most atomic.Int64 // since last taken
	pid  string
	stop chan struct{}
	done chan struct{}
}

func watch(pid int) *watcher {
	w := &watcher{pid: strconv.Itoa(pid), stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(w.done)
		for {
			w.sample()
			select {
			case <-w.stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return w
}

func (w *watcher) sample() {
	// A process that has just ended has none.
	if n, err := anonymous(w.pid); err == nil && n > w.most.Load() {
		w.most.Store(n)
	}
}

// take returns the highest sample since it was last called.
func (w *watcher) take() int64 {
	w.sample()
	return w.most.Swap(0)
}

func (w *watcher) end() {
	close(w.stop)
	<-w.done
}

// askChild asks the questions of the file in a new process.
func askChild(ctx context.Context, out io.Writer, task, dir string, memory int64, list string) (answers []budgetAnswer, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, childArg, task, dir, strconv.FormatInt(memory, 10), list)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	w := watch(cmd.Process.Pid)
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var a budgetAnswer
		if err = json.Unmarshal(lines.Bytes(), &a); err != nil {
			break
		}
		a.Peak = w.take()
		fmt.Fprintf(out, "  %-8s %-38s %12.1f ms %10d re-reads %14d bytes spilled %8.1f MB anonymous\n", task, a.Name, a.MS, a.Rereads,
			a.Spilled, float64(a.Peak)/1e6)
		answers = append(answers, a)
	}
	w.end()
	err = errors.Join(err, lines.Err(), cmd.Wait())
	if err == nil && len(answers) == 0 {
		err = errors.New("the child answers nothing")
	}
	if n := len(answers); n > 0 {
		answers[n-1].Peak = max(answers[n-1].Peak, w.take()) // of closing
	}
	return answers, err
}

// budgetChild runs in the child. For the task decoded it also reads what no question
// asks for, so that everything is in the cache at the end.
func budgetChild(ctx context.Context, args []string) (err error) {
	if len(args) != 4 {
		return errors.New("child: a task, a folder, a budget and a file are needed")
	}
	limit, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil {
		return err
	}
	b, err := os.ReadFile(args[3])
	if err != nil {
		return err
	}
	var list []budgetQuestion
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	if args[0] == "decoded" {
		list = append(list, budgetQuestion{Name: "everything", Text: "MATCH (p:Person) RETURN max(p.name) AS a, max(p.gender) AS b, max(p.birthday) AS c, max(p.isMarried) AS d, max(p.age) AS e"},
			budgetQuestion{Name: "backward", Text: "UNWIND range(1, $n) AS i MATCH (p:Person {id: i})<-[r:FOLLOWS]-(b) RETURN sum(id(b) % 3 + id(r) % 5) AS n",
				Params: map[string]int64{"n": 2_000_000}})
	}
	opts := storeOptions()
	opts.Memory, opts.Limits.Time = limit, 10*time.Minute
	db, err := kadedb.Open(args[1], opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	memory.Govern(ctx, db.Budget())
	out := json.NewEncoder(os.Stdout)
	for _, q := range list {
		a, err := askBudget(ctx, db, q)
		if err != nil {
			return fmt.Errorf("%s: %w", q.Name, err)
		}
		if err := out.Encode(a); err != nil {
			return err
		}
	}
	return nil
}

func askBudget(ctx context.Context, db *kadedb.DB, q budgetQuestion) (budgetAnswer, error) {
	a := budgetAnswer{Name: q.Name, Long: q.Long}
	params := kadedb.Params{}
	for name, v := range q.Params {
		params[name] = v
	}
	before := db.Stats().Store.Cache.AdjacencyRereads
	start := time.Now()
	rows, err := db.Query(ctx, q.Text, params)
	if err != nil {
		return a, err
	}
	for rows.Next() {
		var row []any
		for _, v := range rows.Values() {
			row = append(row, native(v))
		}
		a.Rows = append(a.Rows, row)
	}
	err = rows.Close()
	a.MS = ms(time.Since(start))
	s := db.Stats().Store.Cache
	a.Rereads, a.Spilled, a.Cache = s.AdjacencyRereads-before, rows.Summary().Spilled, s.Bytes
	return a, err
}
