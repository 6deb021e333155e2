package main

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/cmd/kadedb/render"
	"github.com/kadedb/kadedb/wire"
)

// printable replaces what could steer a terminal.
func printable(s string) string { return render.Printable(s) }

// formatHelp describes --format.
func formatHelp() string { return "one of " + strings.Join(render.Formats(), ", ") }

// renderOptions fits a format to where our output goes.
func (a *app) renderOptions(format string) render.Options {
	o := render.Options{Format: format}
	f, ok := a.out.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return o
	}
	o.Width = 80
	if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
		o.Width = w
	}
	dumb := a.env("TERM") == "dumb"
	o.Color, o.ASCII = !dumb && a.env("NO_COLOR") == "", dumb
	return o
}

func effects(s *kadedb.Summary) []wire.Counter {
	return []wire.Counter{
		{Name: "nodes_created", N: s.NodesCreated}, {Name: "nodes_deleted", N: s.NodesDeleted},
		{Name: "relationships_created", N: s.RelationshipsCreated}, {Name: "relationships_deleted", N: s.RelationshipsDeleted},
		{Name: "properties_set", N: s.PropertiesSet}, {Name: "labels_added", N: s.LabelsAdded}, {Name: "labels_removed", N: s.LabelsRemoved},
		{Name: "indexes_added", N: s.IndexesAdded}, {Name: "indexes_removed", N: s.IndexesRemoved},
		{Name: "constraints_added", N: s.ConstraintsAdded}, {Name: "constraints_removed", N: s.ConstraintsRemoved},
		{Name: "spilled_bytes", N: s.Spilled},
	}
}

// sayReport tells what a statement did.
func (a *app) sayReport(rows int64, r wire.Report) {
	if r.Plan != "" {
		a.say("%s", strings.TrimRight(printable(r.Plan), "\n"))
	}
	for _, n := range r.Notices {
		a.say("note: %s", printable(n))
	}
	var parts []string
	if word := "rows"; rows != 1 {
		parts = append(parts, fmt.Sprintf("%d %s", rows, word))
	} else {
		parts = append(parts, "1 row")
	}
	for _, c := range r.Counters {
		if c.N != 0 && c.Name != "rows" && c.Name != "peak_memory_bytes" {
			parts = append(parts, fmt.Sprintf("%s %d", strings.ReplaceAll(c.Name, "_", " "), c.N))
		}
	}
	a.say("%s (%.1f ms)", strings.Join(parts, ", "), float64(r.Elapsed.Microseconds())/1000)
}
