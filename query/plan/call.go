package plan

import (
	"strings"

	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/status"
)

// Yield is a column taken from a procedure's result.
type Yield struct {
	Column int // position among the procedure's results
	Slot   Slot
	Name   string
}

// CallProcedure calls a procedure for each row of its input and gives a row for each
// of its results. A procedure without results (Void) passes the row on.
type CallProcedure struct {
	unary
	Procedure string // full name, as declared
	Args      []expr.Expr
	Yields    []Yield
	Void      bool
	Optional  bool // a row without results is passed on with nulls
	Writes    bool
	Pos       status.Pos
}

// LoadCSV gives a row for each line of a file: in Slot a list of strings, or a map
// by the first line's names where Headers is set.
type LoadCSV struct {
	unary
	From       expr.Expr
	Slot       Slot
	Name       string
	Line, File Slot // of linenumber() and file(); NoSlot: they are not called
	Headers    bool
	Terminator rune // ',' unless written
	Pos        status.Pos
}

// LoadRows gives a row for each row of a file of JSON Lines or Parquet: in Slot what a
// line holds, or a map of the columns.
type LoadRows struct {
	unary
	From      expr.Expr
	Slot      Slot
	Name      string
	JSONLines bool // otherwise Parquet
	Pos       status.Pos
}

func (*CallProcedure) Kind() string { return "CallProcedure" }
func (*LoadCSV) Kind() string       { return "LoadCSV" }

// Kind names the format.
func (l *LoadRows) Kind() string { return "Load" + pick(l.JSONLines, "JSONLines", "Parquet") }

// Detail is the call.
func (c *CallProcedure) Detail() string {
	s := c.Procedure + "(" + exprsText(c.Args, ", ") + ")"
	if len(c.Yields) > 0 {
		names := make([]string, len(c.Yields))
		for i, y := range c.Yields {
			names[i] = y.Name
		}
		s += " yield " + strings.Join(names, ", ")
	}
	return s
}

// Detail is the file.
func (l *LoadCSV) Detail() string {
	return expr.String(l.From) + pick(l.Headers, " with headers", "") + " AS " + varText(l.Name, l.Slot)
}

// Detail is the file.
func (l *LoadRows) Detail() string {
	return expr.String(l.From) + " AS " + varText(l.Name, l.Slot)
}
