package wire

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// Request is the body of /v1/query and of /v1/tx. Fields that are not given are zero.
// It is read by Set and written by AppendRequest; the tags are its description.
type Request struct {
	Query         string                 `json:"query,omitempty" doc:"one statement; of /v1/export none for the whole graph"`
	Params        map[string]value.Value `json:"params,omitempty"`
	Tx            string                 `json:"tx,omitempty" doc:"the transaction to run in"`
	Timeout       time.Duration          `json:"timeout_ms,omitempty" minimum:"1"`
	MemoryBytes   int64                  `json:"memory_bytes,omitempty" minimum:"1"`
	MaxRows       int64                  `json:"max_rows,omitempty" minimum:"1"`
	MaxPathRows   int64                  `json:"max_path_rows,omitempty" minimum:"1"`
	MaxPathLength int64                  `json:"max_path_length,omitempty" minimum:"1"`
	Isolation     string                 `json:"isolation,omitempty" enum:"snapshot"`
	ReadOnly      *bool                  `json:"read_only,omitempty"` // nil: not said
}

// DecodeRequest reads a request. Field names that it does not know are errors, so
// that a misspelt limit is not a missing one. reserve, where there is one, is asked
// for the memory that a long body's values take; typed bodies are typed JSON. Where
// only is given no other fields are taken.
func DecodeRequest(b []byte, typed bool, reserve func(int64) error, only ...string) (*Request, error) {
	v, err := decode(decoder{b: b, typed: typed, reserve: reserve})
	if err != nil {
		return nil, err
	}
	if v.Kind() != value.KindMap {
		return nil, status.Errorf(status.MalformedRequest, "the body must be an object, not %s", v.Kind())
	}
	r := &Request{}
	m := v.AsMap()
	for i := range m.Len() {
		if len(only) > 0 && !slices.Contains(only, m.Keys[i]) {
			return nil, status.Errorf(status.MalformedRequest, "field `%.100s` cannot be used here", m.Keys[i]).
				WithHint("known are %s", strings.Join(only, ", "))
		}
		if err := r.Set(m.Keys[i], m.Vals[i]); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Set sets a field by its name on the wire.
func (r *Request) Set(field string, v value.Value) error {
	if v.IsNull() {
		return nil
	}
	count := func(to *int64) error {
		if v.Kind() != value.KindInt || v.AsInt() <= 0 {
			return status.Errorf(status.MalformedRequest, "`%s` is not a positive integer", field)
		}
		*to = v.AsInt()
		return nil
	}
	text := func(to *string) error {
		if v.Kind() != value.KindString {
			return status.Errorf(status.MalformedRequest, "`%s` must be a string, not %s", field, v.Kind())
		}
		*to = v.AsString()
		return nil
	}
	switch field {
	case "query":
		return text(&r.Query)
	case "tx":
		if err := text(&r.Tx); err != nil || r.Tx != "" {
			return err
		}
		return status.Errorf(status.MalformedRequest, "`tx` is empty").WithHint("leave it out to run outside of a transaction")
	case "isolation":
		return text(&r.Isolation)
	case "params":
		if v.Kind() != value.KindMap {
			return status.Errorf(status.MalformedRequest, "`params` must be an object, not %s", v.Kind())
		}
		m := v.AsMap()
		r.Params = make(map[string]value.Value, m.Len())
		for i, k := range m.Keys {
			r.Params[k] = m.Vals[i]
		}
		return nil
	case "timeout_ms":
		var ms int64
		if err := count(&ms); err != nil {
			return err
		}
		r.Timeout = time.Duration(min(ms, int64(365*24*time.Hour/time.Millisecond))) * time.Millisecond
		return nil
	case "memory_bytes":
		return count(&r.MemoryBytes)
	case "max_rows":
		return count(&r.MaxRows)
	case "max_path_rows":
		return count(&r.MaxPathRows)
	case "max_path_length":
		return count(&r.MaxPathLength)
	case "read_only":
		if v.Kind() != value.KindBool {
			return status.Errorf(status.MalformedRequest, "`read_only` must be true or false, not %s", v.Kind())
		}
		b := v.AsBool()
		r.ReadOnly = &b
		return nil
	}
	return status.Errorf(status.MalformedRequest, "unknown field `%.100s`", field).
		WithHint("known are query, params, tx, timeout_ms, memory_bytes, max_rows, max_path_rows, max_path_length, isolation, read_only")
}

// AppendRequest appends a request as its body.
func (e Encoder) AppendRequest(dst []byte, r *Request) []byte {
	dst = append(dst, '{')
	field := func(name string) {
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		dst = append(append(append(dst, '"'), name...), `":`...)
	}
	text := func(name, s string) {
		if s != "" {
			field(name)
			dst = AppendString(dst, s)
		}
	}
	number := func(name string, n int64) {
		if n > 0 {
			field(name)
			dst = strconv.AppendInt(dst, n, 10)
		}
	}
	text("query", r.Query)
	if len(r.Params) > 0 {
		field("params")
		dst = append(dst, '{')
		first := true
		for k, v := range r.Params {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = e.Append(append(AppendString(dst, k), ':'), v)
		}
		dst = append(dst, '}')
	}
	text("tx", r.Tx)
	number("timeout_ms", r.Timeout.Milliseconds())
	number("memory_bytes", r.MemoryBytes)
	number("max_rows", r.MaxRows)
	number("max_path_rows", r.MaxPathRows)
	number("max_path_length", r.MaxPathLength)
	text("isolation", r.Isolation)
	if r.ReadOnly != nil {
		field("read_only")
		dst = strconv.AppendBool(dst, *r.ReadOnly)
	}
	return append(dst, '}')
}

// Counter is one number of an answer's stats.
type Counter struct {
	Name string
	N    int64
}

// Report is what follows an answer's rows.
type Report struct {
	Counters []Counter
	Status   status.GQL // of the statement; those of notices are made of them
	Notices  []string
	Plan     string // of PROFILE
	Tx       string // opened by BEGIN
	Elapsed  time.Duration
}

// AppendFields appends a report's fields without braces: "stats" without what is zero, "notices", "statuses",
// "ms", and "plan" and "tx" where there are some.
func (r *Report) AppendFields(dst []byte) []byte {
	dst = append(dst, `"stats":{`...)
	first := true
	for _, c := range r.Counters {
		if c.N == 0 {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(append(append(dst, '"'), c.Name...), '"', ':')
		dst = strconv.AppendInt(dst, c.N, 10)
	}
	dst = AppendStrings(append(dst, `},"notices":`...), r.Notices)
	dst = AppendStatuses(append(dst, `,"statuses":`...), r.Status, r.Notices)
	if r.Plan != "" {
		dst = AppendString(append(dst, `,"plan":`...), r.Plan)
	}
	if r.Tx != "" {
		dst = AppendString(append(dst, `,"tx":`...), r.Tx)
	}
	dst = append(dst, `,"ms":`...)
	return strconv.AppendFloat(dst, float64(r.Elapsed.Microseconds())/1000, 'f', 3, 64)
}

// AppendStatuses appends the list of GQL's statuses of a statement that succeeded.
func AppendStatuses(dst []byte, outcome status.GQL, notices []string) []byte {
	dst = appendStatus(append(dst, '['), outcome)
	for _, n := range notices {
		dst = appendStatus(append(dst, ','), status.GQLNotice(n))
	}
	return append(dst, ']')
}

func appendStatus(dst []byte, g status.GQL) []byte {
	dst = append(append(dst, `{"gql_status":"`...), g.Code...)
	dst = AppendString(append(dst, `","status_description":`...), g.Description)
	return append(dst, '}')
}

// DecodeReport reads the object that holds a report's fields.
func DecodeReport(m *value.Map) *Report {
	r := &Report{}
	for i := range m.Len() {
		v := m.Vals[i]
		switch key := m.Keys[i]; {
		case key == "stats" && v.Kind() == value.KindMap:
			for j, name := range v.AsMap().Keys {
				if n := v.AsMap().Vals[j]; n.Kind() == value.KindInt {
					r.Counters = append(r.Counters, Counter{name, n.AsInt()})
				}
			}
		case key == "notices" && v.Kind() == value.KindList:
			for _, n := range v.Elems() {
				if n.Kind() == value.KindString {
					r.Notices = append(r.Notices, n.AsString())
				}
			}
		case key == "statuses" && v.Kind() == value.KindList && len(v.Elems()) > 0 && v.Elems()[0].Kind() == value.KindMap:
			outcome := v.Elems()[0].AsMap()
			r.Status = status.GQL{Code: textOf(outcome, "gql_status"), Description: textOf(outcome, "status_description")}
		case key == "plan" && v.Kind() == value.KindString:
			r.Plan = v.AsString()
		case key == "tx" && v.Kind() == value.KindString:
			r.Tx = v.AsString()
		case key == "ms" && v.Kind() == value.KindFloat:
			r.Elapsed = time.Duration(v.AsFloat() * float64(time.Millisecond))
		}
	}
	return r
}

// textOf returns a field of text, "" where there is none.
func textOf(m *value.Map, key string) string {
	if v, ok := m.Get(key); ok && v.Kind() == value.KindString {
		return v.AsString()
	}
	return ""
}

// AppendError appends an error body. Line, column and hint are null where there is
// none; errors of the language also have openCypher's type, phase and detail.
func AppendError(dst []byte, e *status.Error) []byte {
	info := e.Code.Info()
	dst = AppendString(append(dst, `{"code":`...), e.Code.String())
	dst = AppendString(append(dst, `,"name":`...), info.Name)
	dst = append(append(append(dst, `,"gql_status":"`...), e.GQL().Code...), '"')
	dst = AppendString(append(dst, `,"message":`...), e.Msg)
	if e.Pos.IsValid() {
		dst = strconv.AppendInt(append(dst, `,"line":`...), int64(e.Pos.Line), 10)
		dst = strconv.AppendInt(append(dst, `,"column":`...), int64(e.Pos.Column), 10)
	} else {
		dst = append(dst, `,"line":null,"column":null`...)
	}
	if e.Hint != "" {
		dst = AppendString(append(dst, `,"hint":`...), e.Hint)
	} else {
		dst = append(dst, `,"hint":null`...)
	}
	if info.Type != "" {
		dst = AppendString(append(dst, `,"type":`...), info.Type)
		dst = AppendString(append(dst, `,"phase":`...), e.When().String())
		dst = AppendString(append(dst, `,"detail":`...), info.Name)
	}
	return append(dst, '}')
}

// DecodeError reads an error body.
func DecodeError(m *value.Map) *status.Error {
	number := func(key string) int32 {
		if v, ok := m.Get(key); ok && v.Kind() == value.KindInt {
			return int32(v.AsInt())
		}
		return 0
	}
	e := &status.Error{Code: status.Internal, Msg: textOf(m, "message"), Hint: textOf(m, "hint"),
		Pos: status.Pos{Line: number("line"), Column: number("column")}}
	if digits, ok := strings.CutPrefix(textOf(m, "code"), "KDB-"); ok {
		if n, err := strconv.ParseUint(digits, 10, 16); err == nil {
			e.Code = status.Code(n)
		}
	}
	switch textOf(m, "phase") {
	case status.CompileTime.String():
		e.Phase = status.CompileTime
	case status.Runtime.String():
		e.Phase = status.Runtime
	}
	return e
}
