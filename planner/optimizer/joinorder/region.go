// Package joinorder finds the order in which relations are joined: it takes the
// joins of a region apart and puts them together by estimated cost. The rules
// call it. It knows the algebra and statistics, no other rules.
package joinorder

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
)

// leaf is a relation of a region. One that is not joined by Inner hangs on the
// relations that its condition reads: it can be joined after them only.
type leaf struct {
	node logical.Node
	join *logical.Join // of a leaf that hangs; nil: inner
	on   []expr.Expr
}

// region is a tree of inner joins taken apart, with the left, semi, anti and
// mark joins on it whose right side can wait.
type region struct {
	leaves []leaf
	conds  []expr.Expr
}

// collect takes the joins below n apart. Filters join the conditions; volatile
// ones end a region, as any other node does.
func (r *region) collect(n logical.Node) {
	switch n := n.(type) {
	case *logical.Filter:
		if j, ok := n.In.(*logical.Join); ok && flat(j) && !expr.IsVolatile(n.Pred) {
			r.conds = append(r.conds, expr.Conjuncts(n.Pred)...)
			r.collect(j)
			return
		}
	case *logical.Project:
		if j, ok := n.In.(*logical.Join); ok && passesOnly(n) && flat(j) {
			r.collect(j)
			return
		}
	case *logical.Join:
		if !flat(n) {
			break
		}
		r.collect(n.L)
		if n.Kind == logical.Inner {
			r.collect(n.R)
			r.conds = append(r.conds, expr.Conjuncts(n.On)...)
		} else {
			r.leaves = append(r.leaves, leaf{node: n.R, join: n, on: expr.Conjuncts(n.On)})
		}
		return
	}
	r.leaves = append(r.leaves, leaf{node: n})
}

func passesOnly(p *logical.Project) bool {
	for _, it := range p.Items {
		if !it.Passes() {
			return false
		}
	}
	return true
}

// flat reports whether a join can be part of a region.
func flat(j *logical.Join) bool {
	if j.On != nil && expr.IsVolatile(j.On) {
		return false
	}
	switch j.Kind {
	case logical.Inner:
		return true
	case logical.Left, logical.Semi, logical.Anti, logical.Mark:
		return j.On != nil && logical.SetOf(j.L.Schema()).Touches(j.On)
	}
	return false
}

// IsRegion reports whether n is the top of joins that can be ordered.
func IsRegion(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Filter:
		j, ok := n.In.(*logical.Join)
		return ok && flat(j)
	case *logical.Join:
		return flat(n)
	}
	return false
}

// Leaves returns the relations of a region.
func Leaves(n logical.Node) []logical.Node {
	var r region
	r.collect(n)
	out := make([]logical.Node, len(r.leaves))
	for i, l := range r.leaves {
		out[i] = l.node
	}
	return out
}

// Inner tells for each of Leaves whether it is joined by inner joins.
func Inner(n logical.Node) []bool {
	var r region
	r.collect(n)
	out := make([]bool, len(r.leaves))
	for i, l := range r.leaves {
		out[i] = l.join == nil
	}
	return out
}

// WithLeaves returns a region with the relations replaced, in the order of
// Leaves.
func WithLeaves(n logical.Node, leaves []logical.Node) logical.Node {
	out, _ := withLeaves(n, leaves)
	return out
}

func withLeaves(n logical.Node, leaves []logical.Node) (logical.Node, []logical.Node) {
	switch m := n.(type) {
	case *logical.Filter:
		if j, ok := m.In.(*logical.Join); ok && flat(j) && !expr.IsVolatile(m.Pred) {
			in, rest := withLeaves(j, leaves)
			return m.WithInputs([]logical.Node{in}), rest
		}
	case *logical.Project:
		if j, ok := m.In.(*logical.Join); ok && passesOnly(m) && flat(j) {
			in, rest := withLeaves(j, leaves)
			return m.WithInputs([]logical.Node{in}), rest
		}
	case *logical.Join:
		if !flat(m) {
			break
		}
		l, rest := withLeaves(m.L, leaves)
		if m.Kind == logical.Inner {
			r, rest := withLeaves(m.R, rest)
			return m.WithInputs([]logical.Node{l, r}), rest
		}
		return m.WithInputs([]logical.Node{l, rest[0]}), rest[1:]
	}
	return leaves[0], leaves[1:]
}

// Conditions returns the conditions of a region that hold for all its rows.
func Conditions(n logical.Node) []expr.Expr {
	var r region
	r.collect(n)
	return r.conds
}

// classes are the sets of columns that equalities make equal.
type classes struct {
	parent map[int]int
	cols   map[int]logical.Col
}

// EqualClasses returns the sets of two or more columns that conditions make equal.
func EqualClasses(conds []expr.Expr) [][]logical.Col {
	c := newClasses()
	for _, e := range conds {
		c.add(e)
	}
	return c.sets()
}

func newClasses() *classes { return &classes{parent: map[int]int{}, cols: map[int]logical.Col{}} }

// add notes an equality of two columns of one type; false for anything else.
func (c *classes) add(e expr.Expr) bool {
	a, b, ok := columnPair(e)
	if !ok {
		return false
	}
	for _, x := range []*expr.Column{a, b} {
		if _, ok := c.cols[x.Index]; !ok {
			c.cols[x.Index] = logical.Col{ID: x.Index, Name: x.Name, Type: x.Typ}
			c.parent[x.Index] = x.Index
		}
	}
	c.parent[c.find(b.Index)] = c.find(a.Index)
	return true
}

func columnPair(e expr.Expr) (a, b *expr.Column, ok bool) {
	call, isCall := e.(*expr.Call)
	if !isCall || call.Fn != "=" || len(call.Args) != 2 {
		return nil, nil, false
	}
	a, okA := call.Args[0].(*expr.Column)
	b, okB := call.Args[1].(*expr.Column)
	return a, b, okA && okB && a.Index != b.Index && a.Typ.Equal(b.Typ)
}

func (c *classes) find(id int) int {
	for c.parent[id] != id {
		c.parent[id] = c.parent[c.parent[id]]
		id = c.parent[id]
	}
	return id
}

func (c *classes) sets() [][]logical.Col {
	by := map[int][]logical.Col{}
	var order []int
	for id := range c.cols {
		order = append(order, id)
	}
	sortInts(order)
	var roots []int
	for _, id := range order {
		r := c.find(id)
		if by[r] == nil {
			roots = append(roots, r)
		}
		by[r] = append(by[r], c.cols[id])
	}
	out := make([][]logical.Col, len(roots))
	for i, r := range roots {
		out[i] = by[r]
	}
	return out
}
