// Package admission owns the queue in front of execution: how many queries run
// at once and how many may wait. query.Manager asks it; it knows no queries.
package admission

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// Queue admits a bounded number of queries, first come, first served, and lets
// a bounded number wait. Safe for concurrent use.
type Queue struct {
	running chan struct{}
	waiting chan struct{}
}

// New returns a queue that lets running queries run and waiting ones wait.
func New(running, waiting int) *Queue {
	return &Queue{running: make(chan struct{}, max(running, 1)), waiting: make(chan struct{}, max(waiting, 1))}
}

// Acquire waits for leave to run; release, called once, gives it back. A full
// queue is 53300 at once.
func (q *Queue) Acquire(ctx context.Context) (release func(), err error) {
	select {
	case q.waiting <- struct{}{}:
	default:
		return nil, sqlerr.New(sqlerr.TooManyConnections, "too many queries are waiting: %d", cap(q.waiting)).
			WithHint("try again later, or raise queries_queued_max")
	}
	defer func() { <-q.waiting }()
	select {
	case q.running <- struct{}{}:
		return func() { <-q.running }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
