package postgres

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-sql/muster/connectors/internal/sqlsource"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Schemas implements spi.Metadata.
func (k *connector) Schemas(ctx context.Context, s *spi.Session) ([]string, error) {
	var out []string
	err := k.with(ctx, func(c *conn) error {
		return c.query(ctx, fixed(origin(s)+`SELECT nspname::text FROM pg_namespace
 WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND has_schema_privilege(oid, 'USAGE') ORDER BY nspname COLLATE "C"`), 1,
			func(row [][]byte) error { out = append(out, string(row[0])); return nil })
	})
	return out, err
}

// Tables implements spi.Metadata: everything that can be read from.
func (k *connector) Tables(ctx context.Context, s *spi.Session, schema string) ([]spi.Name, error) {
	if strings.IndexByte(schema, 0) >= 0 {
		return nil, nil
	}
	var out []spi.Name
	err := k.with(ctx, func(c *conn) error {
		return c.query(ctx, statement{sql: origin(s) + `SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND has_any_column_privilege(c.oid, 'SELECT')
 AND c.relpersistence <> 't' ORDER BY c.relname COLLATE "C"`,
			args: []sqlsource.Arg{text(schema)}}, 1,
			func(row [][]byte) error {
				out = append(out, spi.Name{Schema: schema, Table: string(row[0])})
				return nil
			})
	})
	return out, err
}

// Find implements spi.Metadata. It asks for all names at once: first as they
// are, then those that were not found without regard to case.
func (k *connector) Find(ctx context.Context, s *spi.Session, _ spi.Snapshot, names []spi.Name) ([]*spi.Table, error) {
	out := make([]*spi.Table, len(names))
	if len(names) == 0 {
		return out, nil
	}
	err := k.with(ctx, func(c *conn) error {
		f := &finder{c: c, s: s, k: k, oids: make([]uint32, len(names)), names: names}
		if err := f.locate(ctx, exactNames); err != nil {
			return err
		}
		if err := f.locate(ctx, anyCase); err != nil {
			return err
		}
		if err := f.describe(ctx); err != nil {
			return err
		}
		for i, oid := range f.oids {
			if t := f.tables[oid]; t != nil {
				out[i] = t.table
			}
		}
		return nil
	})
	return out, err
}

// finder describes tables in a fixed number of queries.
type finder struct {
	c      *conn
	s      *spi.Session
	k      *connector
	names  []spi.Name
	oids   []uint32 // of the names; 0 none
	tables map[uint32]*foundTable
}

type foundTable struct {
	table *spi.Table
	rel   relation
	at    map[int]int // index of a column by attnum
}

const (
	exactNames = "n.nspname = w.s AND c.relname = w.t"
	anyCase    = "lower(n.nspname::text) = lower(w.s) AND lower(c.relname::text) = lower(w.t)"
)

// locate finds the oids of names that have none yet. Two matches of one name
// are no match.
func (f *finder) locate(ctx context.Context, condition string) error {
	var missing []spi.Name
	var at []int
	for i, n := range f.names {
		if f.oids[i] == 0 && strings.IndexByte(n.Schema+n.Table, 0) < 0 {
			missing, at = append(missing, n), append(at, i)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	matches := map[int][]uint32{}
	schemas, tables := nameArrays(missing)
	err := f.c.query(ctx, statement{sql: origin(f.s) + `SELECT w.i::text, c.oid::text FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w(s, t, i)
 JOIN pg_class c ON c.relkind IN ('r', 'p', 'v', 'm', 'f') JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ` + condition,
		args: []sqlsource.Arg{schemas, tables}}, 2, func(row [][]byte) error {
		i, oid := number(row[0])-1, number(row[1])
		if i >= 0 && i < int64(len(at)) {
			matches[at[i]] = append(matches[at[i]], uint32(oid))
		}
		return nil
	})
	for i, oids := range matches {
		if len(oids) == 1 {
			f.oids[i] = oids[0]
		}
	}
	return err
}

// number reads a number that the server printed; 0 when it is none.
func number(b []byte) int64 {
	n, _ := strconv.ParseInt(string(b), 10, 64)
	return n
}

func (f *finder) describe(ctx context.Context) error {
	f.tables = map[uint32]*foundTable{}
	arg := sqlsource.Arg{Type: types.ArrayOf(types.Of(types.OID))}
	for _, oid := range f.oids {
		if oid != 0 && f.tables[oid] == nil {
			f.tables[oid] = &foundTable{at: map[int]int{}}
			arg.Val.L = append(arg.Val.L, types.IntValue(int64(oid)))
		}
	}
	if len(arg.Val.L) == 0 {
		return nil
	}
	for _, step := range []func(context.Context, sqlsource.Arg) error{f.relations, f.columns, f.keys} {
		if err := step(ctx, arg); err != nil {
			return err
		}
	}
	for _, t := range f.tables {
		if t.table == nil {
			continue // dropped since
		}
		var err error
		if t.table.Private, err = (&private{Rel: t.rel}).encode(); err != nil {
			return err
		}
	}
	return nil
}

func (f *finder) relations(ctx context.Context, oids sqlsource.Arg) error {
	heap := "true"
	if f.c.server.version >= 120000 {
		heap = "c.relam = 2" // the heap access method
	}
	sql := `SELECT c.oid::text, n.nspname::text, c.relname::text, c.relkind::text, (` + heap + `)::text,
 CASE WHEN c.relkind IN ('r', 'm') THEN coalesce(pg_relation_size(c.oid), 0) ELSE 0 END::text, c.relpages::text, c.reltuples::float8::text,
 coalesce(obj_description(c.oid, 'pg_class'), ''), c.relhassubclass::text
 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ANY($1)`
	return f.c.query(ctx, statement{sql: origin(f.s) + sql, args: []sqlsource.Arg{oids}}, 10, func(row [][]byte) error {
		t := f.tables[uint32(number(row[0]))]
		if t == nil {
			return nil
		}
		t.table = &spi.Table{Name: spi.Name{Schema: string(row[1]), Table: string(row[2])}, Kind: spi.BaseTable, Comment: clean(string(row[8]))}
		t.rel.OID, t.rel.Kind, t.rel.UTF8 = uint32(number(row[0])), string(row[3]), f.c.server.utf8
		t.rel.Number = f.c.server.version
		// A table with children is read with them, each with ctids of its own.
		t.rel.Heap = f.c.server.heapSplit && string(row[4]) == "true" && string(row[9]) == "false" && (t.rel.Kind == "r" || t.rel.Kind == "m")
		t.rel.Bytes, t.rel.Pages = number(row[5]), number(row[6])
		t.rel.Tuples, _ = strconv.ParseFloat(string(row[7]), 64)
		return nil
	})
}

// remoteAttribute is a row of pg_attribute whose type is yet to be mapped.
type remoteAttribute struct {
	table  *foundTable
	column spi.Column
	number int
	oid    uint32
	typmod int32
	coll   collation
}

func (f *finder) columns(ctx context.Context, oids sqlsource.Arg) error {
	deterministic, generated := "true", "''"
	if f.c.server.version >= 120000 {
		deterministic, generated = "l.collisdeterministic", "a.attgenerated"
	}
	var found []remoteAttribute
	unknown := map[uint32]bool{}
	sql := `SELECT a.attrelid::text, a.attnum::text, a.attname::text, a.atttypid::text, a.atttypmod::text, a.attnotnull::text, a.attidentity::text,
 CASE WHEN ` + generated + ` = '' THEN coalesce(pg_get_expr(d.adbin, d.adrelid), '') ELSE '' END, coalesce(col_description(a.attrelid, a.attnum), ''),
 a.attcollation::text, coalesce(l.collprovider::text, ''), coalesce(l.collcollate::text, ''), coalesce(` + deterministic + `, true)::text
 FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum LEFT JOIN pg_collation l ON l.oid = a.attcollation
 WHERE a.attrelid = ANY($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum`
	err := f.c.query(ctx, statement{sql: origin(f.s) + sql, args: []sqlsource.Arg{oids}}, 13, func(row [][]byte) error {
		t := f.tables[uint32(number(row[0]))]
		if t == nil || t.table == nil {
			return nil
		}
		a := remoteAttribute{table: t, number: int(number(row[1])), oid: uint32(number(row[3])), typmod: int32(number(row[4])),
			coll: f.collationOf(number(row[9]), string(row[10]), string(row[11]), string(row[12]) == "true")}
		a.column = spi.Column{Name: string(row[2]), NotNull: string(row[5]) == "true", Identity: len(row[6]) > 0 && row[6][0] != 0,
			Default: string(row[7]), Comment: clean(string(row[8]))}
		if _, ok := typeOf(a.oid, a.typmod); !ok {
			unknown[a.oid] = true
		}
		found = append(found, a)
		return nil
	})
	if err != nil {
		return err
	}
	extra, err := f.types(ctx, unknown)
	if err != nil {
		return err
	}
	for _, a := range found {
		f.add(a, extra)
	}
	return nil
}

func (f *finder) add(a remoteAttribute, extra map[uint32]dataType) {
	t := a.table
	typ, read, note := mapped(a.oid, a.typmod, extra)
	if a.column.Type = typ; note != "" {
		f.k.warn(t.table.Name.String()+"\x00"+a.column.Name, "column of a PostgreSQL table has a type without a kind here",
			"table", t.table.Name.String(), "column", a.column.Name, "shown", note)
		if a.column.Comment != "" {
			note = a.column.Comment + " (" + note + ")"
		}
		a.column.Comment = note
		if a.coll = collDeterministic; f.c.server.collatesC {
			a.coll = collBytes
		}
	}
	t.at[a.number] = len(t.table.Columns)
	t.table.Columns = append(t.table.Columns, a.column)
	t.rel.Cols = append(t.rel.Cols, remoteColumn{Name: a.column.Name, Type: typ, Read: read, Coll: a.coll})
}

// The collations that every database has.
const (
	collationDefault = 100
	collationC       = 950
	collationPOSIX   = 951
)

func (f *finder) collationOf(oid int64, provider, locale string, deterministic bool) collation {
	bytes := false
	switch {
	case oid == 0, oid == collationC, oid == collationPOSIX:
		bytes = true
	case oid == collationDefault:
		bytes = f.c.server.collatesC
	case provider == "c":
		bytes = bytewise(locale)
	case provider == "b":
		bytes = true
	}
	switch {
	case bytes && f.c.server.utf8:
		return collBytes
	case deterministic:
		return collDeterministic
	}
	return collOther
}

// types describes types that have no kind here, and what domains are made of.
func (f *finder) types(ctx context.Context, want map[uint32]bool) (map[uint32]dataType, error) {
	out := map[uint32]dataType{}
	for len(want) > 0 {
		arg := sqlsource.Arg{Type: types.ArrayOf(types.Of(types.OID))}
		for oid := range want {
			arg.Val.L = append(arg.Val.L, types.IntValue(int64(oid)))
		}
		want = map[uint32]bool{}
		err := f.c.query(ctx, statement{sql: origin(f.s) + `SELECT oid::text, format_type(oid, NULL)::text, typtype::text, typbasetype::text, typtypmod::text, typelem::text,
 (typcategory = 'A')::text FROM pg_type WHERE oid = ANY($1)`,
			args: []sqlsource.Arg{arg}}, 7, func(row [][]byte) error {
			d := dataType{name: clean(string(row[1])), kind: string(row[2]), base: uint32(number(row[3])), typmod: int32(number(row[4])),
				elem: uint32(number(row[5])), isArray: string(row[6]) == "true"}
			out[uint32(number(row[0]))] = d
			if _, known := out[d.base]; d.kind == "d" && d.base != 0 && !known {
				want[d.base] = true
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// keys reads primary and unique keys of whole columns, and what indexes begin with.
func (f *finder) keys(ctx context.Context, oids sqlsource.Arg) error {
	width := "indnatts"
	if f.c.server.version >= 110000 {
		width = "indnkeyatts" // without INCLUDE
	}
	return f.c.query(ctx, statement{sql: origin(f.s) + `SELECT indrelid::text, (indisunique AND indimmediate AND indpred IS NULL AND indexprs IS NULL)::text,
 indisprimary::text, indkey::text, ` + width + `::text, (indpred IS NULL)::text FROM pg_index
 WHERE indrelid = ANY($1) AND indisvalid ORDER BY indrelid, indexrelid`,
		args: []sqlsource.Arg{oids}}, 6, func(row [][]byte) error {
		t := f.tables[uint32(number(row[0]))]
		if t == nil || t.table == nil {
			return nil
		}
		var key []int
		atts := strings.Fields(string(row[3]))
		for _, a := range atts[:min(len(atts), int(max(number(row[4]), 0)))] {
			if i, ok := t.at[int(number([]byte(a)))]; ok {
				key = append(key, i)
			}
		}
		if len(key) > 0 && string(row[5]) == "true" && atts[0] != "0" && !slices.Contains(t.rel.Leads, key[0]) {
			t.rel.Leads = append(t.rel.Leads, key[0])
		}
		switch {
		case string(row[1]) != "true" || len(key) == 0:
		case string(row[2]) == "true":
			t.table.PrimaryKey = key
		default:
			t.table.Unique = append(t.table.Unique, key)
		}
		return nil
	})
}
