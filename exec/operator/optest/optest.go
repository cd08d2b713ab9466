// Package optest owns the hostile shapes that every operator is tested with:
// pages of one row, selections over garbage, dictionaries, constants, lazy
// columns, several drivers, cancellation and failing allocations. Tests of
// operators call it. It knows no single operator.
package optest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/mempool"
	"github.com/muster-sql/muster/exec/operator"
)

// Case is an operator with its input and what must come out.
type Case struct {
	Types []types.Type
	In    [][]types.Value
	Out   []types.Type
	Want  [][]types.Value
	// Ordered says that rows must come in the order of Want.
	Ordered bool
	// Any says that Want is the number of rows only: any of the input will do.
	Any bool
	// LimitBytes is the memory that RunLarge allows, 0 for no limit.
	LimitBytes int64
	// Drivers beside 1 that the operator is also run with.
	Drivers []int
	// Make returns the operator; it may call e.Input once for each of e.Drivers.
	Make func(e *Env) (operator.Operator, error)
}

// Env is what an operator under test is made with.
type Env struct {
	Pool    *mempool.Pool
	Spill   *mempool.Spill
	RowsMax int
	Drivers int
	feed    *feed
	pools   []*mempool.Pool
}

// Child returns a pool of an operator, closed at the end of the test.
func (e *Env) Child(name string) *mempool.Pool {
	p := e.Pool.Child(name)
	e.pools = append(e.pools, p)
	return p
}

// Input returns the input of one driver.
func (e *Env) Input() operator.Operator { return &input{f: e.feed} }

// shape is one way to cut the same rows into pages.
type shape struct {
	rows   int
	sel    bool
	enc    string // flat, dict, const, lazy
	cancel int    // cancel when this page is asked for; 0 never
	fail   int    // the n-th allocation fails; 0 never
	drv    int
	limit  int64
}

func (s shape) String() string {
	return fmt.Sprintf("rows=%d,sel=%v,enc=%s,cancel=%d,fail=%d,drivers=%d", s.rows, s.sel, s.enc, s.cancel, s.fail, s.drv)
}

// RunLarge runs the case with large pages only, for many rows.
func RunLarge(t *testing.T, c Case) {
	t.Helper()
	var shapes []shape
	for _, drv := range append([]int{1}, c.Drivers...) {
		for _, enc := range []string{"flat", "lazy"} {
			shapes = append(shapes, shape{rows: 1024, sel: enc == "lazy", enc: enc, drv: drv, limit: c.LimitBytes})
		}
	}
	c.runAll(t, shapes)
}

// Run runs the case in all shapes.
func Run(t *testing.T, c Case) {
	t.Helper()
	var shapes []shape
	for _, drv := range append([]int{1}, c.Drivers...) {
		for _, rows := range []int{1, 2, 1024} {
			for _, sel := range []bool{false, true} {
				for _, enc := range []string{"flat", "dict", "const", "lazy"} {
					if enc == "const" && rows != 1 {
						continue
					}
					shapes = append(shapes, shape{rows: rows, sel: sel, enc: enc, drv: drv})
				}
			}
		}
		for _, k := range []int{1, 2, 3} {
			shapes = append(shapes, shape{rows: 2, enc: "flat", cancel: k, drv: drv})
		}
		for _, n := range []int{1, 2, 3, 5, 8, 13, 21, 34} {
			shapes = append(shapes, shape{rows: 2, enc: "flat", fail: n, drv: drv})
		}
	}
	c.runAll(t, shapes)
}

func (c *Case) runAll(t *testing.T, shapes []shape) {
	t.Helper()
	root, err := mempool.OpenSpillRoot(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	for _, s := range shapes {
		c.run(t, s, root)
		if t.Failed() {
			t.Errorf("in shape %s", s)
			return
		}
	}
}

func (c *Case) run(t *testing.T, s shape, root *mempool.SpillRoot) {
	t.Helper()
	node := mempool.NewNode(mempool.Options{Name: "test"})
	feedPool := node.Child("input")
	pool := node.Query(t.Context(), mempool.QueryOptions{ID: "q", LimitBytes: s.limit})
	if s.fail > 0 {
		failAfter(pool, s.fail)
	}
	spill, err := root.Query(0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	e := &Env{Pool: pool, Spill: spill, RowsMax: max(s.rows, 2), Drivers: s.drv}
	e.feed = &feed{c: c, s: s, pool: feedPool, cancel: cancel}
	op, err := c.Make(e)
	var got [][]types.Value
	if err == nil {
		got, err = Drain(ctx, op, c.Out)
	}
	switch {
	case s.cancel > 0 && e.feed.cancelled:
		if err != nil && !errors.Is(err, errCancelled) {
			t.Errorf("want the cause of the cancellation, got %v", err)
		}
	case s.fail > 0:
		if err != nil && !sqlerr.Is(err, sqlerr.OutOfMemory) {
			t.Errorf("want 53200 or success, got %v", err)
		}
	case err != nil:
		t.Error(err)
	default:
		c.compare(t, got)
	}
	if s.limit > 0 {
		t.Logf("%s: peak %d of %d bytes, %d spilled", s, pool.Peak(), s.limit, spill.Written())
		if spill.Written() == 0 {
			t.Error("nothing was spilled")
		}
	}
	for _, p := range e.pools {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, err := range []error{spill.Close(), pool.Close(), feedPool.Close()} {
		if err != nil {
			t.Error(err)
		}
	}
	if n := root.Used(); n != 0 {
		t.Errorf("%d bytes of spill files are left", n)
	}
}

func (c *Case) compare(t *testing.T, got [][]types.Value) {
	t.Helper()
	if c.Any {
		if len(got) != len(c.Want) {
			t.Errorf("got %d rows, want %d", len(got), len(c.Want))
		}
		return
	}
	a, b := Text(c.Out, got), Text(c.Out, c.Want)
	if !c.Ordered {
		slices.Sort(a)
		slices.Sort(b)
	}
	if !slices.Equal(a, b) {
		t.Errorf("got %d rows:\n%s\nwant %d rows:\n%s", len(a), head(a), len(b), head(b))
	}
}

func head(s []string) string {
	if len(s) > 40 {
		s = append(slices.Clone(s[:40]), "…")
	}
	return strings.Join(s, "\n")
}

// Text prints rows for comparison.
func Text(ts []types.Type, rows [][]types.Value) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		parts := make([]string, len(r))
		for c, v := range r {
			parts[c] = print(ts[c], v)
		}
		out[i] = strings.Join(parts, " | ")
	}
	return out
}

func print(t types.Type, v types.Value) string {
	if v.Null {
		return "NULL"
	}
	switch t.Phys() {
	case types.PhysF32, types.PhysF64:
		if v.F == 0 {
			return "0" // -0 too: they are one group
		}
		return fmt.Sprint(v.F)
	case types.PhysI128, types.PhysNum:
		return fmt.Sprint(v.N)
	case types.PhysView, types.PhysB16:
		return fmt.Sprintf("%q", v.S)
	case types.PhysIval:
		return fmt.Sprint(v.Iv)
	case types.PhysList, types.PhysStruct:
		var parts []string
		kids := t.Children()
		for i, e := range v.L {
			parts = append(parts, print(kids[i%len(kids)], e))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	return fmt.Sprint(v.I)
}

// Drain opens op, returns all rows and closes it.
func Drain(ctx context.Context, op operator.Operator, ts []types.Type) (rows [][]types.Value, err error) {
	defer func() {
		if cerr := op.Close(); err == nil {
			err = cerr
		}
	}()
	if err := op.Open(ctx); err != nil {
		return nil, err
	}
	for {
		p, err := op.Next(ctx)
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		if p.Len() == 0 {
			return rows, errors.New("operator gave a page without rows")
		}
		p.Check(ts)
		if err := p.Load(); err != nil {
			p.Release()
			return rows, err
		}
		rows = append(rows, Rows(p)...)
		p.Release()
	}
}

// Rows returns the live rows of a loaded page.
func Rows(p *page.Page) [][]types.Value {
	out := make([][]types.Value, p.Len())
	for i := range out {
		for _, c := range p.Cols {
			out[i] = append(out[i], c.Value(p.Row(i)))
		}
	}
	return out
}

// Blocking runs each input into a sink of its own, at the same time, and then
// all sources at the same time.
func Blocking(ins []operator.Operator, sinks []operator.Sink, sources ...operator.Operator) operator.Operator {
	return &blocking{ins: ins, sinks: sinks, sources: sources}
}

type blocking struct {
	ins     []operator.Operator
	sinks   []operator.Sink
	sources []operator.Operator
	pages   chan result
	wg      sync.WaitGroup
	left    int
	cancel  context.CancelCauseFunc
}

type result struct {
	p   *page.Page
	err error
}

func (b *blocking) Open(context.Context) error { return nil }

func (b *blocking) Next(ctx context.Context) (*page.Page, error) {
	if b.pages == nil {
		b.pages = make(chan result)
		ctx, b.cancel = context.WithCancelCause(ctx)
		for i := range b.ins {
			b.wg.Go(func() {
				if err := pump(ctx, b.ins[i], b.sinks[i]); err != nil {
					b.cancel(err)
				}
			})
		}
		b.wg.Wait()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		b.left = len(b.sources)
		for _, s := range b.sources {
			b.wg.Go(func() { b.drain(ctx, s) })
		}
	}
	for b.left > 0 {
		var r result
		select {
		case r = <-b.pages:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		if r.err == io.EOF {
			b.left--
			continue
		}
		return r.p, r.err
	}
	return nil, io.EOF
}

// drain sends the pages of a source, then its end.
func (b *blocking) drain(ctx context.Context, s operator.Operator) {
	err := s.Open(ctx)
	for {
		var p *page.Page
		if err == nil {
			if p, err = s.Next(ctx); err == nil {
				err = p.Load() // the next page may end what it refers to
			}
		}
		select {
		case b.pages <- result{p, err}:
		case <-ctx.Done():
			p.Release()
			return
		}
		if err != nil {
			return
		}
	}
}

func (b *blocking) Close() error {
	if b.cancel != nil {
		b.cancel(errors.New("closed"))
	}
	b.wg.Wait()
	var errs []error
	for i := range b.ins {
		errs = append(errs, b.ins[i].Close(), b.sinks[i].Close())
	}
	for _, s := range b.sources {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

func pump(ctx context.Context, op operator.Operator, sink operator.Sink) error {
	if err := op.Open(ctx); err != nil {
		return err
	}
	for {
		p, err := op.Next(ctx)
		if err == io.EOF {
			return sink.Finish(ctx)
		}
		if err == nil {
			err = sink.Put(ctx, p)
		}
		if err != nil {
			return err
		}
	}
}
