package oracle

import (
	"fmt"
	"slices"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/value"
)

// TestHeuristicsAgainstDijkstra looks for the cheapest paths over random maps, where a road is at
// least as long as the straight line between its ends: with that line for an estimate the
// costs must be those found without one.
func TestHeuristicsAgainstDijkstra(t *testing.T) {
	for _, seed := range seeds(16) {
		r := newSource(seed, 0)
		db := openStore(t, kadedb.Options{})
		n := 10 + r.IntN(50)
		type place struct{ x, y float64 }
		places := make([]place, n)
		var nodes, roads []any
		for i := range places {
			places[i] = place{r.float() * 100, r.float() * 100}
			nodes = append(nodes, map[string]any{"id": i, "x": places[i].x, "y": places[i].y})
		}
		for range 3 * n {
			a, b := r.IntN(n), r.IntN(n)
			dx, dy := places[a].x-places[b].x, places[a].y-places[b].y
			roads = append(roads, map[string]any{"a": a, "b": b, "w": (dx*dx+dy*dy)/max(1, abs(dx)+abs(dy)) + abs(dx) + abs(dy)})
		}
		do(t, db, "UNWIND $rows AS r CREATE (:N {id: r.id, x: r.x, y: r.y})", kadedb.Params{"rows": nodes})
		do(t, db, "UNWIND $rows AS r MATCH (a:N {id: r.a}), (b:N {id: r.b}) CREATE (a)-[:ROAD {w: r.w}]->(b)", kadedb.Params{"rows": roads})
		for range 8 {
			ends := kadedb.Params{"a": r.IntN(n), "b": r.IntN(n)}
			k, arrow := 1+r.IntN(3), pick(r, "->", "-")
			ask := func(heuristic string) []string {
				text := fmt.Sprintf("MATCH (a:N {id: $a}), (b:N {id: $b}) MATCH CHEAPEST %d (a) ((x)-[r:ROAD]%s(y))+ (b) COST r.w%s "+
					"RETURN round(reduce(s = 0.0, e IN r | s + e.w), 6) AS c", k, arrow, heuristic)
				var costs []string
				if err := each(db, text, ends, func(row []value.Value) { costs = append(costs, row[0].String()) }); err != nil {
					t.Fatalf("seed %d: %s %v\n%v", seed, text, ends, err)
				}
				slices.Sort(costs)
				return costs
			}
			plain, guided := ask(""), ask(" HEURISTIC sqrt((y.x - b.x)^2 + (y.y - b.y)^2)")
			if !slices.Equal(plain, guided) {
				t.Fatalf("seed %d, %v, CHEAPEST %d: costs %v with an estimate, %v without", seed, ends, k, guided, plain)
			}
		}
	}
}

func abs(x float64) float64 { return max(x, -x) }
