package sqlsource

import (
	"strings"

	"github.com/muster-sql/muster/connectors/spi/types"
)

// Arg is a bound parameter of a remote statement.
type Arg struct {
	Type types.Type
	Val  types.Value
}

// Dialect is how a database writes what every statement needs.
type Dialect struct {
	Quote       byte               // of identifiers; doubled inside them
	Placeholder func(n int) string // of parameter n, from 1
}

// Text builds a statement: fixed words, quoted identifiers and parameters. No
// value ever becomes part of the text.
type Text struct {
	d    *Dialect
	b    []byte
	Args []Arg
}

// NewText returns an empty statement.
func NewText(d *Dialect) *Text { return &Text{d: d} }

// Fixed is text that is written in the program, never data.
type Fixed string

// Add appends fixed text.
func (t *Text) Add(parts ...Fixed) *Text {
	for _, p := range parts {
		t.b = append(t.b, p...)
	}
	return t
}

// Ident appends a quoted identifier.
func (t *Text) Ident(name string) *Text {
	q := t.d.Quote
	t.b = append(t.b, q)
	for i := range len(name) {
		if name[i] == q {
			t.b = append(t.b, q)
		}
		t.b = append(t.b, name[i])
	}
	t.b = append(t.b, q)
	return t
}

// Table appends schema.table, both quoted.
func (t *Text) Table(schema, table string) *Text { return t.Ident(schema).Add(".").Ident(table) }

// Arg appends a placeholder and binds a value to it.
func (t *Text) Arg(typ types.Type, v types.Value) *Text {
	t.Args = append(t.Args, Arg{typ, v})
	t.b = append(t.b, t.d.Placeholder(len(t.Args))...)
	return t
}

// String returns the statement.
func (t *Text) String() string { return string(t.b) }

// Mark says where a statement is, for Undo.
type Mark struct{ text, args int }

// Mark remembers the statement as it is.
func (t *Text) Mark() Mark { return Mark{len(t.b), len(t.Args)} }

// Undo takes back what was added after m.
func (t *Text) Undo(m Mark) { t.b, t.Args = t.b[:m.text], t.Args[:m.args] }

// commentMax bounds the length of an origin.
const commentMax = 100

// Origin returns a comment that names the query for the administrator of the
// source. What is not a letter, digit, dot, hyphen or underscore is dropped.
func Origin(queryID string) Fixed {
	b := []byte("/* muster ")
	for i := 0; i < len(queryID) && len(b) < commentMax; i++ {
		switch c := queryID[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '-', c == '_':
			b = append(b, c)
		}
	}
	return Fixed(append(b, " */ "...))
}

// Describe returns the statement with the values of its parameters, for EXPLAIN.
func (t *Text) Describe() string {
	s := t.String()
	for i, a := range t.Args {
		sep := ", "
		if i == 0 {
			sep = " -- "
		}
		s += sep + t.d.Placeholder(i+1) + " = " + describe(a)
	}
	return s
}

// valueMax bounds the text of a value in EXPLAIN.
const valueMax = 60

func describe(a Arg) string {
	if a.Val.Null {
		return "NULL"
	}
	s := types.FormatText(a.Type, a.Val, nil)
	if len(s) > valueMax {
		s = strings.ToValidUTF8(s[:valueMax], "") + "…"
	}
	if a.Type.IsNumeric() || a.Type.Kind == types.Bool {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}
