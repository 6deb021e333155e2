package expr

import (
	"regexp"
	"strings"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/value"
)

func (c *Context) stringOp(e *StringOp, b *column.Batch) (*column.Vector, error) {
	l, err := c.eval(e.Left, b)
	if err != nil {
		return nil, err
	}
	r, err := c.eval(e.Right, b)
	if err != nil {
		return nil, err
	}
	if l.Type == column.Null || r.Type == column.Null {
		return c.constant(value.Null), nil
	}
	if l.Type == column.String && r.Type == column.String && r.Const && !l.Const {
		if out, err := c.stringConst(e, l, r.Str(0), b); out != nil || err != nil {
			return out, at(err, e.Pos)
		}
	}
	out, err := c.ternary2(b, l, r, func(x, y value.Value) (value.Ternary, error) {
		return e.Op.boxed(c.functions(), x, y)
	})
	return out, at(err, e.Pos)
}

// stringConst tests a string column against a constant.
func (c *Context) stringConst(e *StringOp, l *column.Vector, arg string, b *column.Batch) (*column.Vector, error) {
	var test func(string) bool
	switch e.Op {
	case StartsWith:
		test = func(s string) bool { return strings.HasPrefix(s, arg) }
	case EndsWith:
		test = func(s string) bool { return strings.HasSuffix(s, arg) }
	case Contains:
		test = func(s string) bool { return strings.Contains(s, arg) }
	default:
		re, err := c.pattern(arg)
		if err != nil {
			return nil, err
		}
		test = re.MatchString
	}
	if l.Dict != nil {
		if out := c.dictTest(e, l, b, arg, test); out != nil {
			return out, nil
		}
	}
	out := c.result(column.Bool, b, false)
	out.Nulls = l.Nulls
	for _, r := range b.Selection() {
		if !l.Nulls.Get(int(r)) {
			out.Bools[r] = test(l.Str(int(r)))
		}
	}
	return out, nil
}

// boxed is the operator's meaning for any two values.
func (op StringTest) boxed(ctx *function.Context, x, y value.Value) (value.Ternary, error) {
	switch op {
	case StartsWith:
		return ternary(function.StartsWith(x, y)), nil
	case EndsWith:
		return ternary(function.EndsWith(x, y)), nil
	case Contains:
		return ternary(function.Contains(x, y)), nil
	}
	v, err := function.Matches(ctx, x, y)
	return ternary(v), err
}

// ternary reads a boolean or null value.
func ternary(v value.Value) value.Ternary {
	if v.IsNull() {
		return value.Unknown
	}
	return value.Truth(v.AsBool())
}

// maxPatterns bounds the compiled patterns that a Context keeps.
const maxPatterns = 64

// pattern compiles a pattern once.
func (c *Context) pattern(text string) (*regexp.Regexp, error) {
	if re, ok := c.patterns[text]; ok {
		return re, nil
	}
	re, err := function.Regexp(text)
	if err != nil {
		return nil, err
	}
	if c.patterns == nil || len(c.patterns) >= maxPatterns {
		c.patterns = make(map[string]*regexp.Regexp)
	}
	c.patterns[text] = re
	return re, nil
}

// functions returns the functions' context, an empty one where the caller gave none.
func (c *Context) functions() *function.Context {
	if c.Functions == nil {
		c.Functions = &function.Context{}
	}
	return c.Functions
}
