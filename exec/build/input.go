package build

import (
	"context"
	"io"
	"sync"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/exec/exchange"
)

// sharedInput is an input that all drivers of a pipeline read. It is opened by
// the first one. A driver that closes early lets the others go on; when the
// last one has closed, the producers are told.
type sharedInput struct {
	open  func() *exchange.Input
	mu    sync.Mutex
	in    *exchange.Input
	users int
	shut  bool
}

// source gives one driver its share.
func (s *sharedInput) source(context.Context) (exchange.Source, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut {
		return nil, io.EOF
	}
	if s.in == nil {
		s.in = s.open()
	}
	s.users++
	return &sharedSource{s: s}, nil
}

func (s *sharedInput) leave() {
	s.mu.Lock()
	s.users--
	last := s.users == 0
	s.mu.Unlock()
	if last {
		s.close()
	}
}

// close ends the input; more calls do nothing.
func (s *sharedInput) close() {
	s.mu.Lock()
	in := s.in
	s.shut = true
	s.mu.Unlock()
	if in != nil {
		_ = in.Close()
	}
}

type sharedSource struct {
	s      *sharedInput
	closed bool
}

// Next implements exchange.Source.
func (x *sharedSource) Next(ctx context.Context) (*page.Page, error) { return x.s.in.Next(ctx) }

// Close implements exchange.Source.
func (x *sharedSource) Close() error {
	if !x.closed {
		x.closed = true
		x.s.leave()
	}
	return nil
}
