package analyzer

import (
	"slices"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/parser/ast"
)

// newTable decides where a table of this name is, or would be: the first place
// that has it, else the first whose schema exists.
func (r *resolver) newTable(n ast.ObjectName, p searchPath) (place, bool, error) {
	if len(n) > 3 {
		return place{}, false, sqlerr.New(sqlerr.SyntaxError, "improper qualified name (too many dotted names): %s", n).At(n.At())
	}
	var places []place
	for _, w := range r.places(n, p) {
		if w.catalog != systemCatalog {
			places = append(places, w)
		}
	}
	if err := r.ask(places); err != nil {
		return place{}, false, at(err, n.At())
	}
	for _, w := range places {
		if f := r.asked[w]; f != nil {
			return f.place, true, nil
		}
	}
	for _, w := range places {
		conn, _, err := r.env.Catalogs.Get(w.catalog)
		if err != nil {
			return place{}, false, err
		}
		schemas, err := conn.Schemas(r.ctx, r.env.Session)
		if err != nil {
			return place{}, false, err
		}
		if slices.Contains(schemas, w.name.Schema) {
			return place{w.catalog, spi.Name{Schema: w.name.Schema, Table: n.Last().Text}}, false, nil
		}
	}
	if len(n) == 3 {
		if _, ok := r.hasCatalog(n[0]); !ok {
			return place{}, false, sqlerr.New(sqlerr.InvalidCatalogName, "catalog does not exist: %q", n[0].Text).At(n.At())
		}
		return place{}, false, sqlerr.New(sqlerr.InvalidSchemaName, "schema %q does not exist", n[1].Text).At(n.At())
	}
	if len(n) == 2 {
		return place{}, false, sqlerr.New(sqlerr.InvalidSchemaName, "schema %q does not exist", n[0].Text).At(n.At())
	}
	err := sqlerr.New(sqlerr.InvalidSchemaName, "no schema has been selected to create in").At(n.At())
	return place{}, false, err.WithHint("Name it as catalog.schema.table, or choose a catalog with USE.")
}
