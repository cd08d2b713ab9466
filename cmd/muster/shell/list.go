package shell

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// print writes rows of the shell's own as a table with a title.
func (s *shell) print(title string, names []string, rows [][]string) error {
	if title != "" && forPeople(s.style.format) && !s.style.tuplesOnly {
		_ = s.say("%s", title)
	}
	p := newPrinter(s.style, s.out)
	cols := make([]column, len(names))
	for i, n := range names {
		cols[i] = column{name: n, oid: 25}
	}
	err := p.begin(cols)
	for _, r := range rows {
		values := make([][]byte, len(r))
		for i, v := range r {
			values[i] = []byte(v)
		}
		err = errors.Join(err, p.row(values))
	}
	return errors.Join(err, p.end())
}

// pattern is a name with stars in up to three parts, as \d takes it.
type pattern struct{ catalog, schema, table string }

// parts cuts a dotted name; quotes keep dots, without them case folds.
func parts(name string) []string {
	var out []string
	var b strings.Builder
	inside := false
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c == '"' && inside && i+1 < len(name) && name[i+1] == '"':
			b.WriteByte('"')
			i++
		case c == '"':
			inside = !inside
		case c == '.' && !inside:
			out = append(out, b.String())
			b.Reset()
		case inside:
			b.WriteByte(c)
		default:
			b.WriteString(strings.ToLower(string(c)))
		}
	}
	return append(out, b.String())
}

func like(pattern, name string) bool {
	ok, err := path.Match(pattern, strings.ToLower(name))
	return pattern == "" || pattern == name || err == nil && ok
}

func (s *shell) rows(ctx context.Context, sql string) ([][]string, error) {
	s.sent = sql
	return fetch(ctx, s.conn, sql)
}

func (s *shell) listCatalogs(ctx context.Context, _ call) error {
	rows, err := s.rows(ctx, "SELECT catalog_name, kind FROM system.public.catalogs ORDER BY 1")
	if err != nil {
		return err
	}
	return s.print("Catalogs", []string{"Name", "Kind"}, rows)
}

// current is the catalog that the session is in, "" for all.
func (s *shell) current() string {
	if d := s.o.Config.Database; d != "muster" && d != "postgres" {
		return d
	}
	return ""
}

func (s *shell) catalogNames(ctx context.Context) ([]string, error) {
	rows, err := s.rows(ctx, "SHOW CATALOGS")
	return first(rows), err
}

func first(rows [][]string) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = r[0]
	}
	return out
}

// schemas lists the schemas that match, by catalog. A catalog that cannot be
// read is said so, and the others are listed.
func (s *shell) schemas(ctx context.Context, catalog, schema string) ([][]string, error) {
	names, err := s.catalogNames(ctx)
	if err != nil {
		return nil, err
	}
	var out [][]string
	for _, c := range names {
		if !like(catalog, c) {
			continue
		}
		rows, err := s.rows(ctx, "SHOW SCHEMAS FROM "+ident(c))
		if err != nil && !s.conn.IsClosed() {
			fmt.Fprintf(s.o.Stderr, "catalog %s cannot be read: %s\n", c, connectProblem(err))
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, n := range first(rows) {
			if like(schema, n) {
				out = append(out, []string{c, n})
			}
		}
	}
	return out, nil
}

func (s *shell) listSchemas(ctx context.Context, c call) error {
	var catalog, schema string
	switch p := parts(c.arg(0)); len(p) {
	case 1:
		if catalog = p[0]; s.current() != "" {
			catalog, schema = s.current(), p[0]
		}
	default:
		catalog, schema = p[0], p[1]
	}
	rows, err := s.schemas(ctx, catalog, schema)
	if err != nil {
		return err
	}
	return s.print("Schemas", []string{"Catalog", "Schema"}, rows)
}

// wanted is what a pattern of \dt means. Catalogs that make schemas at will
// would list thousands of tables: without a pattern only the default schema shows.
func (s *shell) wanted(ctx context.Context, text string) (pattern, error) {
	p := parts(text)
	now := s.current()
	switch {
	case text == "" && now == "":
		return pattern{schema: "public"}, nil
	case text == "":
		return pattern{catalog: now, schema: "public"}, nil
	case len(p) >= 3:
		return pattern{p[0], p[1], p[2]}, nil
	}
	names, err := s.catalogNames(ctx)
	if err != nil {
		return pattern{}, err
	}
	named := slices.ContainsFunc(names, func(n string) bool { return like(p[0], n) })
	switch {
	case len(p) == 1 && named && p[0] != "*":
		return pattern{catalog: p[0]}, nil
	case len(p) == 1:
		return pattern{catalog: now, table: p[0]}, nil
	case named && now == "":
		return s.schemaOrTable(ctx, p)
	}
	return pattern{now, p[0], p[1]}, nil
}

// schemaOrTable reads catalog.x: a schema of that name, else a table of the
// default schema.
func (s *shell) schemaOrTable(ctx context.Context, p []string) (pattern, error) {
	found, err := s.schemas(ctx, p[0], p[1])
	if err != nil || len(found) > 0 {
		return pattern{catalog: p[0], schema: p[1]}, err
	}
	return pattern{p[0], "public", p[1]}, nil
}

func (s *shell) tables(ctx context.Context, w pattern) ([][]string, error) {
	schemas, err := s.schemas(ctx, w.catalog, w.schema)
	if err != nil {
		return nil, err
	}
	var out [][]string
	for _, sc := range schemas {
		rows, err := s.rows(ctx, "SHOW TABLES FROM "+ident(sc[0])+"."+ident(sc[1]))
		if err != nil {
			return nil, err
		}
		for _, n := range first(rows) {
			if like(w.table, n) {
				out = append(out, []string{sc[0], sc[1], n})
			}
		}
	}
	return out, nil
}

func (s *shell) listTables(ctx context.Context, c call) error {
	w, err := s.wanted(ctx, c.arg(0))
	if err != nil {
		return err
	}
	rows, err := s.tables(ctx, w)
	if err != nil {
		return err
	}
	if len(rows) == 0 && forPeople(s.style.format) {
		if c.arg(0) != "" {
			return fmt.Errorf("there is no table named %q", c.arg(0))
		}
		return s.say("There are no tables here; \\l lists catalogs, \\dn schemas.")
	}
	return s.print("Tables", []string{"Catalog", "Schema", "Table"}, rows)
}

func (s *shell) describeTable(ctx context.Context, c call) error {
	name := c.arg(0)
	if name == "" || strings.ContainsAny(name, "*?") {
		return s.listTables(ctx, c)
	}
	rows, err := s.rows(ctx, "DESCRIBE "+name)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if len(r) > 2 && r[2] == "YES" {
			r[2] = ""
		} else if len(r) > 2 {
			r[2] = "not null"
		}
	}
	return s.print(fmt.Sprintf("Table %s", name), []string{"Column", "Type", "Nullable", "Default", "Comment"}, rows)
}

func (s *shell) listFunctions(ctx context.Context, c call) error {
	p := c.arg(0)
	if p == "" {
		p = "*"
	}
	rows, err := s.rows(ctx, "SELECT function_name, result, arguments, kind, coalesce(summary, '') FROM system.public.functions ORDER BY 1, 3")
	if err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(r []string) bool { return !like(strings.ToLower(p), r[0]) })
	return s.print("Functions", []string{"Name", "Result", "Arguments", "Kind", "Description"}, rows)
}
