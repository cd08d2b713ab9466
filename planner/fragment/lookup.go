package fragment

import (
	"slices"

	"github.com/muster-sql/muster/exec/plan"
)

// lookupJoin replaces a join by looking the rows of build up in the source that
// its left side would scan.
func lookupJoin(j *plan.Join, build plan.Node) plan.Node {
	chain, scan := chainOf(j.L)
	l := &plan.LookupJoin{
		Head:     plan.Head{Node: j.ID() + 3, Out: j.Out, RowsEst: j.RowsEst},
		Kind:     j.Kind,
		In:       build,
		Source:   scan.Source,
		Chain:    chain,
		ScanKeys: j.Bind.KeyCols,
		Residual: j.Residual,
		BatchMax: j.Bind.BatchMax,
	}
	l.Source.Lookup = j.Bind.KeyCols
	for _, k := range j.Bind.Keys {
		l.InKeys = append(l.InKeys, j.RKeys[k])
		l.SrcKeys = append(l.SrcKeys, j.LKeys[k])
	}
	for k := range j.RKeys { // compared only
		if !slices.Contains(j.Bind.Keys, k) {
			l.InKeys = append(l.InKeys, j.RKeys[k])
			l.SrcKeys = append(l.SrcKeys, j.LKeys[k])
		}
	}
	return l
}

// chainOf takes a chain of filters and projections off a scan, lowest first.
func chainOf(n plan.Node) ([]plan.Node, *plan.Scan) {
	switch n := n.(type) {
	case *plan.Filter:
		chain, scan := chainOf(n.In)
		return append(chain, n.WithInputs([]plan.Node{nil})), scan
	case *plan.Project:
		chain, scan := chainOf(n.In)
		return append(chain, n.WithInputs([]plan.Node{nil})), scan
	}
	return nil, n.(*plan.Scan)
}
