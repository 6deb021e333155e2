package exec

import (
	"io"

	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// loadCSV gives a row for each record of a file. An empty field is null.
func (b *builder) loadCSV(n *plan.LoadCSV, lanes []lane) (runner, error) {
	sep := n.Terminator
	if sep == 0 {
		sep = ','
	}
	read := func(x *Context, from string, row func(value.Value, int64) error) (err error) {
		if x.OpenCSV == nil {
			return loadRefused(n.Pos)
		}
		file, err := x.OpenCSV(x.context(), from, sep)
		if err != nil {
			return at(err, n.Pos)
		}
		defer func() { err = closed(file, err) }()
		return readCSV(n, from, file, row)
	}
	return b.load(n.Input, loading{"LOAD CSV", n.From, n.Slot, n.Pos, read, n.Line, n.File}, n.Live, lanes)
}

func readCSV(n *plan.LoadCSV, from string, file CSV, row func(value.Value, int64) error) error {
	record := csvList
	if n.Headers {
		header, err := csvHeader(n, from, file)
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		record = header.row
	}
	for {
		rec, err := file.Next()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		line := int64(0)
		if n.Line != plan.NoSlot {
			line = file.Line()
		}
		if err := row(record(rec), line); err != nil {
			return err
		}
	}
}

// csvColumns are the columns that have a name, and where they stand. Delimiters at the end of
// lines make columns without one.
type csvColumns struct {
	names []string
	at    []int
}

// csvHeader reads a file's first line.
func csvHeader(n *plan.LoadCSV, from string, file CSV) (h csvColumns, err error) {
	rec, err := file.Next()
	if err != nil {
		return h, err
	}
	for i, name := range rec {
		if name != "" {
			h.names, h.at = append(h.names, name), append(h.at, i)
		}
	}
	if twice := repeated(h.names); twice != "" {
		return h, status.Errorf(status.MalformedFile, "%s:1: two columns are named %q, so that a row's map cannot hold both", from, twice).
			WithHint("rename one, or read the file without HEADERS, as lists").In(status.Runtime).At(n.Pos)
	}
	return h, nil
}

// repeated returns a name that is there twice, or "".
func repeated(names []string) string {
	seen := make(map[string]bool, len(names))
	for _, n := range names {
		if seen[n] {
			return n
		}
		seen[n] = true
	}
	return ""
}

func (h csvColumns) row(rec []string) value.Value {
	m := &value.Map{Keys: h.names, Vals: make([]value.Value, len(h.names))}
	for i, at := range h.at {
		m.Vals[i] = csvField(rec, at)
	}
	return value.FromMap(m)
}

func csvList(rec []string) value.Value {
	vals := make([]value.Value, len(rec))
	for i := range rec {
		vals[i] = csvField(rec, i)
	}
	return value.List(vals...)
}

func csvField(rec []string, i int) value.Value {
	if i >= len(rec) || rec[i] == "" {
		return value.Null
	}
	return value.String(rec[i])
}
