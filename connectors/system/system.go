// Package system owns the catalog that shows the engine to itself: queries,
// tasks, nodes, catalogs, functions, settings. The root attaches it on every
// coordinator, which feeds it through Feed. It must not know the coordinator.
package system

import (
	"context"
	"io"
	"strings"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Kind is the kind of the catalog in definitions.
const Kind = "system"

// schemaName is the only schema.
const schemaName = "public"

// Factory returns the factory of the catalog. feed is asked at each scan, so
// that the catalog may be attached before what feeds it has started; until then
// it returns nil. A catalog without a feed has tables without rows: that is how
// workers know it, which never read it.
func Factory(feed func() Feed) spi.Factory {
	return spi.Factory{
		Kind: Kind,
		Doc:  "What the engine knows of itself: queries, tasks, nodes, catalogs, functions, settings.",
		Open: func(_ context.Context, _ string, _ spi.Config, env spi.Env) (spi.Connector, error) {
			return &connector{feed: feed, node: env.Node, clock: env.Clock}, nil
		},
	}
}

type connector struct {
	feed  func() Feed
	node  string
	clock spi.Clock
}

var _ spi.Connector = (*connector)(nil)

// Schemas implements spi.Metadata.
func (k *connector) Schemas(context.Context, *spi.Session) ([]string, error) {
	return []string{schemaName}, nil
}

// Tables implements spi.Metadata.
func (k *connector) Tables(_ context.Context, _ *spi.Session, schema string) ([]spi.Name, error) {
	if !strings.EqualFold(schema, schemaName) {
		return nil, nil
	}
	out := make([]spi.Name, len(tables))
	for i := range tables {
		out[i] = spi.Name{Schema: schemaName, Table: tables[i].name}
	}
	return out, nil
}

// Find implements spi.Metadata.
func (k *connector) Find(_ context.Context, _ *spi.Session, _ spi.Snapshot, names []spi.Name) ([]*spi.Table, error) {
	out := make([]*spi.Table, len(names))
	for i, n := range names {
		if t := find(n); t != nil {
			out[i] = t.describe()
		}
	}
	return out, nil
}

func find(n spi.Name) *table {
	if !strings.EqualFold(n.Schema, schemaName) {
		return nil
	}
	for i := range tables {
		if strings.EqualFold(tables[i].name, n.Table) {
			return &tables[i]
		}
	}
	return nil
}

// Snapshot implements spi.Connector: what runs cannot be held still.
func (k *connector) Snapshot(context.Context, *spi.Session, spi.Snapshot, []spi.Name) (spi.Snapshot, error) {
	return spi.Snapshot{}, nil
}

// Release implements spi.Connector.
func (k *connector) Release(context.Context, spi.Snapshot) error { return nil }

// Splits implements spi.Connector: one, on the node that is asked.
func (k *connector) Splits(_ context.Context, _ *spi.Session, scan spi.Scan, _ spi.LiveFilter) (spi.SplitSource, error) {
	return &oneSplit{spi.Split{ID: scan.Table.Table, Node: k.node, Rows: 1}}, nil
}

// oneSplit hands out its split and ends.
type oneSplit struct{ split spi.Split }

// Next implements spi.SplitSource.
func (s *oneSplit) Next(ctx context.Context, _ int) ([]spi.Split, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return []spi.Split{s.split}, io.EOF
}

// Close implements spi.SplitSource.
func (s *oneSplit) Close() error { return nil }

// Open implements spi.Connector: the rows are those of now.
func (k *connector) Open(_ context.Context, s *spi.Session, scan spi.Scan, _ spi.Split, env spi.OpenEnv) (spi.PageSource, error) {
	t := find(scan.Table)
	if t == nil {
		return nil, sqlerr.New(sqlerr.UndefinedTable, "table does not exist: %s", scan.Table)
	}
	src := &source{pool: env.Pool, columns: scan.Columns, types: scan.Types()}
	for _, c := range scan.Columns {
		if c < 0 || c >= len(t.columns) {
			return nil, sqlerr.Internalf("scan of %s names a column that it does not have: %d", scan.Table, c)
		}
	}
	if f := k.feed(); f != nil {
		src.rows = t.rows(request{feed: f, session: s, now: k.clock.Now()})
	}
	if scan.Limit >= 0 && int64(len(src.rows)) > scan.Limit {
		src.rows = src.rows[:scan.Limit]
	}
	return src, nil
}

// Caps implements spi.Connector.
func (k *connector) Caps() spi.Caps { return spi.Caps{Push: k, Local: true} }

// Push implements spi.Pusher: columns and limits only.
func (k *connector) Push(_ context.Context, _ *spi.Session, scan spi.Scan, op spi.Op) (spi.Scan, []spi.Outcome, error) {
	switch op := op.(type) {
	case *spi.ProjectOp:
		scan, out := spi.TakeColumns(scan, op)
		return scan, out, nil
	case *spi.LimitOp:
		scan, out := spi.TakeLimit(scan, op)
		return scan, out, nil
	}
	return scan, spi.Refuse(op, spi.ReasonCapability, "system tables are lists in memory"), nil
}

// Close implements spi.Connector.
func (k *connector) Close() error { return nil }

// source gives the rows page by page.
type source struct {
	pool    page.Pool
	columns []int
	types   []types.Type
	rows    [][]types.Value
}

var _ spi.PageSource = (*source)(nil)

// Next implements spi.PageSource.
func (s *source) Next(ctx context.Context) (*page.Page, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if len(s.rows) == 0 {
		return nil, io.EOF
	}
	n := min(len(s.rows), page.RowsMax)
	p := &page.Page{Rows: n}
	for i, c := range s.columns {
		b := page.NewBuilder(s.types[i], n, s.pool)
		for _, row := range s.rows[:n] {
			b.AppendValue(row[c])
		}
		v, err := b.Finish()
		if err != nil {
			p.Release()
			return nil, err
		}
		p.Cols = append(p.Cols, v)
	}
	s.rows = s.rows[n:]
	return p, nil
}

// Stats implements spi.PageSource.
func (s *source) Stats() spi.ScanStats { return spi.ScanStats{} }

// Close implements spi.PageSource.
func (s *source) Close() error { return nil }
