package function

import (
	"math"
	"strconv"
	"strings"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/value"
)

// A converter returns the converted value, null when the text does not read as
// one, and false for kinds that cannot be converted.
type converter func(v value.Value) (value.Value, bool)

// converters gives toX, toXOrNull and toXList for each type.
func converterFunctions() []*Def {
	var defs []*Def
	for _, c := range []struct {
		name, what, ex string
		result         Kinds
		convert        converter
		vector         vectorKernel
	}{
		{"toInteger", "an integer", "toInteger('82.9') = 82", IntKind, toInteger, toIntegerVector},
		{"toFloat", "a float", "toFloat('1.5') = 1.5", FloatKind, toFloatValue, toFloatVector},
		{"toString", "text", "toString(1.5) = '1.5'", StringKind, toString, toStringVector},
		{"toBoolean", "a boolean", "toBoolean('TRUE')", BoolKind, toBoolean, nil},
	} {
		name, convert := c.name, c.convert
		defs = append(defs,
			&Def{Name: name, Doc: "The value as " + c.what + "; null where text does not read as one.", Example: c.ex, Vector: c.vector,
				Signatures: []Signature{{Args: []Kinds{AnyKind}, Result: c.result | NullKind}},
				Call: func(_ *Context, args []value.Value) (value.Value, error) {
					v, ok := convert(args[0])
					if !ok {
						return value.Null, badValue(name+"()", args[0], "a value that can be converted")
					}
					return v, nil
				}},
			&Def{Name: name + "OrNull", Doc: "The value as " + c.what + ", or null.", Example: name + "OrNull([]) IS NULL",
				Signatures: []Signature{{Args: []Kinds{AnyKind}, Result: c.result | NullKind}},
				Call: func(_ *Context, args []value.Value) (value.Value, error) {
					v, ok := convert(args[0])
					if !ok {
						return value.Null, nil
					}
					return v, nil
				}},
			&Def{Name: name + "List", Doc: "The list with each element as " + c.what + ", or null.", Example: name + "List([]) = []",
				Signatures: []Signature{{Args: []Kinds{ListKind}, Result: ListKind}},
				Call: func(_ *Context, args []value.Value) (value.Value, error) {
					if args[0].Kind() != value.KindList {
						return value.Null, badValue(name+"List()", args[0], "LIST")
					}
					out := make([]value.Value, len(args[0].Elems()))
					for i, e := range args[0].Elems() {
						if v, ok := convert(e); ok {
							out[i] = v
						}
					}
					return value.List(out...), nil
				}})
	}
	return defs
}

// truncateFloat gives null for what does not fit an integer.
func truncateFloat(f float64) value.Value {
	f = math.Trunc(f)
	if !(f >= -1<<63 && f < 1<<63) {
		return value.Null
	}
	return value.Int(int64(f))
}

func toInteger(v value.Value) (value.Value, bool) {
	switch v.Kind() {
	case value.KindNull, value.KindInt:
		return v, true
	case value.KindFloat:
		return truncateFloat(v.AsFloat()), true
	case value.KindBool:
		if v.AsBool() {
			return value.Int(1), true
		}
		return value.Int(0), true
	case value.KindString:
		s := strings.TrimSpace(v.AsString())
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			return value.Int(i), true
		}
		f, ok := parseFloat(s)
		if !ok {
			return value.Null, true
		}
		return truncateFloat(f), true
	}
	return value.Null, false
}

// parseFloat reads decimal numbers only: no hexadecimal, no underscores, no "inf".
func parseFloat(s string) (float64, bool) {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && !strings.ContainsRune("+-.eE", rune(c)) {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

func toFloatValue(v value.Value) (value.Value, bool) {
	switch v.Kind() {
	case value.KindNull, value.KindFloat:
		return v, true
	case value.KindInt:
		return value.Float(float64(v.AsInt())), true
	case value.KindString:
		s := strings.TrimSpace(v.AsString())
		switch s {
		case "NaN":
			return value.Float(math.NaN()), true
		case "Infinity", "+Infinity":
			return value.Float(math.Inf(1)), true
		case "-Infinity":
			return value.Float(math.Inf(-1)), true
		}
		if f, ok := parseFloat(s); ok {
			return value.Float(f), true
		}
		return value.Null, true
	}
	return value.Null, false
}

func toString(v value.Value) (value.Value, bool) {
	switch v.Kind() {
	case value.KindNull, value.KindString:
		return v, true
	case value.KindInt, value.KindFloat, value.KindBool:
		return value.String(v.String()), true
	}
	if PartsKind.Has(v.Kind()) {
		return value.String(string(value.AppendISO(nil, v))), true
	}
	return value.Null, false
}

func toBoolean(v value.Value) (value.Value, bool) {
	switch v.Kind() {
	case value.KindNull, value.KindBool:
		return v, true
	case value.KindInt:
		return value.Bool(v.AsInt() != 0), true
	case value.KindString:
		switch s := strings.TrimSpace(v.AsString()); {
		case strings.EqualFold(s, "true"):
			return value.Bool(true), true
		case strings.EqualFold(s, "false"):
			return value.Bool(false), true
		}
		return value.Null, true
	}
	return value.Null, false
}

func toIntegerVector(_ *Context, args []*column.Vector, sel []int32, n int, out *column.Vector) (bool, error) {
	in := args[0]
	if in.Const || in.Type != column.Float {
		return false, nil
	}
	start(out, in, column.Int, n)
	fits := true
	eachRow(in, sel, n, func(i int) {
		f := math.Trunc(in.Floats[i])
		fits = fits && f >= -1<<63 && f < 1<<63
		out.Ints[i] = int64(f)
	})
	return fits, nil // nulls are left to the slow path
}

func toFloatVector(ctx *Context, args []*column.Vector, sel []int32, n int, out *column.Vector) (bool, error) {
	if args[0].Type != column.Int {
		return false, nil
	}
	return floatKernel(func(f float64) float64 { return f })(ctx, args, sel, n, out)
}

func toStringVector(_ *Context, args []*column.Vector, sel []int32, n int, out *column.Vector) (bool, error) {
	in := args[0]
	if in.Const || in.Type != column.Int {
		return false, nil
	}
	start(out, in, column.String, n)
	eachRow(in, sel, n, func(i int) { out.Strs[i] = strconv.FormatInt(in.Ints[i], 10) })
	return true, nil
}
