package command

import (
	"context"
	"io"
	"strconv"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/coordinator/session"
	"github.com/muster-sql/muster/exec/plan"
	"github.com/muster-sql/muster/parser"
	"github.com/muster-sql/muster/parser/ast"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// copyIn takes rows from the client into a table: one write with one sink on
// this node, committed when the data has ended.
type copyIn struct {
	c       *call
	session *spi.Session
	writer  spi.Writer
	target  spi.Target
	sink    spi.PageSink
	format  *session.CopyFormat
	columns []plan.Column // of the data
	fill    []types.Value // of the table columns that the data has not
	types   []types.Type  // of the written pages: columns, then fill
	rows    rowReader
	build   []*page.Builder
	n       int64
	ended   bool
}

var _ session.CopyIn = (*copyIn)(nil)

func (c *call) copyIn(a *ast.Copy) (session.Result, error) {
	if err := c.s.CheckWrite("COPY FROM"); err != nil {
		return nil, err
	}
	if a.Where != nil {
		return nil, sqlerr.Unsupported("COPY FROM with WHERE is not supported").At(a.Where.At())
	}
	t, err := c.target(a.Table)
	if err != nil {
		return nil, err
	}
	if t.table == nil {
		return nil, sqlerr.New(sqlerr.UndefinedTable, "relation \"%s\" does not exist", settingName(a.Table)).At(a.Table.At())
	}
	if t.table.Kind != spi.BaseTable {
		return nil, sqlerr.New(sqlerr.WrongObjectType, "cannot copy to \"%s\": it is not a table", t.name.Table).At(a.Table.At())
	}
	in := &copyIn{c: c, session: c.s.ForStatement(), writer: t.conn.Caps().Write}
	if in.writer == nil {
		return nil, sqlerr.Unsupported("catalog cannot be written to: \"%s\"", t.catalog)
	}
	written, err := in.choose(t.table, a)
	if err != nil {
		return nil, err
	}
	if in.format, err = readCopyFormat(a, in.columns); err != nil {
		return nil, err
	}
	in.rows = newRowReader(in.format, len(in.columns))
	_, version, err := c.r.o.Catalogs.Get(t.catalog)
	if err != nil {
		return nil, err
	}
	if in.target, err = in.writer.Begin(c.ctx, in.session, spi.Write{Kind: spi.WriteInsert, Table: t.table, Columns: written}); err != nil {
		return nil, err
	}
	in.target.Catalog, in.target.Version = t.catalog, version
	if in.sink, err = in.writer.Sink(c.ctx, in.session, in.target, spi.SinkID{Task: "copy"}, spi.OpenEnv{Pool: c.r.o.Pool}); err != nil {
		return nil, err
	}
	return in, nil
}

// choose decides which table columns the data has and what the others get. It
// returns the table columns of the written pages.
func (in *copyIn) choose(t *spi.Table, a *ast.Copy) ([]int, error) {
	var written []int
	taken := map[int]bool{}
	add := func(i int) {
		taken[i] = true
		written = append(written, i)
		in.columns = append(in.columns, plan.Column{Name: t.Columns[i].Name, Type: t.Columns[i].Type})
		in.types = append(in.types, t.Columns[i].Type)
	}
	for _, n := range a.Columns {
		at := -1
		for i, col := range t.Columns {
			if !col.Hidden && col.Name == n.Text {
				at = i
			}
		}
		switch {
		case at < 0:
			return nil, sqlerr.New(sqlerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", n.Text, t.Name.Table).At(n.At())
		case taken[at]:
			return nil, sqlerr.New(sqlerr.DuplicateColumn, "column \"%s\" specified more than once", n.Text).At(n.At())
		}
		add(at)
	}
	if len(a.Columns) == 0 {
		for i, col := range t.Columns {
			if !col.Hidden {
				add(i)
			}
		}
	}
	for i, col := range t.Columns {
		if taken[i] || col.Hidden || col.Default == "" {
			continue
		}
		v, err := in.c.defaultOf(col)
		if err != nil {
			return nil, err
		}
		written, in.types, in.fill = append(written, i), append(in.types, col.Type), append(in.fill, v)
	}
	return written, nil
}

// defaultOf computes the default of a column, once for all rows.
func (c *call) defaultOf(col spi.Column) (types.Value, error) {
	e, err := parser.ParseExpr(col.Default)
	if err != nil {
		return types.Value{}, err
	}
	v, err := c.evaluate([]ast.Expr{e}, []types.Type{col.Type})
	if err != nil {
		return types.Value{}, err
	}
	return v[0], nil
}

// Columns implements session.Result.
func (in *copyIn) Columns() []plan.Column { return nil }

// Next implements session.Result.
func (in *copyIn) Next(context.Context) (*page.Page, error) { return nil, io.EOF }

// Tag implements session.Result.
func (in *copyIn) Tag(int64) string { return "COPY " + itoa(in.n) }

// Copy implements session.CopyIn.
func (in *copyIn) Copy() (*session.CopyFormat, session.Width) {
	return in.format, session.Width(len(in.columns))
}

// Put implements session.CopyIn.
func (in *copyIn) Put(ctx context.Context, data []byte) error {
	return in.rows.feed(data, func(fields [][]byte) error { return in.row(ctx, fields) })
}

// row appends a row; a nil field is NULL.
func (in *copyIn) row(ctx context.Context, fields [][]byte) error {
	if len(fields) != len(in.columns) {
		return in.badWidth(len(fields))
	}
	if in.build == nil {
		in.build = make([]*page.Builder, len(in.types))
		for i, t := range in.types {
			in.build[i] = page.NewBuilder(t, page.RowsMin, in.c.r.o.Pool)
		}
	}
	in.n++
	for i, f := range fields {
		v, err := in.value(i, f)
		if err != nil {
			e := sqlerr.As(err)
			e.Detail = "COPY line " + itoa(in.n) + ", column " + in.columns[i].Name
			return e
		}
		in.build[i].AppendValue(v)
	}
	for i, v := range in.fill {
		in.build[len(fields)+i].AppendValue(v)
	}
	if in.build[0].Len() >= page.RowsMax {
		return in.flush(ctx)
	}
	return nil
}

func (in *copyIn) badWidth(got int) error {
	in.n++
	if got < len(in.columns) {
		return sqlerr.New(sqlerr.BadCopyFileFormat, "missing data for column \"%s\"", in.columns[got].Name).
			WithDetail("COPY line %d", in.n)
	}
	return sqlerr.New(sqlerr.BadCopyFileFormat, "extra data after last expected column").WithDetail("COPY line %d", in.n)
}

func (in *copyIn) value(i int, f []byte) (types.Value, error) {
	if f == nil {
		return types.NullValue, nil
	}
	if in.format.Kind == session.CopyBinary {
		return types.ParseBinary(in.columns[i].Type, f)
	}
	if err := types.CheckUTF8(f); err != nil {
		return types.Value{}, err
	}
	return types.Parse(in.columns[i].Type, string(f), in.c.s.Format())
}

// flush hands the rows so far to the sink.
func (in *copyIn) flush(ctx context.Context) error {
	if in.build == nil {
		return nil
	}
	p := &page.Page{Rows: in.build[0].Len()}
	build := in.build
	in.build = nil
	for i, b := range build {
		v, err := b.Finish()
		if err != nil {
			p.Release()
			for _, rest := range build[i+1:] {
				rest.Release()
			}
			return err
		}
		p.Cols = append(p.Cols, v)
	}
	return in.sink.Put(ctx, p)
}

// Finish implements session.CopyIn.
func (in *copyIn) Finish(ctx context.Context) error {
	if err := in.rows.end(func(fields [][]byte) error { return in.row(ctx, fields) }); err != nil {
		return err
	}
	if err := in.flush(ctx); err != nil {
		return err
	}
	fragment, err := in.sink.Finish(ctx)
	if err != nil {
		return err
	}
	in.ended = true
	if err = in.sink.Close(); err == nil {
		err = in.writer.Commit(context.WithoutCancel(ctx), in.session, in.target, [][]byte{fragment})
	}
	if err != nil && !sqlerr.Is(err, sqlerr.StatementUnknown) {
		_ = in.writer.Abort(context.WithoutCancel(ctx), in.session, in.target)
	}
	return err
}

// Close implements session.Result.
func (in *copyIn) Close() error {
	for _, b := range in.build {
		b.Release()
	}
	in.build = nil
	if in.ended {
		return nil
	}
	in.ended = true
	err := in.sink.Close()
	if aerr := in.writer.Abort(context.WithoutCancel(in.c.ctx), in.session, in.target); err == nil {
		err = aerr
	}
	return err
}
