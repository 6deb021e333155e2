package function

import (
	"github.com/kadedb/kadedb/column"
)

// eachRow calls f for the rows of sel, or all n, where in is not null.
func eachRow(in *column.Vector, sel []int32, n int, f func(i int)) {
	if sel == nil {
		for i := range n {
			if !in.Nulls.Get(i) {
				f(i)
			}
		}
		return
	}
	for _, r := range sel {
		if i := int(r); !in.Nulls.Get(i) {
			f(i)
		}
	}
}

// start shapes out for a function of in, null where in is.
func start(out, in *column.Vector, t column.Type, n int) {
	out.Reset(t, n)
	out.Nulls = in.Nulls
}

type vectorKernel = func(ctx *Context, args []*column.Vector, sel []int32, n int, out *column.Vector) (bool, error)

// floatKernel lifts f over columns of floats and integers.
func floatKernel(f func(float64) float64) vectorKernel {
	return func(_ *Context, args []*column.Vector, sel []int32, n int, out *column.Vector) (bool, error) {
		in := args[0]
		if in.Const {
			return false, nil
		}
		switch in.Type {
		case column.Float:
			start(out, in, column.Float, n)
			eachRow(in, sel, n, func(i int) { out.Floats[i] = f(in.Floats[i]) })
		case column.Int:
			start(out, in, column.Float, n)
			eachRow(in, sel, n, func(i int) { out.Floats[i] = f(float64(in.Ints[i])) })
		default:
			return false, nil
		}
		return true, nil
	}
}

// textKernel lifts f over a column of strings; over a dictionary it maps each of its
// strings once, when that is no more work than the rows are, and keeps the codes.
func textKernel(f func(string) string) vectorKernel {
	return func(_ *Context, args []*column.Vector, sel []int32, n int, out *column.Vector) (bool, error) {
		in := args[0]
		if in.Const || in.Type != column.String {
			return false, nil
		}
		rows := n
		if sel != nil {
			rows = len(sel)
		}
		if in.Dict == nil || len(in.Dict.Strings) > rows {
			start(out, in, column.String, n)
			eachRow(in, sel, n, func(i int) { out.Strs[i] = f(in.Str(i)) })
			return true, nil
		}
		// Two strings may map to one, so the codes are made anew: a dictionary's strings
		// are distinct.
		dict := &column.Dict{Strings: make([]string, 0, len(in.Dict.Strings))}
		recode := make([]uint32, len(in.Dict.Strings))
		known := make(map[string]uint32, len(in.Dict.Strings))
		for c, s := range in.Dict.Strings {
			t := f(s)
			code, ok := known[t]
			if !ok {
				code = uint32(len(dict.Strings))
				known[t] = code
				dict.Strings = append(dict.Strings, t)
			}
			recode[c] = code
		}
		out.Reset(column.String, 0)
		out.Nulls, out.Dict = in.Nulls, dict
		if cap(out.Codes) < n {
			out.Codes = make([]uint32, n)
		}
		out.Codes = out.Codes[:n]
		eachRow(in, sel, n, func(i int) { out.Codes[i] = recode[in.Codes[i]] })
		return true, nil
	}
}

// textIntKernel lifts a function from text to an integer.
func textIntKernel(f func(string) int64) vectorKernel {
	return func(_ *Context, args []*column.Vector, sel []int32, n int, out *column.Vector) (bool, error) {
		in := args[0]
		if in.Const || in.Type != column.String {
			return false, nil
		}
		start(out, in, column.Int, n)
		eachRow(in, sel, n, func(i int) { out.Ints[i] = f(in.Str(i)) })
		return true, nil
	}
}
