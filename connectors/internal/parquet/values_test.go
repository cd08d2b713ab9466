package parquet

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

var plainSelect = regexp.MustCompile(`^SELECT ("[^()]*") FROM \$\{(\w+)\}$`)

// The public logic tests over these files that only choose columns and whose
// results do not depend on a system: every value, through each conversion.
func TestPublicFilesHaveTheValuesOfTheLogicTests(t *testing.T) {
	root, _, all := answers(t)
	var portable map[string][]int
	b, err := os.ReadFile(filepath.Join(root, "portable.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &portable); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for file, lines := range portable {
		b, err := os.ReadFile(filepath.Join(root, "slt", file))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Split(string(b), "\n")
		for _, n := range lines {
			m := plainSelect.FindStringSubmatch(text[n])
			if m == nil || file == "duckdb_hive-partitioning.slt" || !strings.HasPrefix(text[n-1], "query") || text[n+1] != "----" {
				continue
			}
			var want []string
			for i := n + 2; i < len(text) && text[i] != ""; i++ {
				want = append(want, strings.NewReplacer("'", "", `"`, "").Replace(text[i]))
			}
			if len(want) > 0 && strings.Contains(want[0], "hashing to") {
				continue
			}
			got, ok := quoted(t, filepath.Join(root, all[m[2]].Path), m[1])
			if !ok {
				continue
			}
			sort.Strings(got)
			sort.Strings(want)
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("%s:%d: %s\ngot\n%.600s\nwant\n%.600s", file, n, text[n], strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			compared++
		}
	}
	t.Logf("%d queries", compared)
}

// quoted returns the rows of a list of columns as tests print them.
func quoted(t *testing.T, name, list string) (rows []string, ok bool) {
	t.Helper()
	f, o, err := openFile(t, name, page.Unaccounted{})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	opt := allColumns(f, o, page.Unaccounted{})
	opt.Output = nil
	for _, c := range strings.Split(list, ", ") {
		i := f.Field(strings.Trim(c, `"`))
		if i < 0 {
			return nil, false // a column of the path's
		}
		opt.Output = append(opt.Output, i)
	}
	s, err := f.Scan(opt)
	if sqlerr.Is(err, sqlerr.FeatureNotSupported) {
		t.Log(err)
		return nil, false
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = drain(s, func(p *page.Page) {
		for i := range p.Len() {
			var cells []string
			for _, v := range p.Cols {
				cells = append(cells, strings.NewReplacer("'", "", `"`, "").Replace(cell(v.Type, v.Value(p.Row(i)))))
			}
			rows = append(rows, strings.Join(cells, "\t"))
		}
	})
	if sqlerr.Is(err, sqlerr.NumericValueOutOfRange) {
		t.Log(err)
		return nil, false
	}
	if err != nil {
		t.Fatal(err)
	}
	return rows, true
}

func cell(t types.Type, v types.Value) string {
	switch {
	case v.Null:
		return "NULL"
	case t.Kind == types.Bool && v.I != 0:
		return "true"
	case t.Kind == types.Bool:
		return "false"
	case t.Kind == types.Array:
		var out []string
		for _, e := range v.L {
			out = append(out, cell(t.ElemType(), e))
		}
		return "[" + strings.Join(out, ", ") + "]"
	case t.Kind == types.Map:
		var out []string
		for i := 0; i < len(v.L); i += 2 {
			out = append(out, cell(*t.Key, v.L[i])+"="+cell(*t.Elem, v.L[i+1]))
		}
		return "{" + strings.Join(out, ", ") + "}"
	case t.Kind == types.Row:
		var out []string
		for i, e := range v.L {
			out = append(out, t.Fields[i].Name+": "+cell(t.Fields[i].Type, e))
		}
		return "{" + strings.Join(out, ", ") + "}"
	case t.Kind == types.Bytea:
		var b strings.Builder
		for _, c := range []byte(v.S) {
			if c >= 32 && c < 127 && c != '\\' && c != '\'' && c != '"' {
				b.WriteByte(c)
			} else {
				fmt.Fprintf(&b, `\x%02X`, c)
			}
		}
		if v.S == "" {
			return "(empty)"
		}
		return b.String()
	case t.IsFloat():
		out := types.FormatText(t, v, &types.Format{})
		if !strings.ContainsAny(out, ".eNI") {
			out += ".0"
		}
		return strings.Replace(strings.ToLower(out), "infinity", "inf", 1)
	case t.IsString() && v.S == "":
		return "(empty)"
	}
	return types.FormatText(t, v, &types.Format{})
}
