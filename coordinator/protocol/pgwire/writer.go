package pgwire

import (
	"encoding/binary"
	"net"
	"sync"
)

// flushBytes is how much is collected before it is sent.
const flushBytes = 64 << 10

// buffers lends output buffers, so that idle connections hold none.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, flushBytes+16<<10); return &b }}

// writer collects messages. One goroutine uses it. After an error nothing more
// is sent.
type writer struct {
	net  net.Conn
	lent *[]byte
	buf  []byte
	err  error
}

// open makes sure that there is a buffer.
func (w *writer) open() {
	if w.lent == nil {
		w.lent = buffers.Get().(*[]byte)
		w.buf = (*w.lent)[:0]
	}
}

// begin starts a message and returns where its length goes.
func (w *writer) begin(kind byte) int {
	w.open()
	w.buf = append(w.buf, kind, 0, 0, 0, 0)
	return len(w.buf) - 4
}

// end completes a message.
func (w *writer) end(at int) {
	binary.BigEndian.PutUint32(w.buf[at:], uint32(len(w.buf)-at))
	if len(w.buf) >= flushBytes {
		w.send()
	}
}

func (w *writer) empty(kind byte) { w.end(w.begin(kind)) }

func (w *writer) int16(n int) { w.buf = binary.BigEndian.AppendUint16(w.buf, uint16(n)) }

func (w *writer) int32(n uint32) { w.buf = binary.BigEndian.AppendUint32(w.buf, n) }

// text appends a string with its terminator; it cannot hold a zero byte.
func (w *writer) text(s string) {
	for i := range len(s) {
		if s[i] == 0 {
			s = s[:i]
			break
		}
	}
	w.buf = append(append(w.buf, s...), 0)
}

// send writes what has been collected and keeps the buffer.
func (w *writer) send() {
	if len(w.buf) > 0 && w.err == nil {
		_, w.err = w.net.Write(w.buf)
	}
	w.buf = w.buf[:0]
}

// bufferKept is the largest buffer that goes back to the pool.
const bufferKept = 1 << 20

// flush sends what has been collected and gives the buffer back.
func (w *writer) flush() error {
	w.send()
	if w.lent != nil {
		if cap(w.buf) <= bufferKept {
			*w.lent = w.buf[:0]
			buffers.Put(w.lent)
		}
		w.lent, w.buf = nil, nil
	}
	return w.err
}

func (w *writer) parameter(name, value string) {
	at := w.begin('S')
	w.text(name)
	w.text(value)
	w.end(at)
}

func (w *writer) complete(tag string) {
	at := w.begin('C')
	w.text(tag)
	w.end(at)
}

func (w *writer) ready(status byte) {
	at := w.begin('Z')
	w.buf = append(w.buf, status)
	w.end(at)
}
