package spi

import "github.com/muster-sql/muster/connectors/spi/expr"

// Refuse answers that no part of op is taken, for the same reason.
func Refuse(op Op, reason Reason, note string) []Outcome {
	out := make([]Outcome, op.Parts())
	for i := range out {
		out[i] = Outcome{Part: i, Taken: No, Reason: reason, Note: note}
	}
	return out
}

// TakeColumns is what every source can answer to a projection: one that only
// chooses columns becomes the scan's output, of any other the parts that
// compute something are refused.
func TakeColumns(scan Scan, op *ProjectOp) (Scan, []Outcome) {
	columns, output := make([]int, len(op.Exprs)), make([]OutputCol, len(op.Exprs))
	outcomes, whole := make([]Outcome, len(op.Exprs)), true
	for i, e := range op.Exprs {
		c, ok := e.(*expr.Column)
		if !ok {
			outcomes[i] = Outcome{Part: i, Taken: No, Reason: ReasonCapability, Note: "the source returns columns, it computes none"}
			whole = false
			continue
		}
		outcomes[i] = Outcome{Part: i, Taken: Exact}
		columns[i], output[i] = scan.Columns[c.Index], scan.Output[c.Index]
		if i < len(op.Names) && op.Names[i] != "" {
			output[i].Name = op.Names[i]
		}
	}
	if whole {
		scan.Columns, scan.Output = columns, output
	}
	return scan, outcomes
}

// TakeLimit answers a LIMIT that each split of a source keeps to.
func TakeLimit(scan Scan, op *LimitOp) (Scan, []Outcome) {
	if scan.Limit < 0 || op.N < scan.Limit {
		scan.Limit = op.N
	}
	if scan.OneSplit {
		return scan, []Outcome{{Taken: Exact}}
	}
	return scan, []Outcome{{Taken: PerSplit}}
}
