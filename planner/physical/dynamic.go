package physical

import (
	"fmt"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/exec/plan"
)

// addDynamicFilters lets joins publish the keys of their build side, where a
// scan below the other side can use them: a probe row without a match must be
// one that the join drops.
func addDynamicFilters(root plan.Node) plan.Node {
	uses := map[plan.NodeID][]plan.DynUse{}
	gives := map[plan.NodeID][]plan.DynFilter{}
	plan.Walk(root, func(n plan.Node) {
		j, ok := n.(*plan.Join)
		if !ok || !dropsUnmatched(j.Kind) {
			return
		}
		for k := range j.LKeys {
			if j.NullSafe != nil && j.NullSafe[k] {
				continue
			}
			name := fmt.Sprintf("df%d.%d", j.ID(), k)
			if follow(j.L, j.LKeys[k], name, uses) {
				gives[j.ID()] = append(gives[j.ID()], plan.DynFilter{Filter: name, Key: k})
			}
		}
	})
	if len(gives) == 0 {
		return root
	}
	return withFilters(root, uses, gives)
}

// dropsUnmatched reports whether a left row without a match changes nothing.
func dropsUnmatched(k plan.JoinKind) bool {
	switch k {
	case plan.Inner, plan.Semi, plan.Right, plan.RightSemi, plan.RightAnti:
		return true
	}
	return false
}

// follow traces a column to the scans that it comes from and notes the filter
// there; false when there is none.
func follow(n plan.Node, col int, name string, uses map[plan.NodeID][]plan.DynUse) bool {
	switch n := n.(type) {
	case *plan.Scan:
		u := plan.DynUse{Filter: name, Col: col, Table: -1}
		if col < len(n.Source.Columns) {
			u.Table = n.Source.Columns[col]
		}
		if n.Source.Limit >= 0 || u.Table < 0 {
			return false // its rows were chosen already
		}
		uses[n.ID()] = append(uses[n.ID()], u)
		return true
	case *plan.Filter:
		return follow(n.In, col, name, uses)
	case *plan.Exchange:
		return follow(n.In, col, name, uses)
	case *plan.Project:
		c, ok := n.Exprs[col].(*expr.Column)
		return ok && follow(n.In, c.Index, name, uses)
	case *plan.Sort:
		return n.N < 0 && follow(n.In, col, name, uses)
	case *plan.Aggregate:
		return n.Sets == nil && col < len(n.Groups) && follow(n.In, n.Groups[col], name, uses)
	case *plan.Union:
		any := false
		for _, in := range n.In {
			any = follow(in, col, name, uses) || any
		}
		return any
	case *plan.Join:
		return followJoin(n, col, name, uses)
	}
	return false
}

// followJoin goes to the side that the column is from, where fewer rows of that
// side only mean fewer rows of the join.
func followJoin(n *plan.Join, col int, name string, uses map[plan.NodeID][]plan.DynUse) bool {
	if n.Kind == plan.RightSemi || n.Kind == plan.RightAnti {
		return follow(n.R, col, name, uses)
	}
	width := len(n.L.Types())
	if col < width {
		switch n.Kind {
		case plan.Inner, plan.Left, plan.Semi, plan.Anti, plan.Mark:
			return follow(n.L, col, name, uses)
		}
		return false
	}
	if n.Kind == plan.Inner || n.Kind == plan.Right {
		return follow(n.R, col-width, name, uses)
	}
	return false
}

func withFilters(n plan.Node, uses map[plan.NodeID][]plan.DynUse, gives map[plan.NodeID][]plan.DynFilter) plan.Node {
	if in := n.Inputs(); len(in) > 0 {
		kids := make([]plan.Node, len(in))
		for i, c := range in {
			kids[i] = withFilters(c, uses, gives)
		}
		n = n.WithInputs(kids)
	}
	switch m := n.(type) {
	case *plan.Scan:
		if u := uses[m.ID()]; u != nil {
			c := *m
			c.Dyn = u
			return &c
		}
	case *plan.Join:
		if g := gives[m.ID()]; g != nil {
			c := *m
			c.Dyn = g
			return &c
		}
	}
	return n
}
