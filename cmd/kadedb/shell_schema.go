package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"

	"github.com/rivo/uniseg"

	"github.com/kadedb/kadedb/cmd/kadedb/syntax"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

const (
	// mostSchema is how many labels, and how many types, :schema shows in full.
	mostSchema = 50
	// schemaSample is how many nodes or relationships of each tell its properties.
	schemaSample = 1000
)

// schema shows what a graph is made of, or one label or type of it.
func (sh *shell) schema(ctx context.Context, rest string, _ int) error {
	var b strings.Builder
	err := sh.writeSchema(ctx, &b, strings.Trim(rest, ":`"))
	if err != nil {
		return err
	}
	out := sh.output("table")
	_, err = io.WriteString(out, sh.a.marks(printable(b.String())))
	err = errors.Join(err, out.Close())
	if errors.Is(err, syscall.EPIPE) && sh.interactive {
		return nil
	}
	return err
}

func (sh *shell) writeSchema(ctx context.Context, b *strings.Builder, only string) error {
	labels, err := sh.rows(ctx, "CALL db.labels() YIELD label RETURN label ORDER BY label")
	if err != nil {
		return err
	}
	types, err := sh.rows(ctx, "CALL db.relationshipTypes() YIELD relationshipType AS t RETURN t ORDER BY t")
	if err != nil {
		return err
	}
	if only != "" {
		keep := func(rows [][]value.Value) [][]value.Value {
			return slices.DeleteFunc(rows, func(row []value.Value) bool { return row[0].AsString() != only })
		}
		var all []string
		for _, row := range append(slices.Clone(labels), types...) {
			all = append(all, row[0].AsString())
		}
		if labels, types = keep(labels), keep(types); len(labels)+len(types) == 0 {
			err := status.Errorf(status.InvalidUsage, "there is no label and no relationship type %q", only)
			if near := status.Nearest(only, all...); near != "" {
				return err.WithHint("did you mean %s?", near)
			}
			return err
		}
	}
	if err := sh.schemaOf(ctx, b, "Labels", labels, sh.labelOf); err != nil {
		return err
	}
	if err := sh.schemaOf(ctx, b, "Relationship types", types, sh.typeOf); err != nil {
		return err
	}
	return sh.declared(ctx, b, only)
}

// schemaOf writes a part of the schema: each name with its properties below.
func (sh *shell) schemaOf(ctx context.Context, b *strings.Builder, title string, list [][]value.Value,
	one func(context.Context, string) (string, [][]string, error)) error {
	if len(list) == 0 {
		return nil
	}
	b.WriteString(title + "\n")
	for i, row := range list {
		if i == mostSchema {
			fmt.Fprintf(b, "  … and %d more; `:schema NAME` shows one\n", len(list)-i)
			break
		}
		name := row[0].AsString()
		head, properties, err := one(ctx, name)
		if err != nil {
			return err
		}
		b.WriteString("  " + syntax.Quote(name) + "  " + head + "\n")
		columns(b, "  │   ", properties)
	}
	b.WriteString("\n")
	return nil
}

func (sh *shell) labelOf(ctx context.Context, label string) (string, [][]string, error) {
	pattern := "(n:" + syntax.Quote(label) + ")"
	count, err := sh.count(ctx, "MATCH "+pattern+" RETURN count(n)")
	if err != nil {
		return "", nil, err
	}
	properties, err := sh.properties(ctx, pattern, count)
	return plural(count, "node"), properties, err
}

func (sh *shell) typeOf(ctx context.Context, name string) (string, [][]string, error) {
	count, err := sh.count(ctx, "MATCH ()-[n:"+syntax.Quote(name)+"]->() RETURN count(n)")
	if err != nil {
		return "", nil, err
	}
	ends, err := sh.rows(ctx, fmt.Sprintf(`MATCH (a)-[n:%s]->(b) WITH a, b LIMIT %d RETURN labels(a) AS a, labels(b) AS b, count(*) AS c
		ORDER BY c DESC, a, b LIMIT 4`, syntax.Quote(name), schemaSample))
	if err != nil {
		return "", nil, err
	}
	var pairs []string
	for i, row := range ends {
		if i == 3 {
			pairs = append(pairs, "…")
			break
		}
		pairs = append(pairs, labelsText(row[0])+"→"+labelsText(row[1]))
	}
	properties, err := sh.properties(ctx, "()-[n:"+syntax.Quote(name)+"]->()", count)
	return plural(count, "relationship") + "  " + strings.Join(pairs, ", "), properties, err
}

func labelsText(v value.Value) string {
	text := "("
	if v.Kind() == value.KindList {
		for _, l := range v.Elems() {
			text += ":" + syntax.Quote(l.AsString())
		}
	}
	return text + ")"
}

// properties returns a line for each property of what a pattern calls n: its name, its
// types, and how many of those looked at have it where not all do.
func (sh *shell) properties(ctx context.Context, pattern string, count int64) (lines [][]string, err error) {
	rows, err := sh.rows(ctx, fmt.Sprintf("MATCH %s WITH n LIMIT %d UNWIND keys(n) AS k RETURN k, valueType(n[k]) AS t, count(*) AS c ORDER BY k, c DESC, t",
		pattern, schemaSample))
	if err != nil {
		return nil, err
	}
	looked := min(count, schemaSample)
	for i := 0; i < len(rows); {
		key, have := rows[i][0].AsString(), int64(0)
		var types []string
		for ; i < len(rows) && rows[i][0].AsString() == key; i++ {
			have += rows[i][2].AsInt()
			types = append(types, strings.TrimSuffix(rows[i][1].AsString(), " NOT NULL"))
		}
		share := ""
		if have < looked {
			share = fmt.Sprintf("in %.0f %%", max(1, 100*float64(have)/float64(looked)))
		}
		lines = append(lines, []string{syntax.Quote(key), strings.Join(types, " | "), share})
	}
	return lines, nil
}

// declared writes the indexes and constraints, those of a label or type alone where one
// is named.
func (sh *shell) declared(ctx context.Context, b *strings.Builder, only string) error {
	for _, part := range []struct{ title, text string }{
		{"Indexes", "SHOW INDEXES YIELD name, type, entityType, labelsOrTypes, properties, state"},
		{"Constraints", "SHOW CONSTRAINTS YIELD name, type, entityType, labelsOrTypes, properties, propertyType"},
	} {
		rows, err := sh.rows(ctx, part.text)
		if err != nil {
			return err
		}
		var lines [][]string
		for _, row := range rows {
			on := listText(row[3], ":")
			if only != "" && on != only {
				continue
			}
			of := "(:" + on + ") "
			if row[2].AsString() == "RELATIONSHIP" {
				of = "[:" + on + "] "
			}
			last := ""
			if row[5].Kind() == value.KindString && row[5].AsString() != "ONLINE" {
				last = row[5].AsString()
			}
			lines = append(lines, []string{row[0].AsString(), of + listText(row[4], ", "), row[1].AsString(), last})
		}
		if len(lines) > 0 {
			b.WriteString(part.title + "\n")
			columns(b, "  ", lines)
			b.WriteString("\n")
		}
	}
	if b.Len() == 0 {
		b.WriteString("the graph is empty\n")
	}
	text := strings.TrimSuffix(b.String(), "\n\n") + "\n"
	b.Reset()
	b.WriteString(text)
	return nil
}

func listText(v value.Value, between string) string {
	var names []string
	if v.Kind() == value.KindList {
		for _, e := range v.Elems() {
			names = append(names, e.AsString())
		}
	}
	return strings.Join(names, between)
}

// columns writes lines with their fields below each other.
func columns(b *strings.Builder, indent string, lines [][]string) {
	var widths []int
	for _, l := range lines {
		for i, s := range l {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], uniseg.StringWidth(s))
		}
	}
	for _, l := range lines {
		text := indent
		for i, s := range l {
			text += s + strings.Repeat(" ", widths[i]-uniseg.StringWidth(s)+2)
		}
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
}

func (sh *shell) count(ctx context.Context, text string) (int64, error) {
	rows, err := sh.rows(ctx, text)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return rows[0][0].AsInt(), nil
}

// rows returns the rows of a statement of ours.
func (sh *shell) rows(ctx context.Context, text string) (rows [][]value.Value, err error) {
	ans, err := sh.s.Run(ctx, text, nil)
	if err != nil {
		return nil, err
	}
	for len(rows) < mostNames && ans.Next() {
		row := slices.Clone(ans.Values())
		for i, v := range row {
			row[i] = kept(v)
		}
		rows = append(rows, row)
	}
	return rows, ans.Close()
}

// kept returns a value that outlives its row: what statements of ours return.
func kept(v value.Value) value.Value {
	switch v.Kind() {
	case value.KindString:
		return value.String(strings.Clone(v.AsString()))
	case value.KindList:
		list := slices.Clone(v.Elems())
		for i, e := range list {
			if e.Kind() == value.KindString {
				list[i] = value.String(strings.Clone(e.AsString()))
			}
		}
		return value.List(list...)
	}
	return v
}
