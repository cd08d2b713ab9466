// Package fragment cuts a physical plan at its exchanges into stages. The
// planner calls it first, the scheduler again each time a late-bound join has
// been decided. It knows no nodes, tasks or network.
package fragment

import (
	"github.com/muster-sql/muster/exec/plan"
)

// Stage is a fragment that runs as one task or several.
type Stage struct {
	ID    plan.StageID
	Root  plan.Node // its leaves are Scan, Values, Series and Remote
	Width Width
	// Output is what the consumer stage needs; for the root stage Gather. Hash
	// columns are output columns of Root. The number of partitions is the number
	// of tasks of the consumer, which the scheduler knows.
	Output     plan.ExchangeKind
	OutputCols []int
	// Join is the late-bound join whose build side this stage is, 0 none. While
	// it is undecided Output is LateBound.
	Join   plan.NodeID
	Inputs []plan.StageID
	// Consumer reads the output; 0 for the root stage and while undecided.
	Consumer plan.StageID
}

// Width says how many tasks a stage has.
type Width uint8

// The widths.
const (
	Source Width = iota // one a node, fed with splits
	Hashed              // one a node, fed with partitions
	Single              // one
	Pinned              // one, on the coordinator's own worker
)

// Stages is the result of a cut: producers before consumers, the root last when
// nothing is undecided.
type Stages struct {
	Stages    []Stage
	Root      plan.StageID // 0 while something is undecided
	Undecided []Late
}

// Late is a join that waits for the size of its build side.
type Late struct {
	Join        plan.NodeID
	Build       plan.StageID // whose State decides
	BroadcastOK bool
	Bind        *plan.Bind // nil: no bind join
}
