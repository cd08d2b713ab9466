package rules

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
)

// puller takes the conditions that read outer columns out of a subquery. Where
// rows is false only the existence of rows counts, not their number or order.
type puller struct {
	outer logical.Set
	rows  bool
	conds []expr.Expr
	by    map[int]expr.Expr // columns that are expressions of outer columns
}

func newPuller(l logical.Node, r logical.Node, rows bool) *puller {
	p := &puller{outer: logical.Set{}, rows: rows, by: map[int]expr.Expr{}}
	free := logical.Free(r)
	for _, c := range l.Schema() {
		if free[c.ID] {
			p.outer[c.ID] = true
		}
	}
	return p
}

func (p *puller) reads(n logical.Node) bool {
	for id := range logical.Free(n) {
		if p.outer[id] {
			return true
		}
	}
	return false
}

func (p *puller) touches(es ...expr.Expr) bool {
	for _, e := range es {
		if e != nil && p.outer.Touches(e) {
			return true
		}
	}
	return false
}

// pull returns n without the conditions, giving all columns that they read;
// false when some outer column is read otherwise.
func (p *puller) pull(n logical.Node) (logical.Node, bool) {
	if !p.reads(n) {
		return n, true
	}
	switch n := n.(type) {
	case *logical.Filter:
		in, ok := p.pull(n.In)
		if !ok {
			return nil, false
		}
		var stay []expr.Expr
		for _, c := range expr.Conjuncts(n.Pred) {
			c = logical.Substitute(c, p.by)
			switch {
			case !p.touches(c):
				stay = append(stay, c)
			case expr.IsVolatile(c):
				return nil, false
			default:
				p.conds = append(p.conds, c)
			}
		}
		return filter(in, stay), true
	case *logical.Project:
		return p.project(n)
	case *logical.Join:
		return p.join(n)
	case *logical.Sort:
		return p.pull(n.In)
	case *logical.Distinct:
		if n.On == nil && !p.rows {
			return p.pull(n.In)
		}
	case *logical.Limit:
		if !p.rows && n.N > 0 && n.Offset == 0 {
			return p.pull(n.In)
		}
	case *logical.TopN:
		if !p.rows && n.N > 0 && n.Offset == 0 {
			return p.pull(n.In)
		}
	case *logical.Aggregate:
		return p.aggregate(n)
	}
	return nil, false
}

// project keeps the columns that conditions read. Items over outer columns are
// replaced where they are read.
func (p *puller) project(n *logical.Project) (logical.Node, bool) {
	in, ok := p.pull(n.In)
	if !ok {
		return nil, false
	}
	out := &logical.Project{In: in}
	have := logical.Set{}
	for _, it := range n.Items {
		it.Expr = logical.Substitute(it.Expr, p.by)
		if p.touches(it.Expr) {
			if expr.IsVolatile(it.Expr) || p.rows {
				return nil, false
			}
			p.by[it.Col.ID] = it.Expr
			if !p.keepInner(it.Expr, in, out, have) {
				return nil, false
			}
			continue
		}
		if !have[it.Col.ID] {
			have[it.Col.ID] = true
			out.Items = append(out.Items, it)
		}
	}
	for _, c := range p.conds {
		if !p.keepInner(c, in, out, have) {
			return nil, false
		}
	}
	return out, true
}

// keepInner passes on the inner columns that an expression reads.
func (p *puller) keepInner(e expr.Expr, in logical.Node, out *logical.Project, have logical.Set) bool {
	for _, id := range expr.Columns(e) {
		if have[id] {
			continue
		}
		if c, ok := logical.Find(in.Schema(), id); ok {
			have[id] = true
			out.Items = append(out.Items, logical.Item{Col: c, Expr: c.Ref()})
		}
	}
	return true
}

func (p *puller) join(n *logical.Join) (logical.Node, bool) {
	if n.Kind != logical.Inner && (p.reads(n.R) || p.touches(n.On)) {
		return nil, false
	}
	if n.Kind != logical.Inner && n.Kind != logical.Left && n.Kind != logical.Semi && n.Kind != logical.Anti && n.Kind != logical.Mark {
		return nil, false
	}
	l, ok := p.pull(n.L)
	if !ok {
		return nil, false
	}
	r, ok := p.pull(n.R)
	if !ok {
		return nil, false
	}
	c := *n
	c.L, c.R = l, r
	var on []expr.Expr
	for _, e := range expr.Conjuncts(n.On) {
		e = logical.Substitute(e, p.by)
		if p.touches(e) {
			if n.Kind != logical.Inner || expr.IsVolatile(e) {
				return nil, false
			}
			p.conds = append(p.conds, e)
			continue
		}
		on = append(on, e)
	}
	c.On = expr.AndAll(on)
	return &c, true
}

// aggregate groups also by the inner sides of equalities with outer values:
// each outer row then sees the groups of its own value.
func (p *puller) aggregate(n *logical.Aggregate) (logical.Node, bool) {
	if len(n.Groups) == 0 || n.Sets != nil || p.touches(logical.Exprs(n)...) {
		return nil, false
	}
	for _, g := range n.Groups {
		if p.outer[g.In] {
			return nil, false
		}
	}
	before := len(p.conds)
	in, ok := p.pull(n.In)
	if !ok || len(p.by) > 0 {
		return nil, false
	}
	c := *n
	c.In = in
	for _, cond := range p.conds[before:] {
		id, ok := p.equalColumn(cond, in)
		if !ok {
			return nil, false
		}
		c.Groups = withGroup(c.Groups, in, id)
	}
	return &c, true
}

// equalColumn returns the inner column of outer = column.
func (p *puller) equalColumn(e expr.Expr, in logical.Node) (int, bool) {
	c, ok := e.(*expr.Call)
	if !ok || c.Fn != "=" || len(c.Args) != 2 {
		return 0, false
	}
	inner := logical.SetOf(in.Schema())
	for i, a := range c.Args {
		col, isCol := a.(*expr.Column)
		if isCol && inner[col.Index] && !inner.Touches(c.Args[1-i]) {
			return col.Index, true
		}
	}
	return 0, false
}

func withGroup(groups []logical.Group, in logical.Node, id int) []logical.Group {
	for _, g := range groups {
		if g.In == id {
			return groups
		}
	}
	c, _ := logical.Find(in.Schema(), id)
	return append(append([]logical.Group(nil), groups...), logical.Group{In: id, Col: c})
}
