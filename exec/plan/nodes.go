package plan

import (
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// SortKey orders by an output column of the input.
type SortKey struct {
	Col        int
	Desc       bool
	NullsFirst bool
}

// Scan reads the splits of a table. Source.Filter is checked by the scan
// operator where the connector did not. Dyn are the dynamic filters it obeys.
type Scan struct {
	Head
	Source spi.Scan
	Dyn    []DynUse
	// Pinned says that all splits belong to the coordinator's own worker.
	Pinned bool
}

// DynUse applies the dynamic filter Filter to a column of a scan.
type DynUse struct {
	Filter string
	Col    int // output column of the scan
	Table  int // table column, for pruning; -1 none
}

// Values gives constant rows.
type Values struct {
	Head
	Rows [][]types.Value
}

// Filter keeps the rows for which Pred is true.
type Filter struct {
	Head
	In   Node
	Pred expr.Expr
}

// Project computes columns.
type Project struct {
	Head
	In    Node
	Exprs []expr.Expr
}

// Limit passes N rows after Offset; N < 0 is no limit. Partial ones run in
// every task below the one that is final. WithTies needs sorted input and Keys.
type Limit struct {
	Head
	In        Node
	N, Offset int64
	Partial   bool
	WithTies  bool
	Keys      []SortKey
}

// Sort orders; with N >= 0 it is a top-N: the first N rows after Offset.
type Sort struct {
	Head
	In        Node
	Keys      []SortKey
	N, Offset int64 // N < 0: all
	Partial   bool
}

// AggStep says which half of an aggregation a node is.
type AggStep uint8

// The steps. Partial gives groups and state columns; Final takes those; Single does all.
const (
	AggSingle AggStep = iota
	AggPartial
	AggFinal
)

// Aggregate groups by columns and computes calls. Output: the groups, then one
// column a call (Partial: its state columns). No groups: one row, also of empty
// input (Partial may give none). Sets, when not nil, are grouping sets over
// positions of Groups; then a bigint column with the set's number follows the groups.
type Aggregate struct {
	Head
	In     Node
	Step   AggStep
	Groups []int
	Sets   [][]int
	Calls  []AggCall
}

// AggCall is an aggregate over columns of the input. In a Final step Args are
// the state columns.
type AggCall struct {
	Fn       string
	Sig      string
	Args     []int
	ArgTypes []types.Type // of the original arguments, also in a Final step
	Distinct bool
	Filter   int // boolean column, -1 none
	Order    []SortKey
	Typ      types.Type
}

// JoinKind is the kind of a join; the left input probes, the right one is built.
type JoinKind uint8

// The kinds. Semi and Anti give left columns; Mark gives left columns and a
// boolean that is NULL as SQL's IN has it when NullAware. Anti with NullAware
// is NOT IN: nothing passes when the right side has a NULL. RightSemi and
// RightAnti give the right columns of the build rows that some left row
// matches, or none does: Semi and Anti with the sides exchanged.
const (
	Inner JoinKind = iota
	Left
	Right
	Full
	Semi
	Anti
	Mark
	RightSemi
	RightAnti
)

// JoinDist says where the rows of a join meet.
type JoinDist uint8

// The distributions. Late is bound when the build side's real size is known.
const (
	DistLocal       JoinDist = iota // both inputs are in the task already
	DistBroadcast                   // the build side goes to every probe task
	DistPartitioned                 // both sides are hashed by the keys
	DistLate                        // decided at run time among the others and Bind
	DistBind                        // the build side's keys are looked up in the probe's source
)

// Join matches rows by equal keys and Residual. Without keys it is a nested
// loop over the materialised right side. Output: left columns, then right ones
// (Semi, Anti: left only; Mark: left and the mark; RightSemi, RightAnti: right only).
type Join struct {
	Head
	Kind        JoinKind
	L, R        Node
	LKeys       []int
	RKeys       []int
	NullSafe    []bool    // per key: NULLs are equal (IS NOT DISTINCT FROM); nil: none
	Residual    expr.Expr // over left ++ right columns; nil none
	NullAware   bool
	Dist        JoinDist
	Dyn         []DynFilter // published by the build side
	Bind        *Bind       // the alternative DistBind, nil when it cannot be
	BroadcastOK bool        // DistLate may choose broadcast (not for Right and Full)
}

// DynFilter publishes the values of build key Key under Filter's name.
type DynFilter struct {
	Filter string
	Key    int // index into RKeys
}

// Bind describes how a join can look the build side's keys up in the source of
// its left input, which is then a chain of Filter and Project over a Scan.
type Bind struct {
	Scan     NodeID // the scan within L
	KeyCols  []int  // output columns of the scan, one for each of RKeys[Keys[i]]
	Keys     []int  // which join keys
	RowsMax  int64  // above it a scan is cheaper
	BatchMax int    // keys a request
}

// LookupJoin reads, for batches of input rows, the matching rows of a source.
// Output: the source's columns, then the input's (as the Join it stands for has
// the probed side on the left). Kinds Inner, Semi (source columns only) and
// Right (every input row at least once).
type LookupJoin struct {
	Head
	Kind     JoinKind
	In       Node
	Source   spi.Scan
	Chain    []Node // Filter and Project nodes to run over looked-up rows, lowest first, their In nil
	InKeys   []int  // key columns of the input; the first len(ScanKeys) are looked up, the rest compared
	SrcKeys  []int  // key columns after the chain, one for each of InKeys
	ScanKeys []int  // key columns of the scan's output
	Residual expr.Expr
	BatchMax int
}

// Union passes the rows of all inputs.
type Union struct {
	Head
	In []Node
}

// Unnest expands list columns of each row side by side, NULL-padded. Output:
// Keep columns of the input, the elements, then an ordinality if asked for.
type Unnest struct {
	Head
	In         Node
	Keep       []int
	Lists      []int
	Ordinality bool
	Outer      bool // a row whose lists are empty is kept
}

// SingleRow fails with 21000 on a second row and gives a row of NULLs for none.
type SingleRow struct {
	Head
	In Node
}

// ExchangeKind says how rows move between stages.
type ExchangeKind uint8

// The kinds of exchanges.
const (
	Gather ExchangeKind = iota
	Hash
	Broadcast
	RoundRobin
	LateBound // decided by SetOutput while the producer runs
)

// Exchange moves rows between stages; fragment.Cut removes it.
type Exchange struct {
	Head
	In    Node
	Kind  ExchangeKind
	Cols  []int     // Hash
	Merge []SortKey // Gather of sorted inputs keeps the order
}

// Remote reads the output of another stage.
type Remote struct {
	Head
	Stage StageID
	Merge []SortKey
}

// StageID names a stage of a query.
type StageID int32

// Write puts its input into a target. Output: rows bigint, fragment bytea, one
// row a driver.
type Write struct {
	Head
	In     Node
	Target spi.Target
}

// AssignID adds a bigint column that is unique within the query.
type AssignID struct {
	Head
	In Node
}

// Series gives the rows of generate_series over constants of type bigint,
// numeric or timestamp: Start, Stop, Step.
type Series struct {
	Head
	Args []types.Value
}
