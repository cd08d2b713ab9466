package memory

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// sampleRows is how many rows of a table its statistics are taken from.
const sampleRows = 8 << 10

// Stats implements spi.Statistics: the exact number of rows, and what a sample
// says of the columns.
func (k *connector) Stats(_ context.Context, _ *spi.Session, snap spi.Snapshot, n *spi.Table) (*spi.TableStats, error) {
	s, err := k.store.at(snap)
	if err != nil {
		return nil, err
	}
	defer s.release()
	_, t := s.find(n.Name)
	if t == nil || t.isView() {
		return nil, nil
	}
	t.stats.Do(func() { t.cached = t.sample() })
	return t.cached, nil
}

// sample looks at the same number of rows of evenly spread chunks.
func (t *table) sample() *spi.TableStats {
	out := &spi.TableStats{Rows: float64(t.rows), Exact: true, Columns: make([]spi.ColumnStats, len(t.def.Columns))}
	id := &out.Columns[len(t.def.Columns)-1]
	id.Distinct = float64(t.rows)
	if t.rows == 0 {
		return out
	}
	every := t.rows/sampleRows | 1 // odd: data often repeats by powers of two
	for i, c := range t.stored() {
		out.Columns[i] = t.sampleColumn(i, c.Type, every)
	}
	return out
}

func (t *table) sampleColumn(column int, typ types.Type, every int64) spi.ColumnStats {
	seen := map[uint64]bool{}
	var n, nulls, bytes int64
	var s spi.ColumnStats
	skip := int64(0)
	for _, c := range t.chunks {
		v, slots := c.cols[column], c.slots()
		for ; skip < int64(len(slots)); skip += every {
			n++
			slot := int(slots[skip])
			if v.IsNull(slot) {
				nulls++
				continue
			}
			x := v.Value(slot)
			seen[types.Hash(typ, x)] = true
			bytes += int64(len(x.S))
			if typ.IsNested() {
				continue
			}
			if s.Min == nil || types.Compare(typ, x, *s.Min) < 0 {
				s.Min = &x
			}
			if s.Max == nil || types.Compare(typ, x, *s.Max) > 0 {
				s.Max = &x
			}
		}
		skip -= int64(len(slots))
	}
	s.NullFrac = float64(nulls) / float64(n)
	if n > nulls {
		s.WidthMean = float64(bytes) / float64(n-nulls)
	}
	s.Distinct = scaleDistinct(float64(len(seen)), float64(n-nulls), float64(t.rows)*(1-s.NullFrac))
	return s
}

// scaleDistinct estimates the distinct values of a column from d of n sampled
// rows: a column whose sample repeats itself has not many more, one that hardly
// does has as many as rows.
func scaleDistinct(d, n, rows float64) float64 {
	if n == 0 || d <= n/10 {
		return d
	}
	// Duj1 with all repeated values seen twice: as PostgreSQL's ANALYZE counts.
	once := max(2*d-n, 0)
	return min(n*d/(n-once+once*n/rows), rows)
}
