package procedure_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/kadedb/kadedb/query/procedure"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

func TestParseSignature(t *testing.T) {
	for _, c := range []struct{ in, out string }{
		{"test.doNothing() :: ()", "test.doNothing() :: ()"},
		{"test.doNothing() :: VOID", "test.doNothing() :: ()"},
		{"test.my.proc(in :: INTEGER?) :: (a :: INTEGER?, b :: INTEGER?) ", "test.my.proc(in :: INTEGER?) :: (a :: INTEGER?, b :: INTEGER?)"},
		{"p(name :: STRING?,x :: list of any?)::(city::STRING)", "p(name :: STRING?, x :: LIST OF ANY?) :: (city :: STRING)"},
		{"p(f :: NUMBER, z :: ZONED DATETIME) :: ()", "p(f :: NUMBER, z :: ZONED DATETIME) :: ()"},
		{"", ""}, {"p", ""}, {"p()", ""}, {"p() ::", ""}, {"p() :: (", ""}, {"p() :: (a)", ""}, {"p() :: (a :: NOSUCH)", ""},
		{"p(a :: STRING) :: (b :: STRING) x", ""}, {"p(a :: STRING, a :: STRING) :: ()", ""}, {"p q() :: ()", ""}, {"p(a :: STRING", ""},
	} {
		d, err := procedure.ParseSignature(c.in)
		switch {
		case c.out == "" && status.CodeOf(err) != status.InvalidSetting:
			t.Errorf("%q: %v, want an InvalidSetting error", c.in, err)
		case c.out != "" && err != nil:
			t.Errorf("%q: %v", c.in, err)
		case c.out != "" && d.Signature() != c.out:
			t.Errorf("%q: %q, want %q", c.in, d.Signature(), c.out)
		}
	}
}

func TestArguments(t *testing.T) {
	d, err := procedure.ParseSignature("p(i :: INTEGER?, f :: FLOAT, n :: NUMBER, a :: ANY) :: ()")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		arg  int
		in   value.Value
		want value.Value
		ok   bool
	}{
		{0, value.Int(1), value.Int(1), true},
		{0, value.Null, value.Null, true},
		{0, value.Float(1), value.Null, false},
		{0, value.Bool(true), value.Null, false},
		{1, value.Int(1), value.Float(1), true},
		{1, value.Null, value.Null, false},
		{2, value.Int(1), value.Int(1), true},
		{2, value.Float(1), value.Float(1), true},
		{2, value.String("1"), value.Null, false},
		{3, value.Null, value.Null, true},
		{3, value.List(), value.List(), true},
	} {
		got, err := d.Coerce(c.arg, c.in)
		if (err == nil) != c.ok || c.ok && (got.Kind() != c.want.Kind() || !value.Equivalent(got, c.want)) {
			t.Errorf("argument %d, %v: %v, %v", c.arg, c.in, got, err)
		}
		if accepts := d.Accepts(c.arg, 1<<c.in.Kind()); accepts != c.ok {
			t.Errorf("argument %d, %v: Accepts = %v", c.arg, c.in.Kind(), accepts)
		}
	}
	if _, err := d.Complete([]value.Value{value.Null}); status.CodeOf(err) != status.InvalidNumberOfArguments {
		t.Errorf("one argument of four: %v", err)
	}
}

// schema is a catalog of two labels.
type schema struct{}

func (schema) Labels() ([]string, error)            { return []string{"B", "A"}, nil }
func (schema) RelationshipTypes() ([]string, error) { return []string{"T"}, nil }
func (schema) PropertyKeys() ([]string, error)      { return nil, nil }
func (schema) Indexes() ([]procedure.Index, error) {
	return []procedure.Index{{Name: "i", State: "ONLINE", Progress: 1, Type: "RANGE", Entity: "NODE", Label: "A", Keys: []string{"k"}}}, nil
}
func (schema) Constraints() ([]procedure.Constraint, error) {
	return []procedure.Constraint{{Name: "c", Type: "KEY", Entity: "NODE", Label: "A", Keys: []string{"k"}, Index: "i"}}, nil
}
func (schema) Counts() (int64, int64, error) { return 3, 4, nil }

type twoUsers struct{}

func (twoUsers) Users() ([]procedure.User, error) {
	return []procedure.User{{ID: "2", Name: "zoe", Role: "admin", Created: time.Unix(10, 0)}, {ID: "1", Name: "ann", Role: "reader"}}, nil
}

// given are the arguments of procedures for which not just anything is good.
var given = map[string]string{"dbms.security.listRolesForUser": "zoe", "dbms.security.listUsersForRole": "reader"}

type oneTransaction struct{}

func (oneTransaction) Transactions() []procedure.Transaction {
	return []procedure.Transaction{{ID: "17", Query: "RETURN 1", Status: "Running", Started: time.Unix(10, 5)}}
}
func (oneTransaction) Terminate(id string) (bool, error) { return id == "17", nil }

// shapes is a shape without properties, and one with a property.
type shapes struct{}

func (shapes) NodeShapes(context.Context) ([]procedure.Shape, error) {
	return []procedure.Shape{{Names: []string{"A", "B"}}}, nil
}
func (shapes) RelationshipShapes(context.Context) ([]procedure.Shape, error) {
	return []procedure.Shape{{Names: []string{"T"}, Properties: []procedure.ShapeProperty{{Name: "w", Types: []string{"Long"}, All: true}}}}, nil
}
func (shapes) Connections(context.Context) ([]procedure.Connection, error) {
	return []procedure.Connection{{From: "A", Type: "T", To: ""}}, nil
}

// TestBuiltinsKeepTheirSignature runs every procedure and holds its rows against its results.
func TestBuiltinsKeepTheirSignature(t *testing.T) {
	table, err := procedure.NewTable()
	if err != nil {
		t.Fatal(err)
	}
	full := &procedure.Context{Context: context.Background(), Catalog: schema{}, Shapes: shapes{}, Sessions: oneTransaction{}, Table: table,
		Settings:  []procedure.Setting{{Name: "listen-17", Value: "x", Doc: "d"}},
		Functions: []procedure.Function{{Name: "abs", Signature: "abs(NUMBER)", Doc: "d"}}}
	full.Users, full.Server = twoUsers{}, &procedure.Server{Database: "d", Aliases: []string{"e"}}
	rows := map[string]int{"db.propertyKeys": 0, "dbms.queryJmx": 0, "db.labels": 2, "dbms.procedures": len(table.All()), "dbms.users": 2,
		"dbms.security.listUsers": 2, "dbms.roles": 3, "dbms.members": 3, "dbms.security.listRoles": 3, "dbms.privileges": 20, "dbms.storageInfo": 6,
		"dbms.aliases": 1, "db.awaitIndex": 0, "db.awaitIndexes": 0}
	for _, d := range table.All() {
		args := make([]value.Value, len(d.Args))
		for i := range args {
			if def := d.Args[i].Default; def != nil {
				args[i] = *def
				continue
			}
			args[i] = value.String("17")
			if g, ok := given[d.Name]; ok {
				args[i] = value.String(g)
			}
		}
		n := 0
		err := d.Run(full, args, func(row []value.Value) error {
			if n++; len(row) != len(d.Results) {
				t.Fatalf("%s: %d values in a row, %d results", d.Name, len(row), len(d.Results))
			}
			for i, v := range row {
				if !d.Results[i].Type.Has(v.Kind()) {
					t.Errorf("%s: %s is %s, declared %s", d.Name, d.Results[i].Name, v.Kind(), d.Results[i].Type)
				}
			}
			return nil
		})
		want, listed := rows[d.Name]
		if !listed {
			want = 1
		}
		if err != nil || n != want {
			t.Errorf("%s: %d rows, want %d; %v", d.Name, n, want, err)
		}
		stop := errors.New("stop")
		if n > 0 {
			if err := d.Run(full, args, func([]value.Value) error { return stop }); !errors.Is(err, stop) {
				t.Errorf("%s: goes on after its reader stopped: %v", d.Name, err)
			}
		}
		if d.Doc == "" || d.Example == "" {
			t.Errorf("%s has no documentation or example", d.Name)
		}
	}
}

func TestFromRows(t *testing.T) {
	rows := [][]value.Value{
		{value.String("Stefan"), value.Int(1), value.String("Berlin")},
		{value.String("Stefan"), value.Int(2), value.String("München")},
		{value.Null, value.Int(1), value.String("nix")},
	}
	d, err := procedure.FromRows("p(name :: STRING?, id :: INTEGER?) :: (city :: STRING?)", rows)
	if err != nil {
		t.Fatal(err)
	}
	call := func(args ...value.Value) (out []string) {
		err := d.Run(&procedure.Context{}, args, func(row []value.Value) error {
			out = append(out, row[0].AsString())
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if got := call(value.String("Stefan"), value.Int(1)); len(got) != 1 || got[0] != "Berlin" {
		t.Errorf("got %v", got)
	}
	if got := call(value.Null, value.Int(1)); len(got) != 1 || got[0] != "nix" {
		t.Errorf("got %v", got)
	}
	if got := call(value.String("x"), value.Int(1)); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	if _, err := procedure.FromRows("p() :: (a :: STRING)", [][]value.Value{{}}); status.CodeOf(err) != status.InvalidSetting {
		t.Errorf("a short row: %v", err)
	}
	if _, err := procedure.NewTable(d, d); status.CodeOf(err) != status.InvalidSetting {
		t.Errorf("a name twice: %v", err)
	}
	table, err := procedure.NewTable(d)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := table.Lookup("P"); !ok || got != d {
		t.Error("the table does not find p")
	}
}
