package session

import (
	"context"
	"errors"
	"io"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/parser"
	"github.com/muster-sql/muster/parser/ast"
)

// Statement is a parsed statement with the text that its positions count in.
// AST is nil for an empty one.
type Statement struct {
	AST  ast.Statement
	Text string
}

// SQL returns the statement's own text.
func (st Statement) SQL() string {
	if st.AST == nil {
		return ""
	}
	return st.AST.Extent().Text(st.Text)
}

// Parse reads the statements of a text.
func Parse(text string) ([]Statement, error) {
	list, err := parser.ParseAll(text)
	if err != nil {
		return nil, err
	}
	out := make([]Statement, len(list))
	for i, a := range list {
		out[i] = Statement{a, text}
	}
	return out, nil
}

// Description says what a statement takes and gives. Columns is nil when it has
// no rows.
type Description struct {
	Params  []types.Type
	Columns []plan.Column
}

// Runner gives statements their meaning. It is safe for concurrent use; the
// session belongs to the calling goroutine.
type Runner interface {
	// Describe analyses a statement and runs nothing. params are declared types,
	// Unknown where they are to be inferred.
	Describe(ctx context.Context, s *Session, st Statement, params []types.Type) (*Description, error)
	// Run begins a statement, which ends with ctx.
	Run(ctx context.Context, s *Session, st Statement, args Args) (Result, error)
}

// Args are the values of $1, $2 … and their types.
type Args struct {
	Types  []types.Type
	Values []types.Value
}

// Result is a statement that runs. Close must be called.
type Result interface {
	// Columns describes the rows, nil when there are none.
	Columns() []plan.Column
	// Next returns a page of rows, owned by the caller. After io.EOF the statement
	// has succeeded.
	Next(ctx context.Context) (*page.Page, error)
	// Tag is the command tag, after io.EOF; rows is how many the client got.
	Tag(rows int64) string
	Close() error
}

// Done is the result of a statement that has no rows and has ended.
type Done string

// Columns implements Result.
func (Done) Columns() []plan.Column { return nil }

// Next implements Result.
func (Done) Next(context.Context) (*page.Page, error) { return nil, io.EOF }

// Tag implements Result.
func (d Done) Tag(int64) string { return string(d) }

// Close implements Result.
func (Done) Close() error { return nil }

// Prepared is a statement that has been analysed.
type Prepared struct {
	Name      string
	Statement Statement
	Description
	SQL bool // by PREPARE
}

// Limits of a session.
const (
	preparedMax = 10_000
	portalsMax  = 1_000
)

// Describe analyses a statement.
func (s *Session) Describe(ctx context.Context, st Statement, params []types.Type) (*Description, error) {
	switch a := st.AST.(type) {
	case nil, *ast.Transaction:
		return &Description{}, nil
	case *ast.Execute:
		if p := s.prepared[a.Name.Text]; p != nil && a.Immediate == nil {
			return &Description{Columns: p.Columns}, nil
		}
	case *ast.Fetch:
		if p := s.portals[a.Cursor.Text]; p != nil && !a.Move {
			return &Description{Columns: p.Columns()}, nil
		}
	}
	if s.tx.state == txFailed {
		return nil, errAborted()
	}
	return s.store.o.Runner.Describe(ctx, s, st, params)
}

// Prepare analyses a statement and keeps it under a name; the empty name is
// replaced, any other must be free.
func (s *Session) Prepare(ctx context.Context, name string, st Statement, params []types.Type) (*Prepared, error) {
	if name != "" && s.prepared[name] != nil {
		return nil, sqlerr.New(sqlerr.DuplicatePrepared, "prepared statement \"%s\" already exists", name)
	}
	if len(s.prepared) >= preparedMax {
		return nil, sqlerr.New(sqlerr.ConfigurationLimit, "too many prepared statements: %d", preparedMax).WithHint("DEALLOCATE those that are not needed.")
	}
	if s.tx.state == txFailed && st.AST != nil && !endsBlock(st.AST) {
		return nil, errAborted()
	}
	d, err := s.Describe(ctx, st, params)
	if err != nil {
		return nil, err
	}
	p := &Prepared{Name: name, Statement: st, Description: *d}
	s.prepared[name] = p
	return p, nil
}

// Prepared returns a prepared statement; there is none: 26000.
func (s *Session) Prepared(name string) (*Prepared, error) {
	if p := s.prepared[name]; p != nil {
		return p, nil
	}
	if name == "" {
		return nil, sqlerr.New(sqlerr.InvalidStatementName, "unnamed prepared statement does not exist")
	}
	return nil, sqlerr.New(sqlerr.InvalidStatementName, "prepared statement \"%s\" does not exist", name)
}

// Deallocate forgets a prepared statement; true: there was one.
func (s *Session) Deallocate(name string) bool {
	_, ok := s.prepared[name]
	delete(s.prepared, name)
	return ok
}

// DropUnnamed ends the statement and the portal without a name.
func (s *Session) DropUnnamed() {
	s.Deallocate("")
	s.ClosePortal("")
}

// DeallocateAll forgets every prepared statement.
func (s *Session) DeallocateAll() { clear(s.prepared) }

// PreparedNames lists the named statements in order.
func (s *Session) PreparedNames() []string { return names(s.prepared) }

// Execute begins a statement under the rules of the transaction. The statement
// ends with ctx.
func (s *Session) Execute(ctx context.Context, st Statement, args Args) (Result, error) {
	if st.AST == nil {
		return Done(""), nil
	}
	if s.tx.state == txFailed && !endsBlock(st.AST) {
		return nil, errAborted()
	}
	if t, ok := st.AST.(*ast.Transaction); ok {
		tag, err := s.transact(t)
		if err != nil {
			return nil, err
		}
		return Done(tag), nil
	}
	return s.store.o.Runner.Run(ctx, s, st, args)
}

// Drain reads a result to its end, for statements whose rows nobody wants.
func Drain(ctx context.Context, r Result) (rows int64, err error) {
	for {
		p, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		rows += int64(p.Len())
		p.Release()
	}
}
