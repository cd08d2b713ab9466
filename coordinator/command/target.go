package command

import (
	"strings"

	"github.com/muster-sql/muster/connectors/catalog"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/coordinator/session"
	"github.com/muster-sql/muster/parser/ast"
)

// target is what a written name of a table means: the table, or where it would be.
type target struct {
	catalog string
	conn    spi.Connector
	name    spi.Name
	table   *spi.Table // nil: there is none
}

// places lists what a name may mean, in the order of preference: one part is
// looked for along the search path; two are schema.table of the current catalog,
// or catalog.table of its default schema.
func (c *call) places(n ast.ObjectName) []target {
	var out []target
	add := func(cat, schema string) {
		if conn, _, err := c.r.o.Catalogs.Get(cat); err == nil {
			out = append(out, target{catalog: cat, conn: conn, name: spi.Name{Schema: schema, Table: n.Last().Text}})
		}
	}
	switch len(n) {
	case 1:
		for _, s := range c.s.SearchPath() {
			if p, ok := c.pathPlace(s); ok {
				add(p.catalog, p.schema)
			}
		}
	case 2:
		if now := c.s.Catalog(); now != session.AllCatalogs {
			add(now, n[0].Text)
		}
		if cat, schema, ok := strings.Cut(n[0].Text, "."); ok {
			add(cat, schema)
		}
		add(n[0].Text, catalog.DefaultSchema)
	case 3:
		add(n[0].Text, n[1].Text)
	}
	return out
}

// target resolves a name. Where no place has the table, the first whose schema
// exists is where it would be.
func (c *call) target(n ast.ObjectName) (target, error) {
	places := c.places(n)
	s := c.s.ForStatement()
	for _, t := range places {
		found, err := t.conn.Find(c.ctx, s, spi.Snapshot{}, []spi.Name{t.name})
		if err != nil {
			return target{}, err
		}
		if len(found) == 1 && found[0] != nil {
			t.table, t.name = found[0], found[0].Name
			return t, nil
		}
	}
	for _, t := range places {
		if c.hasSchema(schemaPlace{t.catalog, t.name.Schema}) {
			return t, nil
		}
	}
	return target{}, c.nowhere(n)
}

// nowhere is the error for a name that cannot be a table's.
func (c *call) nowhere(n ast.ObjectName) error {
	switch len(n) {
	case 1:
		if c.s.Catalog() == session.AllCatalogs {
			return sqlerr.New(sqlerr.InvalidSchemaName, "no schema has been selected").At(n.At()).
				WithHint("Name it as catalog.schema.table, or choose a catalog with USE.")
		}
		return sqlerr.New(sqlerr.InvalidSchemaName, "no schema has been selected to create in").At(n.At())
	case 3:
		if _, _, err := c.r.o.Catalogs.Get(n[0].Text); err != nil {
			return sqlerr.As(err).At(n.At())
		}
		return sqlerr.New(sqlerr.InvalidSchemaName, "schema \"%s\" does not exist", n[1].Text).At(n.At())
	}
	return sqlerr.New(sqlerr.InvalidSchemaName, "schema \"%s\" does not exist", n[0].Text).At(n.At())
}

// ddl returns the abilities to change definitions of a target's catalog.
func (t target) ddl() (spi.DDL, error) {
	if d := t.conn.Caps().DDL; d != nil {
		return d, nil
	}
	return nil, sqlerr.Unsupported("definitions of catalog \"%s\" cannot be changed", t.catalog)
}
