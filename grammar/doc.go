// Package grammar holds KadeQL's ANTLR grammars and generate.sh, which makes
// package gen of them.
package grammar
