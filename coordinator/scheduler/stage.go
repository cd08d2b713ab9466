package scheduler

import (
	"context"
	"slices"
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/coordinator/cluster"
	"github.com/muster-sql/muster/exec/exchange"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/exec/rpc"
	"github.com/muster-sql/muster/planner/fragment"
)

// stage is a stage with its tasks.
type stage struct {
	fragment.Stage
	tasks   []*task
	code    []byte // the encoded root
	scans   []*plan.Scan
	feeds   map[plan.NodeID]*feed
	decided bool // a late-bound output has been set
}

// task is the current attempt of one task.
type task struct {
	id     rpc.TaskID
	node   *cluster.Node // nil before the first attempt
	status rpc.Status
	splits map[plan.NodeID]*assigned
	stop   context.CancelFunc // of its poller
}

// assigned records the splits of a scan of a task, for further attempts.
type assigned struct {
	splits []spi.Split
	bytes  int64
	last   bool
	sent   int // AddSplits calls of this attempt
}

// place adds a stage of a cut, or renews what a later cut says of it.
func (r *Run) place(s *fragment.Stage) {
	if st := r.stages[s.ID]; st != nil {
		st.Stage = *s
		return
	}
	st := &stage{Stage: *s, feeds: map[plan.NodeID]*feed{}}
	for i := range r.width(s) {
		st.tasks = append(st.tasks, &task{
			id:     rpc.TaskID{Query: r.o.Query, Stage: s.ID, Index: i, Attempt: -1},
			splits: map[plan.NodeID]*assigned{},
		})
	}
	plan.Walk(s.Root, func(n plan.Node) {
		switch n := n.(type) {
		case *plan.Scan:
			st.scans = append(st.scans, n)
		case *plan.Join:
			r.addFilters(n, st)
		}
	})
	r.stages[s.ID] = st
	r.order = append(r.order, st)
}

// width is the number of tasks of a stage: fixed for the run, whoever dies.
func (r *Run) width(s *fragment.Stage) int {
	if s.Width == fragment.Source || s.Width == fragment.Hashed {
		return max(len(r.o.Workers), 1)
	}
	return 1
}

// settle starts a stage that has no tasks yet, and decides a late-bound output.
func (r *Run) settle(st *stage) error {
	if st.tasks[0].node == nil {
		code, err := plan.Encode(st.Root)
		if err != nil {
			return err
		}
		st.code = code
		for _, t := range st.tasks {
			if err := r.start(st, t); err != nil {
				return err
			}
		}
		return r.feed(st)
	}
	if st.Join != 0 && !st.decided && st.Output != plan.LateBound {
		st.decided = true
		for _, t := range st.tasks {
			if err := t.node.Tasks.SetOutput(r.ctx, t.id, r.output(st)); err != nil && !rpc.IsUnreachable(err) {
				return err
			}
		}
	}
	return nil
}

// output describes where a stage's rows go.
func (r *Run) output(st *stage) exchange.Output {
	o := exchange.Output{Kind: exchange.Kind(st.Output), Partitions: 1, Cols: st.OutputCols}
	if st.Join != 0 && !st.decided {
		o.Kind = exchange.LateBound // perhaps decided, but nobody knows yet for how many readers
	}
	if c := r.stages[st.Consumer]; c != nil {
		o.Partitions = len(c.tasks)
	}
	return o
}

// start creates the next attempt of t on a node that takes it.
func (r *Run) start(st *stage, t *task) error {
	for {
		t.id.Attempt++
		if t.id.Attempt >= attemptsMax {
			return sqlerr.New(sqlerr.InsufficientResources, "task %s failed %d times", t.id.Name(), attemptsMax).
				WithHint("a split of it may end the process that reads it; see the log of the workers")
		}
		n, err := r.pick(st, t)
		if err != nil {
			return err
		}
		t.node, t.status = n, rpc.Status{}
		err = n.Tasks.Create(r.ctx, r.request(st, t))
		if err == nil {
			break
		}
		if !rpc.IsUnreachable(err) || r.ctx.Err() != nil {
			return err
		}
		r.o.Members.Suspect(r.ctx, n)
	}
	if st.ID == r.root {
		r.mu.Lock()
		r.rootTask = &task{id: t.id, node: t.node}
		close(r.rootNews)
		r.rootNews = make(chan struct{})
		r.mu.Unlock()
	}
	r.poll(st, t)
	return r.resend(st, t)
}

func (r *Run) request(st *stage, t *task) *rpc.Create {
	c := &rpc.Create{
		Task: t.id, Session: *r.o.Session, Plan: st.code, Output: r.output(st), Retain: !r.o.Local,
		Inputs: map[plan.StageID][]exchange.Producer{}, Catalogs: r.o.Catalogs, Drivers: r.o.Drivers,
		Local: r.o.Local, Coordinator: r.o.Members.Self().Info.ID,
	}
	for _, sc := range st.scans {
		for _, d := range sc.Dyn {
			// A build side that a join waits for comes before the filters of joins above.
			if f := r.filters[d.Filter]; f != nil && f.from != st && st.Output != plan.LateBound {
				c.Await = append(c.Await, d.Filter)
			}
		}
	}
	for _, in := range st.Inputs {
		for _, p := range r.stages[in].tasks {
			c.Inputs[in] = append(c.Inputs[in], exchange.Producer{
				Task: p.id.Name(), Node: p.node.Info.Addr, Attempt: p.id.Attempt, Partition: t.id.Index,
			})
		}
	}
	return c
}

// workerWait is how long a query waits for a worker when none is left.
const workerWait = 10 * time.Second

// pick chooses the node of an attempt: the coordinator for pinned and root
// stages, else the node of the same number, else a survivor.
func (r *Run) pick(st *stage, t *task) (*cluster.Node, error) {
	if st.Width == fragment.Pinned || st.ID == r.root {
		return r.o.Members.Self(), nil
	}
	alive, err := r.o.Members.AwaitWorkers(r.ctx, workerWait)
	if err != nil {
		return nil, err
	}
	first := t.id.Index
	if st.Width == fragment.Single {
		first = int(st.ID)
	}
	if t.id.Attempt == 0 {
		if want := r.o.Workers[first%len(r.o.Workers)]; slices.Contains(alive, want) {
			return want, nil
		}
	}
	return alive[(first+t.id.Attempt)%len(alive)], nil
}

// poll follows the status of an attempt until it ends.
func (r *Run) poll(st *stage, t *task) {
	ctx, stop := context.WithCancel(r.ctx)
	t.stop = stop
	id, n := t.id, t.node
	r.work.Go(func() {
		defer stop()
		version := uint64(0)
		for {
			s, err := n.Tasks.Status(ctx, id, version)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				r.post(func() error { return r.statusFailed(st, t, id, n, err) })
				return
			}
			version = s.Version
			r.post(func() error { return r.statusArrived(st, t, id, s) })
			if s.State == rpc.Failed || s.State == rpc.Finished && !s.Output.Late {
				return
			}
		}
	})
}

// statusArrived takes a report of an attempt; those of old attempts are dropped.
func (r *Run) statusArrived(st *stage, t *task, id rpc.TaskID, s *rpc.Status) error {
	if t.id != id {
		return nil
	}
	t.status = *s
	if r.finishing {
		return r.reported()
	}
	if s.State == rpc.Failed {
		return r.taskFailed(st, t, s)
	}
	if err := r.collectFilters(st, t, s.Filters); err != nil {
		return err
	}
	if st.Join != 0 && !st.decided {
		return r.decide(st)
	}
	return nil
}

// decide binds a late join once the size of its build side is known.
func (r *Run) decide(st *stage) error {
	i := slices.IndexFunc(r.late, func(l fragment.Late) bool { return l.Join == st.Join })
	if i < 0 {
		return nil
	}
	l := r.late[i]
	var rows, bytes int64
	done := true
	for _, t := range st.tasks {
		rows, bytes = rows+t.status.Output.Rows, bytes+t.status.Output.Bytes
		done = done && t.status.Output.Done
	}
	bindable := l.Bind != nil && rows <= l.Bind.RowsMax
	small := l.BroadcastOK && (bytes <= r.o.BroadcastMax || len(r.o.Workers) == 1)
	switch {
	case !done && (bindable || small && len(r.o.Workers) > 1):
		return nil
	case done && bindable:
		r.decided[l.Join] = plan.DistBind
	case small:
		r.decided[l.Join] = plan.DistBroadcast
	default:
		r.decided[l.Join] = plan.DistPartitioned
	}
	return r.advance()
}

// Decisions returns how each late-bound join was bound; call it after Wait.
func (r *Run) Decisions() map[plan.NodeID]plan.JoinDist { return r.decided }

// dismiss ends an attempt in the background and forgets it.
func (r *Run) dismiss(id rpc.TaskID, n *cluster.Node, cause *sqlerr.Error) {
	select {
	case <-n.Dead():
		return
	default:
	}
	r.work.Go(func() {
		ctx, stop := context.WithTimeout(context.WithoutCancel(r.ctx), dismissMax)
		defer stop()
		if err := n.Tasks.Cancel(ctx, id, cause); err == nil {
			err = n.Tasks.Discard(ctx, id)
			if err != nil {
				r.o.Log.Debug("task was not discarded", "task", id.String(), "err", err)
			}
		}
	})
}

// dismissMax bounds the goodbye to a node that hangs; its leases end the task then.
const dismissMax = 2 * time.Second
