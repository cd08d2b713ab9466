package dbgen

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

var tableNames = [TableCount]string{"region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem"}

func newGenerator(t testing.TB, scale float64) *Generator {
	t.Helper()
	g, err := New(Options{Scale: scale})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func allColumns(g *Generator, t Table) []int {
	all := make([]int, len(g.Columns(t)))
	for i := range all {
		all[i] = i
	}
	return all
}

// writeRows writes rows as text, a line each, the columns separated by bars.
func writeRows(w io.Writer, columns []Column, vectors []Vector, rows int) {
	var b []byte
	for i := range rows {
		for c := range columns {
			if c > 0 {
				b = append(b, '|')
			}
			b = appendValue(b, &columns[c], &vectors[c], i)
		}
		b = append(b, '\n')
	}
	_, _ = w.Write(b)
}

func appendValue(b []byte, c *Column, v *Vector, i int) []byte {
	switch c.Kind {
	case Bigint:
		return strconv.AppendInt(b, v.Int64[i], 10)
	case Integer:
		return strconv.AppendInt(b, int64(v.Int32[i]), 10)
	case Decimal:
		n := v.Int64[i]
		if n < 0 {
			b, n = append(b, '-'), -n
		}
		return fmt.Appendf(b, "%d.%02d", n/100, n%100)
	case Date:
		return time.Unix(int64(v.Int32[i])*86400, 0).UTC().AppendFormat(b, time.DateOnly)
	case Enum:
		return append(b, c.Values[v.Int32[i]]...)
	default:
		return append(b, v.String(i)...)
	}
}

// writeTable writes a table in ranges of step units.
func writeTable(w io.Writer, g *Generator, t Table, step int64) {
	columns := g.Columns(t)
	r := g.NewReader(t, allColumns(g, t))
	out := make([]Vector, len(columns))
	for first, units := int64(0), g.Units(t); first < units; first += step {
		writeRows(w, columns, out, r.Read(first, min(step, units-first), out))
	}
}

// corpus returns a file of the corpora or skips the test.
func corpus(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("MUSTER_CORPORA")
	for dir, up := ".", 0; root == "" && up < 8; dir, up = filepath.Join("..", dir), up+1 {
		if at := filepath.Join(dir, "..", "shared", "corpora"); exists(at) {
			root = at
		}
	}
	path := filepath.Join(root, name)
	if root == "" || !exists(path) {
		t.Skipf("SKIPPED: no corpus %s; set MUSTER_CORPORA", name)
	}
	return path
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestRowsEqualTheReferenceGenerators(t *testing.T) {
	g := newGenerator(t, 0.01)
	for table := range TableCount {
		t.Run(tableNames[table], func(t *testing.T) {
			f, err := os.Open(corpus(t, "bench/tpch/data_csv/sf0.01/"+tableNames[table]+".csv.gz"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			z, err := gzip.NewReader(f)
			if err != nil {
				t.Fatal(err)
			}
			want := bufio.NewScanner(z)
			reader, writer := io.Pipe()
			done := make(chan struct{})
			go func() {
				defer close(done)
				writeTable(writer, g, table, 1000)
				_ = writer.Close()
			}()
			got := bufio.NewScanner(reader)
			for line := 1; ; line++ {
				more, expected := got.Scan(), want.Scan()
				if more != expected {
					t.Fatalf("row %d: generated %v, corpus %v", line, more, expected)
				}
				if !more {
					break
				}
				if got.Text() != strings.ReplaceAll(want.Text(), `"`, "") {
					t.Fatalf("row %d:\n got %s\nwant %s", line, got.Text(), want.Text())
				}
			}
			<-done
		})
	}
}

// Hashes of whole tables, whose data was compared with the reference data row
// by row when they were taken.
var tableHashes = []struct {
	scale    float64
	comments TextBytes
	hashes   [TableCount]string
}{
	{0.01, ShortText, [TableCount]string{
		"2b12cdddbe69a491", "7986406c8b57b41e", "1616ce014a17ff8e", "cb51fb2628146829",
		"291ced66c49d7c38", "171d4b70266dc792", "8615292d30469b6b", "399683ecadd15521",
	}},
	{0.1, ShortText, [TableCount]string{
		"2b12cdddbe69a491", "7986406c8b57b41e", "1b939342b0126b8a", "4915acc063111532",
		"bbbe5fa554b41bc6", "2709e80c04b856ae", "0ccf13f73edc7db0", "34cf98e69a36e6ea",
	}},
	{0.01, FullText, [TableCount]string{
		"5a7c2fe9718db00f", "7d47bc9397da3310", "c24affca86105f62", "ad6b18da2cc21a56",
		"604232ee10e95dca", "906f58419af6ad5d", "a444603dfba6c47e", "234f247a5776096d",
	}},
}

func TestTablesHaveTheKnownHashes(t *testing.T) {
	for _, c := range tableHashes {
		g, err := New(Options{Scale: c.scale, Comments: c.comments})
		if err != nil {
			t.Fatal(err)
		}
		for table := range TableCount {
			h := sha256.New()
			writeTable(h, g, table, 1013)
			if got := hex.EncodeToString(h.Sum(nil)[:8]); got != c.hashes[table] {
				t.Errorf("%s at %g with %d bytes of text: got hash %s, want %s", tableNames[table], c.scale, c.comments, got, c.hashes[table])
			}
		}
	}
}

func TestAnyRangeEqualsItsPartOfTheTable(t *testing.T) {
	g := newGenerator(t, 0.01)
	for table := range TableCount {
		var whole, parts bytes.Buffer
		writeTable(&whole, g, table, g.Units(table))
		writeTable(&parts, g, table, 7)
		if !bytes.Equal(whole.Bytes(), parts.Bytes()) {
			t.Errorf("%s in ranges of 7 differs from the whole", tableNames[table])
		}
	}
}

func TestEachColumnAloneEqualsThatOfTheWholeRow(t *testing.T) {
	g := newGenerator(t, 0.1)
	const first, n = 777, 300
	for table := Supplier; table < TableCount; table++ {
		columns := g.Columns(table)
		all := make([]Vector, len(columns))
		rows := g.NewReader(table, allColumns(g, table)).Read(first, n, all)
		for c := range columns {
			var one [1]Vector
			if got := g.NewReader(table, []int{c}).Read(first, n, one[:]); got != rows {
				t.Fatalf("%s alone has %d rows, want %d", columns[c].Name, got, rows)
			}
			for i := range rows {
				got, want := appendValue(nil, &columns[c], &one[0], i), appendValue(nil, &columns[c], &all[c], i)
				if !bytes.Equal(got, want) {
					t.Fatalf("%s alone, row %d: got %s, want %s", columns[c].Name, i, got, want)
				}
			}
		}
	}
}

func TestRowCountsAreThePublishedOnes(t *testing.T) {
	for _, c := range []struct {
		scale float64
		table Table
		rows  int64
	}{
		{0.01, LineItem, 60_175}, {0.1, LineItem, 600_572}, {1, LineItem, 6_001_215}, {10, LineItem, 59_986_052},
		{1, Orders, 1_500_000}, {1, PartSupp, 800_000}, {10, Part, 2_000_000}, {0.001, Supplier, 10},
		{1.5, Customer, 225_000}, {100, Nation, 25},
	} {
		if got := newGenerator(t, c.scale).Rows(c.table); got != c.rows {
			t.Errorf("rows of %s at %g: got %d, want %d", tableNames[c.table], c.scale, got, c.rows)
		}
	}
}

func TestFirstRowsAtScaleOneWithFullText(t *testing.T) {
	g, err := New(Options{Scale: 1, Comments: FullText})
	if err != nil {
		t.Fatal(err)
	}
	out := make([]Vector, 16)
	g.NewReader(LineItem, allColumns(g, LineItem)).Read(0, 1, out)
	var b bytes.Buffer
	writeRows(&b, g.Columns(LineItem), out, 1)
	const want = "1|155190|7706|1|17.00|21168.23|0.04|0.02|N|O|1996-03-13|1996-02-12|1996-03-22|DELIVER IN PERSON|TRUCK|egular courts above the\n"
	if b.String() != want {
		t.Errorf("got %swant %s", b.String(), want)
	}
}

func TestOrderRowFindsTheFirstOrderFromAKeyOn(t *testing.T) {
	row := int64(0)
	for key := int64(-3); key < 300; key++ {
		for OrderKey(row) < key {
			row++
		}
		if got := OrderRow(key); got != row {
			t.Fatalf("order row of key %d: got %d, want %d", key, got, row)
		}
	}
}

func TestScaleFactorsOutOfRangeAreRefused(t *testing.T) {
	for _, scale := range []float64{0, -1, 0.0009, 10_001, math.NaN(), math.Inf(1)} {
		if _, err := New(Options{Scale: scale}); sqlerr.CodeOf(err) != sqlerr.InvalidParameterValue {
			t.Errorf("scale %g: got error %v", scale, err)
		}
	}
}

func BenchmarkRows(b *testing.B) {
	g := newGenerator(b, 1)
	for _, c := range []struct {
		name    string
		table   Table
		columns []int
	}{
		{"lineitem", LineItem, allColumns(g, LineItem)},
		{"lineitem without comment", LineItem, allColumns(g, LineItem)[:15]},
		{"lineitem count", LineItem, nil},
		{"orders", Orders, allColumns(g, Orders)},
		{"part", Part, allColumns(g, Part)},
		{"customer", Customer, allColumns(g, Customer)},
		{"partsupp", PartSupp, allColumns(g, PartSupp)},
	} {
		b.Run(c.name, func(b *testing.B) {
			r, out, rows := g.NewReader(c.table, c.columns), make([]Vector, len(c.columns)), 0
			r.Read(0, 1024, out)
			b.ReportAllocs()
			for i := int64(0); b.Loop(); i++ {
				rows += r.Read(i%100*1024, 1024, out)
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
	}
}
