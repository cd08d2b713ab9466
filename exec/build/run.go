package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/exec/exchange"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/operator"
)

// errEnd is the cause that ends what still runs once the last pipeline is done.
var errEnd = errors.New("the task has all it needs")

// Run runs every driver of every pipeline and returns when all have ended,
// with the first error. It gives up CPU slots between pages.
func (b *Pipelines) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all, last sync.WaitGroup
	for _, p := range b.list {
		for i := range p.drivers {
			if p.last {
				last.Add(1)
			}
			all.Go(func() {
				err := b.drive(ctx, p, i)
				if err != nil {
					cancel(err)
				}
				if p.last {
					last.Done()
				}
			})
		}
	}
	all.Go(func() {
		last.Wait()
		cancel(errEnd)
	})
	all.Wait()
	if err := context.Cause(ctx); !errors.Is(err, errEnd) {
		return err
	}
	return nil
}

// drive runs one driver; a panic in it is the task's error.
func (b *Pipelines) drive(ctx context.Context, p *pipeline, index int) (err error) {
	s := &slot{slots: b.env.Slots, ctx: ctx}
	defer func() {
		if x := recover(); x != nil {
			err = sqlerr.Internalf("panic in a driver of query %s: %v", b.env.Session.QueryID, x).
				WithDetail("%s", debug.Stack())
		}
		s.end()
	}()
	d := &driver{index: index, slot: s, b: b, pipeline: p}
	d.eval = functions.NewEnv(b.env.Session, b.env.Pool)
	d.eval.Task = b.env.Number<<8 | uint64(index)
	if err := s.begin(); err != nil {
		return err
	}
	op, err := p.make(d)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := op.Close(); err == nil {
			err = cerr
		}
	}()
	sink, err := p.sink(d)
	if err != nil {
		return err
	}
	defer sink.Close()
	if err := op.Open(ctx); err != nil {
		return err
	}
	return b.pump(ctx, op, sink, s)
}

// pump moves pages from the operators to the sink until one of them ends.
func (b *Pipelines) pump(ctx context.Context, op operator.Operator, sink operator.Sink, s *slot) error {
	for {
		p, err := op.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := p.Load(); err != nil {
			p.Release()
			return err
		}
		if page.Checked {
			p.Check(nil)
		}
		err = sink.Put(ctx, p)
		if errors.Is(err, exchange.ErrEnough) {
			break
		}
		if err != nil {
			return err
		}
		if err := s.yield(); err != nil {
			return err
		}
	}
	if err := op.Close(); err != nil { // before Finish: producers hear that it is enough
		return err
	}
	return sink.Finish(ctx)
}

// slot is a driver's CPU slot. After a failure to get it back the driver runs
// without, to its next look at the context.
type slot struct {
	slots *operator.Slots
	ctx   context.Context
	held  bool
	depth int // of Block
}

var (
	_ operator.Slot   = (*slot)(nil)
	_ mempool.Blocker = (*slot)(nil)
)

func (s *slot) begin() error {
	err := s.slots.Acquire(s.ctx)
	s.held = err == nil
	return err
}

func (s *slot) end() {
	if s.held {
		s.held = false
		s.slots.Release()
	}
}

func (s *slot) yield() error {
	if !s.held {
		return context.Cause(s.ctx)
	}
	s.held = false
	err := s.slots.Yield(s.ctx)
	s.held = err == nil
	if err == nil && s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	return err
}

// Block implements operator.Slot; calls may nest.
func (s *slot) Block() {
	if s.depth++; s.depth == 1 {
		s.end()
	}
}

// Unblock implements operator.Slot.
func (s *slot) Unblock() {
	if s.depth--; s.depth == 0 {
		s.held = s.slots.Acquire(s.ctx) == nil
	}
}

// id tells apart the drivers of all pipelines.
func (d *driver) id() int {
	for i, p := range d.b.list {
		if p == d.pipeline {
			return i<<16 | d.index
		}
	}
	panic(fmt.Sprintf("BUG: driver %d of an unknown pipeline", d.index))
}

// env returns the driver's environment for expressions with another pool.
func (d *driver) env(pool *mempool.Pool) *functions.Env {
	e := *d.eval
	e.Pool = pool
	return &e
}
