package catalog

import "github.com/kadedb/kadedb/value"

// Statistics is what the optimizer may know of a graph: estimates, stamped with
// the commit they were taken at, and never an answer. It is immutable.
type Statistics struct {
	Seq       uint64 // the commit as of which they were taken
	Nodes     uint64
	Labels    map[LabelID]uint64
	Types     map[TypeID]TypeStatistics
	Triples   map[Triple]uint64
	NodeProps map[Column]ColumnStatistics // by label and key
	RelProps  map[Column]ColumnStatistics // by type and key
}

// Triple names relationships of Type from a node with From to one with To;
// AnyLabel leaves an end open.
type Triple struct {
	From LabelID
	Type TypeID
	To   LabelID
}

// TypeStatistics describes the relationships of one type.
type TypeStatistics struct {
	Count           uint64
	Sources         uint64 // nodes with at least one outgoing
	Targets         uint64 // nodes with at least one incoming
	MaxOut, MaxIn   uint32
	OutHist         DegreeHistogram
	InHist          DegreeHistogram
	SelfLoops       uint64
	SumOutIn        float64 // Σ in(v)·out(v): two-hop paths
	SumOut2, SumIn2 float64 // Σ out², Σ in²
}

// DegreeHistogram counts nodes by ⌊log2 degree⌋; entry 0 is degree 1.
type DegreeHistogram [33]uint64

// Column names a property of the entities with one label or type.
type Column struct {
	Token uint32 // LabelID or TypeID
	Key   KeyID
}

// ColumnStatistics describes the values of one column.
type ColumnStatistics struct {
	Count    uint64 // entities that have a value
	Distinct uint64 // estimate
	Min, Max value.Value
	// Bounds are equi-depth bucket bounds of a sample, ascending; nil where the
	// values are not of one comparable type.
	Bounds []value.Value
	// Common are the most frequent values of the sample with their share of it.
	Common []CommonValue
}

// CommonValue is a value and the share (0 … 1) of a column that has it.
type CommonValue struct {
	Value value.Value
	Share float64
}
