package exchange

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Kind says where the rows of a task's output go; the numbers are those of plan.ExchangeKind.
type Kind uint8

// The kinds.
const (
	Gather     Kind = iota // one partition
	Hash                   // by the hash of columns
	Broadcast              // every partition gets every row
	RoundRobin             // page by page
	LateBound              // kept until SetOutput says which
)

// Output says how many partitions a task's output has and what they are.
type Output struct {
	Kind       Kind
	Partitions int
	Cols       []int // Hash
}

// Options configure the buffer of one task attempt's output.
type Options struct {
	Output
	Schema  []types.Type
	Drivers int // that will call Finish
	Pool    page.Pool
	// BytesMax is how many unread bytes Put tolerates before it blocks.
	BytesMax int64
	// Retain keeps what was read until Discard, as encoded frames, so that
	// another attempt of a consumer can read it again; Spool takes the frames
	// that do not fit BytesMax. Without it pages are handed over once, as they are.
	Retain  bool
	Spool   Spool
	RowsMax int // rows a page, default page.RowsMax
}

// Spool keeps retained frames out of memory: append-only, read at random.
type Spool interface {
	Append(b []byte) (at int64, err error)
	ReadAt(b []byte, at int64) error
	Close() error // deletes
}

// frameTarget is the size at which a partition's rows become a frame.
const frameTarget = 1 << 20

// Buffer is the output of one task attempt: a Sink for its drivers, streams
// for its consumers.
type Buffer struct {
	o       Options
	mu      sync.Mutex
	change  chan struct{} // closed and renewed at every change of state
	parts   []*partition
	waiting []*page.Page // rows of a late-bound output that is not decided yet
	left    int          // drivers that have not finished
	done    bool
	err     error
	held    int64 // bytes in memory, read or not
	rows    atomic.Int64
	bytes   atomic.Int64
	turn    atomic.Int64 // RoundRobin
	scratch sync.Pool
	closed  bool
	cut     bool // a driver was told ErrEnough: the output is not whole
}

// partition is the log of one consumer's rows.
type partition struct {
	fill    sync.Mutex // guards coll, sent and the order of appends
	coll    *page.Collector
	sent    map[uint64]bool
	items   []item // guarded by Buffer.mu
	read    int    // items that the current consumer has taken
	unread  int64  // bytes of the others
	spilled int    // items in the spool, a prefix
	fence   int    // attempt of the current consumer
	reader  *Stream
	enough  bool
}

type item struct {
	page  *page.Page   // without Retain; nil once taken
	frame *page.Buffer // with Retain; nil when in the spool
	size  int64
	at    int64
}

// NewBuffer returns the buffer of one task attempt.
func NewBuffer(o Options) *Buffer {
	if o.RowsMax <= 0 {
		o.RowsMax = page.RowsMax
	}
	b := &Buffer{o: o, change: make(chan struct{}), left: max(o.Drivers, 1)}
	b.scratch.New = func() any { return &scatter{} }
	if o.Kind != LateBound {
		b.makePartitions()
	}
	return b
}

func (b *Buffer) makePartitions() {
	n := max(b.o.Partitions, 1)
	b.parts = make([]*partition, n)
	for i := range b.parts {
		b.parts[i] = &partition{
			coll: page.NewCollector(b.o.Schema, b.o.Pool), sent: map[uint64]bool{}, fence: -1,
		}
	}
}

// signal wakes everybody who waits for a change. b.mu is held.
func (b *Buffer) signal() {
	close(b.change)
	b.change = make(chan struct{})
}

// Put implements Sink.
func (b *Buffer) Put(ctx context.Context, p *page.Page) error {
	defer func() { p.Release() }()
	if err := p.Load(); err != nil {
		return err
	}
	n := int64(p.Len())
	b.rows.Add(n)
	if err := b.room(ctx); err != nil {
		return err
	}
	b.mu.Lock()
	late := b.o.Kind == LateBound
	if late {
		kept, err := b.keep(p)
		if err == nil && kept != nil {
			b.waiting = append(b.waiting, kept)
			b.signal()
		}
		b.mu.Unlock()
		return err
	}
	b.mu.Unlock()
	return b.route(p)
}

// keep copies p for a late-bound output. b.mu is held.
func (b *Buffer) keep(p *page.Page) (*page.Page, error) {
	c := page.NewCollector(b.o.Schema, b.o.Pool)
	if err := c.Add(p, nil); err != nil {
		c.Release()
		return nil, err
	}
	kept, err := c.Take()
	if err != nil || kept == nil {
		return nil, err
	}
	size := int64(kept.Bytes())
	b.held += size
	b.bytes.Add(size)
	return kept, nil
}

// room waits until there is room for more, nobody needs more, or it failed.
func (b *Buffer) room(ctx context.Context) error {
	for {
		b.mu.Lock()
		err, full, enough, change := b.err, b.unread() > b.o.BytesMax, b.allEnough(), b.change
		b.cut = b.cut || enough
		b.mu.Unlock()
		switch {
		case err != nil:
			return err
		case enough:
			return ErrEnough
		case !full:
			return nil
		}
		select {
		case <-change:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// unread returns the bytes that the slowest consumer has not taken. b.mu is held.
func (b *Buffer) unread() int64 {
	if b.o.Kind == LateBound {
		return b.held
	}
	var most, sum int64
	for _, p := range b.parts {
		if p.enough {
			continue
		}
		most, sum = max(most, p.unread), sum+p.unread
	}
	if b.o.Kind == Broadcast {
		return most
	}
	return sum
}

func (b *Buffer) allEnough() bool {
	for _, p := range b.parts {
		if !p.enough {
			return false
		}
	}
	return len(b.parts) > 0
}

// SetOutput decides a late-bound output; rows kept so far are routed. It is an
// error to decide twice differently.
func (b *Buffer) SetOutput(o Output) error {
	b.mu.Lock()
	if b.o.Kind != LateBound {
		same := b.o.Kind == o.Kind && b.o.Partitions == o.Partitions
		b.mu.Unlock()
		if !same {
			return sqlerr.Internalf("output was decided already")
		}
		return nil
	}
	b.o.Output = o
	b.makePartitions()
	kept := b.waiting
	b.waiting, b.held = nil, 0
	done := b.done
	b.bytes.Store(0)
	b.signal()
	b.mu.Unlock()
	for i, p := range kept {
		err := b.route(p)
		p.Release()
		if err != nil {
			for _, q := range kept[i+1:] {
				q.Release()
			}
			b.fail(err)
			return err
		}
	}
	if done {
		return b.flushAll()
	}
	return nil
}

// Finish implements Sink.
func (b *Buffer) Finish(context.Context) error {
	b.mu.Lock()
	b.left--
	last, late := b.left == 0, b.o.Kind == LateBound
	if last && late {
		b.done = true
		b.signal()
	}
	b.mu.Unlock()
	if !last || late {
		return nil
	}
	if err := b.flushAll(); err != nil {
		return err
	}
	b.mu.Lock()
	b.done = true
	b.signal()
	b.mu.Unlock()
	return nil
}

func (b *Buffer) flushAll() error {
	for i, p := range b.parts {
		p.fill.Lock()
		err := b.flush(i, p)
		p.fill.Unlock()
		if err != nil {
			b.fail(err)
			return err
		}
		if b.o.Kind == Broadcast {
			break // the first one's frames went to all
		}
	}
	return nil
}

func (b *Buffer) fail(cause error) {
	b.mu.Lock()
	if b.err == nil && !(b.done && b.o.Kind != LateBound) {
		b.err = cause
	}
	b.signal()
	b.mu.Unlock()
}

// Close implements Sink.
func (b *Buffer) Close(cause error) error {
	b.mu.Lock()
	unfinished := b.left > 0
	b.mu.Unlock()
	if unfinished {
		if cause == nil {
			cause = sqlerr.Internalf("task output was closed before it was finished")
		}
		b.fail(cause)
	}
	return nil
}

// State is what a scheduler asks of an output.
type State struct {
	Rows, Bytes int64
	Done        bool // committed, or complete and waiting for SetOutput
	Late        bool // not decided yet
	Drained     bool // committed and read to the end by every partition's consumer
}

// State returns a snapshot of the counters.
func (b *Buffer) State() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := State{Rows: b.rows.Load(), Bytes: b.bytes.Load(), Done: b.done, Late: b.o.Kind == LateBound}
	s.Drained = b.done && !s.Late
	for _, p := range b.parts {
		s.Drained = s.Drained && (p.enough || p.read == len(p.items))
	}
	return s
}

// Changed returns a channel that is closed at the next change of state.
func (b *Buffer) Changed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.change
}

// Discard frees everything; consumers that still read fail. Idempotent.
func (b *Buffer) Discard() {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return
	}
	b.closed = true
	if b.err == nil {
		b.err = sqlerr.New(sqlerr.QueryCanceled, "task output was discarded")
	}
	waiting, parts := b.waiting, b.parts
	b.waiting = nil
	b.signal()
	b.mu.Unlock()
	for _, p := range waiting {
		p.Release()
	}
	for _, p := range parts {
		p.fill.Lock()
		p.coll.Release()
		p.fill.Unlock()
		b.mu.Lock()
		for i := range p.items {
			p.items[i].page.Release()
			p.items[i].frame.Release()
		}
		p.items = nil
		p.read = 0
		b.mu.Unlock()
	}
	if b.o.Spool != nil {
		_ = b.o.Spool.Close()
	}
}
