package pgwire

import (
	"errors"
	"log/slog"
	"strconv"
	"unicode/utf8"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/parser"
)

// Severities of ErrorResponse and NoticeResponse.
const (
	severityError = "ERROR"
	severityFatal = "FATAL"
)

// failure sends an error; text is the statement that its position is in.
func (c *conn) failure(severity string, err error, text string) {
	e := sqlerr.As(err)
	if e.Code == sqlerr.InternalError {
		c.s.o.Log.Error("statement failed", c.id(), "err", err)
	}
	c.message('E', severity, e, position(err, e, text))
}

// position returns the character that an error points to, 0 for none.
func position(err error, e *sqlerr.Error, text string) int {
	var syntax *parser.Error
	if errors.As(err, &syntax) {
		e.Hint = syntax.Hint
		return syntax.Location.Character
	}
	if e.Pos <= 0 || e.Pos-1 > len(text) {
		return 0
	}
	return utf8.RuneCountInString(text[:e.Pos-1]) + 1
}

// message sends an ErrorResponse (E) or NoticeResponse (N).
func (c *conn) message(kind byte, severity string, e *sqlerr.Error, pos int) {
	w := &c.out
	at := w.begin(kind)
	field := func(code byte, value string) {
		if value != "" {
			w.buf = append(w.buf, code)
			w.text(value)
		}
	}
	field('S', severity)
	field('V', severity)
	field('C', string(e.Code))
	field('M', clean(e.Message))
	field('D', clean(e.Detail))
	field('H', clean(e.Hint))
	if pos > 0 {
		field('P', strconv.Itoa(pos))
	}
	w.buf = append(w.buf, 0)
	w.end(at)
}

// clean makes a message printable whatever a source has said in it.
func clean(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

// notices sends what the session has to say beside results.
func (c *conn) notices() {
	for _, n := range c.session.TakeNotices() {
		if !c.unwanted(n.Severity) {
			c.message('N', n.Severity, n.Err, 0)
		}
	}
}

// unwanted reports whether the client has asked not to get such messages.
func (c *conn) unwanted(severity string) bool {
	switch c.session.Show("client_min_messages") {
	case "warning":
		return severity == "NOTICE"
	case "error":
		return true
	}
	return false
}

func (c *conn) id() slog.Attr {
	if c.session == nil {
		return slog.Uint64("session", 0)
	}
	return slog.Uint64("session", uint64(c.session.ID()))
}
