package exchange

import (
	"context"
	"io"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// ErrFenced is the cause for a consumer attempt that a newer one has replaced.
var ErrFenced = sqlerr.New(sqlerr.QueryCanceled, "a newer attempt of the consumer reads this output")

// ErrCutShort says that an earlier attempt of the consumer ended the output
// early, so that the producer must run again for this one.
var ErrCutShort = sqlerr.New(sqlerr.ConnectionFailure, "output was cut short for an earlier attempt of its consumer")

// Stream reads one partition for one consumer attempt. With Retain it gives
// frames, else pages. One goroutine uses it.
type Stream struct {
	b       *Buffer
	part    *partition
	attempt int
	next    int
	ended   bool
}

// Open gives partition k to attempt of its consumer and fences older ones off.
// It waits for a late-bound output to be decided.
func (b *Buffer) Open(ctx context.Context, k int, c Consumer) (*Stream, error) {
	for {
		b.mu.Lock()
		if b.err != nil {
			defer b.mu.Unlock()
			return nil, b.err
		}
		if b.parts != nil {
			defer b.mu.Unlock()
			return b.open(k, c)
		}
		change := b.change
		b.mu.Unlock()
		select {
		case <-change:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (b *Buffer) open(k int, c Consumer) (*Stream, error) {
	if k < 0 || k >= len(b.parts) {
		return nil, sqlerr.Internalf("output has no partition %d", k)
	}
	p := b.parts[k]
	if c.Attempt < p.fence {
		return nil, ErrFenced
	}
	if p.reader != nil && c.Attempt > p.fence {
		if !b.o.Retain && p.read > 0 || b.cut {
			return nil, ErrCutShort
		}
		p.enough = false
	}
	p.fence = c.Attempt
	p.reader = &Stream{b: b, part: p, attempt: c.Attempt}
	if b.o.Retain {
		p.read, p.unread = 0, 0
		for _, it := range p.items {
			p.unread += it.size
		}
	}
	b.signal()
	return p.reader, nil
}

// wait returns the index of the next item; io.EOF ends.
func (s *Stream) wait(ctx context.Context) (int, error) {
	for {
		s.b.mu.Lock()
		switch {
		case s.part.reader != s:
			s.b.mu.Unlock()
			return 0, ErrFenced
		case s.b.closed:
			s.b.mu.Unlock()
			return 0, s.b.err
		case s.next < len(s.part.items):
			s.b.mu.Unlock()
			return s.next, nil
		case s.b.err != nil:
			defer s.b.mu.Unlock()
			return 0, s.b.err
		case s.b.done:
			s.ended = true
			s.b.mu.Unlock()
			return 0, io.EOF
		}
		change := s.b.change
		s.b.mu.Unlock()
		select {
		case <-change:
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

// Next returns the next page of an output without Retain.
func (s *Stream) Next(ctx context.Context) (*page.Page, error) {
	i, err := s.wait(ctx)
	if err != nil {
		return nil, err
	}
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	if s.b.closed {
		return nil, s.b.err
	}
	it := &s.part.items[i]
	p := it.page
	it.page = nil
	s.advance()
	s.b.held -= it.size
	return p, nil
}

// Frame returns the next frame of an output with Retain. The caller releases it.
func (s *Stream) Frame(ctx context.Context) (*page.Buffer, error) {
	i, err := s.wait(ctx)
	if err != nil {
		return nil, err
	}
	s.b.mu.Lock()
	if s.b.closed {
		defer s.b.mu.Unlock()
		return nil, s.b.err
	}
	it := s.part.items[i]
	if it.frame != nil {
		defer s.b.mu.Unlock()
		s.advance()
		return it.frame.Retain(), s.b.spool()
	}
	s.b.mu.Unlock()
	buf, err := s.b.o.Pool.Alloc(int(it.size))
	if err != nil {
		return nil, err
	}
	if err := s.b.o.Spool.ReadAt(buf.Data, it.at); err != nil {
		buf.Release()
		return nil, err
	}
	s.b.mu.Lock()
	s.advance()
	s.b.mu.Unlock()
	return buf, nil
}

// advance counts an item as taken. b.mu is held.
func (s *Stream) advance() {
	size := s.part.items[s.next].size
	s.next++
	if s.part.reader == s {
		s.part.read = s.next
		s.part.unread -= size
	}
	s.b.signal()
}

// Close ends reading; before the end it says that no more is needed.
func (s *Stream) Close() error {
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	if s.part.reader == s && !s.ended && !s.b.closed {
		s.part.enough = true
		if !s.b.o.Retain {
			for i := s.next; i < len(s.part.items); i++ {
				s.b.held -= s.part.items[i].size
				s.part.items[i].page.Release()
				s.part.items[i].page = nil
			}
			s.part.read, s.next, s.part.unread = len(s.part.items), len(s.part.items), 0
		}
		s.b.signal()
	}
	return nil
}

// Abandon ends reading without saying that it was enough: the consumer died,
// and another attempt of it may come.
func (s *Stream) Abandon() {}

// decoded turns a stream of frames into pages.
type decoded struct {
	s   *Stream
	dec *Decoder
}

// Pages returns the stream as a Source whose pages are charged to pool.
func (s *Stream) Pages(pool page.Pool) Source {
	if !s.b.o.Retain {
		return s
	}
	return &decoded{s: s, dec: NewDecoder(s.b.o.Schema, pool)}
}

var (
	_ Source = (*Stream)(nil)
	_ Source = (*decoded)(nil)
	_ Sink   = (*Buffer)(nil)
)

// Next implements Source.
func (d *decoded) Next(ctx context.Context) (*page.Page, error) {
	f, err := d.s.Frame(ctx)
	if err != nil {
		return nil, err
	}
	defer f.Release()
	return d.dec.Page(f.Data)
}

// Close implements Source.
func (d *decoded) Close() error {
	d.dec.Close()
	return d.s.Close()
}
