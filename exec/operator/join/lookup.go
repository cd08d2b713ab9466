package join

import (
	"context"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/exec/operator"
	"github.com/muster-sql/muster/exec/rows"
)

// keysMax is how many keys a request has when the plan does not say.
const keysMax = 1000

// Lookup is the probe side of a bind join: it reads from the source the rows
// that have the keys of the build side, each key once. It is shared by the
// drivers of the probe.
type Lookup struct {
	b       *Bridge
	max     int
	once    sync.Once
	ids     []uint32 // of build rows, one for each distinct key
	next    atomic.Int64
	asked   atomic.Int64
	read    func(ctx context.Context, keys *page.Page) (spi.PageSource, error)
	counts  *operator.ScanCounts
	keyCols []int
}

// NewLookup returns the lookup of the build side's first keys, so many, in
// batches of at most batchMax; read asks the source. The other keys are only
// compared.
func (b *Bridge) NewLookup(keys, batchMax int, counts *operator.ScanCounts, read func(ctx context.Context, keys *page.Page) (spi.PageSource, error)) *Lookup {
	if batchMax <= 0 {
		batchMax = keysMax
	}
	return &Lookup{b: b, max: batchMax, read: read, counts: counts, keyCols: b.keys[:keys]}
}

// Stats returns counters for EXPLAIN ANALYZE.
func (l *Lookup) Stats() map[string]int64 {
	return map[string]int64{"keys": l.asked.Load()}
}

// distinct lists one row for each key, once the table is complete.
func (l *Lookup) distinct() {
	l.once.Do(func() {
		t, s := &l.b.table, l.b.store()
		keys := make([]rows.Key, len(l.keyCols))
		for i, c := range l.keyCols {
			keys[i] = rows.Key{Col: c}
		}
		if len(l.keyCols) < len(l.b.keys) {
			l.sorted(s, keys)
			return
		}
		for _, e := range t.slots {
			if e == 0 {
				continue
			}
			from := len(l.ids)
			for id := uint32(e) - 1; id != rows.None; id = t.next[id] {
				if l.anyNull(s, id) || seen(s, l.ids[from:], id, keys) {
					continue
				}
				l.ids = append(l.ids, id)
			}
		}
	})
}

// sorted lists one row for each value of some of the keys: equal ones are in
// different chains.
func (l *Lookup) sorted(s *rows.Store, keys []rows.Key) {
	for i := range s.Blocks() {
		first, n := s.Block(i)
		for id := first; id < first+uint32(n); id++ {
			if !l.anyNull(s, id) {
				l.ids = append(l.ids, id)
			}
		}
	}
	slices.SortFunc(l.ids, func(a, b uint32) int { return rows.Compare(s, a, s, b, keys) })
	l.ids = slices.CompactFunc(l.ids, func(a, b uint32) bool { return rows.Compare(s, a, s, b, keys) == 0 })
}

func (l *Lookup) anyNull(s *rows.Store, id uint32) bool {
	for _, c := range l.keyCols {
		if s.IsNull(id, c) {
			return true
		}
	}
	return false
}

// seen reports whether a row's key is among those of one chain: a few.
func seen(s *rows.Store, ids []uint32, id uint32, keys []rows.Key) bool {
	for _, other := range ids {
		if rows.Compare(s, other, s, id, keys) == 0 {
			return true
		}
	}
	return false
}

// lookupSource reads batches for one driver.
type lookupSource struct {
	l    *Lookup
	pool page.Pool
	slot operator.Slot
	keys *page.Page // borrowed by src
	src  spi.PageSource
}

var _ operator.Operator = (*lookupSource)(nil)

// NewSource returns the source of one driver; its pages are those of the scan.
// The probe opens it when the table is complete.
func (l *Lookup) NewSource(pool page.Pool, slot operator.Slot) operator.Operator {
	return &lookupSource{l: l, pool: pool, slot: slot}
}

func (o *lookupSource) Open(context.Context) error {
	o.l.distinct()
	return nil
}

func (o *lookupSource) Next(ctx context.Context) (*page.Page, error) {
	for {
		if o.src == nil {
			if err := o.batch(ctx); err != nil {
				return nil, err
			}
		}
		p, err := o.read(ctx)
		if err != io.EOF {
			return p, err
		}
		if err := o.end(); err != nil {
			return nil, err
		}
	}
}

// batch asks the source for the next keys.
func (o *lookupSource) batch(ctx context.Context) error {
	l := o.l
	from := int(l.next.Add(int64(l.max))) - l.max
	if from >= len(l.ids) {
		return io.EOF
	}
	ids := l.ids[from:min(from+l.max, len(l.ids))]
	keys := &page.Page{Rows: len(ids)}
	for _, c := range l.keyCols {
		v, err := l.b.store().Gather(c, rows.All(ids), o.pool)
		if err != nil {
			keys.Release()
			return err
		}
		keys.Cols = append(keys.Cols, v)
	}
	l.asked.Add(int64(len(ids)))
	o.keys = keys
	o.slot.Block()
	defer o.slot.Unblock()
	src, err := l.read(ctx, keys)
	if err != nil {
		return err
	}
	o.src = src
	l.counts.Opened(src)
	return nil
}

func (o *lookupSource) read(ctx context.Context) (*page.Page, error) {
	o.slot.Block()
	defer o.slot.Unblock()
	return o.src.Next(ctx)
}

func (o *lookupSource) end() error {
	var err error
	if o.src != nil {
		o.l.counts.Closed(o.src)
		err = o.src.Close()
		o.src = nil
	}
	o.keys.Release()
	o.keys = nil
	return err
}

func (o *lookupSource) Close() error { return o.end() }
