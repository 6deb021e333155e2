package expr

import (
	"regexp"

	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

type pendingOps struct{}

var ops pendingOps

func notYet() error { return status.Errorf(status.NotYet, "operator on mixed values") }

func (pendingOps) Add(x, y value.Value) (value.Value, error)    { return value.Null, notYet() }
func (pendingOps) Sub(x, y value.Value) (value.Value, error)    { return value.Null, notYet() }
func (pendingOps) Mul(x, y value.Value) (value.Value, error)    { return value.Null, notYet() }
func (pendingOps) Div(x, y value.Value) (value.Value, error)    { return value.Null, notYet() }
func (pendingOps) Mod(x, y value.Value) (value.Value, error)    { return value.Null, notYet() }
func (pendingOps) Pow(x, y value.Value) (value.Value, error)    { return value.Null, notYet() }
func (pendingOps) Concat(x, y value.Value) (value.Value, error) { return value.Null, notYet() }
func (pendingOps) Neg(x value.Value) (value.Value, error)       { return value.Null, notYet() }
func (pendingOps) StartsWith(x, y value.Value) value.Ternary    { return value.Unknown }
func (pendingOps) EndsWith(x, y value.Value) value.Ternary      { return value.Unknown }
func (pendingOps) Contains(x, y value.Value) value.Ternary      { return value.Unknown }
func (pendingOps) Matches(ctx *function.Context, x, y value.Value) (value.Ternary, error) {
	return value.Unknown, notYet()
}
func (pendingOps) Field(x value.Value, key string) (value.Value, error) { return value.Null, notYet() }
func (pendingOps) Index(x, i value.Value) (value.Value, error)          { return value.Null, notYet() }
func (pendingOps) Slice(x, f, t value.Value) (value.Value, error)       { return value.Null, notYet() }
func (pendingOps) In(x, l value.Value) (value.Ternary, error)           { return value.Unknown, notYet() }
func (c *Context) pattern(s string) (*regexp.Regexp, error)             { return nil, notYet() }
