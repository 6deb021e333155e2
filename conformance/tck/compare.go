package main

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"

	"github.com/kadedb/kadedb/value"
)

// canon writes v so that two values are the same to the TCK exactly when their
// texts are: integers and floats differ, entities are compared by content, and
// with sortLists the order of elements in lists is forgotten.
func canon(v value.Value, sortLists bool) string {
	var b strings.Builder
	writeCanon(&b, v, sortLists)
	return b.String()
}

func writeCanon(b *strings.Builder, v value.Value, sortLists bool) {
	switch v.Kind() {
	case value.KindNull:
		b.WriteString("null")
	case value.KindBool:
		b.WriteString(strconv.FormatBool(v.AsBool()))
	case value.KindInt:
		b.WriteString(strconv.FormatInt(v.AsInt(), 10))
	case value.KindFloat:
		writeFloat(b, v.AsFloat())
	case value.KindString:
		b.WriteString(quote(v.AsString()))
	case value.KindList:
		writeList(b, v.Elems(), sortLists)
	case value.KindMap:
		writeMap(b, v.AsMap(), sortLists)
	case value.KindNode:
		writeNode(b, v.AsNode(), sortLists)
	case value.KindRelationship:
		b.WriteByte('[')
		writeRelationship(b, v.AsRelationship(), sortLists)
		b.WriteByte(']')
	case value.KindPath:
		writePath(b, v.AsPath(), sortLists)
	default:
		b.WriteString(quote(string(value.AppendISO(nil, v)))) // temporal values stand in tables as strings
	}
}

func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`).Replace(s) + "'"
}

func writeFloat(b *strings.Builder, f float64) {
	switch {
	case math.IsNaN(f):
		b.WriteString("NaN")
	case f == 0:
		b.WriteString("0.0") // the TCK does not tell −0.0 from 0.0
	case math.IsInf(f, 0):
		fmt.Fprintf(b, "%+g", f)
	default:
		s := strconv.FormatFloat(f, 'g', -1, 64)
		b.WriteString(s)
		if !strings.ContainsAny(s, ".e") {
			b.WriteString(".0")
		}
	}
}

func writeList(b *strings.Builder, elems []value.Value, sortLists bool) {
	parts := make([]string, len(elems))
	for i, e := range elems {
		parts[i] = canon(e, sortLists)
	}
	if sortLists {
		sort.Strings(parts)
	}
	b.WriteString("[" + strings.Join(parts, ", ") + "]")
}

func writeMap(b *strings.Builder, m *value.Map, sortLists bool) {
	parts := make([]string, m.Len())
	for i := range parts {
		parts[i] = m.Keys[i] + ": " + canon(m.Vals[i], sortLists)
	}
	sort.Strings(parts)
	b.WriteString("{" + strings.Join(parts, ", ") + "}")
}

func writeNode(b *strings.Builder, n *value.Node, sortLists bool) {
	if n == nil {
		b.WriteString("(not filled in)")
		return
	}
	labels := append([]string(nil), n.Labels...)
	sort.Strings(labels)
	b.WriteByte('(')
	for _, l := range labels {
		b.WriteString(":" + l)
	}
	if n.Props.Len() > 0 {
		b.WriteByte(' ')
		writeMap(b, n.Props, sortLists)
	}
	b.WriteByte(')')
}

func writeRelationship(b *strings.Builder, r *value.Relationship, sortLists bool) {
	if r == nil {
		b.WriteString("not filled in")
		return
	}
	b.WriteString(":" + r.Type)
	if r.Props.Len() > 0 {
		b.WriteByte(' ')
		writeMap(b, r.Props, sortLists)
	}
}

func writePath(b *strings.Builder, p *value.Path, sortLists bool) {
	b.WriteByte('<')
	for i, n := range p.Nodes {
		writeNode(b, n.AsNode(), sortLists)
		if i == len(p.Rels) {
			break
		}
		r := p.Rels[i].AsRelationship()
		from, to := "-[", "]->"
		if r != nil && r.Start != n.AsNode().ID {
			from, to = "<-[", "]-"
		}
		b.WriteString(from)
		writeRelationship(b, r, sortLists)
		b.WriteString(to)
	}
	b.WriteByte('>')
}

// expectedPathIDs numbers the nodes of an expected path, so that the directions
// which parseExpected noted can be told as Start and End of a real path are.
func expectedPathIDs(v value.Value) {
	switch v.Kind() {
	case value.KindPath:
		p := v.AsPath()
		for i, n := range p.Nodes {
			n.AsNode().ID = uint64(i)
		}
		for i, r := range p.Rels {
			if rel := r.AsRelationship(); rel.Start == 0 {
				rel.Start, rel.End = uint64(i), uint64(i+1)
			} else {
				rel.Start, rel.End = uint64(i+1), uint64(i)
			}
		}
	case value.KindList:
		for _, e := range v.Elems() {
			expectedPathIDs(e)
		}
	case value.KindMap:
		for i := 0; i < v.AsMap().Len(); i++ {
			expectedPathIDs(v.AsMap().Vals[i])
		}
	}
}

// Table is an answer or an expectation.
type Table struct {
	Columns []string
	Rows    [][]value.Value
}

// difference says how got differs from want, or "" where it does not.
func difference(want, got Table, ordered, sortLists bool) string {
	if len(want.Columns) != len(got.Columns) {
		return fmt.Sprintf("columns: want %q, got %q", want.Columns, got.Columns)
	}
	at := make(map[string]int, len(got.Columns))
	for i, c := range got.Columns {
		at[c] = i
	}
	order := make([]int, len(want.Columns))
	for i, c := range want.Columns {
		j, ok := at[c]
		if !ok {
			return fmt.Sprintf("columns: want %q, got %q", want.Columns, got.Columns)
		}
		order[i] = j
	}
	wantRows, gotRows := make([]string, len(want.Rows)), make([]string, len(got.Rows))
	for i, r := range want.Rows {
		wantRows[i] = rowText(r, nil, sortLists)
	}
	for i, r := range got.Rows {
		gotRows[i] = rowText(r, order, sortLists)
	}
	if !ordered {
		sort.Strings(wantRows)
		sort.Strings(gotRows)
	}
	if strings.Join(wantRows, "\n") == strings.Join(gotRows, "\n") {
		return ""
	}
	return fmt.Sprintf("rows: want %d\n%s\n      got %d\n%s", len(wantRows), listRows(wantRows), len(gotRows), listRows(gotRows))
}

func rowText(row []value.Value, order []int, sortLists bool) string {
	cells := make([]string, len(row))
	for i := range row {
		j := i
		if order != nil {
			j = order[i]
		}
		cells[i] = canon(row[j], sortLists)
	}
	return "| " + strings.Join(cells, " | ") + " |"
}

func listRows(rows []string) string {
	const most = 12
	var b strings.Builder
	for i, r := range rows {
		if i == most {
			fmt.Fprintf(&b, "        … %d more\n", len(rows)-most)
			break
		}
		b.WriteString("        " + r + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}
