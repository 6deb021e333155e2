package rest

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer"
	"github.com/kadedb/kadedb/value"
	"github.com/kadedb/kadedb/wire"
)

const (
	// partTime is how long the next piece of an upload may take to come.
	partTime = 30 * time.Second
	// maxImportSpec bounds the part that says what the files are, maxImportFiles how many come.
	maxImportSpec  = 1 << 20
	maxImportFiles = 1000
	// importRatio is how much may come out of one byte of a compressed file.
	importRatio = 100
	// importTries is how often an import is tried that other commits get in the way of.
	importTries = 5
)

// importFiles takes files of nodes and relationships, and imports them at once or not
// at all. The first part of the form, "spec", says what they are; each of the others is
// a file, named as the spec names it. They wait on the disk until all are there.
func importFiles(c *front.Call) (err error) {
	rc := http.NewResponseController(c.W)
	in, done, err := c.Unpack(&slowBody{Reader: c.R.Body, rc: rc})
	if err != nil {
		return err
	}
	defer done()
	// What the form leaves of the body is read by whoever answers.
	c.R.Body = io.NopCloser(in)
	form, err := c.R.MultipartReader()
	if err != nil {
		return status.Errorf(status.ContentTypeRefused, "the body is %q", c.R.Header.Get("Content-Type")).
			WithHint("send multipart/form-data: curl -F spec=@spec.json -F people.csv=@people.csv")
	}
	spec, err := importSpec(form)
	if err != nil {
		return err
	}
	up := &uploads{files: map[string]*os.File{}}
	defer func() { err = errors.Join(err, up.close()) }()
	if err := up.take(c, form); err != nil {
		return err
	}
	if err := rc.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return front.ErrGone
	}
	spec.Open, spec.MaxRatio = up.open, importRatio
	var notices []string
	spec.Notice = func(text string) {
		if len(notices) < 100 {
			notices = append(notices, text)
		}
	}
	var sum kadedb.ImportSummary
	for try := 1; ; try++ {
		notices = nil
		sum, err = c.DB.Import(c.Context(), spec)
		if status.CodeOf(err) != status.WriteConflict || try == importTries {
			break
		}
	}
	if err != nil {
		if len(sum.Bad.First) > 0 && status.CodeOf(err) == status.BadRows {
			b := sum.Bad.First[0]
			err = status.Errorf(status.BadRows, "bad rows: %d, the first is %s:%d: %s; nothing was imported", sum.Bad.Count, b.File, b.Line, b.Reason).
				WithHint("mend them, or set skip_bad to import the other rows")
		}
		return err
	}
	return answerWith(c, importedAs(&sum, notices))
}

func importedAs(sum *kadedb.ImportSummary, notices []string) *importAnswer {
	a := &importAnswer{Nodes: sum.Nodes, Relationships: sum.Relationships, Updated: sum.Updated, Bad: sum.Bad.Count, BadRows: []badRow{}, Notices: list(notices)}
	for _, r := range sum.Bad.First {
		a.BadRows = append(a.BadRows, badRow{File: r.File, Line: r.Line, Code: r.Code.Info().Name, Reason: r.Reason})
	}
	return a
}

// slowBody ends an upload that stops coming.
type slowBody struct {
	io.Reader
	rc *http.ResponseController
}

// Read is part of io.Reader.
func (s *slowBody) Read(p []byte) (int, error) {
	if err := s.rc.SetReadDeadline(time.Now().Add(partTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return s.Reader.Read(p)
}

func malformedForm(err error) error {
	if c := status.CodeOf(err); c == status.BodyLimit || c == status.MalformedRequest {
		return err // of its compression
	}
	return status.Errorf(status.MalformedRequest, "the form ended early, or is not sound: %w", err)
}

// importSpec reads the first part.
func importSpec(form *multipart.Reader) (spec kadedb.ImportSpec, err error) {
	part, err := form.NextPart()
	if err != nil {
		return spec, malformedForm(err)
	}
	if part.FormName() != "spec" {
		return spec, status.Errorf(status.MalformedRequest, "the first part is %q, not \"spec\"", part.FormName()).
			WithHint(`send {"nodes": ["Person=people.csv"], "id": ["Person:id"]} first`)
	}
	raw, err := io.ReadAll(io.LimitReader(part, maxImportSpec+1))
	if err != nil {
		return spec, malformedForm(err)
	}
	if len(raw) > maxImportSpec {
		return spec, status.Errorf(status.BodyLimit, "the spec has more than %d bytes", maxImportSpec)
	}
	v, err := wire.Decode(raw)
	if err != nil {
		return spec, err
	}
	if v.Kind() != value.KindMap {
		return spec, status.Errorf(status.MalformedRequest, "the spec is not an object")
	}
	for i, k := range v.AsMap().Keys {
		if err := importField(&spec, k, v.AsMap().Vals[i]); err != nil {
			return spec, err
		}
	}
	return spec, nil
}

func importField(spec *kadedb.ImportSpec, key string, v value.Value) error {
	wrong := status.Errorf(status.MalformedRequest, "field `%s` of the spec cannot be used", key).
		WithHint("nodes, relationships, id, from, to and null are lists of strings; skip_bad, strict and update are booleans")
	switch key {
	case "skip_bad", "strict", "update":
		if v.Kind() != value.KindBool {
			return wrong
		}
		switch key {
		case "skip_bad":
			spec.SkipBad = v.AsBool()
		case "strict":
			spec.Strict = v.AsBool()
		default:
			spec.Update = v.AsBool()
		}
		return nil
	}
	if v.Kind() != value.KindList {
		return wrong
	}
	for _, e := range v.Elems() {
		if e.Kind() != value.KindString {
			return wrong
		}
		var err error
		switch text := e.AsString(); key {
		case "nodes":
			err = addParsed(&spec.Nodes, text, transfer.ParseFile)
		case "relationships":
			err = addParsed(&spec.Relationships, text, transfer.ParseFile)
		case "id":
			err = addParsed(&spec.IDs, text, transfer.ParseID)
		case "from":
			err = addParsed(&spec.From, text, transfer.ParseEnd)
		case "to":
			err = addParsed(&spec.To, text, transfer.ParseEnd)
		case "null":
			spec.Nulls = append(spec.Nulls, text)
		default:
			return wrong
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func addParsed[T any](to *[]T, text string, parse func(string) (T, error)) error {
	x, err := parse(text)
	*to = append(*to, x)
	return err
}

// uploads are the files that came, in temporary files of the store's folder.
type uploads struct{ files map[string]*os.File }

// take keeps the rest of a form.
func (u *uploads) take(c *front.Call, form *multipart.Reader) error {
	dir := filepath.Join(c.DB.Dir(), "tmp")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return status.Errorf(status.DiskError, "uploads cannot be kept: %w", err)
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
			return status.Errorf(status.MalformedRequest, "the part %q has no name, comes twice, or is one of more than %d files", name, maxImportFiles)
		}
		f, err := os.CreateTemp(dir, "upload-*")
		if err != nil {
			return status.Errorf(status.DiskError, "uploads cannot be kept: %w", err)
		}
		u.files[name] = f
		out := &diskWriter{f: f}
		if _, err := io.Copy(out, part); err != nil {
			if out.err != nil {
				return status.Errorf(status.DiskError, "uploads cannot be kept: %w", out.err)
			}
			return malformedForm(err)
		}
		if err := c.Context().Err(); err != nil {
			return err
		}
	}
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
		return nil, 0, nil, status.Errorf(status.FileNotFound, "the form has no file %q", name).WithHint("send it as a part of that name")
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
