package physical

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/planner/logical"
)

func (l *lowering) scan(n *logical.Scan) lowered {
	s := &plan.Scan{Head: l.head(n.Cols, l.rows(n)), Source: n.Source}
	r := lowered{node: s, cols: n.Cols}
	if n.Conn != nil && n.Conn.Caps().Local {
		s.Pinned, r.spread = true, single
	}
	return r
}

// values lowers constant rows; rows that must be computed when the statement
// runs become a union of projections.
func (l *lowering) values(n *logical.Values) (lowered, error) {
	rows := make([][]types.Value, len(n.Rows))
	for i, r := range n.Rows {
		rows[i] = make([]types.Value, len(r))
		for k, e := range r {
			c, ok := e.(*expr.Const)
			if !ok {
				return l.computedRows(n)
			}
			rows[i][k] = c.Val
		}
	}
	v := &plan.Values{Head: l.head(n.Cols, float64(len(rows))), Rows: rows}
	return lowered{node: v, cols: n.Cols, spread: single}, nil
}

func (l *lowering) computedRows(n *logical.Values) (lowered, error) {
	u := &plan.Union{}
	for _, r := range n.Rows {
		one := &plan.Values{Head: l.head(nil, 1), Rows: [][]types.Value{{}}}
		u.In = append(u.In, &plan.Project{Head: l.head(n.Cols, 1), In: one, Exprs: r})
	}
	if len(u.In) == 1 {
		return lowered{node: u.In[0], cols: n.Cols, spread: single}, nil
	}
	u.Head = l.head(n.Cols, float64(len(n.Rows)))
	return lowered{node: u, cols: n.Cols, spread: single}, nil
}

func (l *lowering) series(n *logical.Series) (lowered, error) {
	s := &plan.Series{Head: l.head(n.Schema(), l.rows(n))}
	for _, e := range n.Args {
		c, ok := e.(*expr.Const)
		if !ok {
			return lowered{}, sqlerr.Unsupported("generate_series over values that are not constant is not supported yet")
		}
		s.Args = append(s.Args, c.Val)
	}
	return lowered{node: s, cols: n.Schema(), spread: single}, nil
}

func (l *lowering) filter(n *logical.Filter) (lowered, error) {
	r, err := l.node(n.In)
	if err != nil {
		return r, err
	}
	r.node = &plan.Filter{Head: l.head(r.cols, l.rows(n)), In: r.node, Pred: place(n.Pred, positions(r.cols))}
	return r, nil
}

func (l *lowering) project(n *logical.Project) (lowered, error) {
	r, err := l.node(n.In)
	if err != nil {
		return r, err
	}
	at := positions(r.cols)
	exprs := make([]expr.Expr, len(n.Items))
	kept := logical.Set{}
	same := len(n.Items) == len(r.cols)
	for i, it := range n.Items {
		exprs[i] = place(it.Expr, at)
		if it.Passes() {
			kept[it.Col.ID] = true
		}
		same = same && it.Passes() && at[it.Col.ID] == i
	}
	r.cols = n.Schema()
	if same { // names only
		return r, nil
	}
	r.node = &plan.Project{Head: l.head(r.cols, estimate(r.node)), In: r.node, Exprs: exprs}
	for _, id := range r.hashed {
		if !kept[id] {
			r.hashed = nil
			break
		}
	}
	for i, k := range r.order {
		if !kept[k.Col] {
			r.order = r.order[:i]
			break
		}
	}
	return r, nil
}

// sort orders all rows: each task its own, merged when they are gathered.
func (l *lowering) sort(n *logical.Sort) (lowered, error) {
	r, err := l.node(n.In)
	if err != nil {
		return r, err
	}
	partial := r.spread == everywhere && l.o.Nodes > 1
	r.node = &plan.Sort{Head: l.head(r.cols, estimate(r.node)), In: r.node, Keys: sortKeys(n.Keys, r.cols), N: -1, Partial: partial}
	return l.merged(r, n.Keys), nil
}

func (l *lowering) topN(n *logical.TopN) (lowered, error) {
	r, err := l.node(n.In)
	if err != nil {
		return r, err
	}
	keys := sortKeys(n.Keys, r.cols)
	if r.spread == everywhere && l.o.Nodes > 1 {
		r.node = &plan.Sort{Head: l.head(r.cols, l.rows(n)), In: r.node, Keys: keys, N: n.N + n.Offset, Partial: true}
		r = l.gathered(r)
	}
	r.node = &plan.Sort{Head: l.head(r.cols, l.rows(n)), In: r.node, Keys: keys, N: n.N, Offset: n.Offset}
	r.spread, r.order, r.hashed = single, n.Keys, nil
	return r, nil
}

func (l *lowering) limit(n *logical.Limit) (lowered, error) {
	if n.Count != nil || n.Skip != nil {
		return lowered{}, sqlerr.Unsupported("LIMIT that is not a constant is not supported yet")
	}
	r, err := l.node(n.In)
	if err != nil {
		return r, err
	}
	if r.spread == everywhere && l.o.Nodes > 1 && !n.WithTies {
		if n.N >= 0 {
			r.node = &plan.Limit{Head: l.head(r.cols, l.rows(n)), In: r.node, N: n.N + n.Offset, Partial: true}
		}
		r = l.gathered(r)
	}
	order := r.order
	r = l.gathered(r)
	lim := &plan.Limit{Head: l.head(r.cols, l.rows(n)), In: r.node, N: n.N, Offset: n.Offset, WithTies: n.WithTies}
	if n.WithTies {
		lim.Keys = sortKeys(n.Keys, r.cols)
	}
	r.node, r.order, r.spread, r.hashed = lim, order, single, nil
	return r, nil
}

func (l *lowering) distinct(n *logical.Distinct) (lowered, error) {
	if n.On != nil {
		return lowered{}, sqlerr.Unsupported("SELECT DISTINCT ON is not supported yet")
	}
	a := &logical.Aggregate{In: n.In}
	for _, c := range n.In.Schema() {
		a.Groups = append(a.Groups, logical.Group{In: c.ID, Col: c})
	}
	return l.aggregate(a)
}

// setOp lowers UNION ALL. Inputs that one task gives are spread when others
// are everywhere, so that each row is there once.
func (l *lowering) setOp(n *logical.SetOp) (lowered, error) {
	if n.Kind != logical.Union || !n.All {
		return lowered{}, sqlerr.Unsupported("%s is not supported yet", n.Kind)
	}
	in := make([]lowered, len(n.In))
	out := lowered{cols: n.Cols, spread: single}
	for i, c := range n.In {
		r, err := l.node(c)
		if err != nil {
			return r, err
		}
		schema := c.Schema()
		want := make([]logical.Col, len(n.Maps[i]))
		for k, id := range n.Maps[i] {
			want[k], _ = logical.Find(schema, id)
		}
		in[i] = l.positioned(r, want)
		if in[i].spread == everywhere {
			out.spread = everywhere
		}
	}
	u := &plan.Union{Head: l.head(n.Cols, l.rows(n))}
	for _, r := range in {
		if out.spread == everywhere {
			r = l.scattered(r)
		}
		u.In = append(u.In, r.node)
	}
	out.node = u
	return out, nil
}

// positioned is arranged for lists that may name a column twice.
func (l *lowering) positioned(r lowered, want []logical.Col) lowered {
	seen := logical.Set{}
	for _, c := range want {
		if seen[c.ID] {
			at := positions(r.cols)
			exprs := make([]expr.Expr, len(want))
			for i, w := range want {
				exprs[i] = &expr.Column{Index: mustPlace(at, w.ID), Typ: w.Type, Name: w.Name, At: -1}
			}
			r.node = &plan.Project{Head: l.head(want, estimate(r.node)), In: r.node, Exprs: exprs}
			r.cols = want
			return r
		}
		seen[c.ID] = true
	}
	return l.arranged(r, want)
}

func (l *lowering) singleRow(n *logical.SingleRow) (lowered, error) {
	r, err := l.node(n.In)
	if err != nil {
		return r, err
	}
	r = l.gathered(r)
	r.node = &plan.SingleRow{Head: l.head(r.cols, 1), In: r.node}
	r.cols, r.order = n.Schema(), nil
	return r, nil
}

func (l *lowering) unnest(n *logical.Unnest) (lowered, error) {
	r, err := l.node(n.In)
	if err != nil {
		return r, err
	}
	keep := r.cols
	r, lists := l.computed(r, n.Lists)
	at := positions(r.cols)
	u := &plan.Unnest{In: r.node, Ordinality: n.Ordinality != nil, Outer: n.Outer}
	for _, c := range keep {
		u.Keep = append(u.Keep, mustPlace(at, c.ID))
	}
	for _, id := range lists {
		u.Lists = append(u.Lists, mustPlace(at, id))
	}
	r.cols = append(append([]logical.Col(nil), keep...), n.Cols...)
	if n.Ordinality != nil {
		r.cols = append(r.cols, *n.Ordinality)
	}
	u.Head = l.head(r.cols, l.rows(n))
	r.node, r.order = u, nil
	return r, nil
}

func (l *lowering) assignID(n *logical.AssignID) (lowered, error) {
	r, err := l.node(n.In)
	if err != nil {
		return r, err
	}
	r.cols = append(append([]logical.Col(nil), r.cols...), n.Col)
	r.node = &plan.AssignID{Head: l.head(r.cols, estimate(r.node)), In: r.node}
	return r, nil
}

// write lowers a table writer. Where its sinks may run is known when the target
// is: see fragment.Plan.
func (l *lowering) write(n *logical.Write) (lowered, error) {
	r, err := l.node(n.In)
	if err != nil {
		return r, err
	}
	schema := n.In.Schema()
	want := make([]logical.Col, len(n.Columns))
	for i, id := range n.Columns {
		want[i], _ = logical.Find(schema, id)
	}
	r = l.positioned(r, want)
	w := &plan.Write{Head: l.head(n.Out[:], 1), In: r.node}
	w.Target.Catalog, w.Target.Version, w.Target.Table, w.Target.Kind = n.Catalog, n.Version, n.Spec.Table.Name, n.Spec.Kind
	for _, c := range want {
		w.Target.Types = append(w.Target.Types, c.Type)
	}
	return lowered{node: w, cols: n.Out[:], spread: r.spread}, nil
}
