package rpc

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Secret is what the nodes of a cluster share. It never travels: each call
// carries the time and a MAC over time and method. An empty secret admits nobody.
type Secret string

const (
	tokenKey  = "muster-token"
	tokenSkew = 5 * time.Minute
)

func (s Secret) token(method string, now time.Time) string {
	at := strconv.FormatInt(now.Unix(), 10)
	return at + "." + s.mac(at, method)
}

func (s Secret) mac(at, method string) string {
	h := hmac.New(sha256.New, []byte(s))
	h.Write([]byte(at + " " + method))
	return base64.RawStdEncoding.EncodeToString(h.Sum(nil))
}

// check authorises a call by its registered method.
func (s Secret) check(ctx context.Context, method string, now time.Time) error {
	md, _ := metadata.FromIncomingContext(ctx)
	refused := status.Error(codes.Unauthenticated, "cluster secret does not match")
	got := md.Get(tokenKey)
	if s == "" || len(got) != 1 {
		return refused
	}
	at, mac, _ := strings.Cut(got[0], ".")
	unix, err := strconv.ParseInt(at, 10, 64)
	if err != nil || now.Sub(time.Unix(unix, 0)).Abs() > tokenSkew {
		return refused
	}
	if !hmac.Equal([]byte(mac), []byte(s.mac(at, method))) {
		return refused
	}
	return nil
}

func (s Secret) unaryServer(now func() time.Time) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, h grpc.UnaryHandler) (any, error) {
		if err := s.check(ctx, info.FullMethod, now()); err != nil {
			return nil, err
		}
		return h(ctx, req)
	}
}

func (s Secret) streamServer(now func() time.Time) grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, h grpc.StreamHandler) error {
		if err := s.check(ss.Context(), info.FullMethod, now()); err != nil {
			return err
		}
		return h(srv, ss)
	}
}

// sign adds the token to an outgoing call.
func (s Secret) sign(ctx context.Context, method string, now time.Time) context.Context {
	return metadata.AppendToOutgoingContext(ctx, tokenKey, s.token(method, now))
}
