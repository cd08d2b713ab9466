package eval

import (
	"math/rand"
	"testing"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// The columns of a page like lineitem's.
func benchPage() (*page.Page, []*expr.Column) {
	const n = 8192
	r := rand.New(rand.NewSource(1))
	dec := types.DecimalOf(15, 2)
	cols := []*expr.Column{{Index: 0, Typ: dec, Name: "price"}, {Index: 1, Typ: dec, Name: "discount"}, {Index: 2, Typ: dec, Name: "tax"},
		{Index: 3, Typ: types.Of(types.Date), Name: "shipdate"}, {Index: 4, Typ: txt, Name: "comment"}, {Index: 5, Typ: i4, Name: "k"}, {Index: 6, Typ: f8, Name: "f"}}
	words := []string{"special requests", "carefully final packages", "the quick brown fox jumps", "PROMO BRUSHED COPPER", "short"}
	vals := make([][]types.Value, len(cols))
	for range n {
		for c, v := range []types.Value{types.IntValue(r.Int63n(10000000)), types.IntValue(r.Int63n(11)), types.IntValue(r.Int63n(9)),
			types.IntValue(8000 + r.Int63n(2500)), types.StringValue(words[r.Intn(len(words))] + words[r.Intn(len(words))]), types.IntValue(r.Int63n(1000)), types.FloatValue(r.Float64())} {
			vals[c] = append(vals[c], v)
		}
	}
	p := page.New(n)
	for c, col := range cols {
		v, _ := page.FromValues(col.Typ, vals[c], page.Unaccounted{})
		p.Cols = append(p.Cols, v)
	}
	return p, cols
}

func BenchmarkEval(b *testing.B) {
	p, cols := benchPage()
	for _, sql := range []string{
		"k + 1", "k + k", "k * 3", "f * f + 1.5::float8", "price * (1 - discount)", "price * (1 - discount) * (1 + tax)",
		"extract(year from shipdate)", "year(shipdate)", "substring(comment, 1, 2)", "upper(comment)", "comment || 'x'",
		"CASE WHEN k < 500 THEN price ELSE 0.00 END", "comment LIKE '%special%requests%'", "shipdate + interval '1 month'", "k::bigint", "k::text",
	} {
		b.Run(sql, func(b *testing.B) {
			e, err := parseExpr(sql, cols...)
			if err != nil {
				b.Fatal(err)
			}
			ev, err := Compile(Fold(e, testEnv()), testEnv())
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				v, err := ev.Eval(p)
				if err != nil {
					b.Fatal(err)
				}
				v.Release()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(p.Rows), "ns/row")
		})
	}
}

func BenchmarkPredicate(b *testing.B) {
	p, cols := benchPage()
	for _, sql := range []string{
		"k < 500", "shipdate >= date '1994-01-01' AND shipdate < date '1995-01-01' AND discount BETWEEN 0.05 AND 0.07 AND price < 24000",
		"k = 5 OR k = 7 OR price < 100", "k IN (1, 5, 9)", "k IN (1, 5, 9, 11, 12, 13, 14, 15, 16, 17, 18)", "comment = 'shortshort'", "comment LIKE 'PROMO%'", "comment LIKE '%special%requests%'", "k * 2 < 500",
	} {
		b.Run(sql, func(b *testing.B) {
			e, err := parseExpr(sql, cols...)
			if err != nil {
				b.Fatal(err)
			}
			f, err := CompilePredicate(Fold(e, testEnv()), testEnv())
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				p.Sel = nil
				if err := f.Eval(p); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(p.Rows), "ns/row")
			p.Sel = nil
		})
	}
}
