package spi

import (
	"math"
	"strconv"
	"strings"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// ParseBytes reads a number of bytes: "64MiB", "1GB", "4096". Units are powers
// of 1024 with or without the i, as PostgreSQL has them. Errors are 22023.
func ParseBytes(s string) (int64, error) {
	t := strings.TrimSpace(s)
	i := strings.LastIndexFunc(t, func(r rune) bool { return r >= '0' && r <= '9' || r == '.' }) + 1
	n, err := strconv.ParseFloat(t[:i], 64)
	unit := strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(strings.TrimSpace(t[i:])), "b"), "i")
	shift := strings.Index("kmgtp", unit)
	if err != nil || n < 0 || unit != "" && (shift < 0 || len(unit) > 1) {
		return 0, sqlerr.New(sqlerr.InvalidParameterValue, "invalid size: %q", s).WithHint("write it as 64MiB or 1GiB")
	}
	if unit != "" {
		n *= math.Pow(1024, float64(shift+1))
	}
	if n >= math.MaxInt64 {
		return 0, sqlerr.New(sqlerr.InvalidParameterValue, "size is too large: %q", s)
	}
	return int64(n), nil
}

// Int returns a setting of the session as a number, 0 when it is not set.
func (s *Session) Int(name string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(s.Settings[name]), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// On reports whether a boolean setting of the session is true; unset ones are otherwise.
func (s *Session) On(name string, otherwise Default) bool {
	switch strings.ToLower(strings.TrimSpace(s.Settings[name])) {
	case "on", "true", "yes", "1":
		return true
	case "off", "false", "no", "0":
		return false
	}
	return bool(otherwise)
}

// Default is the value of a setting that is not set.
type Default bool
