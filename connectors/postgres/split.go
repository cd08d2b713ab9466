package postgres

import (
	"context"
	"fmt"
	"io"
	"math"

	"github.com/muster-sql/muster/connectors/internal/sqlsource"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/codec"
)

const (
	blockBytes = 8192
	splitsMax  = 1024
)

// part is Split.Private: the blocks of the table from From up to To; To 0 is
// the end, wherever it is by then.
type part struct{ From, To uint32 }

// splitCount is in how many parts a scan is read: one a split_bytes of the
// table, when ctid ranges can cut it and rows pass one by one.
func (k *connector) splitCount(rel *relation, q *sqlsource.Select) int64 {
	if !rel.Heap || q.From != nil || q.Grouped {
		return 1
	}
	n := (rel.Bytes + k.conf.splitBytes - 1) / k.conf.splitBytes
	return min(max(n, k.conf.minSplit, 1), splitsMax)
}

// Splits implements spi.Connector. Parts of one table show one moment only
// under a snapshot that all of them can import.
func (k *connector) Splits(_ context.Context, _ *spi.Session, scan spi.Scan, _ spi.LiveFilter) (spi.SplitSource, error) {
	p, err := decodePrivate(scan.Private)
	if err != nil {
		return nil, err
	}
	n := k.splitCount(&p.Rel, p.query(&scan))
	if scan.OneSplit || scan.Snapshot.Kind != spi.SnapshotHeld {
		n = 1
	}
	rows := max(int64(p.Rel.Tuples), 0)
	if n <= 1 {
		return &splits{list: []spi.Split{{ID: "all", Rows: rows, Bytes: p.Rel.Bytes}}}, nil
	}
	step := max((p.Rel.Bytes/blockBytes+n-1)/n, 1)
	out := &splits{}
	for i := range n {
		x := part{From: uint32(i * step), To: uint32((i + 1) * step)}
		if (i+1)*step > math.MaxUint32 || i == n-1 {
			x.To = 0
		}
		private, err := codec.Marshal(x)
		if err != nil {
			return nil, err
		}
		out.list = append(out.list, spi.Split{
			ID: fmt.Sprintf("blocks-%d", x.From), Rows: rows / n, Bytes: p.Rel.Bytes / n, Detail: x.String(), Private: private,
		})
	}
	return out, nil
}

// String prints the condition as the statement has it.
func (x part) String() string { return string(x.condition()) }

func (x part) condition() sqlsource.Fixed {
	from := fmt.Sprintf("ctid >= '(%d,0)'::tid", x.From)
	if x.To == 0 {
		return sqlsource.Fixed(from)
	}
	return sqlsource.Fixed(fmt.Sprintf("%s AND ctid < '(%d,0)'::tid", from, x.To))
}

// splits hands out a list.
type splits struct{ list []spi.Split }

// Next implements spi.SplitSource.
func (s *splits) Next(_ context.Context, n int) ([]spi.Split, error) {
	n = min(max(n, 1), len(s.list))
	out := s.list[:n]
	if s.list = s.list[n:]; len(s.list) == 0 {
		return out, io.EOF
	}
	return out, nil
}

// Close implements spi.SplitSource.
func (s *splits) Close() error { return nil }
