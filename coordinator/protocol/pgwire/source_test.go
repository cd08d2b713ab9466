package pgwire

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/coordinator/session"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/parser/ast"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type clock struct{}

func (clock) Now() time.Time                                            { return time.Now() }
func (clock) After(_ context.Context, d time.Duration) <-chan time.Time { return time.After(d) }

// source runs a few statements without an engine: constants, parameters,
// generate_series(n), pg_sleep(s), SET and DECLARE.
type source struct {
	open      atomic.Int64 // results that are not closed
	cancelled atomic.Int64
	table     *table // what SELECT * FROM anything gives
}

type table struct {
	cols []plan.Column
	rows [][]types.Value
}

func (r *source) Describe(_ context.Context, _ *session.Session, st session.Statement, params []types.Type) (*session.Description, error) {
	q, ok := st.AST.(*ast.Query)
	if !ok {
		return &session.Description{}, nil
	}
	d := &session.Description{}
	ast.Walk(q, func(n ast.Node) {
		if p, ok := n.(*ast.Param); ok {
			for len(d.Params) < p.Number {
				d.Params = append(d.Params, types.Of(types.Text))
			}
		}
	})
	for i, t := range params {
		if t.Kind != types.Unknown && i < len(d.Params) {
			d.Params[i] = t
		}
	}
	var err error
	d.Columns, _, err = r.rows(q, session.Args{Types: d.Params, Values: make([]types.Value, len(d.Params))})
	return d, err
}

func (r *source) Run(ctx context.Context, s *session.Session, st session.Statement, args session.Args) (session.Result, error) {
	switch a := st.AST.(type) {
	case *ast.Query:
		cols, gen, err := r.rows(a, args)
		if err != nil {
			return nil, err
		}
		r.open.Add(1)
		return &result{src: r, ctx: ctx, cols: cols, gen: gen}, nil
	case *ast.Set:
		v, _ := ast.Option{Value: a.Values[0]}.Text()
		return session.Done("SET"), s.Set(a.Name.Last().Text, v, session.InSession)
	}
	return nil, sqlerr.Unsupported("statement is not supported by the test source")
}

// rows gives the columns of a query and a function that makes its i-th page.
func (r *source) rows(q *ast.Query, args session.Args) ([]plan.Column, func(ctx context.Context, i int) (*page.Page, error), error) {
	sel := q.Body.(*ast.Select)
	if len(sel.From) > 0 {
		cols := r.table.cols
		return cols, once(func() (*page.Page, error) { return build(cols, r.table.rows) }), nil
	}
	if f, ok := sel.Items[0].Expr.(*ast.FuncCall); ok {
		return call(f)
	}
	var cols []plan.Column
	var row []types.Value
	for i, it := range sel.Items {
		name := it.Alias.Text
		if name == "" {
			name = "?column?"
		}
		switch e := it.Expr.(type) {
		case *ast.NumberLit:
			n, _ := strconv.ParseInt(e.Text, 10, 64)
			cols, row = append(cols, plan.Column{Name: name, Type: types.Of(types.Int32)}), append(row, types.IntValue(n))
		case *ast.StringLit:
			cols, row = append(cols, plan.Column{Name: name, Type: types.Of(types.Text)}), append(row, types.StringValue(e.Value))
		case *ast.Param:
			cols, row = append(cols, plan.Column{Name: name, Type: args.Types[e.Number-1]}), append(row, args.Values[e.Number-1])
		default:
			return nil, nil, sqlerr.New(sqlerr.UndefinedColumn, "column %d is not known", i).At(it.Expr.At())
		}
	}
	return cols, once(func() (*page.Page, error) { return build(cols, [][]types.Value{row}) }), nil
}

func once(f func() (*page.Page, error)) func(context.Context, int) (*page.Page, error) {
	return func(_ context.Context, i int) (*page.Page, error) {
		if i > 0 {
			return nil, io.EOF
		}
		return f()
	}
}

func call(f *ast.FuncCall) ([]plan.Column, func(context.Context, int) (*page.Page, error), error) {
	n, _ := strconv.Atoi(f.Args[0].(*ast.NumberLit).Text)
	cols := []plan.Column{{Name: f.Name.Last().Text, Type: types.Of(types.Int64)}}
	switch f.Name.Last().Text {
	case "generate_series":
		const size = 1000
		return cols, func(_ context.Context, i int) (*page.Page, error) {
			from := i * size
			if from >= n {
				return nil, io.EOF
			}
			v, out, err := page.NewFixed[int64](cols[0].Type, min(size, n-from), page.Unaccounted{})
			for j := range out {
				out[j] = int64(from + j + 1)
			}
			return page.New(len(out), v), err
		}, nil
	case "pg_sleep":
		return cols, func(ctx context.Context, i int) (*page.Page, error) {
			select {
			case <-time.After(time.Duration(n) * time.Second):
				return nil, io.EOF
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		}, nil
	case "panic":
		return cols, func(context.Context, int) (*page.Page, error) { panic("a bug") }, nil
	}
	return nil, nil, sqlerr.New(sqlerr.UndefinedFunction, "function does not exist: %s", f.Name.Last().Text).At(f.At())
}

func build(cols []plan.Column, rows [][]types.Value) (*page.Page, error) {
	p := &page.Page{Rows: len(rows)}
	for i, c := range cols {
		b := page.NewBuilder(c.Type, len(rows), page.Unaccounted{})
		for _, r := range rows {
			b.AppendValue(r[i])
		}
		v, err := b.Finish()
		if err != nil {
			return nil, err
		}
		p.Cols = append(p.Cols, v)
	}
	return p, nil
}

type result struct {
	src  *source
	ctx  context.Context
	cols []plan.Column
	gen  func(context.Context, int) (*page.Page, error)
	at   int
	once bool
}

func (r *result) Columns() []plan.Column { return r.cols }

func (r *result) Next(ctx context.Context) (*page.Page, error) {
	for _, c := range []context.Context{ctx, r.ctx} {
		if c.Err() != nil {
			return nil, context.Cause(c)
		}
	}
	r.at++
	return r.gen(ctx, r.at-1)
}

func (r *result) Tag(rows int64) string { return fmt.Sprintf("SELECT %d", rows) }

func (r *result) Close() error {
	if !r.once {
		r.once = true
		r.src.open.Add(-1)
		if r.ctx.Err() != nil {
			r.src.cancelled.Add(1)
		}
	}
	return nil
}

// start serves a source on a port of its own.
func start(t testing.TB, r session.Runner, change func(*Options)) (*Server, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var ids atomic.Int64
	o := Options{
		Log: slog.New(slog.DiscardHandler),
		Sessions: session.NewStore(session.Options{
			Clock: clock{}, Log: slog.New(slog.DiscardHandler), Runner: r,
			NewID:       func() string { return strconv.FormatInt(ids.Add(1), 10) },
			HasDatabase: func(name string) bool { return name == "tpch" },
		}),
	}
	if change != nil {
		change(&o)
	}
	s := NewServer(o)
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if src, ok := r.(*source); ok && src.open.Load() != 0 {
			t.Errorf("%d results were not closed", src.open.Load())
		}
	})
	return s, l.Addr().String()
}
