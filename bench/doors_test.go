package main

import (
	"strings"
	"testing"

	"github.com/kadedb/kadedb/bench/gen"
	"github.com/kadedb/kadedb/value"
)

// The doors in small: the run fails by itself where an answer, a stream or a file is not
// what went in.
func TestDoors(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), []string{"--doors", "--small", "--queries", "rest|import|export|streams"}, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{"JSON Lines, nodes and relationships", "Parquet, bytes of the files", "columns, NDJSON", "columns, Arrow", "WebSocket, CBOR",
		"readers of 1 KiB a second", "added over WebSocket", "added over REST", "idle WebSockets"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q was not measured:\n%s", want, out.String())
		}
	}
}

var testSales = gen.Sales{N: 50, Seed: 1}

func TestChecksum(t *testing.T) {
	want := (&sales{Sales: testSales}).checksum()
	for what, change := range map[string]func(rows [][5]value.Value) [][5]value.Value{
		"":            func(rows [][5]value.Value) [][5]value.Value { rows[0], rows[1] = rows[1], rows[0]; return rows },
		"one too few": func(rows [][5]value.Value) [][5]value.Value { return rows[1:] },
		"one twice":   func(rows [][5]value.Value) [][5]value.Value { rows[2] = rows[1]; return rows },
		"another day": func(rows [][5]value.Value) [][5]value.Value {
			rows[2][3] = value.Date(rows[2][3].Days() + 1)
			return rows
		},
		"a cent": func(rows [][5]value.Value) [][5]value.Value {
			rows[1][2] = value.Float(rows[1][2].AsFloat() + 0.01)
			return rows
		},
		"cities moved": func(rows [][5]value.Value) [][5]value.Value {
			rows[0][4], rows[2][4] = value.String("Oslo!"), rows[0][4]
			return rows
		},
	} {
		var rows [][5]value.Value
		for i := range testSales.N {
			r := testSales.Row(i)
			rows = append(rows, [5]value.Value{value.Int(r.ID), value.String(r.Buyer), value.Float(r.Price), value.Date(r.Day), value.String(r.City)})
		}
		var got checksum
		for _, r := range change(rows) {
			got.row(r[0], r[1], r[2], r[3], r[4])
		}
		if err := got.is(want); (err == nil) != (what == "") {
			t.Errorf("%q: %v", what, err)
		}
	}
}
