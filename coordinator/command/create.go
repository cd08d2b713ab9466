package command

import (
	"strings"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/parser"
	"github.com/muster-sql/muster/parser/ast"
	"github.com/muster-sql/muster/planner/analyzer"
)

func (c *call) createTable(a *ast.CreateTable) error {
	if err := c.s.CheckWrite("CREATE TABLE"); err != nil {
		return err
	}
	switch {
	case a.Temp:
		return sqlerr.Unsupported("temporary tables are not supported yet").At(a.At())
	case a.OrReplace:
		return sqlerr.Unsupported("CREATE OR REPLACE TABLE is not supported yet").At(a.At())
	case a.PartitionBy != nil || a.PartitionOf != nil || len(a.Inherits) > 0:
		return sqlerr.Unsupported("partitioned and inherited tables are not supported yet").At(a.At())
	}
	t, err := c.target(a.Name)
	if err != nil {
		return err
	}
	if t.table != nil {
		if a.IfNotExists {
			c.s.Notice("NOTICE", sqlerr.DuplicateTable, "relation \"%s\" already exists, skipping", t.name.Table)
			return nil
		}
		return sqlerr.New(sqlerr.DuplicateTable, "relation \"%s\" already exists", t.name.Table)
	}
	d, err := t.ddl()
	if err != nil {
		return err
	}
	b := tableBuilder{c: c, t: &spi.Table{Name: t.name}}
	if a.Comment != nil {
		b.t.Comment = *a.Comment
	}
	for _, l := range a.Likes {
		if err := b.like(l); err != nil {
			return err
		}
	}
	for _, col := range a.Columns {
		if err := b.column(col); err != nil {
			return err
		}
	}
	for _, k := range a.Constraints {
		if err := b.constraint(k); err != nil {
			return err
		}
	}
	if len(b.t.Columns) == 0 {
		return sqlerr.Unsupported("tables without columns are not supported").At(a.At())
	}
	options, err := optionMap(a.Options)
	if err != nil {
		return err
	}
	return d.CreateTable(c.ctx, c.s.ForStatement(), b.t, spi.IfAbsent(a.IfNotExists), options)
}

func optionMap(list []ast.Option) (map[string]string, error) {
	out := map[string]string{}
	for _, o := range list {
		v, ok := o.Text()
		if !ok {
			return nil, sqlerr.New(sqlerr.InvalidParameterValue, "value of an option must be a constant: \"%s\"", settingName(o.Name)).At(o.At())
		}
		out[settingName(o.Name)] = v
	}
	return out, nil
}

// tableBuilder makes the definition of a table.
type tableBuilder struct {
	c *call
	t *spi.Table
}

// serials are integers that count up by themselves.
var serials = map[string]types.Kind{
	"serial": types.Int32, "serial4": types.Int32, "bigserial": types.Int64, "serial8": types.Int64,
	"smallserial": types.Int16, "serial2": types.Int16,
}

// column adds a column with its constraints.
func (b *tableBuilder) column(def *ast.ColumnDef) error {
	if def.Type == nil {
		return sqlerr.New(sqlerr.SyntaxError, "column needs a type: \"%s\"", def.Name.Text).At(def.At())
	}
	col := spi.Column{Name: def.Name.Text}
	if k, ok := serials[def.Type.Name.Last().Text]; ok {
		col.Type, col.Identity, col.NotNull = types.Of(k), true, true
	} else {
		t, err := analyzer.TypeOf(def.Type)
		if err != nil {
			return err
		}
		col.Type = t
	}
	switch col.Type.Kind {
	case types.Record, types.Void, types.AnyArray, types.AnyElement, types.Function, types.Unknown:
		return sqlerr.New(sqlerr.InvalidTableDef, "column \"%s\" has pseudo-type %s", col.Name, col.Type).At(def.Type.At())
	}
	if def.Comment != nil {
		col.Comment = *def.Comment
	}
	at := len(b.t.Columns)
	for i := range def.Constraints {
		if err := b.columnConstraint(&col, at, &def.Constraints[i]); err != nil {
			return err
		}
	}
	b.t.Columns = append(b.t.Columns, col)
	return nil
}

func (b *tableBuilder) columnConstraint(col *spi.Column, at int, k *ast.ColumnConstraint) error {
	switch k.Kind {
	case ast.ConstraintNotNull:
		col.NotNull = true
	case ast.ConstraintNull:
	case ast.ConstraintDefault:
		text := ast.Format(k.Expr)
		if err := b.c.checkDefault(text, k.Expr, col); err != nil {
			return err
		}
		col.Default = text
	case ast.ConstraintPrimaryKey:
		return b.primaryKey([]int{at}, k.At(), col)
	case ast.ConstraintUnique:
		b.t.Unique = append(b.t.Unique, []int{at})
	case ast.ConstraintIdentity:
		col.Identity, col.NotNull = true, true
	case ast.ConstraintCheck:
		return sqlerr.Unsupported("CHECK constraints are not supported").At(k.At())
	case ast.ConstraintReferences:
		return sqlerr.Unsupported("foreign keys are not supported").At(k.At())
	case ast.ConstraintGenerated:
		return sqlerr.Unsupported("generated columns are not supported").At(k.At())
	default:
		return sqlerr.Unsupported("exclusion constraints are not supported").At(k.At())
	}
	return nil
}

func (b *tableBuilder) primaryKey(cols []int, pos int, col *spi.Column) error {
	if b.t.PrimaryKey != nil {
		return sqlerr.New(sqlerr.InvalidTableDef, "multiple primary keys for table \"%s\" are not allowed", b.t.Name.Table).At(pos)
	}
	b.t.PrimaryKey = cols
	if col != nil {
		col.NotNull = true
	}
	for _, i := range cols {
		if i < len(b.t.Columns) {
			b.t.Columns[i].NotNull = true
		}
	}
	return nil
}

// constraint adds a constraint of the table.
func (b *tableBuilder) constraint(k *ast.TableConstraint) error {
	var cols []int
	for _, n := range k.Columns {
		i := b.find(n.Text)
		if i < 0 {
			return sqlerr.New(sqlerr.UndefinedColumn, "column \"%s\" named in key does not exist", n.Text).At(n.At())
		}
		for _, other := range cols {
			if other == i {
				return sqlerr.New(sqlerr.DuplicateColumn, "column \"%s\" appears twice in the key", n.Text).At(n.At())
			}
		}
		cols = append(cols, i)
	}
	switch k.Kind {
	case ast.ConstraintPrimaryKey:
		return b.primaryKey(cols, k.At(), nil)
	case ast.ConstraintUnique:
		if k.NullsNotDistinct {
			return sqlerr.Unsupported("NULLS NOT DISTINCT is not supported").At(k.At())
		}
		b.t.Unique = append(b.t.Unique, cols)
		return nil
	case ast.ConstraintCheck:
		return sqlerr.Unsupported("CHECK constraints are not supported").At(k.At())
	case ast.ConstraintReferences:
		return sqlerr.Unsupported("foreign keys are not supported").At(k.At())
	}
	return sqlerr.Unsupported("exclusion constraints are not supported").At(k.At())
}

func (b *tableBuilder) find(name string) int {
	for i, c := range b.t.Columns {
		if c.Name == name {
			return i
		}
	}
	return -1
}

// like copies the columns of another table.
func (b *tableBuilder) like(l ast.LikeTable) error {
	t, err := b.c.table(l.Table)
	if err != nil {
		return err
	}
	defaults := false
	for _, w := range l.Including {
		defaults = defaults || strings.EqualFold(w, "defaults") || strings.EqualFold(w, "all")
	}
	for _, c := range t.Columns {
		if c.Hidden {
			continue
		}
		if !defaults {
			c.Default, c.Identity = "", false
		}
		b.t.Columns = append(b.t.Columns, c)
	}
	return nil
}

// checkDefault analyses a default as a value of its column.
func (c *call) checkDefault(text string, e ast.Expr, col *spi.Column) error {
	t, err := parser.ParseType(col.Type.String())
	if err != nil {
		return err
	}
	x, err := parser.ParseExpr(text)
	if err != nil {
		return err
	}
	sel := &ast.Select{Items: []ast.SelectItem{{Expr: &ast.Cast{X: x, Type: t}}}}
	if _, err := c.describePlanned(&ast.Query{Body: sel}, nil); err != nil {
		bad := sqlerr.As(err)
		bad.Pos = e.At() + 1 // the analysed text is not the statement's
		return bad
	}
	return nil
}

func (c *call) createView(a *ast.CreateView) error {
	if err := c.s.CheckWrite("CREATE VIEW"); err != nil {
		return err
	}
	switch {
	case a.Materialized:
		return sqlerr.Unsupported("materialized views are not supported yet").At(a.At())
	case a.Temp:
		return sqlerr.Unsupported("temporary views are not supported yet").At(a.At())
	case a.Recursive:
		return sqlerr.Unsupported("CREATE RECURSIVE VIEW is not supported").At(a.At())
	case a.CheckOption != "":
		return sqlerr.Unsupported("views cannot be written to: WITH CHECK OPTION is not supported").At(a.At())
	}
	t, err := c.target(a.Name)
	if err != nil {
		return err
	}
	if t.table != nil {
		if a.IfNotExists {
			c.s.Notice("NOTICE", sqlerr.DuplicateTable, "relation \"%s\" already exists, skipping", t.name.Table)
			return nil
		}
		if !a.OrReplace {
			return sqlerr.New(sqlerr.DuplicateTable, "relation \"%s\" already exists", t.name.Table)
		}
		if t.table.Kind != spi.View {
			return sqlerr.New(sqlerr.WrongObjectType, "\"%s\" is not a view", t.name.Table)
		}
	}
	d, err := t.ddl()
	if err != nil {
		return err
	}
	p, err := c.describePlanned(a.Query, nil)
	if err != nil {
		return err
	}
	if len(p.Params) > 0 {
		return sqlerr.New(sqlerr.UndefinedParameter, "views cannot have parameters").At(a.Query.At())
	}
	v := &spi.Table{Name: t.name, Kind: spi.View, View: a.Query.Text(c.st.Text), DefaultPath: c.viewPath()}
	if len(a.Columns) > len(p.Columns) {
		return sqlerr.New(sqlerr.InvalidTableDef, "CREATE VIEW specifies more column names than columns").At(a.Columns[len(p.Columns)].At())
	}
	for i, col := range p.Columns {
		name := col.Name
		if i < len(a.Columns) {
			name = a.Columns[i].Text
		}
		v.Columns = append(v.Columns, spi.Column{Name: name, Type: col.Type})
	}
	return d.CreateView(c.ctx, c.s.ForStatement(), v, spi.Replace(a.OrReplace))
}

// viewPath is the search path that a view's text keeps: each schema with its catalog.
func (c *call) viewPath() []string {
	var out []string
	for _, s := range c.s.SearchPath() {
		if p, ok := c.pathPlace(s); ok {
			out = append(out, p.catalog+"."+p.schema)
		}
	}
	return out
}
