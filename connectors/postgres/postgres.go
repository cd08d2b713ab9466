// Package postgres owns catalogs of PostgreSQL databases: their tables read in
// parallel under one exported snapshot, with what the server can compute
// exactly pushed to it, and written through staging tables. The engine calls
// it through the SPI; it knows no engine.
package postgres

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/muster-sql/muster/connectors/internal/sqlsource"
	"github.com/muster-sql/muster/connectors/spi"
)

// Factory returns the factory of catalogs of kind postgres.
func Factory() spi.Factory {
	return spi.Factory{
		Kind:     "postgres",
		Schemes:  []string{"postgres", "postgresql"},
		Doc:      "The tables and views of a PostgreSQL database.",
		Options:  options,
		ParseURL: parseURL,
		Open:     open,
	}
}

// connector reaches one database. Scans and metadata use pool; the
// transactions that hold snapshots have a pool of their own, so that they can
// never keep the scans that they serve from connecting.
type connector struct {
	name   string
	conf   *config
	env    spi.Env
	log    *slog.Logger
	pool   *sqlsource.Pool[*conn]
	holds  *sqlsource.Pool[*conn]
	mu     sync.Mutex
	server *server
	held   map[string]*hold // by exported id
	warned map[string]bool
}

var (
	_ spi.Connector  = (*connector)(nil)
	_ spi.Pusher     = (*connector)(nil)
	_ spi.Statistics = (*connector)(nil)
	_ spi.Lookup     = (*connector)(nil)
	_ spi.Writer     = (*connector)(nil)
	_ spi.Diagnose   = (*connector)(nil)
)

// open makes a connector without connecting: a source that is down fails the
// statements that need it.
func open(_ context.Context, name string, c spi.Config, env spi.Env) (spi.Connector, error) {
	conf, err := parseConfig(c)
	if err != nil {
		return nil, err
	}
	if env.Log == nil {
		env.Log = slog.New(slog.DiscardHandler)
	}
	k := &connector{name: name, conf: conf, env: env, log: env.Log, held: map[string]*hold{}, warned: map[string]bool{}}
	conf.wire.DialFunc = k.dial
	o := sqlsource.PoolOptions[*conn]{
		Open: k.connect, Max: conf.connections, WaitMax: conf.wait, IdleMax: idleMax,
		Governor: env.Governor, Clock: env.Clock, Name: conf.place(), Setting: optionConnections,
	}
	k.pool = sqlsource.NewPool(o)
	k.holds = sqlsource.NewPool(o)
	return k, nil
}

// idleMax is how long an idle connection is kept.
const idleMax = 5 * time.Minute

// Caps implements spi.Connector.
func (k *connector) Caps() spi.Caps {
	c := spi.Caps{Push: k, Stats: k, Lookup: k, Diagnose: k}
	if k.conf.write {
		c.Write, c.DDL = k, definitions{k}
	}
	return c
}

// Close implements spi.Connector.
func (k *connector) Close() error {
	k.mu.Lock()
	held := k.held
	k.held = map[string]*hold{}
	k.mu.Unlock()
	for _, h := range held {
		h.end()
	}
	k.pool.Close()
	k.holds.Close()
	return nil
}

// with runs do with a connection of the pool. A connection on which a
// statement was left half way is destroyed.
func (k *connector) with(ctx context.Context, do func(c *conn) error) error {
	l, err := k.pool.Get(ctx)
	if err != nil {
		return err
	}
	defer l.Return()
	return do(l.Conn)
}

// Diagnose implements spi.Diagnose.
func (k *connector) Diagnose(ctx context.Context) []spi.Check {
	var out []spi.Check
	err := k.with(ctx, func(c *conn) error {
		out = append(out, spi.Check{Step: "connect to " + k.conf.place(), Note: c.server.banner})
		h, err := k.hold(ctx, nil, nil)
		if err != nil {
			out = append(out, spi.Check{Step: "export a snapshot", Err: err})
			return nil
		}
		h.end()
		out = append(out, spi.Check{Step: "export a snapshot", Note: h.exported})
		note := "text is ordered as this engine does"
		if !c.server.collatesC {
			note = "text is ordered by " + strconv.Quote(c.server.collation) + ": comparisons are sent with COLLATE \"C\""
		}
		out = append(out, spi.Check{Step: "collation", Note: note})
		return nil
	})
	if err != nil {
		out = append(out, spi.Check{Step: "connect to " + k.conf.place(), Err: err})
	}
	return out
}

// warn logs once a connector what a user should know of a table.
func (k *connector) warn(key, msg string, args ...any) {
	k.mu.Lock()
	seen := k.warned[key]
	if len(k.warned) < warnedMax {
		k.warned[key] = true
	}
	k.mu.Unlock()
	if !seen {
		k.log.Warn(msg, args...)
	}
}

// warnedMax bounds the memory of what was warned of.
const warnedMax = 10_000
