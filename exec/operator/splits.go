package operator

import (
	"context"
	"sync"

	"github.com/muster-sql/muster/connectors/spi"
)

// Splits is the queue of the splits of one scan of a task. Drivers take the
// next one when they are free; more may arrive until the last.
type Splits struct {
	mu      sync.Mutex
	queue   []spi.Split
	last    bool
	changed chan struct{}
	taken   int
}

// NewSplits returns an empty queue.
func NewSplits() *Splits { return &Splits{changed: make(chan struct{})} }

// Add appends splits; last says that no more will come. Splits after the last
// are dropped.
func (q *Splits) Add(s []spi.Split, last Last) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.last {
		return
	}
	q.queue = append(q.queue, s...)
	q.last = bool(last)
	q.signal()
}

// Last says whether more splits may come.
type Last bool

func (q *Splits) signal() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// Drop forgets what is queued: nobody needs more.
func (q *Splits) Drop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.queue, q.last = nil, true
	q.signal()
}

// Queued returns the number of splits that no driver has taken.
func (q *Splits) Queued() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.queue)
}

// Taken returns the number of splits that drivers have taken.
func (q *Splits) Taken() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.taken
}

// try takes a split if there is one; ended says that none will come; otherwise
// changed is closed when that may have changed.
func (q *Splits) try() (s spi.Split, ok, ended bool, changed <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.queue) == 0 {
		return spi.Split{}, false, q.last, q.changed
	}
	s, q.queue = q.queue[0], q.queue[1:]
	q.taken++
	return s, true, false, nil
}

// take waits for a split; ok is false at the end.
func (q *Splits) take(ctx context.Context, slot Slot) (s spi.Split, ok bool, err error) {
	for {
		s, ok, ended, changed := q.try()
		if ok || ended {
			return s, ok, nil
		}
		slot.Block()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		slot.Unblock()
		if ctx.Err() != nil {
			return s, false, context.Cause(ctx)
		}
	}
}

// Slot is a driver's share of the CPU, given up around everything that waits.
type Slot interface {
	Block()
	Unblock()
}

// NoSlot is a Slot for tests and tools: nothing is shared.
type NoSlot struct{}

// Block implements Slot.
func (NoSlot) Block() {}

// Unblock implements Slot.
func (NoSlot) Unblock() {}
