package ast

// Insert is INSERT INTO.
type Insert struct {
	Span
	With          *With
	Table         ObjectName
	Alias         Name
	Columns       []Name // empty when not written
	Targets       []Expr // one a column, when a column has subscripts or fields: t (a[1], b.c); else nil
	Query         *Query // nil for DEFAULT VALUES
	DefaultValues bool
	ByName        bool   // INSERT INTO t BY NAME SELECT …
	Overriding    string // "", "system", "user"
	OrReplace     bool   // INSERT OR REPLACE
	OrIgnore      bool   // INSERT OR IGNORE
	OnConflict    *OnConflict
	Returning     []SelectItem
}

// OnConflict is ON CONFLICT [target] DO NOTHING | DO UPDATE SET ….
type OnConflict struct {
	Pos
	Constraint  Name // ON CONSTRAINT name
	Target      []IndexItem
	TargetWhere Expr
	DoNothing   bool
	Set         []Assignment
	Where       Expr
}

// Assignment is col = value, or (a, b) = (…) with Multi. A target is a
// *ColumnRef, or a *Subscript over one.
type Assignment struct {
	Pos
	Targets []Expr
	Multi   bool
	Value   Expr
}

// Update is UPDATE.
type Update struct {
	Span
	With      *With
	Table     *TableRef
	Set       []Assignment
	From      []Relation
	Where     Expr
	Returning []SelectItem
}

// Delete is DELETE FROM.
type Delete struct {
	Span
	With      *With
	Table     *TableRef
	Using     []Relation
	Where     Expr
	Returning []SelectItem
}

// Truncate is TRUNCATE [TABLE].
type Truncate struct {
	Span
	Tables          []ObjectName
	RestartIdentity bool
	Cascade         bool
}

// Merge is MERGE INTO.
type Merge struct {
	Span
	With      *With
	Table     *TableRef
	Source    Relation
	On        Expr
	Clauses   []MergeClause
	Returning []SelectItem
}

// MergeWhen is which rows a clause of MERGE is for.
type MergeWhen uint8

// The cases of MERGE.
const (
	WhenMatched MergeWhen = iota
	WhenNotMatched
	WhenNotMatchedBySource
)

// MergeAction is what a clause of MERGE does.
type MergeAction uint8

// The actions of MERGE.
const (
	MergeDoNothing MergeAction = iota
	MergeUpdate
	MergeDelete
	MergeInsert
)

// MergeClause is WHEN [NOT] MATCHED [AND cond] THEN action.
type MergeClause struct {
	Pos
	When          MergeWhen
	Cond          Expr
	Action        MergeAction
	Set           []Assignment
	Columns       []Name
	Values        []Expr
	DefaultValues bool
	Overriding    string
}

// Copy is COPY t|(query) FROM|TO a file, a program or the client.
type Copy struct {
	Span
	Table   ObjectName
	Columns []Name
	Query   Statement // COPY (query) TO
	From    bool
	Client  bool   // STDIN, STDOUT
	Program bool   // Path is a command
	Path    string // of the server's file
	Options []Option
	Where   Expr
}

func (*Insert) statement()   {}
func (*Update) statement()   {}
func (*Delete) statement()   {}
func (*Truncate) statement() {}
func (*Merge) statement()    {}
func (*Copy) statement()     {}
