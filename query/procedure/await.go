package procedure

import (
	"time"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// awaitProcedures wait until indexes can be used. CREATE INDEX itself returns only then;
// these are for those who did not send it.
func awaitProcedures() []*Def {
	seconds := value.Int(300)
	return []*Def{
		{Name: "db.awaitIndex", Args: []Field{column("name", "STRING"), optional("timeOutSeconds", "INTEGER", seconds)},
			Doc: "Waits until an index is online.", Example: "CALL db.awaitIndex('person_name')",
			Run: func(ctx *Context, args []value.Value, emit emitFunc) error {
				return await(ctx, args[0].AsString(), args[1].AsInt())
			}},
		{Name: "db.awaitIndexes", Args: []Field{optional("timeOutSeconds", "INTEGER", seconds)},
			Doc: "Waits until every index is online.", Example: "CALL db.awaitIndexes(60)",
			Run: func(ctx *Context, args []value.Value, emit emitFunc) error {
				return await(ctx, "", args[0].AsInt())
			}},
	}
}

// awaitStep is the time between two looks.
const awaitStep = 20 * time.Millisecond

// await returns once the index, or each where name is "", is online.
func await(ctx *Context, name string, seconds int64) error {
	if ctx.Latest == nil {
		return nil
	}
	end := time.Now().Add(time.Duration(min(max(seconds, 0), 1<<30)) * time.Second)
	for {
		waiting, found := "", name == ""
		err := ctx.Latest(func(c Catalog) error {
			list, err := c.Indexes()
			for _, x := range list {
				if name != "" && x.Name != name {
					continue
				}
				found = true
				if x.State != "ONLINE" {
					waiting = x.Name
				}
			}
			return err
		})
		switch {
		case err != nil:
			return err
		case !found:
			return status.Errorf(status.NoSuchIndex, "there is no index `%s`", name).WithHint("SHOW INDEXES lists them")
		case waiting == "":
			return nil
		case time.Now().After(end):
			return status.Errorf(status.QueryTimeLimit, "index `%s` is not online after %d s", waiting, seconds).
				WithHint("SHOW INDEXES tells how far it is")
		}
		select {
		case <-ctx.Context.Done():
		case <-time.After(awaitStep):
		}
		if err := status.Ended(ctx.Context, "the wait for the index"); err != nil {
			return err
		}
	}
}
