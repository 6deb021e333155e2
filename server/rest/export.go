package rest

import (
	"archive/zip"
	"errors"
	"io"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer"
)

var exportFormats = []transfer.ExportFormat{transfer.ExportCSV, transfer.ExportJSONL, transfer.ExportParquet, transfer.ExportArrow, transfer.ExportGraphML}

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
	kind := exportTypes[format]
	if body.Query == "" && format != transfer.ExportGraphML {
		kind = "application/zip"
	}
	out := newExportStream(c, kind)
	defer out.Close()
	if format == transfer.ExportParquet {
		out.Plain()
	}
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
		err = out.end()
	}
	return out.ended(err)
}

func exportGraph(c *front.Call, out *exportStream, format transfer.ExportFormat) error {
	if format == transfer.ExportGraphML {
		_, err := c.DB.Export(c.Context(), kadedb.ExportSpec{Format: format, Create: func(string) (io.WriteCloser, error) { return keepOpen{out}, nil }})
		return err
	}
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
	*front.Stream
	c   *front.Call
	buf []byte
}

func newExportStream(c *front.Call, kind string) *exportStream {
	return &exportStream{Stream: c.Stream(kind), c: c}
}

// ended returns what ends the call after err: where a part is out already, nothing but
// the end of the connection can say so.
func (s *exportStream) ended(err error) error {
	if err == nil || !s.Begun() {
		return err
	}
	e := s.c.Fail(err)
	why := e.Code.Info().Name
	if e.Code == status.MalformedRow {
		why = e.Msg // of a column and a row; messages of the language may hold values
	}
	s.c.Server.Log().Info("an answer broke off", "path", front.PathMark(s.c.R.URL.Path), "code", e.Code, "error", why)
	return front.ErrGone
}

// Write is part of io.Writer.
func (s *exportStream) Write(b []byte) (int, error) {
	if len(s.buf) == 0 && len(b) >= flushBytes {
		return len(b), unread(s.Send(b))
	}
	s.buf = append(s.buf, b...)
	if len(s.buf) < flushBytes {
		return len(b), nil
	}
	err := s.Send(s.buf)
	s.buf = s.buf[:0]
	return len(b), unread(err)
}

func (s *exportStream) end() error { return unread(s.End(s.buf)) }

func unread(err error) error {
	if err != nil {
		return status.Errorf(status.Cancelled, "the client does not read: %w", err)
	}
	return nil
}
