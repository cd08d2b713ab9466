// Package analyzer owns the meaning of statements: it resolves names, types and
// functions of a syntax tree and gives a logical tree, or an error with a
// position. The planner calls it, the coordinator too for definitions. It must
// not know optimization, operators or the parser's text.
package analyzer

import (
	"context"

	"github.com/muster-sql/muster/connectors/catalog"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/functions"
	"github.com/muster-sql/muster/parser/ast"
	"github.com/muster-sql/muster/planner/logical"
)

// Env is what the analysis of one statement needs. Access and Params may be nil.
type Env struct {
	Session   *spi.Session
	Catalogs  catalog.Catalogs
	Functions *functions.Registry
	Snapshots *Snapshots
	Access    Access
	IDs       *logical.IDs
	// Params are the declared types of $1, $2 …; Unknown ones are inferred.
	Params []types.Type
	// Parse and ParseExpr read the text of views and defaults.
	Parse     func(sql string) (ast.Statement, error)
	ParseExpr func(sql string) (ast.Expr, error)
}

// Kind says what a statement does.
type Kind uint8

// The kinds of statements that have a plan.
const (
	Select Kind = iota
	Insert
	Update
	Delete
	CreateTableAs
)

// Result is an analysed statement.
type Result struct {
	Kind Kind
	Node logical.Node
	// Columns are what the client gets, in order: columns of Node, each id once.
	Columns []logical.Col
	// Params are the types of the parameters, Unknown where one is not used.
	Params []types.Type
	// Tables lists the tables that are read, for the query log.
	Tables []TableUse
	// Exists says that CREATE TABLE IF NOT EXISTS found the table: nothing is to be done.
	Exists bool
}

// TableUse names a table that a statement reads or writes.
type TableUse struct {
	Catalog string
	Name    spi.Name
	Write   bool
}

type analyzer struct {
	ctx    context.Context
	env    *Env
	ids    *logical.IDs
	params *params
	names  *resolver
	views  []string // the views being expanded, outermost first
	tables []TableUse
	shared int // number of shared plans
	nodes  int // relations made, see relationsMax
}

// Limits of one statement.
const (
	// relationsMax bounds what views and common table expressions expand to.
	relationsMax = 10_000
	// viewDepthMax bounds how deep views may be built on each other.
	viewDepthMax = 64
	// expressionsMax bounds the columns of a row, list or IN.
	columnsMax = 1664
)

// Analyze gives the meaning of a query or a statement that writes. Other
// statements have no plan: 0A000.
func Analyze(ctx context.Context, stmt ast.Statement, env *Env) (*Result, error) {
	a, err := newAnalyzer(ctx, stmt, env)
	if err != nil {
		return nil, err
	}
	r, err := a.statement(stmt)
	if err != nil {
		return nil, err
	}
	r.Params, r.Tables = a.params.types(), a.tables
	if a.shared > 0 && r.Node != nil {
		r.Node = inlined(r.Node)
	}
	return r, nil
}

func newAnalyzer(ctx context.Context, stmt ast.Node, env *Env) (*analyzer, error) {
	a := &analyzer{ctx: ctx, env: env, ids: env.IDs, params: newParams(env.Params)}
	if a.ids == nil {
		a.ids = &logical.IDs{}
	}
	a.names = newResolver(ctx, env)
	if stmt == nil {
		return a, nil
	}
	return a, a.names.prefetch(stmt, a.env.Session)
}

func (a *analyzer) statement(stmt ast.Statement) (*Result, error) {
	switch s := stmt.(type) {
	case *ast.Query:
		return a.selectStatement(s)
	case *ast.Insert:
		return a.insert(s)
	case *ast.Update:
		return a.update(s)
	case *ast.Delete:
		return a.delete(s)
	case *ast.CreateTableAs:
		return a.createTableAs(s)
	case *ast.Merge:
		return nil, sqlerr.Unsupported("MERGE is not supported yet").At(s.At())
	case *ast.Copy:
		return nil, sqlerr.Unsupported("COPY is not supported yet").At(s.At())
	}
	return nil, sqlerr.Unsupported("statement has no plan").At(stmt.At())
}

func (a *analyzer) selectStatement(q *ast.Query) (*Result, error) {
	if into := selectInto(q); into != nil {
		return nil, sqlerr.Unsupported("SELECT INTO is not supported").At(into.At()).WithHint("Use CREATE TABLE AS.")
	}
	r, err := a.query(q, nil)
	if err != nil {
		return nil, err
	}
	r = a.settled(r)
	return &Result{Kind: Select, Node: r.node, Columns: r.cols}, nil
}

func selectInto(q *ast.Query) *ast.SelectInto {
	if s, ok := q.Body.(*ast.Select); ok {
		return s.Into
	}
	return nil
}

// relation is an analysed query: a node and its output columns in order, each
// with an id of its own.
type relation struct {
	node logical.Node
	cols []logical.Col
}

// settled gives literals of unknown type the type text.
func (a *analyzer) settled(r relation) relation {
	want := make([]types.Type, len(r.cols))
	same := true
	for i, c := range r.cols {
		want[i] = c.Type
		if c.Type.Kind == types.Unknown {
			want[i], same = types.Of(types.Text), false
		}
	}
	if same {
		return r
	}
	out, _ := a.converted(r, want, func(int) error { return nil })
	return out
}

// converted casts the columns of a relation; bad makes the error for column i
// when there is no such implicit cast.
func (a *analyzer) converted(r relation, want []types.Type, bad func(i int) error) (relation, error) {
	if out, ok, err := a.convertedBelow(r, want); ok || err != nil {
		return out, err
	}
	items := make([]logical.Item, len(r.cols))
	cols := make([]logical.Col, len(r.cols))
	changed := false
	for i, c := range r.cols {
		if c.Type.Equal(want[i]) {
			cols[i], items[i] = c, logical.Item{Col: c, Expr: c.Ref()}
			continue
		}
		if !functions.Implicit(c.Type, want[i]) {
			return relation{}, bad(i)
		}
		changed = true
		cols[i] = logical.Col{ID: a.ids.Next(), Name: c.Name, Type: want[i], NotNull: c.NotNull}
		items[i] = logical.Item{Col: cols[i], Expr: &expr.Cast{Arg: c.Ref(), Typ: want[i], Implicit: true, At: -1}}
	}
	if !changed {
		return r, nil
	}
	return relation{&logical.Project{In: r.node, Items: items}, cols}, nil
}

// convertedBelow converts constants and parameters where they stand, so that a
// literal is read once, with its position, and a parameter gets its type.
func (a *analyzer) convertedBelow(r relation, want []types.Type) (relation, bool, error) {
	p, ok := r.node.(*logical.Project)
	if !ok || len(p.Items) != len(r.cols) {
		return r, false, nil
	}
	var items []logical.Item
	for i, c := range r.cols {
		it := p.Items[i]
		if it.Col.ID != c.ID || c.Type.Kind != types.Unknown || want[i].Kind == types.Unknown {
			continue
		}
		if _, isColumn := it.Expr.(*expr.Column); isColumn {
			continue
		}
		e, err := a.coerce(it.Expr, want[i], implicit)
		if err != nil {
			return r, false, err
		}
		if items == nil {
			items = append([]logical.Item(nil), p.Items...)
		}
		items[i].Expr, items[i].Col.Type = e, e.Type()
	}
	if items == nil {
		return r, false, nil
	}
	n := &logical.Project{In: p.In, Items: items}
	out, err := a.converted(relation{n, n.Schema()}, want, func(int) error {
		return sqlerr.Internalf("a literal could not be converted")
	})
	return out, true, err
}
