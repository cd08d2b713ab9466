package operator

import (
	"context"
	"io"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// write puts its input into a target and gives one row: the number of rows and
// the fragment that the commit needs.
type write struct {
	in   Operator
	open func(ctx context.Context) (spi.PageSink, error)
	sink spi.PageSink
	pool page.Pool
	slot Slot
	done bool
}

var _ Operator = (*write)(nil)

// NewWrite returns the writer of one driver; open makes its sink at the first page.
func NewWrite(in Operator, open func(ctx context.Context) (spi.PageSink, error), pool page.Pool, slot Slot) Operator {
	return &write{in: in, open: open, pool: pool, slot: slot}
}

func (w *write) Open(ctx context.Context) error { return w.in.Open(ctx) }

func (w *write) Next(ctx context.Context) (*page.Page, error) {
	if w.done {
		return nil, io.EOF
	}
	w.done = true
	var rows int64
	for {
		p, err := w.in.Next(ctx)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		rows += int64(p.Len())
		if err := w.put(ctx, p); err != nil {
			return nil, err
		}
	}
	if w.sink == nil {
		return nil, io.EOF // this driver had nothing to write
	}
	w.slot.Block()
	fragment, err := w.sink.Finish(ctx)
	w.slot.Unblock()
	if err != nil {
		return nil, err
	}
	return w.result(rows, fragment)
}

func (w *write) put(ctx context.Context, p *page.Page) error {
	if err := p.Load(); err != nil {
		p.Release()
		return err
	}
	w.slot.Block()
	defer w.slot.Unblock()
	if w.sink == nil {
		sink, err := w.open(ctx)
		if err != nil {
			p.Release()
			return err
		}
		w.sink = sink
	}
	return w.sink.Put(ctx, p)
}

func (w *write) result(rows int64, fragment []byte) (*page.Page, error) {
	count, err := page.NewConst(types.Of(types.Int64), types.IntValue(rows), 1, w.pool)
	if err != nil {
		return nil, err
	}
	frag, err := page.NewConst(types.Of(types.Bytea), types.StringValue(string(fragment)), 1, w.pool)
	if err != nil {
		count.Release()
		return nil, err
	}
	return page.New(1, count, frag), nil
}

func (w *write) Close() error {
	err := w.in.Close()
	if w.sink != nil {
		if cerr := w.sink.Close(); err == nil {
			err = cerr
		}
		w.sink = nil
	}
	return err
}
