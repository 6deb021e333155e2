package transfer

import (
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/vfs"
	"github.com/kadedb/kadedb/transfer/tabular"
	"github.com/kadedb/kadedb/value"
)

// RowFile writes the rows of a query to a file. CSV and JSON Lines go out as they come;
// Parquet and Arrow need to know what a column holds before its first value, so rows
// wait in a temporary file until Close.
//
//	f, err := transfer.NewRowFile(w, transfer.ExportParquet, rows.Columns(), "")
//	for rows.Next() { err = f.Append(rows.Values()) }
//	err = f.Close()
type RowFile struct {
	out    io.Writer
	format tabular.Format
	cols   []string
	w      tabular.Writer // of formats that need no spool
	vecs   []column.Vector
	n      int

	spool   *spill
	buf     []byte
	frames  []rowFrame
	classes [][]*classSpan
}

type rowFrame struct {
	at, size int64
	rows     int
}

// Rows are the rows of a query.
type Rows interface {
	Columns() []string
	Next() bool
	Values() []value.Value
	Err() error
}

// WriteRows writes all of rows to a file, and returns how many there were.
func WriteRows(to io.Writer, rows Rows, f ExportFormat) (n int64, err error) {
	w, err := NewRowFile(to, f, rows.Columns(), "")
	if err != nil {
		return 0, err
	}
	for rows.Next() {
		if err := w.Append(rows.Values()); err != nil {
			return n, errors.Join(err, w.Abandon())
		}
		n++
	}
	if err := rows.Err(); err != nil {
		return n, errors.Join(err, w.Abandon())
	}
	return n, w.Close()
}

// NewRowFile begins a file. tempDir is where rows wait; "": the system's.
func NewRowFile(w io.Writer, f ExportFormat, columns []string, tempDir string) (*RowFile, error) {
	if f == ExportGraphML {
		return nil, status.Errorf(status.InvalidArgumentValue, "GraphML holds a graph, not the rows of a query").
			WithHint("Export the whole graph, or choose csv, jsonl, parquet or arrow.")
	}
	seen := map[string]bool{}
	for _, c := range columns {
		if seen[c] {
			return nil, status.Errorf(status.InvalidArgumentValue, "two columns are named %q", c).WithHint("Rename one with AS.")
		}
		seen[c] = true
	}
	r := &RowFile{out: w, format: f.tabular(), cols: columns, vecs: make([]column.Vector, len(columns))}
	if r.format == tabular.Parquet || r.format == tabular.Arrow {
		var spec Spec
		spec.TempDir = tempDir
		spec.fill()
		r.spool = &spill{fs: vfs.OS, name: path.Join(filepath.ToSlash(spec.TempDir), fmt.Sprintf("export-%d.tmp", time.Now().UnixNano()))}
		r.classes = make([][]*classSpan, len(columns))
		return r, nil
	}
	outs := make([]tabular.Out, len(columns))
	for i, c := range columns {
		outs[i] = tabular.Out{Name: c, Kind: tabular.Any, Plain: true, Cells: true}
	}
	var err error
	r.w, err = tabular.NewWriter(w, r.format, outs, ',', ';')
	r.reset()
	return r, err
}

func (r *RowFile) reset() {
	for i := range r.vecs {
		r.vecs[i].Reset(column.Any, column.BatchSize)
	}
	r.n = 0
}

// Append adds a row, whose values it keeps no longer than until it returns or the file
// is closed.
func (r *RowFile) Append(row []value.Value) error {
	if len(row) != len(r.cols) {
		return status.Errorf(status.Internal, "a row of %d values for %d columns", len(row), len(r.cols))
	}
	if r.w != nil {
		for i, v := range row {
			r.vecs[i].Anys[r.n] = v
		}
		if r.n++; r.n < column.BatchSize {
			return nil
		}
		return r.flush()
	}
	for i, v := range row {
		r.buf = value.Append(r.buf, v)
		if !v.IsNull() {
			r.classes[i] = noteClass(r.classes[i], v, r.format)
		}
	}
	if r.n++; len(r.buf) < 256<<10 && r.n < column.BatchSize {
		return nil
	}
	return r.put()
}

// noteClass adds the class of a value. Whole numbers among others are of their kind,
// so that a column is one; what else is mixed goes as JSON.
func noteClass(list []*classSpan, v value.Value, f tabular.Format) []*classSpan {
	c := tabular.ClassOf(v, f, ';')
	for _, have := range list {
		if have.class == c {
			have.span.Add(v)
			return list
		}
	}
	n := &classSpan{class: c}
	n.span.Add(v)
	return append(list, n)
}

func (r *RowFile) flush() error {
	n := r.n
	r.n = 0
	return r.w.Write(r.vecs, n)
}

// put puts the rows in memory away.
func (r *RowFile) put() error {
	if r.n == 0 {
		return nil
	}
	at, err := r.spool.write(r.buf)
	r.frames = append(r.frames, rowFrame{at, int64(len(r.buf)), r.n})
	r.buf, r.n = r.buf[:0], 0
	return err
}

// Close ends the file. After an error elsewhere, Abandon does without.
func (r *RowFile) Close() error {
	if r.w != nil {
		if err := r.flush(); err != nil {
			return err
		}
		return r.w.Close()
	}
	err := r.put()
	if err == nil {
		err = r.unspool()
	}
	return errorOf(err, r.spool.close())
}

// Abandon removes what is temporary; the file stays as it is.
func (r *RowFile) Abandon() error {
	if r.spool == nil {
		return nil
	}
	return r.spool.close()
}

// unspool writes all rows, once it is known what they hold.
func (r *RowFile) unspool() error {
	outs := make([]tabular.Out, len(r.cols))
	for i, name := range r.cols {
		outs[i] = tabular.Out{Name: name, Kind: tabular.String, Plain: true}
		switch list := r.classes[i]; {
		case len(list) == 1:
			outs[i].Kind = list[0].class.Kind
			outs[i].Fit(&list[0].span)
		case len(list) > 1 && onlyNumbers(list):
			outs[i].Kind = tabular.Float
		case len(list) > 1:
			outs[i].Kind = tabular.Any
		}
		outs[i].Plain = strings.IndexByte(name, ':') < 0
	}
	w, err := tabular.NewWriter(r.out, r.format, outs, ',', ';')
	if err != nil {
		return err
	}
	var boxed column.Vector
	cells := make([][]value.Value, len(r.cols))
	for _, f := range r.frames {
		b := make([]byte, f.size)
		if err := r.spool.read(b, f.at); err != nil {
			return err
		}
		for i := range cells {
			cells[i] = cells[i][:0]
		}
		for range f.rows {
			for i := range cells {
				v, rest, err := value.Decode(b)
				if err != nil {
					return err
				}
				b, cells[i] = rest, append(cells[i], v)
			}
		}
		for i := range cells {
			boxed.Type, boxed.Anys = column.Any, cells[i]
			for k, v := range cells[i] {
				if outs[i].Kind == tabular.Float && v.Kind() == value.KindInt {
					cells[i][k] = value.Float(float64(v.AsInt()))
				}
			}
			pick(&r.vecs[i], &boxed, f.rows, &outs[i], true, r.format, ';')
		}
		if err := w.Write(r.vecs, f.rows); err != nil {
			return err
		}
	}
	return w.Close()
}

func onlyNumbers(list []*classSpan) bool {
	for _, c := range list {
		if c.class.List || c.class.Kind != tabular.Int && c.class.Kind != tabular.Float {
			return false
		}
	}
	return true
}
