// Package coordinator owns the half of a node that has clients: membership,
// queries, sessions and client protocols, put together. The root package boots
// it; it must not know connectors or the worker's insides.
package coordinator

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-sql/muster/connectors/catalog"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/coordinator/admission"
	"github.com/muster-sql/muster/coordinator/cluster"
	"github.com/muster-sql/muster/coordinator/protocol/pgwire"
	"github.com/muster-sql/muster/coordinator/query"
	"github.com/muster-sql/muster/coordinator/session"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/rpc"
)

// Config configures a coordinator.
type Config struct {
	Self           rpc.Info
	SelfWorks      bool
	Lease          time.Duration
	Drivers        int
	QueriesRunning int
	QueriesQueued  int
	HoldBytes      int64
	HoldFor        time.Duration
	BroadcastBytes int64
	QueryMemory    int64
	PG, HTTP       string // listen addresses; "-" none
	Access         Access
	Version        string
}

// Access says who may connect and how.
type Access struct {
	ConnectionsMax int
	TLSCert        string // files; both or none
	TLSKey         string
	Users          map[string]string // name → password or SCRAM verifier; empty: anyone from this machine
}

// Catalogs are the live catalogs with the definitions that workers need.
type Catalogs interface {
	catalog.Catalogs
	At(name string, version uint64) (spi.Connector, error)
	Definitions() []rpc.Catalog
}

// Env is what a coordinator is lent.
type Env struct {
	Clock    spi.Clock
	Log      *slog.Logger
	Nodes    *rpc.Nodes
	Pool     *mempool.Pool
	Worker   rpc.Tasks // of this process
	Catalogs Catalogs
	Metrics  *prometheus.Registry // of the node; the coordinator adds its own
}

// Coordinator is a running coordinator.
type Coordinator struct {
	c        Config
	env      Env
	members  *cluster.Members
	manager  *query.Manager
	sessions *session.Store
	server   *pgwire.Server
	pg       net.Listener
	http     net.Listener
	web      *http.Server
	inside   *pipe // of clients in this process
	metrics  *metrics
}

// The default addresses of clients.
const (
	pgDefault   = "127.0.0.1:5440"
	httpDefault = "127.0.0.1:8440"
	historyMax  = 1000
)

// New returns a coordinator whose listeners are open.
func New(c Config, env Env) (*Coordinator, error) {
	co := &Coordinator{c: c, env: env, inside: newPipe()}
	co.members = cluster.New(cluster.Options{
		Clock: env.Clock, Nodes: env.Nodes, Log: env.Log, Lease: c.Lease, Self: c.Self, SelfWorks: c.SelfWorks,
		Queries: func() []string { return co.manager.Live() },
	}, env.Worker)
	co.manager = query.New(query.Options{
		Clock: env.Clock, Log: env.Log, Members: co.members, Nodes: env.Nodes, Pool: env.Pool,
		Admission: admission.New(c.QueriesRunning, c.QueriesQueued),
		Connector: func(_ context.Context, name string, version uint64) (spi.Connector, error) {
			return env.Catalogs.At(name, version)
		},
		Drivers: c.Drivers, Hold: query.Hold{BytesMax: c.HoldBytes, For: c.HoldFor},
		BroadcastMax: c.BroadcastBytes, QueryMemoryMax: c.QueryMemory, HistoryMax: historyMax, Node: c.Self.ID,
		Ended: func(i query.Info) { co.metrics.queryEnded(i) },
	})
	var err error
	if co.pg, err = listen(c.PG, pgDefault, "clients"); err != nil {
		return nil, err
	}
	if co.http, err = listen(c.HTTP, httpDefault, "http"); err != nil {
		return nil, errors.Join(err, co.shut())
	}
	co.sessions = co.sessionStore()
	if env.Metrics == nil {
		env.Metrics = prometheus.NewRegistry()
	}
	co.env.Metrics, co.metrics = env.Metrics, co.newMetrics(env.Metrics)
	if co.server, err = co.pgServer(); err != nil {
		return nil, errors.Join(err, co.shut())
	}
	return co, nil
}

// listen opens a listener; "-" gives none.
func listen(addr, otherwise, what string) (net.Listener, error) {
	if addr == "-" {
		return nil, nil
	}
	if addr == "" {
		addr = otherwise
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, sqlerr.Wrap(sqlerr.ConnectionUnable, err, "listen for %s", what).
			WithHint("another process may have the port; port 0 picks a free one")
	}
	return l, nil
}

func (co *Coordinator) shut() error {
	var errs []error
	for _, l := range []net.Listener{co.pg, co.http} {
		if l != nil {
			errs = append(errs, l.Close())
		}
	}
	return errors.Join(errs...)
}

// Members returns the membership, which serves rpc.Cluster.
func (co *Coordinator) Members() *cluster.Members { return co.members }

// Queries returns the query manager.
func (co *Coordinator) Queries() *query.Manager { return co.manager }

// Addrs returns the addresses of clients, empty where there is no listener.
func (co *Coordinator) Addrs() (pg, http string) {
	if co.pg != nil {
		pg = co.pg.Addr().String()
	}
	if co.http != nil {
		http = co.http.Addr().String()
	}
	return pg, http
}

// Run serves clients and keeps the membership until ctx ends.
func (co *Coordinator) Run(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { co.members.Run(ctx) })
	all.Go(func() { co.serveClients(co.inside) })
	if co.pg != nil {
		all.Go(func() { co.serveClients(co.pg) })
	}
	all.Go(func() {
		<-ctx.Done()
		co.server.Close()
	})
	if co.http != nil {
		co.web = co.handler()
		all.Go(func() {
			if err := co.web.Serve(co.http); !errors.Is(err, http.ErrServerClosed) {
				co.env.Log.Error("http ended", "err", err)
			}
		})
		all.Go(func() {
			<-ctx.Done()
			_ = co.web.Close()
		})
	}
	all.Wait()
}

// Drain takes no new clients and returns when no query runs, or with the cause of ctx.
func (co *Coordinator) Drain(ctx context.Context) error {
	co.drainClients(ctx)
	for len(co.manager.Live()) > 0 {
		select {
		case <-co.env.Clock.After(ctx, drainCheck):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// drainCheck is how often Drain looks whether queries still run.
const drainCheck = 50 * time.Millisecond

// Close ends every query and client.
func (co *Coordinator) Close() {
	for _, id := range co.manager.Live() {
		co.manager.Cancel(id, sqlerr.New(sqlerr.AdminShutdown, "the server is shutting down"))
	}
	co.server.Close()
	_ = co.shut()
}

// loopback reports whether an address can be reached from this machine only.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Definitions lists the catalogs as workers need them.
func (co *Coordinator) Definitions() []rpc.Catalog { return co.env.Catalogs.Definitions() }
