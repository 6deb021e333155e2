package parser

import "github.com/kadedb/kadedb/value"

// Lifted is what Lift makes of a text.
type Lifted struct {
	// Key is the text's tokens in one canonical form, with each literal that was
	// lifted replaced by its kind. Texts with equal keys have equal trees
	// but for those literals and the places of nodes.
	Key string
	// Params are the values that were lifted, in the order of the text.
	Params []value.Value
	// Offsets are the places of the lifted literals.
	Offsets []int32
}

// Lift scans text without parsing it and gives the key under which its plan
// may be cached. ok is false where the text is better not cached, because it
// is no query or because it cannot be told where its literals matter; it says
// nothing about the text's correctness.
func Lift(text string) (l Lifted, ok bool) {
	return Lifted{}, false
}
