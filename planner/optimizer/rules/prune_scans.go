package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
)

// PruneScans reads only the columns of a table that something above needs.
//
//	Project a (Scan [a, b, c])  =>  Scan [a]
//
// It is called with the root only.
var PruneScans Rule = pruneScans{}

type pruneScans struct{}

func (pruneScans) Name() string { return "PruneScans" }

func (pruneScans) prunes() {}

func (pruneScans) Apply(ctx context.Context, env *Env, n logical.Node) (logical.Node, error) {
	var failed error
	p := pruner{scan: func(s *logical.Scan, need logical.Set) *logical.Scan {
		out, err := prunedScan(ctx, env, s, need)
		if err != nil && failed == nil {
			failed = err
		}
		return out
	}}
	return p.pruned(n, logical.SetOf(n.Schema())), failed
}

func prunedScan(ctx context.Context, env *Env, s *logical.Scan, need logical.Set) (*logical.Scan, error) {
	if s.Grouped || s.KeepAll || s.Source.Filter != nil {
		return s, nil
	}
	out := *s
	out.Cols = nil
	op := &spi.ProjectOp{}
	source := s.Source
	source.Columns, source.Output = nil, nil
	for i, c := range s.Cols {
		if !need[c.ID] {
			continue
		}
		out.Cols = append(out.Cols, c)
		op.Exprs = append(op.Exprs, &expr.Column{Index: i, Typ: c.Type, Name: c.Name, At: -1})
		op.Names = append(op.Names, c.Name)
		source.Output = append(source.Output, s.Source.Output[i])
		source.Columns = append(source.Columns, s.Source.Columns[i])
	}
	if len(out.Cols) == len(s.Cols) {
		return s, nil
	}
	push := pusher(env, s)
	if push == nil {
		out.Source = source
		return &out, nil
	}
	pushed, outcomes, err := push.Push(ctx, env.Session, s.Source, op)
	if err != nil {
		return s, err
	}
	for _, o := range complete(outcomes, op) {
		if o.Taken != spi.Exact {
			return s, nil
		}
	}
	out.Source = pushed
	if len(pushed.Output) != len(out.Cols) {
		return s, nil
	}
	return &out, nil
}
