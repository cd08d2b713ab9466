package rules

import (
	"context"

	"github.com/muster-sql/muster/planner/logical"
)

// PushLimitIntoUnion limits each input of a UNION ALL too.
//
//	Limit n (Union All (X) (Y))  =>  Limit n (Union All (Limit n (X)) (Limit n (Y)))
var PushLimitIntoUnion Rule = pushLimitIntoUnion{}

type pushLimitIntoUnion struct{}

func (pushLimitIntoUnion) Name() string { return "PushLimitIntoUnion" }

func (pushLimitIntoUnion) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	switch l := n.(type) {
	case *logical.Limit:
		if u, ok := unionAll(l.In); ok && l.N >= 0 && !l.WithTies && l.Count == nil && l.Skip == nil {
			return limitInputs(n, u, func(i int, in logical.Node) logical.Node {
				return &logical.Limit{In: in, N: l.N + l.Offset}
			}), nil
		}
	case *logical.TopN:
		if u, ok := unionAll(l.In); ok {
			return limitInputs(n, u, func(i int, in logical.Node) logical.Node {
				keys := append([]logical.SortKey(nil), l.Keys...)
				for k := range keys {
					for c, col := range u.Cols {
						if col.ID == keys[k].Col {
							keys[k].Col = u.Maps[i][c]
							break
						}
					}
				}
				return &logical.TopN{In: in, Keys: keys, N: l.N + l.Offset}
			}), nil
		}
	}
	return nil, nil
}

func unionAll(n logical.Node) (*logical.SetOp, bool) {
	u, ok := n.(*logical.SetOp)
	return u, ok && u.Kind == logical.Union && u.All
}

// limitInputs limits the inputs that are not limited yet.
func limitInputs(n logical.Node, u *logical.SetOp, limit func(int, logical.Node) logical.Node) logical.Node {
	in := make([]logical.Node, len(u.In))
	changed := false
	for i, x := range u.In {
		in[i] = x
		if !limited(x) {
			in[i], changed = limit(i, x), true
		}
	}
	if !changed {
		return nil
	}
	return n.WithInputs([]logical.Node{u.WithInputs(in)})
}

// limited reports whether a relation is cut to a number of rows already.
func limited(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Limit, *logical.TopN, *logical.Values, *logical.SingleRow:
		return true
	case *logical.Project:
		return limited(n.In)
	case *logical.Aggregate:
		return len(n.Groups) == 0
	}
	return false
}
