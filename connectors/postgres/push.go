package postgres

import (
	"context"

	"github.com/muster-sql/muster/connectors/internal/sqlsource"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/expr"
)

// Push implements spi.Pusher. Whether a part is taken is decided by writing
// it: what has no exact form on the server is refused with the reason.
func (k *connector) Push(_ context.Context, _ *spi.Session, scan spi.Scan, op spi.Op) (spi.Scan, []spi.Outcome, error) {
	p, err := decodePrivate(scan.Private)
	if err != nil {
		return scan, nil, err
	}
	u := &pushing{k: k, p: p, q: p.query(&scan), scan: scan}
	var out []spi.Outcome
	switch op := op.(type) {
	case *spi.FilterOp:
		out = u.filter(op)
	case *spi.ProjectOp:
		out = u.project(op)
	case *spi.LimitOp:
		out = u.limit(op)
	case *spi.TopNOp:
		out = u.top(op)
	case *spi.AggregateOp:
		out = u.aggregate(op)
	default:
		return scan, spi.Refuse(op, spi.ReasonCapability, "joins and unions are done by the engine"), nil
	}
	if u.q == u.p.Query {
		return scan, out, nil
	}
	return u.done(out)
}

// pushing is one offer.
type pushing struct {
	k    *connector
	p    *private
	q    *sqlsource.Select
	scan spi.Scan
}

// done stores what was taken and writes the statement for EXPLAIN.
func (u *pushing) done(out []spi.Outcome) (spi.Scan, []spi.Outcome, error) {
	b := u.builder()
	if err := b.selecting(u.q); err != nil {
		return u.scan, nil, errUnwritable(err)
	}
	u.p.Query = u.q
	private, err := u.p.encode()
	if err != nil {
		return u.scan, nil, err
	}
	u.scan.Private, u.scan.Detail = private, b.t.Describe()
	return u.scan, out, nil
}

func (u *pushing) builder() *builder {
	return &builder{t: newText(), rel: &u.p.Rel, table: u.scan.Table}
}

// writable reports why q cannot be written, nil when it can.
func (u *pushing) writable(q *sqlsource.Select) *refusal { return u.builder().selecting(q) }

func (u *pushing) filter(op *spi.FilterOp) []spi.Outcome {
	out := make([]spi.Outcome, len(op.Conjuncts))
	q := u.q.ForFilter()
	r := &renderer{t: newText(), rel: &u.p.Rel, nested: q.From != nil}
	taken := len(q.Where)
	for i, c := range op.Conjuncts {
		below := q.Below(c)
		m := r.t.Mark()
		refused := r.expr(below)
		r.t.Undo(m)
		if refused == nil {
			q.Where = append(q.Where, below)
			out[i] = spi.Outcome{Part: i, Taken: spi.Exact}
			continue
		}
		out[i] = spi.Outcome{Part: i, Taken: spi.No, Reason: refused.reason, Note: refused.note}
		if w := r.weaker(below); w != nil {
			q.Where = append(q.Where, w)
			out[i].Taken, out[i].Note = spi.Superset, "sent in part: "+refused.note
		}
	}
	if len(q.Where) > taken {
		u.q = q
	}
	return out
}

// weaker returns a condition that the server can evaluate and that is true
// wherever e is, nil when there is none.
func (r *renderer) weaker(e expr.Expr) expr.Expr {
	l, ok := e.(*expr.Logic)
	if !ok || l.Op == expr.Not {
		m := r.t.Mark()
		defer r.t.Undo(m)
		if r.expr(e) != nil {
			return nil
		}
		return e
	}
	var kept []expr.Expr
	for _, a := range l.Args {
		w := r.weaker(a)
		if w == nil && l.Op == expr.Or {
			return nil
		}
		if w != nil {
			kept = append(kept, w)
		}
	}
	switch len(kept) {
	case 0:
		return nil
	case 1:
		return kept[0]
	}
	return &expr.Logic{Op: l.Op, Args: kept, At: -1}
}

func (u *pushing) project(op *spi.ProjectOp) []spi.Outcome {
	out := make([]spi.Outcome, len(op.Exprs))
	r := &renderer{t: newText(), rel: &u.p.Rel, nested: u.q.From != nil || u.q.Grouped}
	whole := true
	for i, e := range op.Exprs {
		out[i] = spi.Outcome{Part: i, Taken: spi.Exact}
		m := r.t.Mark()
		refused := r.output(u.q.Below(e))
		r.t.Undo(m)
		if refused != nil {
			out[i] = spi.Outcome{Part: i, Taken: spi.No, Reason: refused.reason, Note: refused.note}
			whole = false
		}
	}
	if !whole {
		return out
	}
	columns, output := make([]int, len(op.Exprs)), make([]spi.OutputCol, len(op.Exprs))
	for i, e := range op.Exprs {
		columns[i], output[i].Type = -1, e.Type()
		if c, ok := e.(*expr.Column); ok {
			columns[i], output[i] = u.scan.Columns[c.Index], u.scan.Output[c.Index]
		}
		if i < len(op.Names) && op.Names[i] != "" {
			output[i].Name = op.Names[i]
		}
	}
	u.scan.Columns, u.scan.Output = columns, output
	u.q = u.q.Project(op.Exprs)
	return out
}

// limitOne is the LIMIT up to which one statement is better than one a split.
const limitOne = 100_000

func (u *pushing) limit(op *spi.LimitOp) []spi.Outcome {
	u.q = u.q.LimitTo(op.N)
	u.scan.Limit = u.q.Limit
	if !u.scan.OneSplit && op.N > limitOne && u.cut() > 1 {
		return []spi.Outcome{{Taken: spi.PerSplit}}
	}
	u.scan.OneSplit = true
	return []spi.Outcome{{Taken: spi.Exact}}
}

// cut is in how many splits the scan would be read.
func (u *pushing) cut() int64 { return u.k.splitCount(&u.p.Rel, u.q) }

func (u *pushing) top(op *spi.TopNOp) []spi.Outcome {
	q := u.q.Top(op.Keys, op.N)
	if refused := u.writable(q); refused != nil {
		return spi.Refuse(op, refused.reason, refused.note)
	}
	taken := spi.Exact
	if !u.scan.OneSplit && u.cut() > topSplitsMin && q.From == nil && !u.ordered(q) {
		taken = spi.PerSplit // no index gives the order: the splits sort side by side
	} else {
		u.scan.OneSplit = true
	}
	u.q, u.scan.Limit = q, op.N
	return []spi.Outcome{{Taken: taken}}
}

// topSplitsMin is the number of splits above which a top-N without an index is
// done in each of them.
const topSplitsMin = 4

// ordered reports whether an index begins with the first key.
func (u *pushing) ordered(q *sqlsource.Select) bool {
	c, ok := q.Order[0].Expr.(*expr.Column)
	if !ok || q.From != nil || q.Grouped {
		return false
	}
	for _, i := range u.p.Rel.Leads {
		if i == c.Index {
			return true
		}
	}
	return false
}

func (u *pushing) aggregate(op *spi.AggregateOp) []spi.Outcome {
	out := make([]spi.Outcome, op.Parts())
	for i := range out {
		out[i] = spi.Outcome{Part: i, Taken: spi.Exact}
	}
	if len(op.Keys)+len(op.Calls) == 0 {
		return spi.Refuse(op, spi.ReasonCapability, "there is nothing to compute")
	}
	// All or nothing; each part is tried alone to tell which one is in the way.
	whole := true
	if refused := u.writable(u.q.Aggregate(op.Keys, nil)); refused != nil && len(op.Keys) > 0 {
		out[0], whole = spi.Outcome{Taken: spi.No, Reason: refused.reason, Note: refused.note}, false
	}
	for i, c := range op.Calls {
		if refused := u.writable(u.q.Aggregate(nil, []spi.AggCall{c})); refused != nil {
			out[1+i], whole = spi.Outcome{Part: 1 + i, Taken: spi.No, Reason: refused.reason, Note: refused.note}, false
		}
	}
	if !whole {
		for i := range out {
			if out[i].Taken == spi.Exact {
				out[i] = spi.Outcome{Part: i, Taken: spi.No, Reason: spi.ReasonCapability, Note: "another part stays with the engine"}
			}
		}
		return out
	}
	u.q = u.q.Aggregate(op.Keys, op.Calls)
	u.scan.OneSplit = true
	u.scan.Columns, u.scan.Output = nil, nil
	name := func(i int) string {
		if i < len(op.Names) {
			return op.Names[i]
		}
		return outputName(i)
	}
	for i, e := range u.q.Out {
		u.scan.Columns = append(u.scan.Columns, -1)
		u.scan.Output = append(u.scan.Output, spi.OutputCol{Name: name(i), Type: e.Type()})
	}
	u.scan.Limit = -1
	return out
}
