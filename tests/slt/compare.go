package slt

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var hashed = regexp.MustCompile(`^(\d+) values hashing to ([0-9a-f]{32})$`)

// multisetMax bounds the rows for which an order under tolerance is searched.
const multisetMax = 400

// table is a result beside what the record says of it.
type table struct {
	rows  [][]Cell
	cols  []Col
	types string
	sort  string
}

func (t table) oid(i int) uint32 {
	if i < len(t.cols) {
		return t.cols[i].OID
	}
	return oidText
}

func (t table) letter(i int) byte {
	if i < len(t.types) {
		return t.types[i]
	}
	return 0
}

// compare returns why the result is not the expected one, or nothing.
func (c comparer) compare(r *Record, want []string, res Result) string {
	t := table{rows: res.Rows, cols: res.Cols, types: r.Types, sort: r.Sort}
	if t.sort == "sort" {
		t.sort = "rowsort"
	}
	if len(want) == 1 {
		if m := hashed.FindStringSubmatch(strings.TrimSpace(want[0])); m != nil {
			return t.hash(m[1], m[2])
		}
	}
	switch {
	case len(want) == 0 && len(t.rows) > 0:
		return fmt.Sprintf("expected no rows, got %d", len(t.rows))
	case len(want) == 0:
		return ""
	case len(t.cols) == 0:
		return "no result columns"
	}
	equal := false
	switch {
	case t.sort == "valuesort":
		equal = c.valuewise(want, t)
	case c.rowwise(want, t):
		equal = true
	default:
		equal = c.cellwise(want, t)
	}
	if equal {
		return ""
	}
	return t.difference(want)
}

// rowwise reads a line as a row: cells apart by tabs, or by spaces.
func (c comparer) rowwise(want []string, t table) bool {
	if len(want) != len(t.rows) {
		return false
	}
	n := len(t.cols)
	if lines, ok := split(want, n, func(l string) []string { return strings.Split(l, "\t") }); ok && c.rows(lines, t) {
		return true
	}
	if c.strict {
		return false
	}
	if lines, ok := split(want, n, strings.Fields); ok && c.rows(lines, t) {
		return true
	}
	return plainEqual(want, t) || t.sort == "nosort" && c.greedyRows(want, t)
}

// cellwise reads a line as a cell.
func (c comparer) cellwise(want []string, t table) bool {
	n := len(t.cols)
	if len(want) != len(t.rows)*n {
		return false
	}
	var lines [][]string
	for i := 0; i < len(want); i += n {
		lines = append(lines, want[i:i+n])
	}
	if c.rows(lines, t) {
		return true
	}
	if c.strict {
		return false
	}
	// SQLite cuts I to an integer and prints R with three places
	shown := t
	shown.cols = nil
	shown.rows = make([][]Cell, len(t.rows))
	for i, row := range t.rows {
		for k, v := range row {
			shown.rows[i] = append(shown.rows[i], Cell{Text: sqliteText(v, t.letter(k), t.oid(k)), Null: v.Null})
		}
	}
	return c.rows(lines, shown)
}

// valuewise compares all values as one sorted column.
func (c comparer) valuewise(want []string, t table) bool {
	n := len(t.cols)
	vals := want
	if len(want) == len(t.rows) && n > 1 {
		vals = nil
		for _, l := range want {
			vals = append(vals, strings.Split(l, "\t")...)
		}
		if len(vals) != len(t.rows)*n {
			vals = nil
			for _, l := range want {
				vals = append(vals, strings.Fields(l)...)
			}
		}
	}
	var lines [][]string
	for _, v := range vals {
		lines = append(lines, []string{v})
	}
	column := table{types: t.types[:min(1, len(t.types))], sort: "rowsort"}
	same := true
	for _, col := range t.cols {
		same = same && col.OID == t.cols[0].OID
	}
	if same {
		column.cols = t.cols[:1]
	}
	for _, row := range t.rows {
		for _, v := range row {
			column.rows = append(column.rows, []Cell{v})
		}
	}
	return c.rows(lines, column)
}

// rows compares in the order that the record's sort mode asks for.
func (c comparer) rows(want [][]string, t table) bool {
	if len(want) != len(t.rows) {
		return false
	}
	got := t.rows
	if t.sort == "rowsort" {
		want, got = slices.Clone(want), slices.Clone(got)
		sortBy(want, func(row []string) string { return sortKey(row, func(s string) string { return s }) })
		sortBy(got, func(row []Cell) string { return sortKey(row, cellText) })
	}
	equal := true
	for i := range want {
		if !c.row(want[i], got[i], t) {
			equal = false
			break
		}
	}
	if equal || t.sort != "rowsort" || len(want) > multisetMax {
		return equal
	}
	left := slices.Clone(got)
	for _, w := range want {
		i := slices.IndexFunc(left, func(g []Cell) bool { return c.row(w, g, t) })
		if i < 0 {
			return false
		}
		left = slices.Delete(left, i, i+1)
	}
	return true
}

func (c comparer) row(want []string, got []Cell, t table) bool {
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if !c.cell(want[i], got[i], t.oid(i), t.letter(i)) {
			return false
		}
	}
	return true
}

// greedyRows splits each line at spaces into cells that have spaces themselves.
func (c comparer) greedyRows(want []string, t table) bool {
	for i, l := range want {
		if !c.greedy(strings.Fields(l), t.rows[i], 0, t) {
			return false
		}
	}
	return true
}

func (c comparer) greedy(words []string, row []Cell, at int, t table) bool {
	if at == len(row) {
		return len(words) == 0
	}
	v := row[at]
	v.Text = strings.Join(strings.Fields(v.Text), " ")
	for n := 1; n <= min(len(words), cellMatchMax); n++ {
		if c.cell(strings.Join(words[:n], " "), v, t.oid(at), t.letter(at)) && c.greedy(words[n:], row, at+1, t) {
			return true
		}
	}
	return !v.Null && v.Text == "" && c.greedy(words, row, at+1, t)
}

// plainEqual compares lines as DataFusion and its kind print rows, runs of
// spaces made one.
func plainEqual(want []string, t table) bool {
	w, g := make([]string, len(want)), make([]string, len(want))
	for i, l := range want {
		w[i] = strings.Join(strings.Fields(l), " ")
		var cells []string
		for k, v := range t.rows[i] {
			cells = append(cells, plainText(v, 0, t.oid(k)))
		}
		g[i] = strings.Join(strings.Fields(strings.Join(cells, " ")), " ")
	}
	if t.sort == "rowsort" {
		slices.Sort(w)
		slices.Sort(g)
	}
	return slices.Equal(w, g)
}

// hash compares the MD5 of all values, each followed by a line break.
func (t table) hash(count, sum string) string {
	n := 0
	for _, row := range t.rows {
		n += len(row)
	}
	if strconv.Itoa(n) != count {
		return fmt.Sprintf("expected %s values, got %d", count, n)
	}
	for _, text := range []func(Cell, byte, uint32) string{sqliteText, plainText} {
		rows := make([][]string, len(t.rows))
		for i, row := range t.rows {
			for k, v := range row {
				rows[i] = append(rows[i], text(v, t.letter(k), t.oid(k)))
			}
		}
		if t.sort == "rowsort" {
			slices.SortFunc(rows, slices.Compare[[]string])
		}
		vals := slices.Concat(rows...)
		if t.sort == "valuesort" {
			slices.Sort(vals)
		}
		h := md5.Sum([]byte(strings.Join(append(vals, ""), "\n")))
		if hex.EncodeToString(h[:]) == sum {
			return ""
		}
	}
	return fmt.Sprintf("hash differs (%d values)", n)
}

// difference shows the beginning of both sides.
func (t table) difference(want []string) string {
	var got []string
	for _, row := range t.rows[:min(3, len(t.rows))] {
		var cells []string
		for _, v := range row {
			cells = append(cells, cellText(v))
		}
		got = append(got, strings.Join(cells, "\t"))
	}
	s := fmt.Sprintf("expected %d lines %q, got %d rows %q", len(want), want[:min(3, len(want))], len(t.rows), got)
	return s[:min(len(s), 400)]
}

func split(want []string, n int, cut func(string) []string) ([][]string, bool) {
	out := make([][]string, len(want))
	for i, l := range want {
		if n == 1 {
			out[i] = []string{l}
		} else if out[i] = cut(l); len(out[i]) != n {
			return nil, false
		}
	}
	return out, true
}

func sortBy[T any](rows [][]T, key func([]T) string) {
	keys := map[*T]string{}
	of := func(r []T) string {
		if len(r) == 0 {
			return ""
		}
		k, ok := keys[&r[0]]
		if !ok {
			k = key(r)
			keys[&r[0]] = k
		}
		return k
	}
	slices.SortStableFunc(rows, func(a, b []T) int { return strings.Compare(of(a), of(b)) })
}

// sortKey brings rows of both sides into one order, whatever way they print
// numbers, booleans and timestamps.
func sortKey[T any](row []T, text func(T) string) string {
	var out strings.Builder
	for _, v := range row {
		s := text(v)
		if n, ok := parseNumber(s); ok && n.v != nil {
			f, _ := n.v.Float64()
			s = strconv.FormatFloat(f, 'g', 9, 64)
		} else if timestampText.MatchString(s) {
			s = strings.Replace(s, "T", " ", 1)
		} else {
			switch s {
			case "t":
				s = "true"
			case "f":
				s = "false"
			case "":
				s = "(empty)"
			}
		}
		out.WriteString(s)
		out.WriteByte(0)
	}
	return out.String()
}

func cellText(v Cell) string {
	if v.Null {
		return "NULL"
	}
	return v.Text
}

// sqliteText is SQLite's own text form, which its hashes are made of.
func sqliteText(v Cell, letter byte, oid uint32) string {
	if v.Null {
		return "NULL"
	}
	s := v.Text
	if oid == oidBool {
		s = map[bool]string{true: "1", false: "0"}[s == "t"]
	}
	n, numeric := parseNumber(s)
	switch {
	case letter == 'I' && numeric && n.v != nil:
		i, _ := n.v.Int(new(big.Int))
		return i.String()
	case letter == 'I' && !numeric:
		return "0"
	case letter == 'R' && numeric && n.v != nil:
		f, _ := n.v.Float64()
		return strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(f, 'f', 3, 64)), "+")
	case letter == 'I' || letter == 'R':
		return s
	case s == "":
		return "(empty)"
	}
	return strings.Map(func(r rune) rune {
		if r < 32 || r > 126 {
			return '@'
		}
		return r
	}, s)
}

// plainText is how DuckDB and DataFusion print a value.
func plainText(v Cell, _ byte, oid uint32) string {
	switch {
	case v.Null:
		return "NULL"
	case v.Text == "":
		return "(empty)"
	case oid == oidBool:
		return map[string]string{"t": "true", "f": "false"}[v.Text]
	case oid == oidBytea && strings.HasPrefix(v.Text, `\x`):
		if blob, ok := blobText(v.Text); ok {
			return blob
		}
	case v.Text[0] == '{' && arrayOIDs[oid]:
		return listText(v.Text)
	}
	return v.Text
}

// arrayOIDs are the array types of the catalog that tests use.
var arrayOIDs = map[uint32]bool{
	199: true, 1000: true, 1001: true, 1005: true, 1007: true, 1009: true, 1014: true, 1015: true, 1016: true, 1021: true, 1022: true,
	1028: true, 1115: true, 1182: true, 1183: true, 1185: true, 1187: true, 1231: true, 2951: true, 3807: true,
}
