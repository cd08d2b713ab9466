package rpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/exec/exchange"
)

// Client calls the Tasks (or Cluster) of another node.
type Client struct {
	addr   string
	conn   *grpc.ClientConn
	secret Secret
	now    func() time.Time
}

var (
	_ Tasks   = (*Client)(nil)
	_ Cluster = (*Client)(nil)
)

// Connect returns a client of the node at addr; it connects when first used.
func Connect(addr string, secret Secret, now func() time.Time) (*Client, error) {
	conn, err := grpc.NewClient("passthrough:///"+addr,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(wireCodec{}),
			grpc.MaxCallRecvMsgSize(messageBytesMax), grpc.MaxCallSendMsgSize(messageBytesMax)),
		grpc.WithInitialWindowSize(windowBytes), grpc.WithInitialConnWindowSize(windowBytes),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 5 * time.Second}),
		grpc.WithDisableServiceConfig(),
	)
	if err != nil {
		return nil, fmt.Errorf("connect to node %s: %w", addr, err)
	}
	return &Client{addr: addr, conn: conn, secret: secret, now: now}, nil
}

// Close ends the connection.
func (c *Client) Close() error { return c.conn.Close() }

func call[Req, Resp any](ctx context.Context, c *Client, method string, req Req) (*Resp, error) {
	resp := &msg[Resp]{}
	err := c.conn.Invoke(c.secret.sign(ctx, method, c.now()), method, &msg[Req]{v: req}, resp)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fromStatus(c.addr, err)
	}
	return &resp.v, nil
}

// Create implements Tasks.
func (c *Client) Create(ctx context.Context, r *Create) error {
	_, err := call[Create, empty](ctx, c, "/"+tasksName+"/Create", *r)
	return err
}

// AddSplits implements Tasks.
func (c *Client) AddSplits(ctx context.Context, a *AddSplits) error {
	_, err := call[AddSplits, empty](ctx, c, "/"+tasksName+"/AddSplits", *a)
	return err
}

// SetOutput implements Tasks.
func (c *Client) SetOutput(ctx context.Context, id TaskID, o exchange.Output) error {
	_, err := call[setOutputRequest, empty](ctx, c, "/"+tasksName+"/SetOutput", setOutputRequest{id, o})
	return err
}

// SetFilters implements Tasks.
func (c *Client) SetFilters(ctx context.Context, id TaskID, f []Filter) error {
	_, err := call[setFiltersRequest, empty](ctx, c, "/"+tasksName+"/SetFilters", setFiltersRequest{id, f})
	return err
}

// Status implements Tasks.
func (c *Client) Status(ctx context.Context, id TaskID, newerThan uint64) (*Status, error) {
	return call[statusRequest, Status](ctx, c, "/"+tasksName+"/Status", statusRequest{id, newerThan})
}

// Cancel implements Tasks.
func (c *Client) Cancel(ctx context.Context, id TaskID, cause *sqlerr.Error) error {
	_, err := call[cancelRequest, empty](ctx, c, "/"+tasksName+"/Cancel", cancelRequest{id, toMessage(cause)})
	return err
}

// Discard implements Tasks.
func (c *Client) Discard(ctx context.Context, id TaskID) error {
	_, err := call[TaskID, empty](ctx, c, "/"+tasksName+"/Discard", id)
	return err
}

// Renew implements Tasks.
func (c *Client) Renew(ctx context.Context, r *Renew) (*Info, error) {
	return call[Renew, Info](ctx, c, "/"+tasksName+"/Renew", *r)
}

// Announce implements Cluster.
func (c *Client) Announce(ctx context.Context, i *Info) error {
	_, err := call[Info, empty](ctx, c, "/"+clusterName+"/Announce", *i)
	return err
}

// Open implements Tasks.
func (c *Client) Open(ctx context.Context, p exchange.Producer, cons exchange.Consumer) (FrameStream, error) {
	method := "/" + tasksName + "/Open"
	ctx, cancel := context.WithCancel(ctx)
	s, err := c.conn.NewStream(c.secret.sign(ctx, method, c.now()), &tasksService.Streams[0], method)
	if err == nil {
		err = s.SendMsg(&msg[openRequest]{v: openRequest{Producer: p, Consumer: cons}})
	}
	if err != nil {
		cancel()
		return nil, fromStatus(c.addr, err)
	}
	return &clientStream{addr: c.addr, s: s, cancel: cancel}, nil
}

type clientStream struct {
	addr   string
	s      grpc.ClientStream
	cancel context.CancelFunc
	ended  bool
}

// Frame implements FrameStream. The context of Open ends it, not ctx alone.
func (c *clientStream) Frame(ctx context.Context) (Frame, error) {
	stop := context.AfterFunc(ctx, c.cancel)
	defer stop()
	f := &raw{}
	if err := c.s.RecvMsg(f); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if errors.Is(err, io.EOF) {
			c.ended = true
			return nil, io.EOF
		}
		return nil, fromStatus(c.addr, err)
	}
	return f, nil
}

// Close implements FrameStream: it waits a moment for the message that no more
// is needed to arrive, then ends the stream.
func (c *clientStream) Close() error {
	defer c.cancel()
	if c.ended {
		return nil
	}
	if err := c.s.SendMsg(&msg[openRequest]{v: openRequest{Enough: true}}); err != nil {
		return nil //nolint:nilerr // a stream that is gone needs no goodbye
	}
	_ = c.s.CloseSend()
	end := time.AfterFunc(enoughWaitMax, c.cancel)
	defer end.Stop()
	for {
		f := &raw{}
		if c.s.RecvMsg(f) != nil {
			return nil
		}
		f.Release()
	}
}

// enoughWaitMax bounds how long Close waits for the producer to take notice.
const enoughWaitMax = 2 * time.Second
