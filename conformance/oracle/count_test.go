package oracle

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/query/optimize"
)

// rules are the rewrites that can be off, one by one.
var rules = []optimize.Rule{optimize.Reorder, optimize.UseIndex, optimize.PushFilter, optimize.MergeMatch, optimize.CountPresent,
	optimize.TopK, optimize.Intersection, optimize.CountTrails, optimize.CountStore, optimize.DistinctEnds, optimize.Hash, optimize.LoneGroups}

// without are the stores of a test: with all rewrites, without each, without any.
func without() map[string]kadedb.Options {
	out := map[string]kadedb.Options{"all rules": {}}
	none := map[optimize.Rule]bool{}
	for _, r := range rules {
		none[r] = true
		out["without "+string(r)] = kadedb.Options{Engine: kadedb.Engine{Rules: optimize.Options{Off: map[optimize.Rule]bool{r: true}}}}
	}
	out["no rules"] = kadedb.Options{Engine: kadedb.Engine{Rules: optimize.Options{Off: none}, NoPlanCache: true}}
	return out
}

// TestAnswersAgainstEnumeration asks counts, groups and existence over random patterns
// (self-loops, parallel relationships, alternative types and none, all directions,
// several paths, relationships bound before, neighbours not committed).
func TestAnswersAgainstEnumeration(t *testing.T) {
	if err := answers(t, without(), seeds(15)); err != nil {
		t.Error(err)
	}
}

func answers(t *testing.T, stores map[string]kadedb.Options, seeds []uint64) error {
	dbs := map[string]*kadedb.DB{}
	for name, o := range stores {
		dbs[name] = openStore(t, o)
	}
	for i, seed := range seeds {
		r := newRand(seed)
		m := newModel(r, 3+r.IntN(6), 4+r.IntN(14))
		txs := map[string]*kadedb.Tx{}
		for name, db := range dbs {
			do(t, db, "MATCH (n) DETACH DELETE n", nil)
			m.commit(t, db, "")
			if i%2 == 0 {
				if err := db.Checkpoint(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
			txs[name] = begin(t, db)
			m.change(t, txs[name], "")
		}
		err := ask(seed, r, m, txs)
		for _, tx := range txs {
			rollback(t, tx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ask puts questions to all stores.
func ask(seed uint64, r *rand.Rand, m *model, txs map[string]*kadedb.Tx) error {
	for range 40 {
		q := newQuestion(r, m)
		want := q.want(m)
		for name, tx := range txs {
			got, err := bag(tx, q.text, nil)
			if err != nil || !slices.Equal(got, want) {
				return fmt.Errorf("seed %d, %s:\n%s\n%v\n%s%s\n%+v", seed, name, q.text, err, differ(got, want), plan(tx, q.text), m)
			}
		}
	}
	return nil
}

func plan(on asker, text string) string {
	lines, err := answer(on, "EXPLAIN "+text, nil)
	return fmt.Sprint(strings.Join(lines, "\n"), err)
}
