package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

var schema = []types.Type{types.Of(types.Int64), types.Of(types.Text), types.ArrayOf(types.Of(types.Int32))}

func testPage(t *testing.T, from, n int) *page.Page {
	t.Helper()
	var ints, texts, lists []types.Value
	for i := from; i < from+n; i++ {
		ints = append(ints, types.IntValue(int64(i)))
		texts = append(texts, types.StringValue(fmt.Sprintf("row number %d of the test", i)))
		lists = append(lists, types.Value{L: []types.Value{types.IntValue(int64(i)), types.NullValue}})
		if i%7 == 0 {
			texts[len(texts)-1], lists[len(lists)-1] = types.NullValue, types.NullValue
		}
	}
	p := page.New(n)
	for i, vals := range [][]types.Value{ints, texts, lists} {
		v, err := page.FromValues(schema[i], vals, page.Unaccounted{})
		if err != nil {
			t.Fatal(err)
		}
		p.Cols = append(p.Cols, v)
	}
	return p
}

func drain(t *testing.T, s Source) []int64 {
	t.Helper()
	var got []int64
	for {
		p, err := s.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.Len() {
			k := p.Cols[0].Value(p.Row(i)).I
			got = append(got, k)
			want := types.StringValue(fmt.Sprintf("row number %d of the test", k))
			if k%7 == 0 {
				want = types.NullValue
			}
			if v := p.Cols[1].Value(p.Row(i)); v.Null != want.Null || v.S != want.S {
				t.Fatalf("row %d has text %v", k, v)
			}
			if l := p.Cols[2].Value(p.Row(i)); !l.Null && (l.L[0].I != k || !l.L[1].Null) {
				t.Fatalf("row %d has list %v", k, l)
			}
		}
		p.Release()
	}
}

func TestEveryKindDeliversEachRowAsOftenAsItPromises(t *testing.T) {
	for _, retain := range []bool{false, true} {
		for kind, copies := range map[Kind]int{Gather: 1, Hash: 1, RoundRobin: 1, Broadcast: 3} {
			t.Run(fmt.Sprintf("kind %d retain %v", kind, retain), func(t *testing.T) {
				ctx := context.Background()
				out := Output{Kind: kind, Partitions: 3, Cols: []int{0}}
				if kind == Gather {
					out.Partitions = 1
				}
				b := NewBuffer(Options{Output: out, Schema: schema, Drivers: 1, Pool: page.Unaccounted{}, BytesMax: 1 << 30, Retain: retain, RowsMax: 100})
				for i := range 10 {
					p := testPage(t, i*333, 333)
					p.Sel = page.Iota(333)[:300]
					if err := b.Put(ctx, p); err != nil {
						t.Fatal(err)
					}
				}
				if err := b.Finish(ctx); err != nil {
					t.Fatal(err)
				}
				var all []int64
				for k := range out.Partitions {
					s, err := b.Open(ctx, k, Consumer{Task: "c"})
					if err != nil {
						t.Fatal(err)
					}
					src := s.Pages(page.Unaccounted{})
					all = append(all, drain(t, src)...)
					src.Close()
				}
				slices.Sort(all)
				if len(all) != 3000*copies {
					t.Fatalf("got %d rows", len(all))
				}
				all = slices.Compact(all)
				if len(all) != 3000 {
					t.Fatalf("got %d different rows", len(all))
				}
				b.Discard()
			})
		}
	}
}

func TestARetainedOutputIsReadAgainByANewerAttempt(t *testing.T) {
	ctx := context.Background()
	b := NewBuffer(Options{Output: Output{Kind: Gather}, Schema: schema, Drivers: 1, Pool: page.Unaccounted{}, BytesMax: 1 << 20, Retain: true, RowsMax: 10})
	for i := range 5 {
		if err := b.Put(ctx, testPage(t, i*10, 10)); err != nil {
			t.Fatal(err)
		}
	}
	first, err := b.Open(ctx, 0, Consumer{Task: "c", Attempt: 0})
	if err != nil {
		t.Fatal(err)
	}
	f, err := first.Frame(ctx)
	if err != nil {
		t.Fatal(err)
	}
	f.Release()
	second, err := b.Open(ctx, 0, Consumer{Task: "c", Attempt: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Frame(ctx); !errors.Is(err, ErrFenced) {
		t.Fatalf("the old attempt got %v", err)
	}
	if err := b.Finish(ctx); err != nil {
		t.Fatal(err)
	}
	if got := drain(t, second.Pages(page.Unaccounted{})); len(got) != 50 {
		t.Fatalf("second attempt got %d rows", len(got))
	}
	if _, err := b.Open(ctx, 0, Consumer{Task: "c", Attempt: 0}); !errors.Is(err, ErrFenced) {
		t.Fatalf("an old attempt could dial: %v", err)
	}
	b.Discard()
}

func TestPutBlocksWhileTheReaderIsSlowAndEndsWhenItHasEnough(t *testing.T) {
	ctx := context.Background()
	b := NewBuffer(Options{Output: Output{Kind: Gather}, Schema: schema, Drivers: 1, Pool: page.Unaccounted{}, BytesMax: 1000, RowsMax: 100})
	if err := b.Put(ctx, testPage(t, 0, 100)); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithCancelCause(ctx)
	cancel(errors.New("gave up"))
	p := testPage(t, 100, 100)
	if err := b.Put(short, p); err == nil || err.Error() != "gave up" {
		t.Fatalf("put did not block: %v", err)
	}
	s, err := b.Open(ctx, 0, Consumer{})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if err := b.Put(ctx, testPage(t, 200, 100)); !errors.Is(err, ErrEnough) {
		t.Fatalf("put after close: %v", err)
	}
	b.Discard()
}

func TestALateBoundOutputIsRoutedOnceItIsDecided(t *testing.T) {
	ctx := context.Background()
	b := NewBuffer(Options{Output: Output{Kind: LateBound}, Schema: schema, Drivers: 1, Pool: page.Unaccounted{}, BytesMax: 1 << 20, Retain: true})
	if err := b.Put(ctx, testPage(t, 0, 500)); err != nil {
		t.Fatal(err)
	}
	if err := b.Finish(ctx); err != nil {
		t.Fatal(err)
	}
	if s := b.State(); !s.Done || !s.Late || s.Rows != 500 {
		t.Fatalf("state %+v", s)
	}
	if err := b.SetOutput(Output{Kind: Hash, Partitions: 4, Cols: []int{1}}); err != nil {
		t.Fatal(err)
	}
	n := 0
	for k := range 4 {
		s, err := b.Open(ctx, k, Consumer{})
		if err != nil {
			t.Fatal(err)
		}
		n += len(drain(t, s.Pages(page.Unaccounted{})))
	}
	if n != 500 {
		t.Fatalf("got %d rows", n)
	}
	b.Discard()
}

func TestAFlippedBitInAFrameIsFound(t *testing.T) {
	p := testPage(t, 0, 64)
	defer p.Release()
	frame := EncodeFrame(nil, p, map[uint64]bool{})
	d := NewDecoder(schema, page.Unaccounted{})
	defer d.Close()
	for i := 0; i < len(frame)*8; i += 37 {
		bad := slices.Clone(frame)
		bad[i/8] ^= 1 << (i % 8)
		if q, err := d.Page(bad); err == nil {
			// The reserved word of the header is the only thing that nobody reads.
			if i/8 < 12 || i/8 >= 16 {
				t.Fatalf("bit %d of byte %d was not found", i%8, i/8)
			}
			q.Release()
		}
	}
}
