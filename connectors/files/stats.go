package files

import (
	"context"

	"github.com/muster-sql/muster/connectors/internal/parquet"
	"github.com/muster-sql/muster/connectors/spi"
)

// Stats implements spi.Statistics: what footers say, with numbers of distinct
// values estimated from the dictionaries of some row groups.
func (k *connector) Stats(ctx context.Context, _ *spi.Session, snap spi.Snapshot, table *spi.Table) (*spi.TableStats, error) {
	p, err := k.scanned(ctx, &spi.Scan{Snapshot: snap, Table: table.Name})
	if err != nil {
		return nil, err
	}
	l, err := k.layout(ctx, p)
	if err != nil {
		return nil, err
	}
	use := make([]columnUse, len(l.columns))
	for i, c := range l.columns {
		use[i] = columnUse{Table: i, Name: c.Name, Type: c.Type}
	}
	summary := parquet.NewSummary(len(use))
	for _, f := range l.footers {
		if err := summary.Add(ctx, f, tableOf(f, use, len(use)), k.store); err != nil {
			return nil, err
		}
	}
	return summary.Table(), nil
}
