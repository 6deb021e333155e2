package function

import (
	"strings"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// badValue is raised where a function meets an argument of a kind that it does not take.
func badValue(fn string, v value.Value, want string) error {
	return status.Errorf(status.InvalidArgumentValue, "%s does not take %s, want %s", fn, describe(v), want)
}

// mismatch is raised where an operator meets operands that it does not take.
func mismatch(op string, a, b value.Value) error {
	return status.Errorf(status.RuntimeTypeMismatch, "%s cannot be applied to %s and %s", op, a.Kind(), b.Kind())
}

func outOfRange(format string, args ...any) error {
	return status.Errorf(status.NumberOutOfRange, format, args...)
}

func badArgument(format string, args ...any) error {
	return status.Errorf(status.InvalidArgumentValue, format, args...)
}

// meant adds to an error about a name the one of names that may be meant, or all of them.
func meant(err error, name string, names ...string) error {
	e, ok := err.(*status.Error)
	if !ok {
		return err
	}
	if n := status.Nearest(name, names...); n != "" {
		return e.WithHint("did you mean %s?", n)
	}
	return e.WithHint("there are %s", strings.Join(names, ", "))
}

// describe shows a small value and names a large one's kind.
func describe(v value.Value) string {
	switch v.Kind() {
	case value.KindBool, value.KindInt, value.KindFloat:
		return v.Kind().String() + " " + v.String()
	case value.KindString:
		if len(v.AsString()) <= 40 {
			return "STRING " + v.String()
		}
	}
	return v.Kind().String()
}

func overflow(op string) error {
	return status.Errorf(status.ArithmeticOverflow, "the result of %s does not fit", op)
}

// hinted gives an error of this package a hint.
func hinted(err error, hint string) error { return status.From(err).WithHint("%s", hint) }

const percentileHint = "0.5 is the median"

// badNumber is badValue of an aggregate of numbers.
func badNumber(fn string, v value.Value, want string) error {
	return hinted(badValue(fn, v, want), "toFloatOrNull() makes null, which is passed over, of what is no number")
}
