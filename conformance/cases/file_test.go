package cases

import (
	"os"
	"strings"
	"testing"
)

// block is one statement or directive of a file, and what it gives.
type block struct {
	comment string // with its line ends
	params  []string
	text    string
	mark    string // after the dashes: "", "in order"
	want    string
}

// directive reports whether the block configures instead of asking.
func (b *block) directive() bool { return strings.HasPrefix(b.text, "!") }

func readBlocks(t *testing.T, file string) []block {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return parseBlocks(string(raw))
}

func parseBlocks(text string) []block {
	var out []block
	for _, part := range strings.Split(text, "\n\n") {
		part = strings.Trim(part, "\n")
		if part == "" {
			continue
		}
		var b block
		for strings.HasPrefix(part, "#") {
			line, rest, _ := strings.Cut(part, "\n")
			b.comment, part = b.comment+line+"\n", rest
		}
		for strings.HasPrefix(part, "$") {
			line, rest, _ := strings.Cut(part, "\n")
			b.params, part = append(b.params, line), rest
		}
		text, want, _ := strings.Cut(part, "\n----")
		mark, want, _ := strings.Cut(want, "\n")
		b.text, b.mark, b.want = text, strings.TrimSpace(mark), want
		out = append(out, b)
	}
	return out
}

func writeBlocks(t *testing.T, file string, list []block) {
	t.Helper()
	if err := os.WriteFile(file, []byte(formatBlocks(list)), 0o644); err != nil {
		t.Fatal(err)
	}
}

func formatBlocks(list []block) string {
	var out strings.Builder
	for i, b := range list {
		if i > 0 {
			out.WriteString("\n")
		}
		out.WriteString(b.comment)
		for _, p := range b.params {
			out.WriteString(p + "\n")
		}
		if b.text != "" {
			out.WriteString(b.text + "\n")
		}
		if b.text != "" && !b.directive() {
			out.WriteString(strings.TrimSpace("---- "+b.mark) + "\n")
			if b.want != "" {
				out.WriteString(b.want + "\n")
			}
		}
	}
	return out.String()
}
