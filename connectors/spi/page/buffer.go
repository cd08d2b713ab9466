package page

import (
	"math/bits"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Pool lends memory and accounts for it. Alloc reserves before it allocates
// and fails with 53200 (after revocation was tried) instead of going over.
// A pool is safe for concurrent use.
type Pool interface {
	// Alloc returns a buffer of n bytes, contents undefined, with one reference.
	Alloc(n int) (*Buffer, error)
	// Reserve charges n bytes that the caller allocates elsewhere; Free gives them back.
	Reserve(n int) error
	Free(n int)
}

// Buffer is a reference-counted span of bytes that belongs to a pool.
type Buffer struct {
	Data []byte
	raw  []byte
	refs atomic.Int32
	size int
	pool Pool
}

// NewBuffer returns a buffer of n bytes from the shared free lists, charged to
// pool when it is released. Only implementations of Pool call it, after they
// have reserved BufferSize(n) bytes.
func NewBuffer(n int, pool Pool) *Buffer {
	b := takeBuffer(n)
	b.pool = pool
	b.refs.Store(1)
	return b
}

// BufferSize returns the bytes that a buffer of n bytes really takes.
func BufferSize(n int) int {
	if n <= 64 {
		return 64
	}
	if n > classMax {
		return (n + 63) &^ 63
	}
	return 1 << bits.Len(uint(n-1))
}

// Retain adds a reference.
func (b *Buffer) Retain() *Buffer {
	if b != nil {
		b.refs.Add(1)
	}
	return b
}

// Release drops a reference; the last one gives the bytes back to the pool.
func (b *Buffer) Release() {
	if b == nil {
		return
	}
	switch n := b.refs.Add(-1); {
	case n > 0:
		return
	case n < 0:
		panic("BUG: buffer released twice")
	}
	pool, size := b.pool, b.size
	poison(b.raw)
	giveBuffer(b)
	if pool != nil {
		pool.Free(size)
	}
}

const classMax = 16 << 20

// free lists by power of two, shared by all pools of the process: a buffer
// that one query gives back serves the next one without the collector.
var freeLists [25]sync.Pool

func takeBuffer(n int) *Buffer {
	size := BufferSize(n)
	if size <= classMax {
		c := bits.Len(uint(size - 1))
		if b, ok := freeLists[c].Get().(*Buffer); ok {
			b.Data = b.raw[:n]
			return b
		}
	}
	// uint64s, so that every layout is aligned.
	words := make([]uint64, (size+7)/8)
	raw := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), size)
	return &Buffer{raw: raw, Data: raw[:n], size: size}
}

func giveBuffer(b *Buffer) {
	b.Data, b.pool = nil, nil
	if b.size <= classMax {
		freeLists[bits.Len(uint(b.size-1))].Put(b)
	}
}

// Unaccounted is a pool without a limit that counts nothing; for constants,
// tools and tests of things other than memory.
type Unaccounted struct{}

// Alloc implements Pool.
func (u Unaccounted) Alloc(n int) (*Buffer, error) { return NewBuffer(n, u), nil }

// Reserve implements Pool.
func (Unaccounted) Reserve(int) error { return nil }

// Free implements Pool.
func (Unaccounted) Free(int) {}
