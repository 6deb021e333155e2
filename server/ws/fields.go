package ws

import (
	"runtime/debug"
	"slices"
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

// read reads a message's fields. After an error those that were read stand, `tx` among
// them, so that an order of requests is kept.
func (f *fields) read(msg *message) error {
	f.progress = -1
	var first error
	for i, k := range msg.m.Keys {
		if err := f.set(k, msg.m.Vals[i]); err != nil && first == nil {
			first = err
		}
	}
	return first
}

func (f *fields) set(name string, v value.Value) error {
	if v.IsNull() {
		return nil
	}
	number := func(least int64) error {
		if v.Kind() != value.KindInt || v.AsInt() < least {
			return status.Errorf(status.MalformedRequest, "`%s` is not an integer of at least %d", name, least)
		}
		return nil
	}
	switch name {
	case "type", "id":
		return nil
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

// only refuses fields that do not belong to a request of this type.
func (r *request) only(names ...string) error {
	for _, k := range r.msg.m.Keys {
		if k != "type" && k != "id" && !slices.Contains(names, k) {
			return status.Errorf(status.MalformedRequest, "field `%s` cannot be used in a message of type `%s`", clip(k, 100), r.msg.typ).
				WithHint("it takes %q", names)
		}
	}
	return nil
}

func missing(field string) error {
	return status.Errorf(status.MalformedRequest, "`%s` is missing", field)
}

func stack() string { return string(debug.Stack()) }
