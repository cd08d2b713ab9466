package rpc

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/exchange"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// oneOutput serves the output of one buffer; the other calls fail.
type oneOutput struct {
	Tasks
	b *exchange.Buffer
}

type streamFrames struct{ *exchange.Stream }

type bufferFrame struct{ *page.Buffer }

func (f bufferFrame) Bytes() []byte { return f.Data }

func (s streamFrames) Frame(ctx context.Context) (Frame, error) {
	f, err := s.Stream.Frame(ctx)
	if err != nil {
		return nil, err
	}
	return bufferFrame{f}, nil
}

func (o oneOutput) Open(ctx context.Context, p exchange.Producer, c exchange.Consumer) (FrameStream, error) {
	s, err := o.b.Open(ctx, p.Partition, c)
	if err != nil {
		return nil, err
	}
	return streamFrames{s}, nil
}

func (o oneOutput) Cancel(context.Context, TaskID, *sqlerr.Error) error {
	return sqlerr.New(sqlerr.DivisionByZero, "division by zero").WithHint("do not").At(7)
}

func serve(t *testing.T, secret Secret, tasks Tasks) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(ServerOptions{Secret: secret, Tasks: tasks, Now: time.Now})
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() { s.Stop(); <-ended })
	return l.Addr().String()
}

var schema = []types.Type{types.Of(types.Int64), types.Of(types.Text)}

func rows(t *testing.T, n int) *page.Page {
	t.Helper()
	var ints, texts []types.Value
	for i := range n {
		ints = append(ints, types.IntValue(int64(i)))
		texts = append(texts, types.StringValue("a text that is longer than a view"))
	}
	a, err := page.FromValues(schema[0], ints, page.Unaccounted{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := page.FromValues(schema[1], texts, page.Unaccounted{})
	if err != nil {
		t.Fatal(err)
	}
	return page.New(n, a, b)
}

func newBuffer(max int64) *exchange.Buffer {
	return exchange.NewBuffer(exchange.Options{
		Output: exchange.Output{Kind: exchange.Gather}, Schema: schema, Drivers: 1,
		Pool: page.Unaccounted{}, BytesMax: max, Retain: true,
	})
}

func TestPagesCrossTheWireExactly(t *testing.T) {
	ctx := t.Context()
	b := newBuffer(1 << 30)
	defer b.Discard()
	nodes := NewNodes("secret", time.Now)
	defer nodes.Close()
	addr := serve(t, "secret", oneOutput{b: b})
	src, err := nodes.Dial(ctx, exchange.Producer{Node: addr}, exchange.Consumer{}, schema, page.Unaccounted{})
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		if err := b.Put(ctx, rows(t, 5000)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Finish(ctx); err != nil {
		t.Fatal(err)
	}
	n := 0
	for {
		p, err := src.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.Rows {
			if got := page.Get[int64](p.Cols[0], i); got != int64(n%5000) {
				t.Fatalf("row %d holds %d", n, got)
			}
			n++
		}
		p.Release()
	}
	if n != 250000 {
		t.Fatalf("got %d rows", n)
	}
	if err := src.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAConsumerThatHasEnoughEndsTheProducer(t *testing.T) {
	ctx := t.Context()
	b := newBuffer(100_000)
	defer b.Discard()
	nodes := NewNodes("secret", time.Now)
	defer nodes.Close()
	addr := serve(t, "secret", oneOutput{b: b})
	src, err := nodes.Dial(ctx, exchange.Producer{Node: addr}, exchange.Consumer{}, schema, page.Unaccounted{})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Put(ctx, rows(t, 5000)); err != nil {
		t.Fatal(err)
	}
	p, err := src.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	p.Release()
	src.Close()
	end, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for err == nil {
		err = b.Put(end, rows(t, 5000))
	}
	if !errors.Is(err, exchange.ErrEnough) {
		t.Fatalf("the producer got %v", err)
	}
}

func TestAWrongSecretIsRefusedAndErrorsKeepTheirFields(t *testing.T) {
	addr := serve(t, "secret", oneOutput{b: newBuffer(1)})
	for _, wrong := range []Secret{"", "Secret"} {
		c, err := Connect(addr, wrong, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		err = c.Cancel(t.Context(), TaskID{}, sqlerr.New(sqlerr.QueryCanceled, "x"))
		c.Close()
		if !sqlerr.Is(err, sqlerr.InvalidAuthorization) {
			t.Fatalf("secret %q: %v", wrong, err)
		}
	}
	c, err := Connect(addr, "secret", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	e := sqlerr.As(c.Cancel(t.Context(), TaskID{}, sqlerr.New(sqlerr.QueryCanceled, "x")))
	if e.Code != sqlerr.DivisionByZero || e.Hint != "do not" || e.Pos != 8 {
		t.Fatalf("got %+v", e)
	}
}

func TestADeadNodeIsUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	c, err := Connect(addr, "secret", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Discard(t.Context(), TaskID{}); !IsUnreachable(err) {
		t.Fatalf("got %v", err)
	}
}
