// Package transfer loads whole files into a graph, past log and overlay.
//
//	nodes.csv ─▶ rows by label set ─────────────────────▶ node groups, columns
//	              └ id ─▶ number (ids, one map a space) ─▶ key constraint
//	rels.csv ──▶ (number, number) ─sort, spill─▶ lists forward, table, columns
//	                                    └─sort, spill─▶ lists backward
//
// All that is read is checked before any of it counts: graph.Store.Import swaps the
// new blocks in at once or, after an error, a crash or a cancelled context, not at
// all. What exceeds the memory given is sorted in files.
//
//	sum, err := transfer.Import(ctx, store, transfer.Spec{
//		Nodes:         []transfer.File{{Name: "Airport", Path: "airports.csv"}},
//		IDs:           []transfer.ID{{Label: "Airport", Column: "iata"}},
//		Relationships: []transfer.File{{Name: "FLIGHT", Path: "flights.parquet"}},
//		From:          []transfer.End{{Type: "FLIGHT", Label: "Airport", Column: "origin"}},
//		To:            []transfer.End{{Type: "FLIGHT", Label: "Airport", Column: "destination"}},
//	})
//
// Rows are never merged: two equal rows are two relationships.
package transfer

import (
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/vfs"
)

// leastMemory is what an import can do with.
const leastMemory = 64 << 10

// File is a file of nodes, named by their label or labels (A:B), or of relationships,
// named by their type. Name is "" where a column of the file says it.
type File struct{ Name, Path string }

// ID says which column of the nodes with a label identifies them.
type ID struct{ Label, Column string }

// End says that a column of relationships of a type holds ids of nodes with a label.
type End struct{ Type, Label, Column string }

// Spec says what to import. The zero value of each other field is its default.
type Spec struct {
	Nodes         []File
	IDs           []ID
	Relationships []File
	From, To      []End

	Delimiter byte     // between fields of CSV: found in the header
	ListDelim byte     // between elements of a list in a field (';')
	LineLimit int      // bytes of one CSV record (4 MiB)
	Nulls     []string // what else an unquoted field of CSV holds that is no property, such as NA
	SkipBad   bool     // import the other rows where some are bad
	Strict    bool     // stop at the first bad row; one shorter than the header is bad too
	MaxRatio  int64    // most bytes out of one byte of a compressed file; 0: no limit
	Update    bool     // nodes that exist get the file's properties
	DryRun    bool     // read and check everything, and leave the store as it is

	Memory  int64          // bytes for sorting and for ids (256 MiB)
	Budget  *memory.Budget // where they count
	TempDir string         // of files for what is more
	FS      vfs.FS         // of those files (vfs.OS)
	Workers int            // goroutines that parse (2)

	// Open opens a file by its path; nil is the machine's file system.
	Open func(path string) (io.ReaderAt, int64, io.Closer, error)
	// Stdin is what the path "-" reads; it is kept in a temporary file meanwhile.
	Stdin io.Reader
	// BadRow is told every bad row, with its text where the file is one of text.
	BadRow func(BadRow) error
	// Looked is called when all rows were looked at, before anything counts: what BadRow
	// keeps should be safe then.
	Looked func() error
	// Planned is told what was found before anything is read or written, and again of files
	// whose later rows show other types than the first.
	Planned func(p *Plan) error
	// Progress is called now and then, from one goroutine.
	Progress func(p Progress)
	// Notice is told what the user should know but need not act on.
	Notice func(text string)

	opens  bool              // Open is the caller's
	folder bool              // files are those of an export, of which there may be none
	below  map[string]string // by path: the folder that a file must be in, without a link
	lookUp bool              // ids of the store are looked up in its indexes, few as they are; for tests
}

// Progress is how far an import is.
type Progress struct {
	Stage       string  // what is read or written
	Rows        int64   // of this stage so far
	Rate        float64 // rows a second
	Done, Total int64   // of the whole, in a measure of its own
	Elapsed     time.Duration
}

// Summary says what an import did.
type Summary struct {
	Nodes, Relationships, Updated int64
	Bad                           Bad
	Blocks, Bytes                 int64 // written
	Spilled                       int64 // bytes written to temporary files
	Read, Written                 time.Duration
}

// Bad counts rows that were left out.
type Bad struct {
	Count int64
	First []BadRow // the first hundred
}

// BadRow is a row that was left out, and why.
type BadRow struct {
	File   string
	Line   int64 // in a Parquet or Arrow file: row
	Code   status.Code
	Reason string
	Text   string // of the row, for Spec.BadRow
}

const maxBadShown = 100

func (b *Bad) add(r BadRow) {
	b.Count++
	if len(b.First) < maxBadShown {
		r.Text = ""
		b.First = append(b.First, r)
	}
}

// ParseFile reads NAME=PATH or PATH.
func ParseFile(s string) (File, error) {
	name, path, ok := strings.Cut(s, "=")
	if !ok {
		name, path = "", s
	}
	if path == "" {
		return File{}, status.Errorf(status.InvalidUsage, "%q names no file", s).WithHint("Write NAME=FILE, such as Person=people.csv.")
	}
	return File{name, path}, nil
}

// ParseID reads LABEL:COLUMN.
func ParseID(s string) (ID, error) {
	label, col, ok := strings.Cut(s, ":")
	if !ok || label == "" || col == "" {
		return ID{}, status.Errorf(status.InvalidUsage, "%q is not LABEL:COLUMN", s).WithHint("Such as Person:id.")
	}
	return ID{label, col}, nil
}

// ParseEnd reads TYPE:LABEL:COLUMN.
func ParseEnd(s string) (End, error) {
	p := strings.SplitN(s, ":", 3)
	if len(p) != 3 || p[0] == "" || p[1] == "" || p[2] == "" {
		return End{}, status.Errorf(status.InvalidUsage, "%q is not TYPE:LABEL:COLUMN", s).WithHint("Such as KNOWS:Person:id1.")
	}
	return End{p[0], p[1], p[2]}, nil
}

func (s *Spec) fill() {
	if s.Memory <= 0 {
		s.Memory = 256 << 20
	}
	s.Memory = max(s.Memory, leastMemory)
	if s.FS == nil {
		s.FS = vfs.OS
	}
	if s.TempDir == "" {
		s.TempDir = os.TempDir()
	}
	if s.opens = s.Open != nil; !s.opens {
		s.Open = openFile
	}
	if s.Notice == nil {
		s.Notice = func(string) {}
	}
	if s.Progress == nil {
		s.Progress = func(Progress) {}
	}
}

// openFile opens a file that can be read more than once. It looks before it opens: opening a
// named pipe would wait for somebody to write to it.
func openFile(path string) (io.ReaderAt, int64, io.Closer, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil: // as opening it will tell
	case info.IsDir():
		return nil, 0, nil, fileError(path, errors.New("it is a folder"))
	case !info.Mode().IsRegular():
		return nil, 0, nil, status.Errorf(status.FileNotFound, "%s cannot be read: it is no regular file", path).
			WithHint("Give what a pipe holds to standard input, and name that -.")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, nil, fileError(path, err)
	}
	if info, err = f.Stat(); err != nil {
		return nil, 0, nil, fileError(path, errorOf(err, f.Close()))
	}
	return f, info.Size(), f, nil
}

func fileError(path string, err error) error {
	return status.Errorf(status.FileNotFound, "%s cannot be read: %w", path, err)
}

// errorOf is err, unless there is none.
func errorOf(err, other error) error {
	if err != nil {
		return err
	}
	return other
}
