package tabular

import (
	"encoding/binary"
	"io"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// RowStream writes rows as Arrow's stream format, in batches as they come:
//
//	rows ─▶ the first recordRows wait ─▶ a type for each column ─▶ batches ─▶ end
//
// What the first rows hold decides a column's type:
//
//	one type                   the type of Arrow, as in a file
//	integers and floats        float64
//	several others, or lists   utf8 of JSON, as AppendTyped writes it
//	null alone                 utf8; scalars as they are in CSV, others JSON
//
// A later row that does not fit is an error, MalformedRow; nothing is bent. The stream
// is whole only after Close.
type RowStream struct {
	out  io.Writer
	cols []streamColumn

	head  [][]value.Value // the first rows, headPart at a time; nil once the types are decided
	begun bool
	size  int // of head, about
	rows  int // in this batch
	total int64

	schema *arrow.Schema
	w      *ipc.Writer
}

// A batch ends after recordRows rows or batchBytes of texts; the first rows are
// those, or headBytes of them.
const (
	batchBytes = 1 << 20
	headBytes  = 4 << 20
	headPart   = 256
)

// streamColumn is one column of the batch under way, as Arrow lays it out.
type streamColumn struct {
	name    string
	classes []Class
	span    Span
	out     Out
	store   store
	dtype   arrow.DataType

	valid []byte // bitmap
	nulls int
	fixed []byte // of 8 or 4 bytes a row, or a bitmap
	ends  []byte // of texts
	text  []byte
}

// store is how a column keeps its values.
type store uint8

const (
	storeBits store = iota
	storeInts
	storeFloats
	storeDays
	storeTimes
	storeInstants
	storeText // scalars of the column's kind
	storeCell // as in CSV
	storeJSON
)

// NewRowStream begins a stream.
func NewRowStream(w io.Writer, columns []string) *RowStream {
	s := &RowStream{out: w, cols: make([]streamColumn, len(columns))}
	for i, name := range columns {
		s.cols[i].name = name
	}
	return s
}

// Append adds a row, whose values it keeps no longer than until Close.
func (s *RowStream) Append(row []value.Value) error {
	if len(row) != len(s.cols) {
		return status.Errorf(status.Internal, "a row of %d values for %d columns", len(row), len(s.cols))
	}
	s.total++
	if s.begun {
		return s.add(row)
	}
	for i, v := range row {
		s.cols[i].note(v)
		s.size += value.Size(v)
	}
	s.keep(row)
	if s.total < recordRows && s.size < headBytes {
		return nil
	}
	return s.begin()
}

// keep adds one of the first rows. What grows in parts is not copied, and short answers
// take little.
func (s *RowStream) keep(row []value.Value) {
	if s.total%headPart == 1 {
		rows := headPart
		if s.total == 1 {
			rows = 1
		}
		s.head = append(s.head, make([]value.Value, 0, rows*len(row)))
	}
	last := &s.head[len(s.head)-1]
	*last = append(*last, row...)
}

// note looks at a value of the first rows.
func (c *streamColumn) note(v value.Value) {
	if v.IsNull() {
		return
	}
	c.span.Add(v)
	k := Any
	if scalar, ok := kindOf(v); ok {
		k = scalar
	}
	for _, have := range c.classes {
		if have.Kind == k {
			return
		}
	}
	c.classes = append(c.classes, Class{Kind: k})
}

// decide chooses a column's type.
func (c *streamColumn) decide() {
	c.out = Out{Name: c.name, Kind: Any, Plain: true}
	switch {
	case len(c.classes) == 1:
		c.out.Kind = c.classes[0].Kind
		c.out.Fit(&c.span)
	case len(c.classes) == 2 && (c.classes[0].Kind == Int && c.classes[1].Kind == Float || c.classes[0].Kind == Float && c.classes[1].Kind == Int):
		c.out.Kind = Float
	}
	c.dtype = c.out.arrowType()
	switch k := c.out.Kind; {
	case len(c.classes) == 0:
		c.store = storeCell
	case k == Any:
		c.store = storeJSON
	case c.dtype == arrow.BinaryTypes.String:
		c.store = storeText
	default:
		c.store = map[Kind]store{Bool: storeBits, Int: storeInts, Float: storeFloats, Date: storeDays, LocalTime: storeTimes,
			LocalDateTime: storeInstants, DateTime: storeInstants}[k]
	}
}

func (s *RowStream) begin() error {
	fields := make([]arrow.Field, len(s.cols))
	for i := range s.cols {
		c := &s.cols[i]
		c.decide()
		fields[i] = arrow.Field{Name: c.name, Type: c.dtype, Nullable: true}
		c.reset()
	}
	s.schema = arrow.NewSchema(fields, nil)
	s.w = ipc.NewWriter(onlyWriter{s.out}, ipc.WithSchema(s.schema))
	s.begun = true
	head, width, rows := s.head, len(s.cols), s.total
	s.head = nil
	s.total = 0
	for k, part := range head {
		if k == 1 {
			s.grow(rows)
		}
		for i := range len(part) / max(width, 1) {
			s.total++
			if err := s.add(part[i*width : (i+1)*width]); err != nil {
				return err
			}
		}
	}
	s.total = rows
	return nil
}

// grow makes room for n rows like those that a batch holds so far, so that many are not
// copied several times on their way there.
func (s *RowStream) grow(n int64) {
	for i := range s.cols {
		c := &s.cols[i]
		more := func(b []byte) []byte {
			return slices.Grow(b, int(float64(len(b))/float64(max(s.rows, 1))*float64(n)*1.05))
		}
		c.valid, c.fixed, c.ends, c.text = more(c.valid), more(c.fixed), more(c.ends), more(c.text)
	}
}

func (c *streamColumn) reset() {
	c.valid, c.fixed, c.text, c.nulls = c.valid[:0], c.fixed[:0], c.text[:0], 0
	if c.store >= storeText {
		c.ends = append(c.ends[:0], 0, 0, 0, 0)
	}
}

func (s *RowStream) add(row []value.Value) error {
	at, size := s.rows, 0
	for i := range s.cols {
		c := &s.cols[i]
		if at&7 == 0 {
			c.valid = append(c.valid, 0)
			if c.store == storeBits {
				c.fixed = append(c.fixed, 0)
			}
		}
		v := row[i]
		if v.IsNull() {
			c.null()
			continue
		}
		c.valid[at>>3] |= 1 << (at & 7)
		if !c.put(v, at) {
			return s.misfit(c, v)
		}
		size += len(c.text)
	}
	s.rows++
	if s.rows < recordRows && size < batchBytes {
		return nil
	}
	return s.flush()
}

func (s *RowStream) misfit(c *streamColumn, v value.Value) error {
	hint := "convert it in the query, as in toString(x) or toFloat(x), or ask /v1/export?format=arrow, which looks at all rows before it chooses types"
	if kind, ok := kindOf(v); ok && kind == c.out.Kind {
		return status.Errorf(status.MalformedRow, "row %d: a %s of column `%s` does not fit %s, which the rows before it asked for", s.total, v.Kind(), c.name, c.dtype).
			WithHint("%s", hint)
	}
	return status.Errorf(status.MalformedRow, "row %d: column `%s` is %s by the rows before it, and this is a %s", s.total, c.name, c.dtype, v.Kind()).
		WithHint("%s", hint)
}

func (c *streamColumn) null() {
	c.nulls++
	switch c.store {
	case storeBits:
	case storeDays:
		c.fixed = append(c.fixed, 0, 0, 0, 0)
	case storeInts, storeFloats, storeTimes, storeInstants:
		c.fixed = append(c.fixed, 0, 0, 0, 0, 0, 0, 0, 0)
	default:
		c.end()
	}
}

func (c *streamColumn) end() { c.ends = binary.LittleEndian.AppendUint32(c.ends, uint32(len(c.text))) }

// put adds a value, and reports whether it fits the column.
func (c *streamColumn) put(v value.Value, at int) bool {
	k := v.Kind()
	switch c.store {
	case storeInts:
		if k != value.KindInt {
			return false
		}
		c.fixed = binary.LittleEndian.AppendUint64(c.fixed, uint64(v.AsInt()))
		return true
	case storeFloats:
		f := 0.0
		switch k {
		case value.KindFloat:
			f = v.AsFloat()
		case value.KindInt:
			f = float64(v.AsInt())
		default:
			return false
		}
		c.fixed = binary.LittleEndian.AppendUint64(c.fixed, math.Float64bits(f))
		return true
	case storeBits:
		if k != value.KindBool {
			return false
		}
		if v.AsBool() {
			c.fixed[at>>3] |= 1 << (at & 7)
		}
		return true
	case storeText, storeCell, storeJSON:
		return c.putText(v, k)
	}
	return c.putTime(v)
}

func (c *streamColumn) putText(v value.Value, k value.Kind) bool {
	switch {
	case k == value.KindString && c.store != storeJSON && (c.store == storeCell || c.out.Kind == String):
		c.text = append(c.text, v.AsString()...)
	case c.store == storeJSON:
		c.text = AppendTyped(c.text, v)
	default:
		kind, ok := kindOf(v)
		switch {
		case ok && (c.store == storeCell || kind == c.out.Kind):
			c.text = appendCell(c.text, v)
		case c.store == storeCell:
			c.text = AppendTyped(c.text, v)
		default:
			return false
		}
	}
	if len(c.text) > math.MaxInt32 {
		return false
	}
	c.end()
	return true
}

func (c *streamColumn) putTime(v value.Value) bool {
	kind, ok := kindOf(v)
	if !ok || kind != c.out.Kind {
		return false
	}
	switch c.store {
	case storeDays:
		days := v.Days()
		c.fixed = binary.LittleEndian.AppendUint32(c.fixed, uint32(int32(days)))
		return math.MinInt32 <= days && days <= math.MaxInt32
	case storeTimes:
		nanos, _ := v.TimeOfDay()
		c.fixed = binary.LittleEndian.AppendUint64(c.fixed, uint64(nanos))
		return true
	}
	if kind == DateTime && *v.Zone() != *value.UTC {
		return false
	}
	seconds, nanos := v.Seconds()
	scale, part, most := int64(1_000_000_000), int64(nanos), int64(maxNanoSeconds)
	if c.out.Micro {
		scale, part, most = 1_000_000, int64(nanos)/1000, maxMicroSeconds
	}
	c.fixed = binary.LittleEndian.AppendUint64(c.fixed, uint64(seconds*scale+part))
	return -most <= seconds && seconds <= most && (!c.out.Micro || nanos%1000 == 0)
}

// flush writes the batch under way.
func (s *RowStream) flush() error {
	if s.rows == 0 {
		return nil
	}
	arrays := make([]arrow.Array, len(s.cols))
	for i := range s.cols {
		c := &s.cols[i]
		var valid *memory.Buffer
		if c.nulls > 0 {
			valid = memory.NewBufferBytes(c.valid)
		}
		buffers := []*memory.Buffer{valid, memory.NewBufferBytes(c.fixed)}
		if c.store >= storeText {
			buffers = []*memory.Buffer{valid, memory.NewBufferBytes(c.ends), memory.NewBufferBytes(c.text)}
		}
		data := array.NewData(c.dtype, s.rows, buffers, nil, c.nulls, 0)
		arrays[i] = array.MakeFromData(data)
		data.Release()
	}
	rec := array.NewRecordBatch(s.schema, arrays, int64(s.rows))
	err := s.w.Write(rec)
	rec.Release()
	for i := range s.cols {
		arrays[i].Release()
		s.cols[i].reset()
	}
	s.rows = 0
	return err
}

// Close ends the stream. Without it a reader finds that it was cut short.
func (s *RowStream) Close() error {
	if !s.begun {
		if err := s.begin(); err != nil {
			return err
		}
	}
	if err := s.flush(); err != nil {
		return err
	}
	return s.w.Close()
}
