package main

import (
	"fmt"
	"strings"

	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/query/procedure"
)

// cell escapes what would end a table's cell.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

func functionsPage(e *examples) (string, error) {
	var b strings.Builder
	b.WriteString(mark + "# Functions\n\nNames are the same in any case. A null argument gives null, where nothing else is said. `SHOW FUNCTIONS` gives this list, and an\n" +
		"unknown name the nearest that exists. [Points and format()](language-values.md) have a page of their own. Every example was run to make\n" +
		"this page, on the graph of\n\n```\n" + sample[0] + "\n```\n")
	chapter := ""
	for _, d := range function.All() {
		if d.Category != chapter {
			chapter = d.Category
			fmt.Fprintf(&b, "\n## %s\n\n| Function | Gives | Meaning | Example | |\n| --- | --- | --- | --- | --- |\n", chapter)
		}
		calls := make([]string, len(d.Signatures))
		results := function.Kinds(0)
		for i, s := range d.Signatures {
			calls[i] = "`" + d.Name + "(" + s.List() + ")`"
			results |= s.Result
		}
		doc := d.Doc
		if len(d.Aliases) > 0 {
			doc += " Also `" + strings.Join(d.Aliases, "`, `") + "`."
		}
		call, result, err := e.ofFunction(d)
		if err != nil {
			return "", fmt.Errorf("the example of %s: %w", d.Name, err)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | `%s` | `%s` |\n", cell(strings.Join(calls, ", ")), results, cell(doc), cell(call), cell(result))
	}
	b.WriteString("\n## Forms\n\nThese look like calls and are part of the language:\n\n")
	for _, f := range function.Forms() {
		fmt.Fprintf(&b, "- `%s`\n", f)
	}
	return b.String(), nil
}

// procedureGroups are the chapters of the page, by the beginnings of names.
var procedureGroups = []struct{ title, about, prefix string }{
	{"The graph and its schema", "", "db."},
	{"Tokens", "A token is shown as a user, whose name is the token's.", "dbms.security."},
	{"The server", "", "dbms."},
}

func proceduresPage(e *examples) (string, error) {
	table, err := procedure.NewTable()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(mark + "# Procedures\n\n`CALL name(arguments) YIELD columns`. A call that stands alone may leave out YIELD and, with `$parameters` of the arguments' names, the\n" +
		"parentheses. A type with `?` may be null. `SHOW PROCEDURES` gives this list, and most of what is listed here [SHOW](language-show.md) lists too. Every example was\n" +
		"run to make this page, on the graph of\n\n```\n" + strings.Join(sample, ";\n") + "\n```\n")
	done := map[string]bool{}
	for _, g := range procedureGroups {
		fmt.Fprintf(&b, "\n## %s\n", g.title)
		if g.about != "" {
			b.WriteString("\n" + g.about + "\n")
		}
		for _, d := range table.All() {
			if done[d.Name] || !strings.HasPrefix(d.Name, g.prefix) {
				continue
			}
			done[d.Name] = true
			if err := writeProcedure(&b, e, d); err != nil {
				return "", fmt.Errorf("the example of %s: %w", d.Name, err)
			}
		}
	}
	if len(done) != len(table.All()) {
		return "", fmt.Errorf("%d of %d procedures are in a chapter", len(done), len(table.All()))
	}
	return b.String(), nil
}

func writeProcedure(b *strings.Builder, e *examples, d *procedure.Def) error {
	args := make([]string, len(d.Args))
	for i, f := range d.Args {
		args[i] = f.Name + " :: " + f.Type.String()
		if f.Default != nil {
			args[i] += " = " + f.Default.String()
		}
	}
	fmt.Fprintf(b, "\n### %s\n\n`%s(%s)`, %s. %s\n", d.Name, d.Name, strings.Join(args, ", "), d.Mode, d.Doc)
	if len(d.Results) > 0 {
		results := make([]string, len(d.Results))
		for i, f := range d.Results {
			results[i] = "`" + f.Name + "` " + f.Type.String()
		}
		b.WriteString("\nColumns: " + strings.Join(results, ", ") + ".\n")
	}
	columns, rows, err := e.rows(d.Example)
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "\n```\n%s\n", d.Example)
	if len(columns) > 0 {
		b.WriteString("----\n" + strings.Join(columns, " | ") + "\n")
	}
	for _, row := range rows {
		b.WriteString(strings.Join(row, " | ") + "\n")
	}
	b.WriteString("```\n")
	return nil
}
