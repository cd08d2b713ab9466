package session

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// Setting describes a session setting. Check, when there is one, replaces the
// validation by Kind and returns the value as it is stored and shown.
type Setting struct {
	spi.Setting
	Report bool   // clients are told of each change (ParameterStatus)
	Fixed  bool   // it can be read only
	Unit   string // of a number without one: "ms", "kB"
	Min    int64
	Max    int64 // of a number; both 0: any
	Check  func(value string) (string, error)
}

// Registry knows the settings of sessions. It is immutable once sessions use it.
type Registry struct {
	byName map[string]*Setting // by lower-case name
	names  []string            // in order, as they are spelled
}

// NewRegistry returns the built-in settings and those that the rest of the
// engine and its connectors bring.
func NewRegistry(more ...spi.Setting) *Registry {
	r := &Registry{byName: map[string]*Setting{}}
	for _, s := range builtin() {
		r.add(s)
	}
	for _, s := range more {
		d := Setting{Setting: s}
		if v, err := d.validate(s.Default); err == nil {
			d.Default = v
		}
		r.add(d)
	}
	slices.SortFunc(r.names, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return r
}

func (r *Registry) add(s Setting) {
	key := strings.ToLower(s.Name)
	if _, ok := r.byName[key]; !ok {
		r.names = append(r.names, s.Name)
	}
	r.byName[key] = &s
}

// All lists the settings in the order of their names.
func (r *Registry) All() []*Setting {
	out := make([]*Setting, len(r.names))
	for i, n := range r.names {
		out[i] = r.byName[strings.ToLower(n)]
	}
	return out
}

// Find returns a setting; nil: there is none of that name.
func (r *Registry) Find(name string) *Setting { return r.byName[strings.ToLower(name)] }

func errNoSetting(r *Registry, name string) error {
	err := sqlerr.New(sqlerr.UndefinedObject, "unrecognized configuration parameter \"%s\"", name)
	if near := r.nearest(name); near != "" {
		return err.WithHint("Perhaps you meant \"%s\".", near)
	}
	return err
}

// nearest returns the setting whose name differs least, "" if none is close.
func (r *Registry) nearest(name string) string {
	best, found := 3, ""
	for _, n := range r.names {
		if d := distance(strings.ToLower(name), strings.ToLower(n)); d < best {
			best, found = d, n
		}
	}
	return found
}

// distance counts the characters to change, add or remove.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

func errInvalid(s *Setting, value string) *sqlerr.Error {
	return sqlerr.New(sqlerr.InvalidParameterValue, "invalid value for parameter \"%s\": \"%s\"", s.Name, value)
}

// validate returns a value in the form that is stored.
func (s *Setting) validate(value string) (string, error) {
	if s.Check != nil {
		return s.Check(value)
	}
	v := strings.TrimSpace(value)
	switch s.Kind {
	case spi.SettingBool:
		return parseBool(s, v)
	case spi.SettingInt:
		n, err := parseNumber(s, v)
		return strconv.FormatInt(n, 10), err
	case spi.SettingFloat:
		f, err := strconv.ParseFloat(v, 64)
		if err != nil {
			return "", sqlerr.New(sqlerr.InvalidParameterValue, "parameter \"%s\" requires a numeric value", s.Name)
		}
		return strconv.FormatFloat(f, 'g', -1, 64), nil
	case spi.SettingBytes:
		if v == "" {
			return "", nil
		}
		if s.Unit != "" && isDigits(v) {
			v += s.Unit
		}
		_, err := spi.ParseBytes(v)
		return v, err
	case spi.SettingDuration:
		return parseDuration(s, v)
	case spi.SettingEnum:
		for _, e := range s.Enum {
			if strings.EqualFold(e, v) {
				return e, nil
			}
		}
		return "", errInvalid(s, value).WithHint("Available values: %s.", strings.Join(s.Enum, ", "))
	}
	return value, nil
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// parseBool reads on, off and their unique prefixes.
func parseBool(s *Setting, v string) (string, error) {
	w := strings.ToLower(v)
	switch {
	case w == "":
	case w == "on", w == "1", strings.HasPrefix("true", w), strings.HasPrefix("yes", w):
		return "on", nil
	case w == "0", strings.HasPrefix("false", w), strings.HasPrefix("no", w), len(w) > 1 && strings.HasPrefix("off", w):
		return "off", nil
	}
	return "", sqlerr.New(sqlerr.InvalidParameterValue, "parameter \"%s\" requires a Boolean value", s.Name)
}

func parseNumber(s *Setting, v string) (int64, error) {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return 0, errInvalid(s, v)
	}
	if s.Min == 0 && s.Max == 0 || s.Min <= n && n <= s.Max {
		return n, nil
	}
	return 0, sqlerr.New(sqlerr.InvalidParameterValue,
		"%d is outside the valid range for parameter \"%s\" (%d .. %d)", n, s.Name, s.Min, s.Max)
}

// The units of durations, as PostgreSQL writes them.
var durationUnits = []struct {
	name string
	of   time.Duration
}{
	{"us", time.Microsecond}, {"ms", time.Millisecond}, {"min", time.Minute},
	{"s", time.Second}, {"h", time.Hour}, {"d", 24 * time.Hour},
}

// parseDuration reads "100", "100ms", "1.5s" and "1min"; a bare number counts
// milliseconds. The result is how SHOW prints it.
func parseDuration(s *Setting, v string) (string, error) {
	d, ok := readDuration(v)
	if !ok || d < 0 {
		return "", errInvalid(s, v).WithHint("Valid units for this parameter are \"us\", \"ms\", \"s\", \"min\", \"h\", and \"d\".")
	}
	return formatDuration(d), nil
}

func readDuration(v string) (time.Duration, bool) {
	number, unit := v, time.Millisecond
	for _, u := range durationUnits {
		if n, ok := strings.CutSuffix(v, u.name); ok {
			number, unit = strings.TrimSpace(n), u.of
			break
		}
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || f*float64(unit) > float64(1<<62) || f != f {
		return 0, false
	}
	return time.Duration(f * float64(unit)).Round(time.Millisecond), true
}

// formatDuration prints the largest unit that divides d.
func formatDuration(d time.Duration) string {
	if d == 0 {
		return "0"
	}
	name, of := "ms", time.Millisecond
	for _, u := range durationUnits {
		if u.of > of && d%u.of == 0 {
			name, of = u.name, u.of
		}
	}
	return strconv.FormatInt(int64(d/of), 10) + name
}

// values is what a session has set, beyond defaults: an immutable map, so that
// transactions and savepoints keep earlier ones.
type values map[string]string

func (v values) with(name, value string) values {
	out := maps.Clone(v)
	if out == nil {
		out = values{}
	}
	out[name] = value
	return out
}

func (v values) without(name string) values {
	if _, ok := v[name]; !ok {
		return v
	}
	out := maps.Clone(v)
	delete(out, name)
	return out
}
