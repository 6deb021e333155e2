// Package tabular reads tables: CSV in its dialects, and Parquet.
//
//	file ─splitter─▶ 1 MiB of whole records ─▶ workers ─▶ Chunk of typed vectors ─▶ in order, to take
//
//	t, err := tabular.Open(input, tabular.Options{})
//	t.Columns()                    // names, and kinds inferred from a sample
//	err = t.Read(ctx, wants, work, take)
//
// Kinds are inferred from a sample and hold for every row: a cell that does not fit
// ends Read with a *Misfit, after which Infer looks at the whole file. Where the caller
// has declared a kind, such a row is bad: it is reported and left out. Memory is
// bounded by the chunks under way, whatever the file says of itself.
//
// The package knows no graph: see transfer.
package tabular

import (
	"bytes"
	"io"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
)

// Kind is what the cells of a column hold.
type Kind uint8

// The kinds. Null: no value was seen.
const (
	Null Kind = iota
	Bool
	Int
	Float
	Date
	LocalDateTime
	DateTime
	LocalTime
	Time
	Duration
	String
)

var kindNames = [...]string{"null", "boolean", "integer", "float", "date", "localdatetime", "datetime", "localtime", "time", "duration", "string"}

func (k Kind) String() string { return kindNames[k] }

// Column describes a column of a table.
type Column struct {
	Name  string
	Kind  Kind
	List  bool // of Kind
	Fixed bool // the format says the kind: no row has another
}

// Want asks for a column.
type Want struct {
	Column int // place in Columns
	Kind   Kind
	List   bool
	Fixed  bool // a cell of another kind makes its row bad; otherwise it is a Misfit
}

// Bad is a row that cannot be read.
type Bad struct {
	Line   int64 // in a Parquet file: row
	Code   status.Code
	Reason string
}

// Chunk is a run of rows. It is valid until the function that it is given to returns.
type Chunk struct {
	Rows  int
	Cols  []column.Vector // by want; kinds without a vector type are boxed
	Bad   []Bad           // rows left out, the first maxBad of them
	More  int64           // bad rows beyond those
	Bytes int64           // of the file up to the end of the chunk
	Data  any             // work may leave something for take here

	data  []byte
	line  int64    // of data's first byte, or the number of the first row
	start []uint32 // by row: where its record begins in data; nil: line + row
	kept  []int32  // without start: the rows of the file's that are left
}

// maxBad is how many bad rows of a chunk are described.
const maxBad = 100

// Line returns the line on which a row begins (in a Parquet file the row's number).
func (c *Chunk) Line(row int) int64 {
	if c.start == nil {
		if c.kept != nil {
			row = int(c.kept[row])
		}
		return c.line + int64(row)
	}
	return c.line + int64(bytes.Count(c.data[:c.start[row]], newline))
}

func (c *Chunk) bad(line int64, code status.Code, reason string) {
	if len(c.Bad) >= maxBad {
		c.More++
		return
	}
	c.Bad = append(c.Bad, Bad{line, code, reason})
}

var newline = []byte{'\n'}

// Misfit says that a cell does not fit the kind that its column was taken for.
type Misfit struct {
	Column int
	Line   int64
}

func (m *Misfit) Error() string { return "a cell does not fit its column's inferred kind" }

// Input is a file's content.
type Input struct {
	Name string // for errors
	R    io.ReaderAt
	Size int64
}

// Options say how to read. The zero value of each field is its default.
type Options struct {
	Delimiter byte // of CSV: found in the header
	ListDelim byte // between the elements of a list in a CSV cell (';')
	NoHeader  bool // CSV without names
	LineLimit int  // bytes of one record (4 MiB)
	ChunkSize int  // bytes of records handed to a worker at once (1 MiB)
	Workers   int  // goroutines that parse (2)
}

func (o *Options) fill() {
	if o.ListDelim == 0 {
		o.ListDelim = ';'
	}
	if o.LineLimit <= 0 {
		o.LineLimit = 4 << 20
	}
	if o.ChunkSize <= 0 {
		o.ChunkSize = 1 << 20
	}
	if o.Workers <= 0 {
		o.Workers = 2
	}
}
