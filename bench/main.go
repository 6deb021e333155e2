// Command bench makes graphs from seeds, asks them everything that KadeDB promises to
// be fast at, beside LadybugDB on the same data in the same run, and prints the times
// and their ratio:
//
//	go run ./bench                       # 100 K people with 2.3 M FOLLOWS, 100 K users with 1.8 M friendships
//	go run ./bench --small --no-peer     # a smoke test of seconds
//	go run ./bench --queries 'q8|q9'     # some
//	go run ./bench --doors               # WebSocket, REST, streams, import and export alone
//	go run ./bench --budget              # 1 M people and 24 M FOLLOWS with little memory
//
// Every answer is compared with plain enumeration; a difference fails the run. Between
// timed runs a parameter changes or a write that touches the pattern commits, so
// nothing can be answered from before. LadybugDB may use a relationship twice in one
// match: where that changes the work its row says "walks".
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"

	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/kadedb/kadedb/bench/gen"
	"github.com/kadedb/kadedb/bench/peer"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ask := func() error { return run(ctx, os.Args[1:], os.Stdout) }
	if len(os.Args) > 1 && os.Args[1] == childArg {
		ask = func() error { return child(ctx, os.Args[2:]) }
	}
	if err := ask(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

type options struct {
	small   bool
	noPeer  bool
	base    bool
	budget  bool
	doors   bool
	people  int
	keep    string
	queries *regexp.Regexp
	runs    int
	seed    uint64
	report  string
	cache   string
}

func parse(args []string) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.BoolVar(&o.small, "small", false, "graphs of 2,000 nodes")
	f.BoolVar(&o.noPeer, "no-peer", false, "do not compare with LadybugDB (which needs node and npm)")
	f.BoolVar(&o.base, "base", false, "no variants")
	f.BoolVar(&o.budget, "budget", false, "instead: a store of 1 M people and 24 M FOLLOWS (20 K with --small) with a quarter of its decoded bytes as memory")
	f.BoolVar(&o.doors, "doors", false, "instead: only what goes in and out: point reads over REST and WebSocket, streams of 1 M rows, import and export")
	f.IntVar(&o.people, "people", 0, "people of the budget run, each with about 24 FOLLOWS (0: 1,000,000; 20,000 with --small)")
	f.StringVar(&o.keep, "keep", "", "keep the budget run's store, files and questions in this folder, which must not exist")
	names := f.String("queries", "", "only rows whose name matches this regular expression")
	f.IntVar(&o.runs, "runs", 7, "timed runs of a query, after two that warm up")
	f.Uint64Var(&o.seed, "seed", 1, "seed of graphs, variants and writes")
	f.StringVar(&o.report, "report", "", "write the figures to this file too, as JSON")
	f.StringVar(&o.cache, "cache", filepath.Join("bench", ".cache"), "folder in which LadybugDB is installed")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("unknown argument %q", f.Arg(0))
	}
	if o.runs < 1 {
		return nil, errors.New("--runs must be at least 1")
	}
	var err error
	o.queries, err = regexp.Compile(*names)
	return o, err
}

// report is everything that was measured.
type report struct {
	Queries []outcome `json:"queries"`
	Figures []figure  `json:"figures"`
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if o.budget {
		return runBudget(ctx, o, out)
	}
	dir, err := os.MkdirTemp("", "kadedb-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if o.doors {
		figures, err := runDoors(ctx, o, out, dir)
		return errors.Join(err, o.write(&report{Figures: figures}))
	}
	cases, err := catalogue(o.seed)
	if err != nil {
		return err
	}
	var p *peer.Peer
	if !o.noPeer {
		if p, err = peer.Start(ctx, o.cache); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, p.Close()) }()
		fmt.Fprintf(out, "peer: LadybugDB %s, in memory\n", p.Version)
	}
	var all report
	for _, g := range graphs(o) {
		if err := contestOf(ctx, o, g, p, filepath.Join(dir, g.Name), cases, out, &all); err != nil {
			return fmt.Errorf("%s: %w", g.Name, err)
		}
	}
	if err := o.write(&all); err != nil {
		return err
	}
	return verdict(all.Queries)
}

// write writes what was measured where --report says.
func (o *options) write(all *report) error {
	if o.report == "" {
		return nil
	}
	b, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(o.report, append(b, '\n'), 0o644)
}

const fullSize = 100_000

func graphs(o *options) []*gen.Graph {
	n := fullSize
	if o.small {
		n = 2_000
	}
	return []*gen.Graph{gen.Social(n, o.seed), gen.Pokec(n, o.seed)}
}

// contestOf loads one graph everywhere, and runs its cases.
func contestOf(ctx context.Context, o *options, g *gen.Graph, p *peer.Peer, dir string, cases []*testCase, out io.Writer, all *report) (err error) {
	c := &contest{g: g, peer: p, files: filepath.Join(dir, "files"), r: rand.New(rand.NewPCG(o.seed, 77))}
	if err := os.MkdirAll(c.files, 0o755); err != nil {
		return err
	}
	size, err := g.WriteCSV(c.files)
	if err != nil {
		return err
	}
	loaded, err := c.loadAll(ctx, dir)
	if err != nil {
		return err
	}
	closed := false
	defer func() {
		if !closed {
			err = errors.Join(err, c.db.Close())
		}
	}()
	fmt.Fprintf(out, "\n%s: %d relationships, %.1f MB of CSV\n", g.Name, g.Edges(), float64(size)/1e6)
	printHead(out)
	for _, r := range loaded {
		printRow(out, r)
	}
	all.Queries = append(all.Queries, loaded...)
	for _, k := range cases {
		if k.graph != g.Name || !o.queries.MatchString(k.name) || o.base && k.variant != "" {
			continue
		}
		r := c.run(ctx, k, o.runs)
		printRow(out, r)
		all.Queries = append(all.Queries, r)
	}
	if g.Name == "social" {
		closed = true
		figures, err := c.figures(ctx, o, dir, cases, out)
		all.Figures = append(all.Figures, figures...)
		if err != nil {
			return err
		}
	}
	if p != nil {
		return p.CloseStore(g.Name)
	}
	return nil
}

func printHead(out io.Writer) {
	fmt.Fprintf(out, "%-38s %-9s %10s %10s %10s %7s %6s %8s\n", "query", "variant", "ours ms", "best", "peer ms", "ratio", "at most", "aim ms")
}

func printRow(out io.Writer, o outcome) {
	var marks []string
	if o.Ratio > o.Target {
		marks = append(marks, "SLOWER")
	}
	if o.Aim > 0 && o.Ours > o.Aim {
		marks = append(marks, "misses its aim")
	}
	if o.Walks && o.Peer > 0 {
		marks = append(marks, "walks")
	}
	if o.Note != "" {
		marks = append(marks, o.Note)
	}
	if o.Wrong != "" {
		marks = append(marks, "WRONG: "+o.Wrong)
	}
	number := func(x float64) string {
		if x == 0 {
			return "-"
		}
		return fmt.Sprintf("%.3f", x)
	}
	fmt.Fprintf(out, "%-38s %-9s %10s %10s %10s %7s %6s %8s  %s\n", o.Query, o.Variant, number(o.Ours), number(o.Best), number(o.Peer),
		number(o.Ratio), number(o.Target), number(o.Aim), strings.Join(marks, "; "))
}

// verdict fails where an answer was wrong.
func verdict(all []outcome) error {
	var wrong []string
	for _, o := range all {
		if o.Wrong != "" {
			wrong = append(wrong, strings.TrimSpace(o.Query+" "+o.Variant))
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("wrong answers: %s", strings.Join(wrong, ", "))
	}
	return nil
}
