// Package exchange owns the movement of pages between tasks: partitioning,
// buffers, back-pressure, attempts and the frame format. exec puts pages in
// and takes them out; exec/rpc carries frames between processes. It knows no
// plans and no scheduler.
package exchange

import (
	"context"
	"errors"

	"github.com/muster-sql/muster/connectors/spi/page"
)

// ErrEnough is returned by Sink.Put when no consumer needs more rows: success (LIMIT).
var ErrEnough = errors.New("no consumer needs more rows")

// Sink receives the output of one attempt of a task; one per task, Put may be
// called by all its drivers.
type Sink interface {
	// Put takes ownership of p, also on error; it blocks while the buffer is full.
	Put(ctx context.Context, p *page.Page) error
	// Finish says a driver is done; the last one commits this attempt.
	Finish(ctx context.Context) error
	// Close without all Finishes aborts: consumers restart or fail with cause.
	Close(cause error) error
}

// Source merges all producers of a partition for one consumer.
type Source interface {
	// Next returns a page owned by the caller; io.EOF ends.
	Next(ctx context.Context) (*page.Page, error)
	// Close says that no more is needed; before io.EOF producers see ErrEnough.
	Close() error
}

// Producer names one partition of the output of one attempt of a task.
type Producer struct {
	Task      string
	Node      string // where it runs: its rpc address
	Attempt   int
	Partition int
}

// Consumer names who reads, so that an old attempt is fenced off.
type Consumer struct {
	Task    string
	Attempt int
}

// Dialer opens the stream of a producer; exec/rpc implements it for other
// processes, exec for tasks of its own.
type Dialer interface {
	Dial(ctx context.Context, p Producer, c Consumer) (Source, error)
}
