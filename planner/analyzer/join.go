package analyzer

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/parser/ast"
	"github.com/muster-sql/muster/planner/logical"
)

var joinKinds = map[ast.JoinKind]logical.JoinKind{
	ast.InnerJoin: logical.Inner, ast.CrossJoin: logical.Inner, ast.LeftJoin: logical.Left,
	ast.RightJoin: logical.Right, ast.FullJoin: logical.Full, ast.SemiJoin: logical.Semi, ast.AntiJoin: logical.Anti,
}

// join analyses an explicit join. The items of FROM before it are visible to a
// LATERAL item inside.
func (a *analyzer) join(j *ast.Join, s *scope, before *source) (*source, error) {
	kind, ok := joinKinds[j.Kind]
	if !ok {
		return nil, sqlerr.Unsupported("ASOF and POSITIONAL joins are not supported yet").At(j.At())
	}
	l, err := a.relation(j.Left, s, before)
	if err != nil {
		return nil, err
	}
	visible := l
	if before != nil {
		visible = joined(nil, before, l)
	}
	r, err := a.relation(j.Right, s, visible)
	if err != nil {
		return nil, err
	}
	if err := noTwins(l, r, j.Right.At()); err != nil {
		return nil, err
	}
	var out *source
	switch {
	case j.Natural:
		out, err = a.joinUsing(kind, j, l, r, commonNames(l, r))
	case len(j.Using) > 0:
		out, err = a.joinUsing(kind, j, l, r, j.Using)
	default:
		out, err = a.joinOn(kind, j, l, r, s)
	}
	if err != nil {
		return nil, err
	}
	if j.Alias != nil {
		rel := a.starred(out)
		return a.entry(rel, &ranged{}, j.Alias)
	}
	return out, nil
}

func commonNames(l, r *source) []ast.Name {
	var out []ast.Name
	for _, c := range l.cols {
		for _, d := range r.cols {
			if c.name == d.name && !c.hidden && !d.hidden {
				out = append(out, ast.Name{Text: c.name, Quoted: true})
				break
			}
		}
	}
	return out
}

func (a *analyzer) joinOn(kind logical.JoinKind, j *ast.Join, l, r *source, s *scope) (*source, error) {
	both := joined(nil, l, r)
	var on expr.Expr
	x := &exprs{a: a, scope: &scope{outer: s.outer, with: s.with, path: s.path, src: both}, clause: "JOIN/ON"}
	if j.On != nil {
		var err error
		if on, err = x.condition(j.On, "JOIN/ON"); err != nil {
			return nil, err
		}
	}
	if len(x.pending) > 0 {
		if kind != logical.Inner {
			return a.outerJoinOn(kind, j, both, l, r, on, x.pending)
		}
		both.node = &logical.Filter{In: applyAll(a.cross(l.node, r.node), x.pending), Pred: on}
		return both, nil
	}
	return a.joinNode(kind, j, both, l, r, on)
}

// outerJoinOn joins by a condition with subqueries. They are applied to the side
// that they read; one that reads both makes the join an apply.
func (a *analyzer) outerJoinOn(kind logical.JoinKind, j *ast.Join, both, l, r *source, on expr.Expr, list []pending) (*source, error) {
	ln, rn := l.node, r.node
	for _, p := range list {
		reads := logical.Free(p.node)
		reads.Add(p.on)
		switch {
		case !readsAny(reads, l.node):
			rn = p.apply(rn)
		case !readsAny(reads, r.node):
			ln = p.apply(ln)
		default:
			return a.applyOuter(kind, j, both, l, r, on, list)
		}
	}
	return a.joinNode(kind, j, both, &source{node: ln, rels: l.rels, cols: l.cols}, &source{node: rn, rels: r.rels, cols: r.cols}, on)
}

func readsAny(reads logical.Set, n logical.Node) bool {
	for _, c := range n.Schema() {
		if reads[c.ID] {
			return true
		}
	}
	return false
}

// applyOuter evaluates the condition for each row of the preserved side.
func (a *analyzer) applyOuter(kind logical.JoinKind, j *ast.Join, both, l, r *source, on expr.Expr, list []pending) (*source, error) {
	side := func(inner logical.Node) logical.Node { return &logical.Filter{In: applyAll(inner, list), Pred: on} }
	switch kind {
	case logical.Left:
		both.node = &logical.Apply{Kind: logical.ApplyLeft, L: l.node, R: side(r.node)}
	case logical.Right:
		both.node = &logical.Apply{Kind: logical.ApplyLeft, L: r.node, R: side(l.node)}
	default:
		return nil, sqlerr.Unsupported("a subquery over both sides of this join's condition is not supported yet").At(j.On.At())
	}
	return both, nil
}

// joinNode joins two sources; a right side that reads the left one is applied.
func (a *analyzer) joinNode(kind logical.JoinKind, j *ast.Join, both, l, r *source, on expr.Expr) (*source, error) {
	if !dependsOn(r.node, l.node) {
		both.node = &logical.Join{Kind: kind, L: l.node, R: r.node, On: on}
		if kind == logical.Semi || kind == logical.Anti {
			both.rels, both.cols = l.rels, l.cols
		}
		return both, nil
	}
	switch kind {
	case logical.Inner:
		both.node = &logical.Apply{Kind: logical.ApplyInner, L: l.node, R: r.node}
		if on != nil {
			both.node = &logical.Filter{In: both.node, Pred: on}
		}
	case logical.Left:
		both.node = &logical.Apply{Kind: logical.ApplyLeft, L: l.node, R: r.node, On: on}
	default:
		return nil, sqlerr.New(sqlerr.InvalidColumnRef, "invalid reference to FROM-clause entry: the combining JOIN type must be INNER or LEFT for a LATERAL reference").At(j.At())
	}
	return both, nil
}

// joinUsing joins by columns of the same name, which become one each.
func (a *analyzer) joinUsing(kind logical.JoinKind, j *ast.Join, l, r *source, names []ast.Name) (*source, error) {
	both := joined(nil, l, r)
	var conds []expr.Expr
	type pair struct{ l, r visible }
	var pairs []pair
	for _, n := range names {
		x, err := usingColumn(l, n, "left")
		if err != nil {
			return nil, err
		}
		y, err := usingColumn(r, n, "right")
		if err != nil {
			return nil, err
		}
		eq, err := a.call("=", []expr.Expr{x.col.Ref(), y.col.Ref()}, n.At())
		if err != nil {
			return nil, err
		}
		conds = append(conds, eq)
		pairs = append(pairs, pair{*x, *y})
	}
	both, err := a.joinNode(kind, j, both, l, r, expr.AndAll(conds))
	if err != nil || kind == logical.Semi || kind == logical.Anti {
		return both, err
	}
	var merged []visible
	gone := map[int]bool{}
	var computed []logical.Item
	for _, p := range pairs {
		m, items, err := a.merged(kind, p.l, p.r)
		if err != nil {
			return nil, err
		}
		computed = append(computed, items...)
		merged = append(merged, m)
		gone[p.l.col.ID], gone[p.r.col.ID] = true, true
	}
	both.node = withItems(both.node, computed)
	for _, c := range append(append([]visible(nil), l.cols...), r.cols...) {
		if !gone[c.col.ID] {
			merged = append(merged, c)
		}
	}
	both.cols = merged
	if !j.UsingAlias.IsZero() {
		both.rels = append(both.rels, &ranged{alias: j.UsingAlias.Text, cols: merged[:len(pairs)]})
	}
	return both, nil
}

func usingColumn(s *source, n ast.Name, side string) (*visible, error) {
	got := pick(s.cols, n)
	switch {
	case len(got) == 0:
		return nil, sqlerr.New(sqlerr.UndefinedColumn, "column %q specified in USING clause does not exist in %s table", n.Text, side).At(n.At())
	case len(got) > 1:
		return nil, sqlerr.New(sqlerr.AmbiguousColumn, "common column name %q appears more than once in %s table", n.Text, side).At(n.At())
	}
	return &got[0], nil
}

// merged is the one column of a USING pair: that of the side which always has
// a row, or the first that is not NULL.
func (a *analyzer) merged(kind logical.JoinKind, l, r visible) (visible, []logical.Item, error) {
	t, err := functions.Common("JOIN/USING", l.col.Type, r.col.Type)
	if err != nil {
		return visible{}, nil, err
	}
	var e expr.Expr
	switch kind {
	case logical.Right:
		e = r.col.Ref()
	case logical.Full:
		le, err := a.coerce(l.col.Ref(), t, implicit)
		if err != nil {
			return visible{}, nil, err
		}
		re, err := a.coerce(r.col.Ref(), t, implicit)
		if err != nil {
			return visible{}, nil, err
		}
		e = &expr.Coalesce{Args: []expr.Expr{le, re}, Typ: t, At: -1}
	default:
		e = l.col.Ref()
	}
	if e, err = a.coerce(e, t, implicit); err != nil {
		return visible{}, nil, err
	}
	if c, ok := e.(*expr.Column); ok {
		for _, v := range []visible{l, r} {
			if v.col.ID == c.Index {
				return visible{name: l.name, col: v.col}, nil, nil
			}
		}
	}
	col := a.ids.New(l.name, t)
	return visible{name: l.name, col: col}, []logical.Item{{Col: col, Expr: e}}, nil
}

// withItems adds computed columns above a node.
func withItems(n logical.Node, computed []logical.Item) logical.Node {
	if len(computed) == 0 {
		return n
	}
	var items []logical.Item
	for _, c := range n.Schema() {
		items = append(items, logical.Item{Col: c, Expr: c.Ref()})
	}
	return &logical.Project{In: n, Items: append(items, computed...)}
}

// nullOf is a NULL of a type.
func nullOf(t types.Type) expr.Expr { return &expr.Const{Typ: t, Val: types.NullValue, At: -1} }
