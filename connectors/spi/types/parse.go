package types

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// Parse reads the text of a value of t as PostgreSQL's input functions do. A
// nil Format is the default one. Character types with a length refuse what is
// longer (22001); CastValue cuts.
func Parse(t Type, s string, f *Format) (Value, error) {
	switch t.Kind {
	case Bool:
		b, err := ParseBool(s)
		return BoolValue(b), err
	case Int8, Int16, Int32, Int64:
		i, err := ParseInt(t.Kind, s)
		return IntValue(i), err
	case Float32, Float64:
		v, err := ParseFloat(t.Kind, s)
		return FloatValue(v), err
	case Decimal:
		c, err := ParseDecimal(s, int(t.P), int(t.S))
		return DecimalValue(t, c), err
	case Numeric:
		n, err := ParseNum(s)
		return Value{N: n}, err
	case Date, Time, TimeTZ, Timestamp, TimestampTZ, Interval:
		return parseDatetime(t, s, f)
	case Text, Unknown, Function:
		return StringValue(s), nil
	case Varchar, Char, Name, InternalChar:
		return parseCharacters(t, s)
	case Bytea:
		b, err := ParseBytea(s)
		return StringValue(b), err
	case UUID:
		b, err := ParseUUID(s)
		return StringValue(b), err
	case JSON:
		return StringValue(s), CheckJSON(s)
	case JSONB:
		b, err := NormalizeJSONB(s)
		return StringValue(b), err
	case Int2Vector, OIDVector:
		return parseVector(t, s)
	case Array:
		return parseArray(t, s, f)
	case Row:
		return parseRow(t, s, f)
	case Map:
		return parseMap(t, s, f)
	case Void:
		return Value{}, nil
	case Record:
		return Value{}, sqlerr.Unsupported("input of anonymous composite types is not implemented")
	case AnyArray, AnyElement:
		return Value{}, sqlerr.Unsupported("cannot accept a value of type %s", t)
	}
	o, err := parseOID(t, s)
	return IntValue(int64(o)), err
}

func parseMap(t Type, s string, f *Format) (Value, error) {
	n, err := parseJSON(s)
	if err != nil {
		return Value{}, err
	}
	if n.kind != '{' {
		return Value{}, sqlerr.New(sqlerr.InvalidTextRepr, "json value does not fit type %s", t)
	}
	return valueOfJSON(t, n, f)
}

// ParseBool reads a boolean: any prefix that means one of true, false, yes, no,
// on, off, 1 and 0.
func ParseBool(s string) (bool, error) {
	w := strings.ToLower(trimSpace(s))
	if w == "1" || w == "on" {
		return true, nil
	}
	if w == "0" || len(w) >= 2 && strings.HasPrefix("off", w) {
		return false, nil
	}
	if w != "" {
		for _, word := range []string{"true", "yes"} {
			if strings.HasPrefix(word, w) {
				return true, nil
			}
		}
		for _, word := range []string{"false", "no"} {
			if strings.HasPrefix(word, w) {
				return false, nil
			}
		}
	}
	return false, errSyntax("boolean", s)
}

// ErrOutOfRange returns the error of a text whose number does not fit its type.
func ErrOutOfRange(k Kind, s string) error {
	return sqlerr.New(sqlerr.NumericValueOutOfRange, "value \"%s\" is out of range for type %s", s, k.ScalarName())
}

// intBounds returns the range of an integer kind.
func intBounds(k Kind) (lo, hi int64) {
	switch k {
	case Int8:
		return math.MinInt8, math.MaxInt8
	case Int16:
		return math.MinInt16, math.MaxInt16
	case Int32:
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

// ParseInt reads an integer of kind k.
func ParseInt(k Kind, s string) (int64, error) {
	t := trimSpace(s)
	neg := false
	if t != "" && (t[0] == '-' || t[0] == '+') {
		neg, t = t[0] == '-', t[1:]
	}
	if t == "" || digitsPrefix(t) != len(t) {
		return 0, errSyntax(k.ScalarName(), s)
	}
	var u uint64
	for i := range len(t) {
		if u > math.MaxInt64/10+1 {
			return 0, ErrOutOfRange(k, s)
		}
		u = u*10 + uint64(t[i]-'0')
	}
	lo, hi := intBounds(k)
	switch {
	case neg && u <= uint64(hi)+1:
		return max(-int64(u), lo), nil
	case !neg && u <= uint64(hi):
		return int64(u), nil
	}
	return 0, ErrOutOfRange(k, s)
}

// ParseFloat reads a float of kind k: decimal or C's hexadecimal form, NaN and
// the infinities.
func ParseFloat(k Kind, s string) (float64, error) {
	t := trimSpace(s)
	bits := 64
	if k == Float32 {
		bits = 32
	}
	if l := strings.ToLower(t); l == "-nan" || l == "+nan" {
		return NaN(), nil
	} else if n, ok := specialNum(l); ok {
		return n.Float64(), nil
	}
	if _, ok := scanDecimal(t); !ok {
		l := strings.ToLower(strings.TrimLeft(t, "+-"))
		if !strings.HasPrefix(l, "0x") || strings.Contains(l, "_") {
			return 0, errSyntax(k.ScalarName(), s)
		}
		if !strings.Contains(l, "p") {
			t += "p0"
		}
	}
	v, err := strconv.ParseFloat(t, bits)
	if err != nil && !math.IsInf(v, 0) {
		return 0, errSyntax(k.ScalarName(), s)
	}
	if math.IsInf(v, 0) || v == 0 && strings.ContainsAny(mantissa(t), "123456789abcdefABCDEF") {
		return 0, sqlerr.New(sqlerr.NumericValueOutOfRange, "\"%s\" is out of range for type %s", s, k.ScalarName())
	}
	return v, nil
}

// mantissa returns a number's text before its exponent.
func mantissa(s string) string {
	cut := "eE"
	if strings.ContainsAny(s, "xX") {
		cut = "pP"
	}
	if i := strings.IndexAny(s, cut); i >= 0 {
		return s[:i]
	}
	return s
}

// parseCharacters applies the length of a character type to its input.
func parseCharacters(t Type, s string) (Value, error) {
	switch t.Kind {
	case Name:
		return StringValue(TruncateName(s)), nil
	case InternalChar:
		return StringValue(parseInternalChar(s)), nil
	}
	s, ok := FitLength(s, int(t.P))
	if !ok {
		return Value{}, ErrTooLong(t)
	}
	if t.Kind == Char {
		s = strings.TrimRight(s, " ")
	}
	return StringValue(s), nil
}

// ErrTooLong returns the error of a string beyond a declared length: 22001.
func ErrTooLong(t Type) error {
	return sqlerr.New(sqlerr.StringDataRightTrunc, "value too long for type %s", t)
}

// FitLength returns s with at most n characters, 0 for any number, and whether
// only blanks were cut.
func FitLength(s string, n int) (string, bool) {
	if n == 0 || len(s) <= n {
		return s, true
	}
	for i := range s {
		if n == 0 {
			return s[:i], strings.Trim(s[i:], " ") == ""
		}
		n--
	}
	return s, true
}

// nameMax is the most bytes of a name.
const nameMax = 63

// TruncateName cuts s to the length of a name, between characters.
func TruncateName(s string) string {
	if len(s) <= nameMax {
		return s
	}
	n := nameMax
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// parseInternalChar reads the first byte, or a byte written \ooo.
func parseInternalChar(s string) string {
	if len(s) == 4 && s[0] == '\\' && s[1]-'0' <= 3 && s[2]-'0' <= 7 && s[3]-'0' <= 7 {
		return string([]byte{(s[1]-'0')<<6 | (s[2]-'0')<<3 | (s[3] - '0')})
	}
	if s == "" {
		return "\x00"
	}
	return s[:1]
}

// ParseBytea reads hex (\x…) or escaped bytes.
func ParseBytea(s string) (string, error) {
	if strings.HasPrefix(s, `\x`) {
		return parseHexBytes(s[2:])
	}
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c != '\\':
			b = append(b, c)
		case i+1 < len(s) && s[i+1] == '\\':
			b = append(b, '\\')
			i++
		case i+3 < len(s) && s[i+1]-'0' <= 3 && s[i+2]-'0' <= 7 && s[i+3]-'0' <= 7:
			b = append(b, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 3
		default:
			return "", sqlerr.New(sqlerr.InvalidTextRepr, "invalid input syntax for type bytea")
		}
	}
	return string(b), nil
}

func hexValue(c byte) int {
	switch {
	case c-'0' <= 9:
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

func parseHexBytes(s string) (string, error) {
	b := make([]byte, 0, len(s)/2)
	for i := 0; i < len(s); i++ {
		if c := s[i]; c == ' ' || c == '\n' || c == '\t' || c == '\r' {
			continue
		}
		high := hexValue(s[i])
		if high < 0 {
			return "", errHexDigit(s[i:])
		}
		if i++; i == len(s) {
			return "", sqlerr.New(sqlerr.InvalidParameterValue, "invalid hexadecimal data: odd number of digits")
		}
		low := hexValue(s[i])
		if low < 0 {
			return "", errHexDigit(s[i:])
		}
		b = append(b, byte(high<<4|low))
	}
	return string(b), nil
}

func errHexDigit(s string) error {
	_, n := utf8.DecodeRuneInString(s)
	return sqlerr.New(sqlerr.InvalidParameterValue, "invalid hexadecimal digit: \"%s\"", s[:n])
}

// ParseUUID reads 32 hexadecimal digits, with hyphens after any group of four
// and braces around them, as 16 bytes.
func ParseUUID(s string) (string, error) {
	t := s
	if strings.HasPrefix(t, "{") {
		if !strings.HasSuffix(t, "}") {
			return "", errSyntax("uuid", s)
		}
		t = t[1 : len(t)-1]
	}
	var b [16]byte
	for i := range b {
		if len(t) < 2 || hexValue(t[0]) < 0 || hexValue(t[1]) < 0 {
			return "", errSyntax("uuid", s)
		}
		b[i] = byte(hexValue(t[0])<<4 | hexValue(t[1]))
		if t = t[2:]; i%2 == 1 && i < 15 && strings.HasPrefix(t, "-") {
			t = t[1:]
		}
	}
	if t != "" {
		return "", errSyntax("uuid", s)
	}
	return string(b[:]), nil
}
