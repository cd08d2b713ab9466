package slt

import (
	"strings"
	"testing"
)

func TestCellComparison(t *testing.T) {
	for _, c := range []struct {
		want   string
		got    string
		oid    uint32
		letter byte
		loose  bool // equal where other engines' forms are accepted
		strict bool
	}{
		{"1", "1", oidInt4, 'I', true, true},
		{"1", "1.0", 1700, 'R', true, false},
		{"0.333", "0.33333333333333333333", 1700, 'R', true, false},
		{"0.333", "0.3341", 1700, 'R', false, false},
		{"10000000", "10000001", oidInt8, 'I', false, false},
		{"true", "t", oidBool, 'B', true, false},
		{"[1, 2, NULL]", "{1,2,NULL}", 1007, '?', true, false},
		{"[a b, c]", `{"a b",c}`, 1009, '?', true, false},
		{"2020-01-01 00:00:00", "2020-01-01", 1082, '?', true, false},
		{"2020-01-01T01:02:03", "2020-01-01 01:02:03", 1114, '?', true, false},
		{"1 year 2 months", "1 year 2 mons", oidInterval, '?', true, false},
		{"25:00:00", "1 day 01:00:00", oidInterval, '?', false, false},
		{`\x01\xABc`, `\x01ab63`, oidBytea, '?', true, false},
		{`\x01\xABd`, `\x01ab63`, oidBytea, 'T', false, false},
		{"abc", "abc ", oidText, 'T', true, false},
		{`a\nb`, "a\nb", oidText, 'T', true, true},
		{"NaN", "NaN", 701, 'R', true, true},
		{"inf", "Infinity", 701, 'R', true, false},
		{"<REGEX>:a.*c", "abc", oidText, 'T', true, true},
		{"<!REGEX>:a.*c", "abc", oidText, 'T', false, false},
	} {
		for _, strict := range []bool{false, true} {
			want := c.loose
			if strict {
				want = c.strict
			}
			cmp := comparer{strict: strict, tolerance: 1e-6}
			if got := cmp.cell(c.want, Cell{Text: c.got}, c.oid, c.letter); got != want {
				t.Errorf("%q against %q, strict %v: %v", c.want, c.got, strict, got)
			}
		}
	}
	if !(comparer{}).cell("NULL", Cell{Null: true}, oidText, 'T') || (comparer{}).cell("", Cell{Null: true}, oidText, 'T') {
		t.Error("null is written NULL and nothing else")
	}
}

func TestRowsAreReadInEveryDialect(t *testing.T) {
	cells := func(rows ...string) Result {
		var res Result
		for _, r := range rows {
			var row []Cell
			for _, v := range strings.Split(r, "|") {
				row = append(row, Cell{Text: v, Null: v == "NULL"})
			}
			res.Rows = append(res.Rows, row)
		}
		res.Cols = make([]Col, len(res.Rows[0]))
		return res
	}
	for name, c := range map[string]struct {
		sort string
		want []string
		got  Result
	}{
		"tabs":                {"nosort", []string{"1\tx y", "2\tNULL"}, cells("1|x y", "2|NULL")},
		"spaces":              {"nosort", []string{"1 x", "2  NULL"}, cells("1|x", "2|NULL")},
		"spaces in cells":     {"nosort", []string{"1 x y z"}, cells("1|x y|z")},
		"one value a line":    {"nosort", []string{"1", "x", "2", "NULL"}, cells("1|x", "2|NULL")},
		"rows in any order":   {"rowsort", []string{"2 y", "1 x"}, cells("1|x", "2|y")},
		"values in any order": {"valuesort", []string{"1", "2", "x", "y"}, cells("1|x", "2|y")},
	} {
		r := &Record{Sort: c.sort, Types: "TT"}
		if why := (comparer{tolerance: 1e-6}).compare(r, c.want, c.got); why != "" {
			t.Errorf("%s: %s", name, why)
		}
		if why := (comparer{tolerance: 1e-6}).compare(r, append([]string{"9 9"}, c.want[1:]...), c.got); why == "" {
			t.Errorf("%s: another value was taken as equal", name)
		}
	}
}

func TestParseReadsTheDialects(t *testing.T) {
	records := Parse(strings.TrimLeft(`
# a comment
skipif mysql # not there
statement ok
CREATE TABLE t
  (a int)

query II rowsort label-1
SELECT 1, 2
----
1	2

query error division by zero
SELECT 1/0

statement error
SELECT x
----
no such column

loop i 0 3

query I colnames,rowsort
SELECT ${i}
----
a
0

endloop

halt
`, "\n"))
	if len(records) != 6 {
		t.Fatalf("%d records", len(records))
	}
	create, query, refused, failed, loop, halt := records[0], records[1], records[2], records[3], records[4], records[5]
	switch {
	case create.SQL != "CREATE TABLE t\n  (a int)" || len(create.Conds) != 1 || create.Line != 3:
		t.Errorf("%+v", create)
	case query.Types != "II" || query.Sort != "rowsort" || query.Label != "label-1" || len(query.Results) != 1:
		t.Errorf("%+v", query)
	case refused.Expect != "error" || refused.ErrorText != "division by zero" || !refused.IsQuery:
		t.Errorf("%+v", refused)
	case failed.ErrorText != "no such column":
		t.Errorf("%+v", failed)
	case loop.Kind != Loop || len(loop.Body) != 1 || !loop.Body[0].Header || loop.Body[0].Sort != "rowsort":
		t.Errorf("%+v", loop)
	case halt.Kind != Control || halt.Args[0] != "halt":
		t.Errorf("%+v", halt)
	}
}

func TestSkipReasonsAreAClosedList(t *testing.T) {
	for line, ok := range map[string]bool{
		"duckdb test/x.test:12 contradicts-postgresql":      true,
		"* *:* not-built: window functions /(?i)over *\\(/": true,
		"sqlite a.test:1 not-built":                         false,
		"sqlite a.test:1 because":                           false,
		"sqlite a.test:1 error-text-only: x":                false,
	} {
		if _, err := parseSkip(line); (err == nil) != ok {
			t.Errorf("%q: %v", line, err)
		}
	}
	if _, err := ReadSkips("skip.txt"); err != nil {
		t.Error(err)
	}
	got := Skips(nil).Reason("x", Outcome{Code: "0A000", Why: "error: window functions are not supported: rank"})
	if got != "not-built: window functions are not supported" {
		t.Error(got)
	}
}
