package procedure

import (
	"slices"
	"sort"

	"github.com/kadedb/kadedb/value"
)

// column returns a result column; typ is as in a signature.
func column(name, typ string) Field {
	t, err := TypeOf(typ)
	if err != nil {
		panic(err) // a signature of ours that is wrong
	}
	return Field{Name: name, Type: t}
}

// columns returns a column for each pair of a name and a type.
func columns(namesAndTypes ...string) []Field {
	out := make([]Field, 0, len(namesAndTypes)/2)
	for i := 0; i < len(namesAndTypes); i += 2 {
		out = append(out, column(namesAndTypes[i], namesAndTypes[i+1]))
	}
	return out
}

// verbose returns columns that SHOW has only where YIELD asks for them.
func verbose(namesAndTypes ...string) []Field {
	out := columns(namesAndTypes...)
	for i := range out {
		out[i].Verbose = true
	}
	return out
}

// optional returns an argument with a default.
func optional(name, typ string, def value.Value) Field {
	f := column(name, typ)
	f.Default = &def
	return f
}

// emitFunc takes one row.
type emitFunc = func(row []value.Value) error

// builtins returns the procedures that every store has.
func builtins() []*Def {
	return slices.Concat(schemaProcedures(), awaitProcedures(), listings(), shapeProcedures(), serverProcedures(), userProcedures(), oldProcedures(), infoProcedures())
}

func schemaProcedures() []*Def {
	return []*Def{
		{Name: "db.labels", Results: columns("label", "STRING"),
			Doc: "The labels in use.", Example: "CALL db.labels() YIELD label RETURN label ORDER BY label",
			Run: names(Catalog.Labels)},
		{Name: "db.relationshipTypes", Results: columns("relationshipType", "STRING"),
			Doc: "The relationship types in use.", Example: "CALL db.relationshipTypes()",
			Run: names(Catalog.RelationshipTypes)},
		{Name: "db.propertyKeys", Results: columns("propertyKey", "STRING"),
			Doc: "The property keys that were ever set.", Example: "CALL db.propertyKeys()",
			Run: names(Catalog.PropertyKeys)},
		{Name: "db.counts", Results: columns("nodes", "INTEGER", "relationships", "INTEGER"),
			Doc: "The number of nodes and of relationships.", Example: "CALL db.counts()", Run: runCounts},
	}
}

// names makes a procedure of one column of sorted names.
func names(read func(Catalog) ([]string, error)) func(*Context, []value.Value, emitFunc) error {
	return func(ctx *Context, _ []value.Value, emit emitFunc) error {
		if ctx.Catalog == nil {
			return nil
		}
		list, err := read(ctx.Catalog)
		if err != nil {
			return err
		}
		sort.Strings(list)
		for _, s := range list {
			if err := emit([]value.Value{value.String(s)}); err != nil {
				return err
			}
		}
		return nil
	}
}

func runCounts(ctx *Context, _ []value.Value, emit emitFunc) error {
	if ctx.Catalog == nil {
		return nil
	}
	nodes, rels, err := ctx.Catalog.Counts()
	if err != nil {
		return err
	}
	return emit([]value.Value{value.Int(nodes), value.Int(rels)})
}
