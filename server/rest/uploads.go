package rest

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"os"
	"path/filepath"

	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/vfs"
)

// maxImportFiles is how many files a form may hold.
const maxImportFiles = 1000

// uploads are the files that came, in temporary files of the store's folder.
type uploads struct {
	files map[string]*os.File
	most  int64 // bytes of all of them
	size  int64
}

// take keeps the rest of a form.
func (u *uploads) take(c *front.Call, form *multipart.Reader) error {
	dir := filepath.Join(c.DB.Dir(), "tmp")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return notKept(err)
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return malformedForm(err)
		}
		name := part.FormName()
		if name == "" || u.files[name] != nil || len(u.files) == maxImportFiles {
			return status.Errorf(status.MalformedRequest, "the part %.100q has no name, comes twice, or is one of more than %d files", name, maxImportFiles)
		}
		f, err := os.CreateTemp(dir, "upload-*")
		if err != nil {
			return notKept(err)
		}
		u.files[name] = f
		out := &diskWriter{f: f}
		n, err := io.Copy(out, io.LimitReader(part, u.most-u.size+1))
		u.size += n
		switch {
		case out.err != nil:
			return notKept(out.err)
		case err != nil:
			return malformedForm(err)
		case u.size > u.most:
			return status.Errorf(status.BodyLimit, "the files have more than %d bytes", u.most).
				WithHint("send less at once, pack it by gzip or zstd, or start the server with a larger --import-size")
		}
		if err := c.Context().Err(); err != nil {
			return err
		}
	}
}

func notKept(err error) error {
	if vfs.IsFull(err) {
		return status.Errorf(status.DiskFull, "uploads cannot be kept: %w", err).WithHint("make room below the store's tmp, or send less at once")
	}
	return status.Errorf(status.DiskError, "uploads cannot be kept: %w", err)
}

// diskWriter tells its own errors from those of the other side.
type diskWriter struct {
	f   *os.File
	err error
}

// Write is part of io.Writer.
func (d *diskWriter) Write(p []byte) (int, error) {
	n, err := d.f.Write(p)
	d.err = err
	return n, err
}

// open opens a file that came, and none of the machine's.
func (u *uploads) open(name string) (io.ReaderAt, int64, io.Closer, error) {
	f := u.files[name]
	if f == nil {
		return nil, 0, nil, status.Errorf(status.FileNotFound, "the form has no file %.100q", name).WithHint("send it as a part of that name")
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, nil, status.Errorf(status.DiskError, "an upload: %w", err)
	}
	return f, info.Size(), io.NopCloser(nil), nil
}

// close removes the files.
func (u *uploads) close() error {
	var err error
	for _, f := range u.files {
		err = errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	if err != nil {
		return status.Errorf(status.DiskError, "%s: %w", fmt.Sprintf("removing %d uploads", len(u.files)), err)
	}
	return nil
}
