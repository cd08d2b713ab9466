package rules

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/planner/logical"
)

// PruneColumns drops columns, computed items and aggregate calls that nothing
// above reads, in one walk from the root.
//
//	Project a (Project [a, b: f(c)] (Scan [a, c]))  =>  Project a (Project [a] (Scan [a, c]))
//
// Scans keep their columns here: sources drop them when they are offered the
// projection.
var PruneColumns Rule = pruneColumns{}

type pruneColumns struct{}

func (pruneColumns) Name() string { return "PruneColumns" }

func (pruneColumns) prunes() {}

// Apply is called with the root only.
func (pruneColumns) Apply(_ context.Context, _ *Env, n logical.Node) (logical.Node, error) {
	out := pruner{}.pruned(n, logical.SetOf(n.Schema()))
	if out == n {
		return nil, nil
	}
	return out, nil
}

// pruner walks a tree with the columns that are read above each node. scan, when
// not nil, narrows scans.
type pruner struct {
	scan func(*logical.Scan, logical.Set) *logical.Scan
}

// pruned returns n giving at least the columns of need.
func (p pruner) pruned(n logical.Node, need logical.Set) logical.Node {
	switch n := n.(type) {
	case *logical.Scan:
		if p.scan != nil {
			return p.scan(n, need)
		}
		return n
	case *logical.Project:
		return p.prunedProject(n, need)
	case *logical.Aggregate:
		return p.prunedAggregate(n, need)
	case *logical.SetOp:
		return p.prunedSetOp(n, need)
	case *logical.Values:
		return prunedValues(n, need)
	case *logical.Distinct:
		if n.On == nil { // all columns count
			need = logical.SetOf(n.Schema())
		}
	case *logical.Window:
		n = prunedWindow(n, need)
		if len(n.Calls) == 0 {
			return p.pruned(n.In, need)
		}
		return p.prunedInputs(n, need)
	case *logical.AssignID:
		if !need[n.Col.ID] {
			return p.pruned(n.In, need)
		}
	case *logical.Join:
		return p.prunedJoin(n, need)
	case *logical.Apply:
		if n.Kind == logical.ApplyMark && !need[n.Mark.ID] {
			return p.pruned(n.L, need)
		}
		inner := logical.Set{}
		for id := range logical.Free(n.R) {
			inner[id] = true
		}
		for id := range need {
			inner[id] = true
		}
		return p.prunedInputs(n, inner)
	}
	return p.prunedInputs(n, need)
}

// prunedInputs asks each input for what n reads and passes on.
func (p pruner) prunedInputs(n logical.Node, need logical.Set) logical.Node {
	in := n.Inputs()
	if len(in) == 0 {
		return n
	}
	reads := logical.Set{}.Add(logical.Exprs(n)...)
	for _, id := range logical.OwnColumns(n) {
		reads[id] = true
	}
	for id := range need {
		reads[id] = true
	}
	return p.withPruned(n, in, reads)
}

func (p pruner) withPruned(n logical.Node, in []logical.Node, reads logical.Set) logical.Node {
	changed := false
	out := make([]logical.Node, len(in))
	for i, c := range in {
		out[i] = p.pruned(c, reads)
		changed = changed || out[i] != c
	}
	if !changed {
		return n
	}
	return n.WithInputs(out)
}

func (p pruner) prunedProject(n *logical.Project, need logical.Set) logical.Node {
	var items []logical.Item
	reads := logical.Set{}
	for _, it := range n.Items {
		if need[it.Col.ID] {
			items = append(items, it)
			reads.Add(it.Expr)
		}
	}
	in := p.pruned(n.In, reads)
	if len(items) == len(n.Items) && in == n.In {
		return n
	}
	return &logical.Project{In: in, Items: items}
}

// prunedJoin makes a mark join that nobody asks a plain left side, and drops
// columns right below a join, so that they are not built or moved.
func (p pruner) prunedJoin(n *logical.Join, need logical.Set) logical.Node {
	if n.Kind == logical.Mark && !need[n.Mark.ID] {
		return p.pruned(n.L, need)
	}
	reads := logical.Set{}.Add(logical.Exprs(n)...)
	for id := range need {
		reads[id] = true
	}
	out := p.withPruned(n, []logical.Node{n.L, n.R}, reads).(*logical.Join)
	l, r := narrow(out.L, reads), narrow(out.R, reads)
	if l == out.L && r == out.R {
		return out
	}
	return out.WithInputs([]logical.Node{l, r})
}

// narrow projects a relation to the columns that are read above it.
func narrow(n logical.Node, reads logical.Set) logical.Node {
	switch n.(type) {
	case *logical.Project, *logical.Aggregate, *logical.SetOp, *logical.Values, *logical.Scan, *logical.SharedRef:
		return n // gives no more than is read already, or will by itself
	}
	return passing(n, reads)
}

func (p pruner) prunedAggregate(n *logical.Aggregate, need logical.Set) logical.Node {
	c := *n
	c.Calls = nil
	for _, call := range n.Calls {
		if need[call.Col.ID] {
			c.Calls = append(c.Calls, call)
		}
	}
	reads := logical.Set{}.Add(logical.Exprs(&c)...)
	for _, id := range logical.OwnColumns(&c) {
		reads[id] = true
	}
	in := p.pruned(n.In, reads)
	if len(c.Calls) == len(n.Calls) && in == n.In {
		return n
	}
	c.In = in
	return &c
}

// prunedSetOp drops columns of UNION ALL; other set operations compare them.
func (p pruner) prunedSetOp(n *logical.SetOp, need logical.Set) logical.Node {
	c := *n
	if n.Kind == logical.Union && n.All {
		c.Cols, c.Maps = nil, make([][]int, len(n.In))
		for k, col := range n.Cols {
			if !need[col.ID] {
				continue
			}
			c.Cols = append(c.Cols, col)
			for i := range n.In {
				c.Maps[i] = append(c.Maps[i], n.Maps[i][k])
			}
		}
	}
	in := make([]logical.Node, len(n.In))
	changed := len(c.Cols) != len(n.Cols)
	for i, x := range n.In {
		reads := logical.Set{}
		for _, id := range c.Maps[i] {
			reads[id] = true
		}
		in[i] = p.pruned(x, reads)
		changed = changed || in[i] != x
	}
	if !changed {
		return n
	}
	c.In = in
	return &c
}

func prunedValues(n *logical.Values, need logical.Set) logical.Node {
	c := &logical.Values{Rows: make([][]expr.Expr, len(n.Rows))}
	for i := range c.Rows {
		c.Rows[i] = []expr.Expr{}
	}
	for k, col := range n.Cols {
		keep := need[col.ID]
		for i := range n.Rows {
			keep = keep || expr.IsVolatile(n.Rows[i][k])
		}
		if !keep {
			continue
		}
		c.Cols = append(c.Cols, col)
		for i, r := range n.Rows {
			c.Rows[i] = append(c.Rows[i], r[k])
		}
	}
	if len(c.Cols) == len(n.Cols) {
		return n
	}
	return c
}

func prunedWindow(n *logical.Window, need logical.Set) *logical.Window {
	c := *n
	c.Calls = nil
	for _, call := range n.Calls {
		if need[call.Col.ID] {
			c.Calls = append(c.Calls, call)
		}
	}
	if len(c.Calls) == len(n.Calls) {
		return n
	}
	return &c
}
