package query

import (
	"context"

	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/query/bind"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/procedure"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// procedures shows the table of procedures to the binder.
type procedures struct{ table *procedure.Table }

func (p procedures) Suggest(name string) string { return p.table.Suggest(name) }

func (p procedures) Procedure(name string) (*bind.Procedure, bool) {
	d, ok := p.table.Lookup(name)
	if !ok {
		return nil, false
	}
	return &bind.Procedure{Name: d.Name, Args: fields(d.Args), Results: fields(d.Results), Writes: d.Mode == procedure.Write}, true
}

// users shows the tokens to those who may know them.
type users struct {
	list func() []procedure.User
	req  *Request
}

func (u users) Users() ([]procedure.User, error) {
	if u.list == nil {
		return nil, nil
	}
	if u.req.Owner != "" && !u.req.Everyone {
		return nil, status.Errorf(status.RoleTooLow, "a token of role admin may list users").WithHint("SHOW CURRENT USER tells who you are")
	}
	return u.list(), nil
}

// user is who a request comes from.
func (r *Request) user() procedure.User {
	role := r.Role
	if role == "" {
		role = "admin"
	}
	return procedure.User{ID: r.Owner, Name: r.User, Role: role}
}

func fields(in []procedure.Field) []bind.Field {
	out := make([]bind.Field, len(in))
	for i, f := range in {
		t := expr.Types(f.Type.Kinds)
		if f.Type.Nullable {
			t |= 1 << value.KindNull
		}
		out[i] = bind.Field{Name: f.Name, Type: t, Default: f.Default, Verbose: f.Verbose}
	}
	return out
}

// call runs a procedure for exec.
func (run *running) call(ctx context.Context, name string, args []value.Value, emit func([]value.Value) error) error {
	e := run.res.engine
	d, ok := e.procs.Lookup(name)
	if !ok {
		return status.Errorf(status.ProcedureNotFound, "there is no procedure %s", name)
	}
	given := make([]value.Value, len(args))
	for i, a := range args {
		v, err := d.Coerce(i, a)
		if err != nil {
			return err
		}
		given[i] = v
	}
	pctx := &procedure.Context{Context: ctx, Catalog: catalogView{run.x.Reader}, Latest: e.latest, Shapes: catalogView{run.x.Reader}, Sessions: e.sessions(&run.req),
		Functions: e.functions, Settings: e.opts.Settings, Server: &e.opts.Server, User: run.req.user(),
		Users: users{e.opts.Users, &run.req}, Version: e.opts.Version, Table: e.procs}
	return d.Run(pctx, given, emit)
}

// latest shows the schema as of the last commit.
func (e *Engine) latest(f func(procedure.Catalog) error) error {
	r, err := e.store.Snapshot()
	if err != nil {
		return err
	}
	defer r.Close()
	return f(catalogView{r})
}

// catalogView shows a snapshot's schema to procedures.
type catalogView struct{ r *graph.Reader }

func (v catalogView) Labels() ([]string, error) {
	var out []string
	c := v.r.Catalog()
	for id := range c.Tokens.Len(catalog.Label) {
		if v.r.CountNodes(catalog.LabelID(id)) > 0 {
			out = append(out, c.LabelName(catalog.LabelID(id)))
		}
	}
	return out, nil
}

func (v catalogView) RelationshipTypes() ([]string, error) {
	var out []string
	for _, id := range v.types() {
		out = append(out, v.r.Catalog().TypeName(id))
	}
	return out, nil
}

func (v catalogView) PropertyKeys() ([]string, error) {
	c := v.r.Catalog()
	out := make([]string, c.Tokens.Len(catalog.Key))
	for id := range out {
		out[id] = c.KeyName(catalog.KeyID(id))
	}
	return out, nil
}

func (v catalogView) Counts() (nodes, rels int64, err error) {
	return v.r.CountNodes(catalog.AnyLabel), v.r.CountRels(catalog.AnyType), nil
}

func (v catalogView) keys(ids []catalog.KeyID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = v.r.Catalog().KeyName(id)
	}
	return out
}

func (v catalogView) target(e catalog.Entity, token uint32) (entity, label string) {
	if e == catalog.Relationships {
		return "RELATIONSHIP", v.r.Catalog().TypeName(catalog.TypeID(token))
	}
	return "NODE", v.r.Catalog().LabelName(catalog.LabelID(token))
}

func (v catalogView) Indexes() ([]procedure.Index, error) {
	c := v.r.Catalog()
	owner := map[catalog.IndexID]string{}
	c.EachConstraint(func(k *catalog.Constraint) bool {
		if k.Kind == catalog.Unique || k.Kind == catalog.NodeKey {
			owner[k.Index] = k.Name
		}
		return true
	})
	var out []procedure.Index
	for _, x := range c.Indexes {
		p := procedure.Index{ID: uint64(x.ID), Name: x.Name, State: "ONLINE", Progress: v.r.IndexProgress(x), Type: "RANGE", Keys: v.keys(x.Keys), Constraint: owner[x.ID]}
		if !x.Online {
			p.State = "POPULATING"
		}
		p.Entity, p.Label = v.target(x.Entity, x.Token)
		out = append(out, p)
	}
	return out, nil
}

func (v catalogView) Constraints() ([]procedure.Constraint, error) {
	c := v.r.Catalog()
	var out []procedure.Constraint
	for _, k := range c.Constraints {
		p := procedure.Constraint{ID: uint64(k.ID), Name: k.Name, Type: k.Kind.String(), Keys: v.keys(k.Keys)}
		p.Entity, p.Label = v.target(k.Entity, k.Token)
		if k.Kind == catalog.ValueType {
			p.Of = k.Type.String()
		}
		if x, ok := c.Index(k.Index); ok && (k.Kind == catalog.Unique || k.Kind == catalog.NodeKey) {
			p.Index = x.Name
		}
		out = append(out, p)
	}
	return out, nil
}
