package oracle

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/status"
)

// oddValues are properties of every type, with those that look alike or are compared
// in a way of their own.
var oddValues = []string{
	"true", "false", "0", "1", "-1", "9007199254740993", "9223372036854775807", "-9223372036854775807 - 1",
	"0.0", "-0.0", "1.0", "1.5", "9007199254740992.0", "9223372036854775807.0", "1.0 / 0", "-1.0 / 0", "0.0 / 0",
	"''", "'a'", "'A'", "'ab'", "'a\\u0000'", "'é'", "'1'",
	"[]", "[1]", "[1.0]", "[3]", "[1, 2]", "['a']", "['']", "[true]", "[0.0 / 0]", "[1.5, 0.0 / 0]", "[date('2020-01-01')]",
	"[duration('P1D')]", "[duration('P2D')]",
	"date('2020-01-01')", "date('-0001-12-31')", "localtime('12:00')", "time('12:00Z')", "time('13:00+01:00')", "time('12:00:00.000000001Z')",
	"localdatetime('2020-01-01T00:00')", "datetime('2020-01-01T00:00Z')", "datetime('2020-01-01T01:00+01:00')", "datetime('2020-06-01T00:00[Europe/Berlin]')",
	"duration('P1D')", "duration('PT24H')", "duration('P1M')", "duration('P30D')", "duration('PT0S')",
	"point({x: 1, y: 2})", "point({x: 1, y: 2, z: 0})", "point({longitude: 1, latitude: 2})", "point({x: -1, y: 0.5})", "[point({x: 1, y: 2})]",
}

// oddProbes are what they are compared with besides.
var oddProbes = []string{"null", "[null]", "[1, null]", "[0, null]", "[[1]]", "{a: 1}", "[{a: 1}]"}

// TestIndexAgreesWithScan: a condition on an indexed property gives what it gives
// without the index, be it rows or an error.
func TestIndexAgreesWithScan(t *testing.T) {
	db := openStore(t, kadedb.Options{})
	must := func(on asker, text string) {
		t.Helper()
		if _, err := answer(on, text, nil); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	must(db, "CREATE INDEX i FOR (n:N) ON (n.v)")
	must(db, "CREATE INDEX two FOR (n:N) ON (n.k, n.v)")
	tx := begin(t, db)
	defer rollback(t, tx)
	for i, v := range oddValues {
		must(tx, fmt.Sprintf("CREATE (:N:M {i: %d, k: 1, v: %s})", i, v))
	}
	must(tx, "UNWIND range(1, 5000) AS i CREATE (:N {k: i + 10, v: 'other ' + toString(i)})") // so that seeking is cheaper
	probes := slices.Concat(oddValues, oddProbes)
	sought := 0
	compare := func(where string) {
		t.Helper()
		seek, scan := "MATCH (n:N) WHERE "+where+" AND n.i >= 0 RETURN n.i", "MATCH (n:M) WHERE "+where+" RETURN n.i"
		got, gerr := bag(tx, seek, nil)
		want, werr := bag(tx, scan, nil)
		if !slices.Equal(got, want) || status.CodeOf(gerr) != status.CodeOf(werr) {
			t.Errorf("WHERE %s\n%v %v with an index\n%v %v without", where, got, gerr, want, werr)
		}
		if strings.Contains(plan(tx, seek), "IndexSeek") {
			sought++
		}
	}
	asked := 0
	for i, p := range probes {
		for _, op := range []string{"=", "<", "<=", ">", ">="} {
			compare(fmt.Sprintf("n.v %s %s", op, p))
			compare(fmt.Sprintf("n.k = 1 AND n.v %s %s", op, p))
			asked += 2
		}
		other := probes[(i*7+3)%len(probes)]
		compare(fmt.Sprintf("n.v > %s AND n.v <= %s", p, other))
		compare(fmt.Sprintf("n.v IN [%s, %s, null]", p, other))
		compare(fmt.Sprintf("n.v IN %s", p))
		compare(fmt.Sprintf("n.v STARTS WITH %s", p))
		asked += 4
	}
	if sought*3 < asked*2 {
		t.Errorf("%d of %d conditions were answered by an index", sought, asked)
	}
}

func begin(t testing.TB, db *kadedb.DB) *kadedb.Tx {
	t.Helper()
	tx, err := db.Begin(context.Background(), kadedb.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

func rollback(t testing.TB, tx *kadedb.Tx) {
	t.Helper()
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
}
