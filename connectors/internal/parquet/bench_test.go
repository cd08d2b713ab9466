package parquet

import (
	"os"
	"testing"

	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// BenchmarkScan reads columns of lineitem: of MUSTER_BENCH_FILE, or of the
// public TPC-H files.
func BenchmarkScan(b *testing.B) {
	name := os.Getenv("MUSTER_BENCH_FILE")
	if name == "" {
		name = corpora(b, "bench", "tpch", "data", "sf0.1", "lineitem.parquet")
	}
	pool := page.Unaccounted{}
	f, o, err := openFile(b, name, pool)
	if err != nil {
		b.Fatal(err)
	}
	defer o.Close()
	for _, c := range []struct {
		name    string
		columns []int
	}{
		{"integers", []int{0, 1, 2, 3}}, {"decimals", []int{4, 5, 6, 7}}, {"flags", []int{8, 9, 13, 14}},
		{"dates", []int{10, 11, 12}}, {"comment", []int{15}}, {"q1", []int{4, 5, 6, 7, 8, 9, 10}}, {"q6", []int{4, 5, 6, 10}},
		{"all", []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			var rows int64
			for range b.N {
				opt := allColumns(f, o, pool)
				opt.Output = c.columns
				s, err := f.Scan(opt)
				if err != nil {
					b.Fatal(err)
				}
				n, err := drain(s, nil)
				if err != nil {
					b.Fatal(err)
				}
				rows += n
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds()/1e6, "Mrows/s")
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(rows), "ns/row")
		})
	}
}

// BenchmarkDynamicFilter reads keys and a comment under a filter of some keys.
func BenchmarkDynamicFilter(b *testing.B) {
	name := os.Getenv("MUSTER_BENCH_FILE")
	if name == "" {
		name = corpora(b, "bench", "tpch", "data", "sf0.1", "lineitem.parquet")
	}
	pool := page.Unaccounted{}
	f, o, err := openFile(b, name, pool)
	if err != nil {
		b.Fatal(err)
	}
	defer o.Close()
	var vals []types.Value
	for i := range 200 {
		vals = append(vals, types.IntValue(int64(i*997%200_000)))
	}
	b.ReportAllocs()
	var rows int64
	for range b.N {
		opt := allColumns(f, o, pool)
		opt.Output = []int{1, 15}
		opt.Live = constLive{domain.Tuple{1: domain.Of(types.Of(types.Int64), vals...)}}
		s, err := f.Scan(opt)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := drain(s, nil); err != nil {
			b.Fatal(err)
		}
		rows += s.Stats().RowsRead
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(rows), "ns/row")
}
