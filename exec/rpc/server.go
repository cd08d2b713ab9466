package rpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/exec/exchange"
)

// The limits of the transport.
const (
	messageBytesMax = 64 << 20
	streamsMax      = 4096
	windowBytes     = 4 << 20
)

// Server serves Tasks and, on a coordinator, Cluster.
type Server struct {
	grpc *grpc.Server
}

// ServerOptions configure a Server.
type ServerOptions struct {
	Secret  Secret
	Tasks   Tasks   // nil on a node that runs none
	Cluster Cluster // nil on a worker
	Now     func() time.Time
}

// NewServer returns a server; call Serve.
func NewServer(o ServerOptions) *Server {
	s := &Server{grpc: grpc.NewServer(
		grpc.ForceServerCodecV2(wireCodec{}),
		grpc.MaxRecvMsgSize(messageBytesMax), grpc.MaxSendMsgSize(messageBytesMax),
		grpc.MaxConcurrentStreams(streamsMax),
		grpc.InitialWindowSize(windowBytes), grpc.InitialConnWindowSize(windowBytes),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}),
		grpc.ChainUnaryInterceptor(o.Secret.unaryServer(o.Now), recovered),
		grpc.ChainStreamInterceptor(o.Secret.streamServer(o.Now)),
	)}
	if o.Tasks != nil {
		s.grpc.RegisterService(&tasksService, o.Tasks)
	}
	if o.Cluster != nil {
		s.grpc.RegisterService(&clusterService, o.Cluster)
	}
	return s
}

// Serve answers on l until Stop; it returns nil after Stop.
func (s *Server) Serve(l net.Listener) error {
	if err := s.grpc.Serve(l); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("serve rpc on %s: %w", l.Addr(), err)
	}
	return nil
}

// Stop ends all calls and streams.
func (s *Server) Stop() { s.grpc.Stop() }

// recovered turns a panic of a handler into an error of its call.
func recovered(ctx context.Context, req any, info *grpc.UnaryServerInfo, h grpc.UnaryHandler) (resp any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = toStatus(sqlerr.Internalf("panic in %s: %v\n%s", info.FullMethod, p, debug.Stack()))
		}
	}()
	return h(ctx, req)
}

// unary describes a method whose request and answer are plain data.
func unary[S, Req, Resp any](service, name string, call func(S, context.Context, *Req) (*Resp, error)) grpc.MethodDesc {
	handle := func(srv any, ctx context.Context, dec func(any) error, icept grpc.UnaryServerInterceptor) (any, error) {
		req := &msg[Req]{}
		if err := dec(req); err != nil {
			return nil, err
		}
		run := func(ctx context.Context, r any) (any, error) {
			resp, err := call(srv.(S), ctx, &r.(*msg[Req]).v)
			if err != nil {
				return nil, toStatus(err)
			}
			return &msg[Resp]{v: *resp}, nil
		}
		return icept(ctx, req, &grpc.UnaryServerInfo{Server: srv, FullMethod: "/" + service + "/" + name}, run)
	}
	return grpc.MethodDesc{MethodName: name, Handler: handle}
}

func done(err error) (*empty, error) { return &empty{}, err }

const (
	tasksName   = "muster.Tasks"
	clusterName = "muster.Cluster"
)

var tasksService = grpc.ServiceDesc{
	ServiceName: tasksName,
	HandlerType: (*Tasks)(nil),
	Methods: []grpc.MethodDesc{
		unary(tasksName, "Create", func(t Tasks, ctx context.Context, r *Create) (*empty, error) {
			return done(t.Create(ctx, r))
		}),
		unary(tasksName, "AddSplits", func(t Tasks, ctx context.Context, r *AddSplits) (*empty, error) {
			return done(t.AddSplits(ctx, r))
		}),
		unary(tasksName, "SetOutput", func(t Tasks, ctx context.Context, r *setOutputRequest) (*empty, error) {
			return done(t.SetOutput(ctx, r.Task, r.Output))
		}),
		unary(tasksName, "SetFilters", func(t Tasks, ctx context.Context, r *setFiltersRequest) (*empty, error) {
			return done(t.SetFilters(ctx, r.Task, r.Filters))
		}),
		unary(tasksName, "Status", func(t Tasks, ctx context.Context, r *statusRequest) (*Status, error) {
			return t.Status(ctx, r.Task, r.NewerThan)
		}),
		unary(tasksName, "Cancel", func(t Tasks, ctx context.Context, r *cancelRequest) (*empty, error) {
			return done(t.Cancel(ctx, r.Task, r.Cause.err()))
		}),
		unary(tasksName, "Discard", func(t Tasks, ctx context.Context, r *TaskID) (*empty, error) {
			return done(t.Discard(ctx, *r))
		}),
		unary(tasksName, "Renew", func(t Tasks, ctx context.Context, r *Renew) (*Info, error) {
			return t.Renew(ctx, r)
		}),
	},
	Streams: []grpc.StreamDesc{{StreamName: "Open", Handler: serveOutput, ServerStreams: true, ClientStreams: true}},
}

var clusterService = grpc.ServiceDesc{
	ServiceName: clusterName,
	HandlerType: (*Cluster)(nil),
	Methods: []grpc.MethodDesc{
		unary(clusterName, "Announce", func(c Cluster, ctx context.Context, r *Info) (*empty, error) {
			return done(c.Announce(ctx, r))
		}),
	},
}

// openRequest starts an output stream. A second message of the client, empty,
// says that it needs no more; a broken stream says nothing.
type openRequest struct {
	Producer exchange.Producer
	Consumer exchange.Consumer
	Enough   bool
}

func serveOutput(srv any, ss grpc.ServerStream) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = toStatus(sqlerr.Internalf("panic in output stream: %v\n%s", p, debug.Stack()))
		}
	}()
	first := &msg[openRequest]{}
	if err := ss.RecvMsg(first); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ss.Context())
	defer cancel()
	s, err := srv.(Tasks).Open(ctx, first.v.Producer, first.v.Consumer)
	if err != nil {
		return toStatus(err)
	}
	enough := make(chan bool, 1)
	gone := make(chan struct{})
	go func() { // owned by this call: RecvMsg ends when the handler returns or the client does
		defer close(gone)
		enough <- ss.RecvMsg(&msg[openRequest]{}) == nil
		cancel()
	}()
	err = sendFrames(ctx, ss, s)
	select {
	case e := <-enough:
		if e {
			_ = s.Close()
			return nil
		}
	default:
	}
	if errors.Is(err, io.EOF) {
		_ = s.Close()
		return nil
	}
	return toStatus(err)
}

func sendFrames(ctx context.Context, ss grpc.ServerStream, s FrameStream) error {
	for {
		f, err := s.Frame(ctx)
		if err != nil {
			return err
		}
		if err := ss.SendMsg(&raw{send: f}); err != nil {
			return err
		}
	}
}
