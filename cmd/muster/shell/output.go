package shell

import (
	"bufio"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// The formats of results.
const (
	formatTable    = "table"
	formatCSV      = "csv"
	formatTSV      = "tsv"
	formatJSON     = "json"
	formatJSONL    = "jsonl"
	formatMarkdown = "markdown"
	formatVertical = "vertical"
)

// Formats lists what --output takes.
func Formats() []string {
	return []string{formatTable, formatCSV, formatTSV, formatJSON, formatJSONL, formatMarkdown, formatVertical}
}

// column describes a column of a result.
type column struct {
	name  string
	oid   uint32
	right bool // numbers are aligned to the right
}

func columnsOf(fields []pgconn.FieldDescription) []column {
	out := make([]column, len(fields))
	for i, f := range fields {
		out[i] = column{name: f.Name, oid: f.DataTypeOID, right: slices.Contains(numberOIDs, f.DataTypeOID)}
	}
	return out
}

// Types of the wire that are treated apart.
const (
	oidBool        = 16
	oidInt8        = 20
	oidInt2        = 21
	oidInt4        = 23
	oidOID         = 26
	oidXID         = 28
	oidJSON        = 114
	oidFloat4      = 700
	oidFloat8      = 701
	oidMoney       = 790
	oidNumeric     = 1700
	oidRecord      = 2249
	oidJSONB       = 3802
	oidJSONArray   = 199
	oidRecordArray = 2287
	oidJSONBArray  = 3807
)

var numberOIDs = []uint32{oidInt8, oidInt2, oidInt4, oidOID, oidXID, oidFloat4, oidFloat8, oidMoney, oidNumeric}

// arrays gives the element type of array types whose elements are not text in JSON.
var arrays = map[uint32]uint32{
	1000: oidBool, 1005: oidInt2, 1007: oidInt4, 1016: oidInt8, 1021: oidFloat4, 1022: oidFloat8, 1231: oidNumeric,
	1028: oidOID, 1011: oidXID, oidJSONArray: oidJSON, oidJSONBArray: oidJSONB, oidRecordArray: oidRecord,
	1006: oidInt2, 1001: 17, 1002: 18, 1003: 19, 1009: 25, 1013: oidOID, 1014: 1042, 1015: 1043, 1115: 1114, 1182: 1082,
	1183: 1083, 1185: 1184, 1187: 1186, 1270: 1266, 2951: 2950,
}

// printer writes one result. A value is text as the server sent it, nil is NULL;
// it is valid during the call only.
type printer interface {
	begin(cols []column) error
	row(values [][]byte) error
	end() error
}

// style is how results look beyond their format.
type style struct {
	format     string
	null       string // what NULL looks like to people
	expanded   expanded
	tuplesOnly bool
	columns    int // of the terminal, 0: none
	widthMax   int // of a value, 0: any
}

// expanded says whether records are printed one value a line.
type expanded string

const (
	expandedOff  expanded = "off"
	expandedOn   expanded = "on"
	expandedAuto expanded = "auto" // when a table is wider than the terminal
)

// newPrinter returns the printer of a style.
func newPrinter(s style, w *bufio.Writer) printer {
	switch s.format {
	case formatCSV:
		return &delimited{w: w, style: s, cell: csvCell, separator: ','}
	case formatTSV:
		return &delimited{w: w, style: s, cell: tsvCell, separator: '\t'}
	case formatJSON:
		return &jsonRows{w: w, open: "[", between: ",\n", close: "]\n", first: "\n", last: "\n"}
	case formatJSONL:
		return &jsonRows{w: w, between: "\n", last: "\n"}
	case formatMarkdown:
		return &markdown{w: w, style: s}
	case formatVertical:
		return &vertical{w: w, style: s}
	}
	if s.expanded == expandedOn {
		return &vertical{w: w, style: s}
	}
	return &table{w: w, style: s}
}

// forPeople reports whether a format is read by people rather than programs.
func forPeople(format string) bool {
	return format == formatTable || format == formatVertical || format == formatMarkdown
}

// delimited prints CSV and TSV with a header.
type delimited struct {
	w         *bufio.Writer
	style     style
	separator byte
	cell      func(w *bufio.Writer, v []byte)
}

// begin implements printer.
func (d *delimited) begin(cols []column) error {
	if d.style.tuplesOnly {
		return nil
	}
	names := make([][]byte, len(cols))
	for i, c := range cols {
		names[i] = []byte(c.name)
	}
	return d.row(names)
}

// row implements printer.
func (d *delimited) row(values [][]byte) error {
	for i, v := range values {
		if i > 0 {
			_ = d.w.WriteByte(d.separator)
		}
		d.cell(d.w, v)
	}
	return d.w.WriteByte('\n')
}

// end implements printer.
func (d *delimited) end() error { return nil }

// csvCell quotes where it must (RFC 4180). NULL is nothing, the empty string is "".
func csvCell(w *bufio.Writer, v []byte) {
	if v == nil {
		return
	}
	s := string(v)
	if s != "" && !strings.ContainsAny(s, "\",\r\n") && s != `\.` && s[0] != ' ' && s[len(s)-1] != ' ' {
		_, _ = w.WriteString(s)
		return
	}
	_, _ = w.WriteString(`"` + strings.ReplaceAll(s, `"`, `""`) + `"`)
}

var tsvEscapes = strings.NewReplacer("\\", `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)

// tsvCell escapes as COPY does. NULL is \N.
func tsvCell(w *bufio.Writer, v []byte) {
	if v == nil {
		_, _ = w.WriteString(`\N`)
		return
	}
	_, _ = tsvEscapes.WriteString(w, string(v))
}

// markdown prints a table of GitHub's kind.
type markdown struct {
	w     *bufio.Writer
	style style
}

// begin implements printer.
func (m *markdown) begin(cols []column) error {
	var head, rule strings.Builder
	for _, c := range cols {
		head.WriteString("| " + markdownCell(c.name) + " ")
		if c.right {
			rule.WriteString("| ---: ")
		} else {
			rule.WriteString("| --- ")
		}
	}
	_, err := fmt.Fprintf(m.w, "%s|\n%s|\n", head.String(), rule.String())
	return err
}

// row implements printer.
func (m *markdown) row(values [][]byte) error {
	for _, v := range values {
		s := m.style.null
		if v != nil {
			s = markdownCell(string(v))
		}
		_, _ = m.w.WriteString("| " + s + " ")
	}
	_, err := m.w.WriteString("|\n")
	return err
}

// end implements printer.
func (m *markdown) end() error { return nil }

var markdownEscapes = strings.NewReplacer("|", `\|`, "\n", "<br>", "\r", "")

func markdownCell(s string) string { return markdownEscapes.Replace(s) }
