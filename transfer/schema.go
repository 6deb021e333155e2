package transfer

import (
	"slices"
	"strings"

	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// schemaText returns the statements that make the indexes and constraints of a catalog,
// one a line, ordered.
func schemaText(cat catalog.Snapshot) string {
	var lines []string
	for _, c := range cat.Constraints {
		lines = append(lines, constraintText(cat, c))
	}
	for _, ix := range cat.Indexes {
		backs := slices.ContainsFunc(cat.Constraints, func(c catalog.Constraint) bool {
			return c.Index == ix.ID && (c.Kind == catalog.Unique || c.Kind == catalog.NodeKey)
		})
		if backs {
			continue
		}
		lines = append(lines, "CREATE INDEX "+string(value.AppendName(nil, ix.Name))+" IF NOT EXISTS FOR "+subject(cat, ix.Entity, ix.Token)+
			" ON ("+keyList(cat, ix.Keys)+");\n")
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func constraintText(cat catalog.Snapshot, c catalog.Constraint) string {
	keys := keyList(cat, c.Keys)
	if len(c.Keys) > 1 {
		keys = "(" + keys + ")"
	}
	rule := " IS UNIQUE"
	switch c.Kind {
	case catalog.NodeKey:
		rule = " IS NODE KEY"
	case catalog.Unique:
	case catalog.ValueType:
		rule = " IS :: " + c.Type.String()
	default:
		rule = " IS NOT NULL"
	}
	return "CREATE CONSTRAINT " + string(value.AppendName(nil, c.Name)) + " IF NOT EXISTS FOR " + subject(cat, c.Entity, c.Token) + " REQUIRE " + keys + rule + ";\n"
}

func subject(cat catalog.Snapshot, e catalog.Entity, token uint32) string {
	if e == catalog.Nodes {
		return "(x:" + string(value.AppendName(nil, cat.LabelName(catalog.LabelID(token)))) + ")"
	}
	return "()-[x:" + string(value.AppendName(nil, cat.TypeName(catalog.TypeID(token)))) + "]-()"
}

func keyList(cat catalog.Snapshot, keys []catalog.KeyID) string {
	var out []string
	for _, k := range keys {
		out = append(out, "x."+string(value.AppendName(nil, cat.KeyName(k))))
	}
	return strings.Join(out, ", ")
}
