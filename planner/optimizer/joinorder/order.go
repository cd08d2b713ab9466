package joinorder

import (
	"math/bits"
	"slices"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
	"github.com/muster-sql/muster/planner/stats"
)

// exhaustiveMax is the most relations whose every order is tried.
const exhaustiveMax = 10

// mask is a set of leaves by number; regions have at most 64, larger ones keep
// their order.
type mask uint64

const leavesMax = 64

// Equal makes an equality of two columns.
type Equal func(a, b logical.Col) (expr.Expr, error)

// Order returns the region with its joins in the order of least estimated cost,
// build sides on the right. One that is too large, or has one relation, stays.
func Order(n logical.Node, est *stats.Estimator, equal Equal) (logical.Node, error) {
	var r region
	r.collect(n)
	if len(r.leaves) < 2 || len(r.leaves) > leavesMax {
		return n, nil
	}
	o := &orderer{region: r, est: est, equal: equal, plans: map[mask]*joined{}}
	o.prepare()
	var parts []*joined
	for _, c := range o.components() {
		var p *joined
		var err error
		if bits.OnesCount64(uint64(c)) <= exhaustiveMax {
			p, err = o.exhaustive(c)
		} else {
			p, err = o.greedy(c)
		}
		if err != nil {
			return nil, err
		}
		if p == nil {
			return n, nil
		}
		parts = append(parts, p)
	}
	slices.SortStableFunc(parts, func(a, b *joined) int { return compareFloat(a.rows, b.rows) })
	top := parts[len(parts)-1]
	for i := len(parts) - 2; i >= 0; i-- {
		var err error
		if top, err = o.join(top, parts[i]); err != nil {
			return nil, err
		}
	}
	node := top.node
	if len(o.loose) > 0 {
		node = &logical.Filter{In: node, Pred: expr.AndAll(o.loose)}
	}
	return node, nil
}

func compareFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func sortInts(s []int) { slices.Sort(s) }

// joined is a way to join a set of leaves.
type joined struct {
	set   mask
	node  logical.Node
	rows  float64
	cost  float64
	hangs int // the leaf, when it is one that hangs; else -1
}

// cond is a condition with the leaves that it reads.
type cond struct {
	e   expr.Expr
	set mask
}

// class is a set of equal columns with their leaves.
type class struct {
	cols []logical.Col
	leaf []int
}

type orderer struct {
	region
	est     *stats.Estimator
	equal   Equal
	plans   map[mask]*joined
	conds   []cond
	classes []class
	needs   []mask      // per leaf that hangs: what it must come after
	loose   []expr.Expr // conditions without columns
	owner   map[int]int // leaf of a column
}

// prepare assigns columns and conditions to leaves.
func (o *orderer) prepare() {
	o.owner = map[int]int{}
	for i, l := range o.leaves {
		if l.join != nil && (l.join.Kind == logical.Semi || l.join.Kind == logical.Anti) {
			continue
		}
		if l.join != nil && l.join.Kind == logical.Mark {
			o.owner[l.join.Mark.ID] = i
			continue
		}
		for _, c := range l.node.Schema() {
			o.owner[c.ID] = i
		}
	}
	o.needs = make([]mask, len(o.leaves))
	for i, l := range o.leaves {
		if l.join != nil {
			o.needs[i] = o.leavesOf(expr.AndAll(l.on)) &^ (1 << i)
		}
	}
	eq := newClasses()
	for _, e := range o.region.conds {
		a, b, pair := columnPair(e)
		plain := pair && o.plainLeaf(a.Index) && o.plainLeaf(b.Index)
		if plain && o.owner[a.Index] != o.owner[b.Index] && eq.add(e) {
			continue
		}
		set := o.leavesOf(e)
		if set == 0 {
			o.loose = append(o.loose, e)
			continue
		}
		o.conds = append(o.conds, cond{e, set})
	}
	for _, cols := range eq.sets() {
		c := class{cols: cols}
		for _, col := range cols {
			c.leaf = append(c.leaf, o.owner[col.ID])
		}
		o.classes = append(o.classes, c)
	}
}

// plainLeaf reports whether a column is from a leaf that does not hang.
func (o *orderer) plainLeaf(id int) bool {
	i, ok := o.owner[id]
	return ok && o.leaves[i].join == nil
}

func (o *orderer) leavesOf(e expr.Expr) mask {
	var m mask
	for _, id := range expr.Columns(e) {
		if i, ok := o.owner[id]; ok {
			m |= 1 << i
		}
	}
	return m
}

// components groups the leaves that conditions connect.
func (o *orderer) components() []mask {
	var links []mask
	for _, c := range o.conds {
		links = append(links, c.set)
	}
	for _, c := range o.classes {
		var m mask
		for _, l := range c.leaf {
			m |= 1 << l
		}
		links = append(links, m)
	}
	for i, n := range o.needs {
		if o.leaves[i].join != nil {
			links = append(links, n|1<<i)
		}
	}
	var out []mask
	for i := range o.leaves {
		m := mask(1) << i
		var rest []mask
		for _, c := range out {
			if c&m == 0 {
				rest = append(rest, c)
			} else {
				m |= c
			}
		}
		for changed := true; changed; {
			changed = false
			for _, l := range links {
				if l&m != 0 && l&^m != 0 {
					m |= l
					changed = true
				}
			}
		}
		out = out[:0:0]
		for _, c := range rest {
			if c&m == 0 {
				out = append(out, c)
			}
		}
		out = append(out, m)
	}
	return out
}

// base returns the plan of one leaf with the conditions on it alone.
func (o *orderer) base(i int) *joined {
	l := o.leaves[i]
	p := &joined{set: 1 << i, node: l.node, hangs: -1}
	if l.join != nil {
		p.hangs = i
	} else {
		var own []expr.Expr
		for _, c := range o.conds {
			if c.set == p.set {
				own = append(own, c.e)
			}
		}
		if len(own) > 0 {
			p.node = &logical.Filter{In: p.node, Pred: expr.AndAll(own)}
		}
	}
	p.rows = o.est.Rows(p.node)
	return p
}

// exhaustive finds the cheapest way for every connected subset of a component.
func (o *orderer) exhaustive(all mask) (*joined, error) {
	for i := range o.leaves {
		if all>>i&1 == 1 {
			o.plans[1<<i] = o.base(i)
		}
	}
	for m := mask(1); m <= all; m++ {
		if m&all != m || bits.OnesCount64(uint64(m)) < 2 {
			continue
		}
		var bestL, bestR *joined
		least := 0.0
		for s := (m - 1) & m; s > 0; s = (s - 1) & m {
			l, r := o.plans[s], o.plans[m&^s]
			if l == nil || r == nil || !o.joins(l, r) {
				continue
			}
			if cost := l.cost + r.cost + l.rows + 2*r.rows; bestL == nil || cost < least {
				bestL, bestR, least = l, r, cost
			}
		}
		if bestL == nil {
			continue
		}
		p, err := o.join(bestL, bestR)
		if err != nil {
			return nil, err
		}
		o.plans[m] = p
		if m == all {
			break
		}
	}
	return o.plans[all], nil
}

// joins reports whether l and r may be joined now, r being built.
func (o *orderer) joins(l, r *joined) bool {
	if l.hangs >= 0 {
		return false
	}
	if r.hangs >= 0 {
		return o.needs[r.hangs]&^l.set == 0
	}
	for _, c := range o.classes {
		if c.side(l.set) >= 0 && c.side(r.set) >= 0 {
			return true
		}
	}
	for _, c := range o.conds {
		if c.set&l.set != 0 && c.set&r.set != 0 && c.set&^(l.set|r.set) == 0 {
			return true
		}
	}
	return false
}

// side returns the first column of the class in a set of leaves, -1 for none.
func (c *class) side(set mask) int {
	for i, l := range c.leaf {
		if set>>l&1 == 1 {
			return i
		}
	}
	return -1
}

// join joins two plans with all conditions that become known.
func (o *orderer) join(l, r *joined) (*joined, error) {
	set := l.set | r.set
	var conds []expr.Expr
	for _, c := range o.conds {
		if c.set&^set == 0 && c.set&^l.set != 0 && c.set&^r.set != 0 {
			conds = append(conds, c.e)
		}
	}
	p := &joined{set: set, hangs: -1, cost: l.cost + r.cost + l.rows + 2*r.rows}
	if r.hangs >= 0 {
		leaf := o.leaves[r.hangs]
		j := *leaf.join
		j.L, j.R = l.node, r.node
		p.node = &j
		for _, c := range o.conds { // on the new columns alone
			if c.set == r.set {
				conds = append(conds, c.e)
			}
		}
		if len(conds) > 0 {
			p.node = &logical.Filter{In: p.node, Pred: expr.AndAll(conds)}
		}
	} else {
		on, err := o.equalities(l.set, r.set)
		if err != nil {
			return nil, err
		}
		p.node = &logical.Join{Kind: logical.Inner, L: l.node, R: r.node, On: expr.AndAll(append(on, conds...))}
	}
	p.rows = o.est.Rows(p.node)
	p.cost += p.rows
	return p, nil
}

// equalities gives one condition a class that both sides have a column of.
func (o *orderer) equalities(l, r mask) ([]expr.Expr, error) {
	var out []expr.Expr
	for _, c := range o.classes {
		a, b := c.side(l), c.side(r)
		if a < 0 || b < 0 {
			continue
		}
		e, err := o.equal(c.cols[a], c.cols[b])
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// greedy joins the pair with the fewest rows, again and again.
func (o *orderer) greedy(all mask) (*joined, error) {
	var parts []*joined
	for i := range o.leaves {
		if all>>i&1 == 1 {
			parts = append(parts, o.base(i))
		}
	}
	type pair struct{ l, r *joined }
	known := map[pair]*joined{}
	for len(parts) > 1 {
		var best *joined
		var from pair
		for _, l := range parts {
			for _, r := range parts {
				if l == r || !o.joins(l, r) || r.hangs < 0 && l.rows < r.rows {
					continue
				}
				p, ok := known[pair{l, r}]
				if !ok {
					var err error
					if p, err = o.join(l, r); err != nil {
						return nil, err
					}
					known[pair{l, r}] = p
				}
				if best == nil || p.rows < best.rows {
					best, from = p, pair{l, r}
				}
			}
		}
		if best == nil {
			return nil, nil
		}
		parts = slices.DeleteFunc(parts, func(p *joined) bool { return p == from.l || p == from.r })
		parts = append(parts, best)
	}
	return parts[0], nil
}
