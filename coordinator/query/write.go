package query

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// Write is a write in progress.
type Write struct {
	Writer spi.Writer
	Target spi.Target
}

// commitMax bounds the commit of a write, whatever happened to the client.
const commitMax = 5 * time.Minute

// write reads the fragments of the accepted attempts and commits them once; on
// any error before that the write is aborted and leaves no trace.
func (q *Query) write(ctx context.Context) error {
	w := q.planned.Write
	q.settled = true
	var fragments [][]byte
	for {
		p, err := q.page(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return q.abort(err)
		}
		for i := range p.Len() {
			q.affects += page.Get[int64](p.Cols[0], p.Row(i))
			fragments = append(fragments, append([]byte{}, p.Cols[1].Str(p.Row(i))...))
		}
		p.Release()
	}
	if err := context.Cause(q.ctx); err != nil {
		return q.abort(err)
	}
	end, stop := context.WithTimeout(context.WithoutCancel(q.ctx), commitMax)
	defer stop()
	if err := w.Writer.Commit(end, q.session, w.Target, fragments); err != nil {
		if sqlerr.Is(err, sqlerr.StatementUnknown) {
			return err // it may be committed: an abort could only make it worse
		}
		return q.abort(err)
	}
	return nil
}

// abandon removes the traces of a write that nobody asked the end of.
func (q *Query) abandon(cause error) {
	if q.planned != nil && q.planned.Write != nil && !q.settled {
		q.settled = true
		_ = q.abort(cause)
	}
}

func (q *Query) abort(cause error) error {
	q.run.Cancel(cause)
	_ = q.run.Wait() // the sinks end before their traces are removed
	end, stop := context.WithTimeout(context.WithoutCancel(q.ctx), commitMax)
	defer stop()
	if err := q.planned.Write.Writer.Abort(end, q.session, q.planned.Write.Target); err != nil {
		q.m.o.Log.Error("write was not aborted", "query", q.id, "err", err)
	}
	return cause
}
