package command

import (
	"fmt"
	"strings"
	"testing"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/coordinator/session"
)

// readAll takes data apart that comes in pieces of a size.
func readAll(f *session.CopyFormat, data string, piece int) (string, error) {
	r := newRowReader(f, 3)
	var out []string
	row := func(fields [][]byte) error {
		var cells []string
		for _, c := range fields {
			if c == nil {
				cells = append(cells, "NULL")
			} else {
				cells = append(cells, fmt.Sprintf("%q", c))
			}
		}
		out = append(out, strings.Join(cells, " "))
		return nil
	}
	for len(data) > 0 {
		n := min(piece, len(data))
		if err := r.feed([]byte(data[:n]), row); err != nil {
			return strings.Join(out, "; "), err
		}
		data = data[n:]
	}
	err := r.end(row)
	return strings.Join(out, "; "), err
}

var (
	textFormat   = &session.CopyFormat{Delimiter: '\t', Null: `\N`, Quote: '"', Escape: '"'}
	csvFormat    = &session.CopyFormat{Kind: session.CopyCSV, Delimiter: ',', Quote: '"', Escape: '"'}
	binaryFormat = &session.CopyFormat{Kind: session.CopyBinary}
)

func TestCopyDataIsTakenApartWhateverItsPieces(t *testing.T) {
	slash := *csvFormat
	slash.Escape = '\\'
	header := *csvFormat
	header.Header = true
	forced := *csvFormat
	forced.ForceNull, forced.ForceNotNull = []bool{true, false}, []bool{false, true}
	begin := binarySignature + "\x00\x00\x00\x00\x00\x00\x00\x00"
	for _, w := range []struct {
		format     *session.CopyFormat
		data, want string
		code       sqlerr.Code
	}{
		{textFormat, "1\ta\n2\t\\N\n", `"1" "a"; "2" NULL`, ""},
		{textFormat, "a\\tb\\\\c\\nd\\x41\\102\\q", `"a\tb\\c\ndABq"`, ""},
		{textFormat, "a\\\nb\tc\n", `"a\nb" "c"`, ""},
		{textFormat, "1\r\n2\r\n", `"1"; "2"`, ""},
		{textFormat, "1\n\\.\n2\n", `"1"`, ""},
		{textFormat, "\n", `""`, ""},
		{textFormat, "", ``, ""},
		{csvFormat, "1,\"a,\"\"b\"\"\nc\",\n", `"1" "a,\"b\"\nc" NULL`, ""},
		{csvFormat, `"",x`, `"" "x"`, ""},
		{csvFormat, "a,b\r\n\"c\r\n\",d\r\n", `"a" "b"; "c\r\n" "d"`, ""},
		{&slash, `"a\"b\\",c`, `"a\"b\\" "c"`, ""},
		{&header, "x,y\n1,2\n", `"1" "2"`, ""},
		{&forced, `"",` + "\n", `NULL ""`, ""},
		{csvFormat, `"never closed`, "", sqlerr.BadCopyFileFormat},
		{binaryFormat, begin + "\x00\x02\x00\x00\x00\x01a\xff\xff\xff\xff\xff\xff", `"a" NULL`, ""},
		{binaryFormat, begin + "\x00\x00\xff\xff", ``, ""},
		{binaryFormat, begin + "\x00\x01\x00\x00\x00\x09a", ``, sqlerr.BadCopyFileFormat},
		{binaryFormat, begin + "\x00\x01\xff\xff\xff\xfe", ``, sqlerr.BadCopyFileFormat},
		{binaryFormat, "something else", ``, sqlerr.BadCopyFileFormat},
		{binaryFormat, "", ``, sqlerr.BadCopyFileFormat},
	} {
		for _, piece := range []int{1, 2, 3, 5, 1000} {
			got, err := readAll(w.format, w.data, piece)
			if got != w.want || (err == nil) != (w.code == "") || err != nil && sqlerr.CodeOf(err) != w.code {
				t.Errorf("%q in pieces of %d: %s (%v), expected %s %s", w.data, piece, got, err, w.want, w.code)
			}
		}
	}
}

func FuzzCopyData(f *testing.F) {
	f.Add("1\ta\\N\n\\.\n", uint8(0), 3)
	f.Add("\"a\"\"\n\",b\n", uint8(1), 2)
	f.Add(binarySignature+"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01a", uint8(2), 7)
	f.Fuzz(func(t *testing.T, data string, kind uint8, piece int) {
		format := []*session.CopyFormat{textFormat, csvFormat, binaryFormat}[kind%3]
		one, err1 := readAll(format, data, len(data)+1)
		other, err2 := readAll(format, data, max(1, piece%50))
		if one != other || (err1 == nil) != (err2 == nil) {
			t.Errorf("at once %s (%v), in pieces %s (%v)", one, err1, other, err2)
		}
	})
}

func TestLikePatternsOfShow(t *testing.T) {
	for _, w := range []struct {
		s, pattern string
		want       bool
	}{
		{"orders", "ord%", true}, {"orders", "%d%s", true}, {"orders", "o_ders", true}, {"orders", "orders_", false},
		{"a_b", `a\_b`, true}, {"axb", `a\_b`, false}, {"", "%", true}, {"", "", true}, {"a", "", false}, {"aab", "%ab", true},
	} {
		if got := like(w.s, w.pattern, '\\'); got != w.want {
			t.Errorf("%q LIKE %q: %v", w.s, w.pattern, got)
		}
	}
}
