package analyzer

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/parser/ast"
	"github.com/muster-sql/muster/planner/logical"
)

// query analyses a query with its WITH, ORDER BY and LIMIT. outer is the scope
// around it, nil for a statement's own query.
func (a *analyzer) query(q *ast.Query, outer *scope) (relation, error) {
	s := a.rootScope()
	if outer != nil {
		s = outer.below()
		s.blocked = outer.blocked
	}
	if len(q.Locking) > 0 {
		return relation{}, sqlerr.Unsupported("FOR %s is not supported", "UPDATE and FOR SHARE").At(q.Locking[0].At())
	}
	if q.With != nil {
		if err := a.with(q.With, s); err != nil {
			return relation{}, err
		}
	}
	var r relation
	var keys []logical.SortKey
	var err error
	if sel, ok := q.Body.(*ast.Select); ok {
		r, keys, err = a.selectBody(sel, q, s)
	} else {
		r, keys, err = a.otherBody(q, s)
	}
	if err != nil {
		return relation{}, err
	}
	return a.limited(q, r, keys, s)
}

// body analyses one side of a set operation.
func (a *analyzer) body(b ast.QueryBody, s *scope) (relation, error) {
	switch b := b.(type) {
	case *ast.Query:
		return a.query(b, s)
	case *ast.Select:
		r, _, err := a.selectBody(b, &ast.Query{Body: b}, s.sibling())
		return a.onlyColumns(r), err
	case *ast.SetOp:
		return a.setOp(b, s)
	case *ast.Values:
		return a.values(b, s)
	case *ast.TableQuery:
		src, err := a.tableRef(&ast.TableRef{Pos: b.Pos, Name: b.Table, Only: b.Only}, s)
		if err != nil {
			return relation{}, err
		}
		return a.starred(src), nil
	}
	return relation{}, sqlerr.Internalf("unknown query body %T", b)
}

// sibling returns a scope at the same level, without a FROM of its own yet.
func (s *scope) sibling() *scope {
	c := *s
	c.src = nil
	return &c
}

// starred gives the visible columns of a source as a relation.
func (a *analyzer) starred(src *source) relation {
	r := relation{node: src.node}
	var items []logical.Item
	seen := logical.Set{}
	for _, v := range src.cols {
		if v.hidden {
			continue
		}
		c := v.col
		c.Name = v.name
		if seen[c.ID] {
			c.ID = a.ids.Next()
		}
		seen[c.ID] = true
		items = append(items, logical.Item{Col: c, Expr: v.col.Ref()})
		r.cols = append(r.cols, c)
	}
	r.node = &logical.Project{In: src.node, Items: items}
	return r
}

// onlyColumns drops what a node gives beside the columns of the relation.
func (a *analyzer) onlyColumns(r relation) relation {
	if r.node == nil || len(r.node.Schema()) == len(r.cols) {
		return r
	}
	items := make([]logical.Item, len(r.cols))
	for i, c := range r.cols {
		items[i] = logical.Item{Col: c, Expr: c.Ref()}
	}
	return relation{&logical.Project{In: r.node, Items: items}, r.cols}
}

// otherBody analyses VALUES, TABLE and set operations with ORDER BY, which sees
// the output columns only.
func (a *analyzer) otherBody(q *ast.Query, s *scope) (relation, []logical.SortKey, error) {
	r, err := a.body(q.Body, s)
	if err != nil || len(q.OrderBy) == 0 {
		return r, nil, err
	}
	r = a.settled(r)
	out := s.below()
	out.src = &source{node: r.node, cols: visibleCols(r.cols)}
	x := &exprs{a: a, scope: out, clause: "ORDER BY"}
	o := ordering{a: a, x: x}
	for _, c := range r.cols {
		o.items = append(o.items, output{name: c.Name, e: c.Ref()})
	}
	sorts, err := o.all(q.OrderBy)
	if err != nil {
		return relation{}, nil, err
	}
	items := make([]logical.Item, len(r.cols))
	for i, c := range r.cols {
		items[i] = logical.Item{Col: c, Expr: c.Ref()}
	}
	keys, items := a.sortColumns(r.node, sorts, items)
	node := r.node
	if len(items) > len(r.cols) {
		node = &logical.Project{In: node, Items: items}
	}
	return relation{&logical.Sort{In: node, Keys: keys}, r.cols}, keys, nil
}

// sorted is an analysed ORDER BY item: an output item, or an expression beside.
type sorted struct {
	item       int // -1: e
	e          expr.Expr
	desc       bool
	nullsFirst bool
	pos        int
}

// sortColumns makes sort keys, adding columns over in to items for expressions
// that are not among them.
func (a *analyzer) sortColumns(in logical.Node, list []sorted, items []logical.Item) ([]logical.SortKey, []logical.Item) {
	var keys []logical.SortKey
	seen := logical.Set{}
	for _, o := range list {
		var id int
		switch {
		case o.item >= 0:
			id = items[o.item].Col.ID
		default:
			col := logical.Col{ID: a.ids.Next(), Name: exprName(o.e), Type: o.e.Type()}
			if c, ok := passed(in, o.e); ok {
				col.ID = c.ID
			}
			id = col.ID
			if !hasItem(items, id) {
				items = append(items, logical.Item{Col: col, Expr: o.e})
			}
		}
		if seen[id] {
			continue // an earlier key on the same column decides
		}
		seen[id] = true
		keys = append(keys, logical.SortKey{Col: id, Desc: o.desc, NullsFirst: o.nullsFirst})
	}
	return keys, items
}

// passed returns the column of a node that an expression hands on; a column of
// an outer query is none.
func passed(in logical.Node, e expr.Expr) (logical.Col, bool) {
	c, ok := e.(*expr.Column)
	if !ok {
		return logical.Col{}, false
	}
	return logical.Find(in.Schema(), c.Index)
}

func hasItem(items []logical.Item, id int) bool {
	for _, it := range items {
		if it.Col.ID == id {
			return true
		}
	}
	return false
}

func exprName(e expr.Expr) string {
	if c, ok := e.(*expr.Column); ok {
		return c.Name
	}
	return expr.Format(e)
}

// limited adds LIMIT and OFFSET, then drops the columns that only ORDER BY needed.
func (a *analyzer) limited(q *ast.Query, r relation, keys []logical.SortKey, s *scope) (relation, error) {
	if q.Percent {
		return relation{}, sqlerr.Unsupported("LIMIT with a percentage is not supported yet").At(q.Limit.At())
	}
	if q.Limit == nil && q.Offset == nil {
		return a.onlyColumns(r), nil
	}
	n := &logical.Limit{In: r.node, N: -1}
	var err error
	if n.Count, n.N, err = a.limitValue(q.Limit, "LIMIT", s); err != nil {
		return relation{}, err
	}
	if n.Skip, n.Offset, err = a.limitValue(q.Offset, "OFFSET", s); err != nil {
		return relation{}, err
	}
	n.Offset = max(n.Offset, 0)
	if q.WithTies {
		if keys == nil {
			return relation{}, sqlerr.New(sqlerr.SyntaxError, "WITH TIES cannot be specified without ORDER BY clause").At(q.At())
		}
		n.WithTies, n.Keys = true, keys
	}
	r.node = n
	return a.onlyColumns(r), nil
}

// limitValue gives the number of rows; an expression that has parameters is
// returned as such.
func (a *analyzer) limitValue(e ast.Expr, clause string, s *scope) (expr.Expr, int64, error) {
	if e == nil {
		return nil, -1, nil
	}
	sc := s.sibling()
	sc.outer = nil
	x := &exprs{a: a, scope: sc, clause: clause}
	v, err := x.exprAs(e, types.Of(types.Int64), "argument of "+clause)
	if err != nil {
		return nil, 0, err
	}
	if hasParams(v) {
		return v, -1, nil
	}
	n, err := LimitCount(a.folded(v), clause)
	return nil, n, at(err, e.At())
}

// LimitCount reads the constant of a LIMIT or OFFSET: -1 for NULL, which is no
// limit.
func LimitCount(e expr.Expr, clause string) (int64, error) {
	c, ok := e.(*expr.Const)
	code := sqlerr.InvalidLimit
	if clause == "OFFSET" {
		code = sqlerr.InvalidOffset
	}
	switch {
	case !ok:
		return 0, sqlerr.Unsupported("%s that is not a constant is not supported yet", clause)
	case c.Val.Null:
		return -1, nil
	case c.Val.I < 0:
		return 0, sqlerr.New(code, "%s must not be negative", clause)
	}
	return c.Val.I, nil
}

func hasParams(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(x expr.Expr) bool {
		if _, ok := x.(*expr.Param); ok {
			found = true
		}
		return !found
	})
	return found
}

// values analyses VALUES lists.
func (a *analyzer) values(v *ast.Values, s *scope) (relation, error) {
	width := len(v.Rows[0])
	rows := make([][]expr.Expr, len(v.Rows))
	x := &exprs{a: a, scope: s, clause: "VALUES"}
	for i, r := range v.Rows {
		if len(r) != width {
			return relation{}, sqlerr.New(sqlerr.SyntaxError, "VALUES lists must all be the same length").At(r[0].At())
		}
		for _, e := range r {
			if _, ok := e.(*ast.DefaultExpr); ok {
				return relation{}, sqlerr.New(sqlerr.SyntaxError, "DEFAULT is not allowed in this context").At(e.At())
			}
			out, err := x.expr(e)
			if err != nil {
				return relation{}, err
			}
			rows[i] = append(rows[i], out)
		}
	}
	cols := make([]logical.Col, width)
	for k := range cols {
		t, err := a.commonOf("VALUES", column(rows, k))
		if err != nil {
			return relation{}, err
		}
		for i := range rows {
			if rows[i][k], err = a.coerce(rows[i][k], t, implicit); err != nil {
				return relation{}, err
			}
		}
		cols[k] = a.ids.New(valuesName(k), t)
	}
	return relation{a.valuesNode(cols, rows, x.pending), cols}, nil
}

func column(rows [][]expr.Expr, k int) []expr.Expr {
	out := make([]expr.Expr, len(rows))
	for i := range rows {
		out[i] = rows[i][k]
	}
	return out
}

// commonOf returns the type that values of one column have in common. Unknown
// stays when nothing says more.
func (a *analyzer) commonOf(what string, es []expr.Expr) (types.Type, error) {
	known := false
	ts := make([]types.Type, len(es))
	for i, e := range es {
		ts[i] = e.Type()
		known = known || ts[i].Kind != types.Unknown
	}
	if !known {
		return types.Of(types.Unknown), nil
	}
	t, err := functions.Common(what, ts...)
	if err != nil {
		return t, at(err, firstOther(es))
	}
	return t, nil
}

// firstOther is the position of the first expression of a type of its own.
func firstOther(es []expr.Expr) int {
	first := types.Of(types.Unknown)
	for _, e := range es {
		switch t := e.Type(); {
		case t.Kind == types.Unknown:
		case first.Kind == types.Unknown:
			first = t
		case !t.Equal(first):
			return e.Pos()
		}
	}
	return es[0].Pos()
}

// valuesNode makes the node of constant rows; rows that read columns or
// subqueries become a union of projections.
func (a *analyzer) valuesNode(cols []logical.Col, rows [][]expr.Expr, subqueries []pending) logical.Node {
	plain := len(subqueries) == 0
	for _, r := range rows {
		for _, e := range r {
			plain = plain && len(expr.Columns(e)) == 0
		}
	}
	if plain {
		return &logical.Values{Cols: cols, Rows: rows}
	}
	in := make([]logical.Node, len(rows))
	maps := make([][]int, len(rows))
	for i, r := range rows {
		items := make([]logical.Item, len(r))
		node := logical.Node(logical.OneRow())
		for k, e := range r {
			c := a.ids.Copy(cols[k])
			items[k] = logical.Item{Col: c, Expr: e}
			maps[i] = append(maps[i], c.ID)
			node = applyNeeded(node, subqueries, e)
		}
		in[i] = &logical.Project{In: node, Items: items}
	}
	if len(in) == 1 {
		p := in[0].(*logical.Project)
		for k := range p.Items {
			p.Items[k].Col = cols[k]
		}
		return p
	}
	return &logical.SetOp{Kind: logical.Union, All: true, In: in, Cols: cols, Maps: maps}
}
