package procedure

import "github.com/kadedb/kadedb/value"

func functionColumns() []Field {
	return []Field{column("name", "STRING"), column("signature", "STRING"), column("aggregating", "BOOLEAN"),
		column("description", "STRING"), column("example", "STRING?")}
}

// Function is a row of SHOW FUNCTIONS.
type Function struct {
	Name, Signature, Doc, Example string
	Aggregating                   bool
}

func runFunctions(ctx *Context, _ []value.Value, emit emitFunc) error {
	for _, f := range ctx.Functions {
		row := []value.Value{value.String(f.Name), value.String(f.Signature), value.Bool(f.Aggregating), value.String(f.Doc), orNull(f.Example)}
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}
