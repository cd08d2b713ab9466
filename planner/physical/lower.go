// Package physical turns an optimized logical tree into the plan that the
// engine runs: column ids become positions, operators get their algorithms and
// distribution, exchanges go where rows must move. The planner calls it. It
// must not rewrite relations and knows no stages.
package physical

import (
	"fmt"
	"slices"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/planner/logical"
)

// JoinChoice restricts how the rows of joins may meet.
type JoinChoice uint8

// The choices.
const (
	Automatic JoinChoice = iota // by the build side's real size
	Broadcast
	Partitioned
)

// Options are what lowering needs to know of the cluster and the session.
type Options struct {
	Nodes      int // nodes that take part; one: no exchanges
	Joins      JoinChoice
	NoBind     bool
	BindRows   int64 // most build rows of a bind join
	BindBatch  int   // keys a request
	NoDynamic  bool  // no dynamic filters
	NoPartial  bool  // no partial aggregation
	Functions  *functions.Registry
	RowsOf     func(logical.Node) float64 // estimate, < 0 unknown
	WidthBytes func(logical.Node) float64 // bytes a row, estimate
}

// spread says where the rows of a relation are.
type spread uint8

const (
	everywhere spread = iota // in all tasks of a stage
	single                   // in one task
)

// lowered is a plan with the columns that it gives, by position.
type lowered struct {
	node   plan.Node
	cols   []logical.Col
	spread spread
	hashed []int             // ids it is partitioned by; nil: not known to be
	order  []logical.SortKey // order of the rows, when single
}

type lowering struct {
	o    Options
	last plan.NodeID
}

// Lower gives the plan of a tree whose rows go to the client, or to the writer,
// as the columns out in this order.
func Lower(n logical.Node, out []logical.Col, o Options) (plan.Node, error) {
	l := &lowering{o: o}
	if l.o.Nodes < 1 {
		l.o.Nodes = 1
	}
	r, err := l.node(n)
	if err != nil {
		return nil, err
	}
	r = l.arranged(r, out)
	r = l.gathered(r)
	root := r.node
	if !o.NoDynamic {
		root = addDynamicFilters(root)
	}
	return root, nil
}

func (l *lowering) id() plan.NodeID {
	l.last++
	return l.last
}

// joinID reserves the ids that cutting at the join may need after its own: for
// what replaces its left side, its right side, and itself.
func (l *lowering) joinID() plan.NodeID {
	id := l.id()
	l.last += 3
	return id
}

func (l *lowering) head(cols []logical.Col, rows float64) plan.Head {
	h := plan.Head{Node: l.id(), RowsEst: rows}
	h.Out = columnsOf(cols)
	return h
}

func columnsOf(cols []logical.Col) []plan.Column {
	out := make([]plan.Column, len(cols))
	for i, c := range cols {
		out[i] = plan.Column{Name: c.Name, Type: c.Type}
	}
	return out
}

func (l *lowering) rows(n logical.Node) float64 {
	if l.o.RowsOf == nil {
		return -1
	}
	return l.o.RowsOf(n)
}

func estimate(n plan.Node) float64 {
	return n.(interface{ Estimate() float64 }).Estimate()
}

// node lowers any node.
func (l *lowering) node(n logical.Node) (lowered, error) {
	switch n := n.(type) {
	case *logical.Scan:
		return l.scan(n), nil
	case *logical.Values:
		return l.values(n)
	case *logical.Series:
		return l.series(n)
	case *logical.Filter:
		return l.filter(n)
	case *logical.Project:
		return l.project(n)
	case *logical.Aggregate:
		return l.aggregate(n)
	case *logical.Join:
		return l.join(n)
	case *logical.Sort:
		return l.sort(n)
	case *logical.TopN:
		return l.topN(n)
	case *logical.Limit:
		return l.limit(n)
	case *logical.Distinct:
		return l.distinct(n)
	case *logical.SetOp:
		return l.setOp(n)
	case *logical.SingleRow:
		return l.singleRow(n)
	case *logical.Unnest:
		return l.unnest(n)
	case *logical.AssignID:
		return l.assignID(n)
	case *logical.Write:
		return l.write(n)
	case *logical.Window:
		return lowered{}, sqlerr.Unsupported("window functions are not supported yet")
	case *logical.Apply:
		return lowered{}, sqlerr.Unsupported("this correlated subquery is not supported yet")
	case *logical.SharedRef:
		return lowered{}, sqlerr.Unsupported("a common table expression with volatile functions that is read more than once is not supported yet")
	}
	return lowered{}, sqlerr.Internalf("node cannot be lowered: %s", n.Label())
}

// positions maps column ids to places.
func positions(cols []logical.Col) map[int]int {
	out := make(map[int]int, len(cols))
	for i, c := range cols {
		out[c.ID] = i
	}
	return out
}

// place rewrites an expression over ids to one over positions.
func place(e expr.Expr, at map[int]int) expr.Expr {
	if e == nil {
		return nil
	}
	return expr.Remap(e, at)
}

func sortKeys(keys []logical.SortKey, cols []logical.Col) []plan.SortKey {
	at := positions(cols)
	out := make([]plan.SortKey, len(keys))
	for i, k := range keys {
		out[i] = plan.SortKey{Col: mustPlace(at, k.Col), Desc: k.Desc, NullsFirst: k.NullsFirst}
	}
	return out
}

func mustPlace(at map[int]int, id int) int {
	p, ok := at[id]
	if !ok {
		panic(fmt.Sprintf("BUG: column #%d has no position", id))
	}
	return p
}

// exchange moves the rows of r.
func (l *lowering) exchange(r lowered, kind plan.ExchangeKind, by []int) lowered {
	if l.o.Nodes == 1 {
		return r
	}
	x := &plan.Exchange{Head: l.head(r.cols, estimate(r.node)), In: r.node, Kind: kind}
	out := lowered{node: x, cols: r.cols}
	switch kind {
	case plan.Gather:
		out.spread = single
	case plan.Hash:
		at := positions(r.cols)
		for _, id := range by {
			x.Cols = append(x.Cols, mustPlace(at, id))
		}
		out.hashed = by
	}
	return out
}

// gathered brings all rows into one task.
func (l *lowering) gathered(r lowered) lowered {
	if r.spread == single {
		return r
	}
	out := l.exchange(r, plan.Gather, nil)
	out.spread = single
	return out
}

// merged gathers sorted rows and keeps their order.
func (l *lowering) merged(r lowered, keys []logical.SortKey) lowered {
	r = l.gathered(r)
	if x, ok := r.node.(*plan.Exchange); ok {
		x.Merge = sortKeys(keys, r.cols)
	}
	r.order = keys
	return r
}

// scattered spreads the rows of one task over all.
func (l *lowering) scattered(r lowered) lowered {
	if r.spread == everywhere || l.o.Nodes == 1 {
		return r
	}
	out := l.exchange(r, plan.RoundRobin, nil)
	out.spread = everywhere
	return out
}

// arranged gives exactly these columns in this order.
func (l *lowering) arranged(r lowered, want []logical.Col) lowered {
	same := len(want) == len(r.cols)
	at := positions(r.cols)
	exprs := make([]expr.Expr, len(want))
	for i, c := range want {
		p := mustPlace(at, c.ID)
		same = same && p == i
		exprs[i] = &expr.Column{Index: p, Typ: c.Type, Name: c.Name, At: -1}
	}
	if same {
		return r
	}
	if p, ok := r.node.(*plan.Project); ok {
		for i, e := range exprs {
			exprs[i] = p.Exprs[e.(*expr.Column).Index]
		}
		r.node = p.In
	}
	out := r
	out.cols = slices.Clone(want)
	out.node = &plan.Project{Head: l.head(want, estimate(r.node)), In: r.node, Exprs: exprs}
	return out
}

// computed makes sure that every expression is a column of r and returns their ids.
func (l *lowering) computed(r lowered, es []expr.Expr) (lowered, []int) {
	at := positions(r.cols)
	ids := make([]int, len(es))
	var exprs []expr.Expr
	cols := r.cols
	for i, e := range es {
		if c, ok := e.(*expr.Column); ok {
			ids[i] = c.Index
			continue
		}
		if exprs == nil {
			cols = slices.Clone(r.cols)
			for p, c := range r.cols {
				exprs = append(exprs, &expr.Column{Index: p, Typ: c.Type, Name: c.Name, At: -1})
			}
		}
		found := false
		for k := len(r.cols); k < len(cols) && !found; k++ {
			if logical.Equal(exprs[k], place(e, at)) {
				ids[i], found = cols[k].ID, true
			}
		}
		if found {
			continue
		}
		// Ids of computed columns are negative: no logical column has such an id.
		id := -int(l.id())
		ids[i] = id
		cols = append(cols, logical.Col{ID: id, Name: expr.Format(e), Type: e.Type()})
		exprs = append(exprs, place(e, at))
	}
	if exprs == nil {
		return r, ids
	}
	out := r
	out.cols = cols
	out.node = &plan.Project{Head: l.head(cols, estimate(r.node)), In: r.node, Exprs: exprs}
	return out, ids
}

// only computes exactly these expressions and returns their ids; a column that
// is named twice is there once. r is kept when it gives nothing else.
func (l *lowering) only(r lowered, es []expr.Expr) (lowered, []int) {
	at := positions(r.cols)
	ids := make([]int, len(es))
	var items []logical.Item
	var exprs []expr.Expr
	plain := true
	for i, e := range es {
		found := false
		for k := range items {
			if logical.Equal(items[k].Expr, e) {
				ids[i], found = items[k].Col.ID, true
				break
			}
		}
		if found {
			continue
		}
		var col logical.Col
		if c, ok := e.(*expr.Column); ok {
			col = r.cols[mustPlace(at, c.Index)]
		} else {
			plain = false
			col = logical.Col{ID: -int(l.id()), Name: expr.Format(e), Type: e.Type()}
		}
		ids[i] = col.ID
		items = append(items, logical.Item{Col: col, Expr: e})
		exprs = append(exprs, place(e, at))
	}
	if plain && len(items) == len(r.cols) {
		return r, ids
	}
	out := r
	out.cols = make([]logical.Col, len(items))
	for i, it := range items {
		out.cols[i] = it.Col
	}
	if p, ok := r.node.(*plan.Project); ok && plain {
		for i, e := range exprs {
			exprs[i] = p.Exprs[e.(*expr.Column).Index]
		}
		r.node = p.In
	}
	out.node = &plan.Project{Head: l.head(out.cols, estimate(r.node)), In: r.node, Exprs: exprs}
	return out, ids
}

// without drops computed columns again.
func (l *lowering) without(r lowered) lowered {
	var keep []logical.Col
	for _, c := range r.cols {
		if c.ID >= 0 {
			keep = append(keep, c)
		}
	}
	if len(keep) == len(r.cols) {
		return r
	}
	return l.arranged(r, keep)
}
