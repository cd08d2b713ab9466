package ast

// ColumnRef is a dotted reference: col, tab.col, schema.tab.col,
// catalog.schema.tab.col, with fields of rows behind it or not. Only the analyzer
// can tell a column from a field.
type ColumnRef struct {
	Pos
	Parts []Name
}

// Star is *, t.*, or (row).* in a select list, with DuckDB's modifiers.
type Star struct {
	Pos
	Qualifier []Name // t of t.*; empty for *
	Row       Expr   // r of (r).*; nil otherwise
	Exclude   []ObjectName
	Replace   []SelectItem // REPLACE (expr AS name)
	Rename    []Renaming
}

// Renaming is one item of * RENAME (from AS to).
type Renaming struct {
	From ObjectName
	To   Name
}

// NumberLit is a numeric constant. Text is decimal, without underscores, and
// never signed; 0x, 0o and 0b forms have been converted. Integer says that it has
// neither point nor exponent.
type NumberLit struct {
	Pos
	Text    string
	Integer bool
}

// StringLit is a character constant of any spelling, with escapes decoded.
type StringLit struct {
	Pos
	Value string
}

// BitLit is B'0101' or, with Hex, X'1F'. Digits are as written, without quotes.
type BitLit struct {
	Pos
	Digits string
	Hex    bool
}

// BoolLit is TRUE or FALSE.
type BoolLit struct {
	Pos
	Value bool
}

// NullLit is NULL.
type NullLit struct {
	Pos
}

// DefaultExpr is DEFAULT in VALUES, SET and named values.
type DefaultExpr struct {
	Pos
}

// Param is $1, $2 and so on; Number counts from 1.
type Param struct {
	Pos
	Number int
}

// TypedLit is DATE '2024-01-01' and every other type 'text' form but INTERVAL.
type TypedLit struct {
	Pos
	Type  *TypeName
	Value string
}

// IntervalLit is INTERVAL '1 day', INTERVAL '1' DAY, INTERVAL '1-2' YEAR TO
// MONTH, INTERVAL(3) '1.5'. Value is usually a *StringLit; the form
// INTERVAL 3 DAY has any expression.
type IntervalLit struct {
	Pos
	Value     Expr
	Negative  bool // INTERVAL -'1' DAY
	Qualifier *IntervalQualifier
}

// IntervalQualifier says which fields an interval has.
type IntervalQualifier struct {
	Pos
	From      IntervalField // FieldNone when only a precision was written
	To        IntervalField // FieldNone unless TO was written
	Precision *int          // of the seconds
}

// IntervalField is a unit of an interval.
type IntervalField uint8

// The fields of intervals.
const (
	FieldNone IntervalField = iota
	FieldYear
	FieldMonth
	FieldDay
	FieldHour
	FieldMinute
	FieldSecond
	FieldWeek
	FieldQuarter
	FieldDecade
	FieldCentury
	FieldMillennium
	FieldMillisecond
	FieldMicrosecond
)

// Cast is CAST(x AS t), x::t, or with Try TRY_CAST(x AS t).
type Cast struct {
	Pos
	X    Expr
	Type *TypeName
	Try  bool
}

// Unary is a prefix operator: -, +, ~, @, |/ and so on. NOT is Not.
type Unary struct {
	Pos
	Op       string
	OpSchema []Name // of OPERATOR(schema.op)
	X        Expr
}

// Binary is an infix operator with two operands: arithmetic, comparison, string,
// JSON, regular expression and other symbols. != is written <>.
type Binary struct {
	Pos
	Op       string
	OpSchema []Name // of OPERATOR(schema.op)
	Left     Expr
	Right    Expr
}

// LogicalOp is AND or OR.
type LogicalOp uint8

// The logical operators.
const (
	And LogicalOp = iota
	Or
)

// Logical is a chain a AND b AND c, or a OR b OR c, of two or more arguments, in
// the order written.
type Logical struct {
	Pos
	Op   LogicalOp
	Args []Expr
}

// Not is NOT x.
type Not struct {
	Pos
	X Expr
}

// IsTestKind is what IS asks.
type IsTestKind uint8

// The questions of IS.
const (
	IsNull IsTestKind = iota
	IsTrue
	IsFalse
	IsUnknown
	IsNormalized
	IsJSON
	IsDocument
)

// IsTest is x IS [NOT] NULL, TRUE, FALSE, UNKNOWN, [form] NORMALIZED or JSON
// [kind]; ISNULL and NOTNULL too.
type IsTest struct {
	Pos
	X    Expr
	Test IsTestKind
	Form string // NFC… of IsNormalized; object, array, scalar, value of IsJSON
	Not  bool
}

// IsDistinct is x IS [NOT] DISTINCT FROM y.
type IsDistinct struct {
	Pos
	Left, Right Expr
	Not         bool
}

// Between is x [NOT] BETWEEN [SYMMETRIC] low AND high.
type Between struct {
	Pos
	X, Low, High Expr
	Not          bool
	Symmetric    bool
}

// InList is x [NOT] IN (a, b, c).
type InList struct {
	Pos
	X    Expr
	List []Expr
	Not  bool
}

// InSubquery is x [NOT] IN (query).
type InSubquery struct {
	Pos
	X     Expr
	Query *Query
	Not   bool
}

// LikeKind tells LIKE, ILIKE and SIMILAR TO apart.
type LikeKind uint8

// The pattern predicates.
const (
	Like LikeKind = iota
	ILike
	SimilarTo
)

// LikeExpr is x [NOT] LIKE, ILIKE or SIMILAR TO pattern [ESCAPE e].
type LikeExpr struct {
	Pos
	X, Pattern Expr
	Escape     Expr // nil when not written
	Kind       LikeKind
	Not        bool
}

// Quantifier is ANY (also SOME) or ALL.
type Quantifier uint8

// The quantifiers.
const (
	Any Quantifier = iota
	All
)

// Quantified is x op ANY|ALL (query), or over an array expression. LIKE and ILIKE
// become the operators ~~, !~~, ~~* and !~~*.
type Quantified struct {
	Pos
	Left     Expr
	Op       string
	OpSchema []Name
	Quant    Quantifier
	Query    *Query // exactly one of Query and Array is set
	Array    Expr
}

// Exists is EXISTS (query).
type Exists struct {
	Pos
	Query *Query
}

// Subquery is a query used as a scalar (or row) value.
type Subquery struct {
	Pos
	Query *Query
}

// ArrayExpr is ARRAY[a, b], or [a, b]; nested brackets are nested ArrayExprs.
type ArrayExpr struct {
	Pos
	Elems []Expr
}

// ArrayQuery is ARRAY(query).
type ArrayQuery struct {
	Pos
	Query *Query
}

// Row is ROW(a, b), or (a, b) when not Explicit.
type Row struct {
	Pos
	Elems    []Expr
	Explicit bool
}

// StructLit is {'a': 1, b: 2}; with Map it is MAP {k: v}.
type StructLit struct {
	Pos
	Keys   []Expr // of a struct, *StringLit each
	Values []Expr
	Map    bool
}

// FieldAccess is (x).field.
type FieldAccess struct {
	Pos
	X     Expr
	Field Name
}

// Subscript is x[index], or with Slice x[lower:upper] where either may be nil.
type Subscript struct {
	Pos
	X     Expr
	Index Expr // nil for a slice
	Slice bool
	Lower Expr
	Upper Expr
	Step  Expr // x[lower:upper:step]
}

// Case is both forms of CASE; Operand is nil for the searched one.
type Case struct {
	Pos
	Operand Expr
	Whens   []When
	Else    Expr
}

// When is one WHEN … THEN … of a CASE.
type When struct {
	Pos
	Cond   Expr
	Result Expr
}

// Collate is x COLLATE name.
type Collate struct {
	Pos
	X         Expr
	Collation ObjectName
}

// Lambda is x -> body or (x, y) -> body as an argument. x -> 'key' and x -> 1
// (a constant after one bare name) are read as the JSON operator, a Binary.
type Lambda struct {
	Pos
	Params []Name
	Body   Expr
}

// NamedArg is name => value in a call.
type NamedArg struct {
	Pos
	Name  Name
	Value Expr
}

// CallSyntax says which special spelling a FuncCall was written in. Args are
// always in the order of the ordinary call, so that only Format must look.
type CallSyntax uint8

// The spellings of calls.
const (
	CallPlain            CallSyntax = iota // name(args)
	CallExtract                            // EXTRACT(field FROM x) = extract('field', x)
	CallSubstring                          // SUBSTRING(x FROM a FOR b) = substring(x, a, b)
	CallSubstringFor                       // SUBSTRING(x FOR b) = substring(x, 1, b)
	CallSimilarSubstring                   // SUBSTRING(x SIMILAR p ESCAPE e) = substring(x, p, e)
	CallPosition                           // POSITION(a IN x) = position(x, a)
	CallTrim                               // TRIM(BOTH c FROM x) = btrim(x, c); ltrim, rtrim
	CallOverlay                            // OVERLAY(x PLACING y FROM a FOR b) = overlay(x, y, a, b)
	CallAtTimeZone                         // x AT TIME ZONE z = timezone(z, x)
	CallAtLocal                            // x AT LOCAL = timezone(x)
	CallOverlaps                           // (a, b) OVERLAPS (c, d) = overlaps(a, b, c, d)
	CallCollationFor                       // COLLATION FOR (x) = pg_collation_for(x)
	CallNormalize                          // NORMALIZE(x, NFC) = normalize(x, 'nfc')
	CallKeyword                            // CURRENT_DATE, CURRENT_TIMESTAMP(3): no parentheses without an argument
)

// NullTreatment is IGNORE NULLS or RESPECT NULLS of a call.
type NullTreatment uint8

// The null treatments.
const (
	NullsDefault NullTreatment = iota
	IgnoreNulls
	RespectNulls
)

// FuncCall is a call of a function, aggregate or window function.
type FuncCall struct {
	Pos
	Name     ObjectName
	Args     []Expr // *NamedArg and *Lambda may occur here
	Syntax   CallSyntax
	Star     bool // count(*)
	Distinct bool
	Variadic bool // before the last argument
	Nulls    NullTreatment
	OrderBy  []OrderItem // inside the parentheses
	Within   []OrderItem // WITHIN GROUP (ORDER BY …)
	Filter   Expr        // FILTER (WHERE …)
	Over     *WindowSpec // nil: not a window call
}

// GroupingKind tells the grouping forms apart.
type GroupingKind uint8

// The grouping forms.
const (
	Rollup GroupingKind = iota
	Cube
	GroupingSets
)

// GroupingSet is ROLLUP (…), CUBE (…) or GROUPING SETS (…); it occurs only in
// GROUP BY and inside GROUPING SETS. Several columns at once, and the empty set
// (), are a *Row.
type GroupingSet struct {
	Pos
	Kind  GroupingKind
	Items []Expr
}

// CurrentOf is WHERE CURRENT OF cursor.
type CurrentOf struct {
	Pos
	Cursor Name
}

func (*ColumnRef) expr()   {}
func (*Star) expr()        {}
func (*NumberLit) expr()   {}
func (*StringLit) expr()   {}
func (*BitLit) expr()      {}
func (*BoolLit) expr()     {}
func (*NullLit) expr()     {}
func (*DefaultExpr) expr() {}
func (*Param) expr()       {}
func (*TypedLit) expr()    {}
func (*IntervalLit) expr() {}
func (*Cast) expr()        {}
func (*Unary) expr()       {}
func (*Binary) expr()      {}
func (*Logical) expr()     {}
func (*Not) expr()         {}
func (*IsTest) expr()      {}
func (*IsDistinct) expr()  {}
func (*Between) expr()     {}
func (*InList) expr()      {}
func (*InSubquery) expr()  {}
func (*LikeExpr) expr()    {}
func (*Quantified) expr()  {}
func (*Exists) expr()      {}
func (*Subquery) expr()    {}
func (*ArrayExpr) expr()   {}
func (*ArrayQuery) expr()  {}
func (*Row) expr()         {}
func (*StructLit) expr()   {}
func (*FieldAccess) expr() {}
func (*Subscript) expr()   {}
func (*Case) expr()        {}
func (*Collate) expr()     {}
func (*Lambda) expr()      {}
func (*NamedArg) expr()    {}
func (*FuncCall) expr()    {}
func (*GroupingSet) expr() {}
func (*CurrentOf) expr()   {}
