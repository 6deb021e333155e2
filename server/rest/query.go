package rest

import (
	"errors"
	"io"
	"sync"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/query"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer"
	"github.com/kadedb/kadedb/wire"
)

func runQuery(c *front.Call) error {
	started := time.Now()
	form, err := formatFor(c.R)
	if err != nil {
		return err
	}
	enc, err := encoderFor(c.R, form)
	if err != nil {
		return err
	}
	body, err := readRequest(c)
	if err != nil {
		return err
	}
	if body.Query == "" {
		return status.Errorf(status.MalformedRequest, "`query` is missing").WithHint(`send {"query": "RETURN 1"}`)
	}
	req, err := requestOf(c, body)
	if err != nil {
		return err
	}
	req.Streamed = form.stream
	a := &answer{c: c, form: form, enc: enc, req: req, started: started}
	switch {
	case form.file != nil:
		err = a.file()
	case form.stream:
		err = a.stream()
	default:
		err = a.whole()
	}
	why := err
	if a.failed != nil {
		why = a.failed
	}
	c.Finished(req, time.Since(started), a.rows, why)
	return err
}

func requestOf(c *front.Call, r *wire.Request) (*query.Request, error) {
	req := &query.Request{Text: r.Query, Params: r.Params, Limits: &kadedb.Limits{Time: r.Timeout, Memory: r.MemoryBytes,
		Rows: r.MaxRows, PathRows: r.MaxPathRows, PathLength: int(min(r.MaxPathLength, 1<<30))}}
	if err := isolationOf(r); err != nil {
		return nil, err
	}
	switch r.Isolation {
	case "", "snapshot":
	case "serializable":
		return nil, status.Errorf(status.SerializableNotYet, "serializable isolation is not offered yet").
			WithHint("leave `isolation` out for snapshot isolation")
	default:
		return nil, status.Errorf(status.MalformedRequest, "unknown isolation %.100q", r.Isolation).WithHint("`snapshot` is offered")
	}
	if r.ReadOnly != nil && r.Tx != "" {
		return nil, status.Errorf(status.MalformedRequest, "`read_only` belongs to the request that opens the transaction")
	}
	req.ReadOnly = r.ReadOnly != nil && *r.ReadOnly
	if r.Tx == "" {
		return req, nil
	}
	t, err := c.DB.EngineOf().Transaction(r.Tx, c.Owner())
	req.Tx = t
	return req, err
}

// answer writes the result of one statement.
type answer struct {
	c       *front.Call
	form    *format
	enc     wire.Encoder
	req     *query.Request
	started time.Time
	rows    int64
	failed  error // why it failed, where that is told otherwise than by what is returned
}

var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 64<<10); return &b }}

// maxPooled keeps one large answer from being held on to for ever.
const maxPooled = 1 << 20

// whole answers with one JSON object, once all of it is known.
func (a *answer) whole() error {
	buf := buffers.Get().(*[]byte)
	b := (*buf)[:0]
	defer func() {
		if cap(b) <= maxPooled {
			*buf = b
			buffers.Put(buf)
		}
	}()
	held := a.c.Hold(a.req.Limits.Memory)
	defer held.Close()
	res, err := a.c.Run(*a.req)
	if err != nil {
		return err
	}
	b = wire.AppendStrings(append(b, `{"columns":`...), res.Columns())
	b = append(b, `,"rows":[`...)
	for res.Next() {
		if a.rows > 0 {
			b = append(b, ',')
		}
		a.rows++
		b = a.enc.AppendRow(b, res.Values())
		if err := held.Grow(cap(b), "the answer", "stream it (Accept: application/x-ndjson)"); err != nil {
			return a.abandon(res, err)
		}
	}
	if err := errors.Join(res.Err(), res.Close()); err != nil {
		return err
	}
	b = a.appendReport(append(b, `],`...), res)
	a.c.ReplyAs(a.form.name, append(b, "}\n"...))
	return nil
}

// abandon ends a statement whose answer cannot be given, so that it changes nothing.
func (a *answer) abandon(res *query.Result, err error) error {
	a.c.Cancel(err)
	return errors.Join(err, res.Close())
}

// appendReport appends what follows the rows, without braces.
func (a *answer) appendReport(b []byte, res *query.Result) []byte {
	s := res.Summary()
	r := wire.Report{Counters: front.Counters(&s), Status: s.Status(), Notices: s.Notices, Plan: s.Plan, Elapsed: time.Since(a.started)}
	b = r.AppendFields(b)
	if s.Tx != nil {
		b = append(append(b, ','), txFields(s.Tx)...)
	}
	return b
}

const (
	// flushBytes and flushTime are after how much, or how long, rows go out.
	flushBytes = 32 << 10
	flushTime  = 100 * time.Millisecond
)

// stream answers line by line. An error before the first line is an error of the
// request; a later one is the last line.
func (a *answer) stream() error {
	buf := buffers.Get().(*[]byte)
	b := (*buf)[:0]
	defer func() {
		if cap(b) <= maxPooled {
			*buf = b
			buffers.Put(buf)
		}
	}()
	held := a.c.Hold(a.req.Limits.Memory)
	defer held.Close()
	res, err := a.c.Run(*a.req)
	if err != nil {
		return err
	}
	out := a.c.Stream(a.form.name)
	defer out.Close()
	b = wire.AppendStrings(append(b, `{"columns":`...), res.Columns())
	b = append(b, "}\n"...)
	for res.Next() {
		a.rows++
		b = append(a.enc.AppendRow(b, res.Values()), '\n')
		if err := held.Grow(cap(b), "a row", "return less in one row"); err != nil {
			return a.breakOff(out, res, err)
		}
		if len(b) >= flushBytes || (len(b) < 4<<10 || a.rows%64 == 0) && time.Since(out.Last()) > flushTime {
			if err := out.Send(b); err != nil {
				return a.abandon(res, front.ErrGone)
			}
			b = b[:0]
		}
	}
	if err := errors.Join(res.Err(), res.Close()); err != nil {
		b = a.appendFailure(b, err)
	} else {
		b = append(a.appendReport(append(b, '{'), res), "}\n"...)
	}
	if err := out.End(b); err != nil {
		return front.ErrGone
	}
	return nil
}

// appendFailure appends the last line of an answer that failed.
func (a *answer) appendFailure(b []byte, err error) []byte {
	a.failed = err
	return append(wire.AppendError(append(b, `{"error":`...), a.c.Explain(err)), "}\n"...)
}

// breakOff ends a statement in the middle of its lines.
func (a *answer) breakOff(out *front.Stream, res *query.Result, err error) error {
	err = a.c.Explain(err) // before the context has another cause
	a.c.Cancel(err)
	if cerr := res.Close(); cerr != nil {
		a.c.Server.Log().Debug("closing what was broken off", "error", cerr)
	}
	if !out.Begun() {
		return err
	}
	if err := out.End(a.appendFailure(nil, err)); err != nil {
		return front.ErrGone
	}
	return nil
}

// file answers with rows alone. An error after the first of them went out aborts the
// connection, so that what is there is not taken for the whole.
func (a *answer) file() error {
	res, err := a.c.Run(*a.req)
	if err != nil {
		return err
	}
	kind := a.form.name
	if kind == "text/csv" {
		kind = exportTypes[transfer.ExportCSV]
	}
	out := newExportStream(a.c, kind)
	defer out.Close()
	err = a.rowsTo(out, res)
	if err == nil {
		err = out.end()
	}
	a.failed = err
	return out.ended(err)
}

func (a *answer) rowsTo(out io.Writer, res *query.Result) error {
	f, err := a.form.file(out, res.Columns())
	if err != nil {
		return a.abandon(res, err)
	}
	for res.Next() {
		a.rows++
		if err := f.Append(res.Values()); err != nil {
			return a.abandon(res, err)
		}
	}
	if err := errors.Join(res.Err(), res.Close()); err != nil {
		return err
	}
	return f.Close()
}
