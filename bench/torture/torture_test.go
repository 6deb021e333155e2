package main

import (
	"context"
	"maps"
	"strings"
	"testing"
)

func TestKills(t *testing.T) {
	var out strings.Builder
	if err := run(context.Background(), []string{"--kills", "3", "--seed", "7", "--writers", "4", "--longest", "150ms"}, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if !strings.Contains(out.String(), "nothing lost") {
		t.Errorf("it prints %q", out.String())
	}
}

func TestSettle(t *testing.T) {
	known := model{counter: 2, groups: map[int64]group{0: {2, 1}, 1: {3, 2}}}
	change := &op{kind: "change", number: 1, group: group{3, 3}, counter: 3}
	remove := &op{kind: "remove", number: 0, counter: 3}
	with := func(counter int64, f func(map[int64]group)) model {
		g := maps.Clone(known.groups)
		if f != nil {
			f(g)
		}
		return model{counter, g}
	}
	for _, c := range []struct {
		name            string
		pending         *op
		found           model
		happened, wrong bool
	}{
		{"nothing under way", nil, with(2, nil), false, false},
		{"did not happen", change, with(2, nil), false, false},
		{"happened", change, with(3, func(g map[int64]group) { g[1] = group{3, 3} }), true, false},
		{"removed", remove, with(3, func(g map[int64]group) { delete(g, 0) }), true, false},
		{"lost", nil, with(2, func(g map[int64]group) { delete(g, 0) }), false, true},
		{"lost, another under way", change, with(3, func(g map[int64]group) { delete(g, 0); g[1] = group{3, 3} }), false, true},
		{"half: the counter alone", change, with(3, nil), false, true},
		{"half: the group alone", remove, with(2, func(g map[int64]group) { delete(g, 0) }), false, true},
		{"from nowhere", nil, with(2, func(g map[int64]group) { g[9] = group{1, 1} }), false, true},
	} {
		w := &writer{known: known, pending: c.pending}
		happened, err := w.settle(c.found)
		if happened != c.happened || (err != nil) != c.wrong {
			t.Errorf("%s: happened %v, %v", c.name, happened, err)
		}
	}
}
