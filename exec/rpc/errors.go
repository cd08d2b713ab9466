package rpc

import (
	"encoding/json"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/exec/exchange"
)

// errorMessage is an error in plain data: causes are folded into the message.
type errorMessage struct {
	Code, Message, Detail, Hint string
	Pos                         int
}

type outputMessage = exchange.Output

func toMessage(err error) errorMessage {
	e := sqlerr.As(err)
	return errorMessage{string(e.Code), e.Message, e.Detail, e.Hint, e.Pos}
}

func (m errorMessage) err() *sqlerr.Error {
	return &sqlerr.Error{Code: sqlerr.Code(m.Code), Message: m.Message, Detail: m.Detail, Hint: m.Hint, Pos: m.Pos}
}

// toStatus makes a gRPC error that keeps the SQLSTATE and all else.
func toStatus(err error) error {
	if err == nil {
		return nil
	}
	b, merr := json.Marshal(toMessage(err)) // a status carries text only
	if merr != nil {
		return status.Error(codes.Internal, err.Error())
	}
	return status.Error(codes.Aborted, string(b))
}

// Unreachable is the error of a node that cannot be talked to: it may be dead.
type Unreachable struct {
	Addr  string
	Cause error
}

// Error implements error.
func (u *Unreachable) Error() string {
	return "node " + u.Addr + " cannot be reached: " + u.Cause.Error()
}

// Unwrap returns the cause.
func (u *Unreachable) Unwrap() error { return u.Cause }

// SQLState implements the method that sqlerr.CodeOf asks for.
func (u *Unreachable) SQLState() string { return string(sqlerr.ConnectionFailure) }

// IsUnreachable reports whether err says that a node may be dead.
func IsUnreachable(err error) bool {
	var u *Unreachable
	return errors.As(err, &u)
}

// fromStatus turns a gRPC error into ours.
func fromStatus(addr string, err error) error {
	if err == nil {
		return nil
	}
	s, ok := status.FromError(err)
	if !ok {
		return err
	}
	switch s.Code() {
	case codes.Aborted:
		var m errorMessage
		if json.Unmarshal([]byte(s.Message()), &m) == nil {
			return m.err()
		}
	case codes.Unauthenticated, codes.PermissionDenied:
		return sqlerr.New(sqlerr.InvalidAuthorization, "node %s refused the cluster secret", addr)
	}
	return &Unreachable{Addr: addr, Cause: errors.New(s.Message())}
}
