package tabular

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/kadedb/kadedb/status"
)

// Records reads a CSV file record by record as texts, the header too.
type Records struct {
	s    splitter
	w    walker
	line int64 // that the text in w begins on
	buf  []byte
	rec  []string
	bad  error

	counted int   // how far into the text Line has counted
	passed  int64 // lines up to there
}

// NewRecords reads from in, unpacked where it is of gzip or zstd, with the delimiter in o (',').
func NewRecords(in Input, o Options) (*Records, error) {
	o.fill()
	if o.Delimiter == 0 {
		o.Delimiter = ','
	}
	in, _, err := unpack(in, o.MaxRatio)
	if err == nil {
		in, err = textOf(in)
	}
	if err != nil {
		return nil, err
	}
	r := &Records{s: splitter{in: in, delim: o.Delimiter, limit: o.LineLimit, line: 1}}
	var head [3]byte
	n, err := in.R.ReadAt(head[:], 0)
	if err != nil && err != io.EOF {
		return nil, r.s.errorf(err)
	}
	if string(head[:n]) == string(bom) {
		r.s.off = int64(n)
	}
	r.w.delim = o.Delimiter
	return r, nil
}

// Line returns the number of the line that the record given last begins on.
func (r *Records) Line() int64 {
	r.passed += int64(strings.Count(r.w.text[r.counted:r.w.start], "\n"))
	r.counted = r.w.start
	return r.line + r.passed
}

// Next returns the next record, valid until the call after; io.EOF after the last.
func (r *Records) Next() ([]string, error) {
	for !r.w.record() {
		if r.bad != nil {
			return nil, r.bad
		}
		data, line, err := r.s.next(r.buf[:0], 64<<10, func(line int64, code status.Code, reason, _ string) {
			if r.bad == nil {
				r.bad = status.Errorf(code, "%s:%d: %s", r.s.in.Name, line, reason)
			}
		})
		if err != nil {
			return nil, err
		}
		r.buf = data
		if len(data) == 0 {
			if r.bad != nil {
				return nil, r.bad
			}
			return nil, io.EOF
		}
		if !utf8.Valid(data) {
			return nil, status.Errorf(status.InvalidUTF8, "%s: bytes that are not UTF-8 after line %d", r.s.in.Name, line)
		}
		r.w = walker{text: string(data), delim: r.w.delim}
		r.line, r.passed, r.counted = line, 0, 0
	}
	r.rec = r.rec[:0]
	for r.w.field() {
		r.rec = append(r.rec, r.w.cell)
	}
	if r.w.broken {
		return nil, status.Errorf(status.MalformedRow, "%s: in a record after line %d, a quoted field is not closed, or text follows its quote", r.s.in.Name, r.line)
	}
	return r.rec, nil
}
