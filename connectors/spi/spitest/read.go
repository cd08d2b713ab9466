package spitest

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// rowsPageMax is the most rows that a page may have.
const rowsPageMax = 64 << 10

// splits lists the splits of a scan, n at a time.
func (b *bench) splits(scan spi.Scan, live spi.LiveFilter, n int) []spi.Split {
	b.Helper()
	src, err := b.c.Splits(context.Background(), b.session, scan, live)
	b.check(err)
	defer func() { b.check(src.Close()) }()
	var out []spi.Split
	for {
		s, err := src.Next(context.Background(), n)
		if len(s) > n {
			b.Fatalf("%d splits were asked for, %d came", n, len(s))
		}
		out = append(out, s...)
		if err == io.EOF {
			return out
		}
		b.check(err)
	}
}

// how says how a scan is read.
type how struct {
	filter spi.Predicate
	live   spi.LiveFilter
	splits []spi.Split
}

// read returns the rows of a scan, and of which split each is. Rows that the
// engine would still drop by the filter are dropped.
func (b *bench) read(scan spi.Scan, h how) (rows [][]types.Value, of []int) {
	b.Helper()
	if h.splits == nil {
		h.splits = b.splits(scan, h.live, 100)
	}
	for i, s := range h.splits {
		got, err := b.readSplit(context.Background(), scan, s, h)
		b.check(err)
		for range got {
			of = append(of, i)
		}
		rows = append(rows, got...)
	}
	return rows, of
}

func (b *bench) readSplit(ctx context.Context, scan spi.Scan, s spi.Split, h how) ([][]types.Value, error) {
	src, err := b.c.Open(ctx, b.session, scan, s, spi.OpenEnv{Pool: b.pool, Filter: h.filter, Live: h.live, Report: func(spi.Progress) {}})
	if err != nil {
		return nil, fmt.Errorf("open split %s: %w", s.ID, err)
	}
	rows, err := b.rows(ctx, src, &scan, h.filter)
	if cerr := src.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, fmt.Errorf("read split %s: %w", s.ID, err)
	}
	return rows, nil
}

// rows reads a source to its end and checks its pages.
func (b *bench) rows(ctx context.Context, src spi.PageSource, scan *spi.Scan, filter spi.Predicate) ([][]types.Value, error) {
	var out [][]types.Value
	for {
		p, err := src.Next(ctx)
		if err == io.EOF {
			if st := src.Stats(); st.RowsRead < 0 || st.BytesRead < 0 {
				return out, fmt.Errorf("impossible statistics: %+v", st)
			}
			if _, err := src.Next(ctx); err != io.EOF {
				return out, fmt.Errorf("after the end came %v", err)
			}
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out, err = b.take(out, p, scan.Types(), filter)
		p.Release()
		if err != nil {
			return out, err
		}
	}
}

func (b *bench) take(out [][]types.Value, p *page.Page, ts []types.Type, filter spi.Predicate) ([][]types.Value, error) {
	if p.Len() == 0 {
		return out, fmt.Errorf("a page is empty")
	}
	if p.Rows > rowsPageMax {
		return out, fmt.Errorf("a page has %d rows", p.Rows)
	}
	p.Check(ts)
	if filter != nil && !p.Filtered {
		if err := filter.Eval(p); err != nil {
			return out, err
		}
	}
	if err := p.Load(); err != nil {
		return out, err
	}
	for i := range p.Len() {
		row := make([]types.Value, len(p.Cols))
		for c, v := range p.Cols {
			if !v.Type.Equal(ts[c]) && v.Type.Phys() != ts[c].Phys() {
				return out, fmt.Errorf("column %d is %s, the scan says %s", c, v.Type, ts[c])
			}
			row[c] = v.Value(p.Row(i))
		}
		out = append(out, row)
	}
	return out, nil
}

// all reads the suite's table as it is.
func (b *bench) all(scan spi.Scan) [][]types.Value {
	b.Helper()
	rows, _ := b.read(scan, how{})
	if len(rows) < 2 || len(rows) > b.o.RowsMax {
		b.Fatalf("the table of the suite has %d rows, it should have 2 to %d", len(rows), b.o.RowsMax)
	}
	return rows
}

// text prints rows so that equal ones print alike.
func text(ts []types.Type, rows [][]types.Value) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		var s strings.Builder
		for c, v := range r {
			if c > 0 {
				s.WriteByte('|')
			}
			if v.Null {
				s.WriteString("NULL")
				continue
			}
			s.Write(types.AppendText(nil, ts[c], v, nil))
		}
		out[i] = s.String()
	}
	return out
}

// same compares rows without regard to their order.
func (b *bench) same(what string, ts []types.Type, got, want [][]types.Value) {
	b.Helper()
	g, w := text(ts, got), text(ts, want)
	slices.Sort(g)
	slices.Sort(w)
	if slices.Equal(g, w) {
		return
	}
	for i := range max(len(g), len(w)) {
		if i >= len(g) || i >= len(w) || g[i] != w[i] {
			b.Errorf("%s: %d rows, want %d; from row %d: got %q, want %q", what, len(g), len(w), i, at(g, i), at(w, i))
			return
		}
	}
}

func at(s []string, i int) []string { return s[min(i, len(s)):min(i+3, len(s))] }

// contained reports rows of part that are not in whole, counting each once.
func (b *bench) contained(what string, ts []types.Type, part, whole [][]types.Value) {
	b.Helper()
	left := map[string]int{}
	for _, s := range text(ts, whole) {
		left[s]++
	}
	for _, s := range text(ts, part) {
		if left[s]--; left[s] < 0 {
			b.Errorf("%s: a row is missing or too many: %s", what, s)
			return
		}
	}
}
