package spitest

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/codec"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

func splitsCover(b *bench) {
	scan, _ := b.scan()
	list := b.splits(scan, nil, 100)
	ids := map[string]bool{}
	for _, s := range list {
		if ids[s.ID] {
			b.Errorf("two splits are called %q", s.ID)
		}
		ids[s.ID] = true
	}
	want := b.all(scan)
	single := b.splits(scan, nil, 1)
	if len(single) != len(list) {
		b.Errorf("asked for one by one there are %d splits, together %d", len(single), len(list))
	}
	// Splits and the scan travel before they are read.
	raw, err := codec.Marshal(single)
	b.check(err)
	far, err := codec.Unmarshal[[]spi.Split](raw)
	b.check(err)
	raw, err = codec.Marshal(scan)
	b.check(err)
	farScan, err := codec.Unmarshal[spi.Scan](raw)
	b.check(err)
	got, _ := b.read(farScan, how{splits: far})
	b.same("read again", scan.Types(), got, want)
	one := scan
	one.OneSplit = true
	if n := len(b.splits(one, nil, 100)); n != 1 {
		b.Errorf("one split was asked for, there are %d", n)
	}
	got, _ = b.read(one, how{})
	b.same("read as one split", scan.Types(), got, want)
}

func sideBySide(b *bench) {
	scan, _ := b.scan()
	want := b.all(scan)
	list := b.splits(scan, nil, 100)
	list = list[:min(len(list), 4)]
	var want2 [][]types.Value
	if len(list) == len(b.splits(scan, nil, 100)) {
		want2 = want
	}
	results := make([][][]types.Value, len(list))
	errs := make([]error, len(list))
	var all sync.WaitGroup
	for i, s := range list {
		all.Go(func() { results[i], errs[i] = b.readSplit(context.Background(), scan, s, how{}) })
	}
	all.Wait()
	var got [][]types.Value
	for i := range list {
		b.check(errs[i])
		got = append(got, results[i]...)
	}
	if want2 != nil {
		b.same("read side by side", scan.Types(), got, want2)
	}
}

// pushed offers an operator and checks the shape of the answer.
func (b *bench) pushed(scan spi.Scan, op spi.Op) (spi.Scan, []spi.Outcome) {
	b.Helper()
	push := b.c.Caps().Push
	if push == nil {
		return scan, spi.Refuse(op, spi.ReasonCapability, "")
	}
	out, outcomes, err := push.Push(context.Background(), b.session, scan, op)
	b.check(err)
	if len(outcomes) != op.Parts() {
		b.Fatalf("%d outcomes for %d parts", len(outcomes), op.Parts())
	}
	for i, o := range outcomes {
		if o.Part != i {
			b.Errorf("outcome %d is of part %d", i, o.Part)
		}
		if o.Taken == spi.No && o.Reason == spi.ReasonNone {
			b.Errorf("part %d was refused without a reason", i)
		}
	}
	return out, outcomes
}

func column(scan *spi.Scan, i int) *expr.Column {
	return &expr.Column{Index: i, Typ: scan.Output[i].Type, Name: scan.Output[i].Name, At: -1}
}

// projected is a scan of other columns.
func (b *bench) projected(scan spi.Scan, cols ...int) (spi.Scan, bool) {
	b.Helper()
	op := &spi.ProjectOp{}
	for _, c := range cols {
		op.Exprs = append(op.Exprs, column(&scan, c))
		op.Names = append(op.Names, scan.Output[c].Name)
	}
	out, outcomes := b.pushed(scan, op)
	for _, o := range outcomes {
		if o.Taken != spi.Exact {
			return scan, false
		}
	}
	if len(cols) > 0 && len(out.Output) != len(cols) {
		b.Fatalf("%d columns were asked for, the scan has %d", len(cols), len(out.Output))
	}
	return out, true
}

func pick(rows [][]types.Value, cols []int) [][]types.Value {
	out := make([][]types.Value, len(rows))
	for i, r := range rows {
		out[i] = make([]types.Value, len(cols))
		for j, c := range cols {
			out[i][j] = r[c]
		}
	}
	return out
}

func projections(b *bench) {
	if b.c.Caps().Push == nil {
		b.Skip("the connector takes nothing over")
	}
	scan, _ := b.scan()
	rows := b.all(scan)
	n := len(scan.Output)
	reversed := make([]int, n)
	for i := range reversed {
		reversed[i] = n - 1 - i
	}
	for _, cols := range [][]int{reversed, {0}, {n - 1}, {0, 0}, {n - 1, 0}, {}} {
		out, ok := b.projected(scan, cols...)
		if !ok {
			b.Errorf("columns %v were not taken", cols)
			continue
		}
		got, _ := b.read(out, how{})
		if len(cols) == 0 {
			if len(got) != len(rows) {
				b.Errorf("without columns there are %d rows, want %d", len(got), len(rows))
			}
			continue
		}
		b.same("columns", out.Types(), got, pick(rows, cols))
	}
}

// cancelWait is how long a cancelled scan may take to end.
const cancelWait = 3 * time.Second

func cancelled(b *bench) {
	scan, _ := b.scan()
	list := b.splits(scan, nil, 1)
	cause := sqlerr.New(sqlerr.QueryCanceled, "the suite cancels")
	ctx, cancel := context.WithCancelCause(context.Background())
	src, err := b.c.Open(ctx, b.session, scan, list[0], spi.OpenEnv{Pool: b.pool})
	b.check(err)
	if p, err := src.Next(ctx); err == nil {
		p.Release()
	} else if err != io.EOF {
		b.check(err)
	}
	cancel(cause)
	begin := time.Now()
	for { // what was read before may come; then the end
		p, err := src.Next(ctx)
		if err != nil {
			if err != io.EOF && !errors.Is(err, cause) && !errors.Is(err, context.Canceled) {
				b.Errorf("cancelled with %q, the scan says: %v", cause, err)
			}
			break
		}
		p.Release()
	}
	b.check(src.Close())
	if d := time.Since(begin); d > cancelWait {
		b.Errorf("the scan ended %s after it was cancelled", d)
	}
	src, err = b.c.Open(ctx, b.session, scan, list[0], spi.OpenEnv{Pool: b.pool})
	if err == nil { // it may find out at the first page
		if p, err := src.Next(ctx); err == nil {
			p.Release()
		}
		b.check(src.Close())
	}
	got, _ := b.read(scan, how{}) // the next one works
	if len(got) < 2 {
		b.Errorf("after a cancelled scan there are %d rows", len(got))
	}
}

func closedEarly(b *bench) {
	scan, _ := b.scan()
	for _, pages := range []int{0, 1} {
		for _, s := range b.splits(scan, nil, 100)[:1] {
			src, err := b.c.Open(context.Background(), b.session, scan, s, spi.OpenEnv{Pool: b.pool})
			b.check(err)
			for range pages {
				p, err := src.Next(context.Background())
				b.check(err)
				p.Release()
			}
			b.check(src.Close())
		}
	}
	if n := b.pool.Held(); n != 0 {
		b.Errorf("%d bytes are held after closing", n)
	}
}

func refusedMemory(b *bench) {
	scan, _ := b.scan()
	list := b.splits(scan, nil, 100)
	for _, limit := range []int64{1, 1000, 10_000} {
		b.pool.Limit(limit)
		_, err := b.readSplit(context.Background(), scan, list[0], how{})
		if err != nil && !sqlerr.Is(err, sqlerr.OutOfMemory) {
			b.Errorf("with %d bytes: %v", limit, err)
		}
		if n := b.pool.Held(); n != 0 {
			b.Errorf("%d bytes are held after memory was refused", n)
		}
	}
	b.pool.Limit(0)
	b.all(scan)
}
