// Package expr owns bound expressions: names resolved to column indexes,
// functions to signatures, every node typed. The analyzer makes them, the
// optimizer rewrites them, connectors read them for pushdown, exec/eval
// compiles them. Nodes are immutable. It knows no functions and no pages.
package expr

import "github.com/muster-sql/muster/connectors/spi/types"

// Expr is a closed set: Column, Const, Param, Call, Cast, Logic, Case,
// Coalesce, In, IsNull, Lambda, LambdaArg, Field.
type Expr interface {
	Type() types.Type
	// Children returns the operands in order; WithChildren returns a copy of the
	// node with others, as many as Children returned.
	Children() []Expr
	WithChildren(kids []Expr) Expr
	// Pos is the byte offset in the statement, -1 when there is none; it takes
	// no part in equality.
	Pos() int
}

// Column reads the column Index of the input row. Name is for printing only.
type Column struct {
	Index int
	Typ   types.Type
	Name  string
	At    int
}

// Const is a literal.
type Const struct {
	Typ types.Type
	Val types.Value
	At  int
}

// Param is $N, 1-based, before a value is bound to it.
type Param struct {
	N   int
	Typ types.Type
	At  int
}

// Call applies the function Fn with exactly these argument types. Operators are
// functions named by their symbol: "+", "=", "like". Sig is the resolved
// signature as the registry prints it; plans carry it so that a node with
// another version refuses it. Volatile calls are never moved, merged or folded.
type Call struct {
	Fn       string
	Sig      string
	Args     []Expr
	Typ      types.Type
	Volatile bool
	At       int
}

// Cast converts; Try gives NULL where the conversion fails. Explicit casts
// truncate varchar(n), assignment casts refuse.
type Cast struct {
	Arg      Expr
	Typ      types.Type
	Try      bool
	Implicit bool
	At       int
}

// LogicOp is a boolean connective.
type LogicOp uint8

// The connectives. Not has one argument; And and Or have two or more and
// evaluate later arguments only for rows that the earlier ones left open.
const (
	And LogicOp = iota
	Or
	Not
)

// Logic is AND, OR or NOT with SQL's three values.
type Logic struct {
	Op   LogicOp
	Args []Expr
	At   int
}

// When is a branch of a Case.
type When struct{ Cond, Then Expr }

// Case is the searched CASE; the simple form is rewritten to it. Else is nil
// for NULL. A branch is evaluated only for the rows that reach it.
type Case struct {
	Whens []When
	Else  Expr
	Typ   types.Type
	At    int
}

// Coalesce returns the first argument that is not NULL.
type Coalesce struct {
	Args []Expr
	Typ  types.Type
	At   int
}

// In tests Arg against a list; constants are kept sorted by nobody: the
// compiler builds a set. SQL's null rules hold.
type In struct {
	Arg  Expr
	List []Expr
	At   int
}

// IsNull tests for NULL.
type IsNull struct {
	Arg Expr
	At  int
}

// Lambda is a function argument x -> body; inside, LambdaArg i reads parameter
// i and Columns read the outer row.
type Lambda struct {
	Params []types.Type
	Body   Expr
	At     int
}

// LambdaArg reads parameter Index of the lambda Depth levels out (0: innermost).
type LambdaArg struct {
	Depth, Index int
	Typ          types.Type
	At           int
}

// Field reads member Index of a row value.
type Field struct {
	Arg   Expr
	Index int
	Typ   types.Type
	At    int
}

// Type implementations.

// Type implements Expr.
func (e *Column) Type() types.Type { return e.Typ }

// Type implements Expr.
func (e *Const) Type() types.Type { return e.Typ }

// Type implements Expr.
func (e *Param) Type() types.Type { return e.Typ }

// Type implements Expr.
func (e *Call) Type() types.Type { return e.Typ }

// Type implements Expr.
func (e *Cast) Type() types.Type { return e.Typ }

// Type implements Expr.
func (e *Logic) Type() types.Type { return types.Of(types.Bool) }

// Type implements Expr.
func (e *Case) Type() types.Type { return e.Typ }

// Type implements Expr.
func (e *Coalesce) Type() types.Type { return e.Typ }

// Type implements Expr.
func (e *In) Type() types.Type { return types.Of(types.Bool) }

// Type implements Expr.
func (e *IsNull) Type() types.Type { return types.Of(types.Bool) }

// Type implements Expr: a function whose Elem is the type of its result.
func (e *Lambda) Type() types.Type {
	t := e.Body.Type()
	return types.Type{Kind: types.Function, Elem: &t}
}

// Type implements Expr.
func (e *LambdaArg) Type() types.Type { return e.Typ }

// Type implements Expr.
func (e *Field) Type() types.Type { return e.Typ }

// Pos implementations.

// Pos implements Expr.
func (e *Column) Pos() int { return e.At }

// Pos implements Expr.
func (e *Const) Pos() int { return e.At }

// Pos implements Expr.
func (e *Param) Pos() int { return e.At }

// Pos implements Expr.
func (e *Call) Pos() int { return e.At }

// Pos implements Expr.
func (e *Cast) Pos() int { return e.At }

// Pos implements Expr.
func (e *Logic) Pos() int { return e.At }

// Pos implements Expr.
func (e *Case) Pos() int { return e.At }

// Pos implements Expr.
func (e *Coalesce) Pos() int { return e.At }

// Pos implements Expr.
func (e *In) Pos() int { return e.At }

// Pos implements Expr.
func (e *IsNull) Pos() int { return e.At }

// Pos implements Expr.
func (e *Lambda) Pos() int { return e.At }

// Pos implements Expr.
func (e *LambdaArg) Pos() int { return e.At }

// Pos implements Expr.
func (e *Field) Pos() int { return e.At }
