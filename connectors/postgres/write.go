package postgres

import (
	"context"
	"fmt"
	"hash/fnv"

	"github.com/muster-sql/muster/connectors/internal/sqlsource"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/codec"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// commitTable is the table, beside the written one, that makes a commit happen
// once: it has a row for each write that was committed.
const commitTable = "muster_commits"

// commitsKept is how long its rows are kept.
const commitsKept = "7 days"

// sinkColumn of a staging table names the sink that wrote a row.
const sinkColumn = "muster_sink"

// target is Target.Private.
type target struct {
	Write   spi.Write // of a CREATE: with the table's definition
	Stage   string    // staging table, in the schema of the written one
	Key     string    // of the row in commitTable
	Columns []stagedColumn
}

// stagedColumn is a column that is written: Cast, when not empty, is the type
// of the remote column where pages carry its text.
type stagedColumn struct{ Name, Cast string }

// Begin implements spi.Writer: it makes the staging table that sinks copy into.
func (k *connector) Begin(ctx context.Context, s *spi.Session, w spi.Write) (spi.Target, error) {
	if err := writable(&w); err != nil {
		return spi.Target{}, err
	}
	t := &target{Write: w, Stage: stageName(s, w.Table.Name), Key: s.QueryID + " " + w.Table.Name.String()}
	out := spi.Target{Table: w.Table.Name, Kind: w.Kind,
		Detail: "rows are copied into staging table " + t.Stage + ", one transaction moves them at the end"}
	for _, c := range w.Columns {
		out.Types = append(out.Types, w.Table.Columns[c].Type)
		t.Columns = append(t.Columns, stagedColumn{Name: w.Table.Columns[c].Name})
	}
	if w.Kind == spi.WriteCreate { // what cannot be created fails before anything is written
		if err := createTable(newText(), w.Table, false); err != nil {
			return spi.Target{}, err
		}
	}
	err := k.with(ctx, func(c *conn) error {
		if w.Kind == spi.WriteInsert {
			if err := t.casts(ctx, c, s); err != nil {
				return err
			}
		}
		return t.stage(ctx, c, s, out.Types)
	})
	if err != nil {
		return spi.Target{}, err
	}
	out.Private, err = codec.Marshal(*t)
	return out, err
}

func writable(w *spi.Write) error {
	switch w.Kind {
	case spi.WriteUpdate, spi.WriteDelete:
		return sqlerr.Unsupported("rows of PostgreSQL tables are not updated or deleted from here yet")
	}
	if len(w.Options) > 0 || w.Location != "" {
		return sqlerr.Unsupported("tables of PostgreSQL are written without options")
	}
	for _, n := range []string{w.Table.Name.Schema, w.Table.Name.Table} {
		if err := checkName(n); err != nil {
			return err
		}
	}
	return nil
}

// stageName is one name for all calls of a query.
func stageName(s *spi.Session, n spi.Name) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s.QueryID + "\x00" + n.Schema + "\x00" + n.Table))
	return fmt.Sprintf("muster_stage_%016x", h.Sum64())
}

// casts asks for the types of columns whose pages carry text.
func (t *target) casts(ctx context.Context, c *conn, s *spi.Session) error {
	p, err := decodePrivate(t.Write.Table.Private)
	if err != nil {
		return err
	}
	at := map[string]int{}
	for i, col := range t.Write.Columns {
		if p.Rel.Cols[col].Read != readPlain {
			at[p.Rel.Cols[col].Name] = i
		}
	}
	if len(at) == 0 {
		return nil
	}
	return c.query(ctx, statement{sql: origin(s) + `SELECT attname::text, format_type(atttypid, atttypmod)::text FROM pg_attribute
 WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped`,
		args: []sqlsource.Arg{{Type: types.Of(types.OID), Val: types.IntValue(int64(p.Rel.OID))}}}, 2, func(row [][]byte) error {
		if i, ok := at[string(row[0])]; ok {
			t.Columns[i].Cast = string(row[1])
		}
		return nil
	})
}

// stage creates the staging table and the table of commits.
func (t *target) stage(ctx context.Context, c *conn, s *spi.Session, ts []types.Type) error {
	schema := t.Write.Table.Name.Schema
	from := sqlsource.Fixed(origin(s))
	stage := newText().Add(from, "CREATE UNLOGGED TABLE IF NOT EXISTS ").Table(schema, t.Stage).Add(" (").Ident(sinkColumn).Add(" text")
	for i, typ := range ts {
		name, ok := typeName(typ)
		if !ok {
			return sqlerr.Unsupported("PostgreSQL has no column type %s: %s", typ, t.Columns[i].Name)
		}
		stage.Add(", ").Ident(stagedName(i)).Add(" ", name)
	}
	commits := newText().Add(from, "CREATE TABLE IF NOT EXISTS ").Table(schema, commitTable).
		Add(" (query text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())")
	list := []statement{statementOf(stage.Add(")")), statementOf(commits)}
	var err error
	for range 3 { // two sessions that create one table at once: one of them fails
		if err = c.exec(ctx, list...); !isRemote(err, "23505", "42P07") {
			break
		}
	}
	return asked(err)
}

// stagedName is a column of a staging table.
func stagedName(i int) string { return "c" + string(appendInt(nil, i)) }

func (k *connector) target(t spi.Target) (*target, error) {
	out, err := codec.Unmarshal[target](t.Private)
	return &out, err
}

// Commit implements spi.Writer. The row in the table of commits decides: a
// second commit of the same write waits for the first and then finds it, so
// that a commit whose outcome is unknown is simply made again.
func (k *connector) Commit(ctx context.Context, s *spi.Session, st spi.Target, fragments [][]byte) error {
	t, err := k.target(st)
	if err != nil {
		return err
	}
	unknown := false
	for range commitTries {
		var sent bool
		sent, err = k.commit(ctx, s, t, fragments)
		unknown = unknown || sent
		if err == nil || !sqlerr.Is(err, sqlerr.ConnectionFailure) && !sqlerr.Is(err, sqlerr.ConnectionUnable) {
			break
		}
	}
	if err != nil && unknown && sqlerr.KindOf(err) == sqlerr.External {
		return sqlerr.New(sqlerr.StatementUnknown, "commit of a write to PostgreSQL was sent, its outcome is not known: %s", t.Write.Table.Name).
			WithDetail("%s", err.Error()).WithHint("table %s of its schema has a row for each commit", commitTable)
	}
	return asked(err)
}

// commitTries is how often a commit is made when the connection is lost.
const commitTries = 3

// commit moves the staged rows; sent says whether COMMIT may have reached the server.
func (k *connector) commit(ctx context.Context, s *spi.Session, t *target, fragments [][]byte) (sent bool, err error) {
	err = k.with(ctx, func(c *conn) error {
		from := sqlsource.Fixed(origin(s))
		schema := t.Write.Table.Name.Schema
		if err := c.exec(ctx, fixed(string(from)+"BEGIN")); err != nil {
			return err
		}
		fresh := false
		claim := newText().Add(from, "INSERT INTO ").Table(schema, commitTable).Add(" (query) VALUES (").
			Arg(types.Of(types.Text), types.StringValue(t.Key)).Add(") ON CONFLICT DO NOTHING RETURNING query")
		if err := c.query(ctx, statementOf(claim), 1, func([][]byte) error { fresh = true; return nil }); err != nil {
			return k.rollback(ctx, c, err)
		}
		var list []statement
		if fresh {
			moves, err := t.moves(ctx, c, from, fragments)
			if err != nil {
				return k.rollback(ctx, c, err)
			}
			list = moves
		}
		list = append(list, statementOf(newText().Add(from, "DROP TABLE IF EXISTS ").Table(schema, t.Stage)),
			statementOf(newText().Add(from, "DELETE FROM ").Table(schema, commitTable).Add(" WHERE at < now() - interval '"+commitsKept+"'")))
		if err := c.exec(ctx, list...); err != nil {
			return k.rollback(ctx, c, err)
		}
		sent = true
		if err := c.exec(ctx, fixed(string(from)+"COMMIT")); err != nil {
			return err
		}
		return nil
	})
	return sent, err
}

func (k *connector) rollback(ctx context.Context, c *conn, cause error) error {
	if !c.broken && !c.busy {
		_ = c.exec(ctx, fixed("ROLLBACK"))
	}
	return cause
}

// moves are the statements that put the staged rows in place.
func (t *target) moves(ctx context.Context, c *conn, from sqlsource.Fixed, fragments [][]byte) ([]statement, error) {
	name := t.Write.Table.Name
	var out []statement
	if t.Write.Kind == spi.WriteCreate {
		if t.Write.IfAbsent {
			found, err := exists(ctx, c, name)
			if err != nil || found {
				return nil, err
			}
		}
		if t.Write.Replace {
			out = append(out, statementOf(newText().Add(from, "DROP TABLE IF EXISTS ").Table(name.Schema, name.Table)))
		}
		create := newText().Add(from)
		if err := createTable(create, t.Write.Table, false); err != nil {
			return nil, err
		}
		out = append(out, statementOf(create))
	}
	move := newText().Add(from, "INSERT INTO ").Table(name.Schema, name.Table).Add(" (")
	for i, col := range t.Columns {
		if i > 0 {
			move.Add(", ")
		}
		move.Ident(col.Name)
	}
	move.Add(") SELECT ")
	for i, col := range t.Columns {
		if i > 0 {
			move.Add(", ")
		}
		if move.Ident(stagedName(i)); col.Cast != "" {
			move.Add("::", sqlsource.Fixed(col.Cast)) // as the server itself writes its type
		}
	}
	sinks := types.Value{}
	for _, f := range fragments {
		sinks.L = append(sinks.L, types.StringValue(string(f)))
	}
	move.Add(" FROM ").Table(name.Schema, t.Stage).Add(" WHERE ").Ident(sinkColumn).Add(" = ANY(").
		Arg(types.ArrayOf(types.Of(types.Text)), sinks).Add(")")
	return append(out, statementOf(move)), nil
}

// exists reports whether a table of this name exists.
func exists(ctx context.Context, c *conn, n spi.Name) (bool, error) {
	found := false
	err := c.query(ctx, statement{sql: `SELECT 1::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2`,
		args: []sqlsource.Arg{text(n.Schema), text(n.Table)}}, 1, func([][]byte) error { found = true; return nil })
	return found, err
}

// Abort implements spi.Writer.
func (k *connector) Abort(ctx context.Context, s *spi.Session, st spi.Target) error {
	t, err := k.target(st)
	if err != nil {
		return err
	}
	drop := newText().Add(sqlsource.Fixed(origin(s)), "DROP TABLE IF EXISTS ").Table(t.Write.Table.Name.Schema, t.Stage)
	return k.with(ctx, func(c *conn) error { return c.exec(ctx, statementOf(drop)) })
}
