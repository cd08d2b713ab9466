package spitest

import (
	"context"
	"fmt"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/codec"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// written is the table that the suite writes.
func (b *bench) written(name string) *spi.Table {
	return &spi.Table{Name: spi.Name{Schema: b.o.Write, Table: "spitest_" + name}, Columns: []spi.Column{
		{Name: "id", Type: types.Of(types.Int64)}, {Name: "name", Type: types.Of(types.Text)},
		{Name: "price", Type: types.DecimalOf(12, 2)}, {Name: "day", Type: types.Of(types.Date)}, {Name: "ratio", Type: types.Of(types.Float64)},
	}}
}

func (b *bench) writer() spi.Writer {
	w := b.c.Caps().Write
	if w == nil || b.o.Write == "" {
		b.Skip("the connector does not write, or the suite may not")
	}
	return w
}

// rowsFrom makes rows with ids from first.
func rowsFrom(first, n int) [][]types.Value {
	var out [][]types.Value
	for i := first; i < first+n; i++ {
		row := []types.Value{types.IntValue(int64(i)), types.StringValue(fmt.Sprintf("row %d, it's \"quoted\" \\ é", i)),
			types.IntValue(int64(i) * 101), types.IntValue(int64(i%20000 - 5000)), types.FloatValue(float64(i) / 8)}
		if i%5 == 0 {
			row[1], row[3] = types.NullValue, types.NullValue
		}
		out = append(out, row)
	}
	return out
}

// sink writes rows as one driver of one attempt; finished or abandoned.
func (b *bench) sink(w spi.Writer, s *spi.Session, t spi.Target, id spi.SinkID, rows [][]types.Value, finish bool) []byte {
	b.Helper()
	ctx := context.Background()
	raw, err := codec.Marshal(t)
	b.check(err)
	far, err := codec.Unmarshal[spi.Target](raw)
	b.check(err)
	sink, err := w.Sink(ctx, s, far, id, spi.OpenEnv{Pool: b.pool})
	b.check(err)
	for len(rows) > 0 {
		n := min(len(rows), 700)
		b.check(sink.Put(ctx, b.page(t.Types, rows[:n])))
		rows = rows[n:]
	}
	var fragment []byte
	if finish {
		fragment, err = sink.Finish(ctx)
		b.check(err)
	}
	b.check(sink.Close())
	return fragment
}

func all(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func (b *bench) drop(n spi.Name) {
	b.Helper()
	if d := b.c.Caps().DDL; d != nil {
		b.check(d.DropTable(context.Background(), b.query(), n, spi.Drop{IfExists: true}))
	}
}

func writes(b *bench) {
	w, ctx := b.writer(), context.Background()
	table := b.written("written")
	b.drop(table.Name)
	b.Cleanup(func() { b.drop(table.Name) })
	s := b.query()
	write := spi.Write{Kind: spi.WriteCreate, Table: table, Columns: all(len(table.Columns))}
	target, err := w.Begin(ctx, s, write)
	b.check(err)
	again, err := w.Begin(ctx, s, write) // idempotent by query id
	b.check(err)
	if again.Table != target.Table {
		b.Errorf("begun again, the target is %v", again)
	}
	b.sink(w, s, target, spi.SinkID{Task: "t1", Driver: 0, Attempt: 0}, rowsFrom(0, 900), false)
	f1 := b.sink(w, s, target, spi.SinkID{Task: "t1", Driver: 0, Attempt: 1}, rowsFrom(0, 1500), true)
	f2 := b.sink(w, s, target, spi.SinkID{Task: "t1", Driver: 1, Attempt: 1}, rowsFrom(1500, 100), true)
	b.sink(w, s, target, spi.SinkID{Task: "t2", Driver: 0, Attempt: 0}, rowsFrom(1600, 50), true) // lost: another attempt is accepted
	f3 := b.sink(w, s, target, spi.SinkID{Task: "t2", Driver: 0, Attempt: 1}, rowsFrom(1600, 50), true)
	f4 := b.sink(w, s, target, spi.SinkID{Task: "t3", Driver: 0, Attempt: 0}, nil, true)
	if found, err := b.c.Find(ctx, b.query(), spi.Snapshot{}, []spi.Name{table.Name}); err != nil || found[0] != nil {
		b.Errorf("the table is there before the commit: %v, %v", found[0], err)
	}
	fragments := [][]byte{f1, f2, f3, f4}
	for range 2 {
		b.check(w.Commit(ctx, s, target, fragments))
	}
	b.session = b.query()
	b.holds(table.Name, rowsFrom(0, 1650))
	b.inserts(w, table.Name, 1650)
}

// holds compares a table with rows.
func (b *bench) holds(n spi.Name, want [][]types.Value) {
	b.Helper()
	scan, _ := b.scanOf(n)
	got, _ := b.read(scan, how{})
	b.same(n.String(), scan.Types(), got, want)
}

// inserts adds rows to the table, by some of its columns in another order.
func (b *bench) inserts(w spi.Writer, n spi.Name, have int) {
	b.Helper()
	ctx, s := context.Background(), b.query()
	target, err := w.Begin(ctx, s, spi.Write{Kind: spi.WriteInsert, Table: b.findNamed(n), Columns: []int{1, 0}})
	b.check(err)
	rows := rowsFrom(have, 10)
	f := b.sink(w, s, target, spi.SinkID{Task: "t", Attempt: 0}, pick(rows, []int{1, 0}), true)
	b.check(w.Commit(ctx, s, target, [][]byte{f}))
	for _, r := range rows {
		r[2], r[3], r[4] = types.NullValue, types.NullValue, types.NullValue
	}
	b.session = b.query()
	b.holds(n, append(rowsFrom(0, have), rows...))
}

func aborted(b *bench) {
	w, ctx := b.writer(), context.Background()
	table := b.written("aborted")
	b.drop(table.Name)
	before := b.names()
	s := b.query()
	target, err := w.Begin(ctx, s, spi.Write{Kind: spi.WriteCreate, Table: table, Columns: all(len(table.Columns))})
	b.check(err)
	b.sink(w, s, target, spi.SinkID{Task: "t1"}, rowsFrom(0, 100), true)
	for range 2 {
		b.check(w.Abort(ctx, s, target))
	}
	if after := b.names(); after > before+1 { // bookkeeping of the source may be one table
		b.Errorf("there were %d tables before, now %d", before, after)
	}
	if found, err := b.c.Find(ctx, b.query(), spi.Snapshot{}, []spi.Name{table.Name}); err != nil || found[0] != nil {
		b.Errorf("the table of an aborted write is there: %v, %v", found[0], err)
	}
}

func (b *bench) names() int {
	b.Helper()
	names, err := b.c.Tables(context.Background(), b.query(), b.o.Write)
	b.check(err)
	return len(names)
}

func tables(b *bench) {
	d, ctx := b.c.Caps().DDL, context.Background()
	if d == nil || b.o.Write == "" {
		b.Skip("the connector makes no tables, or the suite may not")
	}
	table := b.written("made")
	b.drop(table.Name)
	b.check(d.CreateTable(ctx, b.query(), table, false, nil))
	var visible []spi.Column
	for _, c := range b.findNamed(table.Name).Columns {
		if !c.Hidden {
			visible = append(visible, c)
		}
	}
	if len(visible) != len(table.Columns) {
		b.Fatalf("the table has %d columns", len(visible))
	}
	for i, c := range visible {
		if c.Name != table.Columns[i].Name || !c.Type.Equal(table.Columns[i].Type) {
			b.Errorf("column %d is %s %s, want %s %s", i, c.Name, c.Type, table.Columns[i].Name, table.Columns[i].Type)
		}
	}
	if err := d.CreateTable(ctx, b.query(), table, false, nil); err == nil {
		b.Error("a table was created twice")
	}
	b.check(d.CreateTable(ctx, b.query(), table, true, nil))
	b.check(d.DropTable(ctx, b.query(), table.Name, spi.Drop{}))
	if err := d.DropTable(ctx, b.query(), table.Name, spi.Drop{}); err == nil {
		b.Error("a table was dropped twice")
	}
	b.check(d.DropTable(ctx, b.query(), table.Name, spi.Drop{IfExists: true}))
}
