package status

import (
	"context"
	"errors"
)

// Ended returns why ctx is over, nil while it is not. What ended it is told as it
// is where it is an *Error (a terminated transaction, a limit of the statement);
// a deadline is a QueryTimeLimit, and anything else is Cancelled, of which doing says
// during what: "the commit".
func Ended(ctx context.Context, doing string) error {
	err := ctx.Err()
	if err == nil {
		return nil
	}
	cause := context.Cause(ctx)
	if cause == nil {
		cause = err
	}
	var known *Error
	switch {
	case errors.As(err, &known), errors.As(cause, &known):
		own := *known // others have it too
		return &own
	case errors.Is(cause, context.DeadlineExceeded):
		e := Errorf(QueryTimeLimit, "the time was over during %s", doing)
		e.Err = cause
		return e.WithHint("give it a later deadline (`query-time`, or `timeout_ms` in a request), or make it do less")
	}
	e := Errorf(Cancelled, "cancelled during %s", doing)
	e.Err = cause
	return e
}
