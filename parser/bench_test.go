package parser_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-sql/muster/parser"
	"github.com/muster-sql/muster/parser/ast"
)

// tpchQueries reads the 22 queries from the corpora.
func tpchQueries(b *testing.B) map[string]string {
	files, err := filepath.Glob(filepath.Join(corporaDir(b), "bench", "tpch", "queries", "*.sql"))
	if err != nil || len(files) == 0 {
		b.Skip("SKIPPED: no TPC-H queries")
	}
	queries := map[string]string{}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		queries[strings.TrimSuffix(filepath.Base(path), ".sql")] = string(data)
	}
	return queries
}

// BenchmarkParseTPCH parses all 22 queries per operation.
func BenchmarkParseTPCH(b *testing.B) {
	queries := tpchQueries(b)
	size := 0
	for _, sql := range queries {
		size += len(sql)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, sql := range queries {
			if _, err := parser.Parse(sql); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(len(queries)), "µs/query")
}

// BenchmarkFormatTPCH prints all 22 queries per operation.
func BenchmarkFormatTPCH(b *testing.B) {
	var list []ast.Statement
	for _, sql := range tpchQueries(b) {
		s, err := parser.Parse(sql)
		if err != nil {
			b.Fatal(err)
		}
		list = append(list, s)
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, s := range list {
			ast.Format(s)
		}
	}
}

// BenchmarkParseInsert parses an INSERT of 1,000 rows.
func BenchmarkParseInsert(b *testing.B) {
	sql := "INSERT INTO t VALUES (1, 'abc', 2.5, NULL)" + strings.Repeat(", (123456, 'some text', 3.25, DATE '2024-01-01')", 999)
	b.SetBytes(int64(len(sql)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parser.Parse(sql); err != nil {
			b.Fatal(err)
		}
	}
}
