package ast

// CreateIndex is CREATE [RANGE] INDEX [name] [IF NOT EXISTS] FOR (n:L) ON (n.p, …).
type CreateIndex struct {
	Loc
	Name        *Name // nil: made up by the catalog
	IfNotExists bool
	Kind        string // "RANGE", or another word for indexes that are not offered: "TEXT", "FULLTEXT", "VECTOR", "POINT", "LOOKUP"
	On          SchemaTarget
	Options     Expr // OPTIONS {…}, or nil
}

// DropIndex is DROP INDEX name [IF EXISTS].
type DropIndex struct {
	Loc
	Name     *Name
	IfExists bool
}

// ConstraintKind is what a constraint demands.
type ConstraintKind uint8

// The constraints.
const (
	Unique    ConstraintKind = iota + 1 // IS [NODE|REL[ATIONSHIP]] UNIQUE
	Key                                 // IS [NODE|REL[ATIONSHIP]] KEY
	Existence                           // IS NOT NULL
	TypeOf                              // IS :: type
)

// CreateConstraint is CREATE CONSTRAINT [name] [IF NOT EXISTS] FOR (n:L) REQUIRE n.p IS ….
type CreateConstraint struct {
	Loc
	Name        *Name
	IfNotExists bool
	On          SchemaTarget
	Kind        ConstraintKind
	Type        *TypeName // of TypeOf
	Options     Expr
}

// DropConstraint is DROP CONSTRAINT name [IF EXISTS].
type DropConstraint struct {
	Loc
	Name     *Name
	IfExists bool
}

// SchemaTarget names the entities and properties that an index or a constraint is for.
type SchemaTarget struct {
	Relationship bool
	Label        Name // the label, or the relationship type
	Properties   []Name
}
