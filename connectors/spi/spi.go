// Package spi owns what a connector is: the contract between the engine and
// every external system, in plain data and small interfaces. Connectors
// implement it; catalog, planner and exec call it. It is the lowest layer and
// knows nothing of the engine. It is stable for outsiders.
package spi

import (
	"context"
	"time"

	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Connector reaches one external system; it is safe for concurrent use.
type Connector interface {
	Metadata
	// Snapshot fixes what a statement or transaction reads of these tables;
	// prev (or the zero Snapshot) is extended. The result is opaque, serializable
	// and leased; Release ends it.
	Snapshot(ctx context.Context, s *Session, prev Snapshot, tables []Name) (Snapshot, error)
	// Release ends a snapshot; the zero Snapshot and one released before are no error.
	Release(ctx context.Context, snap Snapshot) error
	// Splits enumerates the units of work of one scan; live narrows them while the query runs.
	Splits(ctx context.Context, s *Session, scan Scan, live LiveFilter) (SplitSource, error)
	// Open reads one split; it runs on workers.
	Open(ctx context.Context, s *Session, scan Scan, split Split, env OpenEnv) (PageSource, error)
	// Caps is asked once, at catalog load; a nil field means "cannot".
	Caps() Caps
	// Close gives up connections and memory; no other call may follow.
	Close() error
}

// Metadata answers in bulk; an unknown table is a nil entry, not an error.
type Metadata interface {
	// Schemas lists the schemas that s may see.
	Schemas(ctx context.Context, s *Session) ([]string, error)
	// Tables lists the tables and views of a schema.
	Tables(ctx context.Context, s *Session, schema string) ([]Name, error)
	// Find describes tables as of snap (the zero Snapshot: now). The result has
	// one entry a name, nil where there is none. Names match exactly first, then
	// the one match without case.
	Find(ctx context.Context, s *Session, snap Snapshot, names []Name) ([]*Table, error)
}

// Name is a table within a catalog.
type Name struct{ Schema, Table string }

// String prints schema.table.
func (n Name) String() string { return n.Schema + "." + n.Table }

// Table describes one table or view.
type Table struct {
	Name        Name
	Columns     []Column
	Kind        TableKind
	View        string  // SQL text, for a view
	PrimaryKey  []int   // column indexes
	Unique      [][]int // further unique keys
	Ordering    []SortKey
	Comment     string
	DefaultPath []string // search path of a view's text
	Private     []byte
}

// TableKind tells tables from views.
type TableKind uint8

// The kinds of tables.
const (
	BaseTable TableKind = iota
	View
	SystemTable
)

// Column describes a column. Hidden ones are not in SELECT *. RowID marks the
// column that UPDATE and DELETE hand back to a Writer.
type Column struct {
	Name     string
	Type     types.Type
	NotNull  bool
	Hidden   bool
	RowID    bool
	Default  string // SQL text, empty: NULL
	Identity bool
	Comment  string
}

// SortKey is an ordering of one column of a table.
type SortKey struct {
	Column     int
	Desc       bool
	NullsFirst bool
}

// Scan is a table scan with everything that the source takes over. It is plain
// data and travels to workers as is. Columns lists the output columns; while
// nothing but filter, projection and limit were taken, each is a column of the
// table by index; after an aggregate or join they are described by Output.
type Scan struct {
	Catalog  string
	Version  uint64 // of the catalog's definition
	Identity string // whose credentials and view of the table
	Table    Name
	Snapshot Snapshot
	Columns  []int        // table column of each output column; -1: see Output
	Output   []OutputCol  // name and type of each output column
	Filter   expr.Expr    // over Output; what Superset outcomes leave to check again, and what the source may use to prune; nil: none
	Domain   domain.Tuple // by table column: implied by the filters; pruning only
	Limit    int64        // per split; -1: none
	OneSplit bool         // Splits must give exactly one
	Lookup   []int        // output columns that keys of a bind join equal; nil: a plain scan
	Detail   string       // the remote statement or what EXPLAIN prints
	Private  []byte       // the connector's own
}

// OutputCol describes an output column of a scan.
type OutputCol struct {
	Name string
	Type types.Type
}

// Types returns the types of the scan's output columns.
func (s *Scan) Types() []types.Type {
	out := make([]types.Type, len(s.Output))
	for i, c := range s.Output {
		out[i] = c.Type
	}
	return out
}

// Split is a unit of work: plain data, sent to the worker that opens it.
type Split struct {
	ID      string   // unique within the scan, stable when the snapshot is
	Node    string   // when set, only this node may read it
	Hosts   []string // where it is near
	Rows    int64    // estimate, 0 unknown
	Bytes   int64    // estimate, 0 unknown
	Detail  string   // what EXPLAIN ANALYZE VERBOSE and errors print
	Private []byte
}

// SplitSource hands out the splits of a scan. One goroutine uses it.
type SplitSource interface {
	// Next returns up to n splits; io.EOF with or after the last ones ends.
	Next(ctx context.Context, n int) ([]Split, error)
	Close() error
}

// SnapshotKind says how long a snapshot lives and who can share it (D11).
type SnapshotKind uint8

// The kinds of snapshots.
const (
	SnapshotNone    SnapshotKind = iota // the source has none
	SnapshotDurable                     // outlives its holder: ids, offsets, etags
	SnapshotHeld                        // an open transaction of the coordinator
	SnapshotPinned                      // connections of one node
)

// Snapshot fixes what is read. The zero Snapshot means "now, unfixed".
type Snapshot struct {
	ID      string // what the query log prints
	Kind    SnapshotKind
	Node    string // of a pinned one
	Private []byte
}

// Caps are the abilities of a connector beyond reading; it grows by fields.
type Caps struct {
	Push       Pusher
	Stats      Statistics
	Lookup     Lookup
	Write      Writer
	DDL        DDL
	Functions  []TableFunction
	Procedures []Procedure
	Diagnose   Diagnose
	// Local says that the data lives in the coordinator's process, so that all
	// splits are pinned to it.
	Local bool
}

// Pusher is offered one operator above the scan. What it takes moves into the
// returned Scan, which lists its output columns; an Outcome for every part
// says Exact, PerSplit, Superset or No, and why. A scan of several splits takes
// an aggregate, top-N or limit PerSplit only; Exact needs Scan.OneSplit. They
// are offered only above parts taken exactly.
type Pusher interface {
	Push(ctx context.Context, s *Session, scan Scan, op Op) (Scan, []Outcome, error)
}

// Taken says how much of a part the source took.
type Taken uint8

// What a source may answer.
const (
	No       Taken = iota // the engine does it
	Exact                 // done by the source, the engine drops it
	PerSplit              // done within each split, the engine does the final step
	Superset              // the source narrows, the engine checks again
)

// Reason is a code for why something was not taken exactly.
type Reason string

// The reasons.
const (
	ReasonNone       Reason = ""
	ReasonType       Reason = "type"
	ReasonFunction   Reason = "function"
	ReasonCollation  Reason = "collation"
	ReasonCapability Reason = "capability"
	ReasonSetting    Reason = "setting"
	ReasonCost       Reason = "cost"
)

// Outcome answers for one part of an offered operator; Part indexes op.Parts().
type Outcome struct {
	Part   int
	Taken  Taken
	Reason Reason
	Note   string // a sentence for EXPLAIN (PUSHDOWN)
}

// Statistics estimates a table under a snapshot; nil fields are unknown.
type Statistics interface {
	Stats(ctx context.Context, s *Session, snap Snapshot, table *Table) (*TableStats, error)
}

// TableStats are estimates (exact only where Exact says so).
type TableStats struct {
	Rows    float64 // < 0 unknown
	Exact   bool
	Columns []ColumnStats // by table column; may be nil
}

// ColumnStats are estimates of one column.
type ColumnStats struct {
	Distinct  float64 // < 0 or 0 unknown
	NullFrac  float64 // < 0 unknown
	WidthMean float64 // bytes, 0 unknown
	Min, Max  *types.Value
}

// Lookup reads the rows whose keys equal one of keys (bind join): distinct,
// never null, borrowed until Close; Scan.Lookup names their columns.
type Lookup interface {
	// CanLookup reports whether the output columns cols of scan can be the keys.
	CanLookup(scan Scan, cols []int) bool
	Lookup(ctx context.Context, s *Session, scan Scan, keys *page.Page, env OpenEnv) (PageSource, error)
}

// PageSource reads pages. One goroutine uses it; Stats may be called by another.
type PageSource interface {
	// Next returns a non-empty page owned by the caller; io.EOF ends.
	Next(ctx context.Context) (*page.Page, error)
	Stats() ScanStats
	Close() error // always called, also after errors
}

// ScanStats counts what a source did.
type ScanStats struct {
	BytesRead     int64
	RowsRead      int64 // decoded, before filters
	RowsPruned    int64 // skipped without decoding
	GroupsRead    int64 // row groups, blocks, remote batches
	GroupsPruned  int64
	PagesPruned   int64
	Requests      int64 // remote statements or ranged reads
	DecodeNanos   int64
	BlockedNanos  int64
	FilteredByDyn int64 // rows dropped by dynamic filters
}

// Add sums o into s.
func (s *ScanStats) Add(o ScanStats) {
	s.BytesRead += o.BytesRead
	s.RowsRead += o.RowsRead
	s.RowsPruned += o.RowsPruned
	s.GroupsRead += o.GroupsRead
	s.GroupsPruned += o.GroupsPruned
	s.PagesPruned += o.PagesPruned
	s.Requests += o.Requests
	s.DecodeNanos += o.DecodeNanos
	s.BlockedNanos += o.BlockedNanos
	s.FilteredByDyn += o.FilteredByDyn
}

// OpenEnv is what the engine lends a scan. Filter is the engine's evaluator of
// Scan.Filter over the scan's output page (nil: none): a connector that ran it
// sets Page.Filtered, and the scan operator evaluates every other page. Live
// (dynamic filters, top-N bounds; by table column) only narrows; it may be nil.
type OpenEnv struct {
	Pool   page.Pool
	Filter Predicate
	Live   LiveFilter
	Report func(Progress)
}

// Predicate narrows a page's selection to the rows that pass.
type Predicate interface {
	// Columns lists the output columns it reads, ascending: decode them first.
	Columns() []int
	// Eval narrows p.Sel. Columns that it does not read may be lazy or unset (nil).
	Eval(p *page.Page) error
}

// LiveFilter is a filter that narrows while the query runs: dynamic filters of
// joins and bounds of top-N. Safe for concurrent use. It is published when all
// build tasks are complete.
type LiveFilter interface {
	// Current returns the filter by table column and its version; version 0: nothing yet.
	Current() (domain.Tuple, uint64)
	// Wait returns when there is a version newer than newerThan, when none can
	// come any more, or when ctx ends; true if there is a newer one.
	Wait(ctx context.Context, newerThan uint64) bool
}

// Progress reports the share of a split that is done.
type Progress struct {
	Rows, Bytes int64
}

// Session is values only: serializable, immutable for one query.
type Session struct {
	QueryID, User, Catalog, Schema, Zone, Dialect string
	Roles, SearchPath                             []string
	Start, Deadline                               time.Time // now() for the whole query
	Seed                                          uint64
	Format                                        types.Format      // date and interval style, bytea_output, extra_float_digits: they change casts
	Settings                                      map[string]string // typed descriptors validate when set; connectors add theirs
	Trace                                         []byte
}

// Setting describes an option of a connector, session or server.
type Setting struct {
	Name    string
	Kind    SettingKind
	Default string
	Doc     string
	Secret  bool
	Enum    []string
}

// SettingKind is the type of a setting's value.
type SettingKind uint8

// The kinds of settings.
const (
	SettingString SettingKind = iota
	SettingBool
	SettingInt
	SettingFloat
	SettingBytes
	SettingDuration
	SettingEnum
)
