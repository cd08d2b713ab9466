package parquet

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/muster-sql/muster/connectors/internal/objectstore"
	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// memoryObject is a file in memory.
type memoryObject struct{ b []byte }

func (m memoryObject) Info() objectstore.Info {
	return objectstore.Info{Path: "memory.parquet", Bytes: int64(len(m.b))}
}
func (m memoryObject) Close() error { return nil }
func (m memoryObject) ReadAt(_ context.Context, b []byte, off int64) error {
	if off < 0 || off+int64(len(b)) > int64(len(m.b)) {
		return sqlerr.New(sqlerr.DataCorrupted, "read beyond the file")
	}
	copy(b, m.b[off:])
	return nil
}

// allTypes has a column of each type that can be written.
func allTypes() []Field {
	t := types.Of
	return []Field{
		{Name: "b", Type: t(types.Bool)}, {Name: "i2", Type: t(types.Int16)}, {Name: "i4", Type: t(types.Int32), Bloom: true},
		{Name: "i8", Type: t(types.Int64), Bloom: true}, {Name: "f4", Type: t(types.Float32)}, {Name: "f8", Type: t(types.Float64)},
		{Name: "d2", Type: types.DecimalOf(15, 2)}, {Name: "d38", Type: types.DecimalOf(38, 5)}, {Name: "day", Type: t(types.Date)},
		{Name: "time", Type: t(types.Time)}, {Name: "ts", Type: t(types.Timestamp)}, {Name: "tz", Type: t(types.TimestampTZ)},
		{Name: "ns", Type: types.Type{Kind: types.Timestamp, P: 9}}, {Name: "iv", Type: t(types.Interval)},
		{Name: "s", Type: t(types.Text), Bloom: true}, {Name: "key", Type: t(types.Int64), NotNull: true}, {Name: "raw", Type: t(types.Bytea)},
		{Name: "u", Type: t(types.UUID)}, {Name: "js", Type: t(types.JSON)},
		{Name: "arr", Type: types.ArrayOf(t(types.Int32))}, {Name: "arr2", Type: types.ArrayOf(types.ArrayOf(t(types.Text)))},
		{Name: "m", Type: types.MapOf(t(types.Text), t(types.Int64))},
		{Name: "r", Type: types.RowOf(types.Field{Name: "x", Type: t(types.Int32)}, types.Field{Name: "y", Type: types.ArrayOf(types.RowOf(types.Field{Name: "z", Type: t(types.Text)}))})},
	}
}

// randomValue returns a value of t; few says that values repeat.
func randomValue(r *rand.Rand, t types.Type, few, null bool) types.Value {
	if null && r.IntN(7) == 0 {
		return types.NullValue
	}
	n := r.Int64()
	if few {
		n = r.Int64N(9) - 4
	}
	switch t.Kind {
	case types.Bool:
		return types.BoolValue(n&1 != 0)
	case types.Int16:
		return types.IntValue(int64(int16(n)))
	case types.Int32, types.Date:
		return types.IntValue(int64(int32(n)))
	case types.Float32:
		return types.FloatValue(float64(float32(n) / 3))
	case types.Float64:
		return types.FloatValue(float64(n) / 7)
	case types.Decimal:
		if t.P <= 18 {
			return types.IntValue(n % 1e14)
		}
		return types.Value{N: types.Num{Coef: types.MulInt64(n, r.Int64N(1e18))}}
	case types.Time:
		return types.IntValue(int64(uint64(n) % 86400e6))
	case types.Interval:
		return types.Value{Iv: types.IntervalValue{Months: int32(n & 0xFFF), Days: int32(n >> 5 & 0xFF), Micros: (n >> 20 & 0xFFFF) * 1000}}
	case types.UUID:
		return types.StringValue(fmt.Sprintf("%016x", uint64(n)))
	case types.JSON:
		return types.StringValue(fmt.Sprintf(`{"n": %d}`, n))
	case types.Text, types.Bytea:
		return types.StringValue(strings.Repeat("é", int(uint64(n)%5)) + fmt.Sprint(n) + strings.Repeat("x", int(uint64(n)%97)))
	case types.Array, types.Map:
		out := types.Value{}
		for range r.IntN(4) {
			for i, k := range t.Children() {
				out.L = append(out.L, randomValue(r, k, few, t.Kind == types.Array || i == 1))
			}
		}
		return out
	case types.Row:
		out := types.Value{}
		for _, k := range t.Children() {
			out.L = append(out.L, randomValue(r, k, few, true))
		}
		return out
	}
	return types.IntValue(n)
}

// table makes rows rows of the fields.
func table(r *rand.Rand, fields []Field, rows int, few bool) [][]types.Value {
	out := make([][]types.Value, len(fields))
	for c, f := range fields {
		for range rows {
			out[c] = append(out[c], randomValue(r, f.Type, few, !f.NotNull))
		}
	}
	return out
}

// encode returns the values as a vector in one of the encodings.
func encode(t testing.TB, r *rand.Rand, f Field, vals []types.Value, pool page.Pool) *page.Vector {
	t.Helper()
	v, err := page.FromValues(f.Type, vals, pool)
	if err != nil {
		t.Fatal(err)
	}
	if r.IntN(2) == 0 || f.Type.IsNested() && f.Type.Kind != types.Array {
		return v
	}
	var live []int32
	codes := make([]int32, len(vals))
	for i := range vals {
		if !vals[i].Null {
			codes[i] = int32(len(live))
			live = append(live, int32(i))
		}
	}
	if len(live) == 0 {
		return v
	}
	values, err := v.Gather(live, pool)
	if err != nil {
		t.Fatal(err)
	}
	values.DropValid()
	buf, err := pool.Alloc(4 * len(codes))
	if err != nil {
		t.Fatal(err)
	}
	copy(page.SliceOf[int32](buf.Data), codes)
	bits, err := pool.Alloc(page.BitmapBytes(len(codes)))
	if err != nil {
		t.Fatal(err)
	}
	clear(bits.Data)
	for i := range vals {
		if !vals[i].Null {
			page.BitSet(bits.Data, i)
		}
	}
	v.Release()
	return page.MakeDict(page.NewDictionary(values), page.SliceOf[int32](buf.Data), bits.Data, buf, bits)
}

func write(t testing.TB, r *rand.Rand, o WriteOptions, cols [][]types.Value, rowsOfPage int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, o)
	if err != nil {
		t.Fatal(err)
	}
	rows := len(cols[0])
	for from := 0; from < rows; from += rowsOfPage {
		to := min(from+rowsOfPage, rows)
		p := &page.Page{Rows: to - from}
		for c, f := range o.Fields {
			p.Cols = append(p.Cols, encode(t, r, f, cols[c][from:to], o.Pool))
		}
		if err := w.Write(p); err != nil {
			t.Fatal(err)
		}
		p.Release()
	}
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func readAll(t testing.TB, file []byte, pool page.Pool, change func(f *File, o *Options)) ([][]types.Value, *Scanner) {
	t.Helper()
	o := memoryObject{file}
	f, err := ReadFile(context.Background(), o, pool)
	if err != nil {
		t.Fatal(err)
	}
	opt := allColumns(f, o, pool)
	if change != nil {
		change(f, &opt)
	}
	s, err := f.Scan(opt)
	if err != nil {
		t.Fatal(err)
	}
	out := make([][]types.Value, len(opt.Output))
	if _, err := drain(s, func(p *page.Page) {
		for c, v := range p.Cols {
			for i := range p.Len() {
				out[c] = append(out[c], v.Value(p.Row(i)))
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	return out, s
}

func TestEveryTypeComesBackAsItWasWritten(t *testing.T) {
	for _, few := range []bool{false, true} {
		for _, codec := range []string{"zstd", "snappy", "gzip", "lz4_raw", "uncompressed"} {
			for _, groupRows := range []int{0, 400} {
				name := fmt.Sprintf("few=%v %s groups of %d", few, codec, groupRows)
				r := rand.New(rand.NewPCG(1, uint64(groupRows)))
				pool := &countingPool{limit: 1 << 30}
				fields := allTypes()
				cols := table(r, fields, 1500, few)
				file := write(t, r, WriteOptions{Fields: fields, Compression: codec, GroupRows: groupRows, Pool: pool}, cols, 1+r.IntN(999))
				got, _ := readAll(t, file, pool, func(f *File, o *Options) {
					for i, n := range f.Fields {
						if !n.Type.Equal(fields[i].Type) || n.Optional == fields[i].NotNull {
							t.Errorf("%s: column %s is %v optional %v", name, n.Name, n.Type, n.Optional)
						}
					}
				})
				for c := range cols {
					if len(got[c]) != len(cols[c]) {
						t.Fatalf("%s: %d rows", name, len(got[c]))
					}
					for i := range cols[c] {
						if !reflect.DeepEqual(got[c][i], cols[c][i]) {
							t.Fatalf("%s: column %s row %d: got %+v, want %+v", name, fields[c].Name, i, got[c][i], cols[c][i])
						}
					}
				}
				if used := pool.used.Load(); used != 0 {
					t.Errorf("%s: %d bytes leaked", name, used)
				}
			}
		}
	}
}

// A scan with any set of any column gives at least the rows in it, and skips
// some where the column is sorted.
func TestPruningNeverLosesARow(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	pool := &countingPool{limit: 1 << 30}
	fields := allTypes()[:19]
	cols := table(r, fields, 9000, false)
	for i := range cols[15] {
		cols[15][i] = types.IntValue(int64(i)) // key is sorted
	}
	for i := range cols[5] {
		if i%50 == 0 {
			cols[5][i] = types.FloatValue(math.NaN())
		}
	}
	file := write(t, r, WriteOptions{Fields: fields, GroupRows: 2000, Pool: pool}, cols, 1000)
	for c, f := range fields {
		for range 12 {
			a, b := cols[c][r.IntN(9000)], cols[c][r.IntN(9000)]
			if a.Null || b.Null {
				continue
			}
			var set domain.Set
			switch r.IntN(4) {
			case 0:
				set = domain.Of(f.Type, a)
			case 1:
				set = domain.Of(f.Type, a, b)
			case 2:
				set = domain.Between(f.Type, domain.Bound{Val: a}, domain.Bound{Inf: true})
			default:
				set = domain.Between(f.Type, domain.Bound{Inf: true}, domain.Bound{Val: a, Inclusive: true})
			}
			set.Null = r.IntN(3) == 0
			want := 0
			for _, v := range cols[c] {
				if set.Contains(v) {
					want++
				}
			}
			for _, live := range []bool{false, true} {
				got, _ := readAll(t, file, pool, func(_ *File, o *Options) {
					o.Output = []int{c}
					if live {
						o.Live = constLive{domain.Tuple{c: set}}
					} else {
						o.Domain = domain.Tuple{c: set}
					}
				})
				n := 0
				for _, v := range got[0] {
					if set.Contains(v) {
						n++
					}
				}
				if n != want {
					t.Fatalf("column %s, set %+v, live %v: %d rows, want %d", f.Name, set, live, n, want)
				}
			}
		}
	}
	_, s := readAll(t, file, pool, func(_ *File, o *Options) {
		o.Domain = domain.Tuple{15: domain.Of(types.Of(types.Int64), types.IntValue(4321))}
	})
	if st := s.Stats(); st.GroupsPruned != 4 || st.RowsRead >= 2000 && st.RowsRead != 2000 {
		t.Errorf("got %+v", st)
	}
}

// constLive is a live filter that does not change.
type constLive struct{ t domain.Tuple }

func (c constLive) Current() (domain.Tuple, uint64)       { return c.t, 1 }
func (c constLive) Wait(_ context.Context, n uint64) bool { return n < 1 }
