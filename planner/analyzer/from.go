package analyzer

import (
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/parser/ast"
	"github.com/muster-sql/muster/planner/logical"
)

// from analyses the items of a FROM clause.
func (a *analyzer) from(list []ast.Relation, s *scope) (*source, error) {
	var out *source
	for _, item := range list {
		r, err := a.relation(item, s, out)
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = r
			continue
		}
		if err := noTwins(out, r, item.At()); err != nil {
			return nil, err
		}
		out = joined(a.cross(out.node, r.node), out, r)
	}
	return out, nil
}

// cross joins two nodes; one that reads the other's columns is applied to it.
func (a *analyzer) cross(l, r logical.Node) logical.Node {
	if dependsOn(r, l) {
		return &logical.Apply{Kind: logical.ApplyInner, L: l, R: r}
	}
	return &logical.Join{Kind: logical.Inner, L: l, R: r}
}

func dependsOn(r, l logical.Node) bool {
	free := logical.Free(r)
	if len(free) == 0 {
		return false
	}
	for _, c := range l.Schema() {
		if free[c.ID] {
			return true
		}
	}
	return false
}

// noTwins refuses two entries of one name.
func noTwins(l, r *source, pos int) error {
	for _, x := range l.rels {
		for _, y := range r.rels {
			if x.alias != "" && x.alias == y.alias && (x.schema == "" || y.schema == "" || x.schema == y.schema && x.catalog == y.catalog) {
				return sqlerr.New(sqlerr.DuplicateAlias, "table name %q specified more than once", x.alias).At(pos)
			}
		}
	}
	return nil
}

// relation analyses an item of FROM; left are the items before it.
func (a *analyzer) relation(r ast.Relation, s *scope, left *source) (*source, error) {
	switch r := r.(type) {
	case *ast.TableRef:
		return a.tableRef(r, s)
	case *ast.PathRef:
		return a.pathRef(r)
	case *ast.SubqueryRef:
		return a.subqueryRef(r, s, left)
	case *ast.FuncRef:
		return a.funcRef(r, s, left)
	case *ast.Join:
		return a.join(r, s, left)
	}
	return nil, sqlerr.Internalf("unknown relation %T", r)
}

func noSample(s *ast.Sample) error {
	if s == nil {
		return nil
	}
	return sqlerr.Unsupported("TABLESAMPLE is not supported yet").At(s.At())
}

// tableRef analyses a table, view or common table expression by name.
func (a *analyzer) tableRef(t *ast.TableRef, s *scope) (*source, error) {
	if err := noSample(t.Sample); err != nil {
		return nil, err
	}
	if t.AsOf != nil {
		return nil, sqlerr.Unsupported("FOR VERSION AS OF and FOR TIMESTAMP AS OF are not supported yet").At(t.AsOf.At())
	}
	if len(t.Name) == 1 {
		if w := s.with.find(t.Name[0]); w != nil {
			r, err := a.reference(w)
			if err != nil {
				return nil, err
			}
			return a.entry(r, &ranged{alias: w.name}, t.Alias)
		}
	}
	f, err := a.names.table(t.Name, s.path)
	if err != nil {
		return nil, err
	}
	if err := a.count(1); err != nil {
		return nil, err
	}
	e := &ranged{alias: f.table.Name.Table, catalog: f.catalog, schema: f.table.Name.Schema, table: f.table}
	if f.table.Kind == spi.View {
		r, err := a.view(f, t.Name)
		if err != nil {
			return nil, err
		}
		e.table = nil
		return a.entry(r, e, t.Alias)
	}
	r, err := a.scan(f, t)
	if err != nil {
		return nil, err
	}
	return a.entry(r, e, t.Alias)
}

// entry makes a FROM entry of a relation under an alias.
func (a *analyzer) entry(r relation, e *ranged, alias *ast.Alias) (*source, error) {
	cols := r.cols
	if alias != nil {
		if !alias.Name.IsZero() {
			e.alias, e.catalog, e.schema = alias.Name.Text, "", ""
		}
		if len(alias.Defs) > 0 {
			return nil, sqlerr.New(sqlerr.SyntaxError, "a column definition list is only allowed for functions returning \"record\"").At(alias.At())
		}
		if e.table != nil {
			cols = shown(cols, e.table)
		}
		var err error
		if cols, err = renamed(cols, alias.Columns, alias.Name); err != nil {
			return nil, err
		}
		if e.table != nil {
			cols = append(cols, r.cols[len(cols):]...)
		}
	}
	e.cols = visibleCols(cols)
	if e.table != nil {
		for i := range e.cols {
			e.cols[i].hidden = e.table.Columns[i].Hidden
		}
	}
	return &source{node: r.node, rels: []*ranged{e}, cols: e.cols}, nil
}

// shown returns the leading columns that are not hidden; hidden ones come last.
func shown(cols []logical.Col, t *spi.Table) []logical.Col {
	for i, c := range t.Columns {
		if c.Hidden {
			return cols[:i]
		}
	}
	return cols
}

// scan reads a base table with what access control leaves of it.
func (a *analyzer) scan(f *found, t *ast.TableRef) (relation, error) {
	policy, err := a.allowed(f.catalog, f.table, Read)
	if err != nil {
		return relation{}, at(err, t.At())
	}
	a.tables = append(a.tables, TableUse{Catalog: f.catalog, Name: f.table.Name})
	n := newScan(a.ids, f, a.env.Session)
	if t.Alias != nil {
		n.Alias = t.Alias.Name.Text
	}
	return a.restricted(relation{n, n.Cols}, policy), nil
}

func newScan(ids *logical.IDs, f *found, s *spi.Session) *logical.Scan {
	n := &logical.Scan{
		Conn:  f.conn,
		Table: f.table,
		Source: spi.Scan{
			Catalog: f.catalog, Version: f.version, Identity: s.User, Table: f.table.Name,
			Snapshot: f.snap, Limit: -1, Private: f.table.Private,
		},
	}
	for i, c := range f.table.Columns {
		n.Source.Columns = append(n.Source.Columns, i)
		n.Source.Output = append(n.Source.Output, spi.OutputCol{Name: c.Name, Type: c.Type})
		n.Cols = append(n.Cols, logical.Col{ID: ids.Next(), Name: c.Name, Type: c.Type, NotNull: c.NotNull})
	}
	return n
}

// restricted applies a policy: its filter first, which sees the true values.
func (a *analyzer) restricted(r relation, p Policy) relation {
	by := map[int]int{}
	for i, c := range r.cols {
		by[i] = c.ID
	}
	if p.Filter != nil {
		r.node = &logical.Filter{In: r.node, Pred: expr.Remap(p.Filter, by)}
	}
	if len(p.Masks) == 0 {
		return r
	}
	items := make([]logical.Item, len(r.cols))
	cols := append([]logical.Col(nil), r.cols...)
	for i, c := range r.cols {
		items[i] = logical.Item{Col: c, Expr: c.Ref()}
		if m, ok := p.Masks[i]; ok {
			cols[i] = a.ids.New(c.Name, m.Type())
			items[i] = logical.Item{Col: cols[i], Expr: expr.Remap(m, by)}
		}
	}
	return relation{&logical.Project{In: r.node, Items: items}, cols}
}

// subqueryRef analyses (query) AS t. Without LATERAL it does not see its neighbours.
func (a *analyzer) subqueryRef(r *ast.SubqueryRef, s *scope, left *source) (*source, error) {
	if err := noSample(r.Sample); err != nil {
		return nil, err
	}
	in := lateralScope(s, left, r.Lateral)
	rel, err := a.query(r.Query, in)
	if err != nil {
		return nil, err
	}
	return a.entry(a.settled(rel), &ranged{}, r.Alias)
}

// lateralScope is the scope around an item of FROM: with LATERAL the items to
// its left, in any case what is outside of the query.
func lateralScope(s *scope, left *source, lateral bool) *scope {
	in := &scope{outer: s.outer, with: s.with, path: s.path}
	if lateral && left != nil {
		in.src = left
	} else {
		in.blocked = left
	}
	return in
}

// view expands a view under its definer's path.
func (a *analyzer) view(f *found, n ast.ObjectName) (relation, error) {
	full := f.catalog + "." + f.table.Name.String()
	for _, v := range a.views {
		if v == full {
			return relation{}, sqlerr.New(sqlerr.WrongObjectType, "view refers to itself: %q", full).At(n.At())
		}
	}
	if len(a.views) >= viewDepthMax {
		return relation{}, sqlerr.New(sqlerr.StatementTooComplex, "views are nested too deeply: more than %d", viewDepthMax).At(n.At())
	}
	if _, err := a.allowed(f.catalog, f.table, Read); err != nil {
		return relation{}, at(err, n.At())
	}
	if a.env.Parse == nil {
		return relation{}, sqlerr.Internalf("views cannot be read here")
	}
	stmt, err := a.env.Parse(f.table.View)
	if err != nil {
		return relation{}, inView(err, full)
	}
	q, ok := stmt.(*ast.Query)
	if !ok {
		return relation{}, sqlerr.New(sqlerr.WrongObjectType, "view is not a query: %q", full).At(n.At())
	}
	s := &scope{path: searchPath{catalog: f.catalog, schemas: f.table.DefaultPath}}
	if len(s.path.schemas) == 0 {
		s.path.schemas = []string{f.table.Name.Schema}
	}
	a.views = append(a.views, full)
	r, err := a.query(q, s)
	a.views = a.views[:len(a.views)-1]
	if err != nil {
		return relation{}, inView(err, full)
	}
	return a.asDeclared(a.settled(r), f.table, full)
}

// inView takes the position from an error: it points into the view's text.
func inView(err error, view string) error {
	e := *sqlerr.As(err)
	e.Pos = 0
	return e.WithDetail("The error is in the definition of view %q.", view)
}

// asDeclared gives a view's rows the names and types of its columns.
func (a *analyzer) asDeclared(r relation, t *spi.Table, full string) (relation, error) {
	if len(t.Columns) == 0 {
		return r, nil
	}
	if len(t.Columns) != len(r.cols) {
		return relation{}, sqlerr.New(sqlerr.InvalidTableDef, "view has another number of columns than its definition: %q", full).
			WithHint("Create the view again.")
	}
	want := make([]types.Type, len(r.cols))
	for i, c := range t.Columns {
		want[i] = c.Type
	}
	r, err := a.converted(r, want, func(i int) error {
		return sqlerr.New(sqlerr.InvalidTableDef, "view has another column type than its definition: %q, column %q", full, t.Columns[i].Name).
			WithHint("Create the view again.")
	})
	if err != nil {
		return relation{}, err
	}
	r.cols = append([]logical.Col(nil), r.cols...)
	for i, c := range t.Columns {
		r.cols[i].Name = c.Name
	}
	return r, nil
}
