package operator

import (
	"context"
	"io"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/exec/exchange"
)

// remote reads an exchange.
type remote struct {
	open func(ctx context.Context) (exchange.Source, error)
	src  exchange.Source
	slot Slot
}

var _ Operator = (*remote)(nil)

// NewRemote returns the source of a pipeline that reads an exchange, opened at
// the first page.
func NewRemote(open func(ctx context.Context) (exchange.Source, error), slot Slot) Operator {
	return &remote{open: open, slot: slot}
}

func (r *remote) Open(context.Context) error { return nil }

func (r *remote) Next(ctx context.Context) (*page.Page, error) {
	r.slot.Block()
	defer r.slot.Unblock()
	if r.open == nil {
		return nil, io.EOF
	}
	if r.src == nil {
		src, err := r.open(ctx)
		if err != nil {
			return nil, err
		}
		r.src = src
	}
	return r.src.Next(ctx)
}

func (r *remote) Close() error {
	r.open = nil
	if r.src == nil {
		return nil
	}
	src := r.src
	r.src = nil
	return src.Close()
}

// output ends a pipeline in an exchange.
type output struct {
	to   exchange.Sink
	slot Slot
}

var _ Sink = (*output)(nil)

// NewOutput returns the sink of one driver of the pipeline that ends in to.
// Whoever owns to closes it.
func NewOutput(to exchange.Sink, slot Slot) Sink { return &output{to: to, slot: slot} }

func (o *output) Put(ctx context.Context, p *page.Page) error {
	o.slot.Block()
	defer o.slot.Unblock()
	return o.to.Put(ctx, p)
}

func (o *output) Finish(ctx context.Context) error {
	o.slot.Block()
	defer o.slot.Unblock()
	return o.to.Finish(ctx)
}

func (o *output) Close() error { return nil }
