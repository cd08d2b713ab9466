// Package mempool owns the memory budget: a tree of pools (node, query, task,
// operator) that lend page buffers and charge for them, the revocation of
// memory that operators can write to disk, and the spill files they write.
// Operators, exchanges and connectors allocate from it. It knows no operators.
package mempool

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// The quantum is what a pool asks of its parent at once, so that the shared
// counters are touched once per 64 KiB and not once per buffer. Under a small
// limit it is smaller, so that idle credit does not use the limit up.
const (
	quantumMax   = 64 << 10
	quantumMin   = 1 << 10
	quantumShare = 512 // of the limit
)

func quantumOf(limitBytes int64) int64 {
	if limitBytes <= 0 {
		return quantumMax
	}
	return min(max(limitBytes/quantumShare, quantumMin), quantumMax)
}

// Pool charges bytes to itself and all its ancestors. It implements page.Pool
// and is safe for concurrent use.
type Pool struct {
	name   string
	parent *Pool
	root   *registry // shared by the whole tree
	query  *Pool     // the query this pool belongs to; itself for a query; nil for the node
	ctx    context.Context
	block  Blocker
	hint   string
	unit   int64 // the quantum
	refs   int   // of a query pool, guarded by root.mu

	refuse func() error // of tests

	credit  atomic.Int64 // taken from the ancestors and not in use
	keep    atomic.Int64 // credit that Free leaves alone (Ensure)
	mu      sync.Mutex
	granted int64 // taken by this pool itself, credit included; guarded by mu

	closed atomic.Bool
	limit  atomic.Int64 // 0: none
	used   atomic.Int64 // taken by this pool and all below it
	peak   atomic.Int64
}

var _ page.Pool = (*Pool)(nil)

// Blocker gives up a scarce resource, a CPU slot, while its owner waits.
type Blocker interface {
	Block()
	Unblock()
}

// Options configure the pool of a node.
type Options struct {
	Name       string
	LimitBytes int64  // 0: none
	Hint       string // how to raise the limit, for the client
}

// NewNode returns the root of a tree of pools.
func NewNode(o Options) *Pool {
	p := &Pool{name: o.Name, ctx: context.Background(), hint: o.Hint, root: newRegistry(), unit: quantumOf(o.LimitBytes)}
	if p.hint == "" {
		p.hint = "give the server more memory (--memory), or run fewer queries at once"
	}
	p.limit.Store(o.LimitBytes)
	return p
}

// QueryOptions configure the pool of a query.
type QueryOptions struct {
	ID         string
	LimitBytes int64
	Hint       string
}

// Query returns the pool of a query on this node, the same one for all of its
// tasks; each call needs one Close. Waiting for memory ends with ctx.
func (p *Pool) Query(ctx context.Context, o QueryOptions) *Pool {
	p.root.mu.Lock()
	defer p.root.mu.Unlock()
	if q := p.root.queries[o.ID]; q != nil && o.ID != "" {
		q.refs++
		return q
	}
	q := p.child(o.ID)
	q.query, q.ctx, q.hint, q.refs = q, ctx, o.Hint, 1
	if q.hint == "" {
		q.hint = "SET query_memory_max to a larger value, or let the query spill (SET spill = on)"
	}
	q.unit = min(p.unit, quantumOf(o.LimitBytes))
	q.limit.Store(o.LimitBytes)
	p.root.queries[o.ID] = q
	return q
}

func (p *Pool) child(name string) *Pool {
	return &Pool{name: name, parent: p, root: p.root, query: p.query, ctx: p.ctx, block: p.block, hint: p.hint, refuse: p.refuse, unit: p.unit}
}

// Child returns a pool below p.
func (p *Pool) Child(name string) *Pool { return p.child(name) }

// ForTask returns a pool below p whose waits end with ctx.
func (p *Pool) ForTask(ctx context.Context, name string) *Pool {
	c := p.child(name)
	c.ctx = ctx
	return c
}

// ForDriver returns a pool below p whose waits give up b meanwhile.
func (p *Pool) ForDriver(name string, b Blocker) *Pool {
	c := p.child(name)
	c.block = b
	return c
}

// Name returns the pool's name; Used the bytes charged to it and all below,
// cached credit included; Peak the most there was.
func (p *Pool) Name() string { return p.name }

// Used returns the bytes charged to the pool and all below it.
func (p *Pool) Used() int64 { return p.used.Load() }

// Peak returns the most bytes that were charged at once.
func (p *Pool) Peak() int64 { return p.peak.Load() }

// Limit returns the limit, 0 for none; SetLimit changes it for what comes.
func (p *Pool) Limit() int64 { return p.limit.Load() }

// SetLimit changes the limit for reservations from now on; 0 is none.
func (p *Pool) SetLimit(bytes int64) { p.limit.Store(bytes) }

// Alloc implements page.Pool.
func (p *Pool) Alloc(n int) (*page.Buffer, error) {
	if err := p.Reserve(page.BufferSize(n)); err != nil {
		return nil, err
	}
	return page.NewBuffer(n, p), nil
}

// Reserve implements page.Pool.
func (p *Pool) Reserve(n int) error {
	if p.refuse != nil {
		if err := p.refuse(); err != nil {
			return err
		}
	}
	if p.spend(int64(n)) {
		return nil
	}
	return p.extend(int64(n), nil)
}

// spend takes n from the credit if there is enough.
func (p *Pool) spend(n int64) bool {
	if p.credit.Add(-n) >= 0 {
		return true
	}
	p.credit.Add(n)
	return false
}

// Free implements page.Pool.
func (p *Pool) Free(n int) {
	c := p.credit.Add(int64(n))
	if p.closed.Load() { // what outlives its pool, a dictionary in an exchange, goes straight back
		p.trim(0)
		return
	}
	if keep := p.keep.Load() + 2*p.unit; c > keep {
		p.trim(p.keep.Load() + p.unit)
	}
}

// trim gives credit beyond keep back to the ancestors.
func (p *Pool) trim(keep int64) {
	p.mu.Lock()
	c := p.credit.Load()
	back := c - keep
	if back <= 0 || !p.credit.CompareAndSwap(c, keep) {
		p.mu.Unlock()
		return
	}
	p.granted -= back
	p.mu.Unlock()
	p.giveBack(back)
}

// extend takes n more from the ancestors and spends it. self is the caller's
// own revocable memory, nil for callers that cannot spill where they are.
func (p *Pool) extend(n int64, self *Revocable) error {
	if full := p.take(max(n, p.unit), self != nil); full == nil {
		p.credit.Add(max(n, p.unit) - n)
		p.addGranted(max(n, p.unit))
		return nil
	}
	if p.take(n, self != nil) != nil {
		if err := p.reclaim(n, self); err != nil {
			return err
		}
	}
	p.addGranted(n)
	return nil
}

func (p *Pool) addGranted(n int64) {
	p.mu.Lock()
	p.granted += n
	p.mu.Unlock()
}

// transientShare is the share of a limit that rows which are kept leave to
// pages on their way: who probes or merges, and will free memory when done,
// is not stopped by those who gather.
const transientShare = 8

func (p *Pool) limitFor(kept bool) int64 {
	limit := p.limit.Load()
	if kept {
		limit -= limit / transientShare
	}
	return limit
}

// take charges n to p and its ancestors and returns the one that is full, or nil.
// kept says that the memory stays until its owner spills or ends.
func (p *Pool) take(n int64, kept bool) *Pool {
	for q := p; q != nil; q = q.parent {
		u := q.used.Add(n)
		if limit := q.limitFor(kept); limit > 0 && u > limit {
			for r := p; ; r = r.parent {
				r.used.Add(-n)
				if r == q {
					return q
				}
			}
		}
	}
	p.raisePeaks()
	return nil
}

// Force charges n bytes even beyond the limits: for the little memory that is
// needed to give more back. Free returns them.
func (p *Pool) Force(n int) {
	if p.spend(int64(n)) {
		return
	}
	for q := p; q != nil; q = q.parent {
		q.used.Add(int64(n))
	}
	p.raisePeaks()
	p.addGranted(int64(n))
}

func (p *Pool) raisePeaks() {
	for q := p; q != nil; q = q.parent {
		for u := q.used.Load(); ; {
			m := q.peak.Load()
			if u <= m || q.peak.CompareAndSwap(m, u) {
				break
			}
		}
	}
}

func (p *Pool) giveBack(n int64) {
	for q := p; q != nil; q = q.parent {
		q.used.Add(-n)
	}
	p.root.wake()
}

// InUse returns the bytes that p's own users hold, without credit and children.
func (p *Pool) InUse() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.granted - p.credit.Load()
}

// Close gives the pool's credit back and reports bytes that were not freed,
// here or below. A query's pool closes with its last user.
func (p *Pool) Close() error {
	if p.query == p && p.parent != nil {
		p.root.mu.Lock()
		p.refs--
		last := p.refs == 0
		if last {
			delete(p.root.queries, p.name)
		}
		p.root.mu.Unlock()
		if !last {
			return nil
		}
	}
	p.keep.Store(0)
	p.closed.Store(true)
	p.trim(0)
	if left := p.used.Load(); left != 0 {
		return sqlerr.Internalf("memory pool was closed with bytes in use: %s holds %d", p.path(), left)
	}
	return nil
}

func (p *Pool) path() string {
	if p.parent == nil {
		return p.name
	}
	return p.parent.path() + "/" + p.name
}

// QueryLimit returns the least limit that p is under, of its query or of the
// node; 0 none.
func (p *Pool) QueryLimit() int64 {
	least := int64(0)
	for q := p; q != nil; q = q.parent {
		if l := q.limit.Load(); l > 0 && (least == 0 || l < least) {
			least = l
		}
	}
	return least
}

// OnReserve makes f decide about every reservation of p's descendants that are
// made afterwards, before the limits do: a test's way to refuse the n-th one.
func (p *Pool) OnReserve(f func() error) { p.refuse = f }

// Overdraft returns a pool that charges p and never refuses: for the little
// memory that spilling itself needs.
func (p *Pool) Overdraft() page.Pool { return overdraft{p} }

type overdraft struct{ p *Pool }

// Alloc implements page.Pool.
func (o overdraft) Alloc(n int) (*page.Buffer, error) {
	o.p.Force(page.BufferSize(n))
	return page.NewBuffer(n, o.p), nil
}

// Reserve implements page.Pool.
func (o overdraft) Reserve(n int) error {
	o.p.Force(n)
	return nil
}

// Free implements page.Pool.
func (o overdraft) Free(n int) { o.p.Free(n) }

// Available reports whether n bytes could be reserved now, without revoking or
// waiting for others.
func (p *Pool) Available(n int) bool {
	need := int64(n) - p.credit.Load()
	if need <= 0 {
		return true
	}
	if p.take(need, true) != nil {
		return false
	}
	p.giveBack(need)
	return true
}

// QueryLimit returns the limit of a query on a node that allows each query most
// bytes, 0 all; the session may set query_memory_max lower.
func QueryLimit(most int64, s *spi.Session) int64 {
	own, err := spi.ParseBytes(s.Settings["query_memory_max"])
	if err == nil && own > 0 && (most == 0 || own < most) {
		return own
	}
	return most
}
