package postgres

import (
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// messageMax bounds the text of an error that a server sends.
const messageMax = 2000

// clean makes a server's text fit for a message: valid, on one line, bounded.
func clean(s string) string {
	if len(s) > messageMax {
		s = s[:messageMax]
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "?")
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// serverCode is the SQLSTATE under which a server's error is passed on. Its own
// troubles are those of a source, not of this system.
func serverCode(code string) sqlerr.Code {
	if len(code) != 5 {
		return sqlerr.FDWError
	}
	for i := range 5 {
		if c := code[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return sqlerr.FDWError
		}
	}
	switch code[:2] {
	case "XX", "00", "01", "02", "42", "53", "54", "26", "34": // a statement of ours that it cannot read is no fault of the user's
		return sqlerr.FDWError
	}
	return sqlerr.Code(code)
}

// serverError turns an error of the server into one of ours.
func (c *conn) serverError(m *pgproto3.ErrorResponse) error {
	code := serverCode(m.Code)
	switch m.Code {
	case "42501":
		code = sqlerr.InsufficientPrivilege
	case "42P01", "3F000", "42703":
		code = sqlerr.UndefinedTable // it was there when the statement was planned
	case "53300":
		code = sqlerr.TooManyConnections
	case "57014":
		if !strings.Contains(m.Message, "timeout") {
			code = sqlerr.FDWError // cancelled by somebody on the server
		}
	}
	e := sqlerr.New(code, "PostgreSQL at %s: %s", c.k.conf.place(), clean(m.Message))
	if m.Detail != "" {
		e = e.WithDetail("%s", clean(m.Detail))
	}
	if m.Hint != "" {
		e = e.WithHint("%s", clean(m.Hint))
	}
	return &remoteError{e, m.Code, m.Severity}
}

// remoteError keeps what the server called its error.
type remoteError struct {
	err            *sqlerr.Error
	code, severity string
}

// Error implements error.
func (e *remoteError) Error() string { return e.err.Error() }

// Unwrap gives the error with its code and texts.
func (e *remoteError) Unwrap() error { return e.err }

// fatal reports whether the server closes the connection after err.
func fatal(err error) bool {
	r, ok := err.(*remoteError)
	return ok && (r.severity == "FATAL" || r.severity == "PANIC")
}

// isRemote reports whether err is the server's error of one of these codes.
func isRemote(err error, codes ...string) bool {
	r, ok := err.(*remoteError)
	if !ok {
		return false
	}
	for _, c := range codes {
		if r.code == c {
			return true
		}
	}
	return false
}
