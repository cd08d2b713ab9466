// Package cluster owns membership and liveness: which nodes there are, which
// are alive, and who asks to be told of a death. Workers announce themselves
// here, the scheduler picks nodes here. It knows no queries beyond their ids.
package cluster

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/exec/rpc"
)

// Options configure Members.
type Options struct {
	Clock spi.Clock
	Nodes *rpc.Nodes
	Log   *slog.Logger
	// Lease is how long a node may be silent before it counts as dead, and how
	// long its tasks live without a heartbeat.
	Lease time.Duration
	Self  rpc.Info // this coordinator; its worker takes pinned splits
	// SelfWorks lets this node take ordinary work too (role all).
	SelfWorks bool
	// Queries lists the ids whose tasks a heartbeat keeps alive.
	Queries func() []string
}

// Node is a member as the scheduler sees it. A restarted process is another Node.
type Node struct {
	Info  rpc.Info
	Tasks rpc.Tasks
	Self  bool

	mu    sync.Mutex
	seen  time.Time
	dead  chan struct{}
	cause error
}

// Dead is closed when the node is given up.
func (n *Node) Dead() <-chan struct{} { return n.dead }

// Cause says why the node was given up.
func (n *Node) Cause() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.cause
}

func (n *Node) kill(cause error) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cause != nil {
		return false
	}
	n.cause = cause
	close(n.dead)
	return true
}

func (n *Node) touch(now time.Time, i *rpc.Info) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.seen = now
	addr := n.Info.Addr
	n.Info = *i
	n.Info.Addr = addr
}

func (n *Node) snapshot() (rpc.Info, time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.Info, n.seen
}

// Members is the coordinator's view of the cluster. Safe for concurrent use.
type Members struct {
	o      Options
	mu     sync.Mutex
	nodes  map[string]*Node // by node id
	joined chan struct{}    // closed and renewed when a node comes
	beats  sync.WaitGroup
}

var _ rpc.Cluster = (*Members)(nil)

// New returns the membership with this node as its first member.
func New(o Options, self rpc.Tasks) *Members {
	m := &Members{o: o, nodes: map[string]*Node{}, joined: make(chan struct{})}
	m.nodes[o.Self.ID] = &Node{Info: o.Self, Tasks: self, Self: true, seen: o.Clock.Now(), dead: make(chan struct{})}
	return m
}

// Announce implements rpc.Cluster.
func (m *Members) Announce(_ context.Context, i *rpc.Info) error {
	if i.Version != m.o.Self.Version {
		return sqlerr.New(sqlerr.ObjectNotInState, "node %s runs version %s, the coordinator %s", i.ID, i.Version, m.o.Self.Version)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := m.nodes[i.ID]; n != nil {
		select {
		case <-n.dead: // it was given up but speaks again: its tasks are gone, a new life begins
		default:
			n.touch(m.o.Clock.Now(), i)
			return nil
		}
	}
	for _, n := range m.nodes {
		if info, _ := n.snapshot(); info.Addr == i.Addr && !n.Self && info.ID != i.ID {
			n.kill(sqlerr.New(sqlerr.ConnectionFailure, "node %s was replaced by %s at %s", info.ID, i.ID, i.Addr))
		}
	}
	t, err := m.o.Nodes.Tasks(i.Addr)
	if err != nil {
		return err
	}
	m.nodes[i.ID] = &Node{Info: *i, Tasks: t, seen: m.o.Clock.Now(), dead: make(chan struct{})}
	m.o.Log.Info("node joined", "node", i.ID, "addr", i.Addr)
	close(m.joined)
	m.joined = make(chan struct{})
	return nil
}

// Self returns this coordinator's own node.
func (m *Members) Self() *Node {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.nodes[m.o.Self.ID]
}

// All lists every node that has not been given up, by id.
func (m *Members) All() []*Node {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []*Node
	for _, n := range m.nodes {
		select {
		case <-n.dead:
		default:
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b *Node) int { return strings.Compare(a.Info.ID, b.Info.ID) })
	return out
}

// Workers lists the nodes that take new work: alive, not draining, of this version.
func (m *Members) Workers() []*Node {
	return slices.DeleteFunc(m.All(), func(n *Node) bool {
		info, _ := n.snapshot()
		return info.Draining || n.Self && !m.o.SelfWorks
	})
}

// AwaitWorkers returns Workers as soon as there is one, or 53000 after wait.
func (m *Members) AwaitWorkers(ctx context.Context, wait time.Duration) ([]*Node, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	timeout := m.o.Clock.After(ctx, wait)
	for {
		m.mu.Lock()
		joined := m.joined
		m.mu.Unlock()
		if w := m.Workers(); len(w) > 0 {
			return w, nil
		}
		select {
		case <-joined:
		case <-timeout:
			return nil, sqlerr.New(sqlerr.InsufficientResources, "no worker is alive").
				WithHint("start one with: muster server --role worker --coordinator %s", m.o.Self.Addr)
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// Suspect asks a node at once whether it lives, after a call to it failed. It
// returns true when the node has been given up.
func (m *Members) Suspect(ctx context.Context, n *Node) bool {
	if n.Self {
		return false
	}
	for range 2 {
		err := m.beat(ctx, n, time.Second)
		if err == nil {
			return false
		}
		if !rpc.IsUnreachable(err) {
			break
		}
	}
	if ctx.Err() != nil {
		return false
	}
	info, seen := n.snapshot()
	if m.o.Clock.Now().Sub(seen) > m.o.Lease || m.refused(ctx, n) {
		m.giveUp(n, sqlerr.New(sqlerr.ConnectionFailure, "node %s at %s does not answer", info.ID, info.Addr))
	}
	select {
	case <-n.dead:
		return true
	default:
		return false
	}
}

// refused reports whether the node's process is gone: a hung one times out instead.
func (m *Members) refused(ctx context.Context, n *Node) bool {
	return rpc.IsUnreachable(m.beat(ctx, n, time.Second))
}

func (m *Members) giveUp(n *Node, cause error) {
	if n.kill(cause) {
		info, _ := n.snapshot()
		m.o.Log.Warn("node given up", "node", info.ID, "addr", info.Addr, "cause", cause)
		m.o.Nodes.Forget(info.Addr)
	}
}

func (m *Members) beat(ctx context.Context, n *Node, timeout time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errors.New("heartbeat timed out"))
	defer cancel()
	i, err := n.Tasks.Renew(ctx, &rpc.Renew{Coordinator: m.o.Self.ID, Queries: m.o.Queries(), Lease: m.o.Lease})
	if err == nil {
		n.touch(m.o.Clock.Now(), i)
	}
	return err
}

// Run sends heartbeats until ctx ends.
func (m *Members) Run(ctx context.Context) {
	defer m.beats.Wait()
	every := m.o.Lease / 5
	for {
		for _, n := range m.All() {
			m.beats.Go(func() { m.keep(ctx, n, every) })
		}
		select {
		case <-m.o.Clock.After(ctx, every):
		case <-ctx.Done():
			return
		}
	}
}

// keep renews a node's leases once and gives the node up when it has been
// silent for longer than the lease.
func (m *Members) keep(ctx context.Context, n *Node, every time.Duration) {
	err := m.beat(ctx, n, max(every, time.Second))
	if err == nil || ctx.Err() != nil || n.Self {
		return
	}
	info, seen := n.snapshot()
	if m.o.Clock.Now().Sub(seen) > m.o.Lease {
		m.giveUp(n, sqlerr.Wrap(sqlerr.ConnectionFailure, err, "node %s at %s has been silent for %v", info.ID, info.Addr, m.o.Lease))
	}
}

// Report returns what the node last said of itself.
func (n *Node) Report() rpc.Info {
	i, _ := n.snapshot()
	return i
}
