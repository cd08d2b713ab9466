package rules

import (
	"context"
	"fmt"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/planner/logical"
)

// OfferLimit offers a limit or top-N above a scan to its source. The engine
// keeps the final step unless the scan has one split.
//
//	Limit 10 (Scan)  =>  Limit 10 (Scan {limit 10 a split})
var OfferLimit Rule = offerLimit{}

type offerLimit struct{}

func (offerLimit) Name() string { return "OfferLimit" }

func (offerLimit) Apply(ctx context.Context, env *Env, n logical.Node) (logical.Node, error) {
	switch l := n.(type) {
	case *logical.Limit:
		s, ok := l.In.(*logical.Scan)
		if !ok || l.N < 0 || l.WithTies || l.Count != nil || l.Skip != nil {
			return nil, nil
		}
		out, taken, err := offerTo(ctx, env, s, &spi.LimitOp{N: l.N + l.Offset}, "limit", fmt.Sprint(l.N+l.Offset))
		if out == nil || err != nil {
			return nil, err
		}
		if taken == spi.Exact && l.Offset == 0 {
			return out, nil
		}
		return l.WithInputs([]logical.Node{out}), nil
	case *logical.TopN:
		s, ok := l.In.(*logical.Scan)
		if !ok {
			return nil, nil
		}
		op := &spi.TopNOp{N: l.N + l.Offset}
		at := scanPlaces(s)
		for _, k := range l.Keys {
			c := s.Cols[at[k.Col]].Ref()
			c.Index = at[k.Col]
			op.Keys = append(op.Keys, spi.OrderKey{Expr: c, Desc: k.Desc, NullsFirst: k.NullsFirst})
		}
		out, _, err := offerTo(ctx, env, s, op, "top-N", fmt.Sprint(op.N))
		if out == nil || err != nil {
			return nil, err
		}
		return l.WithInputs([]logical.Node{out}), nil
	}
	return nil, nil
}

// offerTo offers an operator of one part.
func offerTo(ctx context.Context, env *Env, s *logical.Scan, op spi.Op, what, part string) (logical.Node, spi.Taken, error) {
	push := pusher(env, s)
	if push == nil || offered(s, what) || s.Reduced {
		return nil, spi.No, nil
	}
	source, outcomes, err := push.Push(ctx, env.Session, s.Source, op)
	if err != nil {
		return nil, spi.No, err
	}
	o := complete(outcomes, op)[0]
	out := *s
	out.Pushed = append(out.Pushed[:len(out.Pushed):len(out.Pushed)], logical.Pushed{What: what, Part: part, Outcome: o})
	if o.Taken == spi.Exact || o.Taken == spi.PerSplit {
		out.Source, out.Reduced = source, true
	}
	return &out, o.Taken, nil
}
