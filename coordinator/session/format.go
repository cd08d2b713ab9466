package session

import (
	"strconv"
	"strings"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/parser/ast"
)

var dateStyles = [...]string{types.StyleISO: "ISO", types.StyleSQL: "SQL", types.StyleGerman: "German", types.StylePostgres: "Postgres"}

var dateOrders = [...]string{types.MDY: "MDY", types.DMY: "DMY", types.YMD: "YMD"}

func dateStyleText(f types.Format) string { return dateStyles[f.Date] + ", " + dateOrders[f.Order] }

// parseDateStyle applies the words of a DateStyle to f.
func parseDateStyle(f types.Format, v string) (types.Format, error) {
	ordered := false
	for w := range strings.SplitSeq(v, ",") {
		switch w = strings.ToLower(strings.TrimSpace(w)); {
		case w == "iso":
			f.Date = types.StyleISO
		case w == "sql":
			f.Date = types.StyleSQL
		case strings.HasPrefix(w, "postgres"):
			f.Date = types.StylePostgres
		case w == "german":
			if f.Date = types.StyleGerman; !ordered {
				f.Order = types.DMY
			}
		case w == "ymd":
			f.Order, ordered = types.YMD, true
		case w == "dmy", strings.HasPrefix(w, "euro"):
			f.Order, ordered = types.DMY, true
		case w == "mdy", w == "us", strings.HasPrefix(w, "noneuro"):
			f.Order, ordered = types.MDY, true
		case w == "default":
			f.Date, f.Order = types.StyleISO, types.MDY
		default:
			return f, sqlerr.New(sqlerr.InvalidParameterValue, "invalid value for parameter \"%s\": \"%s\"", settingDateStyle, v).
				WithDetail("Unrecognized key word: \"%s\".", w)
		}
	}
	return f, nil
}

// zoneSetting returns a zone as it is stored, so that types.LoadZone reads it:
// a name of the database, a POSIX text, or the POSIX text of hours east of UTC,
// as in SET TIME ZONE -5.
func zoneSetting(v string) (string, error) {
	v = strings.TrimSpace(v)
	switch strings.ToLower(v) {
	case "local", "default":
		return types.UTC().Name(), nil
	}
	if hours, err := strconv.ParseFloat(v, 64); err == nil && hours > -24 && hours < 24 {
		return offsetText(int(hours * 3600)), nil
	}
	z, err := types.LoadZone(v)
	switch {
	case err != nil:
		return "", sqlerr.New(sqlerr.InvalidParameterValue, "invalid value for parameter \"%s\": \"%s\"", settingTimeZone, v)
	case strings.EqualFold(z.Name(), v):
		return z.Name(), nil
	}
	return v, nil
}

// offsetText writes an offset as POSIX does, west positive: <+05>-05.
func offsetText(east int) string {
	sign, back, s := "+", "-", east
	if east < 0 {
		sign, back, s = "-", "+", -east
	}
	clock := pad2(s / 3600)
	if s%3600 != 0 {
		clock += ":" + pad2(s%3600/60)
	}
	return "<" + sign + clock + ">" + back + clock
}

func pad2(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

var intervalStyles = map[string]types.IntervalStyle{
	"postgres": types.IntervalPostgres, "postgres_verbose": types.IntervalVerbose,
	"sql_standard": types.IntervalSQLStandard, "iso_8601": types.IntervalISO8601,
}

// makeFormat builds the text settings from the values of a session.
func makeFormat(get func(name string) string) types.Format {
	f, _ := parseDateStyle(types.Format{}, get(settingDateStyle))
	f.Interval = intervalStyles[get(settingIntervalSty)]
	f.ByteaEscape = get("bytea_output") == "escape"
	if n, err := strconv.Atoi(get("extra_float_digits")); err == nil {
		if f.ExtraFloatDigits = n; n == 0 {
			f.ExtraFloatDigits = types.FloatDigitsZero
		}
	}
	if z, err := types.LoadZone(get(settingTimeZone)); err == nil {
		f.Zone = z.Location()
	}
	return f
}

// splitNames reads a list of identifiers, as search_path has it.
func splitNames(v string) (names []string, ok bool) {
	rest := strings.TrimSpace(v)
	if rest == "" {
		return nil, true
	}
	for {
		var name string
		if name, rest, ok = cutName(rest); !ok {
			return nil, false
		}
		names = append(names, name)
		rest = strings.TrimSpace(rest)
		if rest == "" {
			return names, true
		}
		if rest[0] != ',' {
			return nil, false
		}
		rest = strings.TrimSpace(rest[1:])
	}
}

// cutName reads one identifier, in quotes or folded to lower case; dots may be
// part of it, as in tpch.sf1.
func cutName(s string) (name, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		i := strings.IndexAny(s, ", \t\n")
		if i < 0 {
			i = len(s)
		}
		return strings.ToLower(s[:i]), s[i:], i > 0
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '"' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 == len(s) || s[i+1] != '"' {
			return b.String(), s[i+1:], true
		}
		b.WriteByte('"')
		i++
	}
	return "", "", false
}

func quoteNames(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = ast.QuoteIfNeeded(n)
	}
	return strings.Join(out, ", ")
}
