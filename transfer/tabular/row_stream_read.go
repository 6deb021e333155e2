package tabular

import (
	"io"

	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
)

// ReadRowStream reads what a RowStream wrote: each gets the columns of a batch, which
// are valid until it returns. It believes the lengths that the stream tells, so it is for
// answers of one's own server, and not for files.
func ReadRowStream(in io.Reader, each func(cols []column.Vector, n int) error) error {
	r, err := ipc.NewReader(in)
	if err != nil {
		return status.Errorf(status.MalformedFile, "no stream of Arrow batches: %w", err)
	}
	defer r.Release()
	fields := r.Schema().Fields()
	meta, cols := make([]parquetColumn, len(fields)), make([]column.Vector, len(fields))
	for i, f := range fields {
		if meta[i].kind, meta[i].unit = arrowKind(f.Type); meta[i].kind == Null {
			return status.Errorf(status.NotYet, "column %q is of a type that is not read yet: %s", f.Name, f.Type)
		}
	}
	var f arrowFile
	for r.Next() {
		rec := r.RecordBatch()
		n := int(rec.NumRows())
		for i := range cols {
			f.take(rec.Column(i), &meta[i], 0, n, &cols[i])
		}
		if err := each(cols, n); err != nil {
			return err
		}
	}
	if err := r.Err(); err != nil && err != io.EOF {
		return status.Errorf(status.MalformedFile, "a stream of Arrow batches broke off: %w", err)
	}
	return nil
}
