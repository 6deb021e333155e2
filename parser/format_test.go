package parser

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/value"
)

// same compares two trees but for the places of nodes and the texts of
// projection items.
func same(a, b any) bool { return sameValue(reflect.ValueOf(a), reflect.ValueOf(b)) }

func sameValue(a, b reflect.Value) bool {
	if a.IsValid() != b.IsValid() || !a.IsValid() {
		return a.IsValid() == b.IsValid()
	}
	if a.Type() != b.Type() {
		return false
	}
	switch a.Kind() {
	case reflect.Pointer, reflect.Interface:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return sameValue(a.Elem(), b.Elem())
	case reflect.Struct:
		if a.Type() == reflect.TypeFor[ast.Loc]() {
			return true
		}
		for i := range a.NumField() {
			if a.Type() == reflect.TypeFor[ast.ProjectionItem]() && a.Type().Field(i).Name == "Text" {
				continue
			}
			if !sameValue(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !sameValue(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	}
	return a.Equal(b)
}

// dropTexts makes Format write expressions instead of their texts.
func dropTexts(st ast.Statement) {
	ast.Inspect(st, func(n ast.Node) bool {
		if p, ok := n.(*ast.ProjectionItem); ok {
			p.Text = ""
		}
		return true
	})
}

func roundTrip(t *testing.T, text string) {
	t.Helper()
	st, err := Parse(text)
	if err != nil {
		return
	}
	for range 2 {
		out := ast.Format(st)
		back, err := Parse(out)
		if err != nil {
			t.Fatalf("%s\nwritten as\n%s\n%v", text, out, err)
		}
		if !same(st, back) {
			t.Fatalf("%s\nwritten as\n%s\nand again\n%s", text, out, ast.Format(back))
		}
		dropTexts(st)
	}
}

// accepted are the statements of testdata/accepted.txt, separated by blank lines.
func accepted(t testing.TB) []string {
	t.Helper()
	data, err := os.ReadFile("testdata/accepted.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range strings.Split(string(data), "\n\n") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func TestAccepted(t *testing.T) {
	for _, s := range accepted(t) {
		if _, err := Parse(s); err != nil {
			t.Errorf("%s\n%v", s, err)
			continue
		}
		roundTrip(t, s)
	}
}

// TestLiftedTrees: a lifted text parses to the same tree, its literals
// replaced, and the key does not depend on their values.
func TestLiftedTrees(t *testing.T) {
	texts := everyText(t)
	lifted := 0
	for _, text := range texts {
		plain, err := Parse(text)
		l, ok := Lift(text)
		if !ok || err != nil {
			continue
		}
		st, err := ParseLifted(text, l.Offsets)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		found := 0
		ast.Inspect(st, func(n ast.Node) bool {
			if p, ok := n.(*ast.Parameter); ok && p.Literal != nil {
				found++
				if p.Pos.Offset != l.Offsets[p.Index] {
					t.Fatalf("%s: parameter %d is at %d", text, p.Index, p.Pos.Offset)
				}
			}
			return true
		})
		if found != len(l.Params) {
			t.Fatalf("%s: %d literals lifted, %d in the tree", text, len(l.Params), found)
		}
		lifted += found
		if ast.Format(st) != ast.Format(plain) && !strings.Contains(text, "-") {
			t.Fatalf("%s: with parameters it is\n%s", text, ast.Format(st))
		}
		other := replaceLiterals(text, l)
		if m, ok := Lift(other); !ok || m.Key != l.Key {
			t.Fatalf("%s\n%s\nhave the keys\n%q\n%q", text, other, l.Key, m.Key)
		}
		changed, err := Parse(other)
		if err != nil {
			t.Fatalf("%s: %v", other, err)
		}
		for i, part := range columns(plain) {
			if columns(changed)[i] != part {
				t.Fatalf("%s\n%s\nshare a key but not their columns", text, other)
			}
		}
	}
	if lifted < 1000 {
		t.Errorf("only %d literals were lifted", lifted)
	}
}

// replaceLiterals gives each lifted literal another value of its kind.
func replaceLiterals(text string, l Lifted) string {
	var b strings.Builder
	at := 0
	for i, o := range l.Offsets {
		b.WriteString(text[at:o])
		_, end, _ := scanToken(text, int(o))
		at = end
		switch l.Params[i].Kind() {
		case value.KindInt:
			b.WriteString("4711")
		case value.KindFloat:
			b.WriteString("47.11e3")
		default:
			b.WriteString(`"it's"`)
		}
	}
	return b.String() + text[at:]
}

func columns(st ast.Statement) []string {
	var out []string
	ast.Inspect(st, func(n ast.Node) bool {
		if p, ok := n.(*ast.ProjectionItem); ok {
			out = append(out, p.Column())
		}
		return true
	})
	return out
}
