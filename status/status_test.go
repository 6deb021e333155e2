package status

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestTable(t *testing.T) {
	last := Code(0)
	names := map[string]Code{}
	for _, i := range Table() {
		if i.Code <= last {
			t.Errorf("%s follows %s", i.Code, last)
		}
		last = i.Code
		if i.Blame == 0 || i.Summary == "" || i.Name == "" {
			t.Errorf("%s lacks something: %+v", i.Code, i)
		}
		if c, ok := names[i.Name]; ok && c.Info().Type == i.Type {
			t.Errorf("%s and %s are both %s %s", c, i.Code, i.Type, i.Name)
		}
		names[i.Name] = i.Code
		if (i.Type == "") != (i.Phase == 0) {
			t.Errorf("%s has a type without a phase, or a phase without a type", i.Code)
		}
	}
}

func TestErrorKeepsCause(t *testing.T) {
	err := fmt.Errorf("outer: %w", Errorf(DiskError, "reading: %w", io.ErrUnexpectedEOF).WithHint("look at %s", "it"))
	if !errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(err, New(DiskError)) || errors.Is(err, New(DiskFull)) {
		t.Errorf("chain of %v", err)
	}
	if e := From(err); e.Hint != "look at it" || e.Code != DiskError {
		t.Errorf("From = %+v", e)
	}
	if CodeOf(io.EOF) != Internal || CodeOf(nil) != 0 || From(nil) != nil {
		t.Error("foreign and nil errors")
	}
}

func TestAtKeepsTheFirstPlace(t *testing.T) {
	e := Errorf(UndefinedVariable, "x").At(Pos{Line: 2, Column: 3}).At(Pos{Line: 9, Column: 9})
	if got := e.Error(); got != "UndefinedVariable at line 2, column 3: x" {
		t.Error(got)
	}
}

func TestCaret(t *testing.T) {
	for _, c := range []struct {
		text string
		pos  Pos
		want string
	}{
		{"RETURN x", Pos{Line: 1, Column: 8}, "RETURN x\n       ^"},
		{"a\n\té x", Pos{Line: 2, Column: 4}, " é x\n   ^"},
		{"a", Pos{}, ""},
		{"a", Pos{Line: 5, Column: 1}, ""},
		{"ab", Pos{Line: 1, Column: 99}, "ab\n  ^"},
	} {
		if got := Caret(c.text, c.pos); got != c.want {
			t.Errorf("Caret(%q, %v) = %q, want %q", c.text, c.pos, got, c.want)
		}
	}
}

func TestNearest(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"shortestpath", "shortestPath"}, {"conut", "count"}, {"coutn", "count"}, {"xyz", ""}, {"count", ""}, {"cuont", "count"}, {"ab", ""},
		{"point", ""}, {"y", ""}, {"C", "c"}, {"colect", "collect"}, {"clect", ""},
	} {
		if got := Nearest(c.name, "shortestPath", "count", "collect", "x", "c"); got != c.want {
			t.Errorf("Nearest(%q) = %q, want %q", c.name, got, c.want)
		}
	}
}
