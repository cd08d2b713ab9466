package mempool

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// ErrRevoked is what Revocable.Ensure returns when its owner has to spill
// first and ask again.
var ErrRevoked = errors.New("memory was revoked: spill and retry")

// Waiting for memory ends after these times with 53200: for owners that were
// asked to spill, and for other queries that may end.
const (
	spillWaitMax  = 30 * time.Second
	othersWaitMax = 30 * time.Second
	// revocableMin is the least that is worth a spill file.
	revocableMin = 16 << 10
)

// registry is what the pools of one node share.
type registry struct {
	mu      sync.Mutex
	queries map[string]*Pool
	members map[*Revocable]struct{}
	waiters atomic.Int32
	freed   chan struct{} // closed when memory came back while somebody waits
}

func newRegistry() *registry {
	return &registry{queries: map[string]*Pool{}, members: map[*Revocable]struct{}{}, freed: make(chan struct{})}
}

// wake tells those who wait that memory came back.
func (g *registry) wake() {
	if g.waiters.Load() == 0 {
		return
	}
	g.mu.Lock()
	close(g.freed)
	g.freed = make(chan struct{})
	g.mu.Unlock()
}

func (g *registry) signal() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.freed
}

// Revocable is the memory of one sink that can go to disk. Whoever needs
// memory calls spill while the owner is outside of Enter and Leave (blocked on
// its input, waiting at a barrier), and asks the owner otherwise.
type Revocable struct {
	pool  *Pool
	spill func() error
	mu    sync.Mutex // held between Enter and Leave, and while spilling
	bytes atomic.Int64
	asked atomic.Bool
	waits atomic.Bool // the owner waits for memory: it will free none
	err   error       // of a spill on behalf of others; guarded by mu
}

// Revocable registers memory charged to p. spill writes what it can to disk
// and frees it; it is called with the owner outside of Enter and Leave, or by
// them, never twice at once.
func (p *Pool) Revocable(spill func() error) *Revocable {
	r := &Revocable{pool: p, spill: spill}
	p.root.mu.Lock()
	p.root.members[r] = struct{}{}
	p.root.mu.Unlock()
	return r
}

// Close withdraws the memory from revocation. The owner calls it outside of
// Enter and Leave; afterwards spill is not called any more.
func (r *Revocable) Close() {
	r.pool.root.mu.Lock()
	delete(r.pool.root.members, r)
	r.pool.root.mu.Unlock()
	r.mu.Lock() // a spill under way ends first
	r.bytes.Store(0)
	r.mu.Unlock()
}

// SetBytes says how much spill would free.
func (r *Revocable) SetBytes(n int) { r.bytes.Store(int64(n)) }

// Enter begins work of the owner on the memory and honours a request first.
func (r *Revocable) Enter() error {
	r.mu.Lock()
	if r.asked.Load() {
		r.run()
	}
	if r.err != nil {
		err := r.err
		r.mu.Unlock()
		return err
	}
	return nil
}

// Leave ends it and honours a request that came meanwhile.
func (r *Revocable) Leave() error {
	if r.asked.Load() {
		r.run()
	}
	err := r.err
	r.mu.Unlock()
	return err
}

func (r *Revocable) run() {
	r.asked.Store(false)
	if r.err != nil || r.bytes.Load() == 0 {
		return
	}
	r.err = r.spill()
	r.pool.root.wake()
}

// Asked reports whether somebody wants the memory back.
func (r *Revocable) Asked() bool { return r.asked.Load() }

// Ensure makes sure, within Enter and Leave, that the pool can give n bytes
// without waiting. ErrRevoked asks the owner to spill what it has and to call
// again; it is returned only when SetBytes announced something to free.
func (r *Revocable) Ensure(n int) error {
	p := r.pool
	p.keep.Store(int64(n))
	if p.credit.Load() >= int64(n) {
		return nil
	}
	if r.asked.Load() && r.bytes.Load() >= revocableMin {
		r.asked.Store(false)
		return ErrRevoked
	}
	p.trim(0) // who waits for memory keeps none in reserve
	r.waits.Store(true)
	err := p.extend(int64(n), r)
	r.waits.Store(false)
	if err != nil {
		return err
	}
	p.credit.Add(int64(n))
	return nil
}

// reclaim gets n bytes that p or a pool above it refused: from the largest
// revocable memory of the same query, then of others, then by waiting.
func (p *Pool) reclaim(n int64, self *Revocable) error {
	g := p.root
	g.waiters.Add(1)
	defer g.waiters.Add(-1)
	for {
		freed := g.signal()
		full := p.take(n, self != nil)
		if full == nil {
			return nil
		}
		state := g.revoke(p, full, self)
		if state == freedSome {
			continue
		}
		if state == spillSelf {
			return ErrRevoked
		}
		if state == nothing && !full.othersHold(p, n) {
			return full.refused(p, n)
		}
		// The time begins anew whenever memory comes back: others get on.
		if err := p.wait(freed, time.After(waitMax(state))); err != nil {
			if errors.Is(err, errWaited) {
				return full.refused(p, n)
			}
			return err
		}
	}
}

func waitMax(s revoked) time.Duration {
	if s == nothing {
		return othersWaitMax
	}
	return spillWaitMax
}

var errWaited = errors.New("waited long enough")

func (p *Pool) wait(freed <-chan struct{}, timeout <-chan time.Time) error {
	if p.block != nil {
		p.block.Block()
		defer p.block.Unblock()
	}
	select {
	case <-freed:
		return nil
	case <-timeout:
		return errWaited
	case <-p.ctx.Done():
		return context.Cause(p.ctx)
	}
}

// othersHold reports whether p's reservation was refused by the node while
// other queries hold memory that may come back.
func (p *Pool) othersHold(by *Pool, n int64) bool {
	if p.parent != nil || by.query == nil {
		return false
	}
	return p.used.Load()-by.query.used.Load() >= n
}

func (p *Pool) refused(by *Pool, n int64) error {
	what := "query"
	if p.parent == nil {
		what = "node"
	}
	return sqlerr.New(sqlerr.OutOfMemory, "memory limit of the %s reached: %s needs %d bytes more, %d of %d are in use",
		what, by.name, n, p.used.Load(), p.limit.Load()).WithHint("%s", p.hint)
}

type revoked uint8

const (
	nothing   revoked = iota // there is no revocable memory
	asked                    // owners were asked to spill
	freedSome                // memory was spilled
	spillSelf                // the caller should spill its own
)

// revoke spills the largest revocable memory below full whose owner is not at
// work, of by's query first; or asks the owner. An owner at work may have
// something to give when it is done, unless it waits itself.
func (g *registry) revoke(by, full *Pool, self *Revocable) revoked {
	state := nothing
	for _, r := range g.candidates(by, full) {
		large := r.bytes.Load() >= revocableMin
		if r == self {
			if large {
				return spillSelf
			}
			continue
		}
		if r.pool == by {
			continue // the caller is its owner, at work
		}
		if !r.mu.TryLock() {
			if large { // one that waits is told to spill itself, too
				r.asked.Store(true)
			}
			if large || !r.waits.Load() {
				state = asked
			}
			continue
		}
		if large && r.err == nil {
			r.run()
			r.mu.Unlock()
			return freedSome
		}
		r.mu.Unlock()
	}
	return state
}

func (g *registry) candidates(by, full *Pool) []*Revocable {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []*Revocable
	for r := range g.members {
		if r.pool.below(full) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *Revocable) int {
		if own, other := a.pool.query == by.query, b.pool.query == by.query; own != other {
			if own {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.bytes.Load(), a.bytes.Load())
	})
	return out
}

func (p *Pool) below(q *Pool) bool {
	for ; p != nil; p = p.parent {
		if p == q {
			return true
		}
	}
	return false
}
