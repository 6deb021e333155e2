// Package cases holds the language's own proof: what every construct gives that the
// openCypher TCK has no scenario for, as text in and text out under testdata/.
//
// A file is a list of blocks with a blank line between:
//
//	# what is shown
//	$list = [1, 2]
//	FOREACH (x IN $list | CREATE (:A {x: x}))
//	----
//	effects: nodes +2, properties +2, labels +2
//
// Lines that begin with $ give parameters. After the dashes stand the columns, the rows
// (sorted, unless the dashes are followed by "in order"), effects and notices; or an
// error with its type, phase, place, message and hint. BEGIN, COMMIT and ROLLBACK are
// statements like others. A block that begins with ! configures what follows:
//
// After the dashes may also stand "committed": the statement commits by itself in every setting.
//
//	!reset                  an empty store
//	!no-import              an empty store without a folder for LOAD CSV
//	!limits path-rows=10    limits of the statements below; without any: the defaults
//
// Every file runs several times: plainly, row by row without a plan cache, with all
// rewrites off, spilling, with everything in one transaction that is never committed, and with a
// checkpoint after each statement. All give the same text. `go test -rewrite` writes the
// plain run's text into the files; the difference is to be read.
package cases
