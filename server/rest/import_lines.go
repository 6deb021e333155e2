package rest

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer"
)

// importLines tells a client what an import does, an object a line. Bad rows wait for
// each other, up to flushBytes of them; all else goes out at once. What cannot be told
// ends the import before anything of it counts.
type importLines struct {
	c   *front.Call
	out *front.Stream

	mu   sync.Mutex
	buf  []byte
	err  error
	last time.Time // when something went out
}

// answerInLines answers while the import runs.
func (j *importJob) answerInLines(c *front.Call) error {
	l := &importLines{c: c, out: c.Stream(linesType)}
	defer l.out.Close()
	j.spec.Notice = func(text string) { l.tell(importLine{Notice: text}) }
	j.spec.Progress = func(p transfer.Progress) {
		if l.due() {
			l.tell(importLine{Progress: &importProgress{Stage: p.Stage, Rows: p.Rows, Rate: p.Rate, Done: p.Done, Total: p.Total, Ms: float64(p.Elapsed) / 1e6}})
		}
	}
	if j.spec.SkipBad {
		j.spec.BadRow = l.badRow
	}
	// The client has every bad row before the others count.
	j.spec.Looked = func() error { return l.send(nil) }
	sum, err := j.run(c, func() error { return l.tell(importLine{Plan: planned(j.plan)}) }, func(try int) error { return l.tell(importLine{Again: try}) })
	if err != nil && !l.out.Begun() {
		return firstBad(&sum, err)
	}
	if l.failed() != nil {
		return front.ErrGone
	}
	last := importLine{Result: importedAs(&sum, nil)}
	if err != nil {
		last.Result.BadRows, last.Error = badRows(&sum), bodyOf(c.Fail(err))
	}
	if err := l.end(last); err != nil {
		return front.ErrGone
	}
	return nil
}

// tell sends a line, and what waits before it. An error cancels the import.
func (l *importLines) tell(line importLine) error {
	b, err := json.Marshal(line)
	if err != nil {
		return status.Errorf(status.Internal, "a line cannot be written: %w", err)
	}
	return l.send(append(b, '\n'))
}

func (l *importLines) badRow(r transfer.BadRow) error {
	b, err := json.Marshal(importLine{BadRow: &badRow{File: r.File, Line: r.Line, Code: r.Code.Info().Name, Reason: r.Reason, Row: &r.Text}})
	if err != nil {
		return status.Errorf(status.Internal, "a line cannot be written: %w", err)
	}
	l.mu.Lock()
	l.buf = append(append(l.buf, b...), '\n')
	full := len(l.buf) >= flushBytes
	l.mu.Unlock()
	if full {
		return l.send(nil)
	}
	return nil
}

func (l *importLines) send(b []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf = append(l.buf, b...)
	if l.err == nil && len(l.buf) > 0 {
		if l.err = unread(l.out.Send(l.buf)); l.err != nil {
			l.c.Cancel(l.err)
		}
		l.buf, l.last = l.buf[:0], time.Now()
	}
	return l.err
}

// due reports whether nothing went out for a while.
func (l *importLines) due() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Since(l.last) >= flushTime
}

func (l *importLines) failed() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

func (l *importLines) end(line importLine) error {
	b, err := json.Marshal(line)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.End(append(append(l.buf, b...), '\n'))
}

// bodyOf is e as it stands in answers.
func bodyOf(e *status.Error) *errorBody {
	info := e.Code.Info()
	b := &errorBody{Code: e.Code.String(), Name: info.Name, Message: e.Msg}
	if e.Hint != "" {
		b.Hint = &e.Hint
	}
	if info.Type != "" {
		b.Type, b.Phase, b.Detail = info.Type, e.When().String(), info.Name
	}
	return b
}
