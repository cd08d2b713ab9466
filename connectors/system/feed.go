package system

import (
	"time"

	"github.com/muster-sql/muster/connectors/spi"
)

// Feed is what the engine tells of itself. Each call is a copy of the moment;
// it is safe for concurrent use.
type Feed interface {
	Queries() []Query
	Tasks() []Task
	Nodes() []Node
	Catalogs() []Catalog
	Functions() []Function
	Settings(s *spi.Session) []Setting
}

// Query is a running or remembered query. Times that are zero have not come.
type Query struct {
	ID, User, Catalog, State, Text string
	Rows                           int64 // sent to the client
	RowsRead                       int64 // from sources
	Created, Started, Ended        time.Time
	MemoryBytes, MemoryPeakBytes   int64
	SplitsTotal, SplitsDone        int64
	SplitsKnown                    bool // SplitsTotal will not grow
	ErrorCode, Error               string
}

// Task is the current attempt of one task of a running query.
type Task struct {
	Query, ID, Node, State    string
	Stage, Attempt            int
	Splits, SplitsDone        int64
	RowsRead                  int64 // from sources
	MemoryBytes, SpilledBytes int64
}

// Node is a member of the cluster.
type Node struct {
	ID, Address, Version         string
	Coordinator, Draining        bool
	Threads, Tasks               int
	MemoryBytes, MemoryUsedBytes int64
	Started                      time.Time
}

// Catalog is an attached catalog.
type Catalog struct {
	Name, Kind string
	Version    uint64
}

// Function is one overload of a function.
type Function struct {
	Name, Kind, Family, Arguments, Result, Summary, Example string
}

// Setting is a setting of sessions with its value in the asking one.
type Setting struct {
	Name, Value, Default, Kind, Doc string
}
