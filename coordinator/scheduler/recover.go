package scheduler

import (
	"errors"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/coordinator/cluster"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/exec/rpc"
)

// taskFailed handles the end of an attempt with an error: an input that could
// not be read is a question of who is lost; anything else fails the query.
func (r *Run) taskFailed(st *stage, t *task, s *rpc.Status) error {
	if len(s.Lost) == 0 || r.o.Local {
		return s.Err
	}
	var lost []*task
	for _, p := range s.Lost {
		for _, in := range st.Inputs {
			for _, q := range r.stages[in].tasks {
				if q.id.Name() != p.Task {
					continue
				}
				if q.id.Attempt != p.Attempt {
					continue // it has been replaced already, and t with it
				}
				if !r.dead(q.node) && !r.o.Members.Suspect(r.ctx, q.node) && q.status.State == rpc.Failed {
					return q.status.Err
				}
				lost = append(lost, q)
			}
		}
	}
	return r.recoverTasks(append(lost, t), s.Err)
}

// statusFailed handles a node that does not answer for an attempt.
func (r *Run) statusFailed(st *stage, t *task, id rpc.TaskID, n *cluster.Node, err error) error {
	if t.id != id {
		return nil
	}
	if !rpc.IsUnreachable(err) {
		if sqlerr.Is(err, sqlerr.UndefinedObject) { // the node has dropped the task: its lease ran out
			return r.recoverTasks([]*task{t}, err)
		}
		return err
	}
	if r.dead(n) || r.o.Members.Suspect(r.ctx, n) {
		return nil // nodeDied comes, or has come
	}
	r.poll(st, t)
	return nil
}

func (r *Run) dead(n *cluster.Node) bool {
	select {
	case <-n.Dead():
		return true
	default:
		return false
	}
}

// nodeDied replaces what a dead node had.
func (r *Run) nodeDied(n *cluster.Node) error {
	var lost []*task
	for _, st := range r.order {
		for _, t := range st.tasks {
			if t.node == n {
				lost = append(lost, t)
			}
		}
	}
	if len(lost) == 0 {
		return nil
	}
	return r.recoverTasks(lost, n.Cause())
}

// recoverTasks starts new attempts of the lost tasks whose output is still
// needed and of everything downstream of them. All consumers of a restarted
// task restart, finished ones too: the rows that two of them got must be of one
// attempt, since nothing promises that another attempt gives the same rows to
// each. Upstream tasks keep their output for the new attempts to read.
func (r *Run) recoverTasks(lost []*task, cause error) error {
	if r.o.Local {
		return cause
	}
	again := r.affected(lost)
	if len(again) == 0 {
		return nil
	}
	r.o.Log.Warn("tasks restart", "query", r.o.Query, "tasks", len(again), "cause", cause)
	old := sqlerr.New(sqlerr.QueryCanceled, "task was replaced by another attempt")
	for _, st := range r.order { // consumers die before producers come back
		for _, t := range st.tasks {
			if again[t] && t.node != nil {
				t.stop()
				r.dismiss(t.id, t.node, old)
			}
		}
	}
	r.resetFilters(again)
	for _, st := range r.order {
		for _, t := range st.tasks {
			if !again[t] {
				continue
			}
			if err := r.start(st, t); err != nil {
				if errors.Is(err, cause) {
					return err
				}
				return sqlerr.Wrap(sqlerr.CodeOf(err), err, "after a node was lost (%v)", cause)
			}
		}
	}
	return r.watch()
}

// affected is the closure of lost: tasks whose output is needed and lost,
// everything downstream of those, and dead producers that those read.
func (r *Run) affected(lost []*task) map[*task]bool {
	again := map[*task]bool{}
	isLost := map[*task]bool{}
	for _, t := range lost {
		isLost[t] = true
	}
	for changed := true; changed; {
		changed = false
		for i := len(r.order) - 1; i >= 0; i-- {
			st := r.order[i]
			needed := r.needed(st, again)
			for _, t := range st.tasks {
				if again[t] || t.node == nil {
					continue
				}
				gone := isLost[t] || r.dead(t.node)
				if gone && needed || r.inputRestarts(st, again) {
					again[t], changed = true, true
				}
			}
		}
	}
	return again
}

// needed reports whether the output of st will be read (again).
func (r *Run) needed(st *stage, again map[*task]bool) bool {
	c := r.stages[st.Consumer]
	if c == nil {
		return true // the root, or undecided
	}
	for _, t := range c.tasks {
		if again[t] || t.node == nil || t.status.State != rpc.Finished {
			return true
		}
	}
	return false
}

func (r *Run) inputRestarts(st *stage, again map[*task]bool) bool {
	for _, in := range st.Inputs {
		for _, t := range r.stages[in].tasks {
			if again[t] {
				return true
			}
		}
	}
	return false
}

// Stats returns the counters of the attempts that counted, by plan node,
// summed over tasks; call it after the root was read.
func (r *Run) Stats() map[plan.NodeID]rpc.NodeStats {
	out := map[plan.NodeID]rpc.NodeStats{}
	for _, st := range r.order {
		for _, t := range st.tasks {
			for _, n := range t.status.Nodes {
				sum := out[n.Node]
				sum.Node = n.Node
				sum.RowsIn += n.RowsIn
				sum.RowsOut += n.RowsOut
				sum.PagesOut += n.PagesOut
				sum.WallNanos += n.WallNanos
				sum.BlockedNanos += n.BlockedNanos
				sum.MemoryPeak += n.MemoryPeak
				sum.SpilledBytes += n.SpilledBytes
				sum.Scan.Add(n.Scan)
				for k, v := range n.Extra {
					if sum.Extra == nil {
						sum.Extra = map[string]int64{}
					}
					sum.Extra[k] += v
				}
				out[n.Node] = sum
			}
		}
	}
	return out
}

// Spilled returns the bytes that the nodes wrote to spill files; call it after
// the root was read.
func (r *Run) Spilled() int64 {
	byNode := map[*cluster.Node]int64{} // the tasks of a node report the query's sum there
	for _, st := range r.order {
		for _, t := range st.tasks {
			byNode[t.node] = max(byNode[t.node], t.status.Spilled)
		}
	}
	var sum int64
	for _, n := range byNode {
		sum += n
	}
	return sum
}
