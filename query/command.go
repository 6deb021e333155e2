package query

import (
	"context"
	"errors"
	"time"

	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/bind"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// command runs a statement that has no plan.
func (r *Result) command(ctx context.Context) error {
	err := r.dispatch(ctx)
	r.release(err)
	r.light = true
	return r.err
}

func (r *Result) dispatch(ctx context.Context) error {
	switch s := r.c.command.(type) {
	case *ast.Transaction:
		return r.transaction(ctx, s)
	case *ast.CreateIndex, *ast.DropIndex, *ast.CreateConstraint, *ast.DropConstraint:
		if r.run.req.Tx != nil {
			return status.Errorf(status.NotYet, "the schema cannot be changed inside a transaction").
				WithHint("send it by itself, outside of the transaction")
		}
		// Building an index has no limit of time, but it can be terminated.
		run := r.run
		run.entry.writes()
		run.ctx = runContext{Context: ctx, entry: &run.entry, started: r.started}
		return r.schemaCommand(&run.ctx, s)
	}
	return status.Errorf(status.NotYet, "this statement is not run yet").At(r.c.command.Position()).WithHint("SHOW FUNCTIONS and SHOW PROCEDURES list what can be called")
}

// transaction runs BEGIN, COMMIT and ROLLBACK.
func (r *Result) transaction(ctx context.Context, s *ast.Transaction) error {
	t := r.run.req.Tx
	if s.Kind == ast.Begin {
		if t != nil {
			return status.Errorf(status.TransactionStatement, "BEGIN inside a transaction").At(s.Pos).
				WithHint("commit or roll back transaction %s first", t.ID())
		}
		readOnly := s.Access == ast.AccessRead || r.run.req.ReadOnly
		if s.Access == ast.AccessWrite && r.run.req.ReadOnly {
			return r.run.req.readOnly("a transaction that writes")
		}
		opened, err := r.engine.Begin(ctx, TxOptions{ReadOnly: readOnly, Owner: r.run.req.Owner, User: r.run.req.User})
		r.rarely().opened = opened
		return err
	}
	word := "COMMIT"
	if s.Kind == ast.Rollback {
		word = "ROLLBACK"
	}
	if t == nil {
		return status.Errorf(status.TransactionStatement, "%s outside of a transaction", word).At(s.Pos).
			WithHint("begin one first; a request names what BEGIN opened in `tx`")
	}
	if s.Kind == ast.Commit {
		defer r.run.req.Trace.committed(time.Now())
		return t.commit(ctx, r.run.before)
	}
	t.finish(errEnded())
	return nil
}

func (r *Result) schemaCommand(ctx context.Context, s ast.Statement) error {
	store := r.engine.store
	switch s := s.(type) {
	case *ast.CreateIndex:
		if s.Kind != "RANGE" {
			hint := "CREATE INDEX makes a range index"
			switch s.Kind {
			case "POINT":
				hint = "CREATE INDEX makes a range index, which finds points that are equal"
			case "FULLTEXT":
				hint = "CREATE INDEX makes a range index, which finds equal texts and their beginnings"
			case "LOOKUP":
				hint = "none is needed: labels and types are always looked up"
			}
			return status.Errorf(status.NotYet, "%s indexes are not offered yet", s.Kind).At(s.Pos).WithHint("%s", hint)
		}
		if s.Options != nil {
			return status.Errorf(status.NotYet, "an index has no options yet").At(s.Pos).WithHint("leave OPTIONS out")
		}
		entity, keys := target(s.On)
		created, err := store.CreateIndex(ctx, graph.IndexSpec{Name: s.Name.String(), Entity: entity, Token: s.On.Label.Text, Keys: keys,
			IfNotExists: s.IfNotExists}, nil)
		r.rarely().schema.IndexesAdded += one(created)
		return named(err, s.Pos)
	case *ast.DropIndex:
		dropped, err := store.DropIndex(s.Name.Text, s.IfExists)
		r.rarely().schema.IndexesRemoved += one(dropped)
		return named(err, s.Name.Pos)
	case *ast.CreateConstraint:
		return r.createConstraint(ctx, s)
	case *ast.DropConstraint:
		dropped, err := store.DropConstraint(s.Name.Text, s.IfExists)
		r.rarely().schema.ConstraintsRemoved += one(dropped)
		return named(err, s.Name.Pos)
	}
	return nil
}

// named puts an error at what it is about.
func named(err error, pos status.Pos) error {
	var e *status.Error
	if errors.As(err, &e) {
		e.At(pos)
	}
	return err
}

func (r *Result) createConstraint(ctx context.Context, s *ast.CreateConstraint) error {
	if s.Options != nil {
		return status.Errorf(status.NotYet, "a constraint has no options yet").At(s.Pos).WithHint("leave OPTIONS out")
	}
	entity, keys := target(s.On)
	spec := graph.ConstraintSpec{Name: s.Name.String(), Entity: entity, Token: s.On.Label.Text, Keys: keys, IfNotExists: s.IfNotExists}
	switch s.Kind {
	case ast.Unique:
		spec.Kind = catalog.Unique
	case ast.Key:
		spec.Kind = catalog.NodeKey
	case ast.Existence:
		spec.Kind = catalog.Exists
	case ast.TypeOf:
		spec.Kind = catalog.ValueType
		kind, err := bind.PropertyKind(s.Type)
		if err != nil {
			return err
		}
		spec.Type = kind
	}
	created, err := r.engine.store.CreateConstraint(ctx, spec, nil)
	r.rarely().schema.ConstraintsAdded += one(created)
	return named(err, s.Pos)
}

func target(t ast.SchemaTarget) (catalog.Entity, []string) {
	keys := make([]string, len(t.Properties))
	for i, p := range t.Properties {
		keys[i] = p.Text
	}
	if t.Relationship {
		return catalog.Relationships, keys
	}
	return catalog.Nodes, keys
}

func one(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// planRows makes the answer of EXPLAIN: the plan's text, a line a row.
func (r *Result) planRows(text string) {
	r.rarely().plan = text
	r.columns, r.width = []string{"plan"}, 1
	start := 0
	for i := 0; i <= len(text); i++ {
		if i == len(text) || text[i] == '\n' {
			if i > start {
				r.addRow(value.String(text[start:i]))
			}
			start = i + 1
		}
	}
}

func (r *Result) addRow(vals ...value.Value) {
	r.vals = append(r.vals, vals...)
	r.ahead++
}
