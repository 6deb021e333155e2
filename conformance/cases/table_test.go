package cases

import (
	"context"
	"strings"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/status"
)

// TestErrorTable sends the example of every code of the table: it must raise that code,
// in that phase.
func TestErrorTable(t *testing.T) {
	db, err := kadedb.OpenTemporary(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	// Some are raised by rows only.
	if _, err := db.Exec(context.Background(), "CREATE (:A {x: 1})-[:T]->(:A {x: 2})", nil); err != nil {
		t.Fatal(err)
	}
	examples := 0
	for _, i := range status.Table() {
		if i.Example == "" {
			continue
		}
		examples++
		_, err := db.Exec(context.Background(), i.Example, nil)
		e := status.From(err)
		switch {
		case err == nil:
			t.Errorf("%s: %s gives no error", i.Name, i.Example)
		case e.Code != i.Code:
			t.Errorf("%s: %s gives %v", i.Name, i.Example, e)
		case i.Phase != 0 && e.When() != i.Phase:
			t.Errorf("%s: %s is raised at %s, the table says %s", i.Name, i.Example, e.When(), i.Phase)
		}
	}
	if examples < 40 {
		t.Errorf("only %d examples", examples)
	}
}

// TestProfile runs a statement under PROFILE: the plan tells what each operator did, and
// the rows come as without it.
func TestProfile(t *testing.T) {
	db, err := kadedb.OpenTemporary(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx := context.Background()
	sum, err := db.Exec(ctx, "PROFILE UNWIND range(1, 3) AS i CREATE (:A {x: i})", nil)
	if err != nil || sum.NodesCreated != 3 || !strings.Contains(sum.Plan, "Create") {
		t.Fatalf("%v, %+v", err, sum)
	}
	rows, err := db.Query(ctx, "PROFILE MATCH (n:A) WHERE n.x > 1 RETURN n.x AS x ORDER BY x", nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for rows.Next() {
		got = append(got, rows.Values()[0].String())
	}
	if err := rows.Close(); err != nil || strings.Join(got, " ") != "2 3" {
		t.Fatalf("%v, %v", got, err)
	}
	plan := rows.Summary().Plan
	for _, word := range []string{"NodeScan", "Filter", "Sort", "Rows", "Time"} {
		if !strings.Contains(plan, word) {
			t.Errorf("no %s in\n%s", word, plan)
		}
	}
	for _, text := range []string{"PROFILE RETURN 1 / 0", "PROFILE MATCH (a RETURN a"} {
		if _, err := db.Exec(ctx, text, nil); err == nil {
			t.Errorf("%s gives no error", text)
		}
	}
}
