package spitest

import (
	"context"
	"slices"
	"strings"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/codec"
)

func metadata(b *bench) {
	ctx, name := context.Background(), b.o.Table
	schemas, err := b.c.Schemas(ctx, b.session)
	b.check(err)
	if !slices.Contains(schemas, name.Schema) {
		b.Errorf("schema %s is not among %v", name.Schema, schemas)
	}
	names, err := b.c.Tables(ctx, b.session, name.Schema)
	b.check(err)
	if !slices.Contains(names, name) {
		b.Errorf("table %s is not among %v", name, names)
	}
	if names, err := b.c.Tables(ctx, b.session, "no such schema, it's \"odd\""); err != nil || len(names) != 0 {
		b.Errorf("tables of a schema that is not there: %v, %v", names, err)
	}
	ask := []spi.Name{name, {Schema: name.Schema, Table: "no such table; DROP TABLE x"}, {Schema: "no such schema", Table: name.Table},
		name, {Schema: "", Table: ""}, {Schema: "a\x00b", Table: "c\"d'e"}}
	found, err := b.c.Find(ctx, b.session, spi.Snapshot{}, ask)
	b.check(err)
	if len(found) != len(ask) {
		b.Fatalf("%d names were asked for, %d entries came", len(ask), len(found))
	}
	for i, f := range found {
		if there := i == 0 || i == 3; there != (f != nil) {
			b.Errorf("entry of %q: %v", ask[i], f)
		}
	}
	if found, err := b.c.Find(ctx, b.session, spi.Snapshot{}, nil); err != nil || len(found) != 0 {
		b.Errorf("no names: %v, %v", found, err)
	}
	b.table(found[0])
}

// table checks a description.
func (b *bench) table(t *spi.Table) {
	b.Helper()
	if t.Name != b.o.Table {
		b.Errorf("table is named %s, want %s", t.Name, b.o.Table)
	}
	seen := map[string]bool{}
	for _, c := range t.Columns {
		if c.Name == "" || seen[c.Name] {
			b.Errorf("column has no name of its own: %q", c.Name)
		}
		seen[c.Name] = true
	}
	for _, key := range append([][]int{t.PrimaryKey}, t.Unique...) {
		for _, c := range key {
			if c < 0 || c >= len(t.Columns) {
				b.Errorf("key has column %d of %d", c, len(t.Columns))
			}
		}
	}
	raw, err := codec.Marshal(*t)
	b.check(err)
	back, err := codec.Unmarshal[spi.Table](raw)
	b.check(err)
	if len(back.Columns) != len(t.Columns) {
		b.Error("the description does not travel")
	}
}

func anyCase(b *bench) {
	n := spi.Name{Schema: b.o.Table.Schema, Table: flip(b.o.Table.Table)}
	found, err := b.c.Find(context.Background(), b.session, spi.Snapshot{}, []spi.Name{n})
	b.check(err)
	if found[0] == nil || found[0].Name != b.o.Table {
		b.Errorf("%s was asked for, found %v", n, found[0])
	}
}

// flip exchanges upper and lower case.
func flip(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 32
		case r >= 'A' && r <= 'Z':
			return r + 32
		}
		return r
	}, s)
}

func snapshots(b *bench) {
	ctx := context.Background()
	first, err := b.c.Snapshot(ctx, b.session, spi.Snapshot{}, []spi.Name{b.o.Table})
	b.check(err)
	second, err := b.c.Snapshot(ctx, b.session, first, []spi.Name{b.o.Table, {Schema: b.o.Table.Schema, Table: "no such table"}})
	b.check(err)
	if second.Kind != first.Kind {
		b.Errorf("extending changed the kind of the snapshot from %d to %d", first.Kind, second.Kind)
	}
	raw, err := codec.Marshal(second)
	b.check(err)
	far, err := codec.Unmarshal[spi.Snapshot](raw)
	b.check(err)
	found, err := b.c.Find(ctx, b.session, far, []spi.Name{b.o.Table})
	b.check(err)
	if found[0] == nil {
		b.Fatal("the table is not in its snapshot")
	}
	for range 2 {
		b.check(b.c.Release(ctx, far))
	}
	b.check(b.c.Release(ctx, spi.Snapshot{}))
}

func statistics(b *bench) {
	stats := b.c.Caps().Stats
	if stats == nil {
		b.Skip("the connector has no statistics")
	}
	scan, table := b.scan()
	rows := b.all(scan)
	s, err := stats.Stats(context.Background(), b.session, scan.Snapshot, table)
	b.check(err)
	if s == nil {
		return
	}
	if s.Exact && s.Rows != float64(len(rows)) {
		b.Errorf("statistics say exactly %v rows, there are %d", s.Rows, len(rows))
	}
	if s.Columns != nil && len(s.Columns) != len(table.Columns) {
		b.Fatalf("statistics of %d columns, the table has %d", len(s.Columns), len(table.Columns))
	}
	for i, c := range s.Columns {
		if c.NullFrac > 1 || c.Distinct < -1 || c.WidthMean < 0 {
			b.Errorf("impossible statistics of %s: %+v", table.Columns[i].Name, c)
		}
		t := table.Columns[i].Type
		if c.Min != nil && c.Max != nil && compare("<=", t, *c.Min, *c.Max).I != 1 {
			b.Errorf("least value of %s is above the greatest", table.Columns[i].Name)
		}
	}
}
