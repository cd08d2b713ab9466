// Package command owns what statements mean to a session: those that have a
// plan go to the query manager, the others (SET, SHOW, DDL, EXPLAIN, cursors)
// are carried out here. Sessions call it as their Runner. It must not know
// client protocols.
package command

import (
	"context"

	"github.com/muster-sql/muster/connectors/catalog"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/coordinator/query"
	"github.com/muster-sql/muster/coordinator/session"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/exec/rpc"
	"github.com/muster-sql/muster/parser/ast"
	"github.com/muster-sql/muster/planner/analyzer"
)

// Catalogs are the live catalogs with the definitions that workers need.
type Catalogs interface {
	catalog.Catalogs
	Definitions() []rpc.Catalog
}

// Options configure a Runner.
type Options struct {
	Clock     spi.Clock
	Queries   *query.Manager
	Catalogs  Catalogs
	Functions *functions.Registry // nil: the built-in ones
	Access    analyzer.Access     // nil: everybody may do everything
	Pool      page.Pool           // for the rows of statements without a plan
}

// Runner runs statements. It implements session.Runner and is safe for
// concurrent use.
type Runner struct{ o Options }

var _ session.Runner = (*Runner)(nil)

// New returns a runner.
func New(o Options) *Runner {
	if o.Functions == nil {
		o.Functions = functions.Builtins()
	}
	return &Runner{o: o}
}

// call is one statement on its way.
type call struct {
	r    *Runner
	ctx  context.Context
	s    *session.Session
	st   session.Statement
	args session.Args
}

// Run implements session.Runner.
func (r *Runner) Run(ctx context.Context, s *session.Session, st session.Statement, args session.Args) (session.Result, error) {
	c := &call{r: r, ctx: ctx, s: s, st: st, args: args}
	switch a := st.AST.(type) {
	case *ast.Query:
		return c.query(a)
	case *ast.Insert, *ast.Update, *ast.Delete, *ast.Merge, *ast.CreateTableAs:
		return c.write(a)
	case *ast.Set, *ast.SetTransaction, *ast.SetRole, *ast.Reset, *ast.Use, *ast.Discard:
		return c.setting(a)
	case *ast.Show, *ast.Describe:
		return c.show(a)
	case *ast.Explain:
		return c.explain(a)
	case *ast.Prepare, *ast.Execute, *ast.Deallocate, *ast.DeclareCursor, *ast.Fetch, *ast.ClosePortal:
		return c.prepared(a)
	case *ast.CreateTable, *ast.CreateView, *ast.CreateIndex, *ast.CreateSchema, *ast.Drop, *ast.Alter, *ast.Truncate, *ast.Comment:
		return c.definition(a)
	case *ast.Copy:
		return c.copy(a)
	case *ast.KillQuery:
		return c.kill(a)
	}
	return c.other(st.AST)
}

// Describe implements session.Runner.
func (r *Runner) Describe(ctx context.Context, s *session.Session, st session.Statement, params []types.Type) (*session.Description, error) {
	c := &call{r: r, ctx: ctx, s: s, st: st}
	switch a := st.AST.(type) {
	case *ast.Query, *ast.Insert, *ast.Update, *ast.Delete, *ast.Merge, *ast.CreateTableAs:
		return c.describePlanned(a, params)
	case *ast.Explain:
		d, err := c.describePlanned(a.Statement, params)
		if err != nil {
			return nil, err
		}
		d.Columns = planColumns
		return d, nil
	case *ast.Show, *ast.Describe:
		cols, err := c.showColumns(a)
		return &session.Description{Columns: cols}, err
	}
	return &session.Description{}, nil
}

// textColumns describes rows of text.
func textColumns(names ...string) []plan.Column {
	out := make([]plan.Column, len(names))
	for i, n := range names {
		out[i] = plan.Column{Name: n, Type: types.Of(types.Text)}
	}
	return out
}

// kill ends a running query of anybody's.
func (c *call) kill(k *ast.KillQuery) (session.Result, error) {
	id, ok := ast.Option{Value: k.ID}.Text()
	if !ok {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "query id must be a string constant").At(k.ID.At())
	}
	if err := c.r.o.Queries.Kill(id, c.s.User()); err != nil {
		return nil, err
	}
	return session.Done("KILL QUERY"), nil
}

// other carries out statements that change nothing here, and refuses the rest.
func (c *call) other(st ast.Statement) (session.Result, error) {
	switch a := st.(type) {
	case *ast.Vacuum:
		c.s.Notice("NOTICE", sqlerr.SuccessfulCompletion, "VACUUM does nothing: sources keep their own storage")
		return session.Done("VACUUM"), nil
	case *ast.Analyze:
		c.s.Notice("NOTICE", sqlerr.SuccessfulCompletion, "ANALYZE does nothing: statistics are read from the sources")
		return session.Done("ANALYZE"), nil
	case *ast.Listen:
		if a.Stop {
			return session.Done("UNLISTEN"), nil
		}
		return session.Done("LISTEN"), nil
	case *ast.Notify:
		return session.Done("NOTIFY"), nil
	case *ast.Checkpoint:
		return session.Done("CHECKPOINT"), nil
	case *ast.Lock:
		return nil, sqlerr.Unsupported("LOCK TABLE is not supported: each statement reads a snapshot of its own")
	case *ast.CreateCatalog:
		return nil, sqlerr.Unsupported("CREATE CATALOG is not supported yet").
			WithHint("Attach the catalog when the server starts, with --attach or a file in the catalogs folder.")
	case *ast.AlterCatalog:
		return nil, sqlerr.Unsupported("ALTER CATALOG is not supported yet")
	case *ast.Grant:
		return nil, sqlerr.Unsupported("GRANT and REVOKE are not supported yet")
	case *ast.Call:
		return nil, sqlerr.Unsupported("CALL is not supported yet").At(a.At())
	case *ast.Generic:
		return nil, sqlerr.Unsupported("%s is not supported", a.Command)
	}
	return nil, sqlerr.Unsupported("statement is not supported").At(st.At())
}
