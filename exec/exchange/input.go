package exchange

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/muster-sql/muster/connectors/spi/page"
)

// Input is the rows of all producers of a partition in any order. Several
// drivers may call Next. A goroutine a producer reads ahead by one page; they
// end before Close returns.
type Input struct {
	ctx    context.Context
	cancel context.CancelFunc
	pages  chan *page.Page
	group  sync.WaitGroup // one a producer
	end    sync.WaitGroup // closes pages after them
	mu     sync.Mutex
	err    error
}

// Opener dials one producer.
type Opener func(ctx context.Context) (Source, error)

// NewInput returns an input that dials all producers at once; ctx bounds its life.
func NewInput(ctx context.Context, producers []Opener) *Input {
	in := &Input{pages: make(chan *page.Page)}
	in.ctx, in.cancel = context.WithCancel(ctx)
	for _, open := range producers {
		in.group.Go(func() { in.pump(open) })
	}
	in.end.Go(func() {
		in.group.Wait()
		close(in.pages)
	})
	return in
}

func (in *Input) pump(open Opener) {
	src, err := open(in.ctx)
	if err != nil {
		in.fail(err)
		return
	}
	defer src.Close()
	for {
		p, err := src.Next(in.ctx)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			in.fail(err)
			return
		}
		select {
		case in.pages <- p:
		case <-in.ctx.Done():
			p.Release()
			return
		}
	}
}

func (in *Input) fail(err error) {
	in.mu.Lock()
	if in.err == nil && in.ctx.Err() == nil {
		in.err = err
	}
	in.mu.Unlock()
	in.cancel()
}

// Next implements Source.
func (in *Input) Next(ctx context.Context) (*page.Page, error) {
	select {
	case p, ok := <-in.pages:
		if ok {
			return p, nil
		}
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.err != nil {
		return nil, in.err
	}
	if err := in.ctx.Err(); err != nil {
		return nil, context.Cause(in.ctx)
	}
	return nil, io.EOF
}

// Close implements Source.
func (in *Input) Close() error {
	in.cancel()
	for p := range in.pages {
		p.Release()
	}
	in.end.Wait()
	return nil
}
