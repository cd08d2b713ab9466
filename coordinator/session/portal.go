package session

import (
	"context"
	"errors"
	"io"
	"math"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/exec/plan"
)

// Portal is a statement bound to values, which runs when it is first read and
// may be read in pieces. SQL's cursors are portals too.
type Portal struct {
	Name     string
	Prepared *Prepared
	Args     Args
	Formats  []int16 // of the result columns, as bound

	session *Session
	held    bool // WITH HOLD
	result  Result
	cancel  context.CancelCauseFunc // of the result's context
	rest    *page.Page
	at      int64 // rows read
	ended   bool
}

// Bind makes a portal; the empty name is replaced, any other must be free.
func (s *Session) Bind(name string, p *Prepared, args Args, formats []int16) (*Portal, error) {
	if s.tx.state == txFailed && p.Statement.AST != nil && !endsBlock(p.Statement.AST) {
		return nil, errAborted()
	}
	if err := s.makeRoom(name); err != nil {
		return nil, err
	}
	o := &Portal{Name: name, Prepared: p, Args: args, Formats: formats, session: s}
	s.portals[name] = o
	return o, nil
}

func (s *Session) makeRoom(name string) error {
	if old := s.portals[name]; old != nil {
		if name != "" {
			return sqlerr.New(sqlerr.DuplicateCursor, "cursor \"%s\" already exists", name)
		}
		s.ClosePortal(name)
	}
	if len(s.portals) >= portalsMax {
		return sqlerr.New(sqlerr.ConfigurationLimit, "too many open cursors: %d", portalsMax).WithHint("CLOSE those that are not needed.")
	}
	return nil
}

// Portal returns an open portal; there is none: 34000.
func (s *Session) Portal(name string) (*Portal, error) {
	if p := s.portals[name]; p != nil {
		return p, nil
	}
	if name == "" {
		return nil, sqlerr.New(sqlerr.InvalidCursorName, "portal \"\" does not exist")
	}
	return nil, sqlerr.New(sqlerr.InvalidCursorName, "cursor \"%s\" does not exist", name)
}

// ClosePortal ends a portal; true: there was one.
func (s *Session) ClosePortal(name string) bool {
	p := s.portals[name]
	if p == nil {
		return false
	}
	delete(s.portals, name)
	p.close()
	return true
}

func (s *Session) closePortals(which func(*Portal) bool) {
	for name, p := range s.portals {
		if which(p) {
			delete(s.portals, name)
			p.close()
		}
	}
}

// CloseCursors ends every portal.
func (s *Session) CloseCursors() { s.closePortals(func(*Portal) bool { return true }) }

func (p *Portal) close() {
	if p.rest != nil {
		p.rest.Release()
		p.rest = nil
	}
	if p.result != nil {
		_ = p.result.Close() // nobody is left to be told
	}
	if p.cancel != nil {
		p.cancel(errPortalClosed)
	}
	p.ended = true
}

var errPortalClosed = sqlerr.New(sqlerr.QueryCanceled, "portal was closed")

// Columns describes the portal's rows, nil when there are none.
func (p *Portal) Columns() []plan.Column {
	if p.result != nil {
		return p.result.Columns()
	}
	return p.Prepared.Columns
}

// Begin starts the statement, or goes on with one that was suspended; pause
// must be called before ctx ends. The statement ends with its session, so that it
// outlives suspensions, and when ctx is cancelled in between.
func (p *Portal) Begin(ctx context.Context) (r Result, pause func(), err error) {
	if p.ended && p.result == nil {
		return nil, nil, sqlerr.New(sqlerr.ObjectNotInState, "portal \"%s\" cannot be run", p.Name)
	}
	if p.result != nil {
		return p.result, p.link(ctx), nil
	}
	own, cancel := context.WithCancelCause(p.session.base)
	p.cancel = cancel
	pause = p.link(ctx)
	if p.result, err = p.session.Execute(own, p.Prepared.Statement, p.Args); err != nil {
		p.ended = true
		pause()
		cancel(err)
		return nil, nil, err
	}
	if err := p.unchanged(); err != nil {
		pause()
		return nil, nil, err
	}
	return p.result, pause, nil
}

// unchanged refuses rows that are not those that the client was told of, when
// the statement was prepared.
func (p *Portal) unchanged() error {
	was, is := p.Prepared.Columns, p.result.Columns()
	if was == nil || is == nil {
		return nil
	}
	same := len(was) == len(is)
	for i := 0; same && i < len(is); i++ {
		same = was[i].Type.Equal(is[i].Type)
	}
	if same {
		return nil
	}
	return sqlerr.Unsupported("cached plan must not change result type").WithHint("Prepare the statement again.")
}

// link ends the portal's statement when ctx is cancelled.
func (p *Portal) link(ctx context.Context) (unlink func()) {
	if p.cancel == nil {
		return func() {}
	}
	stop := context.AfterFunc(ctx, func() { p.cancel(context.Cause(ctx)) })
	return func() { stop() }
}

// Next returns up to most rows (all that a page has when most is 0), owned by
// the caller; io.EOF when the statement has succeeded.
func (p *Portal) Next(ctx context.Context, most int64) (*page.Page, error) {
	if most == 0 {
		most = math.MaxInt64
	}
	for p.rest == nil {
		if p.ended {
			return nil, io.EOF
		}
		got, err := p.result.Next(ctx)
		if err != nil {
			p.ended = true
			return nil, err
		}
		if got.Len() == 0 {
			got.Release()
			continue
		}
		p.rest = got
	}
	out := p.rest
	if int64(out.Len()) <= most {
		p.rest = nil
		p.at += int64(out.Len())
		return out, nil
	}
	out = share(p.rest)
	out.Limit(int(most))
	p.rest.Skip(int(most))
	p.at += most
	return out, nil
}

// share returns a page of the same columns with a selection of its own.
func share(p *page.Page) *page.Page {
	out := &page.Page{Cols: make([]*page.Vector, len(p.Cols)), Rows: p.Rows, Sel: p.Sel}
	for i, c := range p.Cols {
		out.Cols[i] = c.Retain()
	}
	return out
}

// Tag returns the command tag of a portal that has ended.
func (p *Portal) Tag(rows int64) string { return p.result.Tag(rows) }

// Ended reports whether all rows have been read.
func (p *Portal) Ended() bool { return p.ended }

// Declare opens a cursor over a query, which begins now.
func (s *Session) Declare(ctx context.Context, name string, st Statement, args Args, hold Hold) error {
	if name == "" {
		return sqlerr.New(sqlerr.InvalidCursorName, "invalid cursor name: must not be empty")
	}
	if err := s.makeRoom(name); err != nil {
		return err
	}
	p := &Portal{Name: name, session: s, held: bool(hold), Args: args, Prepared: &Prepared{Name: name, Statement: st}}
	_, pause, err := p.Begin(ctx)
	if err != nil {
		return err
	}
	pause()
	s.portals[name] = p
	return nil
}

// Hold says whether a cursor outlives its transaction.
type Hold bool

// Skip moves over n rows and returns how many there were.
func (p *Portal) Skip(ctx context.Context, n int64) (int64, error) {
	var done int64
	for done < n {
		got, err := p.Next(ctx, n-done)
		if errors.Is(err, io.EOF) {
			return done, nil
		}
		if err != nil {
			return done, err
		}
		done += int64(got.Len())
		got.Release()
	}
	return done, nil
}

// At returns how many rows have been read.
func (p *Portal) At() int64 { return p.at }

// CursorNames lists the open portals in order.
func (s *Session) CursorNames() []string { return names(s.portals) }
