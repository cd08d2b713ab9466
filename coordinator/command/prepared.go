package command

import (
	"context"
	"errors"
	"io"
	"strconv"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/coordinator/session"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/parser"
	"github.com/muster-sql/muster/parser/ast"
	"github.com/muster-sql/muster/planner/analyzer"
)

// prepared carries out PREPARE, EXECUTE and cursors.
func (c *call) prepared(st ast.Statement) (session.Result, error) {
	switch a := st.(type) {
	case *ast.Prepare:
		return c.prepare(a)
	case *ast.Execute:
		return c.execute(a)
	case *ast.Deallocate:
		if a.All {
			c.s.DeallocateAll()
			return session.Done("DEALLOCATE ALL"), nil
		}
		if !c.s.Deallocate(a.Name.Text) {
			return nil, sqlerr.New(sqlerr.InvalidStatementName, "prepared statement \"%s\" does not exist", a.Name.Text)
		}
		return session.Done("DEALLOCATE"), nil
	case *ast.DeclareCursor:
		return c.declare(a)
	case *ast.Fetch:
		return c.fetch(a)
	}
	a := st.(*ast.ClosePortal)
	if a.All {
		c.s.CloseCursors()
		return session.Done("CLOSE CURSOR ALL"), nil
	}
	if !c.s.ClosePortal(a.Name.Text) {
		return nil, sqlerr.New(sqlerr.InvalidCursorName, "cursor \"%s\" does not exist", a.Name.Text)
	}
	return session.Done("CLOSE CURSOR"), nil
}

func (c *call) prepare(p *ast.Prepare) (session.Result, error) {
	params := make([]types.Type, len(p.Types))
	for i, n := range p.Types {
		t, err := analyzer.TypeOf(n)
		if err != nil {
			return nil, err
		}
		params[i] = t
	}
	_, err := c.s.Prepare(c.ctx, p.Name.Text, session.Statement{AST: p.Statement, Text: c.st.Text}, params)
	return session.Done("PREPARE"), err
}

func (c *call) execute(e *ast.Execute) (session.Result, error) {
	var p *session.Prepared
	var err error
	if e.Immediate != nil {
		p, err = c.immediate(*e.Immediate)
	} else {
		p, err = c.s.Prepared(e.Name.Text)
	}
	if err != nil {
		return nil, err
	}
	if len(e.Args) != len(p.Params) {
		return nil, sqlerr.New(sqlerr.SyntaxError, "wrong number of parameters for prepared statement \"%s\"", p.Name).
			WithDetail("Expected %d parameters but got %d.", len(p.Params), len(e.Args)).At(e.At())
	}
	args := session.Args{Types: p.Params}
	if len(e.Args) > 0 {
		if args.Values, err = c.evaluate(e.Args, p.Params); err != nil {
			return nil, err
		}
	}
	r, err := c.s.Execute(c.ctx, p.Statement, args)
	if err != nil {
		return nil, placeless(err)
	}
	return elsewhere{r}, nil
}

// elsewhere is the result of a statement whose text is not the client's: the
// positions of its errors say nothing there.
type elsewhere struct{ session.Result }

// Next implements session.Result.
func (e elsewhere) Next(ctx context.Context) (*page.Page, error) {
	p, err := e.Result.Next(ctx)
	return p, placeless(err)
}

func placeless(err error) error {
	var e *sqlerr.Error
	if !errors.As(err, &e) || e.Pos == 0 {
		return err
	}
	out := sqlerr.As(err)
	out.Pos = 0
	return out
}

// immediate analyses the statement of EXECUTE IMMEDIATE.
func (c *call) immediate(text string) (*session.Prepared, error) {
	st, err := parser.Parse(text)
	if err != nil {
		return nil, err
	}
	one := session.Statement{AST: st, Text: text}
	d, err := c.s.Describe(c.ctx, one, nil)
	if err != nil {
		return nil, err
	}
	return &session.Prepared{Statement: one, Description: *d}, nil
}

// evaluate computes constant expressions as values of the wanted types: they
// are the one row of a query.
func (c *call) evaluate(exprs []ast.Expr, want []types.Type) ([]types.Value, error) {
	sel := &ast.Select{}
	for i, e := range exprs {
		t, err := parser.ParseType(want[i].String())
		if err != nil {
			return nil, err
		}
		t.Pos = ast.Pos(e.At())
		sel.Items = append(sel.Items, ast.SelectItem{Expr: &ast.Cast{Pos: ast.Pos(e.At()), X: e, Type: t}})
	}
	r, err := c.submit(&ast.Query{Span: c.st.AST.Extent(), Body: sel})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	out := make([]types.Value, len(exprs))
	for {
		p, err := r.Next(c.ctx)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if err := p.Load(); err != nil {
			p.Release()
			return nil, err
		}
		for i := range out {
			out[i] = p.Cols[i].Value(p.Row(0))
		}
		p.Release()
	}
}

// declare opens a cursor.
func (c *call) declare(d *ast.DeclareCursor) (session.Result, error) {
	if d.Scroll {
		return nil, sqlerr.Unsupported("SCROLL cursors are not supported: rows are read forward only").At(d.At())
	}
	if d.Binary {
		return nil, sqlerr.Unsupported("BINARY cursors are not supported").At(d.At()).WithHint("Ask for binary results with the extended protocol.")
	}
	if !d.Hold && !c.s.InTransaction() {
		return nil, sqlerr.New(sqlerr.NoActiveTransaction, "DECLARE CURSOR can only be used in transaction blocks")
	}
	st := session.Statement{AST: d.Query, Text: c.st.Text}
	return session.Done("DECLARE CURSOR"), c.s.Declare(c.ctx, d.Name.Text, st, c.args, session.Hold(d.Hold))
}

// fetch reads from a cursor, which only moves forward.
func (c *call) fetch(f *ast.Fetch) (session.Result, error) {
	p, err := c.s.Portal(f.Cursor.Text)
	if err != nil {
		return nil, err
	}
	count, one, err := forward(f, p.At())
	if err != nil {
		return nil, err
	}
	tag := "FETCH"
	if f.Move {
		tag = "MOVE"
	}
	_, pause, err := p.Begin(c.ctx)
	if err != nil {
		return nil, err
	}
	skip := count
	switch {
	case f.Move:
	case one: // a row at a distance: move before it
		skip = max(count-1, 0)
	default:
		skip = 0
	}
	if skip > 0 {
		n, err := p.Skip(c.ctx, skip)
		if err != nil || f.Move {
			pause()
			return session.Done("MOVE " + strconv.FormatInt(n, 10)), err
		}
		if n < skip {
			count = 0
		} else {
			count -= skip
		}
	}
	return &fetched{portal: p, left: count, tag: tag, pause: pause}, nil
}

// forward returns how many rows a FETCH goes on, and whether it wants the last
// of them only.
func forward(f *ast.Fetch, at int64) (count int64, one bool, err error) {
	const all = int64(1) << 62
	back := sqlerr.New(sqlerr.ObjectNotInState, "cursor can only scan forward").WithHint("Declare a new cursor to read the rows again.")
	switch f.Direction {
	case ast.FetchForward:
		switch {
		case f.All:
			return all, false, nil
		case f.Count < 0:
			return 0, false, back
		}
		return f.Count, false, nil
	case ast.FetchAbsolute:
		if f.Count <= at {
			return 0, false, back
		}
		return f.Count - at, true, nil
	case ast.FetchRelative:
		if f.Count <= 0 {
			return 0, false, back
		}
		return f.Count, true, nil
	}
	if !f.All && f.Count < 0 {
		return -f.Count, false, nil
	}
	return 0, false, back
}

// fetched is part of a cursor's rows.
type fetched struct {
	portal *session.Portal
	left   int64
	tag    string
	pause  func()
}

// Columns implements session.Result.
func (f *fetched) Columns() []plan.Column {
	if f.tag == "MOVE" {
		return nil
	}
	return f.portal.Columns()
}

// Next implements session.Result.
func (f *fetched) Next(ctx context.Context) (*page.Page, error) {
	if f.left <= 0 {
		return nil, io.EOF
	}
	p, err := f.portal.Next(ctx, f.left)
	if err != nil {
		return nil, placeless(err)
	}
	f.left -= int64(p.Len())
	return p, nil
}

// Tag implements session.Result.
func (f *fetched) Tag(rows int64) string { return f.tag + " " + strconv.FormatInt(rows, 10) }

// Close implements session.Result: the cursor stays.
func (f *fetched) Close() error {
	f.pause()
	return nil
}
