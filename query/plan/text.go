package plan

import (
	"strconv"
	"strings"

	"github.com/kadedb/kadedb/query/expr"
)

func slotText(s Slot) string {
	if s == NoSlot {
		return ""
	}
	return "#" + strconv.Itoa(s)
}

func slotsText(ss []Slot) string {
	parts := make([]string, len(ss))
	for i, s := range ss {
		parts[i] = slotText(s)
	}
	return strings.Join(parts, ", ")
}

func varText(name string, s Slot) string {
	if name != "" {
		return name
	}
	return slotText(s)
}

func exprsText(es []expr.Expr, sep string) string {
	parts := make([]string, len(es))
	for i, e := range es {
		parts[i] = expr.String(e)
	}
	return strings.Join(parts, sep)
}

func itemsText(items []Item) string {
	parts := make([]string, len(items))
	for i, it := range items {
		parts[i] = expr.String(it.Expr)
		if name := varText(it.Name, it.Slot); name != parts[i] {
			parts[i] += " AS " + name
		}
	}
	return strings.Join(parts, ", ")
}

func sortText(keys []SortKey) string {
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = varText(k.Name, k.Slot) + pick(k.Descending, " desc", "")
	}
	return strings.Join(parts, ", ")
}

func relText(name string, s Slot, types []string, d Direction, length string) string {
	inner := varText(name, s)
	if len(types) > 0 {
		inner += ":" + strings.Join(types, "|")
	}
	inner += length
	if inner != "" {
		inner = "[" + inner + "]"
	}
	switch d {
	case Out:
		return "-" + inner + "->"
	case In:
		return "<-" + inner + "-"
	}
	return "-" + inner + "-"
}
