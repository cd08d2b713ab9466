package physical

import (
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/planner/logical"
)

// Defaults of bind joins.
const (
	bindRowsDefault  = 50_000
	bindBatchDefault = 1000
)

// bind notes that the build side's keys can be looked up in the source of the
// left side instead of scanning it.
func (l *lowering) bind(j *plan.Join, n *logical.Join) {
	if l.o.NoBind || len(j.LKeys) == 0 || j.NullSafe != nil || j.Dist != plan.DistLocal && j.Dist != plan.DistLate {
		return
	}
	if j.Kind != plan.Inner && (j.Kind != plan.Semi || j.Residual != nil) {
		return
	}
	scan, ls := chainScan(j.L), logicalScan(n.L)
	if scan == nil || ls == nil || ls.Conn == nil || ls.Reduced || scan.Pinned {
		return
	}
	look := ls.Conn.Caps().Lookup
	if look == nil {
		return
	}
	b := &plan.Bind{Scan: scan.ID(), RowsMax: l.o.BindRows, BatchMax: l.o.BindBatch}
	for i, k := range j.LKeys {
		col, ok := tracedTo(j.L, k)
		if !ok {
			return
		}
		b.KeyCols = append(b.KeyCols, col)
		b.Keys = append(b.Keys, i)
	}
	if !look.CanLookup(scan.Source, b.KeyCols) {
		return
	}
	if b.RowsMax <= 0 {
		b.RowsMax = bindRowsDefault
	}
	if rows := scan.RowsEst; rows >= 0 {
		b.RowsMax = min(b.RowsMax, int64(rows/4)) // near the table's size a scan is cheaper
	}
	if b.BatchMax <= 0 {
		b.BatchMax = bindBatchDefault
	}
	if b.RowsMax < 1 {
		return
	}
	j.Bind = b
	if j.Dist == plan.DistLocal {
		j.Dist = plan.DistLate
	}
}

// chainScan returns the scan below a chain of filters and projections.
func chainScan(n plan.Node) *plan.Scan {
	for {
		switch m := n.(type) {
		case *plan.Scan:
			return m
		case *plan.Filter:
			n = m.In
		case *plan.Project:
			n = m.In
		default:
			return nil
		}
	}
}

func logicalScan(n logical.Node) *logical.Scan {
	for {
		switch m := n.(type) {
		case *logical.Scan:
			return m
		case *logical.Filter:
			n = m.In
		case *logical.Project:
			n = m.In
		default:
			return nil
		}
	}
}

// tracedTo follows an output column of a chain down to the scan's column.
func tracedTo(n plan.Node, col int) (int, bool) {
	for {
		switch m := n.(type) {
		case *plan.Scan:
			return col, true
		case *plan.Filter:
			n = m.In
		case *plan.Project:
			c, ok := m.Exprs[col].(*expr.Column)
			if !ok {
				return 0, false
			}
			col, n = c.Index, m.In
		default:
			return 0, false
		}
	}
}
