package logical

import (
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Scan reads a table with what has been pushed into Source. Expressions inside
// Source are positions in Source.Output, to which Cols are parallel.
type Scan struct {
	Source   spi.Scan
	Cols     []Col
	Table    *spi.Table
	Conn     spi.Connector
	Alias    string   // as named in the statement, for printing
	Pushed   []Pushed // what was offered to the source, oldest first
	Reduced  bool     // an aggregate, limit or top-N was taken: nothing below may be assumed of its rows
	Grouped  bool     // an aggregate was taken
	KeepAll  bool     // the pages must hold every column (a write reads them by position)
	RowGuess float64  // 0: ask statistics; else rows that the analyzer knows of
}

// Pushed is one offer to a connector with its answer, for EXPLAIN (PUSHDOWN).
type Pushed struct {
	What    string // "filter", "projection", "limit", "top-N", "aggregate"
	Part    string // the part as SQL
	Outcome spi.Outcome
}

// Values gives rows of expressions without columns.
type Values struct {
	Cols []Col
	Rows [][]expr.Expr
}

// Filter keeps the rows for which Pred is true.
type Filter struct {
	In   Node
	Pred expr.Expr
}

// Item is an output column of a Project; one that passes an input column on is
// a Column expression of the same id.
type Item struct {
	Col  Col
	Expr expr.Expr
}

// Passes reports whether the item hands an input column on.
func (it Item) Passes() bool {
	c, ok := it.Expr.(*expr.Column)
	return ok && c.Index == it.Col.ID
}

// Project computes columns.
type Project struct {
	In    Node
	Items []Item
}

// Group is a grouping column. Col has the id of the input column, or, under
// grouping sets, where it is NULL in some rows, one of its own.
type Group struct {
	In  int
	Col Col
}

// Order is an ORDER BY item of an aggregate or window call.
type Order struct {
	Expr       expr.Expr
	Desc       bool
	NullsFirst bool
}

// Call is an aggregate (or window) call over expressions of the input.
type Call struct {
	Col      Col
	Fn, Sig  string
	Args     []expr.Expr
	Distinct bool
	Filter   expr.Expr // nil: none
	Order    []Order
	// Splits says that it may be computed in partial and final steps.
	Splits bool
}

// Aggregate groups. Output: the groups, the set number if there are Sets, the
// calls. Without groups and sets it gives one row, also of empty input. Sets
// list positions of Groups; SetCol then holds the number of the row's set.
type Aggregate struct {
	In     Node
	Groups []Group
	Sets   [][]int
	SetCol Col
	Calls  []Call
}

// JoinKind is the kind of a join.
type JoinKind uint8

// The joins. A cross join is Inner without a condition. Semi and Anti give left
// columns, Mark left columns and the mark.
const (
	Inner JoinKind = iota
	Left
	Right
	Full
	Semi
	Anti
	Mark
)

// Join matches rows by On, nil for all. NullAware (of Semi, Anti and Mark, where
// On is one equality of a left and a right expression) is SQL's IN: a mark is
// NULL where nothing matches but the comparison with some row is unknown, and
// Anti passes only rows for which it is false.
type Join struct {
	Kind      JoinKind
	L, R      Node
	On        expr.Expr
	NullAware bool
	Mark      Col // of Mark
}

// ApplyKind is the kind of an Apply.
type ApplyKind uint8

// The kinds. ApplyMark adds a boolean: whether R has a row for which On is true
// (nil: a row at all), as SQL's ANY with NULLs when NullAware.
const (
	ApplyInner ApplyKind = iota
	ApplyLeft
	ApplyMark
)

// Apply evaluates R for each row of L, whose columns R may read. The optimizer
// turns every Apply into joins.
type Apply struct {
	Kind      ApplyKind
	L, R      Node
	On        expr.Expr // of ApplyLeft and ApplyMark
	NullAware bool
	Mark      Col
}

// Sort orders rows.
type Sort struct {
	In   Node
	Keys []SortKey
}

// TopN gives the first N rows after Offset in the order of Keys.
type TopN struct {
	In        Node
	Keys      []SortKey
	N, Offset int64
}

// Limit gives N rows (all when N < 0) after Offset. WithTies adds the peers of
// the last one under Keys and needs sorted input. Until parameters are bound
// Count and Skip stand for N and Offset.
type Limit struct {
	In          Node
	N, Offset   int64
	Count, Skip expr.Expr
	WithTies    bool
	Keys        []SortKey
}

// Distinct drops duplicates; with On it keeps the first row of each group of
// equal On columns, in the order of Keys.
type Distinct struct {
	In   Node
	On   []int
	Keys []SortKey
}

// SetKind is the kind of a set operation.
type SetKind uint8

// The set operations.
const (
	Union SetKind = iota
	Intersect
	Except
)

// SetOp combines inputs column by column: Maps[i][k] is the column of input i
// that becomes Cols[k]; the types are equal. Union takes any number of inputs, the others two.
type SetOp struct {
	Kind SetKind
	All  bool
	In   []Node
	Cols []Col
	Maps [][]int
}

// SingleRow fails with 21000 on a second row and gives a row of NULLs for none.
type SingleRow struct{ In Node }

// Unnest expands list values of each row side by side, NULL-padded. Output: the
// input's columns, the elements, the ordinality. Outer keeps rows without elements.
type Unnest struct {
	In         Node
	Lists      []expr.Expr
	Cols       []Col // one an element; of row elements one a field
	Ordinality *Col
	Outer      bool
}

// Series gives start, start+step … up to stop: generate_series over
// expressions without columns.
type Series struct {
	Col  Col
	Args []expr.Expr
}

// WindowCall is a call over a window.
type WindowCall struct {
	Call
	Frame       *Frame
	IgnoreNulls bool
}

// FrameBound is an end of a frame; Offset is nil for unbounded and current row.
type FrameBound struct {
	Kind   uint8 // as parser/ast.BoundKind
	Offset expr.Expr
}

// Frame restricts a window to rows around the current one.
type Frame struct {
	Mode, Exclude uint8 // as parser/ast.FrameMode and FrameExclusion
	Start, End    FrameBound
}

// Window adds columns computed over partitions; the input's columns stay.
type Window struct {
	In        Node
	Partition []int
	Order     []SortKey
	Calls     []WindowCall
}

// Write puts the Columns of the input, in order, into a table. Output: the
// number of rows and the fragment for the commit.
type Write struct {
	In      Node
	Conn    spi.Connector
	Catalog string
	Version uint64
	Spec    spi.Write
	Columns []int // ids of the input's columns
	Out     [2]Col
}

// AssignID adds a bigint that is unique in the query.
type AssignID struct {
	In  Node
	Col Col
}

// SharedPlan is a common table expression that is evaluated once for all its
// references.
type SharedPlan struct {
	Name string
	In   Node
	Seq  int // unique in the statement
	Refs int // how many SharedRefs read it
}

// SharedRef reads a SharedPlan: Cols[k] is column Maps[k] of its plan.
type SharedRef struct {
	Plan *SharedPlan
	Cols []Col
	Maps []int
}

// OneRow returns the relation of one row without columns.
func OneRow() *Values { return &Values{Rows: [][]expr.Expr{{}}} }

// BoolType is the type of predicates and marks.
func BoolType() types.Type { return types.Of(types.Bool) }
