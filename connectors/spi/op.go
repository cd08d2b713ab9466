package spi

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Op is an operator offered to a Pusher: a closed set of FilterOp, ProjectOp,
// LimitOp, TopNOp, AggregateOp, JoinOp, SetOp. Expressions are over the scan's
// current output columns.
type Op interface {
	// Parts counts what outcomes answer for: conjuncts, expressions, calls.
	Parts() int
}

// FilterOp offers conjuncts. Those taken Exact are dropped from the plan, those
// taken Superset stay.
type FilterOp struct{ Conjuncts []expr.Expr }

// ProjectOp offers a projection: either only columns (pruning, which every
// source takes) or expressions. The scan's output becomes Exprs when every
// part is taken; otherwise the engine keeps the projection.
type ProjectOp struct {
	Exprs []expr.Expr
	Names []string
}

// LimitOp offers LIMIT.
type LimitOp struct{ N int64 }

// OrderKey is an ORDER BY item over output columns.
type OrderKey struct {
	Expr       expr.Expr
	Desc       bool
	NullsFirst bool
}

// TopNOp offers ORDER BY … LIMIT.
type TopNOp struct {
	Keys []OrderKey
	N    int64
}

// AggCall is an aggregate function over output columns. Function names and
// signatures are those of expr.Call.
type AggCall struct {
	Fn       string
	Sig      string
	Args     []expr.Expr
	Distinct bool
	Filter   expr.Expr
	Order    []OrderKey
	Typ      types.Type
}

// AggregateOp offers GROUP BY Keys with Calls; the output is keys, then calls.
type AggregateOp struct {
	Keys  []expr.Expr
	Calls []AggCall
	Names []string
}

// JoinKind is the kind of a join of two scans.
type JoinKind uint8

// The joins that can be offered.
const (
	JoinInner JoinKind = iota
	JoinLeft
	JoinSemi
	JoinAnti
)

// JoinOp offers a join with another scan of the same catalog version, identity
// and snapshot; Cond is over the left output followed by the right one.
type JoinOp struct {
	Kind  JoinKind
	Right Scan
	Cond  expr.Expr
}

// SetOp offers UNION ALL of scans of the same catalog version, identity and snapshot.
type SetOp struct{ Others []Scan }

// Parts implements Op.
func (o *FilterOp) Parts() int { return len(o.Conjuncts) }

// Parts implements Op.
func (o *ProjectOp) Parts() int { return len(o.Exprs) }

// Parts implements Op.
func (o *LimitOp) Parts() int { return 1 }

// Parts implements Op.
func (o *TopNOp) Parts() int { return 1 }

// Parts implements Op: the grouping first, then each call.
func (o *AggregateOp) Parts() int { return 1 + len(o.Calls) }

// Parts implements Op.
func (o *JoinOp) Parts() int { return 1 }

// Parts implements Op.
func (o *SetOp) Parts() int { return 1 }
