package parquet

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/muster-sql/muster/connectors/internal/objectstore"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Source says where a table column comes from in one file.
type Source uint8

// The sources of a column.
const (
	FromField   Source = iota // a field of the file
	FromConst                 // one value for the whole file
	FromOrdinal               // the row's number within the file, from 0
	Unused                    // neither returned nor bounded
)

// Column is a table column as one file has it.
type Column struct {
	Source Source
	Field  int // of FromField
	Type   types.Type
	Const  types.Value // of FromConst
}

// Options describe a scan of row groups of one file. Domain and Live are by
// table column, Filter is over the output.
type Options struct {
	Object objectstore.Object // stays the caller's
	Groups []int
	Table  []Column
	Output []int // table columns
	Pool   page.Pool
	Filter spi.Predicate
	Domain domain.Tuple
	Live   spi.LiveFilter
	Limit  int64 // -1 none
}

// Scanner reads pages of a scan. One goroutine uses it; Stats may be called by others.
type Scanner struct {
	file  *File
	o     Options
	cols  []output
	early []int // output columns that the filter reads
	live  []*member
	bound domain.Tuple // Domain and what is live
	seen  uint64       // version of the live filter

	group  int // next of o.Groups
	at     int // the one being read
	rows   int64
	pos    int64 // row of the group that the columns stand at
	ranges []rowRange
	batch  int64
	left   int64 // rows that LIMIT allows
	opened bool
	where  string // what is being read, for errors
	stats  spi.ScanStats
	shared atomic.Pointer[spi.ScanStats]
}

// output is an output column.
type output struct {
	Column
	node *Node
	col  column // nil: a constant or ordinal
}

// rowRange is rows lo up to hi of a group.
type rowRange struct{ lo, hi int64 }

// Scan prepares a scan. A field that cannot be read as its column's type is an error.
func (f *File) Scan(o Options) (*Scanner, error) {
	s := &Scanner{file: f, o: o, at: -1, left: o.Limit, bound: o.Domain}
	if s.left < 0 {
		s.left = 1<<63 - 1
	}
	s.shared.Store(&spi.ScanStats{})
	for _, g := range o.Groups {
		if g < 0 || g >= len(f.Groups) {
			return nil, sqlerr.Internalf("scan of row group %d of %d: %s", g, len(f.Groups), f.Info.Path)
		}
	}
	for _, c := range o.Output {
		out := output{Column: o.Table[c]}
		if out.Source == FromField {
			n, err := f.Readable(out.Field, out.Type)
			if err != nil {
				return nil, err
			}
			out.node = n
			if n.kind == leafNode && n.rep == 0 {
				out.col = newFlat(n, o.Pool, &s.stats)
			} else {
				out.col = newNested(n, o.Pool, &s.stats)
			}
		}
		s.cols = append(s.cols, out)
	}
	if o.Filter != nil {
		s.early = o.Filter.Columns()
	}
	return s, nil
}

// Readable returns the field as a reader of type t, or why it cannot be one.
func (f *File) Readable(field int, t types.Type) (*Node, error) {
	n := f.Fields[field]
	if r := n.refusal(); r != "" {
		return nil, sqlerr.Unsupported("column %s of %s cannot be read: %s", n.Name, f.Info.Path, r)
	}
	w := n.widened(t)
	if w == nil {
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "column %s is of type %v in the table but %v in file %s", n.Name, t, n.Type, f.Info.Path)
	}
	return w, nil
}

// Next returns the next page, not empty; io.EOF ends.
func (s *Scanner) Next(ctx context.Context) (p *page.Page, err error) {
	start, blocked := time.Now(), s.stats.BlockedNanos
	defer func() {
		if r := recover(); r != nil {
			err = sqlerr.New(sqlerr.DataCorrupted, "cannot decode: %v", r)
		}
		if err != nil && err != io.EOF {
			p, err = nil, s.explain(err)
		}
		s.stats.DecodeNanos += int64(time.Since(start)) - (s.stats.BlockedNanos - blocked)
		now := s.stats
		s.shared.Store(&now)
	}()
	for {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		if s.left <= 0 {
			return nil, io.EOF
		}
		s.where = ""
		if err := s.refresh(ctx); err != nil {
			return nil, err
		}
		if len(s.ranges) == 0 {
			if err := s.nextGroup(ctx); err != nil {
				return nil, err
			}
			continue
		}
		p, err := s.step(ctx)
		if err != nil || p != nil {
			return p, err
		}
	}
}

// explain names the place in the file that an error is about.
func (s *Scanner) explain(err error) error {
	switch sqlerr.CodeOf(err) {
	case sqlerr.DataCorrupted, sqlerr.InternalError:
		where := s.file.Info.Path
		if s.at >= 0 {
			where += fmt.Sprintf(", row group %d", s.at)
		}
		if s.where != "" {
			where += ", column " + s.where
		}
		return sqlerr.New(sqlerr.DataCorrupted, "damaged Parquet file: %s: %v", where, err)
	case sqlerr.FeatureNotSupported, sqlerr.NumericValueOutOfRange, sqlerr.DatetimeFieldOverflow, sqlerr.CharacterNotInRepertoire:
		return fmt.Errorf("read Parquet file %s, row group %d: %w", s.file.Info.Path, s.at, err)
	}
	return err
}

// refresh takes up a newer live filter.
func (s *Scanner) refresh(ctx context.Context) error {
	if s.o.Live == nil {
		return nil
	}
	now, version := s.o.Live.Current()
	if version == s.seen {
		return nil
	}
	s.seen, s.bound, s.live = version, s.o.Domain.Intersect(now), nil
	for i, c := range s.o.Output {
		set, ok := now[c]
		if !ok || s.cols[i].Source != FromField || !fits(set.Type, s.cols[i].Type) {
			continue
		}
		if m, ok := newMember(i, set); ok {
			s.live = append(s.live, m)
		}
	}
	if len(s.ranges) > 0 {
		return s.narrow(ctx)
	}
	return nil
}

// narrow prunes what is left of the current group once more.
func (s *Scanner) narrow(ctx context.Context) error {
	rest := s.ranges
	pruned, err := s.survivors(ctx, s.at)
	if err != nil {
		return err
	}
	s.ranges = intersect(rest, pruned)
	s.stats.RowsPruned += total(rest) - total(s.ranges)
	return nil
}

// nextGroup goes on to the next row group that may have rows.
func (s *Scanner) nextGroup(ctx context.Context) error {
	s.closeColumns()
	if s.group == len(s.o.Groups) {
		return io.EOF
	}
	s.at = s.o.Groups[s.group]
	s.group++
	g := &s.file.Groups[s.at]
	s.rows, s.pos = g.Rows, 0
	ranges, err := s.survivors(ctx, s.at)
	if err != nil {
		return err
	}
	s.stats.RowsPruned += g.Rows - total(ranges)
	if len(ranges) == 0 {
		s.stats.GroupsPruned++
		return nil
	}
	s.batch = page.RowsMax
	for i := range s.cols {
		c := &s.cols[i]
		if c.col == nil {
			continue
		}
		c.col.open(s.o.Object, g)
		if n, ok := c.col.(*nested); ok {
			s.batch = min(s.batch, n.rowsAtOnce(g))
		}
	}
	s.opened = true
	if ok, err := s.dictionariesMatch(ctx, g); err != nil || !ok {
		if err == nil {
			s.stats.GroupsPruned++
			s.stats.RowsPruned += total(ranges)
		}
		return err
	}
	s.stats.GroupsRead++
	if total(ranges) < g.Rows {
		s.useOffsetIndexes(ctx, g)
	}
	s.ranges = ranges
	return nil
}

func total(ranges []rowRange) (n int64) {
	for _, r := range ranges {
		n += r.hi - r.lo
	}
	return n
}

func (s *Scanner) closeColumns() {
	if !s.opened {
		return
	}
	s.opened = false
	for i := range s.cols {
		if s.cols[i].col != nil {
			s.cols[i].col.close()
		}
	}
}

// step reads the next batch of rows; nil when none of them passes.
func (s *Scanner) step(ctx context.Context) (*page.Page, error) {
	r := &s.ranges[0]
	if gap := r.lo - s.pos; gap > 0 {
		for i := range s.cols {
			s.skipColumn(i, int(gap))
		}
		s.pos = r.lo
	}
	n := min(s.batch, r.hi-r.lo)
	if s.o.Filter == nil && len(s.live) == 0 {
		n = min(n, s.left)
	}
	first := s.pos
	if r.lo += n; r.lo == r.hi {
		s.ranges = s.ranges[1:]
	}
	s.pos += n
	p, err := s.read(ctx, int(n), first)
	if err != nil || p == nil {
		return nil, err
	}
	p.Limit(int(min(s.left, int64(p.Len()))))
	s.left -= int64(p.Len())
	return p, nil
}

func (s *Scanner) skipColumn(i, n int) {
	if s.cols[i].col != nil {
		s.cols[i].col.skip(n)
	}
}

// read makes a page of n rows: first the columns that filters look at, then,
// if rows are left, the others between the first and the last of these.
func (s *Scanner) read(ctx context.Context, n int, first int64) (p *page.Page, err error) {
	p = &page.Page{Cols: make([]*page.Vector, len(s.cols)), Rows: n}
	defer func() {
		if err != nil || p.Len() == 0 {
			p.Release()
			p = nil
		}
	}()
	s.stats.RowsRead += int64(n)
	for _, m := range s.live {
		if m.idle() {
			continue
		}
		if err := s.readColumn(ctx, p, m.out, first, 0, n); err != nil {
			return p, err
		}
		before := p.Len()
		p.Sel = m.keep(p.Cols[m.out], n, p.Sel)
		s.stats.FilteredByDyn += int64(before - len(p.Sel))
		if len(p.Sel) == 0 {
			break
		}
	}
	if s.o.Filter != nil && p.Len() > 0 {
		for _, i := range s.early {
			lo, hi := selected(p)
			if err := s.readColumn(ctx, p, i, first, lo, hi); err != nil {
				return p, err
			}
		}
		if err := s.o.Filter.Eval(p); err != nil {
			return p, err
		}
	}
	p.Filtered = s.o.Filter != nil
	lo, hi := selected(p)
	for i := range s.cols {
		if p.Cols[i] != nil {
			continue
		}
		if lo == hi {
			s.skipColumn(i, n)
		} else if err := s.readColumn(ctx, p, i, first, lo, hi); err != nil {
			return p, err
		}
	}
	return p, nil
}

// selected returns the rows that enclose the live ones.
func selected(p *page.Page) (lo, hi int) {
	if p.Sel == nil {
		return 0, p.Rows
	}
	if len(p.Sel) == 0 {
		return 0, 0
	}
	return int(p.Sel[0]), int(p.Sel[len(p.Sel)-1]) + 1
}

func (s *Scanner) readColumn(ctx context.Context, p *page.Page, i int, first int64, lo, hi int) (err error) {
	if p.Cols[i] != nil {
		return nil
	}
	c := &s.cols[i]
	switch c.Source {
	case FromField:
		s.where = c.node.Name
		p.Cols[i], err = c.col.read(ctx, p.Rows, lo, hi)
		s.where = ""
	case FromConst:
		p.Cols[i], err = page.NewConst(c.Type, c.Const, p.Rows, s.o.Pool)
	default:
		var v *page.Vector
		var nums []int64
		if v, nums, err = page.NewFixed[int64](c.Type, p.Rows, s.o.Pool); err == nil {
			for k := range nums {
				nums[k] = s.file.first[s.at] + first + int64(k)
			}
			p.Cols[i] = v
		}
	}
	return err
}

// Stats returns what was done so far.
func (s *Scanner) Stats() spi.ScanStats { return *s.shared.Load() }

// Close gives all memory back.
func (s *Scanner) Close() {
	s.opened = true
	s.closeColumns()
}
