package tpch

import (
	"context"
	"fmt"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/expr"
)

// Push implements spi.Pusher. Columns are pruned, conditions on the key that
// rows are made by narrow the ranges, a limit ends each split early.
func (k *connector) Push(_ context.Context, _ *spi.Session, scan spi.Scan, op spi.Op) (spi.Scan, []spi.Outcome, error) {
	switch op := op.(type) {
	case *spi.FilterOp:
		return k.pushFilter(scan, op)
	case *spi.ProjectOp:
		return pushProject(scan, op)
	case *spi.LimitOp:
		if scan.Limit < 0 || op.N < scan.Limit {
			scan.Limit = op.N
		}
		taken := spi.PerSplit
		if scan.OneSplit {
			taken = spi.Exact
		}
		return scan, []spi.Outcome{{Taken: taken}}, nil
	}
	return scan, refuse(op, "rows are generated, not computed with"), nil
}

func refuse(op spi.Op, note string) []spi.Outcome {
	out := make([]spi.Outcome, op.Parts())
	for i := range out {
		out[i] = spi.Outcome{Part: i, Taken: spi.No, Reason: spi.ReasonCapability, Note: note}
	}
	return out
}

func (k *connector) pushFilter(scan spi.Scan, op *spi.FilterOp) (spi.Scan, []spi.Outcome, error) {
	_, t, s := k.table(scan.Table)
	if s == nil {
		return scan, refuse(op, "there is no such table"), nil
	}
	key := s.Columns(t)[0].Name
	out := refuse(op, fmt.Sprintf("only conditions on %s choose which rows are generated", key))
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

// pushProject takes a projection that only chooses columns.
func pushProject(scan spi.Scan, op *spi.ProjectOp) (spi.Scan, []spi.Outcome, error) {
	columns, output := make([]int, len(op.Exprs)), make([]spi.OutputCol, len(op.Exprs))
	outcomes, whole := make([]spi.Outcome, len(op.Exprs)), true
	for i, e := range op.Exprs {
		outcomes[i] = spi.Outcome{Part: i, Taken: spi.Exact}
		c, ok := e.(*expr.Column)
		if !ok || c.Index >= len(scan.Columns) {
			outcomes[i], whole = spi.Outcome{Part: i, Taken: spi.No, Reason: spi.ReasonCapability, Note: "rows are generated, not computed with"}, false
			continue
		}
		columns[i], output[i] = scan.Columns[c.Index], scan.Output[c.Index]
		if i < len(op.Names) && op.Names[i] != "" {
			output[i].Name = op.Names[i]
		}
	}
	if whole {
		scan.Columns, scan.Output = columns, output
	}
	return scan, outcomes, nil
}
