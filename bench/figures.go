package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/kadedb/kadedb"
)

func (c *contest) workers() int { return runtime.GOMAXPROCS(0) }

// gathering prints the figures of the steps that are asked for as they come, and keeps them.
type gathering struct {
	o   *options
	out io.Writer
	all []figure
}

func (g *gathering) step(name string, f func() ([]figure, error)) error {
	if !g.o.queries.MatchString(name) {
		return nil
	}
	got, err := f()
	for _, x := range got {
		fmt.Fprintln(g.out, x)
	}
	g.all = append(g.all, got...)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// figures measures what is not a query of the catalogue, on the social graph. It
// closes the store.
func (c *contest) figures(ctx context.Context, o *options, dir string, cases []*testCase, out io.Writer) (_ []figure, err error) {
	reads, length := o.lengths()
	printFigures(out)
	g := &gathering{o: o, out: out}
	step := g.step
	var theirs peerOnDisk
	if c.peer != nil && o.queries.MatchString("figures: peer") {
		if theirs, err = c.measurePeer(dir); err != nil {
			return nil, errors.Join(err, c.db.Close())
		}
	}
	one := func(f figure, err error) ([]figure, error) { return []figure{f}, err }
	open := func() error {
		return errors.Join(
			step("figures: point reads", func() ([]figure, error) { return c.pointReads(ctx, reads) }),
			step("figures: expand", func() ([]figure, error) { return c.expand(ctx, o.runs) }),
			step("figures: plans", func() ([]figure, error) { return one(c.planFigure(ctx, cases, out)) }),
			step("figures: checkpoint", func() ([]figure, error) { return c.checkpointOfFew(ctx) }),
			step("figures: sync", func() ([]figure, error) { return bareSync(dir, length/4) }),
			step("figures: durable", func() ([]figure, error) { return c.durable(ctx, length, theirs) }),
		)
	}
	err = errors.Join(open(), c.db.Checkpoint(ctx), c.db.Close())
	if err != nil {
		return g.all, err
	}
	err = errors.Join(
		step("figures: open", func() ([]figure, error) { return c.opened(ctx, theirs) }),
		step("figures: resident", func() ([]figure, error) { return c.resident(ctx) }),
		step("figures: disk", func() ([]figure, error) { return one(c.onDisk(ctx, filepath.Join(dir, "live"), theirs)) }),
	)
	doors, derr := c.doorFigures(ctx, o, dir, out)
	return append(g.all, doors...), errors.Join(err, derr)
}

// lengths returns how many point reads are timed, and for how long clients work.
func (o *options) lengths() (reads int, length time.Duration) {
	if o.small {
		return 5_000, 300 * time.Millisecond
	}
	return 100_000, 2 * time.Second
}

func printFigures(out io.Writer) {
	fmt.Fprintf(out, "\n%-52s %10s %-12s %10s %10s\n", "figure", "ours", "", "peer", "aim")
}

func (c *contest) durable(ctx context.Context, length time.Duration, theirs peerOnDisk) ([]figure, error) {
	one, err := c.durableWrites(ctx, 1, length)
	if err != nil {
		return nil, err
	}
	one[0].Peer = theirs.writes
	many, err := c.durableWrites(ctx, 12, length)
	if err != nil {
		return nil, err
	}
	return append(one, many...), c.checkKnows(ctx)
}

func (c *contest) planFigure(ctx context.Context, cases []*testCase, out io.Writer) (figure, error) {
	texts, differ, err := c.sameCosts(ctx, cases)
	f := figure{Name: "permuted patterns with another plan cost", Value: float64(len(differ)), Unit: "texts", Note: fmt.Sprintf("of %d", texts)}
	for _, d := range differ {
		fmt.Fprintln(out, "  permuted:", d)
	}
	if err == nil && len(differ) > 0 {
		err = fmt.Errorf("%d permuted texts have another plan cost", len(differ))
	}
	return f, err
}

// onDisk compares the live bytes of two new stores, one without relationships.
func (c *contest) onDisk(ctx context.Context, dir string, theirs peerOnDisk) (figure, error) {
	f := figure{Name: "live bytes on disk an edge", Unit: "bytes", Aim: 6}
	whole, err := c.liveBytes(ctx, c, dir)
	if err != nil {
		return f, err
	}
	alone := *c.g
	alone.Types = nil
	nodes, err := c.liveBytes(ctx, &contest{g: &alone, files: c.files}, dir)
	if err != nil {
		return f, err
	}
	if edges, err := c.imported(); err != nil {
		return f, err
	} else {
		f.Value = float64(whole-nodes) / float64(edges)
		f.Peer = float64(theirs.size) / float64(edges)
	}
	f.Note = fmt.Sprintf("%.1f MB, %.1f of them nodes, which the peer's include", float64(whole)/1e6, float64(nodes)/1e6)
	return f, nil
}

// imported counts the relationships in the files, which lack what was written since.
func (c *contest) imported() (n int, err error) {
	for _, t := range c.g.Types {
		b, err := os.ReadFile(filepath.Join(c.files, t.Name+".csv"))
		if err != nil {
			return 0, err
		}
		for _, x := range b {
			if x == '\n' {
				n++
			}
		}
		n-- // the header
	}
	return n, nil
}

func (c *contest) liveBytes(ctx context.Context, what *contest, dir string) (_ int64, err error) {
	db, err := kadedb.Open(dir, storeOptions())
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close(), os.RemoveAll(dir)) }()
	if err := what.importInto(ctx, db, ".csv"); err != nil {
		return 0, err
	}
	s := db.Stats().Store.KV
	return s.FileSize - s.FreeBytes, nil
}
