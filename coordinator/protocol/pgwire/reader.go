package pgwire

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// Limits of what a client sends.
const (
	startupBytesMax = 10_000    // as PostgreSQL
	loginBytesMax   = 10_000    // messages before the login is complete
	readAhead       = 8 << 10   // the buffer of an idle connection
	bodyChunk       = 64 << 10  // a body grows as its bytes arrive
	bodyKept        = 256 << 10 // a larger body buffer is not kept
)

// reader reads messages. One goroutine uses it.
type reader struct {
	net  net.Conn
	buf  *bufio.Reader
	max  int // bytes of a message
	body []byte
	torn bool // a wait was interrupted within a message
}

func newReader(c net.Conn) *reader {
	return &reader{net: c, buf: bufio.NewReaderSize(c, readAhead), max: loginBytesMax}
}

func errMessage(format string, args ...any) error {
	return sqlerr.New(sqlerr.ProtocolViolation, format, args...)
}

// startup reads a message without a type: the first of a connection.
func (r *reader) startup() ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r.buf, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n < 8 || n > startupBytesMax {
		return nil, errMessage("invalid length of startup packet")
	}
	return r.read(int(n) - 4)
}

// messageTypes are those that a client may send after its start-up message.
var messageTypes = []byte("QPBDECSHXFdcfp")

// next reads a message; its body is valid until the next call.
func (r *reader) next() (kind byte, body []byte, err error) {
	head, err := r.buf.Peek(5) // nothing is taken when the wait is interrupted
	if err != nil {
		return 0, nil, err
	}
	kind = head[0]
	if bytes.IndexByte(messageTypes, kind) < 0 {
		return 0, nil, errMessage("invalid frontend message type %d", kind)
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n < 4 {
		return 0, nil, errMessage("invalid message length")
	}
	if int64(n)-4 > int64(r.max) {
		return 0, nil, errMessage("message is too long: %d bytes, at most %d are read", n, r.max)
	}
	_, _ = r.buf.Discard(5)
	r.torn = true
	if body, err = r.read(int(n) - 4); err == nil {
		r.torn = false
	}
	return kind, body, err
}

// read returns n bytes. Memory follows the bytes that come, not those announced.
func (r *reader) read(n int) ([]byte, error) {
	if cap(r.body) > bodyKept && n <= bodyKept {
		r.body = nil
	}
	b := r.body[:0]
	for len(b) < n {
		step := min(n-len(b), max(bodyChunk, len(b)))
		at := len(b)
		if cap(b)-at < step {
			b = append(make([]byte, 0, at+step), b...)
		}
		b = b[:at+step]
		if _, err := io.ReadFull(r.buf, b[at:]); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
	r.body = b
	return b, nil
}

// buffered reports whether bytes have been read beyond the last message.
func (r *reader) buffered() bool { return r.buf.Buffered() > 0 }

// awaitLoss returns when the client is gone (the error says how), when it sent
// more than fits the buffer, or when the read deadline passes: nil.
func (r *reader) awaitLoss() error {
	for {
		_, err := r.buf.Peek(r.buf.Buffered() + 1)
		switch {
		case err == nil:
		case errors.Is(err, bufio.ErrBufferFull), errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		default:
			return err
		}
	}
}

// past is a deadline that interrupts.
var past = time.Unix(1, 0)

// watchAfter is how long a statement runs before its client is watched: a short
// one need not pay for that.
const watchAfter = 20 * time.Millisecond

// watch calls gone when the client goes away before stop is called. The reader
// must not be used in between.
func (r *reader) watch(gone func(error)) (stop func()) {
	ended := make(chan struct{})
	timer := time.AfterFunc(watchAfter, func() {
		defer close(ended)
		if err := r.awaitLoss(); err != nil {
			gone(err)
		}
	})
	return func() {
		if timer.Stop() {
			return
		}
		_ = r.net.SetReadDeadline(past)
		<-ended
		_ = r.net.SetReadDeadline(time.Time{})
	}
}
