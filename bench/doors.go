package main

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/kadedb/kadedb/bench/gen"
	"github.com/kadedb/kadedb/bench/server"
)

// runDoors measures what goes in and out alone: no queries, no peer.
func runDoors(ctx context.Context, o *options, out io.Writer, dir string) (figures []figure, err error) {
	n := fullSize
	if o.small {
		n = 2_000
	}
	c := &contest{g: gen.Social(n, o.seed), files: filepath.Join(dir, "files"), r: rand.New(rand.NewPCG(o.seed, 77))}
	if err := os.MkdirAll(c.files, 0o755); err != nil {
		return nil, err
	}
	if _, err := c.g.WriteCSV(c.files); err != nil {
		return nil, err
	}
	if _, err := c.loadOne(ctx, filepath.Join(dir, "store"), ".csv", true); err != nil {
		return nil, err
	}
	reads, _ := o.lengths()
	err = c.ownReads(ctx, reads)
	if err = errors.Join(err, c.db.Close()); err != nil {
		return nil, err
	}
	printFigures(out)
	return c.doorFigures(ctx, o, dir, out)
}

// doorFigures measures all doors, of the store in c.dir, which must be closed, and of sales.
func (c *contest) doorFigures(ctx context.Context, o *options, dir string, out io.Writer) (_ []figure, err error) {
	reads, length := o.lengths()
	binary := ""
	g := &gathering{o: o, out: out}
	step := func(name string, f func() ([]figure, error)) error {
		return g.step(name, func() (_ []figure, err error) {
			if binary == "" {
				if binary, err = server.Build(ctx, dir); err != nil {
					return nil, err
				}
			}
			return f()
		})
	}
	err = step("figures: rest", func() ([]figure, error) { return c.overREST(ctx, binary, reads/10, length) })
	if err != nil {
		return g.all, err
	}
	n := 10 * fullSize
	if o.small {
		n = 5_000
	}
	var s *sales
	err = step("figures: import", func() (out []figure, err error) {
		if s, err = newSales(binary, filepath.Join(dir, "sales"), n, o.seed); err != nil {
			return nil, err
		}
		return s.imports(ctx)
	})
	if err != nil || s == nil {
		return g.all, err
	}
	return g.all, errors.Join(
		step("figures: export", func() ([]figure, error) { return s.exports(ctx) }),
		step("figures: streams", func() ([]figure, error) { return s.streamed(ctx, 3*length) }),
		os.RemoveAll(s.dir))
}
