package command

import (
	"strings"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/coordinator/session"
	"github.com/muster-sql/muster/parser/ast"
)

// definition carries out DDL through the connector of the catalog it names.
func (c *call) definition(st ast.Statement) (session.Result, error) {
	tag, err := "", error(nil)
	switch a := st.(type) {
	case *ast.CreateTable:
		tag, err = "CREATE TABLE", c.createTable(a)
	case *ast.CreateView:
		tag, err = "CREATE VIEW", c.createView(a)
	case *ast.CreateIndex:
		tag, err = "CREATE INDEX", c.createIndex(a)
	case *ast.CreateSchema:
		tag, err = "CREATE SCHEMA", c.createSchema(a)
	case *ast.Drop:
		tag, err = "DROP "+kindName(a.Kind), c.drop(a)
	case *ast.Alter:
		tag, err = "ALTER "+kindName(a.Kind), c.alter(a)
	case *ast.Truncate:
		tag, err = "TRUNCATE TABLE", c.truncate(a)
	default:
		return nil, sqlerr.Unsupported("COMMENT is not supported yet").At(st.At())
	}
	if err != nil {
		return nil, err
	}
	return session.Done(tag), nil
}

func kindName(k ast.ObjectKind) string {
	switch k {
	case ast.ObjectTable:
		return "TABLE"
	case ast.ObjectView:
		return "VIEW"
	case ast.ObjectIndex:
		return "INDEX"
	case ast.ObjectSchema:
		return "SCHEMA"
	case ast.ObjectMaterializedView:
		return "MATERIALIZED VIEW"
	case ast.ObjectSequence:
		return "SEQUENCE"
	case ast.ObjectType:
		return "TYPE"
	case ast.ObjectDomain:
		return "DOMAIN"
	case ast.ObjectCatalog:
		return "CATALOG"
	case ast.ObjectDatabase:
		return "DATABASE"
	case ast.ObjectRole:
		return "ROLE"
	}
	return "FUNCTION"
}

// schemaTarget resolves the name of a schema to its catalog.
func (c *call) schemaTarget(n ast.ObjectName) (target, error) {
	name, catalog := n.Last().Text, c.s.Catalog()
	switch {
	case len(n) == 2:
		catalog = n[0].Text
	case len(n) > 2:
		return target{}, sqlerr.New(sqlerr.InvalidName, "improper schema name (too many dotted names)").At(n.At())
	case catalog == session.AllCatalogs:
		cat, schema, ok := strings.Cut(name, ".")
		if !ok {
			return target{}, sqlerr.New(sqlerr.InvalidSchemaName, "schema \"%s\" needs a catalog", name).At(n.At()).
				WithHint("Name it as catalog.schema, or choose a catalog with USE.")
		}
		catalog, name = cat, schema
	}
	conn, _, err := c.r.o.Catalogs.Get(catalog)
	if err != nil {
		return target{}, sqlerr.As(err).At(n.At())
	}
	return target{catalog: catalog, conn: conn, name: spi.Name{Schema: name}}, nil
}

func (c *call) createSchema(a *ast.CreateSchema) error {
	if err := c.s.CheckWrite("CREATE SCHEMA"); err != nil {
		return err
	}
	if len(a.Elements) > 0 || len(a.Name) == 0 {
		return sqlerr.Unsupported("CREATE SCHEMA with elements is not supported").At(a.At())
	}
	t, err := c.schemaTarget(a.Name)
	if err != nil {
		return err
	}
	d, err := t.ddl()
	if err != nil {
		return err
	}
	if a.IfNotExists && c.hasSchema(schemaPlace{t.catalog, t.name.Schema}) {
		c.s.Notice("NOTICE", sqlerr.DuplicateSchema, "schema \"%s\" already exists, skipping", t.name.Schema)
		return nil
	}
	return d.CreateSchema(c.ctx, c.s.ForStatement(), t.name.Schema, spi.IfAbsent(a.IfNotExists))
}

func (c *call) createIndex(a *ast.CreateIndex) error {
	if err := c.s.CheckWrite("CREATE INDEX"); err != nil {
		return err
	}
	if a.Unique {
		return sqlerr.Unsupported("unique indexes are not supported: declare a PRIMARY KEY or UNIQUE constraint in CREATE TABLE").At(a.At())
	}
	if _, err := c.table(a.Table); err != nil {
		return err
	}
	c.s.Notice("NOTICE", sqlerr.SuccessfulCompletion, "CREATE INDEX does nothing: sources keep their own indexes")
	return nil
}

// drop drops each name; what does not exist is skipped with IF EXISTS.
func (c *call) drop(a *ast.Drop) error {
	if err := c.s.CheckWrite("DROP " + kindName(a.Kind)); err != nil {
		return err
	}
	opts := spi.Drop{IfExists: a.IfExists, Cascade: a.Cascade}
	switch a.Kind {
	case ast.ObjectTable, ast.ObjectView:
		return c.dropTables(a, opts)
	case ast.ObjectSchema:
		return c.dropSchemas(a, opts)
	case ast.ObjectIndex:
		c.s.Notice("NOTICE", sqlerr.SuccessfulCompletion, "DROP INDEX does nothing: sources keep their own indexes")
		return nil
	case ast.ObjectCatalog, ast.ObjectDatabase:
		return sqlerr.Unsupported("DROP CATALOG is not supported yet").At(a.At())
	}
	return sqlerr.Unsupported("DROP %s is not supported", kindName(a.Kind)).At(a.At())
}

// dropTables drops tables, or views.
func (c *call) dropTables(a *ast.Drop, opts spi.Drop) error {
	what := strings.ToLower(kindName(a.Kind))
	var list []target
	for _, n := range a.Names {
		t, err := c.target(n)
		if err == nil && t.table == nil {
			err = sqlerr.New(sqlerr.UndefinedTable, "%s \"%s\" does not exist", what, n.Last().Text).At(n.At())
		}
		if err != nil {
			missing := sqlerr.Is(err, sqlerr.UndefinedTable) || sqlerr.Is(err, sqlerr.InvalidSchemaName)
			if a.IfExists && missing {
				c.s.Notice("NOTICE", sqlerr.SuccessfulCompletion, "%s \"%s\" does not exist, skipping", what, n.Last().Text)
				continue
			}
			return err
		}
		if (t.table.Kind == spi.View) != (a.Kind == ast.ObjectView) {
			e := sqlerr.New(sqlerr.WrongObjectType, "\"%s\" is not a %s", n.Last().Text, what).At(n.At())
			if a.Kind == ast.ObjectTable {
				return e.WithHint("Use DROP VIEW to remove a view.")
			}
			return e.WithHint("Use DROP TABLE to remove a table.")
		}
		list = append(list, t)
	}
	for _, t := range list {
		d, err := t.ddl()
		if err != nil {
			return err
		}
		if a.Kind == ast.ObjectView {
			err = d.DropView(c.ctx, c.s.ForStatement(), t.name, opts)
		} else {
			err = d.DropTable(c.ctx, c.s.ForStatement(), t.name, opts)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *call) dropSchemas(a *ast.Drop, opts spi.Drop) error {
	for _, n := range a.Names {
		t, err := c.schemaTarget(n)
		if err != nil {
			return err
		}
		if a.IfExists && !c.hasSchema(schemaPlace{t.catalog, t.name.Schema}) {
			c.s.Notice("NOTICE", sqlerr.SuccessfulCompletion, "schema \"%s\" does not exist, skipping", t.name.Schema)
			continue
		}
		d, err := t.ddl()
		if err != nil {
			return err
		}
		if err := d.DropSchema(c.ctx, c.s.ForStatement(), t.name.Schema, opts); err != nil {
			return err
		}
	}
	return nil
}

// truncate empties tables; all are looked up before the first is.
func (c *call) truncate(a *ast.Truncate) error {
	if err := c.s.CheckWrite("TRUNCATE"); err != nil {
		return err
	}
	list := make([]target, len(a.Tables))
	for i, n := range a.Tables {
		t, err := c.target(n)
		if err != nil {
			return err
		}
		if t.table == nil {
			return sqlerr.New(sqlerr.UndefinedTable, "relation \"%s\" does not exist", n.Last().Text).At(n.At())
		}
		if t.table.Kind != spi.BaseTable {
			return sqlerr.New(sqlerr.WrongObjectType, "\"%s\" is not a table", n.Last().Text).At(n.At())
		}
		if _, err := t.ddl(); err != nil {
			return err
		}
		list[i] = t
	}
	for _, t := range list {
		d, err := t.ddl()
		if err != nil {
			return err
		}
		if err := d.Truncate(c.ctx, c.s.ForStatement(), t.name); err != nil {
			return err
		}
	}
	return nil
}

// alter makes one change of a table or view.
func (c *call) alter(a *ast.Alter) error {
	if err := c.s.CheckWrite("ALTER " + kindName(a.Kind)); err != nil {
		return err
	}
	if a.Kind != ast.ObjectTable && a.Kind != ast.ObjectView {
		return sqlerr.Unsupported("ALTER %s is not supported yet", kindName(a.Kind)).At(a.At())
	}
	if len(a.Actions) != 1 {
		return sqlerr.Unsupported("ALTER with several actions is not supported: they would not be made at once").At(a.At())
	}
	t, err := c.target(a.Name)
	if err != nil || t.table == nil {
		if a.IfExists && (err == nil || sqlerr.Is(err, sqlerr.InvalidSchemaName)) {
			c.s.Notice("NOTICE", sqlerr.SuccessfulCompletion, "relation \"%s\" does not exist, skipping", a.Name.Last().Text)
			return nil
		}
		if err == nil {
			err = sqlerr.New(sqlerr.UndefinedTable, "relation \"%s\" does not exist", a.Name.Last().Text).At(a.Name.At())
		}
		return err
	}
	d, err := t.ddl()
	if err != nil {
		return err
	}
	act := &a.Actions[0]
	if act.Kind == ast.AlterRename {
		to := spi.Name{Schema: t.name.Schema, Table: act.NewName.Last().Text}
		return d.Rename(c.ctx, c.s.ForStatement(), t.name, to)
	}
	change, skip, err := c.change(t, act)
	if err != nil || skip {
		return err
	}
	return d.AlterTable(c.ctx, c.s.ForStatement(), t.name, change)
}

// change describes a change of columns; skip says that there is nothing to do.
func (c *call) change(t target, act *ast.AlterAction) (change spi.TableChange, skip bool, err error) {
	has := func(name string) bool {
		for _, col := range t.table.Columns {
			if !col.Hidden && col.Name == name {
				return true
			}
		}
		return false
	}
	name := ""
	if len(act.Column) > 0 {
		name = act.Column.Last().Text
	}
	switch act.Kind {
	case ast.AlterAddColumn:
		if act.IfNotExists && has(act.Def.Name.Text) {
			c.s.Notice("NOTICE", sqlerr.DuplicateColumn, "column \"%s\" of relation \"%s\" already exists, skipping", act.Def.Name.Text, t.name.Table)
			return change, true, nil
		}
		b := tableBuilder{c: c, t: &spi.Table{}}
		if err := b.column(act.Def); err != nil {
			return change, false, err
		}
		if b.t.PrimaryKey != nil || b.t.Unique != nil {
			return change, false, sqlerr.Unsupported("adding a key column is not supported").At(act.At())
		}
		return spi.TableChange{Add: &b.t.Columns[0]}, false, nil
	case ast.AlterDropColumn:
		if act.IfExists && !has(name) {
			c.s.Notice("NOTICE", sqlerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist, skipping", name, t.name.Table)
			return change, true, nil
		}
		return spi.TableChange{Drop: name}, false, nil
	case ast.AlterRenameColumn:
		return spi.TableChange{Rename: [2]string{name, act.NewName.Last().Text}}, false, nil
	}
	return change, false, sqlerr.Unsupported("this form of ALTER TABLE is not supported yet").At(act.At())
}
