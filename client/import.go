package client

import (
	"bufio"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"sync"
	"time"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
	"github.com/kadedb/kadedb/wire"
)

// Upload is a file for Import. Open is called once, when it is its turn. The server's
// answers call the file by its name.
type Upload struct {
	Name string
	Open func() (io.ReadCloser, error)
}

// ImportEvents are told what happens during an import. Each may be nil.
type ImportEvents struct {
	// Sent is told how many bytes were sent, of the present file's name and of all files, from
	// a goroutine of its own but only until one of the others is called.
	Sent     func(name string, bytes int64)
	Plan     func([]ImportSource)
	Notice   func(text string)
	Progress func(ImportProgress)
	// BadRow is told every row that is left out, if the spec says to leave them out; an
	// error ends the import. Again: they come anew.
	BadRow func(BadRow) error
	Again  func() error
}

// ImportSource is what becomes of a file.
type ImportSource struct {
	File          string
	Relationships bool
	Name          string // labels or type; "": named by row
	Rows          int64  // -1: the file does not say
	Bytes         int64
	Columns       []ImportColumn
}

// ImportColumn is what becomes of a column.
type ImportColumn struct{ Column, Property, Type, Role string }

// ImportProgress is how far an import is.
type ImportProgress struct {
	Stage       string
	Rows        int64
	Rate        float64
	Done, Total int64
	Elapsed     time.Duration
}

// BadRow is a row that cannot be imported. Text is the row's, for ImportEvents.BadRow alone.
type BadRow struct {
	File         string
	Line         int64
	Code, Reason string
	Text         string
}

// ImportResult says what an import did.
type ImportResult struct {
	Nodes, Relationships, Updated int64
	Bytes                         int64 // written
	Bad                           int64
	BadRows                       []BadRow // the first
}

// Import sends files, which spec, a JSON object, describes: see docs/import.md. The
// result is valid after an error too: it names the rows that cannot be imported. A server
// that refuses is heard at once; a file that waits for more to read, as standard input may,
// is then left to itself.
func (c *Client) Import(ctx context.Context, spec []byte, files []Upload, told ImportEvents) (ImportResult, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pr, pw := io.Pipe()
	// Not before the answer is read: a body that fails takes the connection with it.
	defer pr.CloseWithError(io.ErrClosedPipe)
	form := multipart.NewWriter(pw)
	sent := make(chan error, 1)
	progress := &sendProgress{tell: told.Sent}
	go func() {
		err := sendForm(form, spec, files, progress.sent)
		// Both the reader's side and the caller hear of it.
		sent <- err
		pw.CloseWithError(err)
	}()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/v1/import", pr)
	if err != nil {
		return ImportResult{}, status.Errorf(status.InvalidUsage, "%w", err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Accept", importLines)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.http.RoundTrip(req)
	progress.end()
	if err != nil {
		select {
		case serr := <-sent:
			if serr != nil && status.CodeOf(serr) != status.Internal {
				return ImportResult{}, serr
			}
		default:
		}
		return ImportResult{}, unreachable(ctx, c.base, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return ImportResult{}, c.refused(ctx, res)
	}
	rows := &Rows{ctx: ctx, base: c.base, in: bufio.NewReaderSize(res.Body, 64<<10)}
	for {
		v, err := rows.line()
		switch {
		case err != nil:
			return ImportResult{}, err
		case v.Kind() != value.KindMap:
			return ImportResult{}, status.Errorf(status.Unreachable, "%s does not answer as a KadeDB server", c.base)
		}
		if last, ok := v.AsMap().Get("result"); ok && last.Kind() == value.KindMap {
			return resultOf(last.AsMap()), errorIn(v.AsMap())
		}
		if err := told.line(v.AsMap()); err != nil {
			return ImportResult{}, err
		}
	}
}

// sendProgress tells how much was sent, until its end.
type sendProgress struct {
	mu   sync.Mutex
	tell func(name string, bytes int64) // nil: nobody asks, or it is over
}

func (p *sendProgress) sent(name string, bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tell != nil {
		p.tell(name, bytes)
	}
}

func (p *sendProgress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tell = nil
}

const importLines = "application/x-ndjson"

// line tells a line but the last.
func (e *ImportEvents) line(m *value.Map) error {
	for i, key := range m.Keys {
		v := m.Vals[i]
		switch {
		case key == "plan" && v.Kind() == value.KindList && e.Plan != nil:
			e.Plan(sourcesOf(v))
		case key == "notice" && v.Kind() == value.KindString && e.Notice != nil:
			e.Notice(v.AsString())
		case key == "progress" && v.Kind() == value.KindMap && e.Progress != nil:
			p := v.AsMap()
			e.Progress(ImportProgress{Stage: text(p, "stage"), Rows: number(p, "rows"), Rate: float(p, "rows_per_second"),
				Done: number(p, "done"), Total: number(p, "total"), Elapsed: time.Duration(float(p, "ms") * 1e6)})
		case key == "bad_row" && v.Kind() == value.KindMap && e.BadRow != nil:
			return e.BadRow(badRowOf(v.AsMap()))
		case key == "again" && e.Again != nil:
			return e.Again()
		}
	}
	return nil
}

func errorIn(m *value.Map) error {
	if e, ok := m.Get("error"); ok && e.Kind() == value.KindMap {
		return wire.DecodeError(e.AsMap())
	}
	return nil
}

func resultOf(m *value.Map) ImportResult {
	r := ImportResult{Nodes: number(m, "nodes"), Relationships: number(m, "relationships"), Updated: number(m, "updated"),
		Bytes: number(m, "bytes_written"), Bad: number(m, "bad")}
	for _, row := range objects(m, "bad_rows") {
		r.BadRows = append(r.BadRows, badRowOf(row))
	}
	return r
}

func badRowOf(m *value.Map) BadRow {
	return BadRow{File: text(m, "file"), Line: number(m, "line"), Code: text(m, "code"), Reason: text(m, "reason"), Text: text(m, "row")}
}

func sourcesOf(v value.Value) (list []ImportSource) {
	for _, s := range v.Elems() {
		if s.Kind() != value.KindMap {
			continue
		}
		m := s.AsMap()
		one := ImportSource{File: text(m, "file"), Relationships: text(m, "of") == "relationships", Name: text(m, "name"), Rows: -1, Bytes: number(m, "bytes")}
		if rows, ok := m.Get("rows"); ok && rows.Kind() == value.KindInt {
			one.Rows = rows.AsInt()
		}
		for _, c := range objects(m, "columns") {
			one.Columns = append(one.Columns, ImportColumn{text(c, "column"), text(c, "property"), text(c, "type"), text(c, "role")})
		}
		list = append(list, one)
	}
	return list
}

// objects returns the objects of a list.
func objects(m *value.Map, key string) (list []*value.Map) {
	v, ok := m.Get(key)
	if !ok || v.Kind() != value.KindList {
		return nil
	}
	for _, e := range v.Elems() {
		if e.Kind() == value.KindMap {
			list = append(list, e.AsMap())
		}
	}
	return list
}

func number(m *value.Map, key string) int64 {
	if v, ok := m.Get(key); ok && v.Kind() == value.KindInt {
		return v.AsInt()
	}
	return 0
}

func float(m *value.Map, key string) float64 {
	v, ok := m.Get(key)
	switch {
	case ok && v.Kind() == value.KindFloat:
		return v.AsFloat()
	case ok && v.Kind() == value.KindInt:
		return float64(v.AsInt())
	}
	return 0
}

func sendForm(form *multipart.Writer, spec []byte, files []Upload, sent func(string, int64)) error {
	w, err := form.CreateFormField("spec")
	if err == nil {
		_, err = w.Write(spec)
	}
	all := int64(0)
	for _, f := range files {
		if err != nil {
			return err
		}
		err = sendFile(form, f, func(n int) {
			all += int64(n)
			sent(f.Name, all)
		})
	}
	if err != nil {
		return err
	}
	return form.Close()
}

func sendFile(form *multipart.Writer, f Upload, sent func(int)) error {
	w, err := form.CreateFormFile(f.Name, f.Name)
	if err != nil {
		return err
	}
	in, err := f.Open()
	if err != nil {
		return err
	}
	src := &fileReader{r: in, sent: sent}
	if _, err := io.Copy(w, src); err != nil {
		if src.err != nil {
			err = status.Errorf(status.DiskError, "%s cannot be read: %w", f.Name, src.err)
		}
		return errorOf(err, in.Close())
	}
	return in.Close()
}

// fileReader tells errors of the file from those of the connection.
type fileReader struct {
	r    io.Reader
	sent func(int)
	err  error
}

// Read is part of io.Reader.
func (f *fileReader) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	f.sent(n)
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = err
	}
	return n, err
}

// errorOf is err, unless there is none.
func errorOf(err, other error) error {
	if err != nil {
		return err
	}
	return other
}
