package grammar_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestGeneratedIsFresh: the generated code was made from the grammars as they are.
func TestGeneratedIsFresh(t *testing.T) {
	h := sha256.New()
	for _, f := range []string{"KadeQLLexer.g4", "KadeQLParser.g4"} {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		h.Write(data)
	}
	want := fmt.Sprintf("// Source: sha256 %x\n", h.Sum(nil))
	for _, f := range []string{"gen/kadeql_lexer.go", "gen/kadeql_parser.go"} {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(data[:min(len(data), 400)]), want) {
			t.Errorf("%s is stale: run grammar/generate.sh", f)
		}
	}
}
