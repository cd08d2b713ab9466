package scheduler

import (
	"context"

	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/exec/rpc"
)

// TaskReport is what is known of the current attempt of a task.
type TaskReport struct {
	ID          rpc.TaskID
	Node        string
	Status      rpc.Status
	Splits      int64 // given to it
	SplitsDone  int64 // taken by a driver: at most one a driver is still being read
	SplitsKnown bool  // no more will come
}

// Tasks reports the tasks of the run that have started. It asks the loop, so
// that ctx should end soon: nil when there was no answer.
func (r *Run) Tasks(ctx context.Context) []TaskReport {
	select {
	case <-r.finished: // then nobody takes events
		return r.report()
	default:
	}
	answer := make(chan []TaskReport, 1)
	select {
	case r.events <- func() error { answer <- r.report(); return nil }:
	case <-r.finished:
		return r.report()
	case <-ctx.Done():
		return nil
	}
	select {
	case out := <-answer:
		return out
	case <-r.finished:
		return r.report()
	case <-ctx.Done():
		return nil
	}
}

func (r *Run) report() []TaskReport {
	var out []TaskReport
	for _, st := range r.order {
		for _, t := range st.tasks {
			if t.node == nil {
				continue
			}
			i := TaskReport{ID: t.id, Node: t.node.Report().ID, Status: t.status, SplitsKnown: true}
			for _, sc := range st.scans {
				i.add(t.splits[sc.ID()], t.status.Queued, sc.ID())
			}
			out = append(out, i)
		}
	}
	return out
}

func (i *TaskReport) add(a *assigned, queued map[plan.NodeID]int, scan plan.NodeID) {
	if a == nil {
		i.SplitsKnown = false
		return
	}
	i.Splits += int64(len(a.splits))
	if n, told := queued[scan]; told {
		i.SplitsDone += max(int64(len(a.splits)-n), 0)
	} else if i.Status.State == rpc.Finished {
		i.SplitsDone += int64(len(a.splits))
	}
	i.SplitsKnown = i.SplitsKnown && a.last
}
