package stats

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
)

func (e *Estimator) join(n *logical.Join) Rel {
	l, r := e.Of(n.L), e.Of(n.R)
	pairs := Rel{Rows: l.Rows * r.Rows, Cols: both(l, r), Known: l.Known && r.Known}
	share, semi := 1.0, 1.0
	ld, rd := 1.0, 1.0 // distinct keys of either side
	ls, rs := logical.SetOf(n.L.Schema()), logical.SetOf(n.R.Schema())
	for _, c := range expr.Conjuncts(n.On) {
		a, b, ok := sides(c, ls, rs)
		if !ok {
			s := pairs.share(c)
			share *= s
			semi *= clamp(s * 3)
			continue
		}
		x, y := l.distinctOf(l.of(a)), r.distinctOf(r.of(b))
		ld, rd = ld*x, rd*y
		semi *= clamp(y / x)
	}
	// Several columns together have no more distinct values than there are rows.
	share /= max(min(ld, max(l.Rows, 1)), min(rd, max(r.Rows, 1)))
	if n.On == nil && r.Rows < 1 {
		semi = r.Rows
	}
	inner := pairs.Rows * share
	out := pairs
	switch n.Kind {
	case logical.Semi:
		out.Rows = l.Rows * semi
	case logical.Anti:
		out.Rows = l.Rows * clamp(1-semi)
		out.Rows = max(out.Rows, l.Rows*0.05)
	case logical.Mark:
		out.Rows = l.Rows
	case logical.Left:
		out.Rows = max(inner, l.Rows)
	case logical.Right:
		out.Rows = max(inner, r.Rows)
	case logical.Full:
		out.Rows = max(inner, l.Rows+r.Rows)
	default:
		out.Rows = inner
	}
	return out
}

// sides splits an equality into its expression over the left and the right
// columns.
func sides(e expr.Expr, l, r logical.Set) (a, b expr.Expr, ok bool) {
	c, isCall := e.(*expr.Call)
	if !isCall || c.Fn != "=" || len(c.Args) != 2 {
		return nil, nil, false
	}
	x, y := c.Args[0], c.Args[1]
	switch {
	case l.Covers(x) && r.Covers(y):
		return x, y, true
	case l.Covers(y) && r.Covers(x):
		return y, x, true
	}
	return nil, nil, false
}
