package operator

import (
	"context"
	"sync/atomic"
)

// Slots are the CPU slots of a node. A driver holds one while it computes, lets
// others in at page boundaries, and gives it up around calls that block: that
// is the fairness between queries. A nil *Slots is no limit.
type Slots struct {
	tokens  chan struct{}
	waiting atomic.Int32
}

// NewSlots returns n free slots.
func NewSlots(n int) *Slots {
	s := &Slots{tokens: make(chan struct{}, max(n, 1))}
	for range cap(s.tokens) {
		s.tokens <- struct{}{}
	}
	return s
}

// Acquire takes a slot; it waits for one.
func (s *Slots) Acquire(ctx context.Context) error {
	if s == nil {
		return nil
	}
	select {
	case <-s.tokens:
		return nil
	default:
	}
	s.waiting.Add(1)
	defer s.waiting.Add(-1)
	select {
	case <-s.tokens:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Release gives a slot back.
func (s *Slots) Release() {
	if s != nil {
		s.tokens <- struct{}{}
	}
}

// Yield lets another driver have the slot when one waits. On error the slot is gone.
func (s *Slots) Yield(ctx context.Context) error {
	if s == nil || s.waiting.Load() == 0 {
		return nil
	}
	s.Release()
	return s.Acquire(ctx)
}
