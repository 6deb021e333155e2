// Package queries holds the texts that bench asks, a file each, as a person would
// write them.
package queries

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed *.cypher
var files embed.FS

// Text returns the text of a query by its name, without its comment.
func Text(name string) (string, error) {
	name = strings.NewReplacer(" ", "_", "-", "_", ",", "").Replace(name)
	b, err := files.ReadFile(name + ".cypher")
	if err != nil {
		return "", fmt.Errorf("no text of query %q: %w", name, err)
	}
	var lines []string
	for _, l := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		if !strings.HasPrefix(l, "//") {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines, "\n"), nil
}
