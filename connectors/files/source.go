package files

import (
	"context"
	"io"
	"sync/atomic"

	"github.com/muster-sql/muster/connectors/internal/objectstore"
	"github.com/muster-sql/muster/connectors/internal/parquet"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/codec"
	"github.com/muster-sql/muster/connectors/spi/page"
)

// pages reads the parts of a split one after the other.
type pages struct {
	k     *connector
	scan  spi.Scan
	env   spi.OpenEnv
	split splitData
	left  int64 // rows that LIMIT allows, -1 any

	next    int // part
	object  objectstore.Object
	scanner *parquet.Scanner
	done    spi.ScanStats // of finished parts
	current atomic.Pointer[parquet.Scanner]
	total   atomic.Pointer[spi.ScanStats]
	sent    int64
}

var _ spi.PageSource = (*pages)(nil)

// Open implements spi.Connector.
func (k *connector) Open(_ context.Context, _ *spi.Session, scan spi.Scan, split spi.Split, env spi.OpenEnv) (spi.PageSource, error) {
	data, err := codec.Unmarshal[splitData](split.Private)
	if err != nil {
		return nil, err
	}
	p := &pages{k: k, scan: scan, env: env, split: data, left: scan.Limit}
	p.done = spi.ScanStats{GroupsPruned: data.PrunedGroups, RowsPruned: data.PrunedRows}
	p.publish()
	return p, nil
}

func (p *pages) publish() {
	now := p.done
	p.total.Store(&now)
}

// Next implements spi.PageSource.
func (p *pages) Next(ctx context.Context) (*page.Page, error) {
	for {
		if p.scanner == nil {
			if p.next == len(p.split.Parts) || p.left == 0 {
				return nil, io.EOF
			}
			if err := p.open(ctx); err != nil {
				return nil, err
			}
		}
		out, err := p.scanner.Next(ctx)
		if err == io.EOF {
			if err := p.closePart(); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		if p.left > 0 {
			p.left -= int64(out.Len())
		}
		p.report(int64(out.Len()))
		return out, nil
	}
}

func (p *pages) report(rows int64) {
	if p.env.Report != nil {
		bytes := p.Stats().BytesRead
		p.env.Report(spi.Progress{Rows: rows, Bytes: bytes - p.sent})
		p.sent = bytes
	}
}

// open starts the next part.
func (p *pages) open(ctx context.Context) error {
	part := &p.split.Parts[p.next]
	p.next++
	o, err := p.k.store.Open(ctx, part.File)
	if err != nil {
		return err
	}
	p.object = o
	f, err := p.k.footers.Read(ctx, o)
	if err != nil {
		return err
	}
	columns := 0
	for _, u := range p.split.Columns {
		columns = max(columns, u.Table+1)
	}
	p.scanner, err = f.Scan(parquet.Options{
		Object: o, Groups: part.Groups, Table: tableOf(f, p.split.Columns, columns), Output: p.scan.Columns,
		Pool: p.env.Pool, Filter: p.env.Filter, Domain: p.scan.Domain, Live: p.env.Live, Limit: p.left,
	})
	p.current.Store(p.scanner)
	return err
}

func (p *pages) closePart() error {
	if p.scanner != nil {
		p.scanner.Close()
		p.current.Store(nil)
		p.done.Add(p.scanner.Stats())
		p.publish()
		p.scanner = nil
	}
	if p.object == nil {
		return nil
	}
	o := p.object
	p.object = nil
	return o.Close()
}

// Stats implements spi.PageSource.
func (p *pages) Stats() spi.ScanStats {
	out := *p.total.Load()
	if s := p.current.Load(); s != nil {
		out.Add(s.Stats())
	}
	return out
}

// Close implements spi.PageSource.
func (p *pages) Close() error { return p.closePart() }
