package analyzer

import (
	"context"
	"strings"

	"github.com/muster-sql/muster/connectors/catalog"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/parser/ast"
)

// The catalog of system tables and its schemas that every catalog seems to have.
const (
	systemCatalog = "system"
	allCatalogs   = "muster" // the database that shows every catalog's schemas
)

// place is a full table name: one that a written name may mean.
type place struct {
	catalog string
	name    spi.Name
}

// found is a table with its connector.
type found struct {
	place
	conn    spi.Connector
	version uint64
	table   *spi.Table
	snap    spi.Snapshot
}

// resolver turns written names into tables, asking each catalog once for all
// names of a statement.
type resolver struct {
	ctx   context.Context
	env   *Env
	asked map[place]*found // nil: there is none
}

func newResolver(ctx context.Context, env *Env) *resolver {
	if env.Snapshots == nil {
		env.Snapshots = NewSnapshots()
	}
	return &resolver{ctx: ctx, env: env, asked: map[place]*found{}}
}

// searchPath is where unqualified names are looked for.
type searchPath struct {
	catalog string
	schemas []string
}

func sessionPath(s *spi.Session) searchPath {
	p := searchPath{catalog: s.Catalog, schemas: s.SearchPath}
	if len(p.schemas) == 0 {
		if s.Schema != "" {
			p.schemas = []string{s.Schema}
		} else {
			p.schemas = []string{catalog.DefaultSchema}
		}
	}
	return p
}

// hasCatalog returns the stored name of a catalog.
func (r *resolver) hasCatalog(n ast.Name) (string, bool) {
	for _, c := range r.env.Catalogs.Names() {
		if c == n.Text {
			return c, true
		}
	}
	if n.Quoted {
		return "", false
	}
	for _, c := range r.env.Catalogs.Names() {
		if strings.EqualFold(c, n.Text) {
			return c, true
		}
	}
	return "", false
}

// places lists what a name may mean, in the order of preference (D9).
func (r *resolver) places(n ast.ObjectName, p searchPath) []place {
	table := n.Last().Text
	switch len(n) {
	case 1:
		return r.searched(table, p)
	case 2:
		return r.twoParts(n[0], table, p)
	case 3:
		if c, ok := r.hasCatalog(n[0]); ok {
			return []place{{c, spi.Name{Schema: n[1].Text, Table: table}}}
		}
	}
	return nil
}

func (r *resolver) searched(table string, p searchPath) []place {
	var out []place
	if c, ok := r.hasCatalog(ast.Name{Text: systemCatalog}); ok {
		out = append(out, place{c, spi.Name{Schema: "pg_catalog", Table: table}})
	}
	for _, s := range p.schemas {
		if s == "$user" || s == `"$user"` {
			continue
		}
		out = append(out, r.inSchema(s, table, p)...)
	}
	return out
}

// inSchema looks into a schema of the current catalog, or into one named as
// "catalog.schema".
func (r *resolver) inSchema(schema, table string, p searchPath) []place {
	var out []place
	if p.catalog != "" && p.catalog != allCatalogs {
		if c, ok := r.hasCatalog(ast.Name{Text: p.catalog}); ok {
			out = append(out, place{c, spi.Name{Schema: schema, Table: table}})
		}
	}
	if c, s, ok := strings.Cut(schema, "."); ok {
		if c, ok := r.hasCatalog(ast.Name{Text: c}); ok {
			out = append(out, place{c, spi.Name{Schema: s, Table: table}})
		}
	}
	return out
}

func (r *resolver) twoParts(first ast.Name, table string, p searchPath) []place {
	out := r.inSchema(first.Text, table, p)
	if c, ok := r.hasCatalog(first); ok {
		out = append(out, place{c, spi.Name{Schema: catalog.DefaultSchema, Table: table}})
	}
	if c, ok := r.hasCatalog(ast.Name{Text: systemCatalog}); ok {
		out = append(out, place{c, spi.Name{Schema: first.Text, Table: table}})
	}
	return out
}

// prefetch asks for every table name in a statement at once, so that each
// catalog is asked once and its snapshot covers all of them.
func (r *resolver) prefetch(n ast.Node, s *spi.Session) error {
	p := sessionPath(s)
	var want []place
	ast.Walk(n, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.TableRef:
			want = append(want, r.places(n.Name, p)...)
		case *ast.TableQuery:
			want = append(want, r.places(n.Table, p)...)
		case *ast.Insert:
			want = append(want, r.places(n.Table, p)...)
		}
	})
	return r.ask(want)
}

// ask finds tables, one Find a catalog.
func (r *resolver) ask(want []place) error {
	var order []string
	names := map[string][]spi.Name{}
	for _, w := range want {
		if _, ok := r.asked[w]; ok {
			continue
		}
		r.asked[w] = nil
		if names[w.catalog] == nil {
			order = append(order, w.catalog)
		}
		names[w.catalog] = append(names[w.catalog], w.name)
	}
	for _, c := range order {
		if err := r.askCatalog(c, names[c]); err != nil {
			return err
		}
	}
	return nil
}

func (r *resolver) askCatalog(name string, names []spi.Name) error {
	conn, version, err := r.env.Catalogs.Get(name)
	if err != nil {
		return err
	}
	snap, err := r.env.Snapshots.Extend(r.ctx, r.env.Session, name, conn, names)
	if err != nil {
		return err
	}
	tables, err := conn.Find(r.ctx, r.env.Session, snap, names)
	if err != nil {
		return err
	}
	for i, t := range tables {
		if t != nil {
			w := place{name, names[i]}
			r.asked[w] = &found{place: place{name, t.Name}, conn: conn, version: version, table: t, snap: snap}
		}
	}
	return nil
}

// table finds what a written name means, or explains that there is none.
func (r *resolver) table(n ast.ObjectName, p searchPath) (*found, error) {
	if len(n) > 3 {
		return nil, sqlerr.New(sqlerr.SyntaxError, "improper qualified name (too many dotted names): %s", n).At(n.At())
	}
	places := r.places(n, p)
	if err := r.ask(places); err != nil {
		return nil, at(err, n.At())
	}
	for _, w := range places {
		if f := r.asked[w]; f != nil {
			f.snap = r.env.Snapshots.Of(f.catalog)
			return f, nil
		}
	}
	return nil, r.missing(n, p, places)
}

// missing is the error for a name without a table, with what is near to it.
func (r *resolver) missing(n ast.ObjectName, p searchPath, places []place) error {
	if len(n) == 3 {
		if _, ok := r.hasCatalog(n[0]); !ok {
			err := sqlerr.New(sqlerr.UndefinedTable, "relation %q does not exist", plainName(n)).At(n.At())
			if near := nearest(n[0].Text, r.env.Catalogs.Names()); near != "" {
				return err.WithHint("There is no catalog %q. Did you mean %q?", n[0].Text, near)
			}
			return err.WithHint("There is no catalog %q; the catalogs are %s.", n[0].Text, quoted(r.env.Catalogs.Names()))
		}
	}
	if len(n) == 2 && (n[0].Text == "pg_catalog" || n[0].Text == "information_schema") {
		return sqlerr.Unsupported("the catalog tables of PostgreSQL are not supported yet: %q", plainName(n)).At(n.At()).
			WithHint("SHOW CATALOGS, SHOW SCHEMAS, SHOW TABLES and DESCRIBE list what there is; muster sql has \\dt and \\d.")
	}
	err := sqlerr.New(sqlerr.UndefinedTable, "relation %q does not exist", plainName(n)).At(n.At())
	if hint := r.similar(n, p, places); hint != "" {
		return err.WithHint("%s", hint)
	}
	return err
}

func plainName(n ast.ObjectName) string {
	parts := make([]string, len(n))
	for i, p := range n {
		parts[i] = p.Text
	}
	return strings.Join(parts, ".")
}

// similar looks for tables of a like name where the name was looked for, then
// for the same name elsewhere. Sources that do not answer are passed over.
func (r *resolver) similar(n ast.ObjectName, p searchPath, places []place) string {
	want := n.Last().Text
	best, folded := "", []string(nil)
	seen := map[place]bool{}
	for _, w := range places {
		dir := place{w.catalog, spi.Name{Schema: w.name.Schema}}
		if seen[dir] || w.catalog == systemCatalog {
			continue
		}
		seen[dir] = true
		for _, t := range r.tablesOf(dir) {
			if strings.EqualFold(t, want) {
				folded = append(folded, t)
			}
			if near := nearest(want, []string{t, best}); near != "" {
				best = near
			}
		}
	}
	if len(folded) > 1 {
		return "Several names differ only in case: " + quoted(folded) + ". Quote the one that is meant."
	}
	if best != "" {
		return `Did you mean "` + best + `"?`
	}
	return r.elsewhere(want, p)
}

func (r *resolver) tablesOf(dir place) []string {
	conn, _, err := r.env.Catalogs.Get(dir.catalog)
	if err != nil {
		return nil
	}
	names, err := conn.Tables(r.ctx, r.env.Session, dir.name.Schema)
	if err != nil {
		return nil
	}
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = n.Table
	}
	return out
}

// elsewhere finds a table of this name in the default schema of another catalog.
func (r *resolver) elsewhere(table string, p searchPath) string {
	var out []string
	for _, c := range r.env.Catalogs.Names() {
		if c == p.catalog || c == systemCatalog {
			continue
		}
		for _, t := range r.tablesOf(place{c, spi.Name{Schema: catalog.DefaultSchema}}) {
			if strings.EqualFold(t, table) {
				out = append(out, c+"."+catalog.DefaultSchema+"."+t)
			}
		}
	}
	if len(out) == 0 {
		return ""
	}
	return "There is " + quoted(out) + ": name its catalog and schema, or USE it."
}
