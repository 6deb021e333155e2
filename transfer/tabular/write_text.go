package tabular

import (
	"io"
	"strconv"
	"strings"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/value"
)

// flushBytes is how much text is gathered before it is written.
const flushBytes = 64 << 10

// csvWriter writes separated values. Strings are quoted where they have to be, and
// where they are empty: an empty field is null.
type csvWriter struct {
	w           io.Writer
	cols        []Out
	delim, list byte
	buf         []byte
	cell        []byte
	special     [256]bool
}

func newCSVWriter(w io.Writer, cols []Out, delim, list byte) (*csvWriter, error) {
	if delim == 0 {
		delim = ','
	}
	if list == 0 {
		list = ';'
	}
	c := &csvWriter{w: w, cols: cols, delim: delim, list: list}
	for _, b := range []byte{delim, '"', '\n', '\r', '\t', '|', ';', ','} {
		c.special[b] = true
	}
	for i := range cols {
		if i > 0 {
			c.buf = append(c.buf, delim)
		}
		c.text(cols[i].Header())
	}
	c.buf = append(c.buf, '\n')
	return c, nil
}

func (c *csvWriter) text(s string) {
	// Readers may take spaces away that are outside of quotes.
	quote := s == "" || s[0] <= ' ' || s[len(s)-1] <= ' ' || (s[0] >= 0x80 || s[len(s)-1] >= 0x80) && strings.TrimSpace(s) != s
	for i := 0; i < len(s) && !quote; i++ {
		quote = c.special[s[i]]
	}
	if !quote {
		c.buf = append(c.buf, s...)
		return
	}
	c.buf = append(c.buf, '"')
	if strings.IndexByte(s, '"') >= 0 {
		s = strings.ReplaceAll(s, `"`, `""`)
	}
	c.buf = append(append(c.buf, s...), '"')
}

// Write is part of Writer.
func (c *csvWriter) Write(cols []column.Vector, n int) error {
	for r := range n {
		for i := range cols {
			if i > 0 {
				c.buf = append(c.buf, c.delim)
			}
			if v := &cols[i]; !v.IsNull(r) {
				c.value(v, r, &c.cols[i])
			}
		}
		c.buf = append(c.buf, '\n')
		if len(c.buf) >= flushBytes {
			if err := c.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *csvWriter) value(v *column.Vector, r int, o *Out) {
	switch v.Type {
	case column.Int:
		c.buf = strconv.AppendInt(c.buf, v.Ints[r], 10)
	case column.Float:
		c.buf = value.AppendFloat(c.buf, v.Floats[r])
	case column.Bool:
		c.buf = strconv.AppendBool(c.buf, v.Bools[r])
	case column.String:
		c.text(v.Str(r))
	case column.Any:
		x := v.Anys[r]
		c.cell = c.cell[:0]
		switch {
		case o.Kind == Any:
			if _, scalar := kindOf(x); scalar && o.Cells {
				c.cell = appendCell(c.cell, x)
			} else {
				c.cell = AppendTyped(c.cell, x)
			}
		case o.List:
			for i, e := range x.Elems() {
				if i > 0 {
					c.cell = append(c.cell, c.list)
				}
				c.cell = appendCell(c.cell, e)
			}
		default:
			c.cell = appendCell(c.cell, x)
		}
		c.text(string(c.cell))
	default:
		c.buf = appendCell(c.buf, v.Value(r))
	}
}

func (c *csvWriter) flush() error {
	_, err := c.w.Write(c.buf)
	c.buf = c.buf[:0]
	return err
}

// Close is part of Writer.
func (c *csvWriter) Close() error { return c.flush() }

// jsonWriter writes an object a line, without the keys of nulls.
type jsonWriter struct {
	w     io.Writer
	cols  []Out
	names [][]byte
	buf   []byte
}

func jsonNames(cols []Out) [][]byte {
	out := make([][]byte, len(cols))
	for i := range cols {
		out[i] = append(appendQuoted(nil, cols[i].Header()), ':')
	}
	return out
}

// Write is part of Writer.
func (j *jsonWriter) Write(cols []column.Vector, n int) error {
	for r := range n {
		j.buf = append(j.buf, '{')
		first := true
		for i := range cols {
			v := &cols[i]
			if v.IsNull(r) {
				continue
			}
			if !first {
				j.buf = append(j.buf, ',')
			}
			first = false
			j.buf = append(j.buf, j.names[i]...)
			j.value(v, r, &j.cols[i])
		}
		j.buf = append(j.buf, "}\n"...)
		if len(j.buf) >= flushBytes {
			if err := j.Close(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (j *jsonWriter) value(v *column.Vector, r int, o *Out) {
	switch {
	case v.Type == column.Int:
		j.buf = strconv.AppendInt(j.buf, v.Ints[r], 10)
	case v.Type == column.String:
		j.buf = appendQuoted(j.buf, v.Str(r))
	case v.Type == column.Bool:
		j.buf = strconv.AppendBool(j.buf, v.Bools[r])
	case v.Type == column.Float, o.Kind == Any, o.List:
		j.buf = AppendTyped(j.buf, v.Value(r))
	default:
		j.buf = appendJSONText(j.buf, v.Value(r))
	}
}

// Close is part of Writer.
func (j *jsonWriter) Close() error {
	_, err := j.w.Write(j.buf)
	j.buf = j.buf[:0]
	return err
}
