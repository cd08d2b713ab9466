package shell

import (
	"bufio"
	"encoding/json"
	"strings"
	"testing"
)

// cells is a row of text; "NULL" is NULL.
func cells(values ...string) [][]byte {
	out := make([][]byte, len(values))
	for i, v := range values {
		if v != "NULL" {
			out[i] = []byte(v)
		}
	}
	return out
}

func printed(t *testing.T, s style, cols []column, rows ...[][]byte) string {
	t.Helper()
	var b strings.Builder
	w := bufio.NewWriter(&b)
	p := newPrinter(s, w)
	if err := p.begin(cols); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := p.row(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.end(); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var sampleColumns = []column{{name: "id", oid: oidInt4, right: true}, {name: "name", oid: 25}, {name: "ok", oid: oidBool}}

var sampleRows = [][][]byte{
	cells("1", "one", "t"), cells("22", `say "hi", you`, "NULL"), cells("NULL", "two\nlines", "f"), cells("4", "", "t"), cells("5", "日本", "t"),
}

func TestFormatsOfResults(t *testing.T) {
	for _, c := range []struct {
		name  string
		style style
		want  string
	}{
		{"table", style{format: formatTable, null: "NULL"}, `
  id  |     name      |  ok  
------+---------------+------
    1 | one           | t
   22 | say "hi", you | NULL
 NULL | two          +| f
      | lines         | 
    4 |               | t
    5 | 日本          | t
(5 rows)

`},
		{"tuples only", style{format: formatTable, tuplesOnly: true}, `
  1 | one           | t
 22 | say "hi", you | 
    | two          +| f
    | lines         | 
  4 |               | t
  5 | 日本          | t
`},
		{"csv", style{format: formatCSV}, `
id,name,ok
1,one,t
22,"say ""hi"", you",
,"two
lines",f
4,"",t
5,日本,t
`},
		{"tsv", style{format: formatTSV}, `
id	name	ok
1	one	t
22	say "hi", you	\N
\N	two\nlines	f
4		t
5	日本	t
`},
		{"json", style{format: formatJSON}, `
[
{"id":1,"name":"one","ok":true},
{"id":22,"name":"say \"hi\", you","ok":null},
{"id":null,"name":"two\nlines","ok":false},
{"id":4,"name":"","ok":true},
{"id":5,"name":"日本","ok":true}
]
`},
		{"jsonl", style{format: formatJSONL}, `
{"id":1,"name":"one","ok":true}
{"id":22,"name":"say \"hi\", you","ok":null}
{"id":null,"name":"two\nlines","ok":false}
{"id":4,"name":"","ok":true}
{"id":5,"name":"日本","ok":true}
`},
		{"markdown", style{format: formatMarkdown, null: "NULL"}, `
| id | name | ok |
| ---: | --- | --- |
| 1 | one | t |
| 22 | say "hi", you | NULL |
| NULL | two<br>lines | f |
| 4 |  | t |
| 5 | 日本 | t |
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := "\n" + printed(t, c.style, sampleColumns, sampleRows...); got != c.want {
				t.Errorf("got%s\nwant%s", got, c.want)
			}
		})
	}
}

func TestRecordsArePrintedOneValueALine(t *testing.T) {
	want := "-[ RECORD 1 ]---------------------------\nid   | 1\nname | one\nok   | t\n" +
		"-[ RECORD 2 ]---------------------------\nid   | NULL\nname | two\n     | lines\nok   | f\n\n"
	if got := printed(t, style{format: formatVertical, null: "NULL"}, sampleColumns, sampleRows[0], sampleRows[2]); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	auto := printed(t, style{format: formatTable, null: "NULL", expanded: expandedAuto, columns: 10}, sampleColumns, sampleRows[0], sampleRows[2])
	if auto != want {
		t.Errorf("auto: got\n%s", auto)
	}
}

func TestRowsAfterTheSampleKeepTheWidths(t *testing.T) {
	rows := make([][][]byte, sampleRowsMax+1)
	for i := range rows {
		rows[i] = cells("1", "x", "t")
	}
	rows[sampleRowsMax] = cells("123456", "wide value", "t")
	lines := strings.Split(printed(t, style{format: formatTable}, sampleColumns, rows...), "\n")
	if got, want := lines[2], "  1 | x    | t"; got != want {
		t.Errorf("sampled: %q, want %q", got, want)
	}
	if got, want := lines[2+sampleRowsMax], " 123456 | wide value | t"; got != want {
		t.Errorf("later: %q, want %q", got, want)
	}
}

func TestWideValuesAreShortenedWherePeopleLook(t *testing.T) {
	for in, want := range map[string]string{"short": "short", "abcdefghijk": "abcdefghi…", "ab\ncd": "ab\ncd", "abcdef\nghijkl": "abcdef…", "日本日本日本": "日本日本…"} {
		if got := shorten(in, 10); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestValuesBecomeJSONExactly(t *testing.T) {
	for _, c := range []struct {
		oid      uint32
		in, want string
	}{
		{oidNumeric, "123456789012345678901234567890.10", "123456789012345678901234567890.10"},
		{oidNumeric, "NaN", `"NaN"`},
		{oidFloat8, "1e+300", "1e+300"},
		{oidFloat8, "-Infinity", `"-Infinity"`},
		{25, "a\x01\"\\é", `"a\u0001\"\\é"`},
		{25, "bad \xff utf8", `"bad � utf8"`},
		{oidJSON, `{"a": [1, 2]}`, `{"a": [1, 2]}`},
		{1007, "{}", "[]"},
		{1007, "{1,NULL,3}", "[1,null,3]"},
		{1007, "{{1,2},{3,4}}", "[[1,2],[3,4]]"},
		{1007, "[0:1]={7,8}", "[7,8]"},
		{1009, `{a,"b,c","d\"e","\\",NULL,"NULL",""}`, `["a","b,c","d\"e","\\",null,"NULL",""]`},
		{1000, "{t,f}", "[true,false]"},
		{oidJSONBArray, `{"{\"a\": 1}"}`, `[{"a": 1}]`},
		{1007, "{1,", `"{1,"`},
		{oidRecord, `(1,"a ""q"", b",,"(2,x)")`, `{"f1":"1","f2":"a \"q\", b","f3":null,"f4":"(2,x)"}`},
		{oidRecord, "()", "{}"},
		{oidRecord, "(1", `"(1"`},
		{1082, "2026-11-21", `"2026-11-21"`},
	} {
		got := string(appendJSON(nil, []byte(c.in), c.oid))
		if got != c.want {
			t.Errorf("%d %s: got %s, want %s", c.oid, c.in, got, c.want)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("%d %s: not JSON: %s", c.oid, c.in, got)
		}
	}
}

func TestKeysOfJSONObjectsAreUnique(t *testing.T) {
	got := printed(t, style{format: formatJSONL}, []column{{name: "a"}, {name: "a"}, {name: "a_1"}}, cells("1", "2", "3"))
	if want := `{"a":"1","a_1":"2","a_1_1":"3"}` + "\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzJSON(f *testing.F) {
	f.Add(uint32(1009), `{a,"b"}`)
	f.Add(uint32(oidRecord), `(1,"a""b")`)
	f.Add(uint32(oidNumeric), `1e5`)
	f.Fuzz(func(t *testing.T, oid uint32, s string) {
		if got := appendJSON(nil, []byte(s), oid); !json.Valid(got) {
			t.Fatalf("%d %q: %s", oid, s, got)
		}
	})
}
