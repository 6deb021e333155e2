package procedure

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// listings are behind SHOW INDEXES, CONSTRAINTS, FUNCTIONS, PROCEDURES, TRANSACTIONS and
// SETTINGS. Their columns are named and ordered as tools of Neo4j 5 expect them; what is
// ours alone comes last.
func listings() []*Def {
	all, none := value.String(""), value.List()
	return []*Def{
		{Name: "db.indexes", Args: []Field{optional("kind", "STRING", all)}, Results: indexColumns(),
			Doc:     "The indexes, as SHOW INDEXES lists them; of one kind, where it is given.",
			Example: "CALL db.indexes() YIELD name, state", Run: runIndexes},
		{Name: "db.constraints", Args: []Field{optional("kind", "STRING", all)}, Results: constraintColumns(),
			Doc:     "The constraints, as SHOW CONSTRAINTS lists them; of one kind, where it is given.",
			Example: "CALL db.constraints() YIELD name, type", Run: runConstraints},
		{Name: "dbms.functions", Args: []Field{optional("kind", "STRING", all)}, Results: functionColumns(), Mode: DBMS,
			Doc:     "The functions, as SHOW FUNCTIONS lists them.",
			Example: "CALL dbms.functions() YIELD name, category WHERE name = 'abs' RETURN name, category", Run: runFunctions},
		{Name: "dbms.procedures", Results: procedureColumns(), Mode: DBMS,
			Doc:     "The procedures, as SHOW PROCEDURES lists them.",
			Example: "CALL dbms.procedures() YIELD name, mode WHERE name = 'db.labels' RETURN name, mode", Run: runProcedures},
		{Name: "dbms.transactions", Args: []Field{textList("ids", &none)}, Results: transactionColumns(), Mode: DBMS,
			Doc:     "The open transactions and running statements, as SHOW TRANSACTIONS lists them: the caller's, or to an administrator everybody's.",
			Example: "CALL dbms.transactions() YIELD currentQuery, status RETURN count(*) AS n, status", Run: runTransactions},
		{Name: "dbms.terminateTransaction", Mode: DBMS,
			Args:    []Field{textList("ids", nil)},
			Results: columns("transactionId", "STRING", "username", "STRING?", "message", "STRING"),
			Doc:     "Ends open transactions and running statements by their ids, as TERMINATE TRANSACTION does.",
			Example: "CALL dbms.terminateTransaction('17') YIELD message", Run: runTerminate},
		{Name: "dbms.settings", Mode: DBMS, Args: []Field{textList("names", &none)},
			Results: append(append(columns("name", "STRING", "value", "STRING?", "isDynamic", "BOOLEAN", "defaultValue", "STRING?", "description", "STRING?"),
				verbose("startupValue", "STRING?", "isExplicitlySet", "BOOLEAN", "validValues", "STRING?", "isDeprecated", "BOOLEAN")...),
				verbose("origin", "STRING?")...),
			Doc:     "The settings in force, and where each comes from, as SHOW SETTINGS lists them.",
			Example: "CALL dbms.settings() YIELD name, value WHERE name STARTS WITH 'no-such' RETURN name, value", Run: runSettings},
	}
}

// textList returns an argument that is a string or a list of strings.
func textList(name string, def *value.Value) Field {
	return Field{Name: name, Type: Type{Name: "STRING | LIST OF STRING", Kinds: 1<<value.KindString | 1<<value.KindList}, Default: def}
}

// texts returns the strings of an argument that is a string, or a list of strings and of
// lists of strings.
func texts(of string, arg value.Value) ([]string, error) {
	switch arg.Kind() {
	case value.KindString:
		return []string{arg.AsString()}, nil
	case value.KindList:
		var out []string
		for _, e := range arg.Elems() {
			if e.Kind() != value.KindString && e.Kind() != value.KindList {
				return nil, status.Errorf(status.RuntimeTypeMismatch, "%s is a string, got %s", of, e.Kind())
			}
			if e.Kind() == value.KindString {
				out = append(out, e.AsString())
				continue
			}
			for _, inner := range e.Elems() {
				if inner.Kind() != value.KindString {
					return nil, status.Errorf(status.RuntimeTypeMismatch, "%s is a string, got %s", of, inner.Kind())
				}
				out = append(out, inner.AsString())
			}
		}
		return out, nil
	}
	return nil, status.Errorf(status.RuntimeTypeMismatch, "%s is a string, got %s", of, arg.Kind())
}

// picks reports whether a list of names, where there are some, has this one.
func picks(names []string, name string) bool {
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return len(names) == 0
}

func indexColumns() []Field {
	return append(columns("id", "INTEGER", "name", "STRING", "state", "STRING", "populationPercent", "FLOAT", "type", "STRING",
		"entityType", "STRING", "labelsOrTypes", "LIST OF STRING", "properties", "LIST OF STRING", "indexProvider", "STRING",
		"owningConstraint", "STRING?", "lastRead", "ZONED DATETIME?", "readCount", "INTEGER?"),
		verbose("trackedSince", "ZONED DATETIME?", "options", "MAP", "failureMessage", "STRING", "createStatement", "STRING",
			"uniqueness", "STRING", "provider", "STRING")...)
}

// indexes returns the indexes by name.
func (c *Context) indexes() ([]Index, error) {
	if c.Catalog == nil {
		return nil, nil
	}
	list, err := c.Catalog.Indexes()
	slices.SortStableFunc(list, func(a, b Index) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}

// constraints returns the constraints by name.
func (c *Context) constraints() ([]Constraint, error) {
	if c.Catalog == nil {
		return nil, nil
	}
	list, err := c.Catalog.Constraints()
	slices.SortStableFunc(list, func(a, b Constraint) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}

func runIndexes(ctx *Context, args []value.Value, emit emitFunc) error {
	list, err := ctx.indexes()
	if err != nil {
		return err
	}
	constraints, err := ctx.constraints()
	if err != nil {
		return err
	}
	kind := args[0].AsString()
	for i := range list {
		x := &list[i]
		statement := x.statement()
		for j := range constraints {
			if constraints[j].Name == x.Constraint {
				statement = constraints[j].statement()
			}
		}
		if kind != "" && kind != x.Type {
			continue
		}
		provider, uniqueness := strings.ToLower(x.Type)+"-1.0", "NONUNIQUE"
		if x.Constraint != "" {
			uniqueness = "UNIQUE"
		}
		row := []value.Value{value.Int(int64(x.ID)), value.String(x.Name), value.String(x.State), value.Float(100 * x.Progress), value.String(x.Type),
			value.String(x.Entity), stringsOf([]string{x.Label}), stringsOf(x.Keys), value.String(provider), orNull(x.Constraint),
			value.Null, value.Null, value.Null, mapOf("indexConfig", mapOf(), "indexProvider", value.String(provider)), value.String(""),
			value.String(statement), value.String(uniqueness), value.String(provider)}
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}

// statement makes the index again.
func (x *Index) statement() string {
	return fmt.Sprintf("CREATE %s INDEX %s FOR %s ON (%s)", x.Type, escaped(x.Name), target(x.Entity, x.Label), properties(x.Keys))
}

func escaped(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

func target(entity, label string) string {
	if entity == "NODE" {
		return "(n:" + escaped(label) + ")"
	}
	return "()-[n:" + escaped(label) + "]-()"
}

func properties(keys []string) string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = "n." + escaped(k)
	}
	return strings.Join(out, ", ")
}

func constraintColumns() []Field {
	return append(columns("id", "INTEGER", "name", "STRING", "type", "STRING", "entityType", "STRING", "labelsOrTypes", "LIST OF STRING",
		"properties", "LIST OF STRING", "ownedIndex", "STRING?", "propertyType", "STRING?"),
		verbose("options", "MAP?", "createStatement", "STRING")...)
}

func runConstraints(ctx *Context, args []value.Value, emit emitFunc) error {
	list, err := ctx.constraints()
	if err != nil {
		return err
	}
	for i := range list {
		c := &list[i]
		if !c.isOf(args[0].AsString()) {
			continue
		}
		row := []value.Value{value.Int(int64(c.ID)), value.String(c.Name), value.String(c.full()), value.String(c.Entity),
			stringsOf([]string{c.Label}), stringsOf(c.Keys), orNull(c.Index), orNull(c.Of), value.Null, value.String(c.statement())}
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}

// isOf reports whether SHOW kind CONSTRAINTS lists c.
func (c *Constraint) isOf(kind string) bool {
	entity, rest, ok := strings.Cut(kind, " ")
	if ok && (entity == "NODE" || entity == "RELATIONSHIP") {
		if entity != c.Entity {
			return false
		}
		kind = rest
	}
	of := map[string]string{"UNIQUE": "UNIQUENESS", "KEY": "KEY", "PROPERTY EXISTENCE": "EXISTENCE", "PROPERTY TYPE": "TYPE"}
	return kind == "" || of[kind] == c.Type
}

// full is the type as tools know it: NODE_KEY, RELATIONSHIP_PROPERTY_EXISTENCE.
func (c *Constraint) full() string {
	switch c.Type {
	case "UNIQUENESS":
		if c.Entity == "NODE" {
			return c.Type
		}
		return "RELATIONSHIP_UNIQUENESS"
	case "EXISTENCE", "TYPE":
		return c.Entity + "_PROPERTY_" + c.Type
	}
	return c.Entity + "_" + c.Type
}

// statement makes the constraint again.
func (c *Constraint) statement() string {
	rule := map[string]string{"UNIQUENESS": "IS UNIQUE", "KEY": "IS " + c.Entity + " KEY", "EXISTENCE": "IS NOT NULL", "TYPE": "IS :: " + c.Of}[c.Type]
	keys := properties(c.Keys)
	if len(c.Keys) > 1 || c.Type == "UNIQUENESS" || c.Type == "KEY" {
		keys = "(" + keys + ")"
	}
	return fmt.Sprintf("CREATE CONSTRAINT %s FOR %s REQUIRE %s %s", escaped(c.Name), target(c.Entity, c.Label), keys, rule)
}

func functionColumns() []Field {
	return append(columns("name", "STRING", "category", "STRING", "description", "STRING"),
		verbose("signature", "STRING", "isBuiltIn", "BOOLEAN", "argumentDescription", "LIST OF MAP", "returnDescription", "STRING",
			"aggregating", "BOOLEAN", "rolesExecution", "LIST OF STRING?", "rolesBoostedExecution", "LIST OF STRING?",
			"isDeprecated", "BOOLEAN", "deprecatedBy", "STRING?", "example", "STRING?")...)
}

func runFunctions(ctx *Context, args []value.Value, emit emitFunc) error {
	if args[0].AsString() == "USER DEFINED" {
		return nil
	}
	for i := range ctx.Functions {
		f := &ctx.Functions[i]
		row := []value.Value{value.String(f.Name), value.String(f.Category), value.String(f.Doc), value.String(f.Signature), value.Bool(true),
			described(f.Args), value.String(f.Result), value.Bool(f.Aggregating), value.Null, value.Null, value.Bool(false), value.Null, orNull(f.Example)}
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}

// described makes the argumentDescription of arguments that have types alone.
func described(types []string) value.Value {
	out := make([]value.Value, len(types))
	for i, t := range types {
		name := "input"
		if i > 0 {
			name = fmt.Sprintf("input%d", i+1)
		}
		out[i] = argument(name, t)
	}
	return value.List(out...)
}

func argument(name, typ string) value.Value {
	return mapOf("name", value.String(name), "type", value.String(typ), "description", value.String(name+" :: "+typ), "isDeprecated", value.Bool(false))
}

func argumentsOf(fields []Field) value.Value {
	out := make([]value.Value, len(fields))
	for i, f := range fields {
		out[i] = argument(f.Name, f.Type.String())
	}
	return value.List(out...)
}

func procedureColumns() []Field {
	return append(columns("name", "STRING", "description", "STRING", "mode", "STRING", "worksOnSystem", "BOOLEAN"),
		verbose("signature", "STRING", "argumentDescription", "LIST OF MAP", "returnDescription", "LIST OF MAP", "admin", "BOOLEAN",
			"rolesExecution", "LIST OF STRING?", "rolesBoostedExecution", "LIST OF STRING?", "isDeprecated", "BOOLEAN", "deprecatedBy", "STRING?",
			"option", "MAP", "example", "STRING?")...)
}

func runProcedures(ctx *Context, _ []value.Value, emit emitFunc) error {
	if ctx.Table == nil {
		return nil
	}
	for _, d := range ctx.Table.All() {
		row := []value.Value{value.String(d.Name), value.String(d.Doc), value.String(d.Mode.String()), value.Bool(d.Mode == DBMS),
			value.String(d.Signature()), argumentsOf(d.Args), argumentsOf(d.Results), value.Bool(false), value.Null, value.Null,
			value.Bool(false), value.Null, mapOf("deprecated", value.Bool(false)), orNull(d.Example)}
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}

func transactionColumns() []Field {
	return slices.Concat(
		columns("database", "STRING", "transactionId", "STRING", "currentQueryId", "STRING?"),
		verbose("outerTransactionId", "STRING?"),
		columns("connectionId", "STRING?", "clientAddress", "STRING?", "username", "STRING?"),
		verbose("metaData", "MAP"),
		columns("currentQuery", "STRING?"),
		verbose("parameters", "MAP", "planner", "STRING?", "runtime", "STRING?", "indexes", "LIST OF MAP"),
		columns("startTime", "ZONED DATETIME?"),
		verbose("currentQueryStartTime", "ZONED DATETIME?", "protocol", "STRING?", "requestUri", "STRING?"),
		columns("status", "STRING"),
		verbose("currentQueryStatus", "STRING?", "statusDetails", "STRING?", "resourceInformation", "MAP", "activeLockCount", "INTEGER?",
			"currentQueryActiveLockCount", "INTEGER?"),
		columns("elapsedTime", "DURATION"),
		verbose("cpuTime", "DURATION?", "waitTime", "DURATION?", "idleTime", "DURATION?", "currentQueryElapsedTime", "DURATION?",
			"currentQueryCpuTime", "DURATION?", "currentQueryWaitTime", "DURATION?", "currentQueryIdleTime", "DURATION?",
			"currentQueryAllocatedBytes", "INTEGER?", "allocatedDirectBytes", "INTEGER?", "estimatedUsedHeapMemory", "INTEGER?",
			"pageHits", "INTEGER?", "pageFaults", "INTEGER?", "currentQueryPageHits", "INTEGER?", "currentQueryPageFaults", "INTEGER?",
			"initializationStackTrace", "STRING?", "readOnly", "BOOLEAN"))
}

// transactionRow gives what is known of a transaction; the rest is null.
func transactionRow(database string, t *Transaction) []value.Value {
	known := map[string]value.Value{
		"database": value.String(database), "transactionId": value.String(t.ID), "username": orNull(t.User), "metaData": mapOf(),
		"currentQuery": orNull(t.Query), "parameters": mapOf(), "indexes": value.List(), "startTime": instant(t.Started), "status": value.String(t.Status),
		"statusDetails": orNull(t.Details), "resourceInformation": mapOf(), "elapsedTime": lasted(t.Started), "readOnly": value.Bool(t.ReadOnly),
	}
	if t.Query != "" {
		known["currentQueryId"], known["currentQueryStatus"] = value.String(t.ID), value.String(strings.ToLower(t.Status))
	}
	return pick(transactionColumns(), known)
}

// pick makes a row of the values of columns, null where there is none.
func pick(columns []Field, known map[string]value.Value) []value.Value {
	row := make([]value.Value, len(columns))
	for i, c := range columns {
		if v, ok := known[c.Name]; ok {
			row[i] = v
		}
	}
	return row
}

func runTransactions(ctx *Context, args []value.Value, emit emitFunc) error {
	ids, err := texts("a transaction id", args[0])
	if err != nil || ctx.Sessions == nil {
		return err
	}
	for _, t := range ctx.Sessions.Transactions() {
		if !picks(ids, t.ID) {
			continue
		}
		if err := emit(transactionRow(ctx.database(), &t)); err != nil {
			return err
		}
	}
	return nil
}

// lasted is the time since then.
func lasted(since time.Time) value.Value {
	d := max(time.Since(since), 0)
	return value.Duration(value.Span{Seconds: int64(d / time.Second), Nanos: int32(d % time.Second)})
}

func runTerminate(ctx *Context, args []value.Value, emit emitFunc) error {
	ids, err := texts("a transaction id", args[0])
	if err != nil {
		return err
	}
	for _, id := range ids {
		message, ended, user := "Transaction not found.", false, ""
		if ctx.Sessions != nil {
			for _, t := range ctx.Sessions.Transactions() {
				if t.ID == id {
					user = t.User
				}
			}
			if ended, err = ctx.Sessions.Terminate(id); err != nil {
				return err
			}
		}
		if ended {
			message = "Transaction terminated."
		}
		if err := emit([]value.Value{value.String(id), orNull(user), value.String(message)}); err != nil {
			return err
		}
	}
	return nil
}

func runSettings(ctx *Context, args []value.Value, emit emitFunc) error {
	names, err := texts("a setting's name", args[0])
	if err != nil {
		return err
	}
	for _, s := range ctx.Settings {
		if !picks(names, s.Name) {
			continue
		}
		row := []value.Value{value.String(s.Name), orNull(s.Value), value.Bool(false), orNull(s.Default), orNull(s.Doc), orNull(s.Value),
			value.Bool(s.Origin != "" && s.Origin != "default"), value.Null, value.Bool(false), orNull(s.Origin)}
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}
