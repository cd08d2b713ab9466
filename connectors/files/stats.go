package files

import (
	"context"

	"github.com/zeebo/xxh3"

	"github.com/muster-sql/muster/connectors/internal/parquet"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/codec"
)

// summariesMax bounds the statistics that are kept.
const summariesMax = 256

// Stats implements spi.Statistics: what footers say, with numbers of distinct
// values estimated from the dictionaries and first rows of some row groups.
// They are kept for as long as the files are the same.
func (k *connector) Stats(ctx context.Context, _ *spi.Session, snap spi.Snapshot, table *spi.Table) (*spi.TableStats, error) {
	p, err := k.scanned(ctx, &spi.Scan{Snapshot: snap, Table: table.Name})
	if err != nil {
		return nil, err
	}
	name, err := codec.Marshal(p.files)
	if err != nil {
		return nil, err
	}
	key := xxh3.Hash128(name)
	k.mu.Lock()
	have := k.summaries[key]
	k.mu.Unlock()
	if have != nil {
		return have, nil
	}
	l, err := k.layout(ctx, p)
	if err != nil {
		return nil, err
	}
	use := make([]columnUse, len(l.columns))
	for i := range use {
		use[i] = l.use(i)
	}
	summary := parquet.NewSummary(len(use), k.pool)
	for _, f := range l.footers {
		if err := summary.Add(ctx, f, tableOf(f, use, len(use)), k.store); err != nil {
			return nil, err
		}
	}
	out := summary.Table()
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.summaries) >= summariesMax {
		clear(k.summaries)
	}
	k.summaries[key] = out
	return out, nil
}
