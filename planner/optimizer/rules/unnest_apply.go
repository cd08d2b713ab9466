package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/planner/logical"
)

// UnnestApply evaluates any correlated subquery for all distinct outer values
// at once, then joins: the general way, when no shorter one fits.
//
//	Inner Apply (L) (R(l))  =>  Inner Join on l IS NOT DISTINCT FROM d (L) (R(d) for each d of the domain)
//
// The domain is Distinct [d: l] (L'), a copy of the left side.
var UnnestApply Rule = unnestApply{}

type unnestApply struct{}

func (unnestApply) Name() string { return "UnnestApply" }

func (unnestApply) Apply(_ context.Context, env *Env, n logical.Node) (logical.Node, error) {
	a, ok := n.(*logical.Apply)
	if !ok || !correlated(a) {
		return nil, nil
	}
	if volatileTree(a.L) {
		return nil, sqlerr.Unsupported("a correlated subquery of this form over volatile rows is not supported yet")
	}
	p := newPuller(a.L, a.R, true)
	u := &unnester{env: env, left: a.L, outer: p.outer}
	for _, c := range a.L.Schema() {
		if p.outer[c.ID] {
			u.cols = append(u.cols, c)
		}
	}
	r, err := u.node(a.R)
	if err != nil {
		return nil, err
	}
	on, err := u.matches(u.cols, r.domain)
	if err != nil {
		return nil, err
	}
	j := &logical.Join{L: a.L, R: r.node, On: expr.AndAll(append(on, expr.Conjuncts(a.On)...)), Mark: a.Mark}
	switch a.Kind {
	case logical.ApplyMark:
		j.Kind = logical.Mark
	case logical.ApplyLeft:
		j.Kind = logical.Left
	default:
		j.Kind = logical.Inner
	}
	return j, nil
}

func volatileTree(n logical.Node) bool {
	v := false
	logical.Walk(n, func(n logical.Node) bool {
		if _, ok := n.(*logical.AssignID); ok {
			v = true
		}
		for _, e := range logical.Exprs(n) {
			v = v || expr.IsVolatile(e)
		}
		return !v
	})
	return v
}

// unnester rewrites a subquery to run for each row of a domain.
type unnester struct {
	env   *Env
	left  logical.Node
	outer logical.Set
	cols  []logical.Col // the outer columns, in order
}

// dependent is a subtree for each row of the domain, whose columns it gives too.
type dependent struct {
	node   logical.Node
	domain []logical.Col // parallel to unnester.cols
}

// domainOf makes a copy of the distinct outer values.
func (u *unnester) domainOf() dependent {
	left, to := logical.Rename(u.left, u.env.IDs)
	d := dependent{}
	p := &logical.Project{In: left}
	for _, c := range u.cols {
		from := c
		if id, ok := to[c.ID]; ok {
			from.ID = id
		}
		col := u.env.IDs.Copy(c)
		p.Items = append(p.Items, logical.Item{Col: col, Expr: from.Ref()})
		d.domain = append(d.domain, col)
	}
	d.node = &logical.Distinct{In: p}
	return d
}

// bound replaces the outer columns in e by those of the domain.
func (u *unnester) bound(e expr.Expr, d dependent) expr.Expr {
	by := map[int]expr.Expr{}
	for i, c := range u.cols {
		by[c.ID] = d.domain[i].Ref()
	}
	return logical.Substitute(e, by)
}

// matches equates two lists of domain columns, NULL being equal to NULL.
func (u *unnester) matches(a, b []logical.Col) ([]expr.Expr, error) {
	out := make([]expr.Expr, len(a))
	for i := range a {
		fn := functions.IsDistinct
		if a[i].NotNull && b[i].NotNull {
			fn = "="
		}
		e, err := u.env.Call(fn, a[i].Ref(), b[i].Ref())
		if err != nil {
			return nil, err
		}
		if fn != "=" {
			e = not(e)
		}
		out[i] = e
	}
	return out, nil
}

func (u *unnester) reads(n logical.Node) bool {
	for id := range logical.Free(n) {
		if u.outer[id] {
			return true
		}
	}
	return false
}

// node rewrites a subtree; one that reads no outer column is joined with the
// whole domain.
func (u *unnester) node(n logical.Node) (dependent, error) {
	if !u.reads(n) {
		d := u.domainOf()
		d.node = &logical.Join{Kind: logical.Inner, L: d.node, R: n}
		return d, nil
	}
	switch n := n.(type) {
	case *logical.Filter, *logical.Unnest, *logical.AssignID:
		d, err := u.node(n.Inputs()[0])
		if err != nil {
			return d, err
		}
		d.node = u.rebound(n.WithInputs([]logical.Node{d.node}), d)
		return d, nil
	case *logical.Sort:
		return u.node(n.In)
	case *logical.Project:
		return u.project(n)
	case *logical.Join:
		return u.join(n)
	case *logical.Aggregate:
		return u.aggregate(n)
	case *logical.Distinct:
		return u.distinct(n)
	case *logical.SetOp:
		return u.setOp(n)
	case *logical.SingleRow:
		return u.singleRow(n)
	case *logical.TopN:
		return u.firstRow(n.In, n.Keys, n.N, n.Offset)
	case *logical.Limit:
		if s, ok := n.In.(*logical.Sort); ok && !n.WithTies {
			return u.firstRow(s.In, s.Keys, n.N, n.Offset)
		}
		return u.firstRow(n.In, nil, n.N, n.Offset)
	}
	return dependent{}, sqlerr.Unsupported("a correlated subquery of this form is not supported yet")
}

// rebound replaces outer columns in the node's own expressions.
func (u *unnester) rebound(n logical.Node, d dependent) logical.Node {
	return logical.MapExprs(n, func(e expr.Expr) expr.Expr { return u.bound(e, d) })
}

func (u *unnester) project(n *logical.Project) (dependent, error) {
	d, err := u.node(n.In)
	if err != nil {
		return d, err
	}
	p := &logical.Project{In: d.node}
	for _, c := range d.domain {
		p.Items = append(p.Items, logical.Item{Col: c, Expr: c.Ref()})
	}
	for _, it := range n.Items {
		p.Items = append(p.Items, logical.Item{Col: it.Col, Expr: u.bound(it.Expr, d)})
	}
	d.node = p
	return d, nil
}

// join lets the sides that read outer columns depend; two dependent sides meet
// by domain.
func (u *unnester) join(n *logical.Join) (dependent, error) {
	switch n.Kind {
	case logical.Right:
		c := *n
		c.Kind, c.L, c.R = logical.Left, n.R, n.L
		return u.join(&c)
	case logical.Full:
		return u.fullJoin(n)
	}
	rightOnly := !u.reads(n.R)
	l, err := u.node(n.L)
	if err != nil {
		return l, err
	}
	c := *n
	c.L = l.node
	on := []expr.Expr{}
	if n.On != nil {
		on = expr.Conjuncts(u.bound(n.On, l))
	}
	if rightOnly {
		c.On = expr.AndAll(on)
		l.node = &c
		return l, nil
	}
	if n.NullAware {
		return dependent{}, sqlerr.Unsupported("a null-aware join in a correlated subquery of this form is not supported yet")
	}
	r, err := u.node(n.R)
	if err != nil {
		return r, err
	}
	eq, err := u.matches(l.domain, r.domain)
	if err != nil {
		return r, err
	}
	c.R, c.On = r.node, expr.AndAll(append(eq, on...))
	l.node = &c
	return l, nil
}

// fullJoin lets both sides depend; the domain is that of the side which has a row.
func (u *unnester) fullJoin(n *logical.Join) (dependent, error) {
	l, err := u.node(n.L)
	if err != nil {
		return l, err
	}
	r, err := u.node(n.R)
	if err != nil {
		return r, err
	}
	on, err := u.matches(l.domain, r.domain)
	if err != nil {
		return r, err
	}
	if n.On != nil {
		on = append(on, expr.Conjuncts(u.bound(n.On, l))...)
	}
	sides := logical.SetOf(append(append([]logical.Col(nil), l.domain...), r.domain...))
	j := &logical.Join{Kind: logical.Full, L: l.node, R: r.node, On: expr.AndAll(on)}
	p := &logical.Project{In: j}
	out := dependent{}
	for i, c := range l.domain {
		col := u.env.IDs.Copy(c)
		col.NotNull = false
		e := &expr.Coalesce{Args: []expr.Expr{c.Ref(), r.domain[i].Ref()}, Typ: c.Type, At: -1}
		p.Items = append(p.Items, logical.Item{Col: col, Expr: e})
		out.domain = append(out.domain, col)
	}
	for _, it := range passed(j) {
		if !sides[it.Col.ID] {
			p.Items = append(p.Items, it)
		}
	}
	out.node = p
	return out, nil
}

// aggregate groups by the domain too; without groups of its own every domain
// row has a result, also one without input.
func (u *unnester) aggregate(n *logical.Aggregate) (dependent, error) {
	d, err := u.node(n.In)
	if err != nil {
		return d, err
	}
	c := *n
	c.In = d.node
	if n.Sets != nil {
		return dependent{}, sqlerr.Unsupported("grouping sets in a correlated subquery are not supported yet")
	}
	c.Groups = nil
	for _, col := range d.domain {
		c.Groups = append(c.Groups, logical.Group{In: col.ID, Col: col})
	}
	for _, g := range n.Groups {
		if u.outer[g.In] {
			return dependent{}, sqlerr.Unsupported("grouping by an outer column in a correlated subquery is not supported yet")
		}
	}
	c.Groups = append(c.Groups, n.Groups...)
	grouped := u.rebound(&c, d).(*logical.Aggregate)
	d.node = grouped
	if len(n.Groups) > 0 {
		return d, nil
	}
	calls, zeros := countsToZero(u.env, grouped.Calls)
	grouped.Calls = calls
	all := u.domainOf()
	on, err := u.matches(all.domain, d.domain)
	if err != nil {
		return d, err
	}
	all.node = &logical.Join{Kind: logical.Left, L: all.node, R: grouped, On: expr.AndAll(on)}
	if len(zeros) > 0 {
		all.node = withItem(all.node, zeros...)
	}
	return all, nil
}

func (u *unnester) distinct(n *logical.Distinct) (dependent, error) {
	d, err := u.node(n.In)
	if err != nil {
		return d, err
	}
	c := *n
	c.In = d.node
	if n.On != nil {
		c.On = append(logical.ColumnIDs(d.domain), n.On...)
	}
	d.node = &c
	return d, nil
}

// setOp gives every input a domain of its own, which is part of the rows that
// are compared.
func (u *unnester) setOp(n *logical.SetOp) (dependent, error) {
	c := *n
	c.In, c.Maps = nil, nil
	out := dependent{}
	for _, col := range u.cols {
		out.domain = append(out.domain, u.env.IDs.Copy(col))
	}
	c.Cols = append(append([]logical.Col(nil), out.domain...), n.Cols...)
	for i, in := range n.In {
		d, err := u.node(in)
		if err != nil {
			return d, err
		}
		c.In = append(c.In, d.node)
		c.Maps = append(c.Maps, append(logical.ColumnIDs(d.domain), n.Maps[i]...))
	}
	out.node = &c
	return out, nil
}

// firstRow gives the first row of each domain row.
func (u *unnester) firstRow(in logical.Node, keys []logical.SortKey, n, offset int64) (dependent, error) {
	if n != 1 || offset != 0 {
		return dependent{}, sqlerr.Unsupported("LIMIT other than 1 in a correlated subquery of this form is not supported yet")
	}
	d, err := u.node(in)
	if err != nil {
		return d, err
	}
	d.node = &logical.Distinct{In: d.node, On: logical.ColumnIDs(d.domain), Keys: keys}
	return d, nil
}

// singleRow checks each domain row for more than one match and gives NULLs
// where there is none.
func (u *unnester) singleRow(n *logical.SingleRow) (dependent, error) {
	d, err := u.node(n.In)
	if err != nil {
		return d, err
	}
	checked, err := u.checked(d, n.In.Schema())
	if err != nil {
		return d, err
	}
	all := u.domainOf()
	on, err := u.matches(all.domain, d.domain)
	if err != nil {
		return d, err
	}
	all.node = &logical.Join{Kind: logical.Left, L: all.node, R: checked, On: expr.AndAll(on)}
	return all, nil
}

// checked fails with 21000 when a domain row has several rows.
func (u *unnester) checked(d dependent, cols []logical.Col) (logical.Node, error) {
	agg := &logical.Aggregate{In: d.node}
	for _, c := range d.domain {
		agg.Groups = append(agg.Groups, logical.Group{In: c.ID, Col: c})
	}
	items := []logical.Item{}
	for _, c := range d.domain {
		items = append(items, logical.Item{Col: c, Expr: c.Ref()})
	}
	for _, c := range cols {
		call, err := u.env.Aggregate(fnOnlyValue, c.Name, c.Ref())
		if err != nil {
			return nil, sqlerr.Unsupported("a correlated subquery that could give several rows is not supported yet")
		}
		agg.Calls = append(agg.Calls, call)
		items = append(items, logical.Item{Col: c, Expr: call.Col.Ref()})
	}
	return &logical.Project{In: agg, Items: items}, nil
}

// fnOnlyValue is the aggregate that gives the one value of its input, NULL for
// none, and fails with 21000 on a second row.
const fnOnlyValue = "only_value"
