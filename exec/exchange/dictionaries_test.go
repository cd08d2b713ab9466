package exchange

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// taskPool counts what a task holds.
type taskPool struct{ used atomic.Int64 }

func (p *taskPool) Reserve(n int) error { p.used.Add(int64(n)); return nil }
func (p *taskPool) Free(n int)          { p.used.Add(-int64(n)) }
func (p *taskPool) Alloc(n int) (*page.Buffer, error) {
	p.used.Add(int64(page.BufferSize(n)))
	return page.NewBuffer(n, p), nil
}

// Rows that wait to be read hold nothing of the task that made them, their
// dictionaries included: small ones are copied, of large ones the values that occur.
func TestRowsThatWaitHoldNothingOfTheirTask(t *testing.T) {
	for _, entries := range []int{3, 5000} {
		for _, kind := range []Kind{Gather, LateBound} {
			pool := &taskPool{}
			var vals []types.Value
			for i := range entries {
				vals = append(vals, types.StringValue("a text of some length, number "+string(rune('a'+i%26))))
			}
			v, err := page.FromValues(types.Of(types.Text), vals, pool)
			if err != nil {
				t.Fatal(err)
			}
			d := page.NewDictionary(v)
			b := NewBuffer(Options{Output: Output{Kind: kind, Partitions: 1}, Schema: []types.Type{types.Of(types.Text)}, Pool: page.Unaccounted{}, BytesMax: 1 << 20, Drivers: 1})
			for range 2 {
				codes, err := pool.Alloc(4 * 100)
				if err != nil {
					t.Fatal(err)
				}
				clear(codes.Data)
				p := page.New(100, page.MakeDict(d.Retain(), page.SliceOf[int32](codes.Data), nil, codes))
				if err := b.Put(context.Background(), p); err != nil {
					t.Fatal(err)
				}
			}
			d.Release()
			if err := b.Finish(context.Background()); err != nil {
				t.Fatal(err)
			}
			if used := pool.used.Load(); used != 0 {
				t.Errorf("%d entries, kind %d: %d bytes of the task are held", entries, kind, used)
			}
			b.Discard()
		}
	}
}
