package ast

// Alias is [AS] name [(a, b)].
type Alias struct {
	Pos
	Name    Name
	Columns []Name
	Defs    []*ColumnDef // of a record function: AS t(a int, b text)
}

// TableRef is a table or view by name.
type TableRef struct {
	Pos
	Name   ObjectName // one to four parts
	Only   bool
	AsOf   *AsOf
	Alias  *Alias
	Sample *Sample
}

// PathRef is FROM 'path/*.parquet'.
type PathRef struct {
	Pos
	Path   string
	Alias  *Alias
	Sample *Sample
}

// SubqueryRef is [LATERAL] (query) [AS] t(a, b). VALUES in FROM is one too.
type SubqueryRef struct {
	Pos
	Lateral bool
	Query   *Query
	Alias   *Alias
	Sample  *Sample
}

// FuncRef is a function in FROM: f(x), UNNEST(a) WITH ORDINALITY, TABLE(f(x)),
// or, with more than one call, ROWS FROM (f(x), g(y)).
type FuncRef struct {
	Pos
	Lateral        bool
	Calls          []FuncItem
	RowsFrom       bool
	WithOrdinality bool
	Alias          *Alias
	Sample         *Sample
}

// FuncItem is one call of a FuncRef. Call is a *FuncCall, or the *Cast that a
// keyword function can be.
type FuncItem struct {
	Pos
	Call Expr
	Defs []*ColumnDef // ROWS FROM (f(x) AS (a int))
}

// JoinKind is the kind of a join.
type JoinKind uint8

// The joins.
const (
	InnerJoin JoinKind = iota
	LeftJoin
	RightJoin
	FullJoin
	CrossJoin
	SemiJoin
	AntiJoin
	AsOfJoin
	AsOfLeftJoin
	PositionalJoin
)

// Join is an explicit join. At most one of Natural, On and Using is set. Alias is
// that of a parenthesised join.
type Join struct {
	Pos
	Kind        JoinKind
	Natural     bool
	Left, Right Relation
	On          Expr
	Using       []Name
	UsingAlias  Name // USING (a) AS alias
	Alias       *Alias
}

// AsOf is FOR VERSION AS OF x or FOR TIMESTAMP AS OF x.
type AsOf struct {
	Pos
	Timestamp bool
	Value     Expr
}

// Sample is TABLESAMPLE method (args) [REPEATABLE (seed)].
type Sample struct {
	Pos
	Method     ObjectName // bernoulli, system, …; empty when not written
	Args       []Expr
	Percent    bool // TABLESAMPLE 10 %
	Rows       bool // TABLESAMPLE 10 ROWS
	Repeatable Expr
}

func (*TableRef) relation()    {}
func (*PathRef) relation()     {}
func (*SubqueryRef) relation() {}
func (*FuncRef) relation()     {}
func (*Join) relation()        {}
