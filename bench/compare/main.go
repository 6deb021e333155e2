// Command compare runs the benchmarks of two revisions in turn and says where the working
// tree is worse than the old one:
//
//	go run ./bench/compare --old v0.3.0                    # 15 pairs of the query engine's benchmarks
//	go run ./bench/compare --old HEAD~20 --packages ./parser --bench Parse --pairs 30
//
// Each package's benchmarks are compiled once from a worktree of the old revision and once from
// the working tree, and the two programs take turns, so that what else the machine does falls on both.
// Bytes and allocations may grow by 5 %, times by 10 %; a time counts as worse only where the
// intervals that hold the medians with 95 % do not meet. The runs are kept as old.txt and new.txt for
// benchstat.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		stop()
		os.Exit(1)
	}
}

type options struct {
	old      string
	packages []string
	bench    string
	pairs    int
	time     string
	out      string
	built    bool
}

func parse(args []string) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("compare", flag.ContinueOnError)
	f.StringVar(&o.old, "old", "", "the revision to compare with, such as HEAD~10")
	packages := f.String("packages", "./query,./query/exec,./query/expr,./query/exec/group,./query/exec/aggregation,./graph/search,./parser",
		"packages with benchmarks, with commas between")
	f.StringVar(&o.bench, "bench", ".", "only benchmarks whose name matches this regular expression")
	f.IntVar(&o.pairs, "pairs", 15, "how often the two take turns")
	f.StringVar(&o.time, "time", "100ms", "how long a benchmark runs each time, or how often (20x)")
	f.StringVar(&o.out, "out", "", "folder for old.txt, new.txt, the old revision's sources and the programs (a temporary one)")
	f.BoolVar(&o.built, "built", false, "the programs are in --out already, from a run before with the same packages")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	o.packages = strings.Split(*packages, ",")
	if o.built && o.out == "" {
		return nil, errors.New("--built needs --out")
	}
	if o.old == "" || o.pairs < 1 || f.NArg() > 0 {
		return nil, errors.New("usage: compare --old REVISION [--packages …] [--bench …] [--pairs 15]")
	}
	return o, nil
}

// side is one of the two revisions.
type side struct {
	name  string
	dir   string // of the sources
	cpu   time.Duration
	runs  samples
	lines bytes.Buffer
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	o, err := parse(args)
	if err != nil {
		return err
	}
	kept := o.out != ""
	if !kept {
		if o.out, err = os.MkdirTemp("", "compare-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.out)) }()
	}
	if o.out, err = filepath.Abs(o.out); err != nil {
		return err
	}
	tree := filepath.Join(o.out, "tree")
	sides := []*side{{name: "old", dir: tree, runs: samples{}}, {name: "new", dir: ".", runs: samples{}}}
	if !o.built {
		if err := o.build(ctx, sides); err != nil {
			return err
		}
	}
	if !kept {
		defer func() {
			err = errors.Join(err, command(context.WithoutCancel(ctx), ".", "git", "worktree", "remove", "--force", tree))
		}()
	}
	return o.takeTurns(ctx, out, sides)
}

// build compiles the benchmarks of both revisions.
func (o *options) build(ctx context.Context, sides []*side) error {
	if err := command(ctx, ".", "git", "worktree", "add", "--detach", "--force", sides[0].dir, o.old); err != nil {
		return err
	}
	for _, s := range sides {
		for i, p := range o.packages {
			if err := command(ctx, s.dir, "go", "test", "-c", "-o", o.program(s, i), p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o *options) takeTurns(ctx context.Context, out io.Writer, sides []*side) error {
	for pair := range o.pairs {
		for i := range o.packages {
			for k := range sides {
				if err := o.measure(ctx, sides[(k+pair)%2], i); err != nil { // who is first changes
					return err
				}
			}
		}
		fmt.Fprintf(os.Stderr, "pair %d of %d\n", pair+1, o.pairs)
	}
	for _, s := range sides {
		if err := os.WriteFile(filepath.Join(o.out, s.name+".txt"), s.lines.Bytes(), 0o644); err != nil {
			return err
		}
	}
	worse := report(out, sides[0], sides[1])
	if worse > 0 {
		return fmt.Errorf("%d figures are worse", worse)
	}
	return nil
}

func (o *options) program(s *side, i int) string {
	return filepath.Join(o.out, s.name+strings.ReplaceAll(strings.TrimPrefix(o.packages[i], "."), "/", "-")+".test")
}

// measure runs the benchmarks of package i once.
func (o *options) measure(ctx context.Context, s *side, i int) error {
	cmd := exec.CommandContext(ctx, o.program(s, i), "-test.run", "^$", "-test.bench", o.bench, "-test.benchmem", "-test.benchtime", o.time)
	cmd.Dir = filepath.Join(s.dir, o.packages[i])
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s of the %s revision: %w\n%s", o.packages[i], s.name, err, text.String())
	}
	s.cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	s.lines.Write(text.Bytes())
	s.runs.add(o.packages[i], text.String())
	return nil
}

func command(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
