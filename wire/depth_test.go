package wire

import (
	"bytes"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// A hundred arrays and objects may be around a value, and none more, in either form.
func TestDepth(t *testing.T) {
	for _, c := range []struct{ name, open, inner, shut string }{
		{"JSON arrays", "[", "1", "]"}, {"empty JSON arrays", "[", "", "]"}, {"JSON objects", `{"a":`, "1", "}"},
		{"typed maps", `{"$type":"map","value":`, "{}", "}"},
		{"CBOR arrays", "\x81", "\x01", ""}, {"CBOR maps", "\xa1\x61a", "\x01", ""},
		{"a date of CBOR", "\x81", "\xd8\x64\x01", ""}, {"a duration of CBOR", "\x81", "\xd9\xb7\x9d\x84\x01\x01\x01\x01", ""},
	} {
		// What is open or shut beside the levels that are counted.
		within := map[string]int{"typed maps": 1, "a duration of CBOR": 1}[c.name]
		decode := func(b []byte) error {
			if strings.Contains(c.name, "CBOR") {
				_, err := DecodeCBOR(b, nil)
				return err
			}
			_, err := DecodeTyped(b, nil)
			return err
		}
		for _, n := range []int{1, 99 - within, 100 - within, 101 - within, 5000} {
			b := []byte(strings.Repeat(c.open, n) + c.inner + strings.Repeat(c.shut, n))
			err := decode(b)
			if deep := n+within > 100; deep != (err != nil) || deep && !strings.Contains(err.Error(), "deeper than 100") {
				t.Errorf("%d %s give %v", n, c.name, err)
			}
		}
	}
}

// Tags before tags are read, however many, and are a value's error.
func TestManyTags(t *testing.T) {
	b := append(bytes.Repeat([]byte("\xd8\x64"), 1<<16), 1)
	if _, err := DecodeCBOR(b, nil); status.CodeOf(err) != status.MalformedRequest {
		t.Errorf("got %v", err)
	}
	v, misfit, err := CBOR.DecodeMessage(append([]byte("\xa1\x61a"), b...), false, nil)
	if err != nil || misfit == nil || v.Kind() != value.KindMap {
		t.Errorf("got %v, %v, %v", v, misfit, err)
	}
}
