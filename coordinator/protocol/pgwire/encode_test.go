package pgwire

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/plan"
)

// generators make values of each type that a column can have.
var generators = []struct {
	typ types.Type
	gen func(r *rand.Rand) types.Value
}{
	{types.Of(types.Bool), func(r *rand.Rand) types.Value { return types.BoolValue(r.IntN(2) == 0) }},
	{types.Of(types.Int8), func(r *rand.Rand) types.Value { return types.IntValue(int64(int8(r.Uint32()))) }},
	{types.Of(types.Int16), func(r *rand.Rand) types.Value { return types.IntValue(int64(int16(r.Uint32()))) }},
	{types.Of(types.Int32), func(r *rand.Rand) types.Value { return types.IntValue(int64(int32(r.Uint32()))) }},
	{types.Of(types.Int64), func(r *rand.Rand) types.Value { return types.IntValue(int64(r.Uint64() >> r.IntN(64))) }},
	{types.Of(types.Float32), func(r *rand.Rand) types.Value {
		return types.FloatValue(float64(float32(r.NormFloat64() * math.Pow(10, float64(r.IntN(30)-15)))))
	}},
	{types.Of(types.Float64), func(r *rand.Rand) types.Value {
		return types.FloatValue(r.NormFloat64() * math.Pow(10, float64(r.IntN(300)-150)))
	}},
	{types.DecimalOf(10, 2), func(r *rand.Rand) types.Value { return types.IntValue(r.Int64N(2e10) - 1e10) }},
	{types.DecimalOf(38, 9), func(r *rand.Rand) types.Value {
		return types.Value{N: types.Num{Coef: types.MulInt64(r.Int64()-math.MaxInt64/2, r.Int64N(1e12))}}
	}},
	{types.Of(types.Numeric), func(r *rand.Rand) types.Value {
		return types.Value{N: types.Num{Coef: types.MulInt64(r.Int64()-math.MaxInt64/2, r.Int64N(1e12)), Scale: r.Int32N(30)}}
	}},
	{types.Of(types.Date), func(r *rand.Rand) types.Value { return types.IntValue(int64(r.IntN(60000) - 20000)) }},
	{types.Of(types.Time), func(r *rand.Rand) types.Value { return types.IntValue(r.Int64N(86_400_000_000)) }},
	{types.Of(types.Timestamp), func(r *rand.Rand) types.Value { return types.IntValue(r.Int64N(5e15) - 1e15) }},
	{types.Of(types.TimestampTZ), func(r *rand.Rand) types.Value { return types.IntValue(r.Int64N(5e15) - 1e15) }},
	{types.Of(types.Interval), func(r *rand.Rand) types.Value {
		return types.Value{Iv: types.IntervalValue{Micros: r.Int64N(1e13) - 5e12, Days: r.Int32N(400) - 200, Months: r.Int32N(400) - 200}}
	}},
	{types.Of(types.Text), randomText},
	{types.VarcharOf(50), randomText},
	{types.Of(types.Name), randomText},
	{types.Of(types.Bytea), func(r *rand.Rand) types.Value {
		b := make([]byte, r.IntN(40))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return types.StringValue(string(b))
	}},
	{types.Of(types.UUID), func(r *rand.Rand) types.Value {
		return types.StringValue(string(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, r.Uint64()), r.Uint64())))
	}},
	{types.Of(types.JSON), func(r *rand.Rand) types.Value { return types.StringValue(fmt.Sprintf(`{"a": %d}`, r.IntN(1000))) }},
	{types.Of(types.JSONB), func(r *rand.Rand) types.Value { return types.StringValue(fmt.Sprintf(`{"a": %d}`, r.IntN(1000))) }},
	{types.Of(types.OID), func(r *rand.Rand) types.Value { return types.IntValue(int64(r.Uint32())) }},
	{types.ArrayOf(types.Of(types.Int32)), func(r *rand.Rand) types.Value {
		return list(r, func() types.Value { return types.IntValue(int64(r.Int32())) })
	}},
	{types.ArrayOf(types.Of(types.Text)), func(r *rand.Rand) types.Value {
		return list(r, func() types.Value { return randomText(r) })
	}},
	{types.ArrayOf(types.Of(types.TimestampTZ)), func(r *rand.Rand) types.Value {
		return list(r, func() types.Value { return types.IntValue(r.Int64N(5e15) - 1e15) })
	}},
	{types.ArrayOf(types.Of(types.Numeric)), func(r *rand.Rand) types.Value {
		return list(r, func() types.Value {
			return types.Value{N: types.Num{Coef: types.Int128Of(r.Int64()), Scale: r.Int32N(20)}}
		})
	}},
	{types.MapOf(types.Of(types.Text), types.Of(types.Int32)), func(r *rand.Rand) types.Value {
		return types.Value{L: []types.Value{types.StringValue("k"), types.IntValue(int64(r.IntN(100)))}}
	}},
}

func list(r *rand.Rand, elem func() types.Value) types.Value {
	out := types.Value{L: []types.Value{}}
	for range r.IntN(5) {
		if r.IntN(5) == 0 {
			out.L = append(out.L, types.NullValue)
		} else {
			out.L = append(out.L, elem())
		}
	}
	return out
}

func randomText(r *rand.Rand) types.Value {
	alphabet := []rune(`abc XYZ019"\{},'` + "\n\t\räß€🙂")
	out := make([]rune, r.IntN(30))
	for i := range out {
		out[i] = alphabet[r.IntN(len(alphabet))]
	}
	return types.StringValue(string(out))
}

// encodeAll returns the values of the DataRow messages of a page.
func encodeAll(t testing.TB, p *page.Page, typ types.Type, format int16) [][]byte {
	t.Helper()
	e := newEncoder([]plan.Column{{Name: "c", Type: typ}}, []int16{format}, &types.Format{})
	var out []byte
	for from, to := 0, 0; from < p.Len(); from = to {
		to = min(from+e.block, p.Len())
		var err error
		if out, err = e.appendRows(out, p, from, to); err != nil {
			t.Fatal(err)
		}
	}
	var cells [][]byte
	for len(out) > 0 {
		n := binary.BigEndian.Uint32(out[1:])
		var m pgproto3.DataRow
		if err := m.Decode(out[5 : n+1]); err != nil || len(m.Values) != 1 {
			t.Fatalf("%d values: %v", len(m.Values), err)
		}
		cells = append(cells, m.Values[0])
		out = out[n+1:]
	}
	return cells
}

func TestTextAndBinaryAreTheSameValueToPgx(t *testing.T) {
	m := pgtype.NewMap()
	for _, g := range generators {
		t.Run(g.typ.String(), func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			values := make([][]types.Value, 300)
			for i := range values {
				values[i] = []types.Value{g.gen(r)}
				if r.IntN(10) == 0 {
					values[i][0] = types.NullValue
				}
			}
			p, err := build([]plan.Column{{Type: g.typ}}, values)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Release()
			text, bin := encodeAll(t, p, g.typ, 0), encodeAll(t, p, g.typ, 1)
			oid := types.TypeOID(g.typ)
			typ, ok := m.TypeForOID(oid)
			if !ok {
				t.Fatalf("pgx does not know oid %d", oid)
			}
			for i := range values {
				if values[i][0].Null != (text[i] == nil) || values[i][0].Null != (bin[i] == nil) {
					t.Fatalf("row %d: null is not null", i)
				}
				if text[i] == nil {
					continue
				}
				a, err := typ.Codec.DecodeValue(m, oid, pgtype.TextFormatCode, text[i])
				if err != nil {
					t.Fatalf("text %q: %v", text[i], err)
				}
				b, err := typ.Codec.DecodeValue(m, oid, pgtype.BinaryFormatCode, bin[i])
				if err != nil {
					t.Fatalf("binary %x of %q: %v", bin[i], text[i], err)
				}
				if !same(m, oid, a, b) {
					t.Fatalf("text %q is %v, binary %x is %v", text[i], a, bin[i], b)
				}
			}
		})
	}
}

// same compares decoded values; numbers by their canonical text.
func same(m *pgtype.Map, oid uint32, a, b any) bool {
	if reflect.DeepEqual(a, b) {
		return true
	}
	x, err1 := m.Encode(oid, pgtype.TextFormatCode, a, nil)
	y, err2 := m.Encode(oid, pgtype.TextFormatCode, b, nil)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}

func TestEncodingsAndSelectionsGiveTheSameRows(t *testing.T) {
	typ := types.Of(types.Text)
	flat, err := build([]plan.Column{{Type: typ}}, [][]types.Value{{types.StringValue("a")}, {types.StringValue("b")}})
	if err != nil {
		t.Fatal(err)
	}
	d := page.NewDictionary(flat.Cols[0])
	dict := page.New(4, page.MakeDict(d, []int32{1, 0, 1, 1}, []byte{0b1011}))
	if got := fmt.Sprintf("%q", encodeAll(t, dict, typ, 0)); got != `["b" "a" "" "b"]` {
		t.Error(got)
	}
	if cells := encodeAll(t, dict, typ, 0); cells[2] != nil {
		t.Error("a null of a dictionary is not null")
	}
	dict.Sel = []int32{1, 3}
	if got := fmt.Sprintf("%q", encodeAll(t, dict, typ, 0)); got != `["a" "b"]` {
		t.Error(got)
	}
	dict.Release()
	one, err := build([]plan.Column{{Type: typ}}, [][]types.Value{{types.StringValue("x")}})
	if err != nil {
		t.Fatal(err)
	}
	constant := page.New(3, page.MakeConst(one.Cols[0], 3))
	constant.Sel = []int32{0, 2}
	if got := fmt.Sprintf("%q", encodeAll(t, constant, typ, 0)); got != `["x" "x"]` {
		t.Error(got)
	}
	constant.Release()
}

func BenchmarkRows(b *testing.B) {
	const n = 8192
	cols := []plan.Column{{Type: types.Of(types.Int64)}, {Type: types.Of(types.Int32)}, {Type: types.DecimalOf(15, 2)}, {Type: types.Of(types.Date)}}
	rows := make([][]types.Value, n)
	for i := range rows {
		rows[i] = []types.Value{types.IntValue(int64(i) * 1000), types.IntValue(int64(i)), types.IntValue(int64(i) * 77), types.IntValue(int64(8000 + i%3000))}
	}
	p, err := build(cols, rows)
	if err != nil {
		b.Fatal(err)
	}
	for _, format := range []int16{0, 1} {
		b.Run([]string{"text", "binary"}[format], func(b *testing.B) {
			e := newEncoder(cols, []int16{format}, &types.Format{})
			dst := make([]byte, 0, 2<<20)
			b.ReportAllocs()
			for b.Loop() {
				dst = dst[:0]
				for from, to := 0, 0; from < n; from = to {
					to = min(from+e.block, n)
					dst, _ = e.appendRows(dst, p, from, to)
				}
			}
			b.SetBytes(int64(len(dst)))
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
	}
	p.Release()
}
