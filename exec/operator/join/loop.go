package join

import (
	"context"
	"io"
	"slices"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/exec/operator"
	"github.com/muster-sql/muster/exec/rows"
)

// loop joins without keys: each page with each build row, or each row with
// pages of build rows, whichever takes fewer steps.
type loop struct {
	*probe
	ids   []uint32 // all build rows
	at    int      // next build row, or first of the next pages of them
	row   int      // next live row of cur, when rows are the outer loop
	byRow bool
}

var _ operator.Operator = (*loop)(nil)

func (l *loop) Next(ctx context.Context) (*page.Page, error) {
	if err := l.begin(ctx); err != nil {
		return nil, err
	}
	l.list()
	for {
		if len(l.pending) > 0 {
			p := l.pending[0]
			l.pending = l.pending[1:]
			return p, nil
		}
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		if l.cur != nil {
			if err := l.step(); err != nil {
				return nil, err
			}
			continue
		}
		if l.eof {
			return l.last()
		}
		if l.b.nothing() {
			if err := l.end(); err != nil {
				return nil, err
			}
			continue
		}
		p, err := l.in.Next(ctx)
		if err == io.EOF {
			if err := l.end(); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		l.cur = p
		if err := p.Load(); err != nil {
			return nil, err
		}
		l.grow(p.Rows)
		clear(l.hit[:p.Rows])
		l.at, l.row = 0, 0
		pages := (len(l.ids) + page.RowsMax - 1) / page.RowsMax
		l.byRow = p.Len()*pages < len(l.ids)
	}
}

// list numbers the build rows, once.
func (l *loop) list() {
	if l.ids != nil {
		return
	}
	s := l.t.store
	l.ids = make([]uint32, 0, s.Len())
	for b := range s.Blocks() {
		first, n := s.Block(b)
		for k := range uint32(n) {
			l.ids = append(l.ids, first+k)
		}
	}
}

func (l *loop) step() error {
	switch {
	case l.c.filters() && l.allHit():
		return l.finish()
	case l.byRow:
		return l.stepRow()
	default:
		return l.stepBuild()
	}
}

func (l *loop) allHit() bool {
	for i := range l.cur.Len() {
		if !l.hit[l.cur.Row(i)] {
			return false
		}
	}
	return true
}

// stepBuild pairs the whole page with the next build row.
func (l *loop) stepBuild() error {
	if l.at == len(l.ids) {
		return l.finish()
	}
	id := l.ids[l.at]
	l.at++
	p := &page.Page{Rows: l.cur.Rows, Sel: slices.Clone(l.cur.Sel)}
	for _, c := range l.cur.Cols {
		p.Cols = append(p.Cols, c.Retain())
	}
	for c, at := range l.b.at {
		if at < 0 {
			p.Cols = append(p.Cols, nil)
			continue
		}
		v, err := l.t.store.Gather(at, rows.All([]uint32{id}), l.mem)
		if err != nil {
			p.Release()
			return err
		}
		_ = c
		p.Cols = append(p.Cols, page.MakeConst(v, p.Rows))
	}
	if l.pred != nil {
		if err := l.pred.Eval(p); err != nil {
			p.Release()
			return err
		}
	}
	for i := range p.Len() {
		l.hit[p.Row(i)] = true
	}
	if p.Len() > 0 && l.c.keepsRight() {
		l.t.matched(id)
	}
	l.output(p)
	return nil
}

// output queues p, or drops it when only the matches count.
func (l *loop) output(p *page.Page) {
	if l.c.filters() || l.c.rightOnly() || p.Len() == 0 {
		p.Release()
		return
	}
	l.pending = append(l.pending, p)
}

// stepRow pairs the next live row with the next page of build rows.
func (l *loop) stepRow() error {
	if l.at == len(l.ids) || l.row < l.cur.Len() && l.c.filters() && l.hit[l.cur.Row(l.row)] {
		l.at, l.row = 0, l.row+1
	}
	if l.row >= l.cur.Len() || len(l.ids) == 0 {
		return l.finish()
	}
	slot := l.cur.Row(l.row)
	ids := l.ids[l.at:min(l.at+l.c.RowsMax, len(l.ids))]
	l.at += len(ids)
	p := &page.Page{Rows: len(ids)}
	for _, c := range l.cur.Cols {
		v, err := constant(c, slot, len(ids), l.mem)
		if err != nil {
			p.Release()
			return err
		}
		p.Cols = append(p.Cols, v)
	}
	for _, at := range l.b.at {
		if at < 0 {
			p.Cols = append(p.Cols, nil)
			continue
		}
		v, err := l.t.store.Gather(at, rows.All(ids), l.mem)
		if err != nil {
			p.Release()
			return err
		}
		p.Cols = append(p.Cols, v)
	}
	if l.pred != nil {
		if err := l.pred.Eval(p); err != nil {
			p.Release()
			return err
		}
	}
	if p.Len() > 0 {
		l.hit[slot] = true
		if l.c.keepsRight() {
			for i := range p.Len() {
				l.t.matched(ids[p.Row(i)])
			}
		}
	}
	l.output(p)
	return nil
}
