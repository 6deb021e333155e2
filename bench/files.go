package main

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/kadedb/kadedb/bench/gen"
	"github.com/kadedb/kadedb/transfer/tabular"
	"github.com/kadedb/kadedb/value"
)

// What goes in from files and out to them, by the real command: bytes for each second
// that its process computed, from its start to its end.

// process runs the command and returns the seconds that it computed, and the most
// anonymous memory that it held.
func process(ctx context.Context, binary string, args ...string) (cpu float64, peak int64, err error) {
	cmd := exec.CommandContext(ctx, binary, args...)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	w := watch(cmd.Process.Pid)
	err = cmd.Wait()
	w.end()
	if err != nil {
		return 0, 0, fmt.Errorf("%s %s: %w\n%s", filepath.Base(binary), strings.Join(args, " "), err, said.String())
	}
	s := cmd.ProcessState
	return max((s.UserTime() + s.SystemTime()).Seconds(), 0.001), w.take(), nil
}

// fileRuns is how often each import and export is run; the best counts, as what others
// do on the machine only takes away.
const fileRuns = 3

// best is process with what before prepares, several times.
func best(ctx context.Context, binary string, before func() error, args ...string) (cpu float64, peak int64, err error) {
	for i := range fileRuns {
		if err := before(); err != nil {
			return 0, 0, err
		}
		took, held, err := process(ctx, binary, args...)
		if err != nil {
			return 0, 0, err
		}
		if peak = max(peak, held); i == 0 || took < cpu {
			cpu = took
		}
	}
	return cpu, peak, nil
}

// sales is the sales as files and as a store.
type sales struct {
	gen.Sales
	binary, dir     string // the command, and the folder of files
	nodes, rels     int64  // bytes of the files
	store           string // after imports
	nodeArg, relArg []string
}

func newSales(binary, dir string, n int, seed uint64) (*sales, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	s := &sales{Sales: gen.Sales{N: n, Seed: seed}, binary: binary, dir: dir, store: filepath.Join(dir, "store")}
	s.nodeArg = []string{"--nodes", "Sale=" + filepath.Join(dir, "sales.jsonl"), "--id", "Sale:id"}
	s.relArg = []string{"--relationships", "FOLLOWED_BY=" + filepath.Join(dir, "followed.jsonl"), "--from", "FOLLOWED_BY:Sale:from", "--to", "FOLLOWED_BY:Sale:to"}
	var err error
	s.nodes, s.rels, err = s.Write(dir)
	return s, err
}

// imports measures imports of JSON Lines, and leaves the store of the last.
func (s *sales) imports(ctx context.Context) (out []figure, err error) {
	packed := filepath.Join(s.dir, "sales.jsonl.gz")
	if err := pack(packed, filepath.Join(s.dir, "sales.jsonl")); err != nil {
		return nil, err
	}
	for _, k := range []struct {
		name string
		args []string
		size int64
		aim  float64
	}{
		{"nodes", s.nodeArg, s.nodes, 150},
		{"nodes, gzip", []string{"--nodes", "Sale=" + packed, "--id", "Sale:id"}, s.nodes, 0},
		{"nodes and relationships", append(append([]string(nil), s.nodeArg...), s.relArg...), s.nodes + s.rels, 150},
	} {
		cpu, peak, err := best(ctx, s.binary, func() error { return os.RemoveAll(s.store) }, append([]string{"import", "--data", s.store, "--quiet"}, k.args...)...)
		if err != nil {
			return out, err
		}
		out = append(out, figure{Name: "import of JSON Lines, " + k.name, Value: float64(k.size) / 1e6 / cpu, Unit: "MB/s/core", Aim: k.aim, Least: true,
			Note: fmt.Sprintf("%.1f MB of text, %.2f s computed by the process, durable; %.0f MiB held", float64(k.size)/1e6, cpu, float64(peak)/(1<<20))})
	}
	return out, os.Remove(packed)
}

func pack(to, from string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, err := gzip.NewWriterLevel(f, gzip.BestSpeed)
	if err != nil {
		return err
	}
	if _, err := io.Copy(z, in); err != nil {
		return err
	}
	return z.Close()
}

// exports measures the export of the whole store to Parquet. Its rate is that of the
// columns as Arrow would hold them in memory, uncompressed.
func (s *sales) exports(ctx context.Context) ([]figure, error) {
	to := filepath.Join(s.dir, "out")
	cpu, peak, err := best(ctx, s.binary, func() error { return os.RemoveAll(to) }, "export", "--data", s.store, "--to", to, "--format", "parquet", "--quiet")
	if err != nil {
		return nil, err
	}
	var files, decoded int64
	for _, name := range []string{"nodes-Sale.parquet", "relationships-FOLLOWED_BY.parquet"} {
		size, memory, err := s.check(ctx, filepath.Join(to, name))
		if err != nil {
			return nil, err
		}
		files, decoded = files+size, decoded+memory
	}
	note := fmt.Sprintf("%.1f MB of columns, %.1f MB of files, %.2f s computed by the process; %.0f MiB held", float64(decoded)/1e6, float64(files)/1e6, cpu, float64(peak)/(1<<20))
	return []figure{
		{Name: "export to Parquet, bytes of Arrow's columns", Value: float64(decoded) / 1e6 / cpu, Unit: "MB/s/core", Aim: 200, Least: true, Note: note},
		{Name: "export to Parquet, bytes of the files", Value: float64(files) / 1e6 / cpu, Unit: "MB/s/core"},
	}, nil
}

// check reads a file of Parquet and compares it with what was imported: all rows of sales,
// of relationships their number and weights.
func (s *sales) check(ctx context.Context, path string) (size, arrow int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return 0, 0, err
	}
	t, err := tabular.Open(tabular.Input{Name: path, R: f, Size: info.Size()}, tabular.Options{})
	if err != nil {
		return 0, 0, err
	}
	at := map[string]int{}
	var wants []tabular.Want
	for i, c := range t.Columns() {
		at[c.Name] = i
		wants = append(wants, tabular.Want{Column: i, Kind: c.Kind, List: c.List})
	}
	var got checksum
	var weights, wantWeights float64
	_, nodes := at["buyer"]
	err = t.Read(ctx, wants, nil, func(c *tabular.Chunk) error {
		for i := range c.Cols {
			for r := range c.Rows {
				arrow += arrowBytes(c.Cols[i].Value(r), wants[i].Kind)
			}
		}
		for r := range c.Rows {
			cell := func(name string) value.Value { return c.Cols[at[name]].Value(r) }
			if !nodes {
				got.rows++
				weights += cell("weight").AsFloat()
				continue
			}
			got.row(cell("id"), cell("buyer"), cell("price"), cell("day"), cell("city"))
		}
		return nil
	})
	if err != nil {
		return 0, 0, err
	}
	want := &checksum{rows: int64(s.N)}
	if nodes {
		want = s.checksum()
	} else {
		for i := range s.N {
			wantWeights += s.Weight(i)
		}
	}
	if err := got.is(want); err != nil {
		return 0, 0, fmt.Errorf("%s: %w", path, err)
	}
	if !same(weights, wantWeights) {
		return 0, 0, fmt.Errorf("%s: weights sum up to %v instead of %v", path, weights, wantWeights)
	}
	return info.Size(), arrow, nil
}

// arrowBytes returns what a cell takes in Arrow: its value, the end of a text, and a bit
// that says that it is there.
func arrowBytes(v value.Value, k tabular.Kind) int64 {
	switch k {
	case tabular.Bool:
		return 0 // two bits
	case tabular.Date:
		return 4
	case tabular.String:
		if v.IsNull() {
			return 4
		}
		return 4 + int64(len(v.AsString()))
	}
	return 8
}
