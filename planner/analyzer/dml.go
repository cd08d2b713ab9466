package analyzer

import (
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/parser/ast"
	"github.com/muster-sql/muster/planner/logical"
)

// writable finds the table of a statement that writes.
func (a *analyzer) writable(n ast.ObjectName, what Action, verb string) (*found, error) {
	f, err := a.names.table(n, sessionPath(a.env.Session))
	if err != nil {
		return nil, err
	}
	if f.table.Kind == spi.View {
		return nil, sqlerr.New(sqlerr.ObjectNotInState, "cannot %s view %q", verb, f.table.Name.Table).At(n.At())
	}
	if f.conn.Caps().Write == nil {
		return nil, sqlerr.Unsupported("tables of catalog %q cannot be written", f.catalog).At(n.At())
	}
	policy, err := a.allowed(f.catalog, f.table, what)
	if err != nil {
		return nil, at(err, n.At())
	}
	if policy.Filter != nil || len(policy.Masks) > 0 {
		return nil, sqlerr.Unsupported("tables with row filters or column masks cannot be written").At(n.At())
	}
	a.tables = append(a.tables, TableUse{Catalog: f.catalog, Name: f.table.Name, Write: true})
	return f, nil
}

func (a *analyzer) insert(s *ast.Insert) (*Result, error) {
	switch {
	case s.OnConflict != nil || s.OrReplace || s.OrIgnore:
		return nil, sqlerr.Unsupported("INSERT … ON CONFLICT is not supported yet").At(s.At())
	case s.Returning != nil:
		return nil, sqlerr.Unsupported("RETURNING is not supported yet").At(s.At())
	case s.Overriding != "":
		return nil, sqlerr.Unsupported("OVERRIDING is not supported yet").At(s.At())
	}
	f, err := a.writable(s.Table, WriteInsert, "insert into")
	if err != nil {
		return nil, err
	}
	sc := a.rootScope()
	if s.With != nil {
		if err := a.with(s.With, sc); err != nil {
			return nil, err
		}
	}
	targets, err := insertTargets(f.table, s.Columns)
	if err != nil {
		return nil, err
	}
	var r relation
	if s.DefaultValues {
		r, targets = relation{node: logical.OneRow()}, nil
	} else if r, targets, err = a.insertRows(s, f.table, targets, sc); err != nil {
		return nil, err
	}
	return a.inserted(f, r, targets)
}

// insertTargets lists the table columns that values are given for.
func insertTargets(t *spi.Table, names []ast.Name) ([]int, error) {
	var out []int
	if len(names) == 0 {
		for i, c := range t.Columns {
			if !c.Hidden && !c.RowID {
				out = append(out, i)
			}
		}
		return out, nil
	}
	seen := map[int]bool{}
	for _, n := range names {
		i, err := tableColumn(t, n)
		if err != nil {
			return nil, err
		}
		if seen[i] {
			return nil, sqlerr.New(sqlerr.DuplicateColumn, "column %q specified more than once", n.Text).At(n.At())
		}
		seen[i] = true
		out = append(out, i)
	}
	return out, nil
}

// tableColumn finds a column that can be written.
func tableColumn(t *spi.Table, n ast.Name) (int, error) {
	best, at := 0, -1
	names := make([]string, 0, len(t.Columns))
	for i, c := range t.Columns {
		if c.Hidden || c.RowID {
			continue
		}
		names = append(names, c.Name)
		if m := matches(n, c.Name); m > best {
			best, at = m, i
		}
	}
	if at >= 0 {
		return at, nil
	}
	err := sqlerr.New(sqlerr.UndefinedColumn, "column %q of relation %q does not exist", n.Text, t.Name.Table).At(n.At())
	if near := nearest(n.Text, names); near != "" {
		return 0, err.WithHint("Did you mean %q?", near)
	}
	return 0, err
}

// insertRows analyses the rows of an INSERT, each value with its column's type.
func (a *analyzer) insertRows(s *ast.Insert, t *spi.Table, targets []int, sc *scope) (relation, []int, error) {
	if v, ok := s.Query.Body.(*ast.Values); ok && s.Query.With == nil && s.Query.OrderBy == nil && s.Query.Limit == nil && s.Query.Offset == nil {
		return a.insertValues(v, t, targets, sc, len(s.Columns) > 0)
	}
	r, err := a.query(s.Query, sc)
	if err != nil {
		return r, nil, err
	}
	if s.ByName {
		if targets, err = targetsByName(t, r, s.Query.At()); err != nil {
			return r, nil, err
		}
	}
	if targets, err = widthOf(targets, len(r.cols), len(s.Columns) > 0, s.Query.At()); err != nil {
		return r, nil, err
	}
	items := make([]logical.Item, len(r.cols))
	in, exprs := r.node, make([]expr.Expr, len(r.cols))
	for i, c := range r.cols {
		exprs[i] = c.Ref()
	}
	if p, ok := r.node.(*logical.Project); ok && len(p.Items) == len(r.cols) {
		for i := range p.Items { // literals are read as values of their column
			if c, ok := p.Items[i].Expr.(*expr.Const); ok && c.Typ.Kind == types.Unknown && p.Items[i].Col.ID == r.cols[i].ID {
				exprs[i] = c
			}
		}
	}
	for i, e := range exprs {
		e, err := a.assigned(e, t, targets[i], s.Query.At())
		if err != nil {
			return r, nil, err
		}
		items[i] = logical.Item{Col: a.ids.New(t.Columns[targets[i]].Name, e.Type()), Expr: e}
	}
	p := &logical.Project{In: in, Items: items}
	return relation{p, p.Schema()}, targets, nil
}

func targetsByName(t *spi.Table, r relation, pos int) ([]int, error) {
	var out []int
	for _, c := range r.cols {
		i, err := tableColumn(t, ast.Name{Pos: ast.Pos(pos), Text: c.Name})
		if err != nil {
			return nil, err
		}
		out = append(out, i)
	}
	return out, nil
}

// widthOf cuts the targets to the number of values; with a column list it must
// be the same.
func widthOf(targets []int, n int, listed bool, pos int) ([]int, error) {
	switch {
	case n > len(targets):
		return nil, sqlerr.New(sqlerr.SyntaxError, "INSERT has more expressions than target columns").At(pos)
	case n < len(targets) && listed:
		return nil, sqlerr.New(sqlerr.SyntaxError, "INSERT has more target columns than expressions").At(pos)
	}
	return targets[:n], nil
}

func (a *analyzer) insertValues(v *ast.Values, t *spi.Table, targets []int, sc *scope, listed bool) (relation, []int, error) {
	targets, err := widthOf(targets, len(v.Rows[0]), listed, v.At())
	if err != nil {
		return relation{}, nil, err
	}
	x := &exprs{a: a, scope: sc, clause: "VALUES"}
	rows := make([][]expr.Expr, len(v.Rows))
	for i, row := range v.Rows {
		if len(row) != len(targets) {
			return relation{}, nil, sqlerr.New(sqlerr.SyntaxError, "VALUES lists must all be the same length").At(row[0].At())
		}
		for k, e := range row {
			val, err := x.assignedExpr(e, t, targets[k])
			if err != nil {
				return relation{}, nil, err
			}
			rows[i] = append(rows[i], val)
		}
	}
	cols := make([]logical.Col, len(targets))
	for k, c := range targets {
		cols[k] = a.ids.New(t.Columns[c].Name, t.Columns[c].Type)
	}
	return relation{a.valuesNode(cols, rows, x.pending), cols}, targets, nil
}

// assignedExpr analyses a value for a column; DEFAULT is the column's own.
func (x *exprs) assignedExpr(e ast.Expr, t *spi.Table, col int) (expr.Expr, error) {
	if _, ok := e.(*ast.DefaultExpr); ok {
		return x.a.defaultOf(&t.Columns[col])
	}
	v, err := x.expr(e)
	if err != nil {
		return nil, err
	}
	return x.a.assigned(v, t, col, e.At())
}

// assigned converts a value to a column's type.
func (a *analyzer) assigned(e expr.Expr, t *spi.Table, col, pos int) (expr.Expr, error) {
	c := &t.Columns[col]
	out, err := a.coerce(e, c.Type, assignment)
	if sqlerr.Is(err, sqlerr.CannotCoerce) {
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "column %q is of type %s but expression is of type %s", c.Name, c.Type, e.Type()).
			At(pos).WithHint("You will need to rewrite or cast the expression.")
	}
	if err != nil {
		return nil, at(err, pos)
	}
	if !out.Type().Equal(c.Type) {
		out = &expr.Cast{Arg: out, Typ: c.Type, Implicit: true, At: pos}
	}
	return out, nil
}

// defaultOf reads a column's default, NULL when it has none.
func (a *analyzer) defaultOf(c *spi.Column) (expr.Expr, error) {
	if c.Default == "" {
		return nullOf(c.Type), nil
	}
	if a.env.ParseExpr == nil {
		return nil, sqlerr.Internalf("defaults cannot be read here")
	}
	e, err := a.env.ParseExpr(c.Default)
	if err != nil {
		return nil, err
	}
	x := &exprs{a: a, scope: a.rootScope(), clause: "DEFAULT expressions"}
	v, err := x.expr(e)
	if err != nil {
		return nil, inDefault(err, c)
	}
	if v, err = a.coerce(v, c.Type, assignment); err != nil {
		return nil, inDefault(err, c)
	}
	if len(x.pending) > 0 {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "cannot use subquery in DEFAULT expression")
	}
	return v, nil
}

func inDefault(err error, c *spi.Column) error {
	e := *sqlerr.As(err)
	e.Pos = 0
	return e.WithDetail("The error is in the default of column %q.", c.Name)
}

// inserted completes the rows with defaults and puts the write on top.
func (a *analyzer) inserted(f *found, r relation, targets []int) (*Result, error) {
	given := map[int]logical.Col{}
	for i, t := range targets {
		given[t] = r.cols[i]
	}
	p := &logical.Project{In: r.node}
	w := &logical.Write{Conn: f.conn, Catalog: f.catalog, Version: f.version}
	w.Spec = spi.Write{Kind: spi.WriteInsert, Table: f.table, Snapshot: f.snap}
	for i := range f.table.Columns {
		c := &f.table.Columns[i]
		col, ok := given[i]
		if c.RowID || !ok && (c.Identity || c.Hidden) {
			continue
		}
		if ok {
			p.Items = append(p.Items, logical.Item{Col: col, Expr: col.Ref()})
		} else {
			e, err := a.defaultOf(c)
			if err != nil {
				return nil, err
			}
			col = a.ids.New(c.Name, e.Type())
			p.Items = append(p.Items, logical.Item{Col: col, Expr: e})
		}
		w.Spec.Columns = append(w.Spec.Columns, i)
		w.Columns = append(w.Columns, col.ID)
	}
	w.In = p
	return a.written(Insert, w), nil
}

// written finishes a write: its rows are for the coordinator.
func (a *analyzer) written(kind Kind, w *logical.Write) *Result {
	w.Out = [2]logical.Col{a.ids.New("rows", types.Of(types.Int64)), a.ids.New("fragment", types.Of(types.Bytea))}
	return &Result{Kind: kind, Node: w, Columns: w.Out[:]}
}

// createTableAs analyses CREATE TABLE … AS query.
func (a *analyzer) createTableAs(s *ast.CreateTableAs) (*Result, error) {
	q, ok := s.Query.(*ast.Query)
	switch {
	case !ok:
		return nil, sqlerr.Unsupported("CREATE TABLE AS EXECUTE is not supported").At(s.Query.At())
	case s.Temp:
		return nil, sqlerr.Unsupported("temporary tables are not supported yet").At(s.At())
	case s.PartitionBy != nil:
		return nil, sqlerr.Unsupported("PARTITION BY of CREATE TABLE AS is not supported yet").At(s.PartitionBy.At())
	}
	place, exists, err := a.names.newTable(s.Name, sessionPath(a.env.Session))
	if err != nil {
		return nil, err
	}
	if exists && s.IfNotExists {
		return &Result{Kind: CreateTableAs, Exists: true}, nil
	}
	if exists && !s.OrReplace {
		return nil, sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists", place.name.Table).At(s.Name.At())
	}
	r, err := a.query(q, nil)
	if err != nil {
		return nil, err
	}
	r = a.settled(r)
	if s.WithNoData {
		r.node = &logical.Limit{In: r.node}
	}
	if r.cols, err = renamed(r.cols, s.Columns, s.Name.Last()); err != nil {
		return nil, err
	}
	conn, version, err := a.env.Catalogs.Get(place.catalog)
	if err != nil {
		return nil, err
	}
	if conn.Caps().Write == nil {
		return nil, sqlerr.Unsupported("tables of catalog %q cannot be created", place.catalog).At(s.Name.At())
	}
	t := &spi.Table{Name: place.name}
	w := &logical.Write{In: r.node, Conn: conn, Catalog: place.catalog, Version: version}
	w.Spec = spi.Write{Kind: spi.WriteCreate, Table: t, Replace: s.OrReplace, IfAbsent: s.IfNotExists, Options: map[string]string{}}
	names := map[string]bool{}
	for i, c := range r.cols {
		if names[c.Name] {
			return nil, sqlerr.New(sqlerr.DuplicateColumn, "column %q specified more than once", c.Name).At(q.At())
		}
		names[c.Name] = true
		t.Columns = append(t.Columns, spi.Column{Name: c.Name, Type: c.Type})
		w.Spec.Columns = append(w.Spec.Columns, i)
		w.Columns = append(w.Columns, c.ID)
	}
	for _, o := range s.Options {
		v, ok := o.Text()
		if !ok {
			return nil, sqlerr.New(sqlerr.InvalidParameterValue, "value of an option must be a constant: %s", o.Name).At(o.At())
		}
		w.Spec.Options[plainName(o.Name)] = v
	}
	if s.Comment != nil {
		t.Comment = *s.Comment
	}
	if _, err := a.allowed(place.catalog, t, Create); err != nil {
		return nil, at(err, s.Name.At())
	}
	a.tables = append(a.tables, TableUse{Catalog: place.catalog, Name: place.name, Write: true})
	return a.written(CreateTableAs, w), nil
}
