package procedure

import (
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// FromRows returns a procedure that answers from a table: a row holds the values of
// the arguments and then those of the results, and is given where its arguments are
// equivalent to the call's (1 to 1.0, null to null), in the order of the table.
func FromRows(signature string, rows [][]value.Value) (*Def, error) {
	d, err := ParseSignature(signature)
	if err != nil {
		return nil, err
	}
	for i, row := range rows {
		if len(row) != len(d.Args)+len(d.Results) {
			return nil, status.Errorf(status.InvalidSetting, "procedure %s: row %d has %d values, want %d", d.Name, i+1, len(row), len(d.Args)+len(d.Results))
		}
	}
	d.Doc = "Answers from a table of rows."
	d.Run = func(ctx *Context, args []value.Value, emit emitFunc) error {
	next:
		for _, row := range rows {
			for i, a := range args {
				if !value.Equivalent(a, row[i]) {
					continue next
				}
			}
			if err := emit(row[len(args):]); err != nil {
				return err
			}
		}
		return nil
	}
	return d, nil
}
