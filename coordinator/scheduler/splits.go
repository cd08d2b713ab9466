package scheduler

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/exec/rpc"
)

// splitsBatch is how many splits are asked for at once.
const splitsBatch = 1000

// feed enumerates the splits of one scan.
type feed struct {
	scan *plan.Scan
	live *liveFilter
}

// feed starts the enumeration of the splits of a stage's scans.
func (r *Run) feed(st *stage) error {
	for _, sc := range st.scans {
		f := &feed{scan: sc, live: newLiveFilter(sc)}
		st.feeds[sc.ID()] = f
		c, err := r.o.Connector(r.ctx, sc.Source.Catalog, sc.Source.Version)
		if err != nil {
			return err
		}
		r.work.Go(func() {
			err := r.enumerate(c, st, f)
			if err != nil && r.ctx.Err() == nil {
				err = fmt.Errorf("list splits of %s.%s: %w", sc.Source.Catalog, sc.Source.Table, err)
				r.post(func() error { return err })
			}
		})
	}
	return nil
}

func (r *Run) enumerate(c spi.Connector, st *stage, f *feed) error {
	src, err := c.Splits(r.ctx, r.o.Session, f.scan.Source, f.live)
	if err != nil {
		return err
	}
	defer src.Close()
	for {
		splits, err := src.Next(r.ctx, splitsBatch)
		last := errors.Is(err, io.EOF)
		if err != nil && !last {
			return err
		}
		taken := make(chan struct{})
		r.post(func() error {
			defer close(taken)
			return r.assign(st, f.scan.ID(), splits, last)
		})
		select {
		case <-taken: // so that enumeration never runs ahead of the workers by more than a batch
		case <-r.ctx.Done():
			return nil
		}
		if last {
			return nil
		}
	}
}

// assign gives splits to the tasks: pinned ones to their node, others to the
// task with the least bytes so far.
func (r *Run) assign(st *stage, scan plan.NodeID, splits []spi.Split, last bool) error {
	fresh := map[*task][]spi.Split{}
	for _, s := range splits {
		t, err := r.choose(st, scan, s)
		if err != nil {
			return err
		}
		a := t.assigned(scan)
		a.bytes += max(s.Bytes, s.Rows, 1)
		fresh[t] = append(fresh[t], s)
	}
	for _, t := range st.tasks {
		a := t.assigned(scan)
		a.splits, a.last = append(a.splits, fresh[t]...), a.last || last
		if len(fresh[t]) == 0 && !last {
			continue
		}
		if err := r.send(t, scan, fresh[t], last); err != nil {
			return err
		}
	}
	return nil
}

func (t *task) assigned(scan plan.NodeID) *assigned {
	a := t.splits[scan]
	if a == nil {
		a = &assigned{}
		t.splits[scan] = a
	}
	return a
}

func (r *Run) choose(st *stage, scan plan.NodeID, s spi.Split) (*task, error) {
	var best *task
	for _, t := range st.tasks {
		if s.Node != "" && t.node.Info.ID != s.Node {
			continue
		}
		if best == nil || t.assigned(scan).bytes < best.assigned(scan).bytes {
			best = t
		}
	}
	if best == nil {
		return nil, sqlerr.New(sqlerr.ConnectionFailure, "split %s can be read on node %s only, which takes no part in the query", s.ID, s.Node)
	}
	return best, nil
}

// send hands splits to the current attempt. A node that cannot be reached is
// the business of recovery, which sends the recorded splits again.
func (r *Run) send(t *task, scan plan.NodeID, splits []spi.Split, last bool) error {
	a := t.assigned(scan)
	ctx, stop := context.WithTimeout(r.ctx, sendMax)
	defer stop()
	err := t.node.Tasks.AddSplits(ctx, &rpc.AddSplits{Task: t.id, Node: scan, Seq: a.sent, Splits: splits, Last: last})
	a.sent++
	switch {
	case err == nil:
	case r.ctx.Err() != nil:
		return context.Cause(r.ctx)
	case rpc.IsUnreachable(err), ctx.Err() != nil, sqlerr.Is(err, sqlerr.UndefinedObject):
		return nil // the poller will tell
	default:
		return err
	}
	return nil
}

// resend gives a new attempt the recorded splits.
func (r *Run) resend(st *stage, t *task) error {
	for _, sc := range st.scans {
		a := t.assigned(sc.ID())
		a.sent = 0
		if len(a.splits) == 0 && !a.last {
			continue
		}
		if err := r.send(t, sc.ID(), a.splits, a.last); err != nil {
			return err
		}
	}
	return r.resendFilters(st, t)
}
