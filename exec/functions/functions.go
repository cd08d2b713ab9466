// Package functions owns the function library: for each function its name,
// documentation, typing and kernels in one literal, and the registry that
// resolves a call by PostgreSQL's rules. The analyzer asks for signatures,
// exec/eval and the aggregation operators for kernels. It knows no expressions
// and no operators.
package functions

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Doc is a function's documentation. Example is a SQL expression (for an
// aggregate a whole query) and Result the text it gives; a test runs it.
type Doc struct {
	Family  string
	Summary string
	Example string
	Result  string
}

// Volatility says what a call's result depends on.
type Volatility uint8

// The volatilities: on the arguments only, also on the session and the
// statement's start, on each evaluation.
const (
	Immutable Volatility = iota
	Stable
	Volatile
)

// NullPolicy says how a function treats NULL arguments.
type NullPolicy uint8

// The policies.
const (
	// Propagate: any NULL argument gives NULL; kernels never see a null row.
	Propagate NullPolicy = iota
	// Called: the kernel sees the nulls and makes the validity itself.
	Called
)

// Kernel computes a call for the rows x.Sel of a page. Arguments are flat or
// constant, with x.N slots, or all constant with one. The result has x.N slots,
// in any encoding but lazy; slots outside of x.Sel may hold anything. Under
// Propagate no row of x.Sel has a null argument, and the caller sets the nulls
// of the arguments in the result; a kernel that makes further ones sets the
// validity of the rows of x.Sel. A kernel belongs to one goroutine and may keep
// scratch memory between pages.
type Kernel func(x *Exec, args []*page.Vector) (*page.Vector, error)

// Exec is what a kernel gets beside its arguments.
type Exec struct {
	Env  *Env
	Pool page.Pool
	Type types.Type // of the result
	N    int        // slots
	Sel  []int32    // rows to compute, ascending; nil: all
}

// Scalar is a scalar function or operator: one overload of its name.
type Scalar struct {
	Name       string
	Aliases    []string
	Doc        Doc
	Args       []Pattern
	Variadic   bool // the last pattern repeats, once or more
	Optional   int  // how many of the last arguments may be left out
	Return     func(args []types.Type) (types.Type, error)
	Nulls      NullPolicy
	Volatility Volatility
	// Bind picks the typed loop for exactly these argument types, once per query.
	Bind func(args []types.Type) (Kernel, error)
	// BindLambda is Bind of a function with lambda arguments.
	BindLambda func(args []types.Type) (LambdaKernel, error)
}

// LambdaKernel is the kernel of a function with lambda arguments: args are the
// others in order, fns the lambdas in order.
type LambdaKernel func(x *Exec, args []*page.Vector, fns []LambdaFunc) (*page.Vector, error)

// LambdaFunc evaluates a lambda for values of its parameters, len(rows) slots
// each; rows[k] is the row of the call that slot k belongs to, whose columns the
// lambda may read. The result is flat or constant and the caller's.
type LambdaFunc func(params []*page.Vector, rows []int32) (*page.Vector, error)
