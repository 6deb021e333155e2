package procedure

import (
	"slices"
	"sort"

	"github.com/kadedb/kadedb/status"
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

// emitFunc takes one row.
type emitFunc = func(row []value.Value) error

// builtins returns the procedures that every store has.
func builtins() []*Def {
	return slices.Concat(schemaProcedures(), shapeProcedures(), serverProcedures(), toolProcedures())
}

func schemaProcedures() []*Def {
	return []*Def{
		{Name: "db.labels", Results: []Field{column("label", "STRING")},
			Doc: "The labels in use.", Example: "CALL db.labels() YIELD label RETURN label ORDER BY label",
			Run: names(Catalog.Labels)},
		{Name: "db.relationshipTypes", Results: []Field{column("relationshipType", "STRING")},
			Doc: "The relationship types in use.", Example: "CALL db.relationshipTypes()",
			Run: names(Catalog.RelationshipTypes)},
		{Name: "db.propertyKeys", Results: []Field{column("propertyKey", "STRING")},
			Doc: "The property keys that were ever set.", Example: "CALL db.propertyKeys()",
			Run: names(Catalog.PropertyKeys)},
		{Name: "db.counts", Results: []Field{column("nodes", "INTEGER"), column("relationships", "INTEGER")},
			Doc: "The number of nodes and of relationships.", Example: "CALL db.counts()", Run: runCounts},
		{Name: "db.indexes", Results: indexColumns(),
			Doc: "The indexes, as SHOW INDEXES lists them.", Example: "CALL db.indexes() YIELD name, state",
			Run: runIndexes},
		{Name: "db.constraints", Results: constraintColumns(),
			Doc: "The constraints, as SHOW CONSTRAINTS lists them.", Example: "CALL db.constraints() YIELD name, type",
			Run: runConstraints},
	}
}

func serverProcedures() []*Def {
	return []*Def{
		{Name: "db.ping", Results: []Field{column("success", "BOOLEAN")}, Mode: DBMS,
			Doc: "One row, true: the store answers.", Example: "CALL db.ping()",
			Run: func(_ *Context, _ []value.Value, emit emitFunc) error {
				return emit([]value.Value{value.Bool(true)})
			}},
		{Name: "dbms.components", Mode: DBMS,
			Results: []Field{column("name", "STRING"), column("versions", "LIST OF STRING"), column("edition", "STRING")},
			Doc:     "The name and version of the engine.", Example: "CALL dbms.components()", Run: runComponents},
		{Name: "dbms.procedures", Results: procedureColumns(), Mode: DBMS,
			Doc: "The procedures, as SHOW PROCEDURES lists them.", Example: "CALL dbms.procedures() YIELD name",
			Run: runProcedures},
		{Name: "dbms.functions", Results: functionColumns(), Mode: DBMS,
			Doc: "The functions, as SHOW FUNCTIONS lists them.", Example: "CALL dbms.functions() YIELD name",
			Run: runFunctions},
		{Name: "dbms.transactions", Results: transactionColumns(), Mode: DBMS,
			Doc: "The open transactions, as SHOW TRANSACTIONS lists them.", Example: "CALL dbms.transactions() YIELD transactionId",
			Run: runTransactions},
		{Name: "dbms.terminateTransaction", Mode: DBMS,
			Args:    []Field{column("id", "STRING")},
			Results: []Field{column("transactionId", "STRING"), column("message", "STRING")},
			Doc:     "Ends an open transaction, as TERMINATE TRANSACTION does.", Example: "CALL dbms.terminateTransaction('17')",
			Run: runTerminate},
		{Name: "dbms.settings", Mode: DBMS,
			Results: []Field{column("name", "STRING"), column("value", "STRING?"), column("default", "STRING?"),
				column("origin", "STRING?"), column("description", "STRING?")},
			Doc: "The settings in force and where each comes from.", Example: "CALL dbms.settings() YIELD name, value",
			Run: runSettings},
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

func indexColumns() []Field {
	return []Field{column("name", "STRING"), column("state", "STRING"), column("populationPercent", "FLOAT"),
		column("type", "STRING"), column("entityType", "STRING"), column("labelsOrTypes", "LIST OF STRING"),
		column("properties", "LIST OF STRING"), column("owningConstraint", "STRING?")}
}

func runIndexes(ctx *Context, _ []value.Value, emit emitFunc) error {
	if ctx.Catalog == nil {
		return nil
	}
	list, err := ctx.Catalog.Indexes()
	if err != nil {
		return err
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	for _, x := range list {
		row := []value.Value{value.String(x.Name), value.String(x.State), value.Float(100 * x.Progress), value.String(x.Type),
			value.String(x.Entity), stringsOf([]string{x.Label}), stringsOf(x.Keys), orNull(x.Constraint)}
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}

func constraintColumns() []Field {
	return []Field{column("name", "STRING"), column("type", "STRING"), column("entityType", "STRING"),
		column("labelsOrTypes", "LIST OF STRING"), column("properties", "LIST OF STRING"), column("ownedIndex", "STRING?"),
		column("propertyType", "STRING?")}
}

func runConstraints(ctx *Context, _ []value.Value, emit emitFunc) error {
	if ctx.Catalog == nil {
		return nil
	}
	list, err := ctx.Catalog.Constraints()
	if err != nil {
		return err
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	for _, c := range list {
		row := []value.Value{value.String(c.Name), value.String(c.Type), value.String(c.Entity), stringsOf([]string{c.Label}),
			stringsOf(c.Keys), orNull(c.Index), orNull(c.Of)}
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}

func runComponents(ctx *Context, _ []value.Value, emit emitFunc) error {
	version := ctx.Version
	if version == "" {
		version = "dev"
	}
	return emit([]value.Value{value.String("KadeDB"), stringsOf([]string{version}), value.String("community")})
}

func procedureColumns() []Field {
	return []Field{column("name", "STRING"), column("mode", "STRING"), column("signature", "STRING"),
		column("description", "STRING"), column("example", "STRING?")}
}

func runProcedures(ctx *Context, _ []value.Value, emit emitFunc) error {
	if ctx.Table == nil {
		return nil
	}
	for _, d := range ctx.Table.All() {
		row := []value.Value{value.String(d.Name), value.String(d.Mode.String()), value.String(d.Signature()),
			value.String(d.Doc), orNull(d.Example)}
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}

func transactionColumns() []Field {
	return []Field{column("transactionId", "STRING"), column("username", "STRING?"), column("currentQuery", "STRING?"),
		column("status", "STRING"), column("startTime", "DATETIME?"), column("readOnly", "BOOLEAN"), column("statusDetails", "STRING?")}
}

func runTransactions(ctx *Context, _ []value.Value, emit emitFunc) error {
	if ctx.Sessions == nil {
		return nil
	}
	for _, t := range ctx.Sessions.Transactions() {
		row := []value.Value{value.String(t.ID), orNull(t.User), orNull(t.Query), value.String(t.Status),
			instant(t.Started), value.Bool(t.ReadOnly), orNull(t.Details)}
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}

func runTerminate(ctx *Context, args []value.Value, emit emitFunc) error {
	id := args[0].AsString()
	if ctx.Sessions == nil {
		return status.Errorf(status.NoSuchTransaction, "no open transaction has the id %s", id)
	}
	ended, err := ctx.Sessions.Terminate(id)
	if err != nil {
		return err
	}
	message := "Transaction terminated."
	if !ended {
		message = "Transaction not found."
	}
	return emit([]value.Value{value.String(id), value.String(message)})
}

func runSettings(ctx *Context, _ []value.Value, emit emitFunc) error {
	for _, s := range ctx.Settings {
		row := []value.Value{value.String(s.Name), orNull(s.Value), orNull(s.Default), orNull(s.Origin), orNull(s.Doc)}
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}
