// Package tabular reads and writes tables: CSV in its dialects, JSON Lines, Parquet and Arrow.
//
//	file ─(gzip, zstd)─splitter─▶ 1 MiB of whole records ─▶ workers ─▶ Chunk of typed vectors ─▶ in order, to take
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
	"strings"

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
	Point
	String
	Any // of each value's own kind
)

var kindNames = [...]string{"null", "boolean", "integer", "float", "date", "localdatetime", "datetime", "localtime", "time", "duration", "point", "string", "any"}

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
	Names  bool // a list of JSON is put into a column of strings as AppendNames does
	Some   bool // set in any: the caller does not mind keys of JSON Lines that Columns lacks
}

// Bad is a row that cannot be read.
type Bad struct {
	Line   int64 // in a Parquet file: row
	Code   status.Code
	Reason string
	Text   string // of the row, where Options.KeepBad asks for it and the format is text
}

// Chunk is a run of rows. It is valid until the function that it is given to returns.
type Chunk struct {
	Rows  int
	Cols  []column.Vector // by want; kinds without a vector type are boxed
	Bad   []Bad           // rows left out, the first maxBad of them
	More  int64           // bad rows beyond those
	Short int64           // rows with fewer fields than the header, the others being null
	Bytes int64           // of the file up to the end of the chunk
	Data  any             // work may leave something for take here

	data  []byte
	line  int64    // of data's first byte, or the number of the first row
	start []uint32 // by row: where its record begins in data; nil: line + row
	kept  []int32  // without start: the rows of the file's that are left
	keep  bool     // Options.KeepBad
	delim byte     // of CSV
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

func (c *Chunk) bad(line int64, code status.Code, reason, text string) {
	if !c.keep && len(c.Bad) >= maxBad {
		c.More++
		return
	}
	b := Bad{Line: line, Code: code, Reason: reason}
	if c.keep {
		b.Text = strings.Clone(strings.TrimRight(text, "\r\n"))
	}
	c.Bad = append(c.Bad, b)
}

// Text returns the text of a row of CSV or JSON Lines, "" of others.
func (c *Chunk) Text(row int) string {
	if c.start == nil {
		return ""
	}
	from := int(c.start[row])
	end, ok := len(c.data), true
	if c.delim != 0 {
		end, ok = recordEnd(c.data, from, c.delim)
	} else if n := bytes.IndexByte(c.data[from:], '\n'); n >= 0 {
		end = from + n
	}
	if !ok {
		end = len(c.data)
	}
	return string(bytes.TrimRight(c.data[from:end], "\r\n"))
}

var newline = []byte{'\n'}

// Misfit says that a cell does not fit the kind that its column was taken for, or
// that a row has a column that was not known.
type Misfit struct {
	Column int // -1: a new one
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
	Format    Format
	Delimiter byte // of CSV: found in the header
	ListDelim byte // between the elements of a list in a CSV cell (';')
	NoHeader  bool // CSV without names
	LineLimit int  // bytes of one record (4 MiB)
	ChunkSize int  // bytes of records handed to a worker at once (1 MiB)
	Workers   int  // goroutines that parse (2)

	Nulls    []string // what else an unquoted field of CSV holds that is null, such as NA
	KeepBad  bool     // tell every bad row, with its text
	Strict   bool     // a row with fewer fields than the header is bad
	MaxRatio int64    // most bytes that come out of one of a compressed file; 0: no limit
}

// Format is the format of a file.
type Format uint8

// The formats. Auto: told by the file's first bytes.
const (
	Auto Format = iota
	CSV
	JSONLines
	Parquet
	Arrow
)

var formatNames = [...]string{"auto", "csv", "jsonl", "parquet", "arrow"}

func (f Format) String() string { return formatNames[f] }

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
