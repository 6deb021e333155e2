package tabular

import (
	"bytes"
	"context"
	"sync"

	"github.com/kadedb/kadedb/status"
)

// Table is an open file. Its reads may run one after the other.
type Table struct {
	in      Input
	o       Options
	cols    []Column
	format  format
	bytesOf int64
	packed  *packed // nil: not compressed
}

// format is what differs between kinds of files.
type format interface {
	// produce calls give with chunks whose content parse makes, in order, until the end.
	produce(ctx context.Context, wants []Want, give func(c *Chunk) error, fresh func() *Chunk) error
	// parse makes the vectors of a chunk. It runs in any goroutine.
	parse(c *Chunk, wants []Want) error
	// rows returns how many rows there are, if the file says.
	rows() int64
}

// Open reads a file's header, and a sample of CSV and JSON Lines. gzip and zstd are
// unpacked. Without a format in o, what begins with Parquet's or Arrow's mark is one
// of those, what begins with a brace is JSON Lines, and all else is CSV.
func Open(in Input, o Options) (*Table, error) {
	o.fill()
	t := &Table{o: o, bytesOf: in.Size}
	var err error
	if t.in, t.packed, err = unpack(in, o.MaxRatio); err != nil {
		return nil, err
	}
	if err := t.detect(); err != nil {
		return nil, err
	}
	if t.packed != nil && (t.o.Format == Parquet || t.o.Format == Arrow) {
		return nil, status.Errorf(status.NotYet, "%s is a compressed %s file", in.Name, t.o.Format).
			WithHint("Unpack it; such files are compressed inside.")
	}
	if t.o.Format == CSV || t.o.Format == JSONLines {
		if err = notArray(t.in); err == nil {
			t.in, err = textOf(t.in)
		}
		if err != nil {
			return nil, err
		}
	}
	switch t.o.Format {
	case Parquet:
		err = t.openParquet()
	case Arrow:
		err = t.openArrow()
	case JSONLines:
		err = t.openJSON()
	default:
		err = t.openCSV()
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// detect finds the format by the first bytes.
func (t *Table) detect() error {
	if t.o.Format != Auto {
		return nil
	}
	head, err := t.head(64)
	if err != nil {
		return err
	}
	t.o.Format = CSV
	switch {
	case bytes.HasPrefix(head, []byte("PAR1")):
		t.o.Format = Parquet
	case bytes.HasPrefix(head, []byte("ARROW1")), bytes.HasPrefix(head, []byte("\xff\xff\xff\xff")):
		t.o.Format = Arrow
	case bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(head, bom), " \t\r\n"), []byte("{")):
		t.o.Format = JSONLines
	}
	return nil
}

// head returns the file's first n bytes, or as many as there are.
func (t *Table) head(n int64) ([]byte, error) { return Head(t.in, n) }

// Format returns the file's format.
func (t *Table) Format() Format { return t.o.Format }

// Name returns the name that errors give the file.
func (t *Table) Name() string { return t.in.Name }

// Size returns the file's length in bytes.
func (t *Table) Size() int64 { return t.bytesOf }

// Rows returns the number of rows where the file says, else -1.
func (t *Table) Rows() int64 { return t.format.rows() }

// Columns returns the columns in the file's order.
func (t *Table) Columns() []Column { return t.cols }

// Infer looks at every row and returns the columns with the narrowest kind of each;
// JSON Lines may get more columns.
func (t *Table) Infer(ctx context.Context) ([]Column, error) {
	var err error
	switch f := t.format.(type) {
	case *csvFile:
		err = f.infer(ctx)
	case *jsonFile:
		err = f.infer(ctx)
	}
	return t.cols, err
}

// job is a chunk on its way through a worker.
type job struct {
	c    *Chunk
	err  error
	done chan struct{}
}

// Read reads all rows. Chunks pass through work, several at a time and in any
// order, and then through take, one at a time and in order; either may be nil.
func (t *Table) Read(ctx context.Context, wants []Want, work, take func(*Chunk) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers := t.o.Workers
	queue, todo := make(chan *job, workers+1), make(chan *job, workers+1)
	free := sync.Pool{New: func() any { return new(Chunk) }}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for j := range todo {
				j.err = t.format.parse(j.c, wants)
				if j.err == nil && work != nil {
					j.err = work(j.c)
				}
				close(j.done)
			}
		})
	}
	var readErr error
	wg.Go(func() {
		defer close(queue)
		defer close(todo)
		readErr = t.format.produce(ctx, wants, func(c *Chunk) error {
			j := &job{c: c, done: make(chan struct{})}
			select {
			case queue <- j:
			case <-ctx.Done():
				return ctx.Err()
			}
			todo <- j
			return nil
		}, func() *Chunk {
			c := free.Get().(*Chunk)
			c.Rows, c.Bad, c.More, c.Short, c.Data, c.start, c.kept, c.keep = 0, c.Bad[:0], 0, 0, nil, nil, nil, t.o.KeepBad
			return c
		})
	})
	var err error
	for j := range queue {
		<-j.done
		if err == nil {
			err = j.err
		}
		if err == nil && take != nil {
			err = take(j.c)
		}
		if err != nil {
			cancel()
			continue
		}
		free.Put(j.c)
	}
	wg.Wait()
	if err == nil {
		err = readErr
	}
	if cerr := ctx.Err(); cerr != nil && err == cerr {
		err = status.Ended(ctx, "the reading of "+t.in.Name)
	}
	return err
}
