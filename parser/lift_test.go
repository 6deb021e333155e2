package parser

import (
	"strings"
	"testing"
)

func TestLiftKeepsAndMoves(t *testing.T) {
	for _, c := range []struct {
		text string
		key  string // \x01 as ~
		n    int
	}{
		{"MATCH (n:P {id: 7}) RETURN n", "MATCH ( n : P { id : ~i } ) RETURN n", 1},
		{"MATCH (n)  /* x */ WHERE n.a > 1.5 AND n.b='x' RETURN  n.a", "MATCH ( n ) WHERE n . a > ~f AND n . b = ~s RETURN  n.a", 2},
		{"MATCH (n) RETURN n.a + 1 ORDER BY n.a + 2 SKIP 3 LIMIT 4", "MATCH ( n ) RETURN n.a + 1 ORDER BY n.a + 2 SKIP 3 LIMIT 4", 0},
		{"RETURN count( * )", "RETURN count( * )", 0},
		{"MATCH (a)-[*1..3]->(b) WHERE a.x[0..2] = 5 RETURN b", "MATCH ( a ) - [ * 1 .. 3 ] - > ( b ) WHERE a . x [ 0 .. 2 ] = ~i RETURN b", 1},
		{"MATCH (a)-[:T]->{1,3}(b) RETURN b", "MATCH ( a ) - [ : T ] - > { 1 , 3 } ( b ) RETURN b", 0},
		{"MATCH p = SHORTEST 2 (a)-->(b) RETURN p", "MATCH p = SHORTEST 2 ( a ) - - > ( b ) RETURN p", 0},
		{"MATCH (n) WITH n, 5 AS k MATCH (m {x: 6}) RETURN m", "MATCH ( n ) WITH n, 5 AS k MATCH ( m { x : ~i } ) RETURN m", 1},
		{"MATCH (n) WHERE n.s STARTS WITH 'a' RETURN n", "MATCH ( n ) WHERE n . s STARTS WITH ~s RETURN n", 1},
		{"MATCH (n) WHERE n.x IN [1, 2] RETURN n", "MATCH ( n ) WHERE n . x IN [ ~i , ~i ] RETURN n", 2},
		{"MATCH (n) WHERE n['k'] = 017 RETURN n", "MATCH ( n ) WHERE n [ 'k' ] = 017 RETURN n", 0},
		{"MATCH (n) RETURN EXISTS { MATCH (n) WHERE n.x = 5 }", "MATCH ( n ) RETURN EXISTS { MATCH (n) WHERE n.x = 5 }", 0},
		{"MATCH (n) CALL (n) { RETURN 1 AS x LIMIT 5 } MATCH (m {a: 'q'}) RETURN m", "MATCH ( n ) CALL ( n ) { RETURN 1 AS x LIMIT 5 } MATCH ( m { a : ~s } ) RETURN m", 1},
		{"MATCH (n) WITH n.match, 5 RETURN 1", "MATCH ( n ) WITH n.match, 5 RETURN 1", 0},
		{"MATCH (n:$('A')) WHERE n:$any('B') RETURN n", "MATCH ( n : $ ( 'A' ) ) WHERE n : $ any ( 'B' ) RETURN n", 0},
		{"UNWIND [1] AS starts WITH starts, 5 AS z RETURN z", "UNWIND [ ~i ] AS starts WITH starts, 5 AS z RETURN z", 1},
		{"MATCH (n) WITH DISTINCT n ORDER BY n.x DESC WHERE n.y = 3 RETURN n", "MATCH ( n ) WITH DISTINCT n ORDER BY n.x DESC WHERE n . y = ~i RETURN n", 1},
		{"MATCH p = ANY CHEAPEST (a)-[r*]->(b) COST r.d + 5 RETURN p", "MATCH p = ANY CHEAPEST ( a ) - [ r * ] - > ( b ) COST r.d + 5 RETURN p", 0},
		{"CALL { USE graph.byName('a') MATCH (n {x: 1}) RETURN n } MATCH (m {x: 2}) RETURN m", "CALL { USE graph.byName('a') MATCH ( n { x : ~i } ) RETURN n } MATCH ( m { x : ~i } ) RETURN m", 2},
		{"MATCH (n {use: 1}), (use:Use {x: 2}) WHERE use.use = 3 RETURN n", "MATCH ( n { use : ~i } ) , ( use : Use { x : ~i } ) WHERE use . use = ~i RETURN n", 3},
	} {
		l, ok := Lift(c.text)
		if !ok {
			t.Errorf("%s: not lifted", c.text)
			continue
		}
		if got := strings.ReplaceAll(l.Key, "\x01", "~"); got != c.key || len(l.Params) != c.n {
			t.Errorf("%s\n got %s (%d)\nwant %s (%d)", c.text, got, len(l.Params), c.key, c.n)
		}
	}
	for _, text := range []string{"", "CREATE INDEX FOR (n:P) ON (n.x)", "EXPLAIN RETURN 1", "SHOW INDEXES", "RETURN 'x", "BEGIN", "WHEN true THEN RETURN 1"} {
		if l, ok := Lift(text); ok {
			t.Errorf("%q: lifted to %q", text, l.Key)
		}
	}
}
