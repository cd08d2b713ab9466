package types

import "testing"

func benchAppend(b *testing.B, f func(dst []byte) []byte) {
	buf := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		buf = f(buf[:0])
	}
}

func BenchmarkAppend(b *testing.B) {
	z, err := LoadZone("America/New_York")
	if err != nil {
		b.Fatal(err)
	}
	n := Num{Coef: Int128Of(123456789012345), Scale: 6}
	for _, c := range []struct {
		name string
		f    func(dst []byte) []byte
	}{
		{"int64", func(d []byte) []byte { return AppendInt64(d, 1234567890123) }},
		{"decimal64", func(d []byte) []byte { return AppendDecimal64(d, 123456789, 2) }},
		{"decimal128", func(d []byte) []byte { return AppendDecimal128(d, Pow10(30), 10) }},
		{"num", func(d []byte) []byte { return AppendNum(d, n) }},
		{"num binary", func(d []byte) []byte { return AppendNumBinary(d, n) }},
		{"date", func(d []byte) []byte { return AppendDate(d, 18262, nil) }},
		{"timestamp", func(d []byte) []byte { return AppendTimestamp(d, 1577934245678901, nil) }},
		{"timestamptz", func(d []byte) []byte { return AppendTimestampTZ(d, 1577934245678901, z, nil) }},
		{"float64", func(d []byte) []byte { return AppendFloat64(d, 3.14159) }},
		{"interval", func(d []byte) []byte { return AppendInterval(d, IntervalValue{Months: 14, Days: 3, Micros: 1e10}, nil) }},
	} {
		b.Run(c.name, func(b *testing.B) { benchAppend(b, c.f) })
	}
}

func BenchmarkNumeric(b *testing.B) {
	x, y := Num{Coef: Int128Of(123456789012), Scale: 2}, Num{Coef: Int128Of(98765), Scale: 3}
	b.ReportAllocs()
	b.Run("add", func(b *testing.B) {
		for b.Loop() {
			x.Add(y)
		}
	})
	b.Run("mul", func(b *testing.B) {
		for b.Loop() {
			x.Mul(y)
		}
	})
	b.Run("div", func(b *testing.B) {
		for b.Loop() {
			x.Div(y)
		}
	})
	b.Run("cmp", func(b *testing.B) {
		for b.Loop() {
			x.Cmp(y)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, c := range []struct {
		typ  Type
		text string
	}{
		{Of(Int64), "123456789"}, {DecimalOf(15, 2), "12345.67"}, {Of(Numeric), "12345.6789"}, {Of(Float64), "1.5e3"},
		{Of(Date), "2020-01-02"}, {Of(Timestamp), "2020-01-02 03:04:05.678"}, {Of(Date), "Jan 8, 1999"}, {Of(Interval), "1 day 02:03:04"},
	} {
		b.Run(c.typ.String()+" "+c.text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(c.typ, c.text, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkZoneColumn(b *testing.B) {
	z, err := LoadZone("America/New_York")
	if err != nil {
		b.Fatal(err)
	}
	in, out := make([]int64, 4096), make([]int64, 4096)
	for i := range in {
		in[i] = 1577934245678901 + int64(i)*microsPerHour
	}
	b.SetBytes(int64(8 * len(in)))
	for b.Loop() {
		z.ToLocalColumn(out, in)
	}
}
