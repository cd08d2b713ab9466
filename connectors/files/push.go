package files

import (
	"context"
	"fmt"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/expr"
)

// Push implements spi.Pusher. Columns are pruned, conditions prune row groups
// and pages and are evaluated before the other columns are decoded, a limit
// ends each split early.
func (k *connector) Push(_ context.Context, _ *spi.Session, scan spi.Scan, op spi.Op) (spi.Scan, []spi.Outcome, error) {
	switch op := op.(type) {
	case *spi.FilterOp:
		scan, out := pushFilter(scan, op)
		return scan, out, nil
	case *spi.ProjectOp:
		scan, out := spi.TakeColumns(scan, op)
		return scan, out, nil
	case *spi.LimitOp:
		scan, out := spi.TakeLimit(scan, op)
		return scan, out, nil
	}
	return scan, spi.Refuse(op, spi.ReasonCapability, "files are read, not computed with"), nil
}

func pushFilter(scan spi.Scan, op *spi.FilterOp) (spi.Scan, []spi.Outcome) {
	out := make([]spi.Outcome, len(op.Conjuncts))
	bounds := scan.Domain.Intersect(nil)
	for i, c := range op.Conjuncts {
		out[i] = spi.Outcome{Part: i, Taken: spi.Superset, Note: "evaluated before the other columns are decoded"}
		if volatile(c) {
			out[i] = spi.Outcome{Part: i, Taken: spi.No, Reason: spi.ReasonFunction, Note: "a volatile function is evaluated once a row by the engine"}
			continue
		}
		implied, _ := domain.Implied(c)
		for at, set := range implied {
			if at >= len(scan.Columns) || scan.Columns[at] < 0 || set.IsAll() {
				continue
			}
			bounds = bounds.Intersect(domain.Tuple{scan.Columns[at]: set})
			out[i].Note = fmt.Sprintf("skips row groups and pages by statistics of %s, the rest is evaluated before the other columns are decoded", scan.Output[at].Name)
		}
	}
	scan.Domain = bounds
	return scan, out
}

func volatile(e expr.Expr) bool {
	if c, ok := e.(*expr.Call); ok && c.Volatile {
		return true
	}
	for _, kid := range e.Children() {
		if volatile(kid) {
			return true
		}
	}
	return false
}
