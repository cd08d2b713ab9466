package tpch

import (
	"context"
	"fmt"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/domain"
)

// Push implements spi.Pusher. Columns are pruned, conditions on the key that
// rows are made by narrow the ranges, a limit ends each split early.
func (k *connector) Push(_ context.Context, _ *spi.Session, scan spi.Scan, op spi.Op) (spi.Scan, []spi.Outcome, error) {
	switch op := op.(type) {
	case *spi.FilterOp:
		return k.pushFilter(scan, op)
	case *spi.ProjectOp:
		scan, out := spi.TakeColumns(scan, op)
		return scan, out, nil
	case *spi.LimitOp:
		scan, out := spi.TakeLimit(scan, op)
		return scan, out, nil
	}
	return scan, spi.Refuse(op, spi.ReasonCapability, "rows are generated, not computed with"), nil
}

func (k *connector) pushFilter(scan spi.Scan, op *spi.FilterOp) (spi.Scan, []spi.Outcome, error) {
	_, t, s := k.table(scan.Table)
	if s == nil {
		return scan, spi.Refuse(op, spi.ReasonCapability, "there is no such table"), nil
	}
	key := s.Columns(t)[0].Name
	out := spi.Refuse(op, spi.ReasonCapability, fmt.Sprintf("only conditions on %s choose which rows are generated", key))
	bounds := scan.Domain.Intersect(nil)
	for i, c := range op.Conjuncts {
		implied, _ := domain.Implied(c)
		for column, set := range implied {
			if column >= len(scan.Columns) || scan.Columns[column] != 0 {
				continue
			}
			out[i] = spi.Outcome{Part: i, Taken: spi.Superset, Note: fmt.Sprintf("narrows the range of %s that is generated", key)}
			bounds = bounds.Intersect(domain.Tuple{0: set})
		}
	}
	scan.Domain = bounds
	return scan, out, nil
}
