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
	cursor  bool // by DECLARE
	held    bool // WITH HOLD
	result  Result
	stop    func() // ends the context of a result that outlives its statement
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
	if p.stop != nil {
		p.stop()
	}
	p.ended = true
}

// Columns describes the portal's rows, nil when there are none.
func (p *Portal) Columns() []plan.Column {
	if p.result != nil {
		return p.result.Columns()
	}
	return p.Prepared.Columns
}

// Begin starts the statement unless it runs already. The statement ends with
// base, which must outlive suspensions.
func (p *Portal) Begin(base context.Context) (Result, error) {
	if p.result != nil {
		return p.result, nil
	}
	if p.ended {
		return nil, sqlerr.New(sqlerr.ObjectNotInState, "portal \"%s\" cannot be run", p.Name)
	}
	r, err := p.session.Execute(base, p.Prepared.Statement, p.Args)
	if err != nil {
		p.ended = true
		return nil, err
	}
	p.result = r
	return r, nil
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

// Declare opens a cursor over a statement that runs already.
func (s *Session) Declare(name string, r Result, stop func(), hold Hold) error {
	if err := s.makeRoom(name); err != nil {
		return err
	}
	s.portals[name] = &Portal{
		Name: name, session: s, cursor: true, held: bool(hold), result: r, stop: stop, Prepared: &Prepared{Name: name},
	}
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
