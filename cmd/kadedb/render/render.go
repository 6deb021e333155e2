// Package render writes the rows of statements for a person or a program.
//
//	w, err := render.New(os.Stdout, render.Options{Format: "table", Width: 80})
//	n, err := w.Write(rows)     // once a statement
//	err = w.Close()
//
// The forms for people (table, box, line, markdown) differ with the terminal: with
// Options.Width, tables are folded into it, and rows that do not fit even so are
// written a value a line. Without it (a pipe, a file) nothing is folded, cut or
// coloured. The forms for programs (csv, tsv, json, ndjson) never are. dot is a picture
// of the nodes, relationships and paths of all statements together, or of a plan.
//
// Rows are written as they come; table and box hold the first ones to find the
// widths of the columns. It reads none of these forms: see transfer/tabular.
package render

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

var formats = []string{"table", "box", "line", "markdown", "csv", "tsv", "json", "ndjson", "dot"}

// Formats returns the names that Options.Format takes.
func Formats() []string { return slices.Clone(formats) }

// Check returns an error for a format that there is not.
func Check(format string) error {
	if slices.Contains(formats, format) {
		return nil
	}
	return status.Errorf(status.InvalidUsage, "there is no format %q", format).WithHint("formats are %s", strings.Join(formats, ", "))
}

// Options say how rows are written.
type Options struct {
	Format string
	// Width is the number of columns of the terminal; 0 where there is none.
	Width int
	Color bool
	// ASCII draws lines with -, | and +, and other marks alike, for a terminal that knows
	// no others. What users store stays as it is.
	ASCII bool
	// Results is the number of statements whose rows will be written, where it is
	// known. With more than one, json is an array of their arrays.
	Results int
}

// mark returns a mark of ours as the terminal can draw it.
func (o *Options) mark(s string) string {
	if o.ASCII {
		return ASCII(s)
	}
	return s
}

// Rows are a statement's rows.
type Rows interface {
	Columns() []string
	Next() bool
	Values() []value.Value // valid until the next call of Next
	Close() error          // the error that ended the rows early, if any
}

// printer writes one statement's rows in one form.
type printer interface {
	row([]value.Value) error
	end() error // all rows were given
}

// Writer writes the rows of one statement after the other. It is for one goroutine.
type Writer struct {
	o      Options
	out    *bufio.Writer
	begun  int  // results
	tabled bool // one of them had columns
	dot    *dotPicture
}

// New returns a writer to out.
func New(out io.Writer, o Options) (*Writer, error) {
	if err := Check(o.Format); err != nil {
		return nil, err
	}
	return &Writer{o: o, out: bufio.NewWriterSize(out, 64<<10), dot: newDotPicture()}, nil
}

// Write writes a statement's rows, closes them, and returns how many it wrote and the
// first error. What it wrote before an error stays incomplete: json is no JSON then.
func (w *Writer) Write(rows Rows) (n int64, err error) {
	p := w.begin(rows.Columns())
	for rows.Next() {
		n++
		if err := p.row(rows.Values()); err != nil {
			return n, closeAfter(rows, err)
		}
	}
	if err := rows.Close(); err != nil {
		if ferr := w.out.Flush(); ferr != nil {
			return n, ferr
		}
		return n, err
	}
	if err := p.end(); err != nil {
		return n, err
	}
	return n, w.out.Flush()
}

// Close ends what all statements share. After an error of Write it is not called.
func (w *Writer) Close() error {
	if w.o.Format == "dot" {
		if err := w.dot.write(w.out); err != nil {
			return err
		}
	}
	if w.o.Format == "json" && w.o.Results > 1 {
		if _, err := w.out.WriteString("\n]\n"); err != nil {
			return err
		}
	}
	return w.out.Flush()
}

// begin starts a result.
func (w *Writer) begin(columns []string) printer {
	w.begun++
	switch w.o.Format {
	case "json":
		p := &jsonPrinter{w: w.out, columns: columns, suffix: "]\n"}
		if w.o.Results > 1 {
			p.prefix, p.suffix = ",\n", "]"
			if w.begun == 1 {
				p.prefix = "[\n"
			}
		}
		return p
	case "ndjson":
		return &ndjsonPrinter{w: w.out, columns: columns}
	case "dot":
		return dotPrinter{w.dot, len(columns) == 1 && columns[0] == "plan"}
	}
	if len(columns) == 0 {
		return nothing{}
	}
	between := ""
	if w.tabled && w.o.Width == 0 {
		between = "\n"
	}
	w.tabled = true
	switch w.o.Format {
	case "csv", "tsv":
		return newSeparated(w.out, columns, w.o.Format, between)
	case "line":
		return &linePrinter{w: w.out, columns: columns, o: w.o, between: between}
	case "markdown":
		return &markdownPrinter{w: w.out, columns: columns, between: between}
	}
	table := &tablePrinter{w: w.out, columns: columns, o: w.o, box: w.o.Format == "box", between: between}
	if (w.o.Width > 0 || w.o.ASCII) && len(columns) == 1 && columns[0] == "plan" {
		return &planPrinter{w: w.out, o: w.o, other: table}
	}
	return table
}

// closeAfter closes rows and returns the error that came before.
func closeAfter(rows Rows, err error) error {
	if cerr := rows.Close(); cerr != nil {
		return fmt.Errorf("%w (and then: %v)", err, cerr)
	}
	return err
}

// nothing is the printer of a statement without columns.
type nothing struct{}

func (nothing) row([]value.Value) error { return nil }
func (nothing) end() error              { return nil }
