package worker

import (
	"context"
	"time"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/exec/exchange"
	"github.com/muster-sql/muster/exec/rpc"
)

// Renew implements rpc.Tasks: queries that the coordinator names live for
// another lease; the others run out.
func (s *Server) Renew(_ context.Context, r *rpc.Renew) (*rpc.Info, error) {
	s.mu.Lock()
	now := s.o.Clock.Now()
	for _, id := range r.Queries {
		if q := s.queries[id]; q != nil && !q.deadline.IsZero() {
			q.lease = r.Lease
			q.deadline = now.Add(r.Lease)
		}
	}
	s.mu.Unlock()
	i := s.Info()
	return &i, nil
}

// leaseCheck is how often leases are looked at.
const leaseCheck = 500 * time.Millisecond

// Run ends tasks whose lease has run out, until ctx ends.
func (s *Server) Run(ctx context.Context) {
	for {
		select {
		case <-s.o.Clock.After(ctx, leaseCheck):
			s.expire()
		case <-ctx.Done():
			return
		}
	}
}

func (s *Server) expire() {
	now := s.o.Clock.Now()
	s.mu.Lock()
	var orphans []*task
	for _, t := range s.tasks {
		if d := t.q.deadline; !d.IsZero() && now.After(d) {
			orphans = append(orphans, t)
		}
	}
	s.mu.Unlock()
	for _, t := range orphans {
		if <-t.started; t.exec == nil {
			continue
		}
		s.o.Log.Warn("lease ran out, task ends", "task", t.id.String())
		t.exec.Cancel(sqlerr.New(sqlerr.ConnectionFailure, "the coordinator has not renewed the lease of the task"))
		t.exec.Discard()
		<-t.ended
		s.forget(t)
	}
}

// announceEvery is how often a worker says that it is there.
const announceEvery = time.Second

// Announce tells the coordinator that this node is there, until ctx ends.
func (s *Server) Announce(ctx context.Context, c rpc.Cluster) {
	failed := false
	for {
		i := s.Info()
		call, stop := context.WithTimeout(ctx, 5*time.Second)
		err := c.Announce(call, &i)
		stop()
		if err != nil && !failed && ctx.Err() == nil {
			s.o.Log.Warn("coordinator does not answer; trying on", "err", err)
		}
		failed = err != nil
		select {
		case <-s.o.Clock.After(ctx, announceEvery):
		case <-ctx.Done():
			return
		}
	}
}

// Drain takes no new tasks and returns when the last one is gone, or with the
// cause of ctx.
func (s *Server) Drain(ctx context.Context) error {
	s.mu.Lock()
	s.draining = true
	s.mu.Unlock()
	for {
		s.mu.Lock()
		n, empty := len(s.tasks), s.empty
		s.mu.Unlock()
		if n == 0 {
			return nil
		}
		select {
		case <-empty:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Close ends all tasks and waits for them.
func (s *Server) Close() {
	s.mu.Lock()
	s.draining = true
	var all []*task
	for _, t := range s.tasks {
		all = append(all, t)
	}
	s.mu.Unlock()
	s.stop(sqlerr.New(sqlerr.AdminShutdown, "the server is shutting down"))
	for _, t := range all {
		if <-t.started; t.exec == nil {
			continue
		}
		t.exec.Cancel(sqlerr.New(sqlerr.AdminShutdown, "the server is shutting down"))
		t.exec.Discard()
	}
	s.work.Wait()
	for _, t := range all {
		s.forget(t)
	}
}

// frameStream serves an output as frames.
type frameStream struct{ s *exchange.Stream }

type frame struct{ *page.Buffer }

// Bytes implements rpc.Frame.
func (f frame) Bytes() []byte { return f.Data }

// Frame implements rpc.FrameStream.
func (s frameStream) Frame(ctx context.Context) (rpc.Frame, error) {
	b, err := s.s.Frame(ctx)
	if err != nil {
		return nil, err
	}
	return frame{b}, nil
}

// Close implements rpc.FrameStream.
func (s frameStream) Close() error { return s.s.Close() }

// pageStream hands an output over page by page, within this process.
type pageStream struct{ *exchange.Stream }

// Frame implements rpc.FrameStream; nobody asks a local output for frames.
func (s pageStream) Frame(context.Context) (rpc.Frame, error) {
	return nil, sqlerr.Internalf("a local output has no frames")
}

var _ rpc.PageStream = pageStream{}
