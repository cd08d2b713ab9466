package postgres

import (
	"context"
	"sort"
	"strings"
	"sync"

	"github.com/muster-sql/muster/connectors/internal/sqlsource"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// The transaction that all reading happens in; of a snapshot, it is imported next.
const beginRead = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"

// hold is a transaction of the coordinator whose snapshot splits import. It
// also locks the tables against what would show through any snapshot: TRUNCATE,
// DROP, and ALTER TABLE that rewrites.
type hold struct {
	exported string
	id       string // what the query log prints
	mu       sync.Mutex
	lease    *sqlsource.Lease[*conn]
	locked   map[spi.Name]bool
}

// snapshotRetries is how often a snapshot is taken anew because a table was
// rewritten just then.
const snapshotRetries = 3

// Snapshot implements spi.Connector: the first call exports a snapshot, later
// ones extend it to further tables. A server that cannot export one (a replica
// that is too old, a pooler between) gives none, and each table is read by
// one statement.
func (k *connector) Snapshot(ctx context.Context, s *spi.Session, prev spi.Snapshot, tables []spi.Name) (spi.Snapshot, error) {
	if prev.Kind == spi.SnapshotHeld {
		h := k.holder(prev.ID)
		if h == nil {
			return spi.Snapshot{}, k.snapshotGone(nil)
		}
		rewritten, err := h.lock(ctx, s, tables)
		if err == nil && rewritten != "" {
			err = sqlerr.New(sqlerr.SerializationFailure, "table was truncated or rewritten after the statement's snapshot was taken: %s", rewritten)
		}
		return prev, err
	}
	if prev.ID != "" {
		return prev, nil
	}
	h, err := k.hold(ctx, s, tables)
	if isRemote(err, "0A000", "42883", "55000", "25006") {
		k.warn("snapshot", "PostgreSQL exports no snapshot: each table is read by one statement, and a join may see two moments", "err", err)
		return spi.Snapshot{ID: "none", Kind: spi.SnapshotNone}, nil
	}
	if err != nil {
		return spi.Snapshot{}, err
	}
	k.mu.Lock()
	k.held[h.id] = h
	k.mu.Unlock()
	return spi.Snapshot{ID: h.id, Kind: spi.SnapshotHeld, Private: []byte(h.exported)}, nil
}

func (k *connector) holder(id string) *hold {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.held[id]
}

// Release implements spi.Connector.
func (k *connector) Release(_ context.Context, snap spi.Snapshot) error {
	k.mu.Lock()
	h := k.held[snap.ID]
	delete(k.held, snap.ID)
	k.mu.Unlock()
	if h != nil {
		h.end()
	}
	return nil
}

// hold opens a transaction that covers these tables and exports its snapshot.
func (k *connector) hold(ctx context.Context, s *spi.Session, tables []spi.Name) (*hold, error) {
	for try := 1; ; try++ {
		l, err := k.holds.Get(ctx)
		if err != nil {
			return nil, err
		}
		h := &hold{lease: l, locked: map[spi.Name]bool{}}
		rewritten := ""
		if err = h.export(ctx, s); err == nil {
			rewritten, err = h.lock(ctx, s, tables)
		}
		if err == nil && rewritten == "" {
			return h, nil
		}
		h.end()
		if err == nil && try == snapshotRetries {
			err = sqlerr.New(sqlerr.SerializationFailure, "table is truncated or rewritten again and again: %s", rewritten)
		}
		if err != nil {
			return nil, err
		}
	}
}

func (h *hold) export(ctx context.Context, s *spi.Session) error {
	c := h.lease.Conn
	if err := c.exec(ctx, fixed(origin(s)+beginRead)); err != nil {
		return err
	}
	moment := "txid_current_snapshot()::text"
	if c.server.version >= 130000 {
		moment = "pg_current_snapshot()::text"
	}
	// A replica assigns no transaction ids, but exports.
	err := c.query(ctx, fixed(origin(s)+"SELECT pg_export_snapshot(), "+moment+", to_char(now(), 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"), 3, func(row [][]byte) error {
		h.exported = string(row[0])
		h.id = h.exported + " xids " + string(row[1]) + " at " + string(row[2])
		return nil
	})
	if err == nil && !validExport(h.exported) {
		err = sqlerr.New(sqlerr.ProtocolViolation, "PostgreSQL exports a snapshot with an impossible name")
	}
	return err
}

// validExport bounds what is put into SET TRANSACTION SNAPSHOT, which takes no
// parameter.
func validExport(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		if c := id[i]; (c < '0' || c > '9') && (c < 'A' || c > 'F') && c != '-' {
			return false
		}
	}
	return true
}

// lock takes ACCESS SHARE locks on tables; those that are not there are left
// out. It names one that was rewritten between the snapshot and the lock: the
// snapshot would show it empty.
func (h *hold) lock(ctx context.Context, s *spi.Session, tables []spi.Name) (rewritten string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lease == nil {
		return "", sqlerr.New(sqlerr.SnapshotTooOld, "snapshot has been released")
	}
	var fresh []spi.Name
	for _, n := range tables {
		if !h.locked[n] {
			h.locked[n] = true
			fresh = append(fresh, n)
		}
	}
	if len(fresh) == 0 {
		return "", nil
	}
	c := h.lease.Conn
	found, err := lockable(ctx, c, s, fresh)
	if err != nil || len(found) == 0 {
		return "", err
	}
	if err := c.exec(ctx, found...); err != nil {
		return "", err
	}
	return rewrittenOf(ctx, c, s, fresh)
}

// lockable makes statements that lock what the names mean and the user may
// read, in a fixed order. A SELECT keeps its locks up to the end of the
// transaction, on all that a view or a partitioned table reads; it is planned,
// but not run. Foreign tables are not even opened.
func lockable(ctx context.Context, c *conn, s *spi.Session, names []spi.Name) ([]statement, error) {
	schemas, tables := nameArrays(names)
	var out []statement
	err := c.query(ctx, statement{sql: origin(s) + `SELECT n.nspname::text, c.relname::text, c.relkind::text FROM unnest($1::text[], $2::text[]) AS w(s, t)
 JOIN pg_namespace n ON n.nspname = w.s JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.t
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND has_any_column_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE')
 AND n.nspname NOT IN ('pg_catalog', 'information_schema')`,
		args: []sqlsource.Arg{schemas, tables}}, 3, func(row [][]byte) error {
		t := newText().Add(sqlsource.Fixed(origin(s)), "SELECT 1 FROM ").Table(string(row[0]), string(row[1]))
		if string(row[2]) == "f" {
			t.Add(" WHERE false")
		} else {
			t.Add(" LIMIT 0")
		}
		out = append(out, statementOf(t))
		return nil
	})
	sort.Slice(out, func(i, j int) bool { return out[i].sql < out[j].sql })
	return out, err
}

// rewrittenOf names a table whose file is another now than in the snapshot.
func rewrittenOf(ctx context.Context, c *conn, s *spi.Session, names []spi.Name) (rewritten string, err error) {
	schemas, tables := nameArrays(names)
	parts := ""
	if c.server.version >= 120000 {
		parts = " UNION SELECT t.relid FROM w, pg_partition_tree(w.oid) t WHERE w.relkind = 'p'"
	}
	err = c.query(ctx, statement{sql: origin(s) + `WITH w AS (SELECT c.oid, c.relkind FROM unnest($1::text[], $2::text[]) AS w(s, t)
 JOIN pg_namespace n ON n.nspname = w.s JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.t)
 SELECT c.oid::regclass::text FROM pg_class c WHERE c.oid IN (SELECT oid FROM w` + parts + `)
 AND c.relkind IN ('r', 'm') AND c.relfilenode <> 0 AND c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid)`,
		args: []sqlsource.Arg{schemas, tables}}, 1, func(row [][]byte) error {
		rewritten = clean(string(row[0]))
		return nil
	})
	return rewritten, err
}

// nameArrays makes two text[] parameters of names.
func nameArrays(names []spi.Name) (schemas, tables sqlsource.Arg) {
	arr := types.ArrayOf(types.Of(types.Text))
	schemas, tables = sqlsource.Arg{Type: arr}, sqlsource.Arg{Type: arr}
	for _, n := range names {
		if strings.IndexByte(n.Schema, 0) >= 0 || strings.IndexByte(n.Table, 0) >= 0 {
			continue // no such name can exist
		}
		schemas.Val.L = append(schemas.Val.L, types.StringValue(n.Schema))
		tables.Val.L = append(tables.Val.L, types.StringValue(n.Table))
	}
	return schemas, tables
}

// end gives the transaction up.
func (h *hold) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lease == nil {
		return
	}
	l := h.lease
	h.lease = nil
	ctx, stop := context.WithTimeout(context.Background(), cancelMax)
	defer stop()
	if l.Conn.broken || l.Conn.busy || l.Conn.exec(ctx, fixed("ROLLBACK")) != nil {
		l.Destroy()
		return
	}
	l.Return()
}

// snapshotGone is the one error of a snapshot whose transaction has ended.
func (k *connector) snapshotGone(cause error) error {
	e := sqlerr.New(sqlerr.SnapshotTooOld, "snapshot is gone: the transaction that held it on PostgreSQL at %s has ended", k.conf.place()).
		WithHint("the server was restarted, or ended the transaction: run the statement again")
	if cause != nil {
		e = e.WithDetail("%s", clean(cause.Error()))
	}
	return e
}

// opening is how the transaction of a split begins.
func opening(s *spi.Session, snap spi.Snapshot) ([]statement, error) {
	out := []statement{fixed(origin(s) + beginRead)}
	if snap.Kind != spi.SnapshotHeld {
		return out, nil
	}
	if !validExport(string(snap.Private)) {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "snapshot is malformed")
	}
	return append(out, fixed(origin(s)+"SET TRANSACTION SNAPSHOT '"+string(snap.Private)+"'")), nil
}

func origin(s *spi.Session) string {
	if s == nil {
		return string(sqlsource.Origin(""))
	}
	return string(sqlsource.Origin(s.QueryID))
}
