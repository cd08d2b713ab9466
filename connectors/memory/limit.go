package memory

import (
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// limitedPool lends memory of the server's pool up to a limit of its own.
type limitedPool struct {
	inner page.Pool
	limit atomic.Int64 // 0: none
	used  atomic.Int64
}

var _ page.Pool = (*limitedPool)(nil)

// Alloc implements page.Pool.
func (p *limitedPool) Alloc(n int) (*page.Buffer, error) {
	if err := p.Reserve(page.BufferSize(n)); err != nil {
		return nil, err
	}
	return page.NewBuffer(n, p), nil
}

// Reserve implements page.Pool.
func (p *limitedPool) Reserve(n int) error {
	if used, limit := p.used.Add(int64(n)), p.limit.Load(); limit > 0 && used > limit {
		p.used.Add(-int64(n))
		return sqlerr.New(sqlerr.OutOfMemory, "tables of the catalog would take more than its limit of %d bytes", limit).
			WithHint("raise the catalog's option memory, or keep the table elsewhere")
	}
	if err := p.inner.Reserve(n); err != nil {
		p.used.Add(-int64(n))
		return err
	}
	return nil
}

// Free implements page.Pool.
func (p *limitedPool) Free(n int) {
	p.used.Add(-int64(n))
	p.inner.Free(n)
}

// parseBytes reads a number of bytes with an optional unit; nothing is 0.
func parseBytes(s string) (int64, error) {
	text, unit := strings.TrimSpace(s), int64(1)
	if text == "" {
		return 0, nil
	}
	upper := strings.ToUpper(text)
	for i, names := range [][]string{{"KIB", "KB", "K"}, {"MIB", "MB", "M"}, {"GIB", "GB", "G"}, {"TIB", "TB", "T"}} {
		for _, name := range names {
			if digits, ok := strings.CutSuffix(upper, name); ok && unit == 1 {
				text, unit = strings.TrimSpace(digits), 1<<(10*(i+1))
			}
		}
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(strings.ToUpper(text), "B"), 10, 64)
	if err != nil || n < 0 || n > (1<<62)/unit {
		return 0, sqlerr.New(sqlerr.InvalidParameterValue, "option memory is not a number of bytes: %q", s)
	}
	return n * unit, nil
}
