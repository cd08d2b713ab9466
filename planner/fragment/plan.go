package fragment

import (
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/planner/logical"
)

// Plan is a planned statement: what Cut takes apart and what the client is told.
type Plan struct {
	Root    plan.Node
	Columns []plan.Column // of the client's rows
	Nodes   int           // it was planned for
	// Write is the write of an INSERT, UPDATE, DELETE or CREATE TABLE AS; nil for
	// a query. Root then gives rows and fragments for its commit.
	Write *Write
	// Logical is the optimized tree and Rules what rewrote it, for EXPLAIN.
	Logical logical.Node
	Rules   []RuleTrace
}

// Write is what the coordinator begins before, and commits after, a plan runs.
type Write struct {
	Conn    spi.Connector
	Catalog string
	Version uint64
	Spec    spi.Write
	Node    plan.NodeID // of the plan.Write
	Tag     string      // "INSERT 0", "UPDATE", "DELETE", "SELECT": the command tag before the count
}

// RuleTrace counts what a rule did, for EXPLAIN (RULES).
type RuleTrace struct {
	Phase, Rule string
	Fired       int
	Nanos       int64
}

// WithTarget returns the plan with the target that Writer.Begin gave: one that
// has a single sink, or is bound to a node, gets all rows in one task.
func (p *Plan) WithTarget(t spi.Target) *Plan {
	out := *p
	out.Root = withTarget(p.Root, t, p.Nodes)
	return &out
}

func withTarget(n plan.Node, t spi.Target, nodes int) plan.Node {
	w, ok := n.(*plan.Write)
	if !ok {
		in := n.Inputs()
		if len(in) != 1 {
			return n
		}
		return n.WithInputs([]plan.Node{withTarget(in[0], t, nodes)})
	}
	c := *w
	c.Target = t
	if nodes > 1 && (t.Single || t.Node != "") && !oneTask(w.In) {
		h := plan.Head{Node: -w.ID(), Out: w.In.(interface{ Columns() []plan.Column }).Columns(), RowsEst: w.In.(interface{ Estimate() float64 }).Estimate()}
		c.In = &plan.Exchange{Head: h, In: w.In, Kind: plan.Gather}
	}
	return &c
}

// oneTask reports whether the rows of n are in one task already.
func oneTask(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Exchange:
		return n.Kind == plan.Gather
	case *plan.Scan:
		return n.Pinned
	}
	in := n.Inputs()
	if len(in) == 0 {
		return true
	}
	for _, c := range in {
		if !oneTask(c) {
			return false
		}
	}
	return true
}
