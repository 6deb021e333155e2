package parser

import (
	"testing"

	"github.com/kadedb/kadedb/status"
)

// syntaxOnly are the errors that the parser alone must find.
var syntaxOnly = map[string]bool{
	"UnexpectedSyntax": true, "InvalidNumberLiteral": true, "InvalidUnicodeLiteral": true, "InvalidUnicodeCharacter": true,
	"IntegerOverflow": true, "FloatingPointOverflow": true, "InvalidArgumentPassingMode": true,
}

func TestParseTCK(t *testing.T) {
	for _, q := range tck(t) {
		_, err := Parse(q.text)
		switch {
		case q.last && syntaxOnly[q.err]:
			if got := status.CodeOf(err).Info().Name; err == nil || got != q.err {
				t.Errorf("%s: want %s, got %v\n%s", q.name, q.err, err, q.text)
			}
		case err != nil && !(q.last && q.err != ""):
			t.Errorf("%s: %v\n%s", q.name, err, q.text)
		case err != nil && status.CodeOf(err).Info().Name != q.err:
			t.Errorf("%s: the binder should see this (%s), got %v\n%s", q.name, q.err, err, q.text)
		}
	}
}
