package memory

import (
	"strings"
	"testing"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

func (b *bench) names(schema string) string {
	b.Helper()
	found, err := b.k.Tables(ctx, nil, schema)
	b.check(err)
	var out []string
	for _, n := range found {
		out = append(out, n.Table)
	}
	return strings.Join(out, " ")
}

func (b *bench) columns(n spi.Name) string {
	b.Helper()
	var out []string
	for _, c := range b.find(n).Columns {
		if !c.Hidden {
			out = append(out, c.Name)
		}
	}
	return strings.Join(out, " ")
}

func TestSchemasTablesAndViewsComeAndGo(t *testing.T) {
	b := attach(t, nil)
	ddl := b.k.Caps().DDL
	n := b.create()
	b.check(ddl.CreateSchema(ctx, nil, "s", false))
	b.fails(ddl.CreateSchema(ctx, nil, "s", false), sqlerr.DuplicateSchema, `schema "s" already exists`)
	b.check(ddl.CreateSchema(ctx, nil, "s", true))
	moved := spi.Name{Schema: "s", Table: "Moved"}
	b.check(b.insert(n, []any{1, "one", nil}))
	b.check(ddl.Rename(ctx, nil, n, moved))
	b.expect(b.read(spi.Snapshot{}, moved, 0, 1), "1|one")
	if b.find(n) != nil || b.find(spi.Name{Schema: "S", Table: "moved"}).Name != moved {
		t.Error("the table is not found by its new name alone")
	}
	b.fails(ddl.DropSchema(ctx, nil, "s", spi.Drop{}), sqlerr.DependentObjects, "cannot drop schema s because other objects depend on it")

	view := spi.Name{Schema: "s", Table: "v"}
	b.check(ddl.CreateView(ctx, nil, &spi.Table{Name: view, View: "SELECT 1", Columns: []spi.Column{{Name: "x", Type: bigint}}}, false))
	b.fails(ddl.CreateView(ctx, nil, &spi.Table{Name: view, View: "SELECT 2"}, false), sqlerr.DuplicateTable, `relation "v" already exists`)
	b.check(ddl.CreateView(ctx, nil, &spi.Table{Name: view, View: "SELECT 2"}, true))
	if got := b.find(view); got.View != "SELECT 2" || got.Kind != spi.View {
		t.Errorf("got view %+v", got)
	}
	b.fails(ddl.CreateView(ctx, nil, &spi.Table{Name: moved, View: "SELECT 2"}, true), sqlerr.WrongObjectType, `"Moved" is not a view`)
	b.fails(ddl.DropTable(ctx, nil, view, spi.Drop{}), sqlerr.WrongObjectType, `"v" is not a table`)
	b.fails(ddl.DropView(ctx, nil, moved, spi.Drop{}), sqlerr.WrongObjectType, `"Moved" is not a view`)
	b.fails(ddl.Truncate(ctx, nil, view), sqlerr.WrongObjectType, `"v" is not a table`)
	b.fails(b.write(spi.Write{Kind: spi.WriteInsert, Table: b.find(view)}), sqlerr.WrongObjectType, "view")
	if got := b.names("s"); got != "Moved v" {
		t.Errorf("got tables %s", got)
	}
	b.check(ddl.DropView(ctx, nil, view, spi.Drop{}))
	b.fails(ddl.DropTable(ctx, nil, view, spi.Drop{}), sqlerr.UndefinedTable, `table "v" does not exist`)
	b.check(ddl.DropTable(ctx, nil, view, spi.Drop{IfExists: true}))
	b.check(ddl.DropSchema(ctx, nil, "s", spi.Drop{Cascade: true}))
	b.fails(ddl.DropSchema(ctx, nil, "s", spi.Drop{}), sqlerr.InvalidSchemaName, `schema "s" does not exist`)
	b.fails(ddl.Truncate(ctx, nil, n), sqlerr.UndefinedTable, "does not exist")
}

func TestColumnsAreAddedDroppedAndRenamed(t *testing.T) {
	b := attach(t, nil)
	ddl, n := b.k.Caps().DDL, b.create()
	b.check(b.insert(n, []any{1, "one", "x"}, []any{2, "two", nil}))
	alter := func(c spi.TableChange) error { return ddl.AlterTable(ctx, nil, n, c) }
	b.check(alter(spi.TableChange{Add: &spi.Column{Name: "more", Type: types.Of(types.Date)}}))
	b.expect(b.read(spi.Snapshot{}, n, 0, 3, 4), "1|null|0", "2|null|1")
	b.fails(alter(spi.TableChange{Add: &spi.Column{Name: "more", Type: text}}), sqlerr.DuplicateColumn, `column "more" of relation "t" already exists`)
	b.fails(alter(spi.TableChange{Add: &spi.Column{Name: "full", Type: text, NotNull: true}}), sqlerr.NotNullViolation, "contains null values")
	b.fails(alter(spi.TableChange{Add: &spi.Column{Name: "full", Type: text, Default: "'x'"}}), sqlerr.FeatureNotSupported, "default")
	b.check(alter(spi.TableChange{Rename: [2]string{"note", "remark"}}))
	b.fails(alter(spi.TableChange{Rename: [2]string{"note", "x"}}), sqlerr.UndefinedColumn, `column "note" of relation "t" does not exist`)
	b.fails(alter(spi.TableChange{Rename: [2]string{"remark", "id"}}), sqlerr.DuplicateColumn, `"id"`)
	b.check(alter(spi.TableChange{Drop: "name"}))
	if got := b.columns(n); got != "id remark more" {
		t.Errorf("got columns %s", got)
	}
	b.expect(b.read(spi.Snapshot{}, n, 0, 1, 2, 3), "1|x|null|0", "2|null|null|1")
	b.fails(b.write(spi.Write{Kind: spi.WriteInsert, Table: b.find(n), Columns: []int{0}}, [][]any{{1}}), sqlerr.UniqueViolation, "t_pkey")
	b.check(alter(spi.TableChange{Drop: "id"}))
	if got := b.find(n).PrimaryKey; got != nil {
		t.Errorf("the key %v outlived its column", got)
	}
}

func TestAWriteToATableThatChangedMeanwhileFails(t *testing.T) {
	b := attach(t, nil)
	ddl, n, w := b.k.Caps().DDL, b.create(), b.k.Caps().Write
	begin := func() (*spi.Session, spi.Target) {
		s := b.session()
		target, err := w.Begin(ctx, s, spi.Write{Kind: spi.WriteInsert, Table: b.find(n), Columns: []int{0, 1, 2}})
		b.check(err)
		return s, target
	}
	s, target := begin()
	b.check(ddl.AlterTable(ctx, nil, n, spi.TableChange{Rename: [2]string{"note", "remark"}}))
	b.fails(w.Commit(ctx, s, target, nil), sqlerr.SerializationFailure, `table "t" was altered`)
	s, target = begin()
	b.check(ddl.DropTable(ctx, nil, n, spi.Drop{}))
	b.create()
	b.fails(w.Commit(ctx, s, target, nil), sqlerr.UndefinedTable, "does not exist")
}

func TestUniqueKeysLetNullsRepeat(t *testing.T) {
	b := attach(t, nil)
	n := spi.Name{Schema: "public", Table: "u"}
	b.check(b.k.Caps().DDL.CreateTable(ctx, nil, &spi.Table{Name: n, Unique: [][]int{{0, 1}},
		Columns: []spi.Column{{Name: "a", Type: bigint}, {Name: "b", Type: text}, {Name: "c", Type: text}}}, false, nil))
	b.check(b.insert(n, []any{1, nil, nil}, []any{1, nil, nil}, []any{1, "x", nil}, []any{2, "x", nil}))
	err := b.insert(n, []any{1, "x", nil})
	b.fails(err, sqlerr.UniqueViolation, `unique constraint "u_a_b_key"`)
	if got := sqlerr.As(err).Detail; got != "Key (a, b)=(1, x) already exists." {
		t.Errorf("got detail %q", got)
	}
}
