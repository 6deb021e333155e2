package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/transfer"
)

// storeOptions are those of every store here: the defaults, and warnings on stderr.
func storeOptions() *kadedb.Options {
	return &kadedb.Options{Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))}
}

// importInto imports the graph's files with the extension into the store.
func (c *contest) importInto(ctx context.Context, db *kadedb.DB, extension string) error {
	var s kadedb.ImportSpec
	for _, l := range c.g.Labels {
		s.Nodes = append(s.Nodes, transfer.File{Name: l.Name, Path: filepath.Join(c.files, l.Name+extension)})
		s.IDs = append(s.IDs, transfer.ID{Label: l.Name, Column: "id"})
	}
	for _, t := range c.g.Types {
		s.Relationships = append(s.Relationships, transfer.File{Name: t.Name, Path: filepath.Join(c.files, t.Name+extension)})
		s.From = append(s.From, transfer.End{Type: t.Name, Label: t.From.Name, Column: "from"})
		s.To = append(s.To, transfer.End{Type: t.Name, Label: t.To.Name, Column: "to"})
	}
	_, err := db.Import(ctx, s)
	return err
}

const loads = 3

// loadAll times loads of ours and the peer's in turn, each into a store of its own,
// and leaves the last of each. The peer keeps its in memory; ours are on disk and
// durable.
func (c *contest) loadAll(ctx context.Context, dir string) ([]outcome, error) {
	var csv, parquet, theirs []time.Duration
	for i := range loads {
		last := i == loads-1
		at := filepath.Join(dir, fmt.Sprintf("store-%d", i))
		took, err := c.loadOne(ctx, at, ".csv", last)
		if err != nil {
			return nil, err
		}
		if !last {
			err := os.RemoveAll(c.loaded)
			if c.loaded = at; err != nil {
				return nil, err
			}
		}
		csv = append(csv, took)
		if c.peer == nil {
			continue
		}
		took, err = c.peer.Load(c.g, c.g.Name, c.files)
		if err != nil {
			return nil, err
		}
		theirs = append(theirs, took)
		if i == 0 {
			if err := c.peer.WriteParquet(c.g, c.g.Name, c.files); err != nil {
				return nil, err
			}
		}
		if took, err = c.loadOne(ctx, at+"-parquet", ".parquet", false); err != nil {
			return nil, err
		}
		if err := os.RemoveAll(at + "-parquet"); err != nil {
			return nil, err
		}
		parquet = append(parquet, took)
		if !last {
			if err := c.peer.CloseStore(c.g.Name); err != nil {
				return nil, err
			}
		}
	}
	var aim float64
	if c.g.Name == "social" && c.g.Label("Person").N == fullSize {
		aim = 800
	}
	out := []outcome{newOutcome("load CSV, durable", csv, theirs, 1, aim)}
	if c.peer != nil {
		out = append(out, newOutcome("load Parquet, durable", parquet, theirs, 1, aim))
	}
	return out, nil
}

func (c *contest) loadOne(ctx context.Context, dir, extension string, keep bool) (_ time.Duration, err error) {
	db, err := kadedb.Open(dir, storeOptions())
	if err != nil {
		return 0, err
	}
	start := time.Now()
	err = c.importInto(ctx, db, extension)
	took := time.Since(start)
	if err == nil && keep {
		c.db, c.dir = db, dir
		return took, nil
	}
	return took, errors.Join(err, db.Close())
}
