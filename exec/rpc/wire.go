package rpc

import (
	"bytes"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"

	"github.com/muster-sql/muster/connectors/spi/codec"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// wireCodec carries messages in the codec of plans, and frames as they are.
type wireCodec struct{}

const codecName = "muster"

var _ encoding.CodecV2 = wireCodec{}

// raw is a message that is bytes already.
type raw struct {
	bufs mem.BufferSlice // received
	flat []byte          // received in several pieces, joined
	send Frame           // to send; released by the transport when it has been written
}

// frameOwner releases a frame when the transport has written it.
type frameOwner struct{ f Frame }

// Get implements mem.BufferPool; the transport never asks for memory here.
func (frameOwner) Get(n int) *[]byte { b := make([]byte, n); return &b }

// Put implements mem.BufferPool.
func (o frameOwner) Put(*[]byte) { o.f.Release() }

// Name implements encoding.CodecV2.
func (wireCodec) Name() string { return codecName }

// Marshal implements encoding.CodecV2.
func (wireCodec) Marshal(v any) (mem.BufferSlice, error) {
	switch m := v.(type) {
	case *raw:
		b := m.send.Bytes()
		if mem.IsBelowBufferPoolingThreshold(len(b)) {
			b = bytes.Clone(b)
			m.send.Release()
			return mem.BufferSlice{mem.SliceBuffer(b)}, nil
		}
		return mem.BufferSlice{mem.NewBuffer(&b, frameOwner{m.send})}, nil
	case message:
		b, err := m.marshal()
		return mem.BufferSlice{mem.SliceBuffer(b)}, err
	}
	return nil, sqlerr.Internalf("cannot send %T", v)
}

// Unmarshal implements encoding.CodecV2.
func (wireCodec) Unmarshal(data mem.BufferSlice, v any) error {
	switch m := v.(type) {
	case *raw:
		data.Ref()
		m.bufs = data
		return nil
	case message:
		return m.unmarshal(data.Materialize())
	}
	return sqlerr.Internalf("cannot receive %T", v)
}

// message is any plain value.
type message interface {
	marshal() ([]byte, error)
	unmarshal(b []byte) error
}

type msg[T any] struct{ v T }

func (m *msg[T]) marshal() ([]byte, error) { return codec.Marshal(m.v) }

func (m *msg[T]) unmarshal(b []byte) (err error) {
	m.v, err = codec.Unmarshal[T](b)
	return err
}

// Bytes returns the frame as one slice.
func (r *raw) Bytes() []byte {
	if r.flat == nil {
		if len(r.bufs) == 1 {
			return r.bufs[0].ReadOnlyData()
		}
		r.flat = r.bufs.Materialize()
	}
	return r.flat
}

// Release gives the memory back.
func (r *raw) Release() {
	r.bufs.Free()
	r.bufs = nil
}

// The requests with more than one argument.
type (
	setOutputRequest struct {
		Task   TaskID
		Output outputMessage
	}
	setFiltersRequest struct {
		Task    TaskID
		Filters []Filter
	}
	statusRequest struct {
		Task      TaskID
		NewerThan uint64
	}
	cancelRequest struct {
		Task  TaskID
		Cause errorMessage
	}
	empty struct{}
)
