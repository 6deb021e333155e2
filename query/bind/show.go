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
	ast.ShowRoles:          {"dbms.roles", false, false},
	ast.ShowMembers:        {"dbms.members", true, false},
	ast.ShowPrivileges:     {"dbms.privileges", true, false},
	ast.ShowVersion:        {"dbms.version", false, false},
	ast.ShowConfig:         {"dbms.config", false, false},
	ast.ShowStorageInfo:    {"dbms.storageInfo", false, false},
	ast.ShowIndexInfo:      {"dbms.indexInfo", false, false},
	ast.ShowConstraintInfo: {"dbms.constraintInfo", false, false},
	ast.ShowSchemaInfo:     {"dbms.schemaInfo", false, false},
}

// show turns SHOW into a call of the procedure that lists the same, with YIELD, WHERE
// and RETURN after it.
func (b *binder) show(s *ast.Show) (*plan.Plan, error) {
	to := shows[s.Kind]
	var args []expr.Expr
	if to.only && s.Only != "" {
		args = append(args, &expr.Const{Value: value.String(s.Only)})
	}
	if to.ids && len(s.IDs) > 0 {
		list, err := b.expr(&ast.ListLit{Loc: s.Loc, Items: s.IDs}, &env{sc: newScope(nil)})
		if err != nil {
			return nil, err
		}
		args = append(args, list)
	}
	return b.listing(to.procedure, args, s.Loc, tail{s.Yield, s.Where, s.Return})
}

// terminate is a call too.
func (b *binder) terminate(s *ast.Terminate) (*plan.Plan, error) {
	for _, id := range s.IDs {
		if _, ok := id.(*ast.IntLit); ok {
			return nil, status.Errorf(status.InvalidArgumentType, "a transaction id is a string, got INTEGER").At(id.Position())
		}
	}
	ids, err := b.expr(&ast.ListLit{Loc: s.Loc, Items: s.IDs}, &env{sc: newScope(nil)})
	if err != nil {
		return nil, err
	}
	return b.listing("dbms.terminateTransaction", []expr.Expr{ids}, s.Loc, tail{s.Yield, s.Where, s.Return})
}

// tail is what may follow SHOW and TERMINATE.
type tail struct {
	yield *ast.Yield
	where ast.Expr
	ret   *ast.Return
}

func (b *binder) listing(procedure string, args []expr.Expr, at ast.Loc, t tail) (*plan.Plan, error) {
	proc, err := b.procedure(procedure, at.Pos)
	if err != nil {
		return nil, err
	}
	for _, f := range proc.Args[len(args):] {
		args = append(args, &expr.Const{Value: *f.Default})
	}
	p := &pipeline{b: b, sc: newScope(nil), cur: &plan.SingleRow{}, pos: position{standalone: true}, rows: &result{}}
	out := &plan.CallProcedure{Procedure: proc.Name, Args: args, Pos: at.Pos}
	out.Input = p.cur
	p.cur = out
	y := brief(proc, at)
	if t.yield != nil {
		y = &ast.Yield{Loc: t.yield.Loc, Star: t.yield.Star, Items: t.yield.Items}
	}
	if err := p.yield(y, proc, out, true); err != nil {
		return nil, err
	}
	where := t.where
	if y := t.yield; y != nil {
		// As in WITH: what WHERE keeps is of the rows that LIMIT left.
		pr := &ast.Projection{Loc: y.Loc, Star: true, OrderBy: y.OrderBy, Skip: y.Skip, Limit: y.Limit}
		if _, _, err := p.project(pr, false); err != nil {
			return nil, err
		}
		where = y.Where
	}
	if err := p.where(where, p.sc); err != nil {
		return nil, err
	}
	if t.ret != nil {
		if err := p.ret(t.ret); err != nil {
			return nil, err
		}
	}
	return b.finish(p.cur, p.rows.columns), nil
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
