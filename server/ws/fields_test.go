package ws_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/wire"
)

// The hint of an unknown field has what the message takes, all of it and nothing else.
func TestFieldHints(t *testing.T) {
	s := start(t, nil)
	l := s.connect(wire.JSON, auth.Writer)
	values := map[string]string{"query": `"RETURN 1"`, "params": "{}", "tx": `"none"`, "read_only": "true", "isolation": `"snapshot"`}
	all := []string{"query", "statement", "params", "tx", "credit", "progress_ms", "timeout_ms", "memory_bytes", "max_rows", "max_path_rows",
		"max_path_length", "read_only", "isolation"}
	for _, typ := range []string{"query", "prepare", "forget", "begin", "commit", "rollback"} {
		l.send(fmt.Sprintf(`{"type":%q,"id":1,"colour":1}`, typ))
		m := l.next()
		_, list, ok := strings.Cut(field(field(m, "error"), "hint"), "it takes ")
		if errorName(m) != "MalformedRequest" || !ok || !strings.Contains(m, "`colour`") {
			t.Fatalf("%s: %s", typ, m)
		}
		taken := map[string]bool{}
		for name := range strings.SplitSeq(strings.Trim(list, `"`), ", ") {
			taken[name] = true
		}
		for _, name := range all {
			v := values[name]
			if v == "" {
				v = "100000"
			}
			l.send(fmt.Sprintf(`{"type":%q,"id":1,%q:%s}`, typ, name, v))
			m := l.next()
			for field(m, "type") == `"rows"` {
				m = l.next()
			}
			refused := strings.Contains(m, "cannot be used") || strings.Contains(m, "not streamed")
			if refused == taken[name] {
				t.Errorf("%s with %s, of which the hint is %s, is answered with %s", typ, name, list, m)
			}
			delete(taken, name)
		}
		for name := range taken {
			t.Errorf("the hint for %s has %s", typ, name)
		}
	}
}
