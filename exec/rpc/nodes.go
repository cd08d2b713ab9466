package rpc

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/exchange"
)

// Nodes keeps one connection to each other node. Safe for concurrent use.
type Nodes struct {
	secret Secret
	now    func() time.Time
	mu     sync.Mutex
	local  map[string]Tasks
	remote map[string]*Client
}

// NewNodes returns an empty set.
func NewNodes(secret Secret, now func() time.Time) *Nodes {
	return &Nodes{secret: secret, now: now, local: map[string]Tasks{}, remote: map[string]*Client{}}
}

// AddLocal says that addr is served by t in this process.
func (n *Nodes) AddLocal(addr string, t Tasks) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.local[addr] = t
}

// Tasks returns the Tasks of the node at addr.
func (n *Nodes) Tasks(addr string) (Tasks, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if t := n.local[addr]; t != nil {
		return t, nil
	}
	if c := n.remote[addr]; c != nil {
		return c, nil
	}
	c, err := Connect(addr, n.secret, n.now)
	if err != nil {
		return nil, err
	}
	n.remote[addr] = c
	return c, nil
}

// Forget closes the connection to a node that is gone.
func (n *Nodes) Forget(addr string) {
	n.mu.Lock()
	c := n.remote[addr]
	delete(n.remote, addr)
	n.mu.Unlock()
	if c != nil {
		_ = c.Close()
	}
}

// Close closes every connection.
func (n *Nodes) Close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.remote {
		_ = c.Close()
	}
	n.remote = map[string]*Client{}
}

// PageStream is a FrameStream of this process that has pages instead of frames.
type PageStream interface {
	FrameStream
	exchange.Source
}

// Dial opens the output of a producer as pages of the types schema, charged to
// pool. Failures to read are *InputLost errors, so that a task can name them.
func (n *Nodes) Dial(ctx context.Context, p exchange.Producer, c exchange.Consumer, schema []types.Type, pool page.Pool) (exchange.Source, error) {
	t, err := n.Tasks(p.Node)
	if err != nil {
		return nil, &InputLost{p, err}
	}
	s, err := t.Open(ctx, p, c)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &InputLost{p, err}
	}
	if ps, ok := s.(PageStream); ok {
		return ps, nil
	}
	return &frameSource{p: p, s: s, dec: exchange.NewDecoder(schema, pool)}, nil
}

// InputLost says that a producer's output could not be read to its end.
type InputLost struct {
	Producer exchange.Producer
	Cause    error
}

// Error implements error.
func (l *InputLost) Error() string {
	return "read output of task " + l.Producer.Task + ": " + l.Cause.Error()
}

// Unwrap returns the cause.
func (l *InputLost) Unwrap() error { return l.Cause }

type frameSource struct {
	p   exchange.Producer
	s   FrameStream
	dec *exchange.Decoder
}

// Next implements exchange.Source.
func (f *frameSource) Next(ctx context.Context) (*page.Page, error) {
	fr, err := f.s.Frame(ctx)
	switch {
	case err == nil:
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	default:
		return nil, &InputLost{f.p, err}
	}
	defer fr.Release()
	return f.dec.Page(fr.Bytes())
}

// Close implements exchange.Source.
func (f *frameSource) Close() error {
	f.dec.Close()
	return f.s.Close()
}
