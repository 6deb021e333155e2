package function

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/value"
)

// maxText bounds the strings that a function builds, in bytes.
const maxText = 64 << 20

func textUnary(name string, doc, example string, f func(string) string, aliases ...string) *Def {
	return &Def{
		Name: name, Aliases: aliases, Doc: doc, Example: example,
		Signatures: []Signature{{Args: []Kinds{StringKind}, Result: StringKind}},
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			if args[0].Kind() != value.KindString {
				return value.Null, badValue(name+"()", args[0], "STRING")
			}
			return value.String(f(args[0].AsString())), nil
		},
		Vector: textKernel(f),
	}
}

// trimmer is ltrim, rtrim and btrim: of white space, or of the characters given.
func trimmer(name, doc, example string, space func(string) string, set func(s, cutset string) string, aliases ...string) *Def {
	d := textUnary(name, doc, example, space, aliases...)
	d.Signatures = []Signature{{Args: []Kinds{StringKind, StringKind}, Optional: 1, Result: StringKind}}
	one := d.Call
	d.Call = func(ctx *Context, args []value.Value) (value.Value, error) {
		if len(args) == 1 {
			return one(ctx, args)
		}
		s, cut, ok := strings2(args[0], args[1])
		if !ok {
			return value.Null, badValue(name+"()", args[1], "STRING")
		}
		return value.String(set(s, cut)), nil
	}
	vector := d.Vector
	d.Vector = func(ctx *Context, args []*column.Vector, sel []int32, n int, out *column.Vector) (bool, error) {
		if len(args) != 1 {
			return false, nil
		}
		return vector(ctx, args, sel, n, out)
	}
	return d
}

func textFunctions() []*Def {
	defs := []*Def{
		textUnary("toLower", "The string in lower case.", "toLower('ÅSA') = 'åsa'", toLower, "lower"),
		textUnary("toUpper", "The string in upper case.", "toUpper('åsa') = 'ÅSA'", toUpper, "upper"),
		trimmer("trim", "The string without white space, or the given characters, at both ends.", "trim('  a ') = 'a'", strings.TrimSpace, strings.Trim, "btrim"),
		trimmer("ltrim", "The string without white space, or the given characters, at its start.", "ltrim('  a ') = 'a '", trimLeft, strings.TrimLeft),
		trimmer("rtrim", "The string without white space, or the given characters, at its end.", "rtrim('  a ') = '  a'", trimRight, strings.TrimRight),
		{Name: "left", Doc: "The first characters of a string.", Example: "left('hello', 3) = 'hel'",
			Signatures: []Signature{{Args: []Kinds{StringKind, IntKind}, Result: StringKind}},
			Call:       func(_ *Context, args []value.Value) (value.Value, error) { return cut("left()", args, head) }},
		{Name: "right", Doc: "The last characters of a string.", Example: "right('hello', 3) = 'llo'",
			Signatures: []Signature{{Args: []Kinds{StringKind, IntKind}, Result: StringKind}},
			Call:       func(_ *Context, args []value.Value) (value.Value, error) { return cut("right()", args, tail) }},
		{Name: "substring", Doc: "The part of a string from a position, counted from 0, of at most a length.", Example: "substring('hello', 1, 3) = 'ell'",
			Signatures: []Signature{{Args: []Kinds{StringKind, IntKind, IntKind}, Optional: 1, Result: StringKind}}, Call: substring},
		{Name: "replace", Doc: "The string with every occurrence of a second one replaced by a third.", Example: "replace('hello', 'l', 'w') = 'hewwo'",
			Signatures: []Signature{{Args: []Kinds{StringKind, StringKind, StringKind}, Result: StringKind}}, Call: replace, Makes: replaceMakes},
		{Name: "split", Doc: "The parts of a string between delimiters.", Example: "split('one,two', ',') = ['one', 'two']",
			Signatures: []Signature{{Args: []Kinds{StringKind, StringKind | ListKind}, Result: ListKind}}, Call: split, Makes: splitMakes},
		{Name: "reverse", Doc: "The characters of a string, or the elements of a list, in reverse order.", Example: "reverse('abc') = 'cba'",
			Signatures: []Signature{{Args: []Kinds{StringKind}, Result: StringKind}, {Args: []Kinds{ListKind}, Result: ListKind}}, Call: reverse},
		{Name: "normalize", Doc: "The string in a Unicode normal form: NFC (default), NFD, NFKC or NFKD.", Example: "normalize('A\\u030A') = 'Å'",
			Signatures: []Signature{{Args: []Kinds{StringKind, StringKind}, Optional: 1, Result: StringKind}}, Call: normalize},
	}
	length := func(s string) int64 { return int64(utf8.RuneCountInString(s)) }
	return append(defs, &Def{Name: "char_length", Aliases: []string{"character_length"}, Doc: "The number of characters of a string.", Example: "char_length('Åsa') = 3",
		Signatures: []Signature{{Args: []Kinds{StringKind}, Result: IntKind}},
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			if args[0].Kind() != value.KindString {
				return value.Null, badValue("char_length()", args[0], "STRING")
			}
			return value.Int(length(args[0].AsString())), nil
		}, Vector: textIntKernel(length)})
}

// toLower and toUpper map as Unicode does in full, where one character may become several, as
// ß becomes SS. A Caser may not be shared.
func toLower(s string) string {
	if ascii(s) {
		return strings.ToLower(s)
	}
	return cases.Lower(language.Und).String(s)
}

func toUpper(s string) string {
	if ascii(s) {
		return strings.ToUpper(s)
	}
	return cases.Upper(language.Und).String(s)
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func trimLeft(s string) string  { return strings.TrimLeftFunc(s, unicode.IsSpace) }
func trimRight(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) }

// byteAt returns where character n of s starts, or len(s).
func byteAt(s string, n int64) int {
	if n <= 0 {
		return 0
	}
	if n >= int64(len(s)) {
		return len(s)
	}
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

func head(s string, n int64) string { return s[:byteAt(s, n)] }

func tail(s string, n int64) string {
	return s[byteAt(s, int64(utf8.RuneCountInString(s))-n):]
}

func cut(fn string, args []value.Value, f func(string, int64) string) (value.Value, error) {
	if args[0].Kind() != value.KindString {
		return value.Null, badValue(fn, args[0], "STRING")
	}
	n, err := count(fn, args[1])
	if err != nil {
		return value.Null, err
	}
	return value.String(f(args[0].AsString(), n)), nil
}

// count reads an argument that must be an integer of at least 0.
func count(fn string, v value.Value) (int64, error) {
	if v.Kind() != value.KindInt {
		return 0, badValue(fn, v, "INTEGER")
	}
	if v.AsInt() < 0 {
		return 0, outOfRange("%s does not take the negative number %d", fn, v.AsInt())
	}
	return v.AsInt(), nil
}

func substring(_ *Context, args []value.Value) (value.Value, error) {
	if args[0].Kind() != value.KindString {
		return value.Null, badValue("substring()", args[0], "STRING")
	}
	from, err := count("substring()", args[1])
	if err != nil {
		return value.Null, err
	}
	s := args[0].AsString()
	s = s[byteAt(s, from):]
	if len(args) == 3 {
		n, err := count("substring()", args[2])
		if err != nil {
			return value.Null, err
		}
		s = head(s, n)
	}
	return value.String(s), nil
}

func replace(_ *Context, args []value.Value) (value.Value, error) {
	for _, a := range args {
		if a.Kind() != value.KindString {
			return value.Null, badValue("replace()", a, "STRING")
		}
	}
	s, old, repl := args[0].AsString(), args[1].AsString(), args[2].AsString()
	if len(repl) > len(old) && (len(s)+1)*(len(repl)+1) > maxText {
		if n := strings.Count(s, old); len(s)+n*(len(repl)-len(old)) > maxText {
			return value.Null, outOfRange("replace() would build a string over %d bytes", maxText)
		}
	}
	return value.String(strings.ReplaceAll(s, old, repl)), nil
}

func replaceMakes(args []value.Value) int64 {
	for _, a := range args {
		if a.Kind() != value.KindString {
			return 0
		}
	}
	s, old, repl := args[0].AsString(), args[1].AsString(), args[2].AsString()
	if len(repl) <= len(old) {
		return int64(len(s))
	}
	return int64(len(s)) + int64(strings.Count(s, old))*int64(len(repl)-len(old))
}

// splitMakes counts the parts: their bytes are those of the string.
func splitMakes(args []value.Value) int64 {
	if args[0].Kind() != value.KindString {
		return 0
	}
	delimiters := args[1:]
	if args[1].Kind() == value.KindList {
		delimiters = args[1].Elems()
	}
	parts := 1
	for _, d := range delimiters {
		if d.Kind() == value.KindString {
			parts += strings.Count(args[0].AsString(), d.AsString())
		}
	}
	const partBytes = elementBytes + 16 // in strings.Split's list, too
	return int64(parts) * partBytes
}

func split(_ *Context, args []value.Value) (value.Value, error) {
	if args[0].Kind() != value.KindString {
		return value.Null, badValue("split()", args[0], "STRING")
	}
	s := args[0].AsString()
	if args[1].Kind() == value.KindList {
		return splitAny(s, args[1].Elems())
	}
	if args[1].Kind() != value.KindString {
		return value.Null, badValue("split()", args[1], "STRING or LIST")
	}
	return stringList(strings.Split(s, args[1].AsString())), nil
}

// splitAny cuts s at whichever delimiter comes first, the earlier in the list on a tie.
func splitAny(s string, delimiters []value.Value) (value.Value, error) {
	for _, d := range delimiters {
		if d.Kind() != value.KindString || d.AsString() == "" {
			return value.Null, badArgument("split() wants delimiters that are non-empty strings, got %s", describe(d))
		}
	}
	var parts []string
	from := 0
	for i := 0; i < len(s); {
		width := 0
		for _, d := range delimiters {
			if strings.HasPrefix(s[i:], d.AsString()) {
				width = len(d.AsString())
				break
			}
		}
		if width == 0 {
			i++
			continue
		}
		parts = append(parts, s[from:i])
		i += width
		from = i
	}
	return stringList(append(parts, s[from:])), nil
}

func reverse(_ *Context, args []value.Value) (value.Value, error) {
	switch a := args[0]; a.Kind() {
	case value.KindString:
		s := a.AsString()
		out := make([]byte, 0, len(s))
		for len(s) > 0 {
			_, n := utf8.DecodeLastRuneInString(s)
			out = append(out, s[len(s)-n:]...)
			s = s[:len(s)-n]
		}
		return value.String(string(out)), nil
	case value.KindList:
		elems := a.Elems()
		out := make([]value.Value, len(elems))
		for i, e := range elems {
			out[len(out)-1-i] = e
		}
		return value.List(out...), nil
	}
	return value.Null, badValue("reverse()", args[0], "STRING or LIST")
}

func normalize(_ *Context, args []value.Value) (value.Value, error) {
	if args[0].Kind() != value.KindString {
		return value.Null, badValue("normalize()", args[0], "STRING")
	}
	form := norm.NFC
	if len(args) == 2 {
		if args[1].Kind() != value.KindString {
			return value.Null, badValue("normalize()", args[1], "STRING")
		}
		switch strings.ToUpper(args[1].AsString()) {
		case "NFC":
		case "NFD":
			form = norm.NFD
		case "NFKC":
			form = norm.NFKC
		case "NFKD":
			form = norm.NFKD
		default:
			return value.Null, meant(badArgument("normalize(): there is no normal form %s", describe(args[1])), args[1].AsString(), "NFC", "NFD", "NFKC", "NFKD")
		}
	}
	return value.String(form.String(args[0].AsString())), nil
}
