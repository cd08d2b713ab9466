package scheduler

import (
	"context"
	"sync"
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/exec/rpc"
)

// sendMax bounds a call that hands something to a task.
const sendMax = 10 * time.Second

// filter is a dynamic filter on its way from the tasks of its join's stage to
// scans of other stages.
type filter struct {
	name string
	from *stage
	any  bool // one task's values are all values: the build side was broadcast
	got  map[*task]domain.Set
	set  *domain.Set // complete
}

// addFilters notes which stage publishes which filters.
func (r *Run) addFilters(j *plan.Join, st *stage) {
	for _, d := range j.Dyn {
		r.filters[d.Filter] = &filter{
			name: d.Filter, from: st, any: j.Dist == plan.DistBroadcast, got: map[*task]domain.Set{},
		}
	}
}

// collectFilters merges what a task has published and delivers what is complete.
func (r *Run) collectFilters(st *stage, t *task, published []rpc.Filter) error {
	for _, p := range published {
		f := r.filters[p.Name]
		if f == nil || f.set != nil || f.from != st {
			continue
		}
		f.got[t] = p.Set
		if len(f.got) < len(st.tasks) && !f.any {
			continue
		}
		var all *domain.Set
		for _, s := range f.got {
			if all == nil {
				c := s
				all = &c
			} else {
				u := all.Union(s)
				all = &u
			}
		}
		f.set = all
		for _, other := range r.order {
			if err := r.deliver(f, other); err != nil {
				return err
			}
		}
	}
	return nil
}

// deliver sends a complete filter to the tasks of a stage that scans with it,
// and narrows the enumeration of its splits.
func (r *Run) deliver(f *filter, st *stage) error {
	if !usesFilter(st, f.name) {
		return nil
	}
	for _, fd := range st.feeds {
		fd.live.publish(f.name, *f.set)
	}
	if st == f.from && len(st.tasks) == 1 {
		return nil // it published to itself
	}
	for _, t := range st.tasks {
		if t.node == nil {
			continue
		}
		ctx, stop := context.WithTimeout(r.ctx, sendMax)
		err := t.node.Tasks.SetFilters(ctx, t.id, []rpc.Filter{{Name: f.name, Set: *f.set}})
		stop()
		if err != nil && r.ctx.Err() != nil {
			return context.Cause(r.ctx)
		}
	}
	return nil
}

func usesFilter(st *stage, name string) bool {
	for _, sc := range st.scans {
		for _, d := range sc.Dyn {
			if d.Filter == name {
				return true
			}
		}
	}
	return false
}

func (r *Run) resendFilters(st *stage, t *task) error {
	for _, f := range r.filters {
		if f.set != nil && usesFilter(st, f.name) {
			ctx, stop := context.WithTimeout(r.ctx, sendMax)
			_ = t.node.Tasks.SetFilters(ctx, t.id, []rpc.Filter{{Name: f.name, Set: *f.set}})
			stop()
		}
	}
	return nil
}

// resetFilters forgets what restarted tasks had published and what was not
// complete. Complete filters stay: the same snapshot gives the same values; a
// source without snapshots gives none.
func (r *Run) resetFilters(again map[*task]bool) {
	for _, f := range r.filters {
		for t := range again {
			delete(f.got, t)
		}
	}
}

// liveFilter narrows the enumeration of a scan's splits.
type liveFilter struct {
	scan    *plan.Scan
	mu      sync.Mutex
	tuple   domain.Tuple
	version uint64
	left    int // filters that have not come
	news    chan struct{}
}

var _ spi.LiveFilter = (*liveFilter)(nil)

func newLiveFilter(sc *plan.Scan) *liveFilter {
	return &liveFilter{scan: sc, tuple: domain.Tuple{}, left: len(sc.Dyn), news: make(chan struct{})}
}

func (l *liveFilter) publish(name string, set domain.Set) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.scan.Dyn {
		if d.Filter == name {
			l.left--
			if d.Table >= 0 {
				l.tuple = l.tuple.Intersect(domain.Tuple{d.Table: set})
			}
			l.version++
		}
	}
	close(l.news)
	l.news = make(chan struct{})
}

// Current implements spi.LiveFilter.
func (l *liveFilter) Current() (domain.Tuple, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tuple, l.version
}

// Wait implements spi.LiveFilter.
func (l *liveFilter) Wait(ctx context.Context, newerThan uint64) bool {
	for {
		l.mu.Lock()
		version, left, news := l.version, l.left, l.news
		l.mu.Unlock()
		switch {
		case version > newerThan:
			return true
		case left == 0:
			return false
		}
		select {
		case <-news:
		case <-ctx.Done():
			return false
		}
	}
}
