package peer

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/kadedb/kadedb/bench/gen"
)

// Load makes the tables of g in the store of its name and copies them from dir, where
// g.WriteCSV has been. It returns the time of the copies.
func (p *Peer) Load(g *gen.Graph, store, dir string) (time.Duration, error) {
	var took time.Duration
	copyFrom := func(table string) error {
		r, err := p.Exec(store, fmt.Sprintf("COPY %s FROM %q (HEADER=true)", table, filepath.Join(dir, table+".csv")))
		took += r.Elapsed
		return err
	}
	for _, l := range g.Labels {
		var cols []string
		for _, c := range l.Columns {
			col := c.Name + " " + string(c.Kind)
			if c.Name == "id" {
				col += " PRIMARY KEY"
			}
			cols = append(cols, col)
		}
		if _, err := p.Exec(store, "CREATE NODE TABLE "+l.Name+"("+strings.Join(cols, ", ")+")"); err != nil {
			return 0, err
		}
		if err := copyFrom(l.Name); err != nil {
			return 0, err
		}
	}
	for _, t := range g.Types {
		if _, err := p.Exec(store, "CREATE REL TABLE "+t.Name+"(FROM "+t.From.Name+" TO "+t.To.Name+")"); err != nil {
			return 0, err
		}
		if err := copyFrom(t.Name); err != nil {
			return 0, err
		}
	}
	return took, nil
}

// WriteParquet writes what g.WriteCSV has written to dir as Parquet too, without the
// help of anything of ours.
func (p *Peer) WriteParquet(g *gen.Graph, store, dir string) error {
	var names []string
	for _, l := range g.Labels {
		names = append(names, l.Name)
	}
	for _, t := range g.Types {
		names = append(names, t.Name)
	}
	for _, n := range names {
		path := filepath.Join(dir, n)
		if _, err := p.Exec(store, fmt.Sprintf("COPY (LOAD FROM %q (HEADER=true) RETURN *) TO %q", path+".csv", path+".parquet")); err != nil {
			return err
		}
	}
	return nil
}
