package operator

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
)

// ScanConfig is what a scan needs. Splits, Live and Counts are shared by the
// scan's drivers, the rest is of one driver.
type ScanConfig struct {
	Connector spi.Connector
	Session   *spi.Session
	Scan      spi.Scan
	Splits    *Splits
	Filter    spi.Predicate  // of Scan.Filter; nil: none
	Live      spi.LiveFilter // by table column, for pruning; nil: none
	Dynamic   []DynamicFilter
	Counts    *ScanCounts
	Pool      page.Pool
	Slot      Slot
}

// ScanCounts sums what the sources of a scan did. It is safe for concurrent use.
type ScanCounts struct {
	mu   sync.Mutex
	done spi.ScanStats
	open map[spi.PageSource]struct{}
}

// Stats returns the sum, sources that are still open included.
func (c *ScanCounts) Stats() spi.ScanStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := c.done
	for src := range c.open {
		sum.Add(src.Stats())
	}
	return sum
}

// Opened adds the counters of a source, Closed keeps them when it ends.
func (c *ScanCounts) Opened(src spi.PageSource) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open = map[spi.PageSource]struct{}{}
	}
	c.open[src] = struct{}{}
}

// Closed keeps the counters of a source that ends.
func (c *ScanCounts) Closed(src spi.PageSource) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done.Add(src.Stats())
	delete(c.open, src)
}

func (c *ScanCounts) dropped(rows int) {
	c.mu.Lock()
	c.done.FilteredByDyn += int64(rows)
	c.mu.Unlock()
}

// scan reads splits one after the other.
type scan struct {
	ScanConfig
	src     spi.PageSource
	split   spi.Split
	dynamic []*dynamicState
}

var _ Operator = (*scan)(nil)

// NewScan returns the source of a pipeline that reads splits as they come. The
// filter is checked on pages that the source has not filtered, then dynamic filters.
func NewScan(c ScanConfig) Operator {
	s := &scan{ScanConfig: c}
	for _, d := range c.Dynamic {
		s.dynamic = append(s.dynamic, &dynamicState{DynamicFilter: d})
	}
	return s
}

func (s *scan) Open(context.Context) error { return nil }

func (s *scan) Next(ctx context.Context) (*page.Page, error) {
	for {
		if s.src == nil {
			if err := s.open(ctx); err != nil {
				return nil, err
			}
		}
		p, err := s.read(ctx)
		if err == io.EOF {
			if err := s.end(); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, s.in(err)
		}
		if err := s.narrow(p); err != nil {
			p.Release()
			return nil, err
		}
		if p.Len() > 0 {
			return p, nil
		}
		p.Release()
	}
}

// open begins the next split; io.EOF when there is none.
func (s *scan) open(ctx context.Context) error {
	if s.nothingCanMatch() {
		s.Splits.Drop()
	}
	split, ok, err := s.Splits.take(ctx, s.Slot)
	if err != nil {
		return err
	}
	if !ok {
		return io.EOF
	}
	s.split = split
	s.Slot.Block()
	src, err := s.Connector.Open(ctx, s.Session, s.Scan, split, spi.OpenEnv{
		Pool: s.Pool, Filter: s.Filter, Live: s.Live, Report: func(spi.Progress) {},
	})
	s.Slot.Unblock()
	if err != nil {
		return s.in(err)
	}
	s.src = src
	s.Counts.Opened(src)
	return nil
}

// nothingCanMatch reports whether a dynamic filter is empty: the build side
// of an inner join had no rows.
func (s *scan) nothingCanMatch() bool {
	for _, d := range s.dynamic {
		if d.refresh(); d.none {
			return true
		}
	}
	return false
}

func (s *scan) read(ctx context.Context) (*page.Page, error) {
	s.Slot.Block()
	defer s.Slot.Unblock()
	return s.src.Next(ctx)
}

func (s *scan) in(err error) error {
	return fmt.Errorf("scan %s split %s: %w", s.Scan.Table, s.split.ID, err)
}

func (s *scan) narrow(p *page.Page) error {
	if s.Filter != nil && !p.Filtered {
		if err := s.Filter.Eval(p); err != nil {
			return err
		}
	}
	p.Filtered = false
	for _, d := range s.dynamic {
		before := p.Len()
		if before == 0 {
			return nil
		}
		if err := d.apply(p); err != nil {
			return err
		}
		if n := before - p.Len(); n > 0 {
			s.Counts.dropped(n)
		}
	}
	return nil
}

func (s *scan) end() error {
	if s.src == nil {
		return nil
	}
	src := s.src
	s.src = nil
	s.Counts.Closed(src)
	if err := src.Close(); err != nil {
		return s.in(err)
	}
	return nil
}

func (s *scan) Close() error { return s.end() }
