package ws

import (
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
	"github.com/kadedb/kadedb/wire"
)

// fields are what a request's message says.
type fields struct {
	wire.Request
	statement int64         // 0: none
	credit    int64         // 0: not given
	progress  time.Duration // -1: not given
}

// takes has what each request's message may say beside `type` and `id`.
var takes = map[string][]string{
	"query": {"query", "statement", "params", "tx", "credit", "progress_ms", "timeout_ms", "memory_bytes",
		"max_path_rows", "max_path_length", "read_only"},
	"prepare":  {"query"},
	"forget":   {"statement"},
	"begin":    {"read_only", "isolation"},
	"commit":   {"tx"},
	"rollback": {"tx"},
}

// read reads a message's fields. After an error those that were read stand, `tx` among
// them, so that an order of requests is kept.
func (f *fields) read(msg *message) error {
	f.progress = -1
	var first error
	for i, k := range msg.m.Keys {
		v := msg.m.Vals[i]
		if k == "type" || k == "id" || v.IsNull() {
			continue
		}
		err := misplaced(k, msg.typ)
		if err == nil {
			err = f.set(k, v)
		}
		if err != nil && first == nil {
			first = err
		}
	}
	return first
}

// misplaced is the error of a field that a message of this type does not take.
func misplaced(name, typ string) error {
	switch {
	case slices.Contains(takes[typ], name):
		return nil
	case typ == "query" && name == "max_rows":
		return status.Errorf(status.MalformedRequest, "`max_rows` is for answers that are not streamed").
			WithHint("give `credit`, and cancel the rest")
	}
	return status.Errorf(status.MalformedRequest, "field `%s` cannot be used in a message of type `%s`", clip(name, 100), typ).
		WithHint("it takes %s", strings.Join(takes[typ], ", "))
}

func (f *fields) set(name string, v value.Value) error {
	number := func(least int64) error {
		if v.Kind() != value.KindInt || v.AsInt() < least {
			return status.Errorf(status.MalformedRequest, "`%s` is not an integer of at least %d", name, least)
		}
		return nil
	}
	switch name {
	case "statement":
		if err := number(1); err != nil {
			return err
		}
		f.statement = v.AsInt()
	case "credit":
		if err := number(1); err != nil {
			return err
		}
		f.credit = min(v.AsInt(), maxCredit)
	case "progress_ms":
		if err := number(0); err != nil {
			return err
		}
		f.progress = time.Duration(min(v.AsInt(), 1<<31)) * time.Millisecond
		if f.progress > 0 {
			f.progress = max(f.progress, minProgressTime)
		}
	default:
		return f.Set(name, v)
	}
	return nil
}

func missing(field string) error {
	return status.Errorf(status.MalformedRequest, "`%s` is missing", field)
}

func stack() string { return string(debug.Stack()) }
