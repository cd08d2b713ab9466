package physical

import (
	"fmt"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/planner/logical"
)

// aggregate lowers grouping: in one step where the rows of a group are together,
// else partial, exchange by the groups, final. Calls that cannot be split move
// all rows.
func (l *lowering) aggregate(n *logical.Aggregate) (lowered, error) {
	r, err := l.node(n.In)
	if err != nil {
		return r, err
	}
	r, calls := l.calls(r, n)
	groups, at := make([]int, len(n.Groups)), positions(r.cols)
	ids := make([]int, len(n.Groups))
	for i, g := range n.Groups {
		groups[i], ids[i] = mustPlace(at, g.In), g.In
	}
	step := plan.Aggregate{In: r.node, Groups: groups, Sets: n.Sets, Calls: calls}
	if r.spread == single || l.o.Nodes == 1 || n.Sets == nil && covers(ids, r.hashed) {
		return l.oneStep(n, r, step), nil
	}
	if !l.splits(n) {
		if len(ids) > 0 && n.Sets == nil {
			r = l.exchange(r, plan.Hash, ids)
		} else {
			r = l.gathered(r)
		}
		step.In = r.node
		return l.oneStep(n, r, step), nil
	}
	return l.twoSteps(n, r, step)
}

// covers reports whether rows that are equal in all of ids are together when
// they are partitioned by hashed.
func covers(ids, hashed []int) bool {
	if hashed == nil {
		return false
	}
	in := map[int]bool{}
	for _, id := range ids {
		in[id] = true
	}
	for _, id := range hashed {
		if !in[id] {
			return false
		}
	}
	return true
}

func (l *lowering) splits(n *logical.Aggregate) bool {
	for _, c := range n.Calls {
		if !c.Splits {
			return false
		}
	}
	return !l.o.NoPartial
}

func (l *lowering) oneStep(n *logical.Aggregate, r lowered, step plan.Aggregate) lowered {
	step.Step = plan.AggSingle
	step.Head = l.head(n.Schema(), l.rows(n))
	return lowered{node: &step, cols: n.Schema(), spread: r.spread, hashed: r.hashed}
}

// calls reduces r to the groups and the arguments, filters and sort keys of the
// calls.
func (l *lowering) calls(r lowered, n *logical.Aggregate) (lowered, []plan.AggCall) {
	var es []expr.Expr
	for _, g := range n.Groups {
		c, _ := logical.Find(r.cols, g.In)
		es = append(es, c.Ref())
	}
	for _, c := range n.Calls {
		es = append(es, c.Args...)
		if c.Filter != nil {
			es = append(es, c.Filter)
		}
		for _, o := range c.Order {
			es = append(es, o.Expr)
		}
	}
	r, ids := l.only(r, es)
	ids = ids[len(n.Groups):]
	at := positions(r.cols)
	next := func() int {
		p := mustPlace(at, ids[0])
		ids = ids[1:]
		return p
	}
	out := make([]plan.AggCall, len(n.Calls))
	for i, c := range n.Calls {
		p := plan.AggCall{Fn: c.Fn, Sig: c.Sig, Distinct: c.Distinct, Filter: -1, Typ: c.Col.Type}
		for _, a := range c.Args {
			p.Args = append(p.Args, next())
			p.ArgTypes = append(p.ArgTypes, a.Type())
		}
		if c.Filter != nil {
			p.Filter = next()
		}
		for _, o := range c.Order {
			p.Order = append(p.Order, plan.SortKey{Col: next(), Desc: o.Desc, NullsFirst: o.NullsFirst})
		}
		out[i] = p
	}
	return r, out
}

func (l *lowering) twoSteps(n *logical.Aggregate, r lowered, step plan.Aggregate) (lowered, error) {
	env := functions.NewEnv(nil, nil)
	env.Registry = l.o.Functions
	partial := step
	partial.Step = plan.AggPartial
	var cols []logical.Col
	var by []int
	for _, g := range n.Groups {
		cols = append(cols, g.Col)
		by = append(by, g.Col.ID)
	}
	if n.Sets != nil {
		cols = append(cols, n.SetCol)
		by = append(by, n.SetCol.ID)
	}
	final := plan.Aggregate{Step: plan.AggFinal}
	for i := range cols {
		final.Groups = append(final.Groups, i)
	}
	for i, c := range partial.Calls {
		acc, err := l.o.Functions.Accumulator(c.Fn, c.Sig, c.ArgTypes, env)
		if err != nil {
			return lowered{}, err
		}
		f := c
		f.Filter, f.Args = -1, nil
		for k, t := range acc.PartialTypes() {
			f.Args = append(f.Args, len(cols))
			cols = append(cols, logical.Col{ID: -int(l.id()), Name: stateName(n.Calls[i].Col.Name, k), Type: t})
		}
		final.Calls = append(final.Calls, f)
	}
	partial.Head = l.head(cols, l.partialRows(n, r))
	p := lowered{node: &partial, cols: cols, spread: r.spread}
	if len(by) > 0 {
		p = l.exchange(p, plan.Hash, by)
	} else {
		p = l.gathered(p)
	}
	final.In = p.node
	final.Head = l.head(n.Schema(), l.rows(n))
	out := lowered{node: &final, cols: n.Schema(), spread: p.spread}
	if n.Sets == nil {
		out.hashed = p.hashed
	}
	return out, nil
}

func stateName(call string, k int) string { return fmt.Sprintf("%s.%d", call, k) }

func (l *lowering) partialRows(n *logical.Aggregate, r lowered) float64 {
	rows := l.rows(n)
	if rows < 0 {
		return -1
	}
	rows *= float64(l.o.Nodes)
	if in := estimate(r.node); in >= 0 {
		rows = min(rows, in)
	}
	return rows
}
