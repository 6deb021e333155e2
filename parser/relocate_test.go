package parser

import (
	"strings"
	"testing"

	"github.com/kadedb/kadedb/status"
)

func TestRelocate(t *testing.T) {
	const from = "MATCH (n {id: 7}) WHERE n.x / 0 = 'ab'\n RETURN n"
	const to = "MATCH (n {id: 123456})\nWHERE n.x /* why */ / 0 = 'ä'\n RETURN n"
	place := func(text, word string) status.Pos {
		off := strings.LastIndex(text, word)
		line := text[:off]
		return status.Pos{Offset: int32(off), Line: int32(1 + strings.Count(line, "\n")),
			Column: int32(1 + len([]rune(line[strings.LastIndex(line, "\n")+1:])))}
	}
	for _, word := range []string{"n.x", "/ 0", "RETURN", "7"} {
		want := word
		if word == "7" {
			want = "123456"
		}
		got, ok := Relocate(place(from, word), from, to)
		if !ok || got != place(to, want) {
			t.Errorf("%s: %+v, %v; want %+v", word, got, ok, place(to, want))
		}
	}
	if at, ok := Relocate(status.Pos{}, from, to); ok || at.IsValid() {
		t.Errorf("no place became %+v", at)
	}
	if at, ok := Relocate(place(from, "/ 0"), from, "RETURN 1"); ok {
		t.Errorf("another text: %+v", at)
	}
	if at, ok := Relocate(status.Pos{Offset: 1, Line: 1, Column: 2}, from, to); ok {
		t.Errorf("inside a token: %+v", at)
	}
}
