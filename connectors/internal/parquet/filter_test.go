package parquet

import (
	"context"
	"math/rand/v2"
	"reflect"
	"sync/atomic"
	"testing"

	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// keepRows is a predicate on one column, by row number.
type keepRows struct {
	column int
	pass   func(v *page.Vector, row int) bool
	calls  int
}

func (k *keepRows) Columns() []int { return []int{k.column} }

func (k *keepRows) Eval(p *page.Page) error {
	k.calls++
	in := p.Sel
	if in == nil {
		in = page.Iota(p.Rows)
	}
	out := []int32{}
	for _, s := range in {
		if k.pass(p.Cols[k.column], int(s)) {
			out = append(out, s)
		}
	}
	p.Sel = out
	return nil
}

// Every way of passing over rows gives the same rows: whole pages, parts of
// pages, parts of batches, in all encodings.
func TestFilteredRowsAreThoseThatPass(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	fields := allTypes()
	const rows = 24000
	cols := table(r, fields, rows, true)
	for i := range cols[15] {
		cols[15][i] = types.IntValue(int64(i))
	}
	for i := range 12000 { // strings that fall back from the dictionary, in the first half
		cols[14][i] = randomValue(r, fields[14].Type, false, true)
	}
	pool := &countingPool{limit: 1 << 30}
	file := write(t, r, WriteOptions{Fields: fields, GroupRows: 12000, Pool: pool}, cols, 9999)
	for name, pass := range map[string]func(key int64) bool{
		"a few":             func(k int64) bool { return k%7919 == 5 },
		"a run":             func(k int64) bool { return k >= 12345 && k < 12400 },
		"runs":              func(k int64) bool { return k/500%9 == 3 },
		"most":              func(k int64) bool { return k%10 != 0 },
		"the last":          func(k int64) bool { return k == rows-1 },
		"none":              func(k int64) bool { return false },
		"one of each batch": func(k int64) bool { return k%8192 == 8191 },
	} {
		f := &keepRows{column: 15, pass: func(v *page.Vector, i int) bool { return pass(page.Get[int64](v, i)) }}
		got, _ := readAll(t, file, pool, func(_ *File, o *Options) { o.Filter = f })
		at := 0
		for i := range rows {
			if !pass(int64(i)) {
				continue
			}
			for c := range cols {
				if at%17 != 0 && c != 14 && c != 15 { // each row of two columns, some of the others
					continue
				}
				if at >= len(got[c]) || !reflect.DeepEqual(got[c][at], cols[c][i]) {
					t.Fatalf("%s: column %s, row %d is wrong", name, fields[c].Name, i)
				}
			}
			at++
		}
		if len(got[0]) != at {
			t.Errorf("%s: %d rows, want %d", name, len(got[0]), at)
		}
		if used := pool.used.Load(); used != 0 {
			t.Fatalf("%s: %d bytes leaked", name, used)
		}
	}
}

// lateLive becomes a filter after some polls.
type lateLive struct {
	polls atomic.Int64
	after int64
	t     domain.Tuple
}

func (l *lateLive) Current() (domain.Tuple, uint64) {
	if l.polls.Add(1) <= l.after {
		return nil, 0
	}
	return l.t, 1
}

func (l *lateLive) Wait(context.Context, uint64) bool { return false }

func TestAFilterThatComesLateStillPrunes(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	fields := []Field{{Name: "key", Type: types.Of(types.Int64), NotNull: true}, {Name: "s", Type: types.Of(types.Text)}}
	cols := table(r, fields, 100_000, false)
	for i := range cols[0] {
		cols[0][i] = types.IntValue(int64(i))
	}
	pool := &countingPool{limit: 1 << 30}
	file := write(t, r, WriteOptions{Fields: fields, GroupRows: 50_000, Pool: pool}, cols, 9999)
	live := &lateLive{after: 2, t: domain.Tuple{0: domain.Of(fields[0].Type, types.IntValue(40_000), types.IntValue(99_999))}}
	got, s := readAll(t, file, pool, func(_ *File, o *Options) { o.Live = live })
	n := len(got[0])
	if got[0][n-1].I != 99_999 || got[0][n-2].I != 40_000 || n > 2*page.RowsMax+2 {
		t.Errorf("got %d rows", n)
	}
	if st := s.Stats(); st.RowsPruned < 50_000 || st.RowsRead > 50_000 {
		t.Errorf("got %+v", st)
	}
}

func TestALimitEndsTheScan(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	fields := allTypes()[:4]
	pool := &countingPool{limit: 1 << 30}
	file := write(t, r, WriteOptions{Fields: fields, Pool: pool}, table(r, fields, 50_000, true), 9999)
	got, s := readAll(t, file, pool, func(_ *File, o *Options) { o.Limit = 10 })
	if len(got[0]) != 10 || s.Stats().RowsRead != 10 {
		t.Errorf("got %d rows, %+v", len(got[0]), s.Stats())
	}
}

func TestRefusedMemoryIsAnErrorAndNothingIsLost(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 8))
	fields := allTypes()
	file := write(t, r, WriteOptions{Fields: fields, GroupRows: 900, Pool: page.Unaccounted{}}, table(r, fields, 3000, true), 999)
	for limit := int64(0); limit < 6<<20; limit += 64<<10 + 7 {
		pool := &countingPool{limit: limit}
		o := memoryObject{file}
		f, err := ReadFile(t.Context(), o, pool)
		if err == nil {
			var s *Scanner
			if s, err = f.Scan(allColumns(f, o, pool)); err == nil {
				_, err = drain(s, nil)
			}
		}
		if err != nil && err.Error() == "" {
			t.Error("an error without text")
		}
		if used := pool.used.Load(); used != 0 {
			t.Fatalf("limit %d: %d bytes leaked after %v", limit, used, err)
		}
	}
}

func TestPagesAndBloomFiltersPrune(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 8))
	bigint := types.Of(types.Int64)
	fields := []Field{{Name: "key", Type: bigint, NotNull: true}, {Name: "even", Type: bigint, Bloom: true}, {Name: "s", Type: types.Of(types.Text), Bloom: true}}
	cols := table(r, fields, 100_000, false)
	for i := range cols[0] {
		cols[0][i] = types.IntValue(int64(i))
		cols[1][i] = types.IntValue(int64(r.IntN(1e9)) * 2)
	}
	pool := &countingPool{limit: 1 << 30}
	file := write(t, r, WriteOptions{Fields: fields, GroupRows: 100_000, Pool: pool}, cols, 9999)
	tb := t
	scan := func(t domain.Tuple) (rows int, s *Scanner) {
		got, s := readAll(tb, file, pool, func(_ *File, o *Options) { o.Domain, o.Output = t, []int{0} })
		return len(got[0]), s
	}
	if n, s := scan(domain.Tuple{0: domain.Of(bigint, types.IntValue(50_001))}); n != pageEntriesMax || s.Stats().PagesPruned == 0 {
		t.Errorf("page index: %d rows, %+v", n, s.Stats())
	}
	odd := 0
	for i := range 200 {
		n, s := scan(domain.Tuple{1: domain.Of(bigint, types.IntValue(int64(i)*1_000_001*2+1))})
		if n == 0 && s.Stats().GroupsPruned == 1 {
			odd++
		}
	}
	if odd < 190 {
		t.Errorf("the Bloom filter prunes %d of 200 values that are not there", odd)
	}
	for i := range 10 {
		for c := 1; c <= 2; c++ {
			if v := cols[c][i*9999]; !v.Null {
				if n, _ := scan(domain.Tuple{c: domain.Of(fields[c].Type, v)}); n == 0 {
					t.Errorf("column %d: a value that is there was pruned", c)
				}
			}
		}
	}
	var many []types.Value // so many that the whole filter is read
	for i := range 100 {
		many = append(many, types.IntValue(int64(i)*10_000_019*2+1))
	}
	if n, _ := scan(domain.Tuple{1: domain.Of(bigint, append(many, cols[1][77_777])...)}); n == 0 && !cols[1][77_777].Null {
		t.Error("a value among many was pruned")
	}
}

func TestASetOfAWiderTypeNarrowsToo(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 9))
	fields := []Field{{Name: "i4", Type: types.Of(types.Int32)}}
	cols := table(r, fields, 5000, false)
	for i := range cols[0] {
		cols[0][i] = types.IntValue(int64(r.IntN(1000)) - 500)
	}
	pool := &countingPool{limit: 1 << 30}
	file := write(t, r, WriteOptions{Fields: fields, Pool: pool}, cols, 999)
	for _, set := range []domain.Set{
		domain.Of(types.Of(types.Int64), types.IntValue(-3), types.IntValue(7)),
		domain.Of(types.Of(types.Int64), types.IntValue(-3), types.IntValue(1<<40)),
		domain.Between(types.Of(types.Int64), domain.Bound{Val: types.IntValue(3)}, domain.Bound{Inf: true}),
	} {
		want := 0
		for _, v := range cols[0] {
			if set.Contains(v) {
				want++
			}
		}
		got, _ := readAll(t, file, pool, func(_ *File, o *Options) { o.Live = constLive{domain.Tuple{0: set}} })
		if len(got[0]) != want {
			t.Errorf("%v: %d rows, want %d", set, len(got[0]), want)
		}
	}
	got, _ := readAll(t, file, pool, func(_ *File, o *Options) {
		o.Live = constLive{domain.Tuple{0: domain.Of(types.Of(types.Text), types.StringValue("x"))}}
	})
	if len(got[0]) != 5000 {
		t.Errorf("a set of another type drops rows: %d are left", len(got[0]))
	}
}
