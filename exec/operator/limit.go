package operator

import (
	"context"
	"io"
	"sync/atomic"

	"github.com/muster-sql/muster/connectors/spi/page"
)

// Quota is what the drivers of one LIMIT share: rows to skip and rows to pass.
type Quota struct {
	skip, pass atomic.Int64
	unbounded  bool
}

// NewQuota returns a quota; n < 0 is no limit.
func NewQuota(n, offset int64) *Quota {
	q := &Quota{unbounded: n < 0}
	q.skip.Store(offset)
	q.pass.Store(n)
	return q
}

// take claims up to n of what is left in c.
func take(c *atomic.Int64, n int) int {
	for {
		left := c.Load()
		got := min(left, int64(n))
		if got <= 0 {
			return 0
		}
		if c.CompareAndSwap(left, left-got) {
			return int(got)
		}
	}
}

// Done reports whether no more row can pass.
func (q *Quota) Done() bool { return !q.unbounded && q.pass.Load() <= 0 }

// limit passes rows of a quota.
type limit struct {
	in   Operator
	q    *Quota
	done bool
}

var _ Operator = (*limit)(nil)

// NewLimit returns an operator that passes the rows of q, shared by its drivers.
func NewLimit(in Operator, q *Quota) Operator { return &limit{in: in, q: q} }

func (l *limit) Open(ctx context.Context) error {
	if l.q.Done() {
		l.done = true // not even the input's first page is needed
		return nil
	}
	return l.in.Open(ctx)
}

func (l *limit) Next(ctx context.Context) (*page.Page, error) {
	for !l.done && !l.q.Done() {
		p, err := l.in.Next(ctx)
		if err != nil {
			return nil, err
		}
		p.Skip(take(&l.q.skip, p.Len()))
		if !l.q.unbounded {
			p.Limit(take(&l.q.pass, p.Len()))
		}
		if p.Len() > 0 {
			return p, nil
		}
		p.Release()
	}
	// The input is closed before the end, so that its producers stop.
	if err := l.in.Close(); err != nil {
		return nil, err
	}
	l.done = true
	return nil, io.EOF
}

func (l *limit) Close() error { return l.in.Close() }
