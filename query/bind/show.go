package bind

import (
	"strings"

	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// shown is the procedure behind a SHOW, and what it is given.
type shown struct {
	procedure string
	only      bool // which of them, as the text says it
	ids       bool // a list of names
}

var shows = map[ast.ShowKind]shown{
	ast.ShowIndexes:        {"db.indexes", true, false},
	ast.ShowConstraints:    {"db.constraints", true, false},
	ast.ShowFunctions:      {"dbms.functions", true, false},
	ast.ShowProcedures:     {"dbms.procedures", false, false},
	ast.ShowTransactions:   {"dbms.transactions", false, true},
	ast.ShowSettings:       {"dbms.settings", false, true},
	ast.ShowDatabases:      {"dbms.databases", false, true},
	ast.ShowAliases:        {"dbms.aliases", false, true},
	ast.ShowServers:        {"dbms.servers", false, false},
	ast.ShowUsers:          {"dbms.users", false, false},
	ast.ShowCurrentUser:    {"dbms.currentUser", false, false},
	ast.ShowRoles:          {"dbms.roles", true, false},
	ast.ShowMembers:        {"dbms.members", true, false},
	ast.ShowPrivileges:     {"dbms.privileges", true, true},
	ast.ShowVersion:        {"dbms.version", false, false},
	ast.ShowConfig:         {"dbms.config", false, false},
	ast.ShowStorageInfo:    {"dbms.storageInfo", false, false},
	ast.ShowIndexInfo:      {"dbms.indexInfo", false, false},
	ast.ShowConstraintInfo: {"dbms.constraintInfo", false, false},
	ast.ShowSchemaInfo:     {"dbms.schemaInfo", false, false},
}

// listings turns SHOW and TERMINATE into calls of the procedures that do the same, with
// YIELD, WHERE and RETURN after each.
func (b *binder) listings(stmt ast.Statement) (bound *plan.Plan, terminates bool, err error) {
	p := &pipeline{b: b, sc: newScope(nil), cur: &plan.SingleRow{}, pos: position{standalone: true}, rows: &result{}}
	for stmt != nil {
		switch s := stmt.(type) {
		case *ast.Show:
			err = p.show(s)
			stmt = s.Next
		case *ast.Terminate:
			err = p.terminate(s)
			stmt, terminates = s.Next, true
		}
		if err != nil {
			return nil, false, err
		}
	}
	return b.finish(p.cur, p.rows.columns), terminates, nil
}

func (p *pipeline) show(s *ast.Show) error {
	to := shows[s.Kind]
	var args []expr.Expr
	if to.only && (s.Only != "" || to.ids) {
		args = append(args, &expr.Const{Value: value.String(s.Only)})
	}
	if to.ids && len(s.IDs) > 0 {
		list, err := p.b.expr(&ast.ListLit{Loc: s.Loc, Items: s.IDs}, p.env())
		if err != nil {
			return err
		}
		args = append(args, list)
	}
	return p.listing(to.procedure, args, s.Loc, tail{s.Yield, s.Where, s.Return})
}

func (p *pipeline) terminate(s *ast.Terminate) error {
	for _, id := range s.IDs {
		x, err := p.b.expr(id, p.env())
		if err != nil {
			return err
		}
		if t := x.Type(); !expr.CanBe(t, expr.StringType|expr.ListType) {
			return status.Errorf(status.InvalidArgumentType, "a transaction id is a string, got %s", t).At(id.Position())
		}
	}
	ids, err := p.b.expr(&ast.ListLit{Loc: s.Loc, Items: s.IDs}, p.env())
	if err != nil {
		return err
	}
	return p.listing("dbms.terminateTransaction", []expr.Expr{ids}, s.Loc, tail{s.Yield, s.Where, s.Return})
}

// tail is what may follow SHOW and TERMINATE.
type tail struct {
	yield *ast.Yield
	where ast.Expr
	ret   *ast.Return
}

func (p *pipeline) listing(procedure string, args []expr.Expr, at ast.Loc, t tail) error {
	proc, err := p.b.procedure(procedure, at.Pos)
	if err != nil {
		return err
	}
	for _, f := range proc.Args[len(args):] {
		args = append(args, &expr.Const{Value: *f.Default})
	}
	out := &plan.CallProcedure{Procedure: proc.Name, Args: args, Pos: at.Pos}
	out.Input = p.cur
	p.cur = out
	y := brief(proc, at)
	if t.yield != nil {
		y = &ast.Yield{Loc: t.yield.Loc, Star: t.yield.Star, Items: t.yield.Items}
	}
	if err := p.yield(y, proc, out, true); err != nil {
		return err
	}
	where := t.where
	if y := t.yield; y != nil {
		// As in WITH: what WHERE keeps is of the rows that LIMIT left.
		pr := &ast.Projection{Loc: y.Loc, Star: true, OrderBy: y.OrderBy, Skip: y.Skip, Limit: y.Limit}
		if _, _, err := p.project(pr, false); err != nil {
			return err
		}
		where = y.Where
	}
	if err := p.where(where, p.sc); err != nil {
		return err
	}
	if t.ret != nil {
		return p.ret(t.ret)
	}
	return nil
}

// brief yields the columns that are shown where none are named.
func brief(proc *Procedure, at ast.Loc) *ast.Yield {
	y := &ast.Yield{Loc: at}
	for _, r := range proc.Results {
		if !r.Verbose {
			y.Items = append(y.Items, &ast.YieldItem{Loc: at, Field: r.Name})
		}
	}
	return y
}

// database refuses a USE of another database than the one that there is.
func (b *binder) database(n *ast.Name) error {
	if n == nil {
		return nil
	}
	names := b.opts.Databases
	for _, known := range names {
		if strings.EqualFold(n.Text, known) {
			return nil
		}
	}
	err := status.Errorf(status.NoSuchDatabase, "there is no database `%s`", n.Text).At(n.Pos)
	if len(names) == 0 {
		return err
	}
	return err.WithHint("a server has one database, `%s`; a second one is another server", names[0])
}
