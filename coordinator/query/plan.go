package query

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/exec/rpc"
	"github.com/muster-sql/muster/planner/fragment"
)

// FromPlan makes a plan ready to run: it begins the write, whose target becomes
// part of the plan. defs are the catalogs as workers need them; release ends
// the snapshots of the statement, nil when somebody else does.
func FromPlan(ctx context.Context, s *spi.Session, p *fragment.Plan, defs []rpc.Catalog, release func(context.Context) error) (*Planned, error) {
	out := &Planned{Columns: p.Columns, Tag: "SELECT", Release: release, Catalogs: defs, Fragments: p}
	if p.Write != nil {
		w := p.Write.Conn.Caps().Write
		if w == nil {
			return nil, sqlerr.Unsupported("catalog cannot be written to: %q", p.Write.Catalog)
		}
		t, err := w.Begin(ctx, s, p.Write.Spec)
		if err != nil {
			return nil, err
		}
		t.Catalog, t.Version = p.Write.Catalog, p.Write.Version
		out.Write, out.Tag = &Write{Writer: w, Target: t}, p.Write.Tag
		p = p.WithTarget(t)
	}
	out.Root = p.Root
	out.Cut = func(decided map[plan.NodeID]plan.JoinDist) (fragment.Stages, error) {
		return fragment.Cut(p.Root, decided, p.Nodes), nil
	}
	return out, nil
}
