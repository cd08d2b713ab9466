// Package exec owns the life of a task: one attempt of one fragment on this
// node, from its pipelines and drivers to its output. The worker starts tasks
// and feeds them splits. It knows no coordinator, no parser and no transport.
package exec

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/exchange"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/operator"
	"github.com/muster-sql/muster/exec/plan"
)

// Spec describes one task attempt.
type Spec struct {
	ID      string // query.stage.index
	Attempt int
	// Number is unique among the task attempts of a query: AssignID and random() start from it.
	Number  uint64
	Root    plan.Node
	Session *spi.Session
	Drivers int
	// Output is complete but for Schema, Drivers and Pool, which Start fills in.
	Output exchange.Options
	// Await names the dynamic filters of other stages that scans wait for.
	Await []string
	// Inputs are the producers that each Remote node reads.
	Inputs map[plan.StageID][]exchange.Producer
}

// Env is what a node lends its tasks.
type Env struct {
	Pool  *mempool.Pool  // of the query on this node
	Spill *mempool.Spill // of the query on this node
	// Slots are the CPU slots of the node, shared by all tasks (D15).
	Slots     *operator.Slots
	Connector func(ctx context.Context, catalog string, version uint64) (spi.Connector, error)
	// Dial reads a producer as the consumer that this task attempt is.
	Dial func(ctx context.Context, p exchange.Producer, schema []types.Type, pool page.Pool) (exchange.Source, error)
}

// Filter is a dynamic filter that this task has published.
type Filter struct {
	Name string
	Set  domain.Set
}

// NodeStats are the counters of a plan node, summed over drivers.
type NodeStats struct {
	Node plan.NodeID
	operator.Stats
	Scan spi.ScanStats
}

// Status is a report of a task; Version grows with each change that matters:
// filters published, output state, end.
type Status struct {
	Version uint64
	Done    bool  // every driver has ended and the output is committed or failed
	Err     error // why it failed, nil while running and after success
	Output  exchange.State
	Filters []Filter
	Queued  map[plan.NodeID]int
	Nodes   []NodeStats
	Memory  int64
	Peak    int64
	Spilled int64
}

// Running is what the worker asks of a started task; *Task implements it:
// func Start(ctx context.Context, spec Spec, env Env) (*Task, error).
type Running interface {
	// AddSplits hands splits to a scan; last says that no more come.
	AddSplits(scan plan.NodeID, splits []spi.Split, last bool) error
	// SetOutput decides a late-bound output.
	SetOutput(o exchange.Output) error
	// SetFilter delivers a dynamic filter that is complete.
	SetFilter(f Filter)
	// Open gives a partition of the output to a consumer.
	Open(ctx context.Context, partition int, c exchange.Consumer) (*exchange.Stream, error)
	// Status returns when there is something newer than version, or when ctx
	// ends: then what there is, without error.
	Status(ctx context.Context, newerThan uint64) (Status, error)
	// Cancel ends the task; the first cause wins. After success it does nothing.
	Cancel(cause error)
	// Wait returns after the last goroutine has ended and every page but the
	// output's is released, with the error of the task.
	Wait() error
	// Discard frees the output. Idempotent.
	Discard()
}
