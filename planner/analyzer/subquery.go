package analyzer

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/parser/ast"
	"github.com/muster-sql/muster/planner/logical"
)

// pending is a subquery of an expression, to be applied below the node that
// evaluates the expression; the expression reads what it makes.
type pending struct {
	kind      logical.ApplyKind
	node      logical.Node
	on        expr.Expr
	nullAware bool
	mark      logical.Col
	col       logical.Col // of a scalar subquery: its column
}

// made is the column that the expression reads.
func (p *pending) made() int {
	if p.kind == logical.ApplyMark {
		return p.mark.ID
	}
	return p.col.ID
}

func (p *pending) apply(in logical.Node) logical.Node {
	return &logical.Apply{Kind: p.kind, L: in, R: p.node, On: p.on, NullAware: p.nullAware, Mark: p.mark}
}

func applyAll(in logical.Node, list []pending) logical.Node {
	for i := range list {
		in = list[i].apply(in)
	}
	return in
}

// applyNeeded applies those subqueries that an expression reads, directly or
// through another one.
func applyNeeded(in logical.Node, list []pending, e expr.Expr) logical.Node {
	need := logical.Set{}.Add(e)
	keep := make([]bool, len(list))
	for i := len(list) - 1; i >= 0; i-- {
		if keep[i] = need[list[i].made()]; keep[i] && list[i].on != nil {
			need.Add(list[i].on)
		}
	}
	for i := range list {
		if keep[i] {
			in = list[i].apply(in)
		}
	}
	return in
}

func (x *exprs) subquery(e ast.Expr) (expr.Expr, error) {
	switch e := e.(type) {
	case *ast.Subquery:
		return x.scalarSubquery(e)
	case *ast.Exists:
		r, err := x.inner(e.Query)
		if err != nil {
			return nil, err
		}
		return x.marked(r.node, nil, false, e.At()), nil
	case *ast.InSubquery:
		out, err := x.anySubquery(e.X, "=", e.Query, e.At())
		if err == nil && e.Not {
			out = not(out, e.At())
		}
		return out, err
	case *ast.Quantified:
		return x.quantified(e)
	case *ast.ArrayQuery:
		return x.arrayQuery(e)
	}
	return nil, sqlerr.Internalf("unknown subquery %T", e)
}

// inner analyses the query of a subquery, which sees this scope.
func (x *exprs) inner(q *ast.Query) (relation, error) {
	before := x.scope.x
	x.scope.x = x
	r, err := x.a.query(q, x.scope)
	x.scope.x = before
	return r, err
}

func (x *exprs) add(p pending) { x.pending = append(x.pending, p) }

// scalarSubquery gives the value of the one row that there may be.
func (x *exprs) scalarSubquery(e *ast.Subquery) (expr.Expr, error) {
	r, err := x.inner(e.Query)
	if err != nil {
		return nil, err
	}
	if len(r.cols) != 1 {
		return nil, sqlerr.New(sqlerr.SyntaxError, "subquery must return only one column").At(e.At())
	}
	r = x.a.settled(r)
	n := &logical.SingleRow{In: r.node}
	x.add(pending{kind: logical.ApplyInner, node: n, col: r.cols[0]})
	ref := r.cols[0].Ref()
	ref.At = e.At()
	return ref, nil
}

// marked tests whether a subquery has a row for which on is true.
func (x *exprs) marked(n logical.Node, on expr.Expr, nullAware bool, pos int) expr.Expr {
	mark := logical.Col{ID: x.a.ids.Next(), Name: "exists", Type: logical.BoolType(), NotNull: !nullAware}
	x.add(pending{kind: logical.ApplyMark, node: n, on: on, nullAware: nullAware, mark: mark})
	ref := mark.Ref()
	ref.At = pos
	return ref
}

// anySubquery is left op ANY (query); IN is = ANY.
func (x *exprs) anySubquery(left ast.Expr, op string, q *ast.Query, pos int) (expr.Expr, error) {
	on, r, err := x.subqueryCondition(left, op, q, pos)
	if err != nil {
		return nil, err
	}
	return x.marked(r.node, on, true, pos), nil
}

// subqueryCondition compares the left side with the columns of a query.
func (x *exprs) subqueryCondition(left ast.Expr, op string, q *ast.Query, pos int) (expr.Expr, relation, error) {
	lefts := []ast.Expr{left}
	if row, ok := left.(*ast.Row); ok {
		lefts = row.Elems
	}
	l, err := x.all(lefts)
	if err != nil {
		return nil, relation{}, err
	}
	r, err := x.inner(q)
	if err != nil {
		return nil, relation{}, err
	}
	switch {
	case len(r.cols) > len(l):
		return nil, r, sqlerr.New(sqlerr.SyntaxError, "subquery has too many columns").At(pos)
	case len(r.cols) < len(l):
		return nil, r, sqlerr.New(sqlerr.SyntaxError, "subquery has too few columns").At(pos)
	}
	rights := make([]expr.Expr, len(r.cols))
	for i, c := range r.cols {
		rights[i] = c.Ref()
	}
	on, err := x.compareValues(op, l, rights, pos)
	return on, r, err
}

func (x *exprs) compareValues(op string, l, r []expr.Expr, pos int) (expr.Expr, error) {
	if len(l) > 1 {
		return x.compareRows(op, l, r, pos)
	}
	switch op {
	case "~~", "!~~", "~~*", "!~~*":
		return x.likeOp(op, l[0], r[0], pos)
	}
	out, err := x.compare(op, l[0], r[0], pos)
	if err == nil && out.Type().Kind != types.Bool {
		return nil, sqlerr.New(sqlerr.WrongObjectType, "op ANY/ALL (array) requires operator to yield boolean").At(pos)
	}
	return out, err
}

// quantified is x op ANY|ALL (query or array). ALL is NOT (NOT op) ANY.
func (x *exprs) quantified(e *ast.Quantified) (expr.Expr, error) {
	if e.Query == nil {
		return x.quantifiedArray(e)
	}
	on, r, err := x.subqueryCondition(e.Left, e.Op, e.Query, e.At())
	if err != nil {
		return nil, err
	}
	if e.Quant == ast.Any {
		return x.marked(r.node, on, true, e.At()), nil
	}
	return not(x.marked(r.node, not(on, e.At()), true, e.At()), e.At()), nil
}

// quantifiedArray expands an array that is written out; ANY is OR and ALL is AND.
func (x *exprs) quantifiedArray(e *ast.Quantified) (expr.Expr, error) {
	l, err := x.expr(e.Left)
	if err != nil {
		return nil, err
	}
	elems, err := x.arrayElems(e.Array, l.Type())
	if err != nil {
		return nil, err
	}
	parts := make([]expr.Expr, len(elems))
	for i, v := range elems {
		if parts[i], err = x.compareValues(e.Op, []expr.Expr{l}, []expr.Expr{v}, e.At()); err != nil {
			return nil, err
		}
	}
	if len(parts) == 0 {
		return &expr.Const{Typ: logical.BoolType(), Val: types.BoolValue(e.Quant == ast.All), At: e.At()}, nil
	}
	if e.Quant == ast.All {
		return expr.AndAll(parts), nil
	}
	return orAll(parts, e.At()), nil
}

// arrayElems lists the elements of an array that is known now.
func (x *exprs) arrayElems(e ast.Expr, elem types.Type) ([]expr.Expr, error) {
	if a, ok := e.(*ast.ArrayExpr); ok {
		return x.all(a.Elems)
	}
	v, err := x.expr(e)
	if err != nil {
		return nil, err
	}
	if v.Type().Kind == types.Unknown {
		if v, err = x.a.coerce(v, types.ArrayOf(unsized(textIfUnknown(elem))), implicit); err != nil {
			return nil, err
		}
	}
	if v.Type().Kind != types.Array && v.Type().Kind != types.Int2Vector && v.Type().Kind != types.OIDVector {
		return nil, sqlerr.New(sqlerr.WrongObjectType, "op ANY/ALL (array) requires array on right side").At(e.At())
	}
	c, ok := x.a.folded(v).(*expr.Const)
	if !ok {
		return nil, sqlerr.Unsupported("ANY and ALL over an array that is not a constant are not supported yet").At(e.At())
	}
	if c.Val.Null {
		return []expr.Expr{nullOf(c.Typ.ElemType())}, nil
	}
	out := make([]expr.Expr, len(c.Val.L))
	for i, el := range c.Val.L {
		out[i] = &expr.Const{Typ: c.Typ.ElemType(), Val: el, At: e.At()}
	}
	return out, nil
}

// rowSubquery is (a, b) op (SELECT c, d): a comparison with the one row.
func (x *exprs) rowSubquery(op string, row *ast.Row, q *ast.Subquery, pos int) (expr.Expr, error) {
	l, err := x.all(row.Elems)
	if err != nil {
		return nil, err
	}
	r, err := x.inner(q.Query)
	if err != nil {
		return nil, err
	}
	if len(r.cols) != len(l) {
		word := "few"
		if len(r.cols) > len(l) {
			word = "many"
		}
		return nil, sqlerr.New(sqlerr.SyntaxError, "subquery has too %s columns", word).At(pos)
	}
	r = x.a.settled(r)
	rights := make([]expr.Expr, len(r.cols))
	for i, c := range r.cols {
		rights[i] = c.Ref()
	}
	x.add(pending{kind: logical.ApplyInner, node: &logical.SingleRow{In: r.node}, col: r.cols[0]})
	return x.compareRows(op, l, rights, pos)
}

// arrayQuery is ARRAY(query): its values in its order, never NULL.
func (x *exprs) arrayQuery(e *ast.ArrayQuery) (expr.Expr, error) {
	r, err := x.inner(e.Query)
	if err != nil {
		return nil, err
	}
	if len(r.cols) != 1 {
		return nil, sqlerr.New(sqlerr.SyntaxError, "subquery must return only one column").At(e.At())
	}
	r = x.a.settled(r)
	c, err := x.a.aggregateCall("array_agg", []expr.Expr{r.cols[0].Ref()}, e.At())
	if err != nil {
		return nil, err
	}
	c.Order = sortOf(r.node)
	n := &logical.Aggregate{In: r.node, Calls: []logical.Call{*c}}
	x.add(pending{kind: logical.ApplyInner, node: n, col: c.Col})
	empty, err := x.a.literal("{}", c.Col.Type, e.At())
	if err != nil {
		return nil, err
	}
	return &expr.Coalesce{Args: []expr.Expr{c.Col.Ref(), empty}, Typ: c.Col.Type, At: e.At()}, nil
}

// sortOf returns the order of a node's rows, as far as its columns show it.
func sortOf(n logical.Node) []logical.Order {
	var out []logical.Order
	schema := n.Schema()
	for {
		switch m := n.(type) {
		case *logical.Project:
			n = m.In
			continue
		case *logical.Limit:
			n = m.In
			continue
		case *logical.Sort:
			for _, k := range m.Keys {
				c, ok := logical.Find(schema, k.Col)
				if !ok {
					return out
				}
				out = append(out, logical.Order{Expr: c.Ref(), Desc: k.Desc, NullsFirst: k.NullsFirst})
			}
		}
		return out
	}
}
