package oracle

import "testing"

// answers asks counts, groups and existence over random patterns (self-loops, parallel
// relationships, alternative types and none, all directions, several paths, relationships
// bound before), with every rewrite, without each and without any.
var answers = family{
	graph: func(r *source) *model { return newModel(r, 3+r.IntN(6), 4+r.IntN(14)) },
	claims: func(r *source, m *model) []claim {
		q := newQuestion(r, m)
		return []claim{{name: q.shape, relation: rows, texts: []string{q.text}, want: q.want}}
	},
	each: 40,
	sets: func(int) []setting { return manners() },
}

func TestAnswersAgainstEnumeration(t *testing.T) { answers.run(t, seeds(3)) }
