package analyzer

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/parser/ast"
	"github.com/muster-sql/muster/planner/logical"
)

// setsMax bounds how many grouping sets a GROUP BY may expand to.
const setsMax = 4096

// grouping is the analysed GROUP BY of a SELECT.
type grouping struct {
	b      *selecting
	x      *exprs
	exprs  []expr.Expr // distinct grouping expressions
	cols   []logical.Col
	sets   [][]int // nil: one set of all
	setCol logical.Col
	from   map[int]visible // columns of FROM by id, for errors
	owner  map[int]*ranged
	agg    *logical.Aggregate
}

// analyze reads the clause. Several items multiply: GROUP BY a, ROLLUP (b).
func (g *grouping) analyze(c *ast.GroupBy) error {
	if c.All && len(c.Items) == 0 {
		for _, it := range g.b.items {
			if !g.readsAggregate(it.e) {
				g.add(it.e)
			}
		}
		return nil
	}
	product, special := [][]int{{}}, false
	for _, it := range c.Items {
		sets, err := g.item(it, &special)
		if err != nil {
			return err
		}
		var next [][]int
		for _, p := range product {
			for _, s := range sets {
				next = append(next, union(p, s))
			}
		}
		if product = next; len(product) > setsMax {
			return sqlerr.New(sqlerr.StatementTooComplex, "too many grouping sets present (maximum %d)", setsMax).At(it.At())
		}
	}
	if special {
		g.sets = product
		if c.Distinct {
			g.sets = distinctSets(product)
		}
	}
	return nil
}

func union(a, b []int) []int {
	out := append([]int{}, a...)
	for _, x := range b {
		seen := false
		for _, y := range a {
			seen = seen || x == y
		}
		if !seen {
			out = append(out, x)
		}
	}
	return out
}

func distinctSets(sets [][]int) [][]int {
	var out [][]int
	for _, s := range sets {
		same := false
		for _, o := range out {
			same = same || len(o) == len(s) && len(union(o, s)) == len(o)
		}
		if !same {
			out = append(out, s)
		}
	}
	return out
}

// item gives the grouping sets of one item.
func (g *grouping) item(e ast.Expr, special *bool) ([][]int, error) {
	switch e := e.(type) {
	case *ast.GroupingSet:
		*special = true
		return g.set(e)
	case *ast.Row:
		if !e.Explicit {
			s, err := g.row(e)
			if len(e.Elems) == 0 {
				*special = true
			}
			return [][]int{s}, err
		}
	}
	i, err := g.one(e)
	return [][]int{{i}}, err
}

func (g *grouping) row(e *ast.Row) ([]int, error) {
	s := []int{}
	for _, el := range e.Elems {
		i, err := g.one(el)
		if err != nil {
			return nil, err
		}
		s = union(s, []int{i})
	}
	return s, nil
}

// set expands ROLLUP, CUBE and GROUPING SETS.
func (g *grouping) set(n *ast.GroupingSet) ([][]int, error) {
	var parts [][]int
	for _, it := range n.Items {
		var special bool
		sets, err := g.item(it, &special)
		if err != nil {
			return nil, err
		}
		if n.Kind != ast.GroupingSets && len(sets) != 1 {
			return nil, sqlerr.New(sqlerr.SyntaxError, "grouping sets cannot be nested in ROLLUP or CUBE").At(it.At())
		}
		parts = append(parts, sets...)
	}
	var out [][]int
	switch n.Kind {
	case ast.GroupingSets:
		return parts, nil
	case ast.Rollup:
		for k := len(parts); k >= 0; k-- {
			s := []int{}
			for _, p := range parts[:k] {
				s = union(s, p)
			}
			out = append(out, s)
		}
	default:
		if len(parts) > 12 {
			return nil, sqlerr.New(sqlerr.TooManyColumns, "CUBE is limited to 12 elements").At(n.At())
		}
		for bits := 1<<len(parts) - 1; bits >= 0; bits-- {
			s := []int{}
			for k, p := range parts {
				if bits>>(len(parts)-1-k)&1 == 1 {
					s = union(s, p)
				}
			}
			out = append(out, s)
		}
	}
	return out, nil
}

// one analyses a grouping expression: a column of the input, else an ordinal or
// output name, else an expression.
func (g *grouping) one(n ast.Expr) (int, error) {
	switch n := n.(type) {
	case *ast.NumberLit:
		i, err := ordinal(n, len(g.b.items), "GROUP BY")
		if err != nil {
			return 0, err
		}
		return g.output(i, n.At())
	case *ast.StringLit, *ast.NullLit, *ast.BoolLit:
		return 0, sqlerr.New(sqlerr.SyntaxError, "non-integer constant in GROUP BY").At(n.At())
	case *ast.ColumnRef:
		if len(n.Parts) == 1 && len(pick(g.b.s.src.cols, n.Parts[0])) == 0 {
			o := ordering{items: g.b.items, clause: "GROUP BY"}
			if i, ok, err := o.byName(n.Parts[0]); err != nil || ok {
				if err != nil {
					return 0, err
				}
				return g.output(i, n.At())
			}
		}
	}
	e, err := g.x.expr(n)
	if err != nil {
		return 0, err
	}
	if e.Type().Kind == types.Unknown {
		if e, err = g.b.a.coerce(e, types.Of(types.Text), implicit); err != nil {
			return 0, err
		}
	}
	return g.add(e), nil
}

// output groups by a select item.
func (g *grouping) output(i, pos int) (int, error) {
	it := &g.b.items[i]
	if g.readsAggregate(it.e) {
		return 0, sqlerr.New(sqlerr.GroupingError, "aggregate functions are not allowed in GROUP BY").At(pos)
	}
	if it.e.Type().Kind == types.Unknown {
		e, err := g.b.a.coerce(it.e, types.Of(types.Text), implicit)
		if err != nil {
			return 0, err
		}
		it.e = e
	}
	return g.add(it.e), nil
}

func (g *grouping) readsAggregate(e expr.Expr) bool {
	made := logical.Set{}
	for _, c := range g.b.x.aggs.calls {
		made[c.Col.ID] = true
	}
	for _, c := range g.b.x.aggs.groupings {
		made[c.col.ID] = true
	}
	for id := range g.b.x.wins.cols() {
		made[id] = true
	}
	return made.Touches(e)
}

// add returns the position of a grouping expression. Its subqueries move below
// the aggregation.
func (g *grouping) add(e expr.Expr) int {
	for i, o := range g.exprs {
		if logical.Equal(o, e) {
			return i
		}
	}
	reads := logical.Set{}.Add(e)
	kept := g.b.x.pending[:0:0]
	for _, p := range g.b.x.pending {
		if reads[p.made()] {
			g.x.pending = append(g.x.pending, p)
		} else {
			kept = append(kept, p)
		}
	}
	g.b.x.pending = kept
	g.exprs = append(g.exprs, e)
	return len(g.exprs) - 1
}

// node makes the aggregation over in, computing grouping expressions first.
func (g *grouping) node(in logical.Node) logical.Node {
	g.remember()
	in = applyAll(in, g.x.pending)
	in = applyAll(in, g.b.x.aggs.pending)
	agg := &logical.Aggregate{Sets: g.sets, Calls: g.b.x.aggs.calls}
	var computed []logical.Item
	for _, e := range g.exprs {
		var col logical.Col
		if id, ok := ofColumn(e); ok {
			col, ok = logical.Find(in.Schema(), id)
			if !ok { // a column of an outer query: constant here
				col = logical.Col{ID: g.b.a.ids.Next(), Name: exprName(e), Type: e.Type()}
				computed = append(computed, logical.Item{Col: col, Expr: e})
			}
		} else {
			col = logical.Col{ID: g.b.a.ids.Next(), Name: exprName(e), Type: e.Type(), NotNull: notNull(in, e)}
			computed = append(computed, logical.Item{Col: col, Expr: e})
		}
		grp := logical.Group{In: col.ID, Col: col}
		if g.sets != nil {
			grp.Col = g.b.a.ids.Copy(col)
			grp.Col.NotNull = false
		}
		agg.Groups = append(agg.Groups, grp)
		g.cols = append(g.cols, grp.Col)
	}
	if g.sets != nil {
		g.setCol = g.b.a.ids.New("grouping", types.Of(types.Int64))
		agg.SetCol = g.setCol
	}
	agg.In = withItems(in, computed)
	g.agg = agg
	return agg
}

// dependent groups also by a column that a grouped primary key decides; false
// when there is no such key.
func (g *grouping) dependent(id int) bool {
	if g.sets != nil || g.owner[id] == nil {
		return false
	}
	grouped := logical.Set{}
	for _, e := range g.exprs {
		if id, ok := ofColumn(e); ok {
			grouped[id] = true
		}
	}
	if !hasKey(g.owner[id], grouped) {
		return false
	}
	c := g.from[id].col
	g.agg.Groups = append(g.agg.Groups, logical.Group{In: id, Col: c})
	g.exprs = append(g.exprs, c.Ref())
	g.cols = append(g.cols, c)
	return true
}

func hasKey(r *ranged, grouped logical.Set) bool {
	if r.table == nil || len(r.table.PrimaryKey) == 0 {
		return false
	}
	for _, k := range r.table.PrimaryKey {
		if k >= len(r.cols) || !grouped[r.cols[k].col.ID] {
			return false
		}
	}
	return true
}

// remember notes the columns of FROM, which may only be read through groups.
func (g *grouping) remember() {
	g.from, g.owner = map[int]visible{}, map[int]*ranged{}
	for _, c := range g.b.s.src.cols {
		g.from[c.col.ID] = c
	}
	for _, r := range g.b.s.src.rels {
		for _, c := range r.cols {
			g.from[c.col.ID] = c
			g.owner[c.col.ID] = r
		}
	}
}

// post rewrites an expression over the input to one over the groups.
func (g *grouping) post(e expr.Expr) (expr.Expr, error) {
	for i, o := range g.exprs {
		if logical.Equal(o, e) {
			c := g.cols[i].Ref()
			c.At = e.Pos()
			return c, nil
		}
	}
	if c, ok := e.(*expr.Column); ok {
		for _, gc := range g.b.x.aggs.groupings {
			if gc.col.ID == c.Index {
				return g.mask(gc)
			}
		}
		if v, ok := g.from[c.Index]; ok && !g.dependent(c.Index) {
			return nil, g.ungrouped(v, c.At, false)
		}
		return e, nil
	}
	kids := e.Children()
	if len(kids) == 0 {
		return e, nil
	}
	out := make([]expr.Expr, len(kids))
	for i, k := range kids {
		var err error
		if out[i], err = g.post(k); err != nil {
			return nil, err
		}
	}
	return e.WithChildren(out), nil
}

func (g *grouping) ungrouped(v visible, pos int, sub bool) error {
	name := v.name
	if r := g.owner[v.col.ID]; r != nil && r.alias != "" {
		name = r.alias + "." + name
	}
	if sub {
		return sqlerr.New(sqlerr.GroupingError, "subquery uses ungrouped column %q from outer query", name).At(pos)
	}
	return sqlerr.New(sqlerr.GroupingError, "column %q must appear in the GROUP BY clause or be used in an aggregate function", name).At(pos)
}

// postSubquery checks and rewrites what a subquery above the aggregation reads
// of its input.
func (g *grouping) postSubquery(n logical.Node) (logical.Node, error) {
	by := map[int]expr.Expr{}
	for id := range logical.Free(n) {
		v, ok := g.from[id]
		if !ok {
			continue
		}
		e, err := g.post(v.col.Ref())
		if err != nil {
			return nil, g.ungrouped(v, -1, true)
		}
		by[id] = e
	}
	if len(by) == 0 {
		return n, nil
	}
	return logical.TransformExprs(n, func(e expr.Expr) expr.Expr { return logical.Substitute(e, by) }), nil
}

// mask computes GROUPING(a, b): a bit for each argument that the row's set
// leaves out.
func (g *grouping) mask(c groupingCall) (expr.Expr, error) {
	at := make([]int, len(c.args))
	for i, e := range c.args {
		at[i] = -1
		for k, o := range g.exprs {
			if logical.Equal(o, e) {
				at[i] = k
			}
		}
		if at[i] < 0 {
			return nil, sqlerr.New(sqlerr.GroupingError, "arguments to GROUPING must be grouping expressions of the associated query level").At(c.pos)
		}
	}
	t := types.Of(types.Int32)
	if g.sets == nil {
		return &expr.Const{Typ: t, At: c.pos}, nil
	}
	out := &expr.Case{Typ: t, At: c.pos}
	for k, set := range g.sets {
		bits := int64(0)
		for i, p := range at {
			in := false
			for _, s := range set {
				in = in || s == p
			}
			if !in {
				bits |= 1 << (len(at) - 1 - i)
			}
		}
		eq, err := g.b.a.call("=", []expr.Expr{g.setCol.Ref(), &expr.Const{Typ: types.Of(types.Int64), Val: types.IntValue(int64(k)), At: -1}}, c.pos)
		if err != nil {
			return nil, err
		}
		out.Whens = append(out.Whens, expr.When{Cond: eq, Then: &expr.Const{Typ: t, Val: types.IntValue(bits), At: -1}})
	}
	return out, nil
}
