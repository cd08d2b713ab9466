// Package rpc owns the only contract between coordinator and workers: the
// Tasks interface with its messages, and its gRPC transport. The worker serves
// it, the coordinator calls it, tasks dial each other's output through it. It
// knows neither of them.
package rpc

import (
	"context"
	"fmt"
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/exec/exchange"
	"github.com/muster-sql/muster/exec/plan"
)

// TaskID names a task of a query and one attempt of it.
type TaskID struct {
	Query   string
	Stage   plan.StageID
	Index   int // within its stage; also the partition it reads of its inputs
	Attempt int
}

// Name is the task without its attempt: what exchanges know it by.
func (t TaskID) Name() string { return fmt.Sprintf("%s.%d.%d", t.Query, t.Stage, t.Index) }

// String prints the attempt too.
func (t TaskID) String() string { return fmt.Sprintf("%s~%d", t.Name(), t.Attempt) }

// Create describes one task attempt.
type Create struct {
	Task    TaskID
	Session spi.Session
	Plan    []byte // plan.Encode of the stage's root
	Output  exchange.Output
	Retain  bool // keep the output for further attempts of its consumers
	// Inputs lists, for each stage that a Remote node reads, its producers; the
	// task reads partition Task.Index of each (partition 0 of broadcast copies by index).
	Inputs   map[plan.StageID][]exchange.Producer
	Catalogs []Catalog
	Drivers  int
	// Local asks for pages to be handed over without frames: same process, no attempts.
	Local bool
	// Await names the dynamic filters of other stages that are on their way: scans
	// wait a moment for them before the first row.
	Await []string
	// Coordinator is the rpc address that leases the task.
	Coordinator string
}

// Catalog is a definition that a worker loads on first use; secrets are references.
type Catalog struct {
	Name    string
	Version uint64
	Kind    string
	Config  map[string]string
}

// State is where a task attempt is in its life.
type State uint8

// The states. A Finished task has committed its output, which lives until Discard.
const (
	Running State = iota
	Finished
	Failed
)

// Status is a report of a task attempt; Version grows with each change.
type Status struct {
	Version uint64
	State   State
	Err     *sqlerr.Error
	Lost    []exchange.Producer // inputs that could not be read: the scheduler decides
	Output  exchange.State
	Filters []Filter
	Queued  map[plan.NodeID]int // splits not taken by a driver yet
	Nodes   []NodeStats
	Memory  int64
	Peak    int64
	Spilled int64
}

// Filter is a dynamic filter: the values that a build side has, by the filter's name.
type Filter struct {
	Name string
	Set  domain.Set
}

// NodeStats are the counters of a plan node within a task, summed over drivers.
type NodeStats struct {
	Node         plan.NodeID
	RowsIn       int64
	RowsOut      int64
	PagesOut     int64
	WallNanos    int64
	BlockedNanos int64
	MemoryPeak   int64
	SpilledBytes int64
	Scan         spi.ScanStats
	Extra        map[string]int64
}

// Tasks is what a worker does for a coordinator. Calls are idempotent: the
// transport may repeat them.
type Tasks interface {
	Create(ctx context.Context, c *Create) error
	// AddSplits hands splits to a scan; seq counts calls from 0 so that repeats are dropped.
	AddSplits(ctx context.Context, a *AddSplits) error
	// SetOutput decides a late-bound output.
	SetOutput(ctx context.Context, id TaskID, o exchange.Output) error
	// SetFilters delivers complete dynamic filters.
	SetFilters(ctx context.Context, id TaskID, filters []Filter) error
	// Status returns when there is something newer than version, or after a while.
	Status(ctx context.Context, id TaskID, newerThan uint64) (*Status, error)
	// Cancel ends a task; its output fails. Unknown tasks are no error.
	Cancel(ctx context.Context, id TaskID, cause *sqlerr.Error) error
	// Discard ends a task, frees its output and forgets it.
	Discard(ctx context.Context, id TaskID) error
	// Renew keeps the tasks of these queries alive for another lease.
	Renew(ctx context.Context, r *Renew) (*Info, error)
	// Open reads a partition of a task's output.
	Open(ctx context.Context, p exchange.Producer, c exchange.Consumer) (FrameStream, error)
}

// AddSplits are splits for a scan of a task.
type AddSplits struct {
	Task   TaskID
	Node   plan.NodeID
	Seq    int
	Splits []spi.Split
	Last   bool
}

// Renew is a heartbeat of a coordinator.
type Renew struct {
	Coordinator string
	Queries     []string
	Lease       time.Duration
}

// Info describes a node.
type Info struct {
	ID       string
	Addr     string // rpc
	Version  string
	Threads  int
	Memory   int64 // budget, bytes
	Used     int64
	Tasks    int
	Draining bool
	Started  time.Time
}

// FrameStream gives the frames of one partition; io.EOF ends. Closing it
// before the end says that no more is needed; a stream whose ctx ends without
// Close is abandoned, and another attempt may come.
type FrameStream interface {
	Frame(ctx context.Context) (Frame, error)
	Close() error
}

// Frame is encoded by exchange.EncodeFrame; Release gives it back.
type Frame interface {
	Bytes() []byte
	Release()
}

// Cluster is what a coordinator does for workers.
type Cluster interface {
	// Announce says that a worker is there; it is repeated about every second.
	Announce(ctx context.Context, i *Info) error
}
