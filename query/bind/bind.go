// Package bind gives names their meaning: it turns a syntax tree into a plan whose
// expressions read slots, and refuses what cannot mean anything.
//
//	stmt, err := bind.Bind(tree, bind.Options{Procedures: table})
//	stmt.Plan          // query: operators, MATCHes still as pattern graphs
//	stmt.Command       // or a statement that has no plan: CREATE INDEX, BEGIN …
//
//	bind.go query.go     statements, unions, the sequence of clauses
//	project.go group.go  WITH and RETURN: scopes, aggregation, order
//	match.go             patterns
//	write.go call.go     CREATE … DELETE, procedures, CALL { }
//	expr.go sub.go       expressions, subqueries
//
// Every error that openCypher calls a compile-time error is raised here or by the
// parser. The package reads no data and chooses no order: see query/optimize.
package bind

import (
	"sort"

	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// Field is an argument or a result of a procedure.
type Field struct {
	Name    string
	Type    expr.Types // null included where it is allowed
	Default *value.Value
	Verbose bool // a result that SHOW has only where it is asked for
}

// Procedure is what the binder must know of a procedure.
type Procedure struct {
	Name    string
	Args    []Field
	Results []Field
	Writes  bool
}

// Procedures finds procedures by name.
type Procedures interface {
	// Procedure returns the declaration of name, whatever the case of its letters.
	Procedure(name string) (*Procedure, bool)
	// Suggest returns the nearest name of a procedure, or "".
	Suggest(name string) string
}

// Options configure Bind.
type Options struct {
	Procedures Procedures // nil: there are none
	Databases  []string   // what USE may name: the store's name, then its other ones
}

// Statement is a bound statement: a Plan, or a Command that has none.
type Statement struct {
	Explain bool // EXPLAIN: the plan is shown, not run
	Profile bool // PROFILE: it is run and shown with what each operator did
	Plan    *plan.Plan
	// Terminate: the plan ends what others do.
	Terminate bool
	Command   ast.Statement // schema statements, transactions; nil with a Plan
}

// Bind binds a statement.
func Bind(stmt ast.Statement, opts Options) (*Statement, error) {
	out := &Statement{}
	if e, ok := stmt.(*ast.Explain); ok {
		out.Explain, out.Profile = !e.Profile, e.Profile
		stmt = e.Statement
	}
	b := &binder{opts: opts, params: map[string]status.Pos{}, types: map[plan.Slot]expr.Types{}, elems: map[plan.Slot]expr.Types{}}
	if u, ok := stmt.(*ast.Use); ok {
		if err := b.database(u.Name); err != nil {
			return nil, err
		}
		stmt = u.Statement
	}
	var err error
	switch s := stmt.(type) {
	case *ast.Query:
		out.Plan, err = b.statement(s)
	case *ast.Show, *ast.Terminate:
		out.Plan, out.Terminate, err = b.listings(s)
	default:
		out.Command = stmt
		if out.Explain || out.Profile {
			err = status.Errorf(status.NotYet, "only queries can be explained").At(stmt.Position()).WithHint("leave EXPLAIN or PROFILE out")
		}
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// binder holds what is shared by all parts of a statement.
type binder struct {
	opts     Options
	slots    int
	params   map[string]status.Pos    // where each is named first
	types    map[plan.Slot]expr.Types // what a slot can hold
	elems    map[plan.Slot]expr.Types // what the elements of a list in a slot can be
	writes   bool
	loads    bool // there is a LOAD CSV
	batched  bool // there is a CALL … IN TRANSACTIONS
	compound bool // the statement has UNION or NEXT
	depth    int  // of subqueries
	clauses  int
	subplans []*plan.Plan
	notices  []string
}

// maxSubqueries bounds the nesting of subqueries.
const maxSubqueries = 32

func (b *binder) newSlot() plan.Slot {
	b.slots++
	return b.slots - 1
}

// newVar returns a new variable; elem says what it holds where it is a list.
func (b *binder) newVar(name string, t, elem expr.Types) *variable {
	v := &variable{name: name, slot: b.newSlot(), t: t}
	b.types[v.slot] = t
	if elem != 0 {
		b.elems[v.slot] = elem
	}
	return v
}

func (b *binder) finish(root plan.Node, cols []plan.Column) *plan.Plan {
	produce := &plan.Produce{Columns: cols}
	produce.Input = root
	p := &plan.Plan{Root: produce, NumSlots: b.slots, Columns: cols, Writes: b.writes || b.batched, Batched: b.batched, RowID: plan.NoSlot, Notices: b.notices}
	for name := range b.params {
		p.Params = append(p.Params, name)
	}
	sort.Strings(p.Params)
	for _, name := range p.Params {
		p.ParamPos = append(p.ParamPos, b.params[name])
	}
	for _, sub := range b.subplans {
		sub.NumSlots = b.slots
	}
	p.Number()
	return p
}

func (b *binder) statement(q *ast.Query) (*plan.Plan, error) {
	res, err := b.query(q, newScope(nil), leafSource{}, position{standalone: true})
	if err != nil {
		return nil, err
	}
	return b.finish(res.root, res.columns), nil
}
