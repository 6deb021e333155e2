package rest

import (
	"archive/zip"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer"
)

var exportTypes = map[transfer.ExportFormat]string{
	transfer.ExportCSV: "text/csv; charset=utf-8", transfer.ExportJSONL: "application/x-ndjson", transfer.ExportParquet: "application/vnd.apache.parquet",
	transfer.ExportArrow: "application/vnd.apache.arrow.file", transfer.ExportGraphML: "application/graphml+xml",
}

// export answers with the rows of a query, or without one with the whole graph: a
// zip of files, or a GraphML document. An error midway aborts the connection.
func export(c *front.Call) error {
	name := c.R.URL.Query().Get("format")
	if name == "" {
		name = string(transfer.ExportCSV)
	}
	format, err := transfer.ParseExportFormat(name)
	if err != nil {
		return err
	}
	body, err := readRequest(c)
	if err != nil {
		return err
	}
	out := newExportStream(c, exportTypes[format])
	defer out.close()
	if body.Query == "" {
		err = exportGraph(c, out, format)
	} else {
		req, rerr := requestOf(c, body)
		if rerr != nil {
			return rerr
		}
		req.Streamed, req.ReadOnly = true, true
		started := time.Now()
		var rows int64
		res, rerr := c.Run(*req)
		if rerr != nil {
			return rerr
		}
		rows, err = transfer.WriteRows(out, res, format)
		err = errors.Join(err, res.Close())
		c.Finished(req, time.Since(started), rows, err)
	}
	if err == nil {
		err = out.flush()
	}
	return out.ended(err)
}

func exportGraph(c *front.Call, out *exportStream, format transfer.ExportFormat) error {
	if format == transfer.ExportGraphML {
		_, err := c.DB.Export(c.Context(), kadedb.ExportSpec{Format: format, Create: func(string) (io.WriteCloser, error) { return keepOpen{out}, nil }})
		return err
	}
	out.kind = "application/zip"
	z := zip.NewWriter(out)
	_, err := c.DB.Export(c.Context(), kadedb.ExportSpec{Format: format, Create: func(name string) (io.WriteCloser, error) {
		h := &zip.FileHeader{Name: name, Method: zip.Store, Modified: time.Now().UTC()}
		w, err := z.CreateHeader(h)
		return keepOpen{w}, err
	}})
	if err != nil {
		return err
	}
	return z.Close()
}

type keepOpen struct{ io.Writer }

// Close leaves what is written to open.
func (keepOpen) Close() error { return nil }

// exportStream sends an export as it is written. Until the first part is out, an error
// is one of the request.
type exportStream struct {
	c     *front.Call
	lines lines
	kind  string
	buf   []byte
	sent  bool
	done  func() bool
}

func newExportStream(c *front.Call, kind string) *exportStream {
	s := &exportStream{c: c, kind: kind, lines: lines{ctx: c.Context(), w: c.W, rc: http.NewResponseController(c.W), last: time.Now()}}
	s.done = context.AfterFunc(s.lines.ctx, s.lines.hurry)
	return s
}

func (s *exportStream) close() { s.done() }

// ended returns what ends the call after err: where a part is out already, nothing but
// the end of the connection can say so.
func (s *exportStream) ended(err error) error {
	if err == nil || !s.sent {
		return err
	}
	e := s.c.Fail(err)
	s.c.Server.Log().Info("an answer broke off", "path", s.c.R.URL.Path, "code", e.Code, "error", err)
	return front.ErrGone
}

// Write is part of io.Writer.
func (s *exportStream) Write(b []byte) (int, error) {
	if len(s.buf) == 0 && len(b) >= flushBytes {
		return len(b), s.send(b)
	}
	s.buf = append(s.buf, b...)
	if len(s.buf) < flushBytes {
		return len(b), nil
	}
	return len(b), s.flush()
}

func (s *exportStream) flush() error {
	err := s.send(s.buf)
	s.buf = s.buf[:0]
	return err
}

func (s *exportStream) send(b []byte) error {
	if !s.sent {
		s.c.W.Header().Set("Content-Type", s.kind)
		s.sent = true
	}
	if err := s.lines.send(b); err != nil {
		return status.Errorf(status.Cancelled, "the client does not read: %w", err)
	}
	return nil
}
