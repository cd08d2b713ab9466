// Package ast holds the syntax tree of one SQL text: plain data, what was
// written and where, with no meaning. The parser makes it, the analyzer reads
// it, Format prints it back as SQL, Inspect walks it. It must not know names,
// types or catalogs, and imports nothing of ours.
package ast

import "strings"

// Pos is a byte offset into the SQL text. Nodes embed it: it is where an error
// about the node points, which for infix operators is the operator itself.
type Pos int

// At returns the byte offset.
func (p Pos) At() int { return int(p) }

// Span is the source text of a statement or query, text[Pos:End].
type Span struct {
	Pos
	End Pos
}

// Extent returns the span itself; it is promoted to the nodes that embed it.
func (s Span) Extent() Span { return s }

// Text cuts the span out of the SQL text it was parsed from.
func (s Span) Text(sql string) string { return sql[s.Pos:s.End] }

// Node is any part of the tree.
type Node interface {
	At() int
}

// Statement is one SQL statement. The set is closed: every implementation is in
// this package.
type Statement interface {
	Node
	Extent() Span
	statement()
}

// Expr is a scalar expression (closed set).
type Expr interface {
	Node
	expr()
}

// Relation is an item of FROM (closed set).
type Relation interface {
	Node
	relation()
}

// QueryBody is what stands between WITH and ORDER BY: *Select, *SetOp, *Values,
// *TableQuery, or a parenthesised *Query with clauses of its own.
type QueryBody interface {
	Node
	queryBody()
}

// Name is an identifier. Unquoted text is folded to lower case. The zero Name
// (empty Text) means that no name was written.
type Name struct {
	Pos
	Text   string
	Quoted bool
}

// IsZero reports that no name was written.
func (n Name) IsZero() bool { return n.Text == "" }

// String returns the identifier as SQL, quoted where needed.
func (n Name) String() string { return QuoteName(n) }

// ObjectName is a name of one to four parts, outermost first, such as
// catalog.schema.table.
type ObjectName []Name

// At returns the offset of the first part.
func (o ObjectName) At() int {
	if len(o) == 0 {
		return 0
	}
	return o[0].At()
}

// Last returns the innermost part.
func (o ObjectName) Last() Name {
	if len(o) == 0 {
		return Name{}
	}
	return o[len(o)-1]
}

// String returns the parts as SQL, joined by dots.
func (o ObjectName) String() string {
	if len(o) == 1 {
		return o[0].String()
	}
	parts := make([]string, len(o))
	for i, n := range o {
		parts[i] = n.String()
	}
	return strings.Join(parts, ".")
}
