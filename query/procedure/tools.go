package procedure

import (
	"strings"

	"github.com/kadedb/kadedb/value"
)

// toolProcedures are what programs written for other servers ask before they show
// anything. What there is none of here has no rows.
func toolProcedures() []*Def {
	settings := []Field{column("name", "STRING"), column("description", "STRING?"), column("value", "STRING?"), column("dynamic", "BOOLEAN")}
	all := value.String("")
	return []*Def{
		{Name: "dbms.listConfig", Mode: DBMS, Args: []Field{{Name: "searchString", Type: column("", "STRING").Type, Default: &all}}, Results: settings,
			Doc: "The settings whose names contain a text.", Example: "CALL dbms.listConfig('memory')", Run: runListConfig},
		{Name: "dbms.clientConfig", Mode: DBMS, Results: settings,
			Doc: "The settings, for programs that ask for those that concern them.", Example: "CALL dbms.clientConfig()",
			Run: func(ctx *Context, _ []value.Value, emit emitFunc) error {
				return runListConfig(ctx, []value.Value{all}, emit)
			}},
		{Name: "dbms.queryJmx", Mode: DBMS, Args: []Field{column("query", "STRING")},
			Results: []Field{column("name", "STRING"), column("description", "STRING?"), column("attributes", "MAP")},
			Doc:     "No rows: this server has no JMX beans. GET /metrics has its figures.", Example: "CALL dbms.queryJmx('*:*')",
			Run: func(*Context, []value.Value, emitFunc) error { return nil }},
		{Name: "dbms.licenseAgreementDetails", Mode: DBMS,
			Results: []Field{column("status", "STRING"), column("daysLeftOnTrial", "INTEGER"), column("totalTrialDays", "INTEGER")},
			Doc:     "One row that says that there is nothing to agree to.", Example: "CALL dbms.licenseAgreementDetails()",
			Run: func(_ *Context, _ []value.Value, emit emitFunc) error {
				return emit([]value.Value{value.String("yes"), value.Int(0), value.Int(0)})
			}},
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
