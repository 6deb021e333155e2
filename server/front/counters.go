package front

import (
	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/wire"
)

// Counters returns what every answer reports of a statement.
func Counters(s *kadedb.Summary) []wire.Counter {
	return []wire.Counter{
		{Name: "rows", N: s.Rows},
		{Name: "nodes_created", N: s.NodesCreated}, {Name: "nodes_deleted", N: s.NodesDeleted},
		{Name: "relationships_created", N: s.RelationshipsCreated}, {Name: "relationships_deleted", N: s.RelationshipsDeleted},
		{Name: "properties_set", N: s.PropertiesSet},
		{Name: "labels_added", N: s.LabelsAdded}, {Name: "labels_removed", N: s.LabelsRemoved},
		{Name: "indexes_added", N: s.IndexesAdded}, {Name: "indexes_removed", N: s.IndexesRemoved},
		{Name: "constraints_added", N: s.ConstraintsAdded}, {Name: "constraints_removed", N: s.ConstraintsRemoved},
		{Name: "spilled_bytes", N: s.Spilled}, {Name: "peak_memory_bytes", N: s.Peak},
	}
}
