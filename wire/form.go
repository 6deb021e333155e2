package wire

import (
	"encoding/binary"
	"strconv"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// Form is how messages are written.
type Form uint8

// The forms.
const (
	JSON Form = iota
	CBOR
)

// DecodeMessage reads one value of a request, as Decode, DecodeTyped and DecodeCBOR do;
// typed is for JSON. Where all of it could be read, but a value inside, below the
// fields of the message itself, is none that can be sent, misfit says so, and null
// stands in that value's place.
func (f Form) DecodeMessage(b []byte, typed bool, reserve func(int64) error) (v value.Value, misfit, err error) {
	if f == CBOR {
		d := cborDecoder{decoder{b: b, reserve: reserve}}
		v, err = d.all()
		return v, d.misfit, err
	}
	d := decoder{b: b, typed: typed, reserve: reserve}
	v, err = d.all()
	return v, d.misfit, err
}

// Message appends an object of named fields, one after the other, in either form:
//
//	m := wire.NewMessage(wire.JSON, buf)
//	m.Text("type", "rows")
//	m.Int("id", 7)
//	b := m.End()
//
// Its buffer is the caller's again after End.
type Message struct {
	// Values writes values in JSON.
	Values Encoder

	form Form
	b    []byte
	top  int // where the object under way began
	kind int // where its type ends
}

// NewMessage begins an object at the end of buf.
func NewMessage(f Form, buf []byte) Message {
	m := Message{form: f, b: buf}
	m.open()
	return m
}

// Len returns how long the message is so far.
func (m *Message) Len() int { return len(m.b) }

// Cap returns the memory that its buffer takes.
func (m *Message) Cap() int { return cap(m.b) }

// open begins an object, which has at most 23 fields.
func (m *Message) open() {
	m.top = len(m.b)
	if m.form == CBOR {
		m.b = append(m.b, majorMap)
	} else {
		m.b = append(m.b, '{')
	}
}

// key begins a field. Names are plain ASCII.
func (m *Message) key(name string) {
	if m.form == CBOR {
		m.b[m.top]++
		m.b = append(append(m.b, majorText|byte(len(name))), name...)
		return
	}
	if len(m.b) > m.top+1 {
		m.b = append(m.b, ',')
	}
	m.b = append(append(append(m.b, '"'), name...), '"', ':')
}

// End closes the object and returns the buffer.
func (m *Message) End() []byte {
	if m.form == JSON {
		m.b = append(m.b, '}')
	}
	return m.b
}

// Text adds a field of text.
func (m *Message) Text(name, s string) {
	m.key(name)
	if m.form == CBOR {
		m.b = appendCBORText(m.b, s)
	} else {
		m.b = AppendString(m.b, s)
	}
}

// Statuses adds GQL's statuses of a statement that succeeded.
func (m *Message) Statuses(name string, outcome status.GQL, notices []string) {
	m.key(name)
	if m.form == JSON {
		m.b = AppendStatuses(m.b, outcome, notices)
		return
	}
	m.b = appendHead(m.b, majorArray, uint64(1+len(notices)))
	m.status(outcome)
	for _, n := range notices {
		m.status(status.GQLNotice(n))
	}
}

func (m *Message) status(g status.GQL) {
	m.b = appendCBORText(append(m.b, majorMap|2), "gql_status")
	m.b = appendCBORText(appendCBORText(appendCBORText(m.b, g.Code), "status_description"), g.Description)
}

// Type adds the field "type". SetType replaces it by one of the same length, for a
// message that turns out to be another.
func (m *Message) Type(s string) {
	m.Text("type", s)
	m.kind = len(m.b)
	if m.form == JSON {
		m.kind--
	}
}

// SetType replaces the type.
func (m *Message) SetType(s string) { copy(m.b[m.kind-len(s):m.kind], s) }

// Int adds an integer.
func (m *Message) Int(name string, i int64) {
	m.key(name)
	if m.form == CBOR {
		m.b = appendCBORInt(m.b, i)
	} else {
		m.b = strconv.AppendInt(m.b, i, 10)
	}
}

// Bool adds a boolean.
func (m *Message) Bool(name string, b bool) { m.Value(name, value.Bool(b)) }

// Millis adds a time in milliseconds, a float.
func (m *Message) Millis(name string, us int64) {
	if m.form == CBOR {
		m.Value(name, value.Float(float64(us)/1000))
		return
	}
	m.key(name)
	m.b = strconv.AppendFloat(m.b, float64(us)/1000, 'f', 3, 64)
}

// Value adds a value.
func (m *Message) Value(name string, v value.Value) {
	m.key(name)
	if m.form == CBOR {
		m.b = AppendCBOR(m.b, v)
	} else {
		m.b = m.Values.Append(m.b, v)
	}
}

// Texts adds an array of texts.
func (m *Message) Texts(name string, list []string) {
	m.key(name)
	if m.form == JSON {
		m.b = AppendStrings(m.b, list)
		return
	}
	m.b = appendHead(m.b, majorArray, uint64(len(list)))
	for _, s := range list {
		m.b = appendCBORText(m.b, s)
	}
}

// Counters adds an object of the counters that are not zero.
func (m *Message) Counters(name string, list []Counter) {
	m.key(name)
	outer := m.top
	m.open()
	for _, c := range list {
		if c.N != 0 {
			m.Int(c.Name, c.N)
		}
	}
	m.b = m.End()
	m.top = outer
}

// Error adds an error body.
func (m *Message) Error(name string, e *status.Error) {
	m.key(name)
	if m.form == JSON {
		m.b = AppendError(m.b, e)
		return
	}
	body, err := Decode(AppendError(nil, e))
	if err != nil {
		body = value.Null // AppendError writes JSON
	}
	m.b = AppendCBOR(m.b, body)
}

// Rows begins an array of rows, which EndRows ends. Between them stand Row and
// nothing else.
func (m *Message) Rows(name string) Rows {
	m.key(name)
	if m.form == CBOR {
		m.b = append(m.b, majorArray|26, 0, 0, 0, 0)
	} else {
		m.b = append(m.b, '[')
	}
	return Rows{m: m, at: len(m.b)}
}

// Rows is an array of rows under way.
type Rows struct {
	m  *Message
	at int // where the first row begins
	N  uint32
}

// Add adds a row.
func (r *Rows) Add(row []value.Value) {
	m := r.m
	if m.form == CBOR {
		m.b = AppendCBORRow(m.b, row)
	} else {
		if r.N > 0 {
			m.b = append(m.b, ',')
		}
		m.b = m.Values.AppendRow(m.b, row)
	}
	r.N++
}

// End ends the array.
func (r *Rows) End() {
	if r.m.form == CBOR {
		binary.BigEndian.PutUint32(r.m.b[r.at-4:], r.N)
	} else {
		r.m.b = append(r.m.b, ']')
	}
}
