package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/planner/logical"
)

// RemoveEmpty evaluates operators over relations that have no rows.
//
//	Inner Join (no rows) (X)  =>  no rows
//	Left Join (X) (no rows)   =>  Project [X, NULL] (X)
var RemoveEmpty Rule = removeEmpty{}

type removeEmpty struct{}

func (removeEmpty) Name() string { return "RemoveEmpty" }

func (removeEmpty) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	switch n := n.(type) {
	case *logical.Filter, *logical.Project, *logical.Sort, *logical.TopN, *logical.Distinct, *logical.Unnest, *logical.Window, *logical.AssignID:
		if isEmpty(n.Inputs()[0]) {
			return empty(n.Schema()), nil
		}
	case *logical.Limit:
		if isEmpty(n.In) || n.N == 0 {
			return empty(n.Schema()), nil
		}
	case *logical.Aggregate:
		if isEmpty(n.In) && len(n.Groups) > 0 && n.Sets == nil {
			return empty(n.Schema()), nil
		}
	case *logical.Join:
		return emptyJoin(n), nil
	case *logical.SetOp:
		return emptySetOp(n), nil
	}
	return nil, nil
}

func emptyJoin(n *logical.Join) logical.Node {
	l, r := isEmpty(n.L), isEmpty(n.R)
	if !l && !r {
		return nil
	}
	switch n.Kind {
	case logical.Inner, logical.Semi:
		return empty(n.Schema())
	case logical.Left:
		if l {
			return empty(n.Schema())
		}
		return withNulls(n.L, n.R.Schema())
	case logical.Right:
		if r {
			return empty(n.Schema())
		}
		return withNulls(n.R, n.L.Schema())
	case logical.Anti:
		if l {
			return empty(n.Schema())
		}
		return n.L
	case logical.Mark:
		if l {
			return empty(n.Schema())
		}
		return withItem(n.L, logical.Item{Col: n.Mark, Expr: truth(false)})
	case logical.Full:
		switch {
		case l && r:
			return empty(n.Schema())
		case l:
			return withNulls(n.R, n.L.Schema())
		default:
			return withNulls(n.L, n.R.Schema())
		}
	}
	return nil
}

// withNulls adds columns that are NULL.
func withNulls(n logical.Node, cols []logical.Col) logical.Node {
	var items []logical.Item
	for _, c := range logical.Nullable(cols) {
		items = append(items, logical.Item{Col: c, Expr: &expr.Const{Typ: c.Type, Val: types.NullValue, At: -1}})
	}
	return withItem(n, items...)
}

// withItem adds computed columns.
func withItem(n logical.Node, add ...logical.Item) logical.Node {
	var items []logical.Item
	for _, c := range n.Schema() {
		items = append(items, logical.Item{Col: c, Expr: c.Ref()})
	}
	return &logical.Project{In: n, Items: append(items, add...)}
}

func emptySetOp(n *logical.SetOp) logical.Node {
	switch n.Kind {
	case logical.Union:
		c := *n
		c.In, c.Maps = nil, nil
		for i, in := range n.In {
			if !isEmpty(in) {
				c.In, c.Maps = append(c.In, in), append(c.Maps, n.Maps[i])
			}
		}
		switch {
		case len(c.In) == len(n.In):
			return nil
		case len(c.In) == 0:
			return empty(n.Cols)
		}
		return &c
	case logical.Intersect:
		if isEmpty(n.In[0]) || isEmpty(n.In[1]) {
			return empty(n.Cols)
		}
	default:
		if isEmpty(n.In[0]) {
			return empty(n.Cols)
		}
	}
	return nil
}
