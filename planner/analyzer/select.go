package analyzer

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/parser/ast"
	"github.com/muster-sql/muster/planner/logical"
)

// output is an item of the select list.
type output struct {
	name string
	e    expr.Expr
	pos  int
}

// selecting analyses one SELECT: the clauses in the order of their meaning.
type selecting struct {
	a     *analyzer
	sel   *ast.Select
	s     *scope
	node  logical.Node
	items []output
	// x is the context of the clauses after GROUP BY, whose subqueries are
	// applied above the aggregation.
	x         *exprs
	having    *exprs
	pred      expr.Expr // of HAVING
	qualify   expr.Expr
	order     []sorted
	on        []sorted // DISTINCT ON
	groups    grouping
	aggregate bool
}

// selectBody analyses a SELECT together with the ORDER BY of its query. The
// node may give columns beyond the relation's, for the sort keys.
func (a *analyzer) selectBody(sel *ast.Select, q *ast.Query, s *scope) (relation, []logical.SortKey, error) {
	b := &selecting{a: a, sel: sel, s: s}
	for _, step := range []func(*ast.Query) error{
		b.from, b.where, b.list, b.clauses, b.group, b.regroup, b.build,
	} {
		if err := step(q); err != nil {
			return relation{}, nil, err
		}
	}
	return b.project()
}

func (b *selecting) from(*ast.Query) error {
	if err := noSample(b.sel.Sample); err != nil {
		return err
	}
	if len(b.sel.From) == 0 {
		b.node = logical.OneRow()
		b.s.src = &source{node: b.node}
		return nil
	}
	src, err := b.a.from(b.sel.From, b.s)
	if err != nil {
		return err
	}
	b.s.src, b.node = src, src.node
	return nil
}

func (b *selecting) where(*ast.Query) error {
	if b.sel.Where == nil {
		return nil
	}
	x := &exprs{a: b.a, scope: b.s, clause: "WHERE"}
	pred, err := x.condition(b.sel.Where, "WHERE")
	if err != nil {
		return err
	}
	b.node = &logical.Filter{In: applyAll(b.node, x.pending), Pred: pred}
	return nil
}

// list analyses the select list.
func (b *selecting) list(*ast.Query) error {
	b.x = &exprs{a: b.a, scope: b.s, clause: "SELECT", aggs: &aggs{}, wins: &windows{defs: b.sel.Windows}, sets: &setReturning{}}
	b.having = &exprs{a: b.a, scope: b.s, clause: "HAVING", aggs: b.x.aggs}
	for _, it := range b.sel.Items {
		if star, ok := it.Expr.(*ast.Star); ok {
			if err := b.star(star); err != nil {
				return err
			}
			continue
		}
		e, err := b.x.expr(it.Expr)
		if err != nil {
			return err
		}
		name := it.Alias.Text
		if it.Alias.IsZero() {
			name = columnName(it.Expr)
		}
		b.items = append(b.items, output{name: name, e: e, pos: it.At()})
	}
	if len(b.items) > columnsMax {
		return sqlerr.New(sqlerr.TooManyColumns, "target lists can have at most %d entries", columnsMax)
	}
	return nil
}

// clauses analyses HAVING, QUALIFY, ORDER BY and DISTINCT ON.
func (b *selecting) clauses(q *ast.Query) error {
	var err error
	if b.sel.Having != nil {
		if b.pred, err = b.having.condition(b.sel.Having, "HAVING"); err != nil {
			return err
		}
	}
	if b.sel.Qualify != nil {
		b.x.clause = "QUALIFY"
		if b.qualify, err = b.x.condition(b.sel.Qualify, "QUALIFY"); err != nil {
			return err
		}
	}
	b.x.clause = "ORDER BY"
	o := ordering{a: b.a, x: b.x, items: b.items}
	if b.order, err = o.all(q.OrderBy); err != nil {
		return err
	}
	o.clause = "DISTINCT ON"
	for _, e := range b.sel.DistinctOn {
		item, err := o.one(ast.OrderItem{Pos: ast.Pos(e.At()), Expr: e})
		if err != nil {
			return err
		}
		b.on = append(b.on, item)
	}
	return nil
}

// group analyses GROUP BY.
func (b *selecting) group(*ast.Query) error {
	b.aggregate = b.sel.GroupBy != nil || b.sel.Having != nil || len(b.x.aggs.calls) > 0 || len(b.x.aggs.groupings) > 0
	if !b.aggregate {
		return nil
	}
	b.groups = grouping{b: b, x: &exprs{a: b.a, scope: b.s, clause: "GROUP BY"}}
	if b.sel.GroupBy == nil {
		return nil
	}
	return b.groups.analyze(b.sel.GroupBy)
}

// regroup rewrites all clauses after GROUP BY to read the groups.
func (b *selecting) regroup(*ast.Query) error {
	if !b.aggregate {
		return nil
	}
	b.node = b.groups.node(b.node)
	var err error
	post := func(e *expr.Expr) {
		if err == nil && *e != nil {
			*e, err = b.groups.post(*e)
		}
	}
	for i := range b.items {
		post(&b.items[i].e)
	}
	post(&b.pred)
	post(&b.qualify)
	for i := range b.order {
		post(&b.order[i].e)
	}
	for i := range b.on {
		post(&b.on[i].e)
	}
	for _, x := range []*exprs{b.x, b.having} {
		for i := range x.pending {
			p := &x.pending[i]
			post(&p.on)
			if err == nil {
				p.node, err = b.groups.postSubquery(p.node)
			}
		}
	}
	for i := range b.x.wins.calls {
		b.x.wins.calls[i].each(post)
	}
	for i := range b.x.sets.calls {
		for k := range b.x.sets.calls[i].args {
			post(&b.x.sets.calls[i].args[k])
		}
	}
	return err
}

// build puts HAVING, subqueries, windows and set-returning functions on top.
func (b *selecting) build(*ast.Query) error {
	if b.pred != nil {
		b.node = &logical.Filter{In: applyAll(b.node, b.having.pending), Pred: b.pred}
	}
	late := b.x.wins.cols()
	var after []pending
	for _, p := range b.x.pending {
		if p.on != nil && late.Touches(p.on) {
			after = append(after, p)
		} else {
			b.node = p.apply(b.node)
		}
	}
	var err error
	if b.node, err = b.x.wins.build(b.a, b.node); err != nil {
		return err
	}
	b.node = applyAll(b.node, after)
	if b.qualify != nil {
		b.node = &logical.Filter{In: b.node, Pred: b.qualify}
	}
	b.node, err = b.x.sets.build(b.a, b.node)
	return err
}

// project computes the output columns, then DISTINCT and ORDER BY.
func (b *selecting) project() (relation, []logical.SortKey, error) {
	items := make([]logical.Item, len(b.items))
	seen := logical.Set{}
	for i, it := range b.items {
		col := logical.Col{Name: it.name, Type: it.e.Type()}
		if in, ok := passed(b.node, it.e); ok && !seen[in.ID] {
			col.ID, col.NotNull = in.ID, in.NotNull
		} else {
			col.ID = b.a.ids.Next()
			col.NotNull = notNull(b.node, it.e)
		}
		seen[col.ID] = true
		items[i] = logical.Item{Col: col, Expr: it.e}
	}
	if err := b.settleKeys(items); err != nil {
		return relation{}, nil, err
	}
	width := len(items)
	keys, items := b.a.sortColumns(b.node, b.order, items)
	if b.sel.Distinct && b.sel.DistinctOn == nil && len(items) > width {
		return relation{}, nil, sqlerr.New(sqlerr.InvalidColumnRef, "for SELECT DISTINCT, ORDER BY expressions must appear in select list").At(b.order[0].pos)
	}
	on, items, err := b.distinctOn(keys, items)
	if err != nil {
		return relation{}, nil, err
	}
	b.node = &logical.Project{In: b.node, Items: items}
	r := relation{node: b.node}
	for _, it := range items[:width] {
		r.cols = append(r.cols, it.Col)
	}
	switch {
	case on != nil:
		full := append([]logical.SortKey(nil), keys...)
		r.node = &logical.Distinct{In: r.node, On: on, Keys: full}
	case b.sel.Distinct:
		r.node = &logical.Distinct{In: r.node}
	}
	if len(keys) > 0 {
		r.node = &logical.Sort{In: r.node, Keys: keys}
	}
	return r, keys, nil
}

// settleKeys gives select items that are sorted or made distinct a real type.
func (b *selecting) settleKeys(items []logical.Item) error {
	if !b.sel.Distinct && len(b.order) == 0 {
		return nil
	}
	for i := range items {
		if items[i].Col.Type.Kind != types.Unknown {
			continue
		}
		e, err := b.a.coerce(items[i].Expr, types.Of(types.Text), implicit)
		if err != nil {
			return err
		}
		items[i].Expr, items[i].Col.Type, items[i].Col.ID = e, e.Type(), b.a.ids.Next()
	}
	return nil
}

// distinctOn gives the columns of DISTINCT ON, which must be the first sort keys.
func (b *selecting) distinctOn(keys []logical.SortKey, items []logical.Item) ([]int, []logical.Item, error) {
	if len(b.on) == 0 {
		return nil, items, nil
	}
	onKeys, items := b.a.sortColumns(b.node, b.on, items)
	on, set := []int{}, logical.Set{}
	for _, k := range onKeys {
		on = append(on, k.Col)
		set[k.Col] = true
	}
	for i, k := range keys {
		if i < len(on) && !set[k.Col] {
			return nil, nil, sqlerr.New(sqlerr.InvalidColumnRef, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions").At(b.on[0].pos)
		}
	}
	return on, items, nil
}

// notNull reports whether an expression over a node's columns is never NULL, as
// far as is known cheaply.
func notNull(n logical.Node, e expr.Expr) bool {
	switch e := e.(type) {
	case *expr.Const:
		return !e.Val.Null
	case *expr.IsNull:
		return true
	case *expr.Cast:
		return !e.Try && notNull(n, e.Arg)
	case *expr.Column:
		c, ok := logical.Find(n.Schema(), e.Index)
		return ok && c.NotNull
	}
	return false
}

// star expands * and t.*, with EXCLUDE, REPLACE and RENAME.
func (b *selecting) star(n *ast.Star) error {
	if n.Row != nil {
		return b.rowStar(n)
	}
	cols := b.s.src.cols
	if len(n.Qualifier) > 0 {
		e, err := (&scope{src: b.s.src, outer: b.s.outer}).entry(n.Qualifier)
		if err != nil {
			return err
		}
		if e == nil {
			return b.s.missingEntry(n.Qualifier)
		}
		cols = e.cols
	} else if len(b.sel.From) == 0 {
		return sqlerr.New(sqlerr.SyntaxError, "SELECT * with no tables specified is not valid").At(n.At())
	}
	used := map[string]bool{}
	for _, c := range cols {
		if c.hidden {
			continue
		}
		out := output{name: c.name, e: c.col.Ref(), pos: n.At()}
		keep, err := b.starItem(n, &out, used)
		if err != nil {
			return err
		}
		if keep {
			b.items = append(b.items, out)
		}
	}
	return unusedModifier(n, used)
}

func (b *selecting) rowStar(n *ast.Star) error {
	row, err := b.x.expr(n.Row)
	if err != nil {
		return err
	}
	t := row.Type()
	if t.Kind != types.Row && t.Kind != types.Record {
		return sqlerr.New(sqlerr.WrongObjectType, "type %s is not composite", t).At(n.At())
	}
	for i, f := range t.Fields {
		b.items = append(b.items, output{name: f.Name, e: &expr.Field{Arg: row, Index: i, Typ: f.Type, At: n.At()}, pos: n.At()})
	}
	return nil
}

// starItem applies the modifiers of a star to one column.
func (b *selecting) starItem(n *ast.Star, out *output, used map[string]bool) (keep bool, err error) {
	for _, x := range n.Exclude {
		if matches(x.Last(), out.name) > 0 {
			used[x.Last().Text] = true
			return false, nil
		}
	}
	for _, r := range n.Replace {
		if matches(r.Alias, out.name) > 0 {
			used[r.Alias.Text] = true
			out.e, err = b.x.expr(r.Expr)
			return true, err
		}
	}
	for _, r := range n.Rename {
		if matches(r.From.Last(), out.name) > 0 {
			used[r.From.Last().Text] = true
			out.name = r.To.Text
			return true, nil
		}
	}
	return true, nil
}

func unusedModifier(n *ast.Star, used map[string]bool) error {
	check := func(name ast.Name, word string) error {
		if used[name.Text] {
			return nil
		}
		return sqlerr.New(sqlerr.UndefinedColumn, "column %q in %s list does not exist", name.Text, word).At(name.At())
	}
	for _, x := range n.Exclude {
		if err := check(x.Last(), "EXCLUDE"); err != nil {
			return err
		}
	}
	for _, r := range n.Replace {
		if err := check(r.Alias, "REPLACE"); err != nil {
			return err
		}
	}
	for _, r := range n.Rename {
		if err := check(r.From.Last(), "RENAME"); err != nil {
			return err
		}
	}
	return nil
}
