package command

import (
	"slices"
	"strings"

	"github.com/muster-sql/muster/connectors/catalog"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/coordinator/session"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/parser/ast"
)

// showColumns describes what SHOW and DESCRIBE give.
func (c *call) showColumns(st ast.Statement) ([]plan.Column, error) {
	a, ok := st.(*ast.Show)
	if !ok {
		return textColumns("Column", "Type", "Nullable", "Default", "Comment"), nil
	}
	switch a.Kind {
	case ast.ShowAll, ast.ShowSession:
		return textColumns("name", "setting", "description"), nil
	case ast.ShowCatalogs:
		return textColumns("Catalog"), nil
	case ast.ShowSchemas:
		return textColumns("Schema"), nil
	case ast.ShowTables:
		return textColumns("Table"), nil
	case ast.ShowColumns:
		return textColumns("Column", "Type", "Nullable", "Default", "Comment"), nil
	case ast.ShowFunctions:
		return textColumns("Function", "Result", "Arguments", "Kind", "Description"), nil
	case ast.ShowCreate:
		return textColumns("Create"), nil
	case ast.ShowSetting:
		name := settingName(a.Name)
		if d := c.s.Settings().Find(name); d != nil {
			name = d.Name
		}
		return textColumns(name), nil
	}
	return nil, sqlerr.Unsupported("this form of SHOW is not supported yet").At(a.At())
}

// show carries out SHOW and DESCRIBE.
func (c *call) show(st ast.Statement) (session.Result, error) {
	cols, err := c.showColumns(st)
	if err != nil {
		return nil, err
	}
	var lines [][]string
	switch a := st.(type) {
	case *ast.Describe:
		lines, err = c.describeLines(a)
	case *ast.Show:
		lines, err = c.showLines(a)
		if err == nil && a.Like != nil && a.Kind != ast.ShowSetting {
			lines, err = likeOnly(lines, a)
		}
	}
	if err != nil {
		return nil, err
	}
	return c.giveText("SHOW", cols, lines)
}

func (c *call) showLines(a *ast.Show) ([][]string, error) {
	switch a.Kind {
	case ast.ShowSetting:
		v, err := c.s.Get(settingName(a.Name))
		return [][]string{{v}}, err
	case ast.ShowAll, ast.ShowSession:
		return c.settingLines(), nil
	case ast.ShowCatalogs:
		return single(c.r.o.Catalogs.Names()), nil
	case ast.ShowSchemas:
		return c.schemaLines(a)
	case ast.ShowTables:
		return c.tableLines(a)
	case ast.ShowColumns:
		return c.columnLines(a.Name)
	case ast.ShowFunctions:
		return c.functionLines(), nil
	}
	return c.createLines(a)
}

func single(names []string) [][]string {
	out := make([][]string, len(names))
	for i, n := range names {
		out[i] = []string{n}
	}
	return out
}

func (c *call) settingLines() [][]string {
	var out [][]string
	for _, d := range c.s.Settings().All() {
		v := c.s.Show(d.Name)
		if d.Secret {
			v = "********"
		}
		out = append(out, []string{d.Name, v, d.Doc})
	}
	return out
}

// schemaLines lists the schemas of a catalog; of all of them as catalog.schema.
func (c *call) schemaLines(a *ast.Show) ([][]string, error) {
	name := c.s.Catalog()
	if len(a.Name) > 0 {
		name = a.Name.Last().Text
	}
	if name != session.AllCatalogs {
		list, err := c.schemas(name)
		return single(list), err
	}
	var out []string
	for _, n := range c.r.o.Catalogs.Names() {
		list, err := c.schemas(n)
		if err != nil {
			c.s.Notice("WARNING", sqlerr.CodeOf(err), "catalog \"%s\" cannot be read: %v", n, err)
			continue
		}
		for _, s := range list {
			out = append(out, n+"."+s)
		}
	}
	return single(out), nil
}

func (c *call) schemas(name string) ([]string, error) {
	conn, _, err := c.r.o.Catalogs.Get(name)
	if err != nil {
		return nil, err
	}
	list, err := conn.Schemas(c.ctx, c.s.ForStatement())
	list = slices.Clone(list)
	slices.Sort(list)
	return list, err
}

// tableLines lists the tables of a schema: the one named, or the current one.
func (c *call) tableLines(a *ast.Show) ([][]string, error) {
	places, err := c.schemaPlaces(a.Name)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, p := range places {
		conn, _, err := c.r.o.Catalogs.Get(p.catalog)
		if err != nil {
			return nil, err
		}
		list, err := conn.Tables(c.ctx, c.s.ForStatement(), p.schema)
		if err != nil {
			return nil, err
		}
		for _, n := range list {
			out = append(out, n.Table)
		}
	}
	slices.Sort(out)
	return single(slices.Compact(out)), nil
}

// schemaPlace is a schema of a catalog.
type schemaPlace struct{ catalog, schema string }

// schemaPlaces resolves the name of a schema; none means the search path.
func (c *call) schemaPlaces(n ast.ObjectName) ([]schemaPlace, error) {
	switch len(n) {
	case 0:
		var out []schemaPlace
		for _, s := range c.s.SearchPath() {
			if p, ok := c.pathPlace(s); ok {
				out = append(out, p)
			}
		}
		return out, nil
	case 1:
		if p, ok := c.pathPlace(n[0].Text); ok && c.hasSchema(p) {
			return []schemaPlace{p}, nil
		}
		if _, _, err := c.r.o.Catalogs.Get(n[0].Text); err == nil {
			return []schemaPlace{{n[0].Text, catalog.DefaultSchema}}, nil
		}
	case 2:
		if p := (schemaPlace{n[0].Text, n[1].Text}); c.hasSchema(p) {
			return []schemaPlace{p}, nil
		}
	}
	return nil, sqlerr.New(sqlerr.InvalidSchemaName, "schema \"%s\" does not exist", settingName(n)).At(n.At())
}

// pathPlace resolves a schema of a search path, which may name its catalog.
func (c *call) pathPlace(schema string) (schemaPlace, bool) {
	if now := c.s.Catalog(); now != session.AllCatalogs {
		if p := (schemaPlace{now, schema}); !strings.Contains(schema, ".") || c.hasSchema(p) {
			return p, true
		}
	}
	name, rest, ok := strings.Cut(schema, ".")
	return schemaPlace{name, rest}, ok
}

func (c *call) hasSchema(p schemaPlace) bool {
	list, err := c.schemas(p.catalog)
	return err == nil && slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, p.schema) })
}

// table finds a table by its written name.
func (c *call) table(n ast.ObjectName) (*spi.Table, error) {
	t, err := c.target(n)
	if err != nil {
		return nil, err
	}
	if t.table == nil {
		return nil, sqlerr.New(sqlerr.UndefinedTable, "relation \"%s\" does not exist", settingName(n)).At(n.At())
	}
	return t.table, nil
}

func (c *call) columnLines(n ast.ObjectName) ([][]string, error) {
	t, err := c.table(n)
	if err != nil {
		return nil, err
	}
	var out [][]string
	for _, col := range t.Columns {
		if col.Hidden {
			continue
		}
		nullable := "YES"
		if col.NotNull {
			nullable = "NO"
		}
		out = append(out, []string{col.Name, col.Type.String(), nullable, col.Default, col.Comment})
	}
	return out, nil
}

// describeLines describes a table or the columns of a query.
func (c *call) describeLines(d *ast.Describe) ([][]string, error) {
	if d.Summarize || !d.Input.IsZero() {
		return nil, sqlerr.Unsupported("this form of DESCRIBE is not supported yet").At(d.At())
	}
	if len(d.Name) > 0 {
		return c.columnLines(d.Name)
	}
	var cols []plan.Column
	if !d.Output.IsZero() {
		p, err := c.s.Prepared(d.Output.Text)
		if err != nil {
			return nil, err
		}
		cols = p.Columns
	} else {
		p, err := c.describePlanned(d.Statement, nil)
		if err != nil {
			return nil, err
		}
		cols = p.Columns
	}
	var out [][]string
	for _, col := range cols {
		out = append(out, []string{col.Name, col.Type.String(), "YES", "", ""})
	}
	return out, nil
}

// createLines prints the statement that makes a table, view or schema.
func (c *call) createLines(a *ast.Show) ([][]string, error) {
	switch a.Object {
	case ast.ObjectSchema:
		t, err := c.schemaTarget(a.Name)
		if err == nil && !c.hasSchema(schemaPlace{t.catalog, t.name.Schema}) {
			err = sqlerr.New(sqlerr.InvalidSchemaName, "schema \"%s\" does not exist", t.name.Schema).At(a.Name.At())
		}
		return [][]string{{"CREATE SCHEMA " + ast.QuoteIfNeeded(t.catalog) + "." + ast.QuoteIfNeeded(t.name.Schema)}}, err
	case ast.ObjectTable, ast.ObjectView:
		t, err := c.target(a.Name)
		if err == nil && t.table == nil {
			err = sqlerr.New(sqlerr.UndefinedTable, "relation \"%s\" does not exist", settingName(a.Name)).At(a.Name.At())
		}
		if err != nil {
			return nil, err
		}
		return [][]string{{createText(t)}}, nil
	}
	return nil, sqlerr.Unsupported("SHOW CREATE %s is not supported", kindName(a.Object)).At(a.At())
}

// createText prints a definition.
func createText(t target) string {
	name := ast.QuoteIfNeeded(t.catalog) + "." + ast.QuoteIfNeeded(t.name.Schema) + "." + ast.QuoteIfNeeded(t.name.Table)
	if t.table.Kind == spi.View {
		return "CREATE VIEW " + name + " AS\n" + t.table.View
	}
	var parts []string
	column := func(i int) string { return ast.QuoteIfNeeded(t.table.Columns[i].Name) }
	for _, col := range t.table.Columns {
		if col.Hidden {
			continue
		}
		line := "   " + ast.QuoteIfNeeded(col.Name) + " " + col.Type.String()
		if col.Identity {
			line += " GENERATED BY DEFAULT AS IDENTITY"
		} else if col.Default != "" {
			line += " DEFAULT " + col.Default
		}
		if col.NotNull && !col.Identity {
			line += " NOT NULL"
		}
		parts = append(parts, line)
	}
	for i, key := range append([][]int{t.table.PrimaryKey}, t.table.Unique...) {
		if len(key) == 0 {
			continue
		}
		names := make([]string, len(key))
		for k, col := range key {
			names[k] = column(col)
		}
		word := "UNIQUE"
		if i == 0 {
			word = "PRIMARY KEY"
		}
		parts = append(parts, "   "+word+" ("+strings.Join(names, ", ")+")")
	}
	return "CREATE TABLE " + name + " (\n" + strings.Join(parts, ",\n") + "\n)"
}

// functionLines lists the function library.
func (c *call) functionLines() [][]string {
	var out [][]string
	for _, f := range c.r.o.Functions.Scalars() {
		if functions.IsOperator(f.Name) {
			continue
		}
		out = append(out, []string{f.Name, resultOf(f.Args, f.Return), patterns(f.Args), "scalar", f.Doc.Summary})
	}
	for _, f := range c.r.o.Functions.Aggregates() {
		out = append(out, []string{f.Name, resultOf(f.Args, f.Return), patterns(f.Args), "aggregate", f.Doc.Summary})
	}
	slices.SortFunc(out, slices.Compare[[]string])
	return out
}

func patterns(args []functions.Pattern) string {
	out := make([]string, len(args))
	for i, p := range args {
		out[i] = p.String()
	}
	return strings.Join(out, ", ")
}

// resultOf returns the result type of a function whose arguments have one type each.
func resultOf(args []functions.Pattern, result func([]types.Type) (types.Type, error)) string {
	ts := make([]types.Type, len(args))
	for i, p := range args {
		t, err := types.ParseType(p.String())
		if err != nil {
			return "by arguments"
		}
		ts[i] = t
	}
	t, err := result(ts)
	if err != nil {
		return "by arguments"
	}
	return t.String()
}

// likeOnly keeps the lines whose first cell is LIKE the pattern.
func likeOnly(lines [][]string, a *ast.Show) ([][]string, error) {
	escape := byte('\\')
	if a.Escape != nil {
		if len(*a.Escape) != 1 {
			return nil, sqlerr.New(sqlerr.InvalidEscapeSequence, "invalid escape string").WithHint("Escape string must be empty or one character.")
		}
		escape = (*a.Escape)[0]
	}
	return slices.DeleteFunc(lines, func(l []string) bool { return !like(l[0], *a.Like, escape) }), nil
}

// like matches with % and _; it looks back to the last % only, so that its time
// is bounded by the product of the lengths.
func like(s, pattern string, escape byte) bool {
	i, j, star, mark := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case j < len(pattern) && pattern[j] == '%':
			star, mark, j = j, i, j+1
		case j+1 < len(pattern) && pattern[j] == escape && pattern[j+1] == s[i]:
			i, j = i+1, j+2
		case j < len(pattern) && pattern[j] != escape && (pattern[j] == '_' || pattern[j] == s[i]):
			i, j = i+1, j+1
		case star >= 0:
			mark++
			i, j = mark, star+1
		default:
			return false
		}
	}
	return strings.Trim(pattern[j:], "%") == ""
}
