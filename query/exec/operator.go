package exec

import (
	"errors"

	"github.com/kadedb/kadedb/column"
)

// operator takes batches from the operators below. Both methods are called from one
// goroutine; push may be called again only after it returned.
//
// push returns errStop when it wants no more rows: the caller stops then and
// passes errStop on, down to the source, which ends as if its input had. finish says that
// there are no more rows, once a run, also after errStop: a breaker now gives what it
// holds (until errStop) and, like every operator, ends with its consumer's finish. After
// another error nothing more is called. Operators forget the rows of earlier runs
// when their scope is reset (scope.onReset).
type operator interface {
	push(b *column.Batch) error
	finish() error
}

// errStop asks for no more rows. It never leaves a run.
var errStop = errors.New("exec: no more rows wanted")

// ended turns the end of an operator's own rows into the end of its consumer's:
// `return ended(err, next)` after having pushed the last row.
func ended(err error, next operator) error {
	if err != nil && err != errStop {
		return err
	}
	return next.finish()
}

// lane is where an operator pushes to, and the worker that runs it.
type lane struct {
	w   *worker
	out operator
}

// runner runs a plan's sources one after the other to their ends, with everything above them.
// It never returns errStop.
type runner func() error

// each makes an operator for each lane that pushes into it.
func each(lanes []lane, mk func(lane) operator) []lane {
	out := make([]lane, len(lanes))
	for i, l := range lanes {
		out[i] = lane{w: l.w, out: mk(l)}
	}
	return out
}

// finishAll ends the lanes of a pipeline, after err from its source.
func finishAll(lanes []lane, err error) error {
	if err != nil && err != errStop {
		return err
	}
	for _, l := range lanes {
		if err := l.out.finish(); err != nil && err != errStop {
			return err
		}
	}
	return nil
}

// noFinish hides the end of one part of an operator's input.
type noFinish struct{ operator }

func (noFinish) finish() error { return nil }

// sinkFunc ends a pipeline in a function.
type sinkFunc func(b *column.Batch) error

func (f sinkFunc) push(b *column.Batch) error { return f(b) }
func (sinkFunc) finish() error                { return nil }

// widen makes b's columns n wide, all of them nil.
func widen(b *column.Batch, n int) {
	if cap(b.Cols) < n {
		b.Cols = make([]*column.Vector, n)
		return
	}
	b.Cols = b.Cols[:n]
	clear(b.Cols)
}

// share makes dst a batch of the same rows and columns as b, whose list of columns
// the caller may change.
func share(dst, b *column.Batch) {
	dst.Len, dst.Sel, dst.Mult = b.Len, b.Sel, b.Mult
	dst.Cols = append(dst.Cols[:0], b.Cols...)
}
