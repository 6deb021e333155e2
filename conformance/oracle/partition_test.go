package oracle

import (
	"context"
	"slices"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/status"
)

// tally counts what had to be thrown away: too much of it and the test says nothing.
type tally struct{ asked, dropped int }

// bags asks several texts; ok is false where one of them gives an error of the
// language, which an equal text may give or not.
func (c *tally) bags(t *testing.T, seed uint64, on asker, texts ...string) (out [][]string, ok bool) {
	c.asked++
	for _, text := range texts {
		got, err := bag(on, text, nil)
		if err != nil {
			if e := status.From(err); e.Code == status.Internal || e.Code == status.NotYet || e.Code == status.UnexpectedSyntax {
				t.Fatalf("seed %d: %s\n%v", seed, text, err)
			}
			c.dropped++
			return nil, false
		}
		out = append(out, got)
	}
	return out, true
}

func (c *tally) check(t *testing.T) {
	if c.dropped*5 > c.asked {
		t.Errorf("%d of %d questions gave errors", c.dropped, c.asked)
	}
}

// filled makes a store with a graph of all kinds of properties, a part not committed.
func filled(t *testing.T, db *kadedb.DB, seed uint64) (*kadedb.Tx, *model) {
	r := newRand(seed)
	m := newModel(r, 4+r.IntN(8), 4+r.IntN(20))
	do(t, db, "MATCH (n) DETACH DELETE n", nil)
	m.commit(t, db, "")
	m.decorate(t, r, db)
	if seed%2 == 0 {
		if err := db.Checkpoint(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	tx := begin(t, db)
	m.change(t, tx, "")
	return tx, m
}

// TestPartitions: for every condition p, the rows of a query are those with p, those
// with NOT p and those with p IS NULL.
func TestPartitions(t *testing.T) {
	db := openStore(t, kadedb.Options{})
	var c tally
	for _, seed := range seeds(25) {
		tx, m := filled(t, db, seed)
		r := newRand(seed + 1<<32)
		for range 40 {
			q := newRequest(r, m)
			p, tail := q.w.test(3), " RETURN "+q.columns()
			if r.IntN(3) == 0 {
				tail = " RETURN DISTINCT " + q.w.node() + ".id AS c1"
			}
			where := " WITH * WHERE "
			if !q.last.optional && r.IntN(2) == 0 {
				where = " WHERE "
			}
			got, ok := c.bags(t, seed, tx, q.match+tail, q.match+where+p+tail, q.match+where+"NOT ("+p+")"+tail, q.match+where+"("+p+") IS NULL"+tail)
			if !ok {
				continue
			}
			parts := slices.Concat(got[1], got[2], got[3])
			slices.Sort(parts)
			whole := got[0]
			if tail[:16] == " RETURN DISTINCT" {
				parts = slices.Compact(parts)
			}
			if !slices.Equal(whole, parts) {
				t.Fatalf("seed %d: %s%s%s%s\n%s", seed, q.match, where, p, tail, differ(parts, whole))
			}
		}
		rollback(t, tx)
	}
	c.check(t)
}
