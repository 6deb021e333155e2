package main

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer"
	"github.com/kadedb/kadedb/wire"
)

// rejectFile takes the rows that were left out, a JSON object a line. Without any there
// is no file.
type rejectFile struct {
	name string
	f    *os.File
	w    *bufio.Writer
	buf  []byte
}

// badRow is a row that was left out.
type badRow struct {
	file         string
	line         int64
	code, reason string
	text         string
}

func badRowOf(b transfer.BadRow) badRow {
	return badRow{b.File, b.Line, b.Code.Info().Name, b.Reason, b.Text}
}

func (r *rejectFile) add(b badRow) error {
	if r.f == nil {
		f, err := os.OpenFile(r.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, fs.ErrExist) {
			return rejectsThere(r.name)
		}
		if err != nil {
			return status.Errorf(status.DiskError, "bad rows cannot be kept: %w", err)
		}
		r.f, r.w = f, bufio.NewWriterSize(f, 64<<10)
	}
	l := wire.AppendString(append(r.buf[:0], `{"file":`...), b.file)
	l = strconv.AppendInt(append(l, `,"line":`...), b.line, 10)
	l = wire.AppendString(append(l, `,"code":`...), b.code)
	l = wire.AppendString(append(l, `,"reason":`...), b.reason)
	l = wire.AppendString(append(l, `,"row":`...), b.text)
	r.buf = append(l, "}\n"...)
	if _, err := r.w.Write(r.buf); err != nil {
		return status.Errorf(status.DiskError, "bad rows cannot be kept: %w", err)
	}
	return nil
}

// rejectsThere refuses to write over a file, which could be the one that is imported.
func rejectsThere(name string) error {
	return status.Errorf(status.InvalidUsage, "%s exists", printable(name)).WithHint("--skip-bad makes a file: name another, or remove this one")
}

// again empties the file: every row comes anew.
func (r *rejectFile) again() error {
	if r.f == nil {
		return nil
	}
	r.w.Reset(r.f)
	_, err := r.f.Seek(0, io.SeekStart)
	if err = errors.Join(err, r.f.Truncate(0)); err != nil {
		return status.Errorf(status.DiskError, "bad rows cannot be kept: %w", err)
	}
	return nil
}

// sync makes what was added last, before the other rows are imported.
func (r *rejectFile) sync() error {
	if r.f == nil {
		return nil
	}
	if err := errors.Join(r.w.Flush(), r.f.Sync()); err != nil {
		return status.Errorf(status.DiskError, "bad rows cannot be kept: %w", err)
	}
	return nil
}

func (r *rejectFile) close() error {
	if r.f == nil {
		return nil
	}
	if err := errors.Join(r.w.Flush(), r.f.Close()); err != nil {
		return status.Errorf(status.DiskError, "bad rows cannot be kept: %w", err)
	}
	return nil
}
