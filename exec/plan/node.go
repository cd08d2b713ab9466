// Package plan owns the language that the engine runs: physical nodes with
// positional columns, their printer and their codec. The planner emits it,
// exec/build turns it into operators, rpc ships it. Nodes are immutable. It
// knows no operators and no planner.
package plan

import (
	"github.com/muster-sql/muster/connectors/spi/codec"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// NodeID names a node within one query; statistics, splits, decisions and
// dynamic filters refer to it. IDs are assigned by the planner, from 1.
type NodeID int32

// Node is a closed set. Expressions and column numbers are positions in the
// output of the node's input (for joins: left columns, then right ones).
type Node interface {
	ID() NodeID
	Inputs() []Node
	// WithInputs returns a copy with other inputs, as many as Inputs returned.
	WithInputs(in []Node) Node
	// Types returns the types of the output columns.
	Types() []types.Type
	// Label is one line for EXPLAIN, without inputs.
	Label() string
}

// Column describes an output column for printing and for clients.
type Column struct {
	Name string
	Type types.Type
}

// Head is what all nodes have: the identity, output columns, and the planner's estimates.
type Head struct {
	Node    NodeID
	Out     []Column
	RowsEst float64 // < 0 unknown
}

// ID implements Node.
func (h *Head) ID() NodeID { return h.Node }

// Types implements Node.
func (h *Head) Types() []types.Type {
	out := make([]types.Type, len(h.Out))
	for i, c := range h.Out {
		out[i] = c.Type
	}
	return out
}

// Columns returns the output columns.
func (h *Head) Columns() []Column { return h.Out }

// Estimate returns the planner's row estimate, < 0 when unknown.
func (h *Head) Estimate() float64 { return h.RowsEst }

var _ = codec.Register[Node](
	(*Scan)(nil), (*Values)(nil), (*Filter)(nil), (*Project)(nil), (*Limit)(nil), (*Sort)(nil),
	(*Aggregate)(nil), (*Join)(nil), (*LookupJoin)(nil), (*Union)(nil), (*Unnest)(nil),
	(*SingleRow)(nil), (*Exchange)(nil), (*Remote)(nil), (*Write)(nil), (*AssignID)(nil),
	(*Series)(nil),
)

// Encode returns the binary form of a tree.
func Encode(n Node) ([]byte, error) { return codec.Marshal(n) }

// Decode reads what Encode wrote; malformed input is 22P03.
func Decode(b []byte) (Node, error) { return codec.Unmarshal[Node](b) }

// Walk calls f for n and all below it, parents first.
func Walk(n Node, f func(Node)) {
	f(n)
	for _, in := range n.Inputs() {
		Walk(in, f)
	}
}
