package physical

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/planner/logical"
)

var joinKinds = [...]plan.JoinKind{
	logical.Inner: plan.Inner, logical.Left: plan.Left, logical.Right: plan.Right, logical.Full: plan.Full,
	logical.Semi: plan.Semi, logical.Anti: plan.Anti, logical.Mark: plan.Mark,
}

// equi is an equality of a left and a right expression.
type equi struct {
	l, r     expr.Expr
	nullSafe bool
}

// splitEqui takes the equalities between the two sides out of a condition.
func splitEqui(on expr.Expr, l, r logical.Set) (keys []equi, rest []expr.Expr) {
	for _, c := range expr.Conjuncts(on) {
		if k, ok := asEqui(c, l, r); ok {
			keys = append(keys, k)
		} else {
			rest = append(rest, c)
		}
	}
	return keys, rest
}

func asEqui(e expr.Expr, l, r logical.Set) (equi, bool) {
	nullSafe := false
	if not, ok := e.(*expr.Logic); ok && not.Op == expr.Not {
		e, nullSafe = not.Args[0], true
	}
	c, ok := e.(*expr.Call)
	if !ok || len(c.Args) != 2 || c.Volatile || nullSafe != (c.Fn == functions.IsDistinct) || !nullSafe && c.Fn != "=" {
		return equi{}, false
	}
	a, b := c.Args[0], c.Args[1]
	if a.Type().IsNested() || b.Type().IsNested() {
		return equi{}, false
	}
	switch {
	case len(expr.Columns(a)) == 0 || len(expr.Columns(b)) == 0:
		return equi{}, false
	case l.Covers(a) && r.Covers(b):
		return equi{a, b, nullSafe}, true
	case l.Covers(b) && r.Covers(a):
		return equi{b, a, nullSafe}, true
	}
	return equi{}, false
}

func (l *lowering) join(n *logical.Join) (lowered, error) {
	left, err := l.node(n.L)
	if err != nil {
		return left, err
	}
	right, err := l.node(n.R)
	if err != nil {
		return right, err
	}
	keys, rest := splitEqui(n.On, logical.SetOf(left.cols), logical.SetOf(right.cols))
	j := &plan.Join{Kind: joinKinds[n.Kind], NullAware: n.NullAware}
	var le, re []expr.Expr
	for _, k := range keys {
		le, re = append(le, k.l), append(re, k.r)
		j.NullSafe = append(j.NullSafe, k.nullSafe)
	}
	exchanged := len(keys) > 0 && l.flip(j, n)
	if exchanged {
		left, right, le, re = right, left, re, le
	}
	left, lids := l.computed(left, le)
	right, rids := l.computed(right, re)
	j.LKeys, j.RKeys = placesOf(lids, left.cols), placesOf(rids, right.cols)
	both := append(append([]logical.Col(nil), left.cols...), right.cols...)
	j.Residual = place(expr.AndAll(rest), positions(both))
	j.NullSafe = orNil(j.NullSafe)
	out := lowered{node: j, cols: both}
	switch j.Kind {
	case plan.RightSemi, plan.RightAnti:
		out.cols = right.cols
	case plan.Semi, plan.Anti:
		out.cols = left.cols
	case plan.Mark:
		out.cols = append(append([]logical.Col(nil), left.cols...), n.Mark)
	}
	l.distribute(j, &out, left, right)
	j.Head = plan.Head{Node: l.joinID(), Out: columnsOf(out.cols), RowsEst: l.rows(n)}
	if !exchanged {
		l.bind(j, n)
	}
	return l.without(out), nil
}

// flipFactor is how much larger the right side must be for the left one to
// be built instead.
const flipFactor = 2

// flip builds the left side of a join whose right one is larger: it costs
// less, and the right side obeys the dynamic filter of the left.
func (l *lowering) flip(j *plan.Join, n *logical.Join) bool {
	rows, other := l.rows(n.L), l.rows(n.R)
	if n.NullAware || rows < 0 || other < 0 || rows*flipFactor > other {
		return false
	}
	switch n.Kind {
	case logical.Left:
		j.Kind = plan.Right
	case logical.Semi:
		j.Kind = plan.RightSemi
	case logical.Anti:
		j.Kind = plan.RightAnti
	default:
		return false
	}
	return true
}

func placesOf(ids []int, cols []logical.Col) []int {
	at := positions(cols)
	out := make([]int, len(ids))
	for i, id := range ids {
		out[i] = mustPlace(at, id)
	}
	return out
}

func orNil(flags []bool) []bool {
	for _, f := range flags {
		if f {
			return flags
		}
	}
	return nil
}

// distribute decides where the rows of the join meet, as far as it is known now.
func (l *lowering) distribute(j *plan.Join, out *lowered, left, right lowered) {
	preservesRight := j.Kind == plan.Right || j.Kind == plan.Full || j.Kind == plan.RightSemi || j.Kind == plan.RightAnti
	switch {
	case l.o.Nodes == 1 || left.spread == single && right.spread == single:
		j.Dist, out.spread = plan.DistLocal, left.spread
	case len(j.LKeys) == 0 && preservesRight:
		left, right = l.gathered(left), l.gathered(right)
		j.Dist, out.spread = plan.DistLocal, single
	case len(j.LKeys) == 0 || j.NullAware:
		j.Dist, out.spread = plan.DistBroadcast, left.spread
	case preservesRight || l.o.Joins == Partitioned:
		j.Dist, out.spread = plan.DistPartitioned, everywhere
	case l.o.Joins == Broadcast:
		j.Dist, out.spread = plan.DistBroadcast, left.spread
	default:
		// Rows of a left side in one task stay there if the right one is sent to it.
		j.Dist, j.BroadcastOK = plan.DistLate, true
		out.spread = everywhere
		if left.spread == single {
			left = l.scattered(left)
		}
	}
	j.L, j.R = left.node, right.node
}
