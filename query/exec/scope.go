package exec

import "github.com/kadedb/kadedb/column"

// scope is the operators of one plan or sub-plan: what is run, and reset, together.
type scope struct {
	outer  *column.Batch // rows that the scope's Arguments give
	resets []func()
	closes []func()
}

// onReset has f called before each run of the scope: operators forget the rows of
// the run before, which may have ended early, and look up names.
func (s *scope) onReset(f func()) { s.resets = append(s.resets, f) }

// onClose has f called when the whole program's run ends, however it ends.
func (s *scope) onClose(f func()) { s.closes = append(s.closes, f) }

func (s *scope) reset() {
	for _, f := range s.resets {
		f()
	}
}

func (s *scope) close() {
	for _, f := range s.closes {
		f()
	}
	s.outer = nil
}

// sub is a sub-plan made runnable.
type sub struct {
	scope *scope
	exec  runner
}

// run runs the sub-plan for the selected rows of outer.
func (s *sub) run(outer *column.Batch) error {
	s.scope.outer = outer
	s.scope.reset()
	return s.exec()
}
