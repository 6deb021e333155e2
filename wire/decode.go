package wire

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// maxDepth is how many arrays and objects may be around a value, the message itself
// among them. A depth is how many are around what is about to be read.
const maxDepth = 100

// Decode reads one JSON value: 1 is an integer, 1.0 and 1e0 are floats, an object
// is a map. It fails on anything after it, and on a key that stands twice in an object.
func Decode(b []byte) (value.Value, error) { return decode(decoder{b: b}) }

// DecodeAnswer reads one JSON value of an answer. An object with exactly the keys of
// a node, a relationship or a path is one.
func DecodeAnswer(b []byte) (value.Value, error) { return decode(decoder{b: b, entities: true}) }

func decode(d decoder) (value.Value, error) {
	v, err := d.all()
	if err == nil {
		err = d.misfit
	}
	if err != nil {
		return value.Null, err
	}
	return v, nil
}

// all reads the one value that there is.
func (d *decoder) all() (value.Value, error) {
	if len(d.b) > 2 && string(d.b[:3]) == "\xef\xbb\xbf" {
		return value.Null, d.bad("it begins with a byte order mark, which JSON has none of")
	}
	v, err := d.value(0)
	if err == nil {
		if d.space(); d.at < len(d.b) {
			err = d.bad("something follows the value")
		}
	}
	return v, err
}

type decoder struct {
	b        []byte
	at       int
	entities bool
	typed    bool
	reserve  func(int64) error // is asked before memory is taken; nil: nobody
	owed     int64
	// misfit is the first error of a value that is JSON and still none of KadeQL's: what
	// follows it is read, so that whose it is is known.
	misfit error
}

// unfit notes the error of a value, in whose place stands null.
func (d *decoder) unfit(err error) (value.Value, error) {
	d.note(err)
	return value.Null, nil
}

func (d *decoder) note(err error) {
	if d.misfit == nil {
		d.misfit = err
	}
}

// twice is the error of a key that an object has already: which of both values holds
// is something that readers of JSON do not agree on.
func (d *decoder) twice(key string) error {
	if len(key) > maxQuoted {
		key = strings.ToValidUTF8(key[:maxQuoted], "") + "…"
	}
	return status.Errorf(status.MalformedRequest, "the key %q stands twice in one object, before byte %d", key, d.at)
}

// maxQuoted is how much of a key is quoted in an error.
const maxQuoted = 100

// A value in a list, whose array is up to twice as long, and a key of a map.
const (
	elemBytes = 64
	keyBytes  = 96
)

// chargeStep keeps small inputs from asking at all.
const chargeStep = 64 << 10

// charge counts memory that is taken for values: a short text can ask for much.
func (d *decoder) charge(n int) error {
	if d.reserve == nil {
		return nil
	}
	if d.owed += int64(n); d.owed < chargeStep {
		return nil
	}
	err := d.reserve(d.owed)
	d.owed = 0
	return err
}

func (d *decoder) bad(what string) error {
	return status.Errorf(status.MalformedRequest, "not JSON at byte %d: %s", d.at, what)
}

func (d *decoder) tooDeep() error {
	return status.Errorf(status.MalformedRequest, "JSON nested deeper than %d at byte %d", maxDepth, d.at)
}

func (d *decoder) space() {
	for d.at < len(d.b) {
		switch d.b[d.at] {
		case ' ', '\t', '\n', '\r':
			d.at++
		default:
			return
		}
	}
}

// peek returns the next byte after white space, 0 at the end.
func (d *decoder) peek() byte {
	d.space()
	if d.at == len(d.b) {
		return 0
	}
	return d.b[d.at]
}

func (d *decoder) value(depth int) (value.Value, error) {
	switch c := d.peek(); {
	case c == 0 && d.at == len(d.b):
		return value.Null, d.bad("it ends early")
	case c == '{':
		return d.object(depth, false)
	case c == '[':
		return d.array(depth)
	case c == '"':
		s, err := d.string()
		if err == nil {
			err = d.charge(len(s))
		}
		return value.String(s), err
	case c == '-' || '0' <= c && c <= '9':
		return d.number()
	}
	for _, w := range []struct {
		word string
		v    value.Value
	}{{"null", value.Null}, {"true", value.Bool(true)}, {"false", value.Bool(false)}} {
		if len(d.b)-d.at >= len(w.word) && string(d.b[d.at:d.at+len(w.word)]) == w.word {
			d.at += len(w.word)
			return w.v, nil
		}
	}
	return value.Null, d.bad("a value was expected")
}

func (d *decoder) array(depth int) (value.Value, error) {
	if depth >= maxDepth {
		return value.Null, d.tooDeep()
	}
	d.at++
	var elems []value.Value
	if d.peek() == ']' {
		d.at++
		return value.List(), nil
	}
	for {
		v, err := d.value(depth + 1)
		if err == nil {
			err = d.charge(elemBytes)
		}
		if err != nil {
			return value.Null, err
		}
		elems = append(elems, v)
		switch d.peek() {
		case ',':
			d.at++
		case ']':
			d.at++
			return value.List(elems...), nil
		default:
			return value.Null, d.bad("`,` or `]` was expected")
		}
	}
}

// manyKeys is from where on an object's keys are looked up in an index, so that a
// long object takes linear time.
const manyKeys = 16

// object reads an object. One that is literal is a map, whatever it looks like.
func (d *decoder) object(depth int, literal bool) (value.Value, error) {
	if depth >= maxDepth {
		return value.Null, d.tooDeep()
	}
	d.at++
	m := &value.Map{}
	var index map[string]int
	if d.peek() == '}' {
		d.at++
		return value.FromMap(m), nil
	}
	if depth == 0 { // a request, a report: a few fields
		m.Keys, m.Vals = make([]string, 0, 6), make([]value.Value, 0, 6)
	}
	for {
		if d.peek() != '"' {
			return value.Null, d.bad("a key in quotes was expected")
		}
		key, err := d.string()
		if err != nil {
			return value.Null, err
		}
		if d.peek() != ':' {
			return value.Null, d.bad("`:` was expected")
		}
		d.at++
		var v value.Value
		if !literal && d.literal(m, key) && d.peek() == '{' {
			v, err = d.object(depth+1, true)
		} else {
			v, err = d.value(depth + 1)
		}
		if err == nil {
			err = d.charge(keyBytes + len(key))
		}
		if err != nil {
			return value.Null, err
		}
		var fresh bool
		if index, fresh = setKey(m, index, key, v); !fresh {
			if depth == 0 {
				return value.Null, d.twice(key)
			}
			d.note(d.twice(key))
		}
		switch d.peek() {
		case ',':
			d.at++
		case '}':
			d.at++
			if literal {
				return value.FromMap(m), nil
			}
			return d.shape(m)
		default:
			return value.Null, d.bad("`,` or `}` was expected")
		}
	}
}

// setKey adds a key, and reports whether it is new. The first of equal ones stays.
func setKey(m *value.Map, index map[string]int, key string, v value.Value) (map[string]int, bool) {
	if len(m.Keys) < manyKeys {
		if slices.Contains(m.Keys, key) {
			return nil, false
		}
		m.Keys, m.Vals = append(m.Keys, key), append(m.Vals, v)
		return nil, true
	}
	if index == nil {
		index = make(map[string]int, 2*manyKeys)
		for i, k := range m.Keys {
			index[k] = i
		}
	}
	if _, ok := index[key]; ok {
		return index, false
	}
	index[key] = len(m.Keys)
	m.Keys, m.Vals = append(m.Keys, key), append(m.Vals, v)
	return index, true
}

// shape turns an object into what it stands for.
func (d *decoder) shape(m *value.Map) (value.Value, error) {
	if len(m.Keys) == 1 && m.Keys[0] == floatKey && m.Vals[0].Kind() == value.KindString {
		switch m.Vals[0].AsString() {
		case "NaN":
			return value.Float(math.NaN()), nil
		case "Infinity":
			return value.Float(math.Inf(1)), nil
		case "-Infinity":
			return value.Float(math.Inf(-1)), nil
		}
		return d.unfit(d.bad(`"$float" is "NaN", "Infinity" or "-Infinity"`))
	}
	if d.typed {
		return d.shapeTyped(m)
	}
	if d.entities {
		if v, ok := entity(m, false); ok {
			return v, nil
		}
	}
	return value.FromMap(m), nil
}

func keysAre(m *value.Map, keys ...string) bool {
	if len(m.Keys) != len(keys) {
		return false
	}
	for i, k := range keys {
		if m.Keys[i] != k {
			return false
		}
	}
	return true
}

// entity returns the entity that m is the fields of. Ids may be texts where texts is set.
func entity(m *value.Map, texts bool) (value.Value, bool) {
	kind := func(i int) value.Kind { return m.Vals[i].Kind() }
	switch {
	case keysAre(m, "id", "labels", "properties"):
		id, ok := idOf(m.Vals[0], texts)
		if !ok || kind(1) != value.KindList || kind(2) != value.KindMap {
			return value.Null, false
		}
		n := &value.Node{ID: id, Props: m.Vals[2].AsMap()}
		for _, l := range m.Vals[1].Elems() {
			if l.Kind() != value.KindString {
				return value.Null, false
			}
			n.Labels = append(n.Labels, l.AsString())
		}
		return value.FromNode(n), true
	case keysAre(m, "id", "type", "start", "end", "properties"):
		id, ok := idOf(m.Vals[0], texts)
		start, sok := idOf(m.Vals[2], texts)
		end, eok := idOf(m.Vals[3], texts)
		if !ok || !sok || !eok || kind(1) != value.KindString || kind(4) != value.KindMap {
			return value.Null, false
		}
		return value.FromRelationship(&value.Relationship{ID: id, Type: m.Vals[1].AsString(), Start: start, End: end, Props: m.Vals[4].AsMap()}), true
	case keysAre(m, "nodes", "relationships"):
		if kind(0) != value.KindList || kind(1) != value.KindList {
			return value.Null, false
		}
		p := &value.Path{Nodes: m.Vals[0].Elems(), Rels: m.Vals[1].Elems()}
		if len(p.Nodes) != len(p.Rels)+1 || !allOf(p.Nodes, value.KindNode) || !allOf(p.Rels, value.KindRelationship) {
			return value.Null, false
		}
		return value.FromPath(p), true
	}
	return value.Null, false
}

func idOf(v value.Value, texts bool) (uint64, bool) {
	if v.Kind() == value.KindInt {
		return uint64(v.AsInt()), true
	}
	if v.Kind() != value.KindString || !texts {
		return 0, false
	}
	i, err := strconv.ParseInt(v.AsString(), 10, 64)
	return uint64(i), err == nil
}

func allOf(list []value.Value, k value.Kind) bool {
	for _, v := range list {
		if v.Kind() != k {
			return false
		}
	}
	return true
}

func (d *decoder) digits() int {
	from := d.at
	for d.at < len(d.b) && '0' <= d.b[d.at] && d.b[d.at] <= '9' {
		d.at++
	}
	return d.at - from
}

func (d *decoder) number() (value.Value, error) {
	from, float := d.at, false
	if d.b[d.at] == '-' {
		d.at++
	}
	first := d.at
	n := d.digits()
	if n == 0 || n > 1 && d.b[first] == '0' {
		return value.Null, d.bad("a malformed number")
	}
	if d.at < len(d.b) && d.b[d.at] == '.' {
		float = true
		d.at++
		if d.digits() == 0 {
			return value.Null, d.bad("a digit was expected after the point")
		}
	}
	if d.at < len(d.b) && (d.b[d.at] == 'e' || d.b[d.at] == 'E') {
		float = true
		d.at++
		if d.at < len(d.b) && (d.b[d.at] == '+' || d.b[d.at] == '-') {
			d.at++
		}
		if d.digits() == 0 {
			return value.Null, d.bad("a digit was expected in the exponent")
		}
	}
	text := string(d.b[from:d.at])
	if float {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) || math.IsInf(f, 0) {
			return d.unfit(status.Errorf(status.NumberOutOfRange, "the number at byte %d does not fit a float", from))
		}
		return value.Float(f), nil
	}
	i, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return d.unfit(status.Errorf(status.NumberOutOfRange, "the number at byte %d does not fit a 64-bit integer", from).
			WithHint("write it with a point or an exponent to send a float"))
	}
	return value.Int(i), nil
}

// string reads a string; d.at is at its opening quote.
func (d *decoder) string() (string, error) {
	d.at++
	from := d.at
	for d.at < len(d.b) {
		switch c := d.b[d.at]; {
		case c == '"':
			s := d.b[from:d.at]
			if !utf8.Valid(s) {
				return "", d.bad("a string that is not UTF-8")
			}
			d.at++
			return string(s), nil
		case c == '\\':
			return d.escaped(from)
		case c < ' ':
			return "", d.bad("a control character in a string")
		}
		d.at++
	}
	return "", d.bad("a string without its end")
}

// escaped reads the rest of a string that holds escapes.
func (d *decoder) escaped(from int) (string, error) {
	out := append([]byte(nil), d.b[from:d.at]...)
	for d.at < len(d.b) {
		c := d.b[d.at]
		switch {
		case c == '"':
			d.at++
			if !utf8.Valid(out) {
				return "", d.bad("a string that is not UTF-8")
			}
			return string(out), nil
		case c < ' ':
			return "", d.bad("a control character in a string")
		case c != '\\':
			out = append(out, c)
			d.at++
			continue
		}
		if d.at+1 == len(d.b) {
			break
		}
		c = d.b[d.at+1]
		d.at += 2
		switch c {
		case '"', '\\', '/':
			out = append(out, c)
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, err := d.unicode()
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
		default:
			return "", d.bad("an unknown escape")
		}
	}
	return "", d.bad("a string without its end")
}

// unicode reads the digits of \uXXXX, and of a second one where the first is half
// of a pair. Half a pair alone is an error: it has no UTF-8.
func (d *decoder) unicode() (rune, error) {
	r, ok := d.hex4()
	if ok && utf16.IsSurrogate(r) {
		if d.at+1 >= len(d.b) || d.b[d.at] != '\\' || d.b[d.at+1] != 'u' {
			return 0, d.bad("half a surrogate pair")
		}
		d.at += 2
		var low rune
		if low, ok = d.hex4(); ok {
			if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
				return 0, d.bad("half a surrogate pair")
			}
		}
	}
	if !ok {
		return 0, d.bad(`\u needs four hexadecimal digits`)
	}
	return r, nil
}

func (d *decoder) hex4() (rune, bool) {
	if d.at+4 > len(d.b) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(d.b[d.at:d.at+4]), 16, 32)
	if err != nil || d.b[d.at] == '+' {
		return 0, false
	}
	d.at += 4
	return rune(n), true
}
