// Package sqlerr owns the errors of the engine: each is born with a SQLSTATE
// and carries what a PostgreSQL client can show (detail, hint, position).
// Every layer uses it; it knows none of them. The parser alone has its own
// error type, which this package recognises by its SQLState method.
package sqlerr

import (
	"context"
	"errors"
	"fmt"
)

// Code is a five-character SQLSTATE.
type Code string

// Kind says who has to act on an error.
type Kind uint8

// The kinds of errors.
const (
	User      Kind = iota // the statement or its data is wrong
	Resources             // a limit or budget of this system was reached
	External              // a source or a client misbehaved
	Internal              // a bug of ours
)

// Error is an error with a SQLSTATE. Fields beside Code and Message may be empty.
type Error struct {
	Code    Code
	Message string // lower case, fixed text first, values last
	Detail  string
	Hint    string
	Pos     int // 1-based byte offset into the statement plus one; 0 unknown
	Cause   error
}

// New makes an error of code with a formatted message.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap makes an error of code around cause; the cause's text is appended.
func Wrap(code Code, cause error, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Cause: cause}
}

// Error returns the message, then the cause.
func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Message + ": " + e.Cause.Error()
	}
	return e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// SQLState returns the code; the parser's errors have the same method.
func (e *Error) SQLState() string { return string(e.Code) }

// WithHint returns a copy of e with a hint.
func (e *Error) WithHint(format string, args ...any) *Error {
	c := *e
	c.Hint = fmt.Sprintf(format, args...)
	return &c
}

// WithDetail returns a copy of e with a detail.
func (e *Error) WithDetail(format string, args ...any) *Error {
	c := *e
	c.Detail = fmt.Sprintf(format, args...)
	return &c
}

// At returns a copy of e that points to the byte offset off (0-based) of the
// statement, unless e already points somewhere.
func (e *Error) At(off int) *Error {
	if e.Pos != 0 {
		return e
	}
	c := *e
	c.Pos = off + 1
	return &c
}

// CodeOf returns the SQLSTATE of the first error in the chain that has one.
// A cancelled context is 57014; a chain without a code is XX000, our bug.
func CodeOf(err error) Code {
	var s interface{ SQLState() string }
	if errors.As(err, &s) {
		return Code(s.SQLState())
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return QueryCanceled
	}
	return InternalError
}

// Is reports whether err carries code.
func Is(err error, code Code) bool { return err != nil && CodeOf(err) == code }

// As returns err as an *Error: the first of the chain with the text of the
// whole chain, or a new one with the code of CodeOf.
func As(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		c := *e
		c.Message, c.Cause = err.Error(), nil
		return &c
	}
	return &Error{Code: CodeOf(err), Message: err.Error()}
}

// KindOf classifies err by its SQLSTATE class.
func KindOf(err error) Kind {
	switch c := CodeOf(err); c[:2] {
	case "53", "54":
		return Resources
	case "08", "57", "58", "HV":
		return External
	case "XX":
		return Internal
	default:
		return User
	}
}

// Unsupported is the error for what has not been built: 0A000.
func Unsupported(format string, args ...any) *Error {
	return New(FeatureNotSupported, format, args...)
}

// Internalf is the error for a broken invariant: XX000.
func Internalf(format string, args ...any) *Error { return New(InternalError, format, args...) }
