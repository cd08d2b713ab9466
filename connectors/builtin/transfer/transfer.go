// Package transfer copies a table from one connector to another without an
// engine: split by split, in parallel, committed at once. Tools that make test
// and demonstration data call it. It knows the SPI only.
package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// Options say what is copied.
type Options struct {
	From, To spi.Connector
	Table    spi.Name // of From
	As       spi.Name // of To; it must not exist
	Threads  int
	Pool     page.Pool
	Session  *spi.Session
	With     map[string]string // options of the new table
}

// Table copies a table and returns its rows.
func Table(ctx context.Context, o Options) (rows int64, err error) {
	found, err := o.From.Find(ctx, o.Session, spi.Snapshot{}, []spi.Name{o.Table})
	if err != nil {
		return 0, err
	}
	if found[0] == nil {
		return 0, sqlerr.New(sqlerr.UndefinedTable, "table does not exist: %s", o.Table)
	}
	scan := spi.Scan{Table: found[0].Name, Limit: -1, Private: found[0].Private}
	made := &spi.Table{Name: o.As}
	for i, c := range found[0].Columns {
		if c.Hidden {
			continue
		}
		scan.Columns = append(scan.Columns, i)
		scan.Output = append(scan.Output, spi.OutputCol{Name: c.Name, Type: c.Type})
		made.Columns = append(made.Columns, spi.Column{Name: c.Name, Type: c.Type, NotNull: c.NotNull})
	}
	if scan.Snapshot, err = o.From.Snapshot(ctx, o.Session, spi.Snapshot{}, []spi.Name{o.Table}); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, o.From.Release(ctx, scan.Snapshot)) }()
	w := o.To.Caps().Write
	if w == nil {
		return 0, sqlerr.Unsupported("the target cannot be written: %s", o.As)
	}
	target, err := w.Begin(ctx, o.Session, spi.Write{Kind: spi.WriteCreate, Table: made, Options: o.With})
	if err != nil {
		return 0, err
	}
	rows, fragments, err := o.run(ctx, &scan, target)
	if err == nil {
		err = w.Commit(ctx, o.Session, target, fragments)
	}
	if err != nil {
		return 0, errors.Join(fmt.Errorf("copy %s: %w", o.Table, err), w.Abort(context.WithoutCancel(ctx), o.Session, target))
	}
	return rows, nil
}

// run reads splits and writes sinks on some threads.
func (o *Options) run(ctx context.Context, scan *spi.Scan, target spi.Target) (rows int64, fragments [][]byte, err error) {
	source, err := o.From.Splits(ctx, o.Session, *scan, nil)
	if err != nil {
		return 0, nil, err
	}
	threads := max(o.Threads, 1)
	if target.Single {
		threads = 1
	}
	var mu sync.Mutex // guards source and the results
	next := func(ctx context.Context) (*spi.Split, error) {
		mu.Lock()
		defer mu.Unlock()
		s, err := source.Next(ctx, 1)
		if len(s) > 0 {
			return &s[0], nil
		}
		return nil, err
	}
	g, ctx := errgroup.WithContext(ctx)
	for i := range threads {
		g.Go(func() error {
			n, fragment, err := o.drive(ctx, scan, target, i, next)
			mu.Lock()
			defer mu.Unlock()
			rows += n
			fragments = append(fragments, fragment)
			return err
		})
	}
	err = g.Wait()
	return rows, fragments, errors.Join(err, source.Close())
}

func (o *Options) drive(ctx context.Context, scan *spi.Scan, target spi.Target, thread int, next func(context.Context) (*spi.Split, error)) (rows int64, fragment []byte, err error) {
	sink, err := o.To.Caps().Write.Sink(ctx, o.Session, target, spi.SinkID{Task: "copy" + strconv.Itoa(thread)}, spi.OpenEnv{Pool: o.Pool})
	if err != nil {
		return 0, nil, err
	}
	defer func() { err = errors.Join(err, sink.Close()) }()
	for {
		split, err := next(ctx)
		if err == io.EOF {
			break
		}
		if err != nil {
			return rows, nil, err
		}
		n, err := o.copySplit(ctx, scan, *split, sink)
		if rows += n; err != nil {
			return rows, nil, err
		}
	}
	fragment, err = sink.Finish(ctx)
	return rows, fragment, err
}

func (o *Options) copySplit(ctx context.Context, scan *spi.Scan, split spi.Split, sink spi.PageSink) (rows int64, err error) {
	pages, err := o.From.Open(ctx, o.Session, *scan, split, spi.OpenEnv{Pool: o.Pool})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, pages.Close()) }()
	for {
		p, err := pages.Next(ctx)
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		rows += int64(p.Len())
		if err := sink.Put(ctx, p); err != nil {
			return rows, err
		}
	}
}
