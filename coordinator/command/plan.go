package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/coordinator/query"
	"github.com/muster-sql/muster/coordinator/session"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/parser"
	"github.com/muster-sql/muster/parser/ast"
	"github.com/muster-sql/muster/planner"
	"github.com/muster-sql/muster/planner/analyzer"
	"github.com/muster-sql/muster/planner/fragment"
)

// env is what planning needs; the caller releases its snapshots.
func (c *call) env(s *spi.Session, params []types.Type, values []types.Value, nodes int) *planner.Env {
	return &planner.Env{
		Session: s, Catalogs: c.r.o.Catalogs, Functions: c.r.o.Functions, Snapshots: analyzer.NewSnapshots(),
		Access: c.r.o.Access, Parse: parser.Parse, ParseExpr: parser.ParseExpr,
		Params: params, Values: values, Nodes: nodes, Now: c.r.o.Clock.Now,
	}
}

// describePlanned analyses a statement that has a plan.
func (c *call) describePlanned(st ast.Statement, params []types.Type) (*session.Description, error) {
	env := c.env(c.s.ForStatement(), params, nil, 1)
	defer c.release(env)
	p, err := planner.Prepare(c.ctx, st, env)
	if err != nil {
		return nil, err
	}
	for i, t := range p.Params {
		if t.Kind == types.Unknown {
			p.Params[i] = types.Of(types.Text)
		}
	}
	return &session.Description{Params: p.Params, Columns: p.Columns}, nil
}

func (c *call) release(env *planner.Env) {
	_ = env.Snapshots.Release(context.WithoutCancel(c.ctx)) // a snapshot that stays has a lease
}

// query runs a SELECT.
func (c *call) query(q *ast.Query) (session.Result, error) {
	if err := c.configure(q); err != nil {
		return nil, err
	}
	r, err := c.submit(q)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// write runs a statement that writes.
func (c *call) write(st ast.Statement) (session.Result, error) {
	if err := c.s.CheckWrite(commandOf(st)); err != nil {
		return nil, err
	}
	r, err := c.submit(st)
	if sqlerr.Is(err, nothingToDo.Code) && err.Error() == nothingToDo.Message {
		t := st.(*ast.CreateTableAs)
		c.s.Notice("NOTICE", sqlerr.DuplicateTable, "relation \"%s\" already exists, skipping", t.Name.Last().Text)
		return session.Done("CREATE TABLE AS"), nil
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

func commandOf(st ast.Statement) string {
	switch st.(type) {
	case *ast.Insert:
		return "INSERT"
	case *ast.Update:
		return "UPDATE"
	case *ast.Delete:
		return "DELETE"
	case *ast.Merge:
		return "MERGE"
	case *ast.CreateTableAs:
		return "CREATE TABLE AS"
	}
	return "statement"
}

// nothingToDo says that CREATE TABLE IF NOT EXISTS … AS found its table.
var nothingToDo = sqlerr.New(sqlerr.SuccessfulCompletion, "table exists")

// submit plans a statement and starts it.
func (c *call) submit(st ast.Statement) (*running, error) {
	s := c.s.ForStatement()
	var planned *fragment.Plan
	q, err := c.r.o.Queries.Submit(c.ctx, s, c.st.SQL(), func(ctx context.Context, nodes int) (*query.Planned, error) {
		env := c.env(s, c.args.Types, c.args.Values, nodes)
		p, err := planner.Plan(ctx, st, env)
		if err == nil && p.Root == nil {
			err = nothingToDo
		}
		if err != nil {
			c.release(env)
			return nil, err
		}
		planned = p
		out, err := query.FromPlan(ctx, s, p, c.r.o.Catalogs.Definitions(), env.Snapshots.Release)
		if err != nil {
			c.release(env)
		}
		return out, err
	})
	if err != nil {
		return nil, identified(err, s.QueryID)
	}
	return &running{Query: q, plan: planned}, nil
}

// identified names the query in an error that is a bug of ours, for the log.
func identified(err error, id string) error {
	if err == nil || sqlerr.CodeOf(err) != sqlerr.InternalError || errors.Is(err, io.EOF) {
		return err
	}
	e := sqlerr.As(err)
	if e.Detail == "" {
		e.Detail = "query " + id
	}
	return e
}

// running is a query as a result.
type running struct {
	*query.Query
	plan *fragment.Plan
}

var _ session.Result = (*running)(nil)

// Next implements session.Result.
func (r *running) Next(ctx context.Context) (*page.Page, error) {
	p, err := r.Query.Next(ctx)
	return p, identified(err, r.ID())
}

// Tag implements session.Result.
func (r *running) Tag(rows int64) string {
	p := r.Planned()
	if p.Write != nil {
		rows = r.Affected()
	}
	return fmt.Sprintf("%s %d", p.Tag, rows)
}

// rows is a result that is known at once.
type rows struct {
	columns []plan.Column
	page    *page.Page
	tag     string // with %d for the number of rows
}

// Columns implements session.Result.
func (r *rows) Columns() []plan.Column { return r.columns }

// Next implements session.Result.
func (r *rows) Next(context.Context) (*page.Page, error) {
	if r.page == nil {
		return nil, errEnd
	}
	p := r.page
	r.page = nil
	return p, nil
}

// Tag implements session.Result.
func (r *rows) Tag(n int64) string {
	if r.tag == "SELECT" || r.tag == "FETCH" || r.tag == "MOVE" {
		return r.tag + " " + strconv.FormatInt(n, 10)
	}
	return r.tag
}

// Close implements session.Result.
func (r *rows) Close() error {
	r.page.Release()
	r.page = nil
	return nil
}

// give makes a result of values.
func (c *call) give(tag string, cols []plan.Column, values [][]types.Value) (session.Result, error) {
	p := &page.Page{Rows: len(values)}
	for i, col := range cols {
		b := page.NewBuilder(col.Type, len(values), c.r.o.Pool)
		for _, v := range values {
			b.AppendValue(v[i])
		}
		v, err := b.Finish()
		if err != nil {
			p.Release()
			return nil, err
		}
		p.Cols = append(p.Cols, v)
	}
	if len(values) == 0 {
		p.Release()
		p = nil
	}
	return &rows{columns: cols, page: p, tag: tag}, nil
}

// giveText makes a result of strings.
func (c *call) giveText(tag string, cols []plan.Column, lines [][]string) (session.Result, error) {
	values := make([][]types.Value, len(lines))
	for i, l := range lines {
		values[i] = make([]types.Value, len(l))
		for k, s := range l {
			values[i][k] = types.StringValue(s)
		}
	}
	return c.give(tag, cols, values)
}
