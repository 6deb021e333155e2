package tabular

import (
	"bytes"
	"errors"
	"io"

	"github.com/kadedb/kadedb/status"
)

// splitter cuts a file into runs of whole records.
type splitter struct {
	in    Input
	delim byte
	lines bool // records end with their line, whatever quotes they hold
	limit int
	off   int64  // in the file, of what was read
	line  int64  // of rest's first byte, from 1
	rest  []byte // read and not given out
}

func (s *splitter) errorf(err error) error {
	if status.CodeOf(err) != status.Internal {
		return err
	}
	return status.Errorf(status.DiskError, "%s: %w", s.in.Name, err)
}

// fill reads into rest[len(rest):to].
func (s *splitter) fill(to int) error {
	have := len(s.rest)
	to = int(min(int64(to), s.in.Size-(s.off-int64(have))))
	if to <= have {
		return nil
	}
	if cap(s.rest) < to {
		s.rest = append(make([]byte, 0, to), s.rest...)
	}
	s.rest = s.rest[:to]
	n, err := s.in.R.ReadAt(s.rest[have:], s.off)
	s.rest = s.rest[:have+n]
	s.off += int64(n)
	if errors.Is(err, io.EOF) {
		// The file is compressed, or shorter than it was said to be.
		s.in.Size = s.off
		err = nil
	}
	if err != nil {
		return s.errorf(err)
	}
	return nil
}

// next appends about size bytes of whole records to buf. line is that of the first.
// Records over the limit are left out and told to bad. At the end data is empty.
func (s *splitter) next(buf []byte, size int, bad func(line int64, code status.Code, reason, text string)) (data []byte, line int64, err error) {
	for {
		if err := s.fill(max(size, len(s.rest))); err != nil {
			return nil, 0, err
		}
		if len(s.rest) == 0 {
			return buf, s.line, nil
		}
		eof := s.off >= s.in.Size
		end := len(s.rest)
		if !eof {
			end = s.recordsEnd(s.rest)
		}
		if end > 0 {
			buf = append(buf, s.rest[:end]...)
			line = s.line
			s.line += int64(bytes.Count(s.rest[:end], newline))
			n := copy(s.rest, s.rest[end:])
			s.rest = s.rest[:n]
			return buf, line, nil
		}
		if len(s.rest) <= s.limit {
			size = max(2*len(s.rest), size)
			continue
		}
		// One record of more than the limit, or a quote that nobody closes.
		if err := s.skipLine(bad); err != nil {
			return nil, 0, err
		}
	}
}

// skipLine drops rest up to the end of its first line.
func (s *splitter) skipLine(bad func(int64, status.Code, string, string)) error {
	reason := "the line is longer than the limit"
	if bytes.IndexByte(s.rest, '\n') >= 0 {
		reason = "a quoted field has no end within the limit of a record"
	}
	bad(s.line, status.LineTooLong, reason, string(s.rest[:min(len(s.rest), 1000)]))
	for len(s.rest) > 0 {
		if i := bytes.IndexByte(s.rest, '\n'); i >= 0 {
			n := copy(s.rest, s.rest[i+1:])
			s.rest = s.rest[:n]
			s.line++
			return nil
		}
		s.rest = s.rest[:0]
		if err := s.fill(s.limit); err != nil {
			return err
		}
	}
	return nil
}

// recordsEnd returns how many bytes of data, which begins with a record, are whole
// records; 0: none is.
func (s *splitter) recordsEnd(data []byte) int {
	if s.lines || bytes.IndexByte(data, '"') < 0 {
		return bytes.LastIndexByte(data, '\n') + 1
	}
	last := 0
	for {
		end, ok := recordEnd(data, last, s.delim)
		if !ok {
			return last
		}
		last = end
	}
}

// recordEnd returns where the record that begins at pos ends, its newline
// included; false where data ends before.
func recordEnd(data []byte, pos int, delim byte) (end int, ok bool) {
	for pos < len(data) {
		if data[pos] == '"' {
			if pos = quotedEnd(data, pos+1); pos < 0 {
				return 0, false
			}
		}
		// What follows a closing quote belongs to the field as well.
		for pos < len(data) && data[pos] != delim && data[pos] != '\n' {
			pos++
		}
		if pos == len(data) {
			return 0, false
		}
		if data[pos] == '\n' {
			return pos + 1, true
		}
		pos++
	}
	return 0, false
}

// quotedEnd returns the place after the quote that closes the field whose text
// begins at pos; -1: there is none.
func quotedEnd(data []byte, pos int) int {
	for {
		i := bytes.IndexByte(data[pos:], '"')
		if i < 0 {
			return -1
		}
		pos += i + 1
		if pos < len(data) && data[pos] == '"' {
			pos++
			continue
		}
		return pos
	}
}
