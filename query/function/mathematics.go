package function

import (
	"math"
	"math/rand/v2"
	"strings"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/value"
)

func floatUnary(name, doc, example string, f func(float64) float64, aliases ...string) *Def {
	return &Def{
		Name: name, Aliases: aliases, Doc: doc, Example: example,
		Signatures: []Signature{{Args: []Kinds{NumberKind}, Result: FloatKind}},
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			if !isNumber(args[0]) {
				return value.Null, badValue(name+"()", args[0], "a number")
			}
			return value.Float(f(toFloat(args[0]))), nil
		},
		Vector: floatKernel(f),
	}
}

func mathFunctions() []*Def {
	constant := func(name string, v float64, doc, example string) *Def {
		return &Def{Name: name, Doc: doc, Example: example, Signatures: []Signature{{Result: FloatKind}},
			Call: func(*Context, []value.Value) (value.Value, error) { return value.Float(v), nil }}
	}
	return []*Def{
		{Name: "abs", Doc: "The number without its sign.", Example: "abs(-3) = 3",
			Signatures: []Signature{{Args: []Kinds{IntKind}, Result: IntKind}, {Args: []Kinds{FloatKind}, Result: FloatKind}}, Call: abs, Vector: absVector},
		{Name: "sign", Doc: "-1, 0 or 1, by the sign of the number.", Example: "sign(-0.5) = -1",
			Signatures: []Signature{{Args: []Kinds{NumberKind}, Result: IntKind | NullKind}}, Call: sign},
		floatUnary("ceil", "The smallest whole number that is not smaller.", "ceil(0.1) = 1.0", math.Ceil, "ceiling"),
		floatUnary("floor", "The largest whole number that is not larger.", "floor(0.9) = 0.0", math.Floor),
		{Name: "round", Doc: "The nearest number of a precision (default 0 decimals). Halves go up, or as the mode UP, DOWN, CEILING, FLOOR, HALF_UP, HALF_DOWN or HALF_EVEN says.", Example: "round(3.1415, 2) = 3.14",
			Signatures: []Signature{{Args: []Kinds{NumberKind, NumberKind, StringKind}, Optional: 2, Result: FloatKind}}, Call: round, Vector: roundVector},
		floatUnary("sqrt", "The square root.", "sqrt(256) = 16.0", math.Sqrt),
		floatUnary("exp", "e to the power of the number.", "exp(0) = 1.0", math.Exp),
		floatUnary("log", "The natural logarithm.", "log(1) = 0.0", math.Log, "ln"),
		floatUnary("log10", "The logarithm to base 10.", "log10(100) = 2.0", math.Log10),
		floatUnary("sin", "The sine of an angle in radians.", "sin(0) = 0.0", math.Sin),
		floatUnary("cos", "The cosine of an angle in radians.", "cos(0) = 1.0", math.Cos),
		floatUnary("tan", "The tangent of an angle in radians.", "tan(0) = 0.0", math.Tan),
		floatUnary("cot", "The cotangent of an angle in radians.", "cot(pi() / 4) > 0.999", func(x float64) float64 { return 1 / math.Tan(x) }),
		floatUnary("sinh", "The hyperbolic sine.", "sinh(0) = 0.0", math.Sinh),
		floatUnary("cosh", "The hyperbolic cosine.", "cosh(0) = 1.0", math.Cosh),
		floatUnary("tanh", "The hyperbolic tangent.", "tanh(0) = 0.0", math.Tanh),
		floatUnary("coth", "The hyperbolic cotangent.", "coth(1) > 1.3", func(x float64) float64 { return 1 / math.Tanh(x) }),
		floatUnary("asin", "The angle of a sine, in radians.", "asin(0) = 0.0", math.Asin),
		floatUnary("acos", "The angle of a cosine, in radians.", "acos(1) = 0.0", math.Acos),
		floatUnary("atan", "The angle of a tangent, in radians.", "atan(0) = 0.0", math.Atan),
		{Name: "atan2", Doc: "The angle of the point (x, y), in radians, given y and x.", Example: "atan2(0, 1) = 0.0",
			Signatures: []Signature{{Args: []Kinds{NumberKind, NumberKind}, Result: FloatKind}},
			Call: func(_ *Context, args []value.Value) (value.Value, error) {
				for _, a := range args {
					if !isNumber(a) {
						return value.Null, badValue("atan2()", a, "a number")
					}
				}
				return value.Float(math.Atan2(toFloat(args[0]), toFloat(args[1]))), nil
			}},
		floatUnary("haversin", "Half the versine of an angle in radians.", "haversin(0) = 0.0", func(x float64) float64 { return (1 - math.Cos(x)) / 2 }),
		floatUnary("degrees", "An angle in radians as degrees.", "degrees(pi()) = 180.0", func(x float64) float64 { return x * 180 / math.Pi }),
		floatUnary("radians", "An angle in degrees as radians.", "radians(180) = pi()", func(x float64) float64 { return x / 180 * math.Pi }),
		constant("pi", math.Pi, "The ratio of a circle's circumference to its diameter.", "round(pi(), 5) = 3.14159"),
		constant("e", math.E, "The base of the natural logarithm.", "round(e(), 5) = 2.71828"),
		{Name: "rand", Doc: "A random float from 0 up to but without 1.", Example: "rand() < 1", Stability: Volatile, Signatures: []Signature{{Result: FloatKind}},
			Call: func(ctx *Context, _ []value.Value) (value.Value, error) { return value.Float(ctx.random()), nil }},
		{Name: "isNaN", Doc: "Whether a number is not a number.", Example: "isNaN(0.0 / 0.0)", Signatures: []Signature{{Args: []Kinds{NumberKind}, Result: BoolKind}},
			Call: func(_ *Context, args []value.Value) (value.Value, error) {
				if !isNumber(args[0]) {
					return value.Null, badValue("isNaN()", args[0], "a number")
				}
				return value.Bool(math.IsNaN(toFloat(args[0]))), nil
			}},
	}
}

func (ctx *Context) random() float64 {
	if ctx == nil || ctx.Rand == nil {
		return rand.Float64()
	}
	return ctx.Rand.Float64()
}

func abs(_ *Context, args []value.Value) (value.Value, error) {
	switch a := args[0]; a.Kind() {
	case value.KindInt:
		if a.AsInt() == math.MinInt64 {
			return value.Null, overflow("abs()")
		}
		return value.Int(max(a.AsInt(), -a.AsInt())), nil
	case value.KindFloat:
		return value.Float(math.Abs(a.AsFloat())), nil
	}
	return value.Null, badValue("abs()", args[0], "a number")
}

func absVector(ctx *Context, args []*column.Vector, sel []int32, n int, out *column.Vector) (bool, error) {
	in := args[0]
	if in.Const || in.Type != column.Int {
		return in.Type == column.Float && !in.Const && must(floatKernel(math.Abs)(ctx, args, sel, n, out)), nil
	}
	start(out, in, column.Int, n)
	bad := false
	eachRow(in, sel, n, func(i int) {
		x := in.Ints[i]
		bad = bad || x == math.MinInt64
		out.Ints[i] = max(x, -x)
	})
	if bad {
		return false, overflow("abs()")
	}
	return true, nil
}

func must(ok bool, _ error) bool { return ok }

func sign(_ *Context, args []value.Value) (value.Value, error) {
	if !isNumber(args[0]) {
		return value.Null, badValue("sign()", args[0], "a number")
	}
	switch f := toFloat(args[0]); {
	case f > 0:
		return value.Int(1), nil
	case f < 0:
		return value.Int(-1), nil
	case f == 0:
		return value.Int(0), nil
	}
	return value.Null, nil // NaN has no sign
}

func roundVector(ctx *Context, args []*column.Vector, sel []int32, n int, out *column.Vector) (bool, error) {
	if len(args) != 1 {
		return false, nil
	}
	return floatKernel(roundHalfUp)(ctx, args, sel, n, out)
}

func roundHalfUp(x float64) float64 {
	r := math.Floor(x)
	if x-r >= 0.5 {
		r++
	}
	return r
}

func round(_ *Context, args []value.Value) (value.Value, error) {
	if !isNumber(args[0]) {
		return value.Null, badValue("round()", args[0], "a number")
	}
	x := toFloat(args[0])
	if len(args) == 1 {
		return value.Float(roundHalfUp(x)), nil
	}
	if !isNumber(args[1]) {
		return value.Null, badValue("round()", args[1], "INTEGER")
	}
	precision := toFloat(args[1])
	if !(precision >= 0 && precision <= 400) {
		return value.Null, outOfRange("round() wants a precision of 0 … 400")
	}
	mode := "HALF_UP"
	if len(args) == 3 {
		if args[2].Kind() != value.KindString {
			return value.Null, badValue("round()", args[2], "STRING")
		}
		mode = strings.ToUpper(args[2].AsString())
	}
	r, ok := roundDecimal(x, int(precision), mode)
	if !ok {
		return value.Null, meant(badArgument("round(): there is no mode '%s'", mode), mode, "UP", "DOWN", "CEILING", "FLOOR", "HALF_UP", "HALF_DOWN", "HALF_EVEN")
	}
	return value.Float(r), nil
}
