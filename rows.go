package muster

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/coordinator/session"
)

// Column is a column of a result.
type Column struct {
	Name string
	Type types.Type
}

// Rows is the result of a statement, read from first to last by one goroutine.
// Close must be called.
type Rows struct {
	ctx     context.Context
	stop    func()
	session *session.Session
	result  session.Result
	columns []Column
	page    *page.Page
	at      int // row of page
	read    int64
	err     error
	ended   bool // to its end: the statement has succeeded
	tag     string
	closed  bool
}

// embeddedUser is who statements of the embedding program run as.
const embeddedUser = "embedded"

// Query runs one statement in a session of its own; args are the values of $1,
// $2 and so on. The statement runs while rows are read: writes are complete when
// Next has returned false and Err is nil. Cancelling ctx ends it.
func (n *Node) Query(ctx context.Context, sql string, args ...any) (*Rows, error) {
	if n.coordinator == nil {
		return nil, sqlerr.New(sqlerr.ObjectNotInState, "a worker runs no statements; ask a coordinator")
	}
	list, err := session.Parse(sql)
	if err != nil {
		return nil, err
	}
	if len(list) != 1 {
		return nil, sqlerr.New(sqlerr.SyntaxError, "one statement is needed, not %d", len(list))
	}
	s, err := n.coordinator.Sessions().Open(ctx, session.Startup{User: embeddedUser, Remote: "embedded"})
	if err != nil {
		return nil, err
	}
	s.BeginMessage()
	r := &Rows{session: s}
	r.ctx, r.stop = s.Start(ctx, sql)
	if err := r.begin(list[0], args); err != nil {
		r.fail(err)
		_ = r.Close()
		return nil, err
	}
	return r, nil
}

func (r *Rows) begin(st session.Statement, args []any) error {
	var a session.Args
	if len(args) > 0 {
		p, err := r.session.Prepare(r.ctx, "", st, nil)
		if err != nil {
			return err
		}
		if len(p.Params) != len(args) {
			return sqlerr.New(sqlerr.ProtocolViolation, "statement needs %d arguments, got %d", len(p.Params), len(args))
		}
		if a, err = arguments(p.Params, args, r.session.Format()); err != nil {
			return err
		}
	}
	result, err := r.session.Execute(r.ctx, st, a)
	if err != nil {
		return err
	}
	r.result = result
	for _, c := range result.Columns() {
		r.columns = append(r.columns, Column{Name: c.Name, Type: c.Type})
	}
	return nil
}

// Columns describes the rows, nil for a statement without.
func (r *Rows) Columns() []Column { return r.columns }

// Next goes to the next row; false: there is none, or Err says why not.
func (r *Rows) Next() bool {
	if r.page != nil && r.at+1 < r.page.Len() {
		r.at++
		return true
	}
	p, err := r.NextPage()
	if err != nil {
		return false
	}
	r.page, r.at = p, 0
	return true
}

// NextPage returns the next page of rows, loaded and owned by the caller, for
// programs that read columns; io.EOF ends. It does not mix with Next.
func (r *Rows) NextPage() (*page.Page, error) {
	r.page.Release()
	r.page = nil
	for r.err == nil && !r.ended {
		p, err := r.result.Next(r.ctx)
		switch {
		case errors.Is(err, io.EOF):
			r.ended, r.tag = true, r.result.Tag(r.read)
		case err != nil:
			r.fail(err)
		case p.Len() == 0:
			p.Release()
		default:
			if err := p.Load(); err != nil {
				p.Release()
				r.fail(err)
				break
			}
			r.read += int64(p.Len())
			return p, nil
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	return nil, io.EOF
}

// fail keeps the first error.
func (r *Rows) fail(err error) {
	if r.err == nil {
		r.err = err
		r.session.Fail()
	}
}

// Err returns why Next ended before the last row, or nil.
func (r *Rows) Err() error { return r.err }

// Tag returns PostgreSQL's command tag once the rows have ended: "SELECT 3".
func (r *Rows) Tag() string { return r.tag }

// Values returns the current row as Go values: bool, int64, float64, string,
// time.Time, []byte, []any for arrays and rows, nil for NULL. Decimals,
// intervals and JSON are strings, so that nothing is lost.
func (r *Rows) Values() []any {
	out := make([]any, len(r.columns))
	for i := range out {
		out[i] = r.value(i)
	}
	return out
}

func (r *Rows) value(i int) any {
	return goValue(r.columns[i].Type, r.page.Cols[i].Value(r.page.Row(r.at)), r.session.Format())
}

// Scan copies the current row into variables, as database/sql does.
func (r *Rows) Scan(dest ...any) error {
	if r.page == nil {
		return errors.New("scan without a row: call Next first")
	}
	if len(dest) != len(r.columns) {
		return fmt.Errorf("scan needs %d variables, got %d", len(r.columns), len(dest))
	}
	for i, d := range dest {
		if err := assign(d, r.value(i)); err != nil {
			return fmt.Errorf("scan column %q: %w", r.columns[i].Name, err)
		}
	}
	return nil
}

// Close ends the statement, if it still runs, and its session. Idempotent; the
// error is that of rows that were read.
func (r *Rows) Close() error {
	if r.closed {
		return r.err
	}
	r.closed = true
	r.page.Release()
	r.page = nil
	if r.result != nil {
		if err := r.result.Close(); r.err == nil && err != nil {
			r.err = err
		}
	}
	r.session.EndMessage()
	r.stop()
	r.session.Close()
	return r.err
}
