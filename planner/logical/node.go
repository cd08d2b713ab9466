// Package logical owns the relational algebra between analyzer and physical
// planning: immutable trees whose columns are planner-wide unique ids, their
// printer and validator. The analyzer makes them, the optimizer rewrites them,
// physical lowers them. It must not know syntax, rules or operators.
package logical

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Node is a relational operator (closed set). Nodes are immutable: a rewrite
// makes new ones. In expressions of nodes expr.Column.Index is a column id, so
// that moving an expression between nodes needs no renumbering.
type Node interface {
	// Inputs returns the input relations in order; WithInputs returns a copy with
	// others, as many as Inputs returned.
	Inputs() []Node
	WithInputs(in []Node) Node
	// Schema returns the output columns; their ids are distinct.
	Schema() []Col
	// Label is one line for EXPLAIN, without inputs.
	Label() string
	// exprs returns the expressions of the node itself and withExprs a copy with
	// others, as many as exprs returned.
	exprs() []expr.Expr
	withExprs(es []expr.Expr) Node
}

// Col is an output column of a node: a value that keeps its id wherever it is
// passed on unchanged.
type Col struct {
	ID      int
	Name    string
	Type    types.Type
	NotNull bool // proven never NULL
}

// Ref returns an expression that reads the column.
func (c Col) Ref() *expr.Column {
	return &expr.Column{Index: c.ID, Typ: c.Type, Name: c.Name, At: -1}
}

// IDs hands out column ids of one statement, from 1. It is not safe for
// concurrent use; one planning run uses it.
type IDs struct{ last int }

// Next returns an id that no column has.
func (g *IDs) Next() int {
	g.last++
	return g.last
}

// New returns a new column.
func (g *IDs) New(name string, t types.Type) Col {
	return Col{ID: g.Next(), Name: name, Type: t}
}

// Copy returns a column like c with an id of its own.
func (g *IDs) Copy(c Col) Col {
	c.ID = g.Next()
	return c
}

// SortKey orders by an output column of the input.
type SortKey struct {
	Col        int
	Desc       bool
	NullsFirst bool
}

// ColumnIDs returns the ids of cols in order.
func ColumnIDs(cols []Col) []int {
	out := make([]int, len(cols))
	for i, c := range cols {
		out[i] = c.ID
	}
	return out
}

// Find returns the column with an id.
func Find(cols []Col, id int) (Col, bool) {
	for _, c := range cols {
		if c.ID == id {
			return c, true
		}
	}
	return Col{}, false
}

// Produces reports whether every column that e reads is in cols.
func Produces(cols []Col, e expr.Expr) bool {
	for _, id := range expr.Columns(e) {
		if _, ok := Find(cols, id); !ok {
			return false
		}
	}
	return true
}

// Set is a set of column ids.
type Set map[int]bool

// SetOf returns the set of the columns' ids.
func SetOf(cols []Col) Set {
	s := make(Set, len(cols))
	for _, c := range cols {
		s[c.ID] = true
	}
	return s
}

// Add adds the columns that the expressions read.
func (s Set) Add(es ...expr.Expr) Set {
	for _, id := range expr.Columns(es...) {
		s[id] = true
	}
	return s
}

// Covers reports whether every column that e reads is in the set.
func (s Set) Covers(e expr.Expr) bool {
	for _, id := range expr.Columns(e) {
		if !s[id] {
			return false
		}
	}
	return true
}

// Touches reports whether e reads a column of the set.
func (s Set) Touches(e expr.Expr) bool {
	for _, id := range expr.Columns(e) {
		if s[id] {
			return true
		}
	}
	return false
}
