package render

import "strings"

// ascii are the marks that KadeDB draws and writes by itself, for terminals that have
// none but those of ASCII. What users store is not among them. The first ones keep the
// columns of what follows.
var ascii = strings.NewReplacer("…   ", "... ", "…", "...", "→", "->", "≥", ">=", "≤", "<=", "·", "*", "µs", "us", "�", "?",
	"─", "-", "┄", "-", "│", "|", "┌", "+", "┬", "+", "┐", "+", "├", "+", "┼", "+", "┤", "+", "└", "+", "┴", "+", "┘", "+")

// ASCII writes text of ours with the marks of ASCII alone.
func ASCII(text string) string { return ascii.Replace(text) }
