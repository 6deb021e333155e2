package tabular

import (
	"context"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// Values reads a file row by row as values: of JSON Lines what each line holds, of
// Parquet and Arrow a map of the columns.
type Values struct {
	in    Input
	o     Options
	table *Table // nil: JSON Lines
	wants []Want
}

// OpenValues opens a file of the format in o, which is not CSV; gzip and zstd are unpacked
// where the format does not compress by itself.
func OpenValues(in Input, o Options) (*Values, error) {
	o.fill()
	v := &Values{in: in, o: o}
	if o.Format == JSONLines {
		var err error
		if v.in, _, err = unpack(in, o.MaxRatio); err == nil {
			v.in, err = textOf(v.in)
		}
		return v, err
	}
	t, err := Open(in, o)
	if err != nil {
		return nil, err
	}
	v.table = t
	seen := map[string]bool{}
	for i, c := range t.Columns() {
		if seen[c.Name] {
			return nil, status.Errorf(status.MalformedFile, "%s: two columns are named %q, so that a row's map cannot hold both", in.Name, c.Name)
		}
		seen[c.Name] = true
		v.wants = append(v.wants, Want{Column: i, Kind: c.Kind, List: c.List})
	}
	return v, nil
}

// Each gives the rows in the file's order, until f fails. A row that cannot be read is
// an error that tells its line.
func (v *Values) Each(ctx context.Context, f func(value.Value) error) error {
	if v.table == nil {
		return v.lines(f)
	}
	var keys []string
	for _, c := range v.table.Columns() {
		keys = append(keys, c.Name)
	}
	return v.table.Read(ctx, v.wants, nil, func(c *Chunk) error {
		if len(c.Bad) > 0 {
			return status.Errorf(c.Bad[0].Code, "%s: row %d: %s", v.in.Name, c.Bad[0].Line, c.Bad[0].Reason)
		}
		for r := range c.Rows {
			m := &value.Map{Keys: keys, Vals: make([]value.Value, len(keys))}
			for i := range c.Cols {
				m.Vals[i] = c.Cols[i].Value(r)
			}
			if err := f(value.FromMap(m)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (v *Values) lines(f func(value.Value) error) error {
	s := splitter{in: v.in, lines: true, limit: v.o.LineLimit, line: 1}
	var head [3]byte
	n, err := v.in.R.ReadAt(head[:], 0)
	if err != nil && err != io.EOF {
		return s.errorf(err)
	}
	if string(head[:n]) == string(bom) {
		s.off = int64(n)
	}
	var buf []byte
	for {
		var bad error
		data, line, err := s.next(buf[:0], 64<<10, func(line int64, code status.Code, reason, _ string) {
			if bad == nil {
				bad = status.Errorf(code, "%s:%d: %s", v.in.Name, line, reason)
			}
		})
		if err == nil {
			err = bad
		}
		if err != nil || len(data) == 0 {
			return err
		}
		buf = data
		if err := v.text(string(data), line, f); err != nil {
			return err
		}
	}
}

// text reads whole lines, of which the first has the number line.
func (v *Values) text(text string, line int64, f func(value.Value) error) error {
	valid := utf8.ValidString(text)
	for ; len(text) > 0; line++ {
		one, rest, _ := strings.Cut(text, "\n")
		text = rest
		if !valid && !utf8.ValidString(one) {
			return status.Errorf(status.InvalidUTF8, "%s:%d: bytes that are not UTF-8", v.in.Name, line)
		}
		sc := scanner{text: one}
		if sc.peek() == 0 && sc.at == len(one) {
			continue // an empty line
		}
		x, ok := sc.value(0)
		if ok && (sc.peek() != 0 || sc.at < len(one)) {
			ok = sc.fail("something follows the value")
		}
		if !ok {
			return status.Errorf(status.MalformedRow, "%s:%d: column %d: %s", v.in.Name, line, sc.at+1, sc.what())
		}
		if err := f(x); err != nil {
			return err
		}
	}
	return nil
}
