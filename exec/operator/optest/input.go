package optest

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/operator"
)

var errCancelled = errors.New("cancelled by the test")

// failAfter makes the n-th reservation of the pool fail.
func failAfter(p *mempool.Pool, n int) {
	var count atomic.Int64
	p.OnReserve(func() error {
		if count.Add(1) >= int64(n) {
			return sqlerr.New(sqlerr.OutOfMemory, "the test refuses reservation %d", n)
		}
		return nil
	})
}

// feed cuts the rows of a case into pages for all drivers.
type feed struct {
	c         *Case
	s         shape
	pool      page.Pool
	cancel    context.CancelCauseFunc
	mu        sync.Mutex
	at        int
	asked     int
	cancelled bool
}

// input is the source of one driver.
type input struct {
	f      *feed
	closed bool
}

func (i *input) Open(context.Context) error { return nil }

func (i *input) Next(ctx context.Context) (*page.Page, error) {
	if i.closed {
		return nil, errors.New("input was read after its close")
	}
	rows, err := i.f.take()
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return i.f.page(rows)
}

func (i *input) Close() error { i.closed = true; return nil }

func (f *feed) take() ([][]types.Value, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	if f.asked == f.s.cancel {
		f.cancelled = true
		f.cancel(errCancelled)
	}
	if f.at == len(f.c.In) {
		if f.s.cancel > 0 && f.asked >= f.s.cancel {
			return nil, errCancelled
		}
		return nil, io.EOF
	}
	rows := f.c.In[f.at:min(len(f.c.In), f.at+f.s.rows)]
	f.at += len(rows)
	return rows, nil
}

// page makes a page of rows in the feed's shape. With a selection each row
// stands between two slots of other values.
func (f *feed) page(rows [][]types.Value) (*page.Page, error) {
	n := len(rows)
	p := &page.Page{Rows: n}
	place := func(i int) int { return i }
	if f.s.sel {
		p.Rows = 2*n + 1
		place = func(i int) int { return 2*i + 1 }
		for i := range n {
			p.Sel = append(p.Sel, int32(place(i)))
		}
	}
	for c, t := range f.c.Types {
		vals := make([]types.Value, p.Rows)
		for i := range vals {
			vals[i] = f.c.In[(f.at+i)%len(f.c.In)][c] // garbage
		}
		for i, r := range rows {
			vals[place(i)] = r[c]
		}
		v, err := f.vector(t, vals)
		if err != nil {
			p.Release()
			return nil, err
		}
		p.Cols = append(p.Cols, v)
	}
	return p, nil
}

func (f *feed) vector(t types.Type, vals []types.Value) (*page.Vector, error) {
	switch f.s.enc {
	case "dict":
		return dict(t, vals, f.pool)
	case "const":
		if !f.s.sel {
			return page.NewConst(t, vals[0], len(vals), f.pool)
		}
	case "lazy":
		v, err := page.FromValues(t, vals, f.pool)
		if err != nil {
			return nil, err
		}
		return page.MakeLazy(t, len(vals), &lazy{v}), nil
	}
	return page.FromValues(t, vals, f.pool)
}

func dict(t types.Type, vals []types.Value, pool page.Pool) (*page.Vector, error) {
	var distinct []types.Value
	codes := make([]int32, len(vals))
	nulls := false
	for i, v := range vals {
		if v.Null {
			nulls = true
			continue
		}
		codes[i] = -1
		for k, d := range distinct {
			if types.Compare(t, d, v) == 0 && print(t, d) == print(t, v) {
				codes[i] = int32(k)
			}
		}
		if codes[i] < 0 {
			codes[i] = int32(len(distinct))
			distinct = append(distinct, v)
		}
	}
	if len(distinct) == 0 { // codes of nulls must be in range
		return page.FromValues(t, vals, pool)
	}
	values, err := page.FromValues(t, distinct, pool)
	if err != nil {
		return nil, err
	}
	var valid []byte
	if nulls {
		valid = make([]byte, page.BitmapBytes(len(vals)))
		for i, v := range vals {
			if !v.Null {
				page.BitSet(valid, i)
			}
		}
	}
	return page.MakeDict(page.NewDictionary(values), codes, valid), nil
}

// lazy gives its vector at the first touch.
type lazy struct{ v *page.Vector }

func (l *lazy) Load([]int32) (*page.Vector, error) { return l.v, nil }
func (l *lazy) Drop()                              { l.v.Release() }

// Other makes inputs of other rows in the same shape, one a driver at each call of
// what it returns.
func (e *Env) Other(ts []types.Type, rows [][]types.Value) func() operator.Operator {
	s := e.feed.s
	s.cancel = 0
	f := &feed{c: &Case{Types: ts, In: rows}, s: s, pool: e.feed.pool}
	return func() operator.Operator { return &input{f: f} }
}
