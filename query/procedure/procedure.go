// Package procedure is the table of procedures that CALL and SHOW run: each is
// declared once, with its signature, its documentation and its code.
//
//	table, err := procedure.NewTable(extra...)
//	def, ok := table.Lookup("db.labels")
//	err = def.Run(ctx, args, func(row []value.Value) error { … })
//
// The binder checks calls against the signature (argument count, types, the
// names that YIELD may take); Coerce finishes the check on values at run time.
// A caller adds its own procedures as Defs of its own; FromRows makes one that
// answers from a table.
//
// It is not for functions, which have no rows: see query/function.
package procedure

import (
	"context"
	"fmt"
	"sort"
	"strings"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// Mode says what a procedure may do to the store.
type Mode uint8

const (
	// Read procedures read the graph.
	Read Mode = iota
	// Write procedures change the graph.
	Write
	// DBMS procedures read or change the server around the graph.
	DBMS
)

func (m Mode) String() string { return [...]string{"READ", "WRITE", "DBMS"}[m] }

// Type is the type of an argument or a result column.
type Type struct {
	Name     string // as written in a signature, "INTEGER", without "?"
	Kinds    uint32 // the kinds that fit: bit k stands for value.Kind(k)
	Nullable bool
}

func (t Type) String() string {
	if t.Nullable {
		return t.Name + "?"
	}
	return t.Name
}

// Has reports whether a value of kind k fits as it is.
func (t Type) Has(k value.Kind) bool {
	if k == value.KindNull {
		return t.Nullable
	}
	return t.Kinds&(1<<k) != 0
}

// Field is one argument or one result column.
type Field struct {
	Name    string
	Type    Type
	Default *value.Value // arguments only: taken where the call leaves it out
	Verbose bool         // results only: SHOW has it where YIELD asks for it
}

// Def declares one procedure. It is immutable once in a Table.
type Def struct {
	Name    string // with its namespaces, "db.labels"
	Args    []Field
	Results []Field // none: CALL passes each row on as it is
	Mode    Mode
	Doc     string // one sentence
	Example string
	// Run calls emit for each row, with one value for each of Results, until emit
	// returns an error, which Run then returns. args were checked by Coerce.
	// Run may be called from several goroutines at once.
	Run func(ctx *Context, args []value.Value, emit func(row []value.Value) error) error
}

// Context is what procedures get of the query that calls them. A nil part means
// that the caller has none; procedures that need it then have no rows.
type Context struct {
	context.Context
	Catalog Catalog
	// Latest calls f with the catalog as of the last commit, rather than as of the
	// statement's snapshot.
	Latest    func(f func(Catalog) error) error
	Shapes    Shapes
	Sessions  Sessions
	Functions []Function
	Settings  []Setting
	Server    *Server
	User      User // who asks
	Users     Users
	Version   string
	Table     *Table
}

// MinArgs returns the smallest number of arguments that a call may give.
func (d *Def) MinArgs() int {
	n := len(d.Args)
	for n > 0 && d.Args[n-1].Default != nil {
		n--
	}
	return n
}

// Signature returns the declaration as text: "db.labels() :: (label :: STRING)".
func (d *Def) Signature() string {
	var b strings.Builder
	b.WriteString(d.Name)
	writeFields(&b, "(", d.Args)
	writeFields(&b, " :: (", d.Results)
	return b.String()
}

func writeFields(b *strings.Builder, open string, fields []Field) {
	b.WriteString(open)
	for i, f := range fields {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(b, "%s :: %s", f.Name, f.Type)
	}
	b.WriteByte(')')
}

// Table holds procedures by name. It is immutable.
type Table struct {
	byName map[string]*Def // by lower-case name
	sorted []*Def
}

// NewTable returns a table of the procedures that every store has, and extra.
// An extra one replaces a built-in one of its name; two extra ones of one name
// are an error.
func NewTable(extra ...*Def) (*Table, error) {
	t := &Table{byName: map[string]*Def{}}
	for _, d := range builtins() {
		t.byName[strings.ToLower(d.Name)] = d
	}
	seen := map[string]bool{}
	for _, d := range extra {
		key := strings.ToLower(d.Name)
		if seen[key] {
			return nil, status.Errorf(status.InvalidSetting, "procedure %s is declared twice", d.Name)
		}
		if d.Run == nil {
			return nil, status.Errorf(status.InvalidSetting, "procedure %s has no code", d.Name)
		}
		seen[key] = true
		t.byName[key] = d
	}
	for _, d := range t.byName {
		t.sorted = append(t.sorted, d)
	}
	sort.Slice(t.sorted, func(i, j int) bool { return t.sorted[i].Name < t.sorted[j].Name })
	return t, nil
}

// Lookup finds a procedure by its full name; case does not count.
func (t *Table) Lookup(name string) (*Def, bool) {
	d, ok := t.byName[strings.ToLower(name)]
	return d, ok
}

// All returns every procedure by name. The caller must not change the slice.
func (t *Table) All() []*Def { return t.sorted }

// Names returns every name, for suggestions after a misspelt one.
func (t *Table) Names() []string {
	names := make([]string, len(t.sorted))
	for i, d := range t.sorted {
		names[i] = d.Name
	}
	return names
}

// Suggest returns the name that is nearest to an unknown one, or "".
func (t *Table) Suggest(name string) string {
	names := make([]string, len(t.sorted))
	for i, d := range t.sorted {
		names[i] = d.Name
	}
	return status.Nearest(name, names...)
}
