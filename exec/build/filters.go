package build

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/exec/operator"
	"github.com/muster-sql/muster/exec/plan"
)

// Filters holds the dynamic filters that a fragment publishes or obeys. Safe
// for concurrent use.
type Filters struct {
	mu        sync.Mutex
	sets      map[string]domain.Set
	own       map[string]bool // published by a join of this fragment
	published []string
	await     []string
	version   uint64
	news      chan struct{}
	onPublish func()
}

// Filter is a dynamic filter by name.
type Filter struct {
	Name string
	Set  domain.Set
}

func newFilters(await []string) *Filters {
	return &Filters{await: await, sets: map[string]domain.Set{}, own: map[string]bool{}, news: make(chan struct{})}
}

func (f *Filters) declare(root plan.Node) {
	plan.Walk(root, func(n plan.Node) {
		if j, ok := n.(*plan.Join); ok {
			for _, d := range j.Dyn {
				f.own[d.Filter] = true
			}
		}
	})
}

// OnPublish calls do after each filter that a join of the fragment publishes.
func (f *Filters) OnPublish(do func()) { f.onPublish = do }

// Publish makes a set known that a join of this fragment has built.
func (f *Filters) publish(name string, set domain.Set) {
	f.set(name, set)
	f.mu.Lock()
	f.published = append(f.published, name)
	f.mu.Unlock()
	if f.onPublish != nil {
		f.onPublish()
	}
}

// Deliver makes a complete set known that came from elsewhere.
func (f *Filters) Deliver(x Filter) { f.set(x.Name, x.Set) }

func (f *Filters) set(name string, set domain.Set) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if have, ok := f.sets[name]; ok && f.own[name] {
		set = have.Intersect(set) // of all partitions: it contains the own one
	}
	f.sets[name] = set
	f.version++
	close(f.news)
	f.news = make(chan struct{})
}

// Published lists what the joins of this fragment have built.
func (f *Filters) Published() []Filter {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []Filter
	for _, n := range f.published {
		out = append(out, Filter{n, f.sets[n]})
	}
	return out
}

// dynamicSource reads one filter.
type dynamicSource struct {
	f    *Filters
	name string
}

// Set implements operator.DynamicSource.
func (s dynamicSource) Set() (domain.Set, uint64) {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	set, ok := s.f.sets[s.name]
	if !ok {
		return domain.Set{}, 0
	}
	return set, s.f.version
}

func (f *Filters) source(name string) operator.DynamicSource { return dynamicSource{f, name} }

// live is the filters of a scan by table column, for its connector.
func (f *Filters) live(n *plan.Scan) spi.LiveFilter {
	if len(n.Dyn) == 0 {
		return nil
	}
	return &liveFilter{f: f, uses: n.Dyn}
}

type liveFilter struct {
	f    *Filters
	uses []plan.DynUse
}

var _ spi.LiveFilter = (*liveFilter)(nil)

// Current implements spi.LiveFilter.
func (l *liveFilter) Current() (domain.Tuple, uint64) {
	l.f.mu.Lock()
	defer l.f.mu.Unlock()
	t, seen := domain.Tuple{}, uint64(0)
	for _, u := range l.uses {
		if set, ok := l.f.sets[u.Filter]; ok && u.Table >= 0 {
			t = t.Intersect(domain.Tuple{u.Table: set})
			seen = l.f.version
		}
	}
	return t, seen
}

// Wait implements spi.LiveFilter.
func (l *liveFilter) Wait(ctx context.Context, newerThan uint64) bool {
	for {
		_, v := l.Current()
		l.f.mu.Lock()
		missing, news := l.missing(), l.f.news
		l.f.mu.Unlock()
		if v > newerThan {
			return true
		}
		if !missing {
			return false
		}
		select {
		case <-news:
		case <-ctx.Done():
			return false
		}
	}
}

// missing reports whether some filter has not come. f.mu is held.
func (l *liveFilter) missing() bool {
	for _, u := range l.uses {
		if _, ok := l.f.sets[u.Filter]; !ok {
			return true
		}
	}
	return false
}

// filterWait bounds how long a scan waits for a filter of another stage before
// it reads the first row.
const filterWait = time.Second

// awaiting makes a scan wait for the filters of other stages.
func (f *Filters) awaiting(scan operator.Operator, n *plan.Scan, slot operator.Slot) operator.Operator {
	var uses []plan.DynUse
	for _, u := range n.Dyn {
		if !f.own[u.Filter] && slices.Contains(f.await, u.Filter) {
			uses = append(uses, u)
		}
	}
	if len(uses) == 0 {
		return scan
	}
	return &awaitFilters{Operator: scan, live: &liveFilter{f: f, uses: uses}, slot: slot}
}

type awaitFilters struct {
	operator.Operator
	live   *liveFilter
	slot   operator.Slot
	waited bool
}

// Next implements operator.Operator.
func (a *awaitFilters) Next(ctx context.Context) (*page.Page, error) {
	if !a.waited {
		a.waited = true
		a.wait(ctx)
	}
	return a.Operator.Next(ctx)
}

func (a *awaitFilters) wait(ctx context.Context) {
	a.slot.Block()
	defer a.slot.Unblock()
	ctx, stop := context.WithTimeout(ctx, filterWait)
	defer stop()
	for {
		a.live.f.mu.Lock()
		missing, news := a.live.missing(), a.live.f.news
		a.live.f.mu.Unlock()
		if !missing {
			return
		}
		select {
		case <-news:
		case <-ctx.Done():
			return
		}
	}
}
