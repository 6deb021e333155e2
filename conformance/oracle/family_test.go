package oracle

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

// family makes claims of one kind.
type family struct {
	graph  func(r *source) *model
	claims func(r *source, m *model) []claim
	each   int                      // questions to a graph
	sets   func(seed int) []setting // of the graph with that seed; nil: plain
}

// tally counts what was asked and what had to be thrown away: too much of it and the test
// says nothing.
type tally struct{ claims, texts, dropped, empty int }

// run makes claims about a graph for every seed; the first one that is not true fails.
func (f *family) run(t *testing.T, seeds []uint64) {
	t.Helper()
	byName, err := f.find(seeds)
	if err != nil {
		t.Fatal(err)
	}
	var sum tally
	for _, name := range sorted(byName) {
		c := byName[name]
		sum.claims, sum.texts, sum.dropped, sum.empty = sum.claims+c.claims, sum.texts+c.texts, sum.dropped+c.dropped, sum.empty+c.empty
		if c.dropped*2 > c.claims && c.claims >= 20 {
			t.Errorf("%s: %d of %d questions gave errors", name, c.dropped, c.claims)
		}
	}
	t.Logf("%d claims of %d kinds over %d graphs, %d questions asked; %d gave errors, %d no rows", sum.claims, len(byName), len(seeds), sum.texts, sum.dropped, sum.empty)
	if sum.dropped*5 > sum.claims {
		t.Errorf("%d of %d questions gave errors", sum.dropped, sum.claims)
	}
}

// find is run without a test: an error tells of the first claim that is not true.
func (f *family) find(seeds []uint64) (counts map[string]*tally, err error) {
	counts = map[string]*tally{}
	open := map[string]*world{}
	defer func() {
		for _, w := range open {
			err = errors.Join(err, w.close())
		}
	}()
	for _, seed := range seeds {
		sets := []setting{plain}
		if f.sets != nil {
			sets = f.sets(int(seed))
		}
		var worlds []*world
		graph := newSource(seed, 0)
		m := f.graph(graph)
		for _, set := range sets {
			w := open[set.name]
			if w == nil {
				if w, err = newWorld(set); err != nil {
					return nil, err
				}
				open[set.name] = w
			}
			if err := w.play(m.script(set.at)); err != nil {
				return nil, fmt.Errorf("seed %d, %s: %w", seed, set.name, err)
			}
			worlds = append(worlds, w)
		}
		for k := range f.each {
			r := newSource(seed, uint64(k)+1)
			for _, c := range f.claims(r, m) {
				n := counts[c.name]
				if n == nil {
					n = &tally{}
					counts[c.name] = n
				}
				if fail := c.in(worlds, m, n); fail != nil {
					s := &specimen{family: f, model: m, question: slices.Clone(r.taken), claim: c, sets: sets, fail: *fail, seed: seed,
						past: open[fail.set.name].past[:len(open[fail.set.name].past)-1]}
					return nil, s.report()
				}
			}
		}
	}
	return counts, nil
}

// in checks a claim in all worlds.
func (c *claim) in(worlds []*world, m *model, n *tally) *failure {
	var want, answers []string
	if c.want != nil {
		want = c.want(m)
		slices.Sort(want)
	}
	for i, w := range worlds {
		v := c.check(w, want, &answers)
		if v.kind != "" {
			return &failure{w.set, v.kind, v.text}
		}
		n.texts += len(c.texts)
		if i > 0 {
			continue
		}
		n.claims++
		switch {
		case v.dropped:
			n.dropped++
			if c.relation == anywhere || c.relation == effect {
				return nil // which row's error comes first is open
			}
		case v.rows == 0:
			n.empty++
		}
	}
	return nil
}

// rotating gives one setting to each graph in turn.
func rotating() func(int) []setting {
	sets := manners()
	return func(seed int) []setting { return sets[seed%len(sets):][:1] }
}
