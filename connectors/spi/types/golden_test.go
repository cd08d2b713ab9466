package types

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// The files testdata/*.golden hold PostgreSQL's own answers. A line "@op name
// [setting=value]... : sql" opens a block; each line below it has arguments
// and the answer, parted by tabs. -rewrite asks the server of MUSTER_ORACLE_PG,
// which holds arguments of psql.
var rewrite = flag.Bool("rewrite", false, "ask PostgreSQL for the golden answers again")

type goldenOp struct {
	name, sql string
	settings  map[string]string
	format    *Format
}

const oracleSetup = `
CREATE FUNCTION pg_temp.try(q text) RETURNS text LANGUAGE plpgsql AS $f$
DECLARE r text; d text; BEGIN EXECUTE q INTO r; RETURN coalesce(r, 'NULL');
EXCEPTION WHEN others THEN RETURN 'ERROR ' || SQLSTATE || ' ' || SQLERRM; END $f$;
`

func runGolden(t *testing.T, file string, answer func(op goldenOp, args []string) (string, error)) {
	path := filepath.Join("testdata", file+".golden")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if *rewrite {
		text = rewriteGolden(t, string(text))
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var op goldenOp
	failed := 0
	for i, line := range strings.Split(strings.TrimRight(string(text), "\n"), "\n") {
		if strings.HasPrefix(line, "@op ") {
			op = parseGoldenOp(line)
			continue
		}
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "\t")
		want := f[len(f)-1]
		got, err := answer(op, f[:len(f)-1])
		if err != nil {
			got = "ERROR " + string(sqlerr.CodeOf(err)) + " " + err.Error()
		}
		if got = strings.ReplaceAll(got, "\n", `\n`); got != want {
			t.Errorf("%s:%d: %s %q\n got %s\nwant %s", path, i+1, op.name, f[:len(f)-1], got, want)
			if failed++; failed > 40 {
				t.Fatal("too many differences")
			}
		}
	}
}

func parseGoldenOp(line string) goldenOp {
	head, sql, _ := strings.Cut(strings.TrimPrefix(line, "@op "), " : ")
	words := strings.Fields(head)
	op := goldenOp{name: words[0], sql: sql, settings: map[string]string{}}
	for _, w := range words[1:] {
		k, v, _ := strings.Cut(w, "=")
		op.settings[k] = v
	}
	op.format = goldenFormat(op.settings)
	return op
}

func rewriteGolden(t *testing.T, text string) []byte {
	var script strings.Builder
	script.WriteString(oracleSetup)
	var op goldenOp
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for _, line := range lines {
		if strings.HasPrefix(line, "@op ") {
			op = parseGoldenOp(line)
			script.WriteString("RESET ALL;\nSET timezone = 'UTC';\n")
			for k, v := range op.settings {
				script.WriteString("SET " + k + " = '" + v + "';\n")
			}
			continue
		}
		if line == "" || line[0] == '#' {
			continue
		}
		sql := op.sql
		f := strings.Split(line, "\t")
		for i, arg := range f[:len(f)-1] {
			ph := ":" + string(rune('1'+i))
			lit := "'" + strings.ReplaceAll(arg, "'", "''") + "'"
			sql = strings.ReplaceAll(sql, "%"+ph[1:], arg) // verbatim
			sql = strings.ReplaceAll(sql, ph, lit)
		}
		script.WriteString("SELECT replace(pg_temp.try($muster$" + sql + "$muster$), E'\\n', '\\n');\n")
	}
	args := append([]string{"-X", "-A", "-t", "-q"}, strings.Fields(os.Getenv("MUSTER_ORACLE_PG"))...)
	cmd := exec.Command("psql", args...)
	cmd.Stdin = strings.NewReader(script.String())
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	answers := strings.Split(strings.TrimRight(string(out), "\n"), "\n")
	var b bytes.Buffer
	for _, line := range lines {
		if line != "" && line[0] != '#' && !strings.HasPrefix(line, "@op ") {
			if len(answers) == 0 {
				t.Fatal("the server gave too few answers")
			}
			line = line[:strings.LastIndexByte(line, '\t')+1] + answers[0]
			answers = answers[1:]
		}
		b.WriteString(line + "\n")
	}
	if len(answers) != 0 {
		t.Fatalf("the server gave %d answers too many", len(answers))
	}
	return b.Bytes()
}

// goldenFormat is the Format that the settings of a block mean.
func goldenFormat(settings map[string]string) *Format {
	f := &Format{}
	for k, v := range settings {
		switch k {
		case "datestyle":
			style, order, _ := strings.Cut(v, ",")
			f.Date = map[string]DateStyle{"ISO": StyleISO, "SQL": StyleSQL, "German": StyleGerman, "Postgres": StylePostgres}[style]
			f.Order = map[string]DateOrder{"MDY": MDY, "DMY": DMY, "YMD": YMD}[order]
		case "intervalstyle":
			f.Interval = map[string]IntervalStyle{"postgres": IntervalPostgres, "postgres_verbose": IntervalVerbose,
				"sql_standard": IntervalSQLStandard, "iso_8601": IntervalISO8601}[v]
		case "bytea_output":
			f.ByteaEscape = v == "escape"
		case "extra_float_digits":
			f.ExtraFloatDigits, _ = strconv.Atoi(v)
			if f.ExtraFloatDigits == 0 {
				f.ExtraFloatDigits = FloatDigitsZero
			}
		case "timezone":
			if z, err := LoadZone(v); err == nil {
				f.Zone = z.Location()
			}
		}
	}
	return f
}
