package memory

import (
	"context"
	"slices"
	"strings"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

func undefinedSchema(schema string) error {
	return sqlerr.New(sqlerr.InvalidSchemaName, "schema \"%s\" does not exist", schema)
}

func duplicateTable(name string) error {
	return sqlerr.New(sqlerr.DuplicateTable, "relation \"%s\" already exists", name)
}

// define returns the definition that is stored for a table: its columns, key
// columns that may not be NULL, and the row id.
func define(t *spi.Table, name spi.Name) (*spi.Table, error) {
	def := *t
	def.Name, def.Columns = name, slices.Clone(t.Columns)
	def.Columns = slices.DeleteFunc(def.Columns, func(c spi.Column) bool { return c.RowID })
	seen := map[string]bool{}
	for _, c := range def.Columns {
		if seen[c.Name] || c.Name == rowIDName {
			return nil, sqlerr.New(sqlerr.DuplicateColumn, "column \"%s\" specified more than once", c.Name)
		}
		if c.Identity && !c.Type.IsInteger() {
			return nil, sqlerr.New(sqlerr.InvalidParameterValue, "identity column type must be smallint, integer, or bigint")
		}
		seen[c.Name] = true
	}
	for _, key := range append([][]int{t.PrimaryKey}, t.Unique...) {
		for _, c := range key {
			if c < 0 || c >= len(def.Columns) {
				return nil, sqlerr.Internalf("key of %s names a column that it does not have: %d", name, c)
			}
		}
	}
	for _, c := range t.PrimaryKey {
		def.Columns[c].NotNull = true
	}
	def.Columns = append(def.Columns, spi.Column{Name: rowIDName, Type: types.Of(types.Int64), NotNull: true, Hidden: true, RowID: true})
	return &def, nil
}

// CreateSchema implements spi.DDL.
func (k *connector) CreateSchema(_ context.Context, _ *spi.Session, schema string, ifAbsent spi.IfAbsent) error {
	return k.store.change(func(m schemas, _ uint64) error {
		if m[schema] == nil {
			m[schema] = map[string]*table{}
		} else if !ifAbsent {
			return sqlerr.New(sqlerr.DuplicateSchema, "schema \"%s\" already exists", schema)
		}
		return nil
	})
}

// DropSchema implements spi.DDL.
func (k *connector) DropSchema(_ context.Context, _ *spi.Session, schema string, d spi.Drop) error {
	return k.store.change(func(m schemas, _ uint64) error {
		name, ok := match(m, schema)
		if !ok {
			if d.IfExists {
				return nil
			}
			return undefinedSchema(schema)
		}
		if len(m[name]) > 0 && !d.Cascade {
			return sqlerr.New(sqlerr.DependentObjects, "cannot drop schema %s because other objects depend on it", name).
				WithDetail("table %s.%s depends on schema %s", name, sortedNames(m[name])[0], name).
				WithHint("Use DROP ... CASCADE to drop the dependent objects too.")
		}
		releaseTables(schemas{name: m[name]})
		delete(m, name)
		return nil
	})
}

// resolve finds a table or view by name within a change.
func (m schemas) resolve(n spi.Name) (spi.Name, *table) {
	return (&state{schemas: m}).find(n)
}

// CreateTable implements spi.DDL.
func (k *connector) CreateTable(_ context.Context, _ *spi.Session, t *spi.Table, ifAbsent spi.IfAbsent, options map[string]string) error {
	for option := range options {
		return sqlerr.New(sqlerr.InvalidParameterValue, "unrecognized parameter of a table in memory: \"%s\"", option)
	}
	return k.store.change(func(m schemas, _ uint64) error {
		schema, ok := match(m, t.Name.Schema)
		if !ok {
			return undefinedSchema(t.Name.Schema)
		}
		name := spi.Name{Schema: schema, Table: t.Name.Table}
		if m[schema][name.Table] != nil {
			if ifAbsent {
				return nil
			}
			return duplicateTable(name.Table)
		}
		def, err := define(t, name)
		if err != nil {
			return err
		}
		k.store.tableIDs++
		m.put(name, newTable(k.store.tableIDs, def))
		return nil
	})
}

// drop removes a table or a view, whichever kind says.
func (k *connector) drop(n spi.Name, d spi.Drop, kind spi.TableKind, word, otherWord string) error {
	return k.store.change(func(m schemas, _ uint64) error {
		name, t := m.resolve(n)
		switch {
		case t == nil && d.IfExists:
			return nil
		case t == nil:
			return sqlerr.New(sqlerr.UndefinedTable, "%s \"%s\" does not exist", word, n.Table)
		case t.def.Kind != kind:
			return sqlerr.New(sqlerr.WrongObjectType, "\"%s\" is not a %s", name.Table, word).
				WithHint("Use DROP %s to remove a %s.", strings.ToUpper(otherWord), otherWord)
		}
		m.drop(name)
		return nil
	})
}

// DropTable implements spi.DDL.
func (k *connector) DropTable(_ context.Context, _ *spi.Session, n spi.Name, d spi.Drop) error {
	return k.drop(n, d, spi.BaseTable, "table", "view")
}

// DropView implements spi.DDL.
func (k *connector) DropView(_ context.Context, _ *spi.Session, n spi.Name, d spi.Drop) error {
	return k.drop(n, d, spi.View, "view", "table")
}

// CreateView implements spi.DDL.
func (k *connector) CreateView(_ context.Context, _ *spi.Session, t *spi.Table, replace spi.Replace) error {
	return k.store.change(func(m schemas, _ uint64) error {
		schema, ok := match(m, t.Name.Schema)
		if !ok {
			return undefinedSchema(t.Name.Schema)
		}
		def := *t
		def.Name, def.Kind, def.Columns = spi.Name{Schema: schema, Table: t.Name.Table}, spi.View, slices.Clone(t.Columns)
		if old := m[schema][def.Name.Table]; old != nil {
			if !old.isView() && bool(replace) {
				return sqlerr.New(sqlerr.WrongObjectType, "\"%s\" is not a view", def.Name.Table)
			}
			if !replace {
				return duplicateTable(def.Name.Table)
			}
		}
		k.store.tableIDs++
		m.put(def.Name, newTable(k.store.tableIDs, &def))
		return nil
	})
}

// changeTable replaces a version of a base table with what f makes of it.
func (k *connector) changeTable(n spi.Name, f func(t *table) (*table, error)) error {
	return k.store.change(func(m schemas, _ uint64) error {
		name, t := m.resolve(n)
		if t == nil {
			return undefinedTable(n)
		}
		if t.isView() {
			return sqlerr.New(sqlerr.WrongObjectType, "\"%s\" is not a table", name.Table)
		}
		next, err := f(t)
		if err != nil {
			return err
		}
		m.put(name, next)
		return nil
	})
}

// Truncate implements spi.DDL. Identity columns count on.
func (k *connector) Truncate(_ context.Context, _ *spi.Session, n spi.Name) error {
	return k.changeTable(n, func(t *table) (*table, error) {
		if keys := k.store.keys[t.id]; keys != nil {
			keys.release(k.store.pool)
			delete(k.store.keys, t.id)
		}
		return t.with(nil), nil
	})
}

// Rename implements spi.DDL, for tables and views.
func (k *connector) Rename(_ context.Context, _ *spi.Session, n, to spi.Name) error {
	return k.store.change(func(m schemas, _ uint64) error {
		name, t := m.resolve(n)
		if t == nil {
			return undefinedTable(n)
		}
		if to.Schema == "" {
			to.Schema = name.Schema
		}
		schema, ok := match(m, to.Schema)
		if !ok {
			return undefinedSchema(to.Schema)
		}
		to.Schema = schema
		if m[schema][to.Table] != nil {
			return duplicateTable(to.Table)
		}
		def := *t.def
		def.Name = to
		next := t.with(t.share())
		next.def = &def
		m.put(to, next)
		m.drop(name)
		return nil
	})
}

// AlterTable implements spi.DDL.
func (k *connector) AlterTable(_ context.Context, _ *spi.Session, n spi.Name, change spi.TableChange) error {
	return k.changeTable(n, func(t *table) (*table, error) {
		switch {
		case change.Add != nil:
			return k.addColumn(t, *change.Add)
		case change.Drop != "":
			return dropColumn(t, change.Drop)
		default:
			return renameColumn(t, change.Rename[0], change.Rename[1])
		}
	})
}

// redefine returns a version of t with other columns; those that are stored
// come from cols, which gives each chunk's.
func redefine(t *table, def *spi.Table, cols func(c *chunk) ([]*page.Vector, error)) (*table, error) {
	var chunks []*chunk
	for _, c := range t.chunks {
		vectors, err := cols(c)
		if err == nil {
			next := newChunk(c.pool, c.rows, vectors)
			next.first, next.ids, next.sel, next.changed = c.first, c.ids, c.sel, c.changed
			if err = next.chargeOrRelease(); err == nil {
				chunks = append(chunks, next)
			}
		}
		if err != nil {
			releaseChunks(chunks)
			return nil, err
		}
	}
	next := t.with(chunks)
	next.def = def
	return next, nil
}

func retainAll(cols []*page.Vector) []*page.Vector {
	out := slices.Clone(cols)
	for _, v := range out {
		v.Retain()
	}
	return out
}

func (k *connector) addColumn(t *table, column spi.Column) (*table, error) {
	if slices.ContainsFunc(t.def.Columns, func(c spi.Column) bool { return c.Name == column.Name }) {
		return nil, sqlerr.New(sqlerr.DuplicateColumn, "column \"%s\" of relation \"%s\" already exists", column.Name, t.def.Name.Table)
	}
	if t.rows > 0 {
		switch {
		case column.Default != "" || column.Identity:
			return nil, sqlerr.Unsupported("a column with a default cannot be added to a table in memory that has rows")
		case column.NotNull:
			return nil, sqlerr.New(sqlerr.NotNullViolation, "column \"%s\" of relation \"%s\" contains null values", column.Name, t.def.Name.Table)
		}
	}
	def := *t.def
	def.Columns = slices.Insert(slices.Clone(def.Columns), len(def.Columns)-1, column)
	return redefine(t, &def, func(c *chunk) ([]*page.Vector, error) {
		v, err := page.NewConst(column.Type, types.NullValue, c.rows, k.store.pool)
		if err != nil {
			return nil, err
		}
		return append(retainAll(c.cols), v), nil
	})
}

func columnOf(t *table, name string) (int, error) {
	for i, c := range t.stored() {
		if c.Name == name {
			return i, nil
		}
	}
	return 0, sqlerr.New(sqlerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", name, t.def.Name.Table)
}

func dropColumn(t *table, name string) (*table, error) {
	at, err := columnOf(t, name)
	if err != nil {
		return nil, err
	}
	def := *t.def
	def.Columns = slices.Delete(slices.Clone(def.Columns), at, at+1)
	// A key goes with any of its columns.
	def.PrimaryKey, def.Unique = withoutColumn(t.def.PrimaryKey, at), nil
	for _, u := range t.def.Unique {
		if u = withoutColumn(u, at); u != nil {
			def.Unique = append(def.Unique, u)
		}
	}
	next, err := redefine(t, &def, func(c *chunk) ([]*page.Vector, error) {
		return retainAll(slices.Delete(slices.Clone(c.cols), at, at+1)), nil
	})
	if err != nil {
		return nil, err
	}
	next.serial = map[int]int64{}
	for i, v := range t.serial {
		switch {
		case i < at:
			next.serial[i] = v
		case i > at:
			next.serial[i-1] = v
		}
	}
	return next, nil
}

// withoutColumn renumbers a key after column at was dropped, nil when it had it.
func withoutColumn(key []int, at int) []int {
	var out []int
	for _, c := range key {
		switch {
		case c == at:
			return nil
		case c > at:
			c--
		}
		out = append(out, c)
	}
	return out
}

func renameColumn(t *table, from, to string) (*table, error) {
	at, err := columnOf(t, from)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(t.def.Columns, func(c spi.Column) bool { return c.Name == to }) {
		return nil, sqlerr.New(sqlerr.DuplicateColumn, "column \"%s\" of relation \"%s\" already exists", to, t.def.Name.Table)
	}
	def := *t.def
	def.Columns = slices.Clone(def.Columns)
	def.Columns[at].Name = to
	next := t.with(t.share())
	next.def = &def
	return next, nil
}
