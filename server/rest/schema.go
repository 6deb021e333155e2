package rest

import (
	"cmp"
	"slices"

	"github.com/kadedb/kadedb/query/procedure"
	"github.com/kadedb/kadedb/server/front"
)

// schema answers with all that the graph is made of, as of one commit.
func schema(c *front.Call) error {
	s, err := c.DB.Schema(c.Context())
	if err != nil {
		return err
	}
	slices.SortStableFunc(s.Indexes, func(a, b procedure.Index) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortStableFunc(s.Constraints, func(a, b procedure.Constraint) int { return cmp.Compare(a.Name, b.Name) })
	a := schemaAnswer{Labels: list(s.Labels), Types: list(s.RelationshipTypes), Keys: list(s.PropertyKeys), Indexes: []indexAnswer{}, Constraints: []constraintAnswer{}}
	for _, x := range s.Indexes {
		a.Indexes = append(a.Indexes, indexAnswer{Name: x.Name, State: x.State, Percent: 100 * x.Progress, Type: x.Type, Entity: x.Entity,
			Labels: []string{x.Label}, Properties: list(x.Keys), Constraint: orNull(x.Constraint)})
	}
	for _, k := range s.Constraints {
		a.Constraints = append(a.Constraints, constraintAnswer{Name: k.Name, Type: k.Type, Entity: k.Entity, Labels: []string{k.Label},
			Properties: list(k.Keys), Index: orNull(k.Index), Of: orNull(k.Of)})
	}
	return answerWith(c, &a)
}
