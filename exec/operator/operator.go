// Package operator owns the operator contract and the streaming operators.
// exec/build makes operators, one driver pulls them; a blocking operator is a
// sink of one pipeline and a source of the next, with a bridge between them.
// It knows no plans, no tasks and no network.
package operator

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/page"
)

// Operator is a streaming operator, pulled by one driver; goroutines it starts
// end before Close returns.
type Operator interface {
	// Open prepares itself and its inputs; once.
	Open(ctx context.Context) error
	// Next returns a page with at least one live row, owned by the caller; io.EOF
	// ends. It may block; ctx unblocks it. After an error only Close may follow.
	Next(ctx context.Context) (*page.Page, error)
	// Close is idempotent, works before Open, and closes the inputs.
	Close() error
}

// Sink ends a pipeline: join build, partial groups, sorted run, exchange, table
// writer. One per driver; they meet in a bridge.
type Sink interface {
	// Put takes ownership of p, also on error. exchange.ErrEnough says that
	// nobody needs more: the driver stops, successfully.
	Put(ctx context.Context, p *page.Page) error
	// Finish says that this driver is done; the last driver to finish opens the bridge.
	Finish(ctx context.Context) error
	// Close is idempotent; without Finish it abandons the work.
	Close() error
}

// Stats is what every operator counts, for EXPLAIN ANALYZE and task status.
type Stats struct {
	RowsIn, RowsOut int64
	PagesOut        int64
	BytesOut        int64
	WallNanos       int64 // inside Next or Put, inputs excluded
	BlockedNanos    int64
	MemoryPeak      int64
	SpilledBytes    int64
	SpillFiles      int64
	Extra           map[string]int64 // row groups pruned, keys looked up, …
}
