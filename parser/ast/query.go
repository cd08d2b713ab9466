package ast

// Query is a complete query expression: SELECT, VALUES, TABLE or a set operation
// with its WITH, ORDER BY, LIMIT and locking clauses. It is a Statement, and the
// value of every subquery.
type Query struct {
	Span
	With     *With
	Body     QueryBody
	OrderBy  []OrderItem
	Limit    Expr // also FETCH FIRST n; nil for none and for LIMIT ALL
	Offset   Expr
	WithTies bool // FETCH FIRST n ROWS WITH TIES
	Percent  bool // LIMIT 10 %
	Locking  []Locking
}

// Select is SELECT … FROM … up to QUALIFY.
type Select struct {
	Pos
	Distinct   bool
	DistinctOn []Expr // with Distinct
	Items      []SelectItem
	Into       *SelectInto
	From       []Relation // separated by commas
	Where      Expr
	GroupBy    *GroupBy
	Having     Expr
	Windows    []WindowDef
	Qualify    Expr
	Sample     *Sample // USING SAMPLE
}

// SelectItem is one output column. Alias is zero when none was written.
type SelectItem struct {
	Pos
	Expr  Expr
	Alias Name
}

// SelectInto is the target of SELECT … INTO t.
type SelectInto struct {
	Pos
	Name ObjectName
	Temp bool
}

// GroupBy is the GROUP BY clause. All (GROUP BY ALL without items) groups by
// every output column that has no aggregate.
type GroupBy struct {
	Pos
	All      bool
	Distinct bool   // GROUP BY DISTINCT
	Items    []Expr // *GroupingSet may occur; ordinals are *NumberLit
}

// SetOpKind is UNION, INTERSECT or EXCEPT.
type SetOpKind uint8

// The set operations.
const (
	Union SetOpKind = iota
	Intersect
	Except
)

// SetOp joins two bodies. Without All duplicates are removed. Left-associative;
// INTERSECT binds tighter.
type SetOp struct {
	Pos
	Kind          SetOpKind
	All           bool
	ByName        bool // UNION BY NAME
	Left, Right   QueryBody
	Corresponding bool
}

// Values is VALUES (1, 2), (3, 4).
type Values struct {
	Pos
	Rows [][]Expr
}

// TableQuery is TABLE t.
type TableQuery struct {
	Pos
	Table ObjectName
	Only  bool
}

// SortDirection is ASC, DESC or neither.
type SortDirection uint8

// The directions.
const (
	SortDefault SortDirection = iota
	Ascending
	Descending
)

// NullsOrder is NULLS FIRST, NULLS LAST or neither.
type NullsOrder uint8

// The places of nulls.
const (
	NullsUnspecified NullsOrder = iota
	NullsFirst
	NullsLast
)

// OrderItem is one item of ORDER BY. All is ORDER BY ALL (Expr is nil then).
type OrderItem struct {
	Pos
	Expr      Expr
	All       bool
	Direction SortDirection
	Nulls     NullsOrder
	Using     string // operator of ORDER BY x USING >
}

// Locking is FOR UPDATE and its relatives.
type Locking struct {
	Pos
	Strength string // "update", "no key update", "share", "key share"
	Of       []ObjectName
	Wait     string // "", "nowait", "skip locked"
}

// With is the WITH clause.
type With struct {
	Pos
	Recursive bool
	CTEs      []*CTE
}

// Materialization is AS [NOT] MATERIALIZED.
type Materialization uint8

// The materializations.
const (
	MaterializedDefault Materialization = iota
	Materialized
	NotMaterialized
)

// CTE is one common table expression. Stmt is a *Query, or *Insert, *Update,
// *Delete, *Merge.
type CTE struct {
	Pos
	Name         Name
	Columns      []Name
	Materialized Materialization
	Stmt         Statement
	Search       *CTESearch
	Cycle        *CTECycle
	UsingKey     []Name // recursive CTE … USING KEY (a, b)
}

// CTESearch is SEARCH DEPTH|BREADTH FIRST BY a, b SET c.
type CTESearch struct {
	Pos
	Breadth bool
	By      []Name
	Set     Name
}

// CTECycle is CYCLE a, b SET c [TO v DEFAULT w] USING d.
type CTECycle struct {
	Pos
	Columns []Name
	Set     Name
	To      Expr // nil when not written, as is Default
	Default Expr
	Using   Name
}

// WindowDef is one item of the WINDOW clause.
type WindowDef struct {
	Pos
	Name Name
	Spec *WindowSpec
}

// WindowSpec is OVER w (only Ref and Named), or OVER ([base] …).
type WindowSpec struct {
	Pos
	Ref         Name // of OVER w, or the window that is extended
	Named       bool // OVER w, without parentheses
	PartitionBy []Expr
	OrderBy     []OrderItem
	Frame       *Frame
}

// FrameMode is ROWS, RANGE or GROUPS.
type FrameMode uint8

// The frame modes.
const (
	FrameRange FrameMode = iota
	FrameRows
	FrameGroups
)

// BoundKind is where a frame starts or ends.
type BoundKind uint8

// The bounds.
const (
	UnboundedPreceding BoundKind = iota
	OffsetPreceding
	CurrentRow
	OffsetFollowing
	UnboundedFollowing
)

// FrameExclusion is the EXCLUDE clause of a frame.
type FrameExclusion uint8

// The exclusions.
const (
	ExcludeNoOthers FrameExclusion = iota
	ExcludeCurrentRow
	ExcludeGroup
	ExcludeTies
)

// Frame is a frame clause. When only a start was written, End is CURRENT ROW and
// Between is false.
type Frame struct {
	Pos
	Mode    FrameMode
	Between bool
	Start   FrameBound
	End     FrameBound
	Exclude FrameExclusion
}

// FrameBound is one end of a frame; Offset only for the two offset kinds.
type FrameBound struct {
	Pos
	Kind   BoundKind
	Offset Expr
}

func (*Query) statement()      {}
func (*Query) queryBody()      {}
func (*Select) queryBody()     {}
func (*SetOp) queryBody()      {}
func (*Values) queryBody()     {}
func (*TableQuery) queryBody() {}
