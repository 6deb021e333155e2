package bind

import (
	"math/bits"

	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// PropertyKind returns the one kind that a type constraint demands.
func PropertyKind(t *ast.TypeName) (value.Kind, error) {
	var kinds expr.Types
	if t.Name != "UNION" {
		var err error
		if kinds, err = kindsOf(t); err != nil {
			return 0, err
		}
	}
	kinds &^= expr.NullType
	if bits.OnesCount32(uint32(kinds)) != 1 || t.Element != nil && t.Element.Name != "ANY" {
		return 0, status.Errorf(status.NotYet, "a constraint can demand one plain type, not %s", typeText(t)).At(t.Pos).
			WithHint("BOOLEAN, INTEGER, FLOAT, STRING, LIST<ANY>, DATE … can be demanded")
	}
	return value.Kind(bits.TrailingZeros32(uint32(kinds))), nil
}
