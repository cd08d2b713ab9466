package spitest

import (
	"context"
	"errors"
	"fmt"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// fillRows is the number of rows that Fill writes.
const fillRows = 1000

// Fill writes a table that the suite can run on, through the connector's own
// Writer: columns of several types, some of them NULL.
func Fill(c spi.Connector, name spi.Name, pool page.Pool) error {
	table := &spi.Table{Name: name, Columns: []spi.Column{
		{Name: "id", Type: types.Of(types.Int64)}, {Name: "t", Type: types.Of(types.Text)}, {Name: "d", Type: types.Of(types.Date)},
		{Name: "f", Type: types.Of(types.Float64)}, {Name: "n", Type: types.DecimalOf(12, 2)}, {Name: "b", Type: types.Of(types.Bool)},
		{Name: "a", Type: types.ArrayOf(types.Of(types.Int32))},
	}}
	ctx, s := context.Background(), &spi.Session{QueryID: fmt.Sprintf("spitest_fill_%d_%d", runID, queries.Add(1))}
	w := c.Caps().Write
	target, err := w.Begin(ctx, s, spi.Write{Kind: spi.WriteCreate, Table: table, Columns: all(len(table.Columns))})
	if err != nil {
		return err
	}
	sink, err := w.Sink(ctx, s, target, spi.SinkID{Task: "t"}, spi.OpenEnv{Pool: pool})
	if err != nil {
		return err
	}
	fragment, err := fill(ctx, sink, table, pool)
	if err = errors.Join(err, sink.Close()); err != nil {
		return errors.Join(err, w.Abort(ctx, s, target))
	}
	return w.Commit(ctx, s, target, [][]byte{fragment})
}

func fill(ctx context.Context, sink spi.PageSink, table *spi.Table, pool page.Pool) ([]byte, error) {
	p := &page.Page{Rows: fillRows}
	for c, col := range table.Columns {
		vals := make([]types.Value, fillRows)
		for i := range vals {
			vals[i] = fillValue(c, i)
		}
		v, err := page.FromValues(col.Type, vals, pool)
		if err != nil {
			p.Release()
			return nil, err
		}
		p.Cols = append(p.Cols, v)
	}
	if err := sink.Put(ctx, p); err != nil {
		return nil, err
	}
	return sink.Finish(ctx)
}

func fillValue(c, i int) types.Value {
	if c > 0 && (i+c)%13 == 0 {
		return types.NullValue
	}
	switch c {
	case 1:
		return types.StringValue(fmt.Sprintf("text %d of a length", i%700))
	case 3:
		return types.FloatValue(float64(i%100) / 3)
	case 5:
		return types.BoolValue(i%3 == 0)
	case 6:
		return types.Value{L: []types.Value{types.IntValue(int64(i)), types.NullValue}}
	}
	return types.IntValue(int64(i) * int64(c+1))
}
