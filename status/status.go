// Package status is the error language of KadeDB: one type, one append-only
// table of codes, and the place in a query or file that an error speaks of.
//
// A layer that meets a failure which a user can see returns
//
//	status.Errorf(status.UndefinedVariable, "variable `%s` is not defined", name).At(pos).WithHint("…")
//
// and every front end maps Code.Info().Blame to its own vocabulary (an HTTP
// status, a Bolt code, an exit code) in one place.
//
// The package is not for control flow inside a layer: an error that no user
// can ever see is a plain error value.
package status

import (
	"errors"
	"fmt"
	"strings"
)

// Pos is a place in query text. The zero Pos means "no place known".
type Pos struct {
	Offset int32 // bytes from the start of the text
	Line   int32 // 1-based; 0 = unknown
	Column int32 // 1-based, in Unicode code points
}

// IsValid reports whether p names a place.
func (p Pos) IsValid() bool { return p.Line > 0 }

// Phase says when an error of the language is raised.
type Phase uint8

const (
	// CompileTime errors are found before a row is read.
	CompileTime Phase = iota + 1
	// Runtime errors are found while rows flow.
	Runtime
)

func (p Phase) String() string {
	switch p {
	case CompileTime:
		return "compile time"
	case Runtime:
		return "runtime"
	}
	return ""
}

// Error is every error that reaches a user.
type Error struct {
	Code  Code
	Phase Phase  // zero: the code's usual phase
	Pos   Pos    // where in the query text, if anywhere
	Hint  string // what to do about it, one sentence
	Msg   string // what happened, without the code's name
	Err   error  // the cause, if any
}

// Errorf returns an error of code c. A %w verb keeps its operand as the cause.
func Errorf(c Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: c, Msg: err.Error(), Err: errors.Unwrap(err)}
}

// At returns e with its place set, unless it already has one.
func (e *Error) At(p Pos) *Error {
	if !e.Pos.IsValid() {
		e.Pos = p
	}
	return e
}

// WithHint returns e with its hint set.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// In returns e with its phase set.
func (e *Error) In(p Phase) *Error {
	e.Phase = p
	return e
}

// Error gives "Name: message", with line and column where known.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Code.Info().Name)
	if e.Pos.IsValid() {
		fmt.Fprintf(&b, " at line %d, column %d", e.Pos.Line, e.Pos.Column)
	}
	b.WriteString(": ")
	b.WriteString(e.Msg)
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// When returns the phase in which e was raised.
func (e *Error) When() Phase {
	if e.Phase != 0 {
		return e.Phase
	}
	return e.Code.Info().Phase
}

// Is reports whether target is a *Error of the same code, so that
// errors.Is(err, status.New(code)) works.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code && t.Msg == ""
}

// New returns the bare error of a code, for use with errors.Is.
func New(c Code) *Error { return &Error{Code: c} }

// From finds the *Error in err's chain. An error without one is a bug of ours
// and comes back as Internal, with err as its cause; nil gives nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Code: Internal, Msg: err.Error(), Err: err}
}

// CodeOf returns the code of err, Internal for a foreign error, 0 for nil.
func CodeOf(err error) Code {
	if err == nil {
		return 0
	}
	return From(err).Code
}

// Caret draws the line of text that p names with a caret under its column:
//
//	RETURN nme
//	       ^
//
// It returns "" for an invalid Pos.
func Caret(text string, p Pos) string {
	if !p.IsValid() {
		return ""
	}
	lines := strings.Split(text, "\n")
	if int(p.Line) > len(lines) {
		return ""
	}
	line := strings.ReplaceAll(strings.TrimRight(lines[p.Line-1], "\r"), "\t", " ")
	runes := []rune(line)
	col := min(max(int(p.Column)-1, 0), len(runes))
	const width = 100
	from := 0
	if col > width*3/4 {
		from = col - width*3/4
	}
	to := min(from+width, len(runes))
	return string(runes[from:to]) + "\n" + strings.Repeat(" ", col-from) + "^"
}
