package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
)

// OfferFilter offers the conditions above a scan to its source. What the source
// takes exactly is dropped; what it takes as a superset is checked again.
//
//	Filter a = 1 AND f(b) (Scan [a, b])  =>  Filter f(b) (Scan [a, b] {a = 1})
var OfferFilter Rule = offerFilter{}

type offerFilter struct{}

func (offerFilter) Name() string { return "OfferFilter" }

func (offerFilter) Apply(ctx context.Context, env *Env, n logical.Node) (logical.Node, error) {
	f, ok := n.(*logical.Filter)
	if !ok {
		return nil, nil
	}
	s, ok := f.In.(*logical.Scan)
	if !ok || s.Reduced || offered(s, "filter") {
		return nil, nil
	}
	push := pusher(env, s)
	at := scanPlaces(s)
	var offer, stay []expr.Expr
	for _, c := range expr.Conjuncts(f.Pred) {
		if push == nil || expr.IsVolatile(c) || len(expr.Columns(c)) == 0 {
			stay = append(stay, c)
		} else {
			offer = append(offer, c)
		}
	}
	out := *s
	if len(offer) > 0 {
		op := &spi.FilterOp{}
		for _, c := range offer {
			op.Conjuncts = append(op.Conjuncts, expr.Remap(c, at))
		}
		source, outcomes, err := push.Push(ctx, env.Session, s.Source, op)
		if err != nil {
			return nil, err
		}
		outcomes = complete(outcomes, op)
		out.Source = source
		for i, c := range offer {
			out.Pushed = append(out.Pushed, logical.Pushed{What: "filter", Part: expr.Format(c), Outcome: outcomes[i]})
			if outcomes[i].Taken != spi.Exact {
				stay = append(stay, c)
			}
		}
	}
	out.Source.Domain = out.Source.Domain.Intersect(tableDomain(s, f.Pred, at))
	return filter(&out, stay), nil
}

func pusher(env *Env, s *logical.Scan) spi.Pusher {
	if env.NoPushdown || s.Conn == nil {
		return nil
	}
	return s.Conn.Caps().Push
}

// offered reports whether an operator was offered to the scan's source before.
func offered(s *logical.Scan, what string) bool {
	for _, p := range s.Pushed {
		if p.What == what {
			return true
		}
	}
	return false
}

// complete gives an outcome for every part, in order; one that the source did
// not answer for was not taken.
func complete(outcomes []spi.Outcome, op spi.Op) []spi.Outcome {
	out := make([]spi.Outcome, op.Parts())
	for i := range out {
		out[i] = spi.Outcome{Part: i, Taken: spi.No, Reason: spi.ReasonCapability}
	}
	for _, o := range outcomes {
		if o.Part >= 0 && o.Part < len(out) {
			out[o.Part] = o
		}
	}
	return out
}

// scanPlaces maps column ids to the scan's output columns.
func scanPlaces(s *logical.Scan) map[int]int {
	at := make(map[int]int, len(s.Cols))
	for i, c := range s.Cols {
		at[c.ID] = i
	}
	return at
}

// tableDomain is what conditions imply for the columns of the table.
func tableDomain(s *logical.Scan, pred expr.Expr, at map[int]int) domain.Tuple {
	implied, _ := domain.Implied(pred)
	out := domain.Tuple{}
	for id, set := range implied {
		if p, ok := at[id]; ok && p < len(s.Source.Columns) && s.Source.Columns[p] >= 0 {
			out[s.Source.Columns[p]] = set
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
