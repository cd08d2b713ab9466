package fragment

import (
	"github.com/muster-sql/muster/exec/plan"
)

// Cut takes a plan apart at its exchanges and joins. decided says how late-bound
// joins meet; while one is missing, its build side is a stage with LateBound
// output and what is above it is not given. Stages keep their ids from cut to
// cut: the id is that of the node on top.
func Cut(root plan.Node, decided map[plan.NodeID]plan.JoinDist, nodes int) Stages {
	c := &cutter{decided: decided, nodes: nodes}
	top := c.stage(root, output{kind: plan.Gather})
	var out Stages
	c.list(top, &out)
	if top.ok {
		out.Root = top.ID
	}
	out.Stages = runnable(out)
	out.Undecided = c.late
	return out
}

// runnable drops stages whose consumer is not known, so that nobody could say
// into how many partitions they write. Build sides stay.
func runnable(s Stages) []Stage {
	keep := map[plan.StageID]bool{}
	for i := len(s.Stages) - 1; i >= 0; i-- {
		st := &s.Stages[i]
		if st.Consumer != 0 && !keep[st.Consumer] {
			st.Consumer = 0
		}
		keep[st.ID] = st.Consumer != 0 || st.Join != 0 || st.ID == s.Root
	}
	var out []Stage
	for _, st := range s.Stages {
		if keep[st.ID] {
			out = append(out, st)
		}
	}
	return out
}

type output struct {
	kind plan.ExchangeKind
	cols []int
	join plan.NodeID
}

// building is a stage with its producers. It is not ok while a join inside is
// undecided: then only producers of it may be complete.
type building struct {
	Stage
	ok     bool
	inputs []*building
}

type cutter struct {
	decided map[plan.NodeID]plan.JoinDist
	nodes   int
	late    []Late
}

// stage makes a stage of the plan below n, up to the next exchanges.
func (c *cutter) stage(n plan.Node, o output) *building {
	b := &building{ok: true}
	b.ID, b.Output, b.OutputCols, b.Join = plan.StageID(n.ID()), o.kind, o.cols, o.join
	b.Root = c.cut(n, b)
	b.Width = width(b)
	return b
}

// list appends the complete stages below and including b, producers first.
func (c *cutter) list(b *building, out *Stages) {
	for _, in := range b.inputs {
		if b.ok && in.Output != plan.LateBound {
			in.Consumer = b.ID
		}
		c.list(in, out)
	}
	if !b.ok {
		return
	}
	for _, in := range b.inputs {
		b.Inputs = append(b.Inputs, in.ID)
	}
	out.Stages = append(out.Stages, b.Stage)
}

// cut rewrites n for the stage b, turning what other stages give into Remote nodes.
func (c *cutter) cut(n plan.Node, b *building) plan.Node {
	switch n := n.(type) {
	case *plan.Exchange:
		in := c.stage(n.In, output{kind: n.Kind, cols: n.Cols})
		return c.remote(b, in, n.Head, n.Merge)
	case *plan.Join:
		if n.Dist != plan.DistLocal {
			return c.join(n, b)
		}
	}
	in := n.Inputs()
	if len(in) == 0 {
		return n
	}
	kids := make([]plan.Node, len(in))
	for i, k := range in {
		kids[i] = c.cut(k, b)
	}
	return n.WithInputs(kids)
}

func (c *cutter) remote(b, in *building, h plan.Head, merge []plan.SortKey) plan.Node {
	b.inputs = append(b.inputs, in)
	b.ok = b.ok && in.ok
	return &plan.Remote{Head: h, Stage: in.ID, Merge: merge}
}

// side reads one side of a join from a stage of its own. The planner left the
// node ids after the join's for this.
func (c *cutter) side(b *building, j *plan.Join, n plan.Node, o output, offset plan.NodeID) plan.Node {
	h := plan.Head{Node: j.ID() + offset, Out: outOf(n), RowsEst: estimateOf(n)}
	return c.remote(b, c.stage(n, o), h, nil)
}

func outOf(n plan.Node) []plan.Column { return n.(interface{ Columns() []plan.Column }).Columns() }

func estimateOf(n plan.Node) float64 { return n.(interface{ Estimate() float64 }).Estimate() }

// join places a join whose sides meet from different tasks. Each kind comes to:
// broadcast, in the tasks of the left side; partitioned, in a stage of its own;
// bind, in a stage that reads the build rows and looks the left side up.
func (c *cutter) join(n *plan.Join, b *building) plan.Node {
	late := plan.NodeID(0)
	dist := n.Dist
	if dist == plan.DistLate {
		late = n.ID()
		d, ok := c.decided[n.ID()]
		if !ok {
			return c.undecided(n, b)
		}
		dist = d
	}
	out := *n
	out.Dist = dist
	switch dist {
	case plan.DistPartitioned:
		out.L = c.side(b, n, n.L, output{kind: plan.Hash, cols: n.LKeys}, 1)
		out.R = c.side(b, n, n.R, output{kind: plan.Hash, cols: n.RKeys, join: late}, 2)
	case plan.DistBind:
		build := c.side(b, n, n.R, output{kind: plan.RoundRobin, join: late}, 2)
		return lookupJoin(n, build)
	default:
		out.L = c.cut(n.L, b)
		out.R = c.side(b, n, n.R, output{kind: plan.Broadcast, join: late}, 2)
	}
	return &out
}

// undecided gives the build side as a stage and looks for further ones on the left.
func (c *cutter) undecided(n *plan.Join, b *building) plan.Node {
	build := c.stage(n.R, output{kind: plan.LateBound, join: n.ID()})
	b.inputs = append(b.inputs, build)
	b.ok = false
	if build.ok {
		c.late = append(c.late, Late{Join: n.ID(), Build: build.ID, BroadcastOK: n.BroadcastOK, Bind: n.Bind})
	}
	c.cut(n.L, b)
	return n
}

// width says how many tasks a stage has, by what it reads.
func width(b *building) Width {
	w := Single
	plan.Walk(b.Root, func(n plan.Node) {
		switch n := n.(type) {
		case *plan.Scan:
			if n.Pinned {
				w = Pinned
			} else if w != Pinned {
				w = Source
			}
		case *plan.Write:
			if n.Target.Node != "" {
				w = Pinned
			}
		}
	})
	if w != Single {
		return w
	}
	for _, in := range b.inputs {
		if in.Output == plan.Hash || in.Output == plan.RoundRobin {
			return Hashed
		}
	}
	return Single
}
