// Package muster boots the engine: one node, which coordinates, works, or does
// both. It is the embedding API and what cmd/muster calls; connectors come in as
// options, so that an embedder links only those it names. Nothing here is global.
package muster

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-sql/muster/connectors/catalog"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/coordinator"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/operator"
	"github.com/muster-sql/muster/exec/rpc"
	"github.com/muster-sql/muster/worker"
)

// Version is the version of this build; nodes of a cluster have the same one.
const Version = "0.1.0"

// Role says what a node does.
type Role string

// The roles.
const (
	RoleAll         Role = "all"
	RoleCoordinator Role = "coordinator"
	RoleWorker      Role = "worker"
)

// Config configures a node. The zero value of a field is its default.
type Config struct {
	Role            Role
	PG              string // listen address of the PostgreSQL protocol; "-" none
	HTTP            string // listen address of health and metrics; "-" none
	RPC             string // listen address of other nodes; "-" none (role all only)
	Coordinator     string // rpc address that a worker joins
	MemoryBytes     int64  // budget of the node, default 4 GiB or 3/4 of what a container has
	QueryMemory     int64  // budget of one query on the node, default the node's
	Threads         int    // CPU slots, default the CPUs
	Data            string // folder for spill files and state, default a temporary one
	Secret          string // that the nodes of a cluster share
	Lease           time.Duration
	QueriesRunning  int
	QueriesQueued   int
	ResultHoldBytes int64
	BroadcastBytes  int64
	Catalogs        []Catalog
	Access          coordinator.Access // users, TLS, limits of the client protocol
	Log             *slog.Logger
}

// Catalog is a catalog to attach: by URL, or by kind and options.
type Catalog struct {
	Name    string
	URL     string
	Kind    string
	Options map[string]string
}

// Defaults of Config.
const (
	memoryDefault      = 4 << 30
	leaseDefault       = 5 * time.Second
	runningDefault     = 100
	queuedDefault      = 1000
	holdDefault        = 64 << 20
	holdTimeDefault    = 5 * time.Second
	broadcastDefault   = 16 << 20
	bufferBytesDefault = 32 << 20
	drainMax           = 5 * time.Minute
)

// Option adds to a node what is not plain configuration.
type Option func(*Node)

// Connectors makes kinds of catalogs available.
func Connectors(f ...spi.Factory) Option {
	return func(n *Node) { n.factories = append(n.factories, f...) }
}

// Node is a running node.
type Node struct {
	c            Config
	factories    []spi.Factory
	clock        spi.Clock
	id           string
	pool         *mempool.Pool
	spill        *mempool.SpillRoot
	nodes        *rpc.Nodes
	catalogs     *catalogs
	worker       *worker.Server
	coordinator  *coordinator.Coordinator
	rpcServer    *rpc.Server
	rpcListener  net.Listener
	httpListener net.Listener // of a worker
	metrics      *prometheus.Registry
	tempData     string
	ctx          context.Context
	stop         context.CancelCauseFunc
	work         sync.WaitGroup
	closeOnce    sync.Once
	closeErr     error
}

// New boots a node: listeners are open and catalogs attached when it returns.
// The caller calls Close or Drain.
func New(c Config, opts ...Option) (*Node, error) {
	n := &Node{c: c.withDefaults(), clock: systemClock{}}
	for _, o := range opts {
		o(n)
	}
	n.ctx, n.stop = context.WithCancelCause(context.Background())
	if err := n.boot(); err != nil {
		_ = n.Close()
		return nil, err
	}
	return n, nil
}

func (c Config) withDefaults() Config {
	if c.Role == "" {
		c.Role = RoleAll
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	setDefault(&c.MemoryBytes, memoryDefault)
	setDefault(&c.Threads, runtime.GOMAXPROCS(0))
	setDefault(&c.Lease, leaseDefault)
	setDefault(&c.QueriesRunning, runningDefault)
	setDefault(&c.QueriesQueued, queuedDefault)
	setDefault(&c.ResultHoldBytes, holdDefault)
	setDefault(&c.BroadcastBytes, broadcastDefault)
	return c
}

func setDefault[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}

func (n *Node) boot() error {
	if n.c.Role != RoleAll && n.c.Secret == "" {
		return sqlerr.New(sqlerr.ConfigFile, "a cluster needs a secret that its nodes share").
			WithHint("set MUSTER_CLUSTER_SECRET, or cluster_secret in the configuration file")
	}
	if n.c.Role == RoleWorker && n.c.Coordinator == "" {
		return sqlerr.New(sqlerr.ConfigFile, "a worker needs the address of its coordinator").
			WithHint("give it with --coordinator HOST:PORT")
	}
	n.id = newID()
	if err := n.openData(); err != nil {
		return err
	}
	// Buffers come back through free lists; the collector only has to find the
	// rest, and must keep the process within its budget.
	debug.SetMemoryLimit(n.c.MemoryBytes + n.c.MemoryBytes/2)
	n.pool = mempool.NewNode(mempool.Options{Name: "node", LimitBytes: n.c.MemoryBytes})
	n.nodes = rpc.NewNodes(rpc.Secret(n.c.Secret), n.clock.Now)
	n.catalogs = newCatalogs(n)
	if err := n.listen(); err != nil {
		return err
	}
	if err := n.listenHTTP(); err != nil {
		return err
	}
	n.startWorker()
	n.metrics = n.newMetrics()
	for _, def := range n.c.Catalogs {
		if err := n.Attach(n.ctx, def); err != nil {
			return err
		}
	}
	if n.c.Role != RoleWorker {
		if err := n.startCoordinator(); err != nil {
			return err
		}
		if err := n.attachSystem(); err != nil {
			return err
		}
	}
	n.serve()
	return nil
}

func newID() string {
	var b [4]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

func (n *Node) openData() error {
	if n.c.Data == "" {
		d, err := os.MkdirTemp("", "muster-")
		if err != nil {
			return sqlerr.Wrap(sqlerr.IOError, err, "make a data folder")
		}
		n.c.Data, n.tempData = d, d
	}
	dir := filepath.Join(n.c.Data, "spill")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return sqlerr.Wrap(sqlerr.IOError, err, "make the spill folder")
	}
	var err error
	n.spill, err = mempool.OpenSpillRoot(dir, 0)
	return err
}

func (n *Node) listen() error {
	addr := n.c.RPC
	if addr == "-" || addr == "" && n.c.Role == RoleAll {
		return nil
	}
	if addr == "" {
		addr = "127.0.0.1:8441"
	}
	if n.c.Secret == "" {
		return nil // nobody could call: role all without a secret is a node of its own
	}
	var err error
	if n.rpcListener, err = net.Listen("tcp", addr); err != nil {
		return sqlerr.Wrap(sqlerr.ConnectionUnable, err, "listen for nodes").
			WithHint("another process may have the port; port 0 picks a free one")
	}
	return nil
}

// rpcAddr is where other nodes reach this one; a name of its own when they cannot.
func (n *Node) rpcAddr() string {
	if n.rpcListener == nil {
		return "local:" + n.id
	}
	return n.rpcListener.Addr().String()
}

func (n *Node) info() rpc.Info {
	return rpc.Info{
		ID: n.id, Addr: n.rpcAddr(), Version: Version, Threads: n.c.Threads,
		Memory: n.c.MemoryBytes, Started: n.clock.Now(),
	}
}

func (n *Node) startWorker() {
	n.worker = worker.New(worker.Options{
		Info: n.info(), Pool: n.pool, Spill: n.spill, Slots: operator.NewSlots(n.c.Threads),
		Nodes: n.nodes, Log: n.c.Log, Clock: n.clock, Connector: n.catalogs.load,
		SpillDir: filepath.Join(n.c.Data, "spill"), QueryMemoryMax: n.c.QueryMemory, BufferBytes: bufferBytesDefault,
	})
	n.nodes.AddLocal(n.rpcAddr(), n.worker)
}

func (n *Node) startCoordinator() error {
	c, err := coordinator.New(coordinator.Config{
		Self: n.info(), SelfWorks: n.c.Role == RoleAll, Lease: n.c.Lease, Drivers: n.c.Threads,
		QueriesRunning: n.c.QueriesRunning, QueriesQueued: n.c.QueriesQueued,
		HoldBytes: n.c.ResultHoldBytes, HoldFor: holdTimeDefault, BroadcastBytes: n.c.BroadcastBytes, QueryMemory: n.c.QueryMemory,
		PG: n.c.PG, HTTP: n.c.HTTP, Access: n.c.Access, Version: Version,
	}, coordinator.Env{
		Clock: n.clock, Log: n.c.Log, Nodes: n.nodes, Pool: n.pool, Worker: n.worker, Catalogs: n.catalogs,
		Metrics: n.metrics,
	})
	n.coordinator = c
	return err
}

// serve starts what runs in the background.
func (n *Node) serve() {
	if n.rpcListener != nil {
		o := rpc.ServerOptions{Secret: rpc.Secret(n.c.Secret), Tasks: n.worker, Now: n.clock.Now}
		if n.coordinator != nil {
			o.Cluster = n.coordinator.Members()
		}
		n.rpcServer = rpc.NewServer(o)
		n.work.Go(func() {
			if err := n.rpcServer.Serve(n.rpcListener); err != nil {
				n.c.Log.Error("rpc ended", "err", err)
			}
		})
	}
	if n.httpListener != nil {
		n.serveHTTP()
	}
	n.work.Go(func() { n.worker.Run(n.ctx) })
	if n.c.Role == RoleWorker {
		n.work.Go(func() {
			c, err := rpc.Connect(n.c.Coordinator, rpc.Secret(n.c.Secret), n.clock.Now)
			if err != nil {
				n.c.Log.Error("coordinator", "err", err)
				return
			}
			defer c.Close()
			n.worker.Announce(n.ctx, c)
		})
	}
	if n.coordinator != nil {
		n.work.Go(func() { n.coordinator.Run(n.ctx) })
	}
}

// Addrs are the addresses a node really listens on; empty where it does not.
type Addrs struct {
	PG   string `json:"pg,omitempty"`
	HTTP string `json:"http,omitempty"`
	RPC  string `json:"rpc,omitempty"`
}

// Addrs returns the addresses.
func (n *Node) Addrs() Addrs {
	var a Addrs
	if n.coordinator != nil {
		a.PG, a.HTTP = n.coordinator.Addrs()
	}
	if n.httpListener != nil {
		a.HTTP = n.httpListener.Addr().String()
	}
	if n.rpcListener != nil {
		a.RPC = n.rpcListener.Addr().String()
	}
	return a
}

// ID returns the node's id, new at every start.
func (n *Node) ID() string { return n.id }

// Catalogs lists what is attached.
func (n *Node) Catalogs() catalog.Catalogs { return n.catalogs }

// Coordinator returns the coordinator, nil on a worker.
func (n *Node) Coordinator() *coordinator.Coordinator { return n.coordinator }

// Dial connects to the node's PostgreSQL protocol from within the process: a
// driver's dial function. Nothing listens for it on the network.
func (n *Node) Dial(ctx context.Context) (net.Conn, error) {
	if n.coordinator == nil {
		return nil, sqlerr.New(sqlerr.ObjectNotInState, "a worker has no clients")
	}
	return n.coordinator.Dial(ctx)
}

// Drain takes no new queries or tasks, waits for those that run, then closes.
func (n *Node) Drain(ctx context.Context) error {
	ctx, stop := context.WithTimeoutCause(ctx, drainMax, errors.New("drain took too long"))
	defer stop()
	var err error
	if n.coordinator != nil {
		err = n.coordinator.Drain(ctx)
	}
	if werr := n.worker.Drain(ctx); err == nil {
		err = werr
	}
	if cerr := n.Close(); err == nil {
		err = cerr
	}
	return err
}

// Close ends everything at once and frees it. Idempotent.
func (n *Node) Close() error {
	n.closeOnce.Do(func() { n.closeErr = n.close() })
	return n.closeErr
}

func (n *Node) close() error {
	var errs []error
	if n.coordinator != nil {
		n.coordinator.Close()
	}
	if n.worker != nil {
		n.worker.Close()
	}
	n.stop(sqlerr.New(sqlerr.AdminShutdown, "the server is shutting down"))
	if n.rpcServer != nil {
		n.rpcServer.Stop()
	} else if n.rpcListener != nil {
		_ = n.rpcListener.Close()
	}
	if n.httpListener != nil {
		_ = n.httpListener.Close()
	}
	n.work.Wait()
	if n.nodes != nil {
		n.nodes.Close()
	}
	if n.catalogs != nil {
		errs = append(errs, n.catalogs.close())
	}
	if n.spill != nil {
		errs = append(errs, n.spill.Close())
	}
	if n.pool != nil {
		if err := n.pool.Close(); err != nil {
			errs = append(errs, fmt.Errorf("at shutdown: %w", err))
		}
	}
	if n.tempData != "" {
		errs = append(errs, os.RemoveAll(n.tempData))
	}
	return errors.Join(errs...)
}
