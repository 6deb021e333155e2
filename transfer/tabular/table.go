package tabular

import (
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

// Open reads a file's header, and a sample of a CSV file. What begins with Parquet's
// mark is read as Parquet, all else as CSV.
func Open(in Input, o Options) (*Table, error) {
	o.fill()
	t := &Table{in: in, o: o, bytesOf: in.Size}
	var magic [4]byte
	if in.Size >= 4 {
		if _, err := in.R.ReadAt(magic[:], 0); err != nil {
			return nil, status.Errorf(status.DiskError, "%s: %w", in.Name, err)
		}
	}
	var err error
	if string(magic[:]) == "PAR1" {
		err = t.openParquet()
	} else {
		err = t.openCSV()
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Name returns the name that errors give the file.
func (t *Table) Name() string { return t.in.Name }

// Size returns the file's length in bytes.
func (t *Table) Size() int64 { return t.bytesOf }

// Rows returns the number of rows where the file says, else -1.
func (t *Table) Rows() int64 { return t.format.rows() }

// Columns returns the columns in the file's order.
func (t *Table) Columns() []Column { return t.cols }

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
			c.Rows, c.Bad, c.More, c.Data, c.start, c.kept = 0, c.Bad[:0], 0, nil, nil, nil
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
		err = status.Errorf(status.Cancelled, "reading %s was stopped: %w", t.in.Name, cerr)
	}
	return err
}
