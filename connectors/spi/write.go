package spi

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Writer commits the fragments of one attempt per task, once. Every method is
// idempotent by the session's query id; an outcome that cannot be known is 40003.
type Writer interface {
	// Begin prepares a write on the coordinator. A CTAS makes the table at Commit.
	Begin(ctx context.Context, s *Session, w Write) (Target, error)
	// Sink writes pages of one driver of one task attempt; on workers.
	Sink(ctx context.Context, s *Session, t Target, id SinkID, env OpenEnv) (PageSink, error)
	// Commit makes the rows of these fragments visible at once.
	Commit(ctx context.Context, s *Session, t Target, fragments [][]byte) error
	// Abort leaves no trace of the write, whatever its attempts did.
	Abort(ctx context.Context, s *Session, t Target) error
}

// WriteKind says what is written.
type WriteKind uint8

// The kinds of writes. Rows of WriteUpdate are the row id followed by the new
// values of Columns; rows of WriteDelete are the row id alone.
const (
	WriteInsert WriteKind = iota
	WriteCreate           // CREATE TABLE AS
	WriteUpdate
	WriteDelete
)

// Write describes a write. Columns are indexes into Table.Columns that the
// written pages carry, in page order.
type Write struct {
	Kind     WriteKind
	Table    *Table
	Snapshot Snapshot // what the statement read, for conflict checks
	Columns  []int
	Replace  bool              // CREATE OR REPLACE
	IfAbsent bool              // IF NOT EXISTS
	Options  map[string]string // WITH (…)
	Location string            // COPY … TO 'path'
}

// Target is a write in progress: plain data, sent to workers.
type Target struct {
	Catalog string
	Version uint64
	Table   Name
	Kind    WriteKind
	Types   []types.Type // of the pages that sinks get
	Node    string       // when set, all sinks run there
	Single  bool         // one sink only
	Detail  string       // EXPLAIN: how it is made atomic
	Private []byte
}

// SinkID names one driver of one attempt of a task.
type SinkID struct {
	Task    string
	Driver  int
	Attempt int
}

// PageSink receives pages on one goroutine.
type PageSink interface {
	// Put takes ownership of p.
	Put(ctx context.Context, p *page.Page) error
	// Finish returns the fragment that Commit needs; Close follows.
	Finish(ctx context.Context) (fragment []byte, err error)
	// Close without Finish abandons what was written; always called.
	Close() error
}

// DDL changes definitions. Each call is atomic.
type DDL interface {
	CreateSchema(ctx context.Context, s *Session, schema string, ifAbsent IfAbsent) error
	DropSchema(ctx context.Context, s *Session, schema string, d Drop) error
	CreateTable(ctx context.Context, s *Session, t *Table, ifAbsent IfAbsent, options map[string]string) error
	DropTable(ctx context.Context, s *Session, n Name, d Drop) error
	CreateView(ctx context.Context, s *Session, t *Table, replace Replace) error
	DropView(ctx context.Context, s *Session, n Name, d Drop) error
	Truncate(ctx context.Context, s *Session, n Name) error
	Rename(ctx context.Context, s *Session, n, to Name) error
	AlterTable(ctx context.Context, s *Session, n Name, change TableChange) error
}

// IfAbsent says whether an existing object is no error.
type IfAbsent bool

// Replace says whether an existing object is replaced.
type Replace bool

// Drop says what dropping tolerates and takes along.
type Drop struct{ IfExists, Cascade bool }

// TableChange is one change of a table's columns; exactly one field is set.
type TableChange struct {
	Add    *Column
	Drop   string
	Rename [2]string
}

// TableFunction is a table-valued function of a connector, as read_parquet.
type TableFunction struct {
	Name string
	Doc  string
	// Bind describes the table that a call gives; Scan.Private carries what it needs.
	Bind func(ctx context.Context, s *Session, args []Arg) (*Table, error)
}

// Arg is a constant argument, named or positional (empty Name).
type Arg struct {
	Name string
	Typ  types.Type
	Val  types.Value
}

// Procedure is something to CALL.
type Procedure struct {
	Schema, Name string
	Doc          string
	Call         func(ctx context.Context, s *Session, args []Arg) (string, error)
}

// Diagnose checks a source step by step, for `muster catalog test`.
type Diagnose interface {
	Diagnose(ctx context.Context) []Check
}

// Check is the outcome of one step.
type Check struct {
	Step string
	Err  error
	Note string
}
