// Package catalog names things: labels, relationship types and property keys
// have numbers, indexes and constraints have definitions, and both survive a
// restart through the log and the checkpoint.
//
//	name "Airport" ──Tokens──▶ LabelID 3 ─┐
//	name "City"    ──Tokens──▶ LabelID 4 ─┴─▶ LabelSetID 7 = {3, 4}
//	Schema (immutable, one a root): indexes and constraints by id, epoch
//
// Token numbers are handed out at once and for good, outside of transactions:
// two transactions that use a new name at the same time agree on its number. A
// transaction that uses a token which no log record defines yet logs its
// definition itself. Schema values are immutable; a change makes the next one.
//
// The package holds no data and counts nothing: statistics are plain types here
// that the models fill and the optimizer reads.
package catalog

// LabelID numbers a node label.
type LabelID uint32

// TypeID numbers a relationship type.
type TypeID uint32

// KeyID numbers a property key.
type KeyID uint32

// LabelSetID numbers a set of labels that some node has exactly; 0 is the empty set.
type LabelSetID uint32

// IndexID numbers an index for ever.
type IndexID uint32

// ConstraintID numbers a constraint for ever.
type ConstraintID uint32

// AnyLabel and AnyType stand for "whatever label or type" in scans and counts.
const (
	AnyLabel LabelID = 1<<32 - 1
	AnyType  TypeID  = 1<<32 - 1
)

// Entity says whether a definition or statistic speaks of nodes or relationships.
type Entity uint8

const (
	// Nodes are named by label.
	Nodes Entity = iota
	// Relationships are named by type.
	Relationships
)

func (e Entity) String() string {
	if e == Nodes {
		return "NODE"
	}
	return "RELATIONSHIP"
}
