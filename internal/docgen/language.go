package main

import (
	"fmt"
	"strings"

	"github.com/kadedb/kadedb/query/function"
	"github.com/kadedb/kadedb/query/procedure"
)

// cell escapes what would end a table's cell.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

func functionsPage() string {
	var b strings.Builder
	b.WriteString(mark + "# Functions\n\nNames are the same in any case. A null argument gives null, where nothing else is said. `SHOW FUNCTIONS` gives this list, and an\n" +
		"unknown name the nearest that exists. [Points and format()](language-values.md) have a page of their own. Every example is true: a test runs them.\n")
	chapter := ""
	for _, d := range function.All() {
		if d.Category != chapter {
			chapter = d.Category
			fmt.Fprintf(&b, "\n## %s\n\n| Function | Gives | Meaning | Example |\n| --- | --- | --- | --- |\n", chapter)
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
		example := ""
		if d.Example != "" {
			example = "`" + d.Example + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", cell(strings.Join(calls, ", ")), results, cell(doc), cell(example))
	}
	b.WriteString("\n## Forms\n\nThese look like calls and are part of the language:\n\n")
	for _, f := range function.Forms() {
		fmt.Fprintf(&b, "- `%s`\n", f)
	}
	return b.String()
}

func proceduresPage() (string, error) {
	table, err := procedure.NewTable()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(mark + "# Procedures\n\n`CALL name(arguments) YIELD columns`. A call that stands alone may leave out YIELD and, with `$parameters` of the arguments' names, the\n" +
		"parentheses. A type with `?` may be null. `SHOW PROCEDURES` gives this list.\n\n| Procedure | Mode | Meaning | Example |\n| --- | --- | --- | --- |\n")
	for _, d := range table.All() {
		example := ""
		if d.Example != "" {
			example = "`" + d.Example + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", cell(d.Signature()), d.Mode, cell(d.Doc), cell(example))
	}
	return b.String(), nil
}
