package procedure

import (
	"strings"
	"time"

	"github.com/kadedb/kadedb/value"
)

// oldProcedures are what programs written for other servers, or for older ones, ask
// before they show anything. What there is none of here has no rows.
func oldProcedures() []*Def {
	settings := columns("name", "STRING", "description", "STRING?", "value", "STRING?", "dynamic", "BOOLEAN")
	all := value.String("")
	ended := columns("queryId", "STRING", "username", "STRING?", "message", "STRING")
	return []*Def{
		{Name: "dbms.listConfig", Mode: DBMS, Args: []Field{optional("searchString", "STRING", all)}, Results: settings,
			Doc: "The settings whose names contain a text.", Example: "CALL dbms.listConfig('no such setting')", Run: runListConfig},
		{Name: "dbms.clientConfig", Mode: DBMS, Results: settings,
			Doc: "The settings, for programs that ask for those that concern them.", Example: "CALL dbms.clientConfig() YIELD name WHERE name = 'no-such' RETURN name",
			Run: func(ctx *Context, _ []value.Value, emit emitFunc) error {
				return runListConfig(ctx, []value.Value{all}, emit)
			}},
		{Name: "dbms.queryJmx", Mode: DBMS, Args: columns("query", "STRING"),
			Results: columns("name", "STRING", "description", "STRING?", "attributes", "MAP"),
			Doc:     "No rows: this server has no JMX beans. GET /metrics has its figures.", Example: "CALL dbms.queryJmx('*:*')",
			Run: func(*Context, []value.Value, emitFunc) error { return nil }},
		{Name: "dbms.licenseAgreementDetails", Mode: DBMS,
			Results: columns("status", "STRING", "daysLeftOnTrial", "INTEGER", "totalTrialDays", "INTEGER"),
			Doc:     "One row that says that there is nothing to agree to.", Example: "CALL dbms.licenseAgreementDetails()",
			Run: func(_ *Context, _ []value.Value, emit emitFunc) error {
				return emit([]value.Value{value.String("yes"), value.Int(0), value.Int(0)})
			}},
		{Name: "dbms.acceptedLicenseAgreement", Mode: DBMS, Results: columns("value", "STRING"),
			Doc: "One row that says that there is nothing to agree to.", Example: "CALL dbms.acceptedLicenseAgreement()",
			Run: func(_ *Context, _ []value.Value, emit emitFunc) error {
				return emit([]value.Value{value.String("yes")})
			}},
		{Name: "dbms.listQueries", Mode: DBMS,
			Results: queryColumns(),
			Doc:     "The running statements: the caller's, or to an administrator everybody's.", Example: "CALL dbms.listQueries() YIELD query, status",
			Run: runListQueries},
		{Name: "dbms.listTransactions", Mode: DBMS,
			Results: columns("transactionId", "STRING", "username", "STRING?", "startTime", "ZONED DATETIME?", "currentQuery", "STRING?", "status", "STRING",
				"elapsedTimeMillis", "INTEGER", "database", "STRING"),
			Doc: "The open transactions and running statements: the caller's, or to an administrator everybody's.", Example: "CALL dbms.listTransactions() YIELD currentQuery, status",
			Run: runListTransactions},
		{Name: "dbms.killQuery", Mode: DBMS, Args: columns("id", "STRING"), Results: ended,
			Doc: "Ends a running statement, as TERMINATE TRANSACTION does.", Example: "CALL dbms.killQuery('17') YIELD message", Run: runTerminate},
		{Name: "dbms.killQueries", Mode: DBMS, Args: columns("ids", "LIST OF STRING"), Results: ended,
			Doc: "Ends running statements, as TERMINATE TRANSACTIONS does.", Example: "CALL dbms.killQueries(['17']) YIELD message", Run: runTerminate},
	}
}

func runListConfig(ctx *Context, args []value.Value, emit emitFunc) error {
	for _, s := range ctx.Settings {
		if !strings.Contains(s.Name, args[0].AsString()) {
			continue
		}
		if err := emit([]value.Value{value.String(s.Name), orNull(s.Doc), orNull(s.Value), value.Bool(false)}); err != nil {
			return err
		}
	}
	return nil
}

func eachTransaction(ctx *Context, row func(t *Transaction, ms value.Value) []value.Value, emit emitFunc) error {
	if ctx.Sessions == nil {
		return nil
	}
	for _, t := range ctx.Sessions.Transactions() {
		if r := row(&t, value.Int(max(time.Since(t.Started).Milliseconds(), 0))); r != nil {
			if err := emit(r); err != nil {
				return err
			}
		}
	}
	return nil
}

func queryColumns() []Field {
	return columns("queryId", "STRING", "username", "STRING?", "metaData", "MAP", "query", "STRING", "parameters", "MAP", "planner", "STRING?",
		"runtime", "STRING?", "indexes", "LIST OF MAP", "startTime", "ZONED DATETIME?", "protocol", "STRING?", "clientAddress", "STRING?",
		"requestUri", "STRING?", "status", "STRING", "resourceInformation", "MAP", "activeLockCount", "INTEGER?", "elapsedTimeMillis", "INTEGER",
		"cpuTimeMillis", "INTEGER?", "waitTimeMillis", "INTEGER?", "idleTimeMillis", "INTEGER?", "allocatedBytes", "INTEGER?", "pageHits", "INTEGER?",
		"pageFaults", "INTEGER?", "connectionId", "STRING?", "database", "STRING")
}

func runListQueries(ctx *Context, _ []value.Value, emit emitFunc) error {
	return eachTransaction(ctx, func(t *Transaction, ms value.Value) []value.Value {
		if t.Query == "" {
			return nil
		}
		return pick(queryColumns(), map[string]value.Value{"queryId": value.String(t.ID), "username": orNull(t.User), "metaData": mapOf(),
			"query": value.String(t.Query), "parameters": mapOf(), "indexes": value.List(), "startTime": instant(t.Started),
			"status": value.String(strings.ToLower(t.Status)), "resourceInformation": mapOf(), "elapsedTimeMillis": ms, "database": value.String(ctx.database())})
	}, emit)
}

func runListTransactions(ctx *Context, _ []value.Value, emit emitFunc) error {
	return eachTransaction(ctx, func(t *Transaction, ms value.Value) []value.Value {
		return []value.Value{value.String(t.ID), orNull(t.User), instant(t.Started), orNull(t.Query), value.String(t.Status), ms, value.String(ctx.database())}
	}, emit)
}
