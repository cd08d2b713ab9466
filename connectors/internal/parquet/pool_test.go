package parquet

import (
	"sync/atomic"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// countingPool refuses beyond its limit and counts what was not given back.
type countingPool struct {
	limit int64
	used  atomic.Int64
	top   atomic.Int64
}

func (p *countingPool) Reserve(n int) error {
	now := p.used.Add(int64(n))
	if now > p.limit {
		p.used.Add(-int64(n))
		return sqlerr.New(sqlerr.OutOfMemory, "pool of the test is exhausted: %d bytes more", n)
	}
	for top := p.top.Load(); now > top && !p.top.CompareAndSwap(top, now); top = p.top.Load() {
	}
	return nil
}

func (p *countingPool) Free(n int) { p.used.Add(-int64(n)) }

func (p *countingPool) Alloc(n int) (*page.Buffer, error) {
	if err := p.Reserve(page.BufferSize(n)); err != nil {
		return nil, err
	}
	return page.NewBuffer(n, p), nil
}
