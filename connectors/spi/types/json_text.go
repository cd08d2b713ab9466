package types

import (
	"strconv"
	"strings"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// AppendJSONString appends s in quotes, escaped as PostgreSQL does.
func AppendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c >= 0x20:
			dst = append(dst, c)
		default:
			if k := strings.IndexByte("\b\f\n\r\t", c); k >= 0 {
				dst = append(dst, '\\', "bfnrt"[k])
			} else {
				dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			}
		}
	}
	return append(dst, '"')
}

// jsonDigitsMax bounds the digits of a number written with an exponent.
const jsonDigitsMax = 131072

// appendJSONNumber appends the JSON number s without its exponent.
func appendJSONNumber(dst []byte, s string) ([]byte, error) {
	d, _ := scanDecimal(s)
	total := len(d.whole) + len(d.frac)
	point := len(d.whole) + d.exp
	if point > jsonDigitsMax || total-point > maxNumScale {
		return nil, errNumOverflow()
	}
	if d.neg && strings.Trim(d.whole+d.frac, "0") != "" {
		dst = append(dst, '-')
	}
	first := 0 // leading zeros before the point are not printed
	for first < point-1 && d.digit(first) == '0' {
		first++
	}
	if point <= 0 {
		dst = append(dst, '0')
	}
	for i := first; i < point; i++ {
		dst = append(dst, d.digit(i))
	}
	if total > point {
		dst = append(dst, '.')
		for i := point; i < total; i++ {
			if i < 0 {
				dst = append(dst, '0')
			} else {
				dst = append(dst, d.digit(i))
			}
		}
	}
	return dst, nil
}

// AppendJSON appends v as to_json prints it. Maps and rows are objects.
func AppendJSON(dst []byte, t Type, v Value, f *Format) []byte {
	if v.Null {
		return append(dst, "null"...)
	}
	switch t.Kind {
	case Bool:
		return strconv.AppendBool(dst, v.I != 0)
	case Int8, Int16, Int32, Int64, Decimal:
		return AppendText(dst, t, v, f)
	case Float32, Float64, Numeric:
		from := len(dst)
		dst = AppendText(dst, t, v, f)
		if c := dst[len(dst)-1]; c == 'N' || c == 'y' { // NaN and the infinities
			return AppendJSONString(dst[:from], string(dst[from:]))
		}
		return dst
	case JSON, JSONB:
		return append(dst, v.S...)
	case Array, Int2Vector, OIDVector:
		elem := t.ElemType()
		dst = append(dst, '[')
		for i, e := range v.L {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendJSON(dst, elem, e, f)
		}
		return append(dst, ']')
	case Map:
		dst = append(dst, '{')
		for i := 0; i+1 < len(v.L); i += 2 {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = AppendJSONString(dst, FormatText(*t.Key, v.L[i], f))
			dst = AppendJSON(append(dst, ": "...), *t.Elem, v.L[i+1], f)
		}
		return append(dst, '}')
	case Row, Record:
		return appendJSONRow(dst, t, v, f)
	case Timestamp, TimestampTZ, Date:
		return appendJSONDatetime(dst, t, v, f)
	}
	return AppendJSONString(dst, string(AppendText(nil, t, v, f)))
}

func appendJSONRow(dst []byte, t Type, v Value, f *Format) []byte {
	dst = append(dst, '{')
	for i, e := range v.L {
		if i >= len(t.Fields) {
			break
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(AppendJSONString(dst, fieldName(t, i)), ':')
		dst = AppendJSON(dst, t.Fields[i].Type, e, f)
	}
	return append(dst, '}')
}

// fieldName returns the name of a row's field, f1, f2 and so on without one.
func fieldName(t Type, i int) string {
	if name := t.Fields[i].Name; name != "" {
		return name
	}
	return "f" + strconv.Itoa(i+1)
}

// appendJSONDatetime appends dates and timestamps as XML Schema writes them,
// whatever the session's style: with a T, and minutes in every offset.
func appendJSONDatetime(dst []byte, t Type, v Value, f *Format) []byte {
	iso := Format{}
	if f != nil {
		iso.Zone = f.Zone
	}
	from := len(dst) + 1
	dst = append(appendDatetime(append(dst, '"'), t, v, &iso), '"')
	if t.Kind == Date || dst[from] == 'i' || dst[from+1] == 'i' {
		return dst
	}
	s := string(dst[from:])
	s = strings.Replace(s, " ", "T", 1)
	if t.Kind == TimestampTZ {
		end := strings.IndexAny(s, " \"")
		if sign := strings.LastIndexAny(s[:end], "+-"); end-sign == 3 {
			s = s[:end] + ":00" + s[end:]
		}
	}
	return append(dst[:from], s...)
}

// valueOfJSON reads a JSON value as a value of t, the inverse of AppendJSON.
func valueOfJSON(t Type, n jsonNode, f *Format) (Value, error) {
	if n.kind == 'n' && t.Kind != JSON && t.Kind != JSONB {
		return NullValue, nil
	}
	switch t.Kind {
	case JSON:
		return StringValue(n.raw), nil
	case JSONB:
		b, err := n.appendNormalized(nil)
		return StringValue(string(b)), err
	case Array, Int2Vector, OIDVector:
		if n.kind == '[' {
			out := Value{L: make([]Value, 0, len(n.kids))}
			for _, kid := range n.kids {
				e, err := valueOfJSON(t.ElemType(), kid, f)
				if err != nil {
					return Value{}, err
				}
				out.L = append(out.L, e)
			}
			return out, nil
		}
	case Map:
		if n.kind == '{' {
			return mapOfJSON(t, n, f)
		}
	case Row:
		if n.kind == '{' {
			return rowOfJSON(t, n, f)
		}
	}
	switch n.kind {
	case '"', '0':
		return Parse(t, n.text, f)
	case 't', 'f':
		return Parse(t, n.raw, f)
	}
	return Value{}, sqlerr.New(sqlerr.InvalidTextRepr, "json value does not fit type %s", t)
}

func mapOfJSON(t Type, n jsonNode, f *Format) (Value, error) {
	out := Value{L: make([]Value, 0, 2*len(n.kids))}
	seen := make(map[string]bool, len(n.kids))
	for i, kid := range n.kids {
		if seen[n.keys[i]] {
			return Value{}, sqlerr.New(sqlerr.InvalidParameterValue, "duplicate map key: \"%s\"", n.keys[i])
		}
		seen[n.keys[i]] = true
		k, err := Parse(*t.Key, n.keys[i], f)
		if err != nil {
			return Value{}, err
		}
		e, err := valueOfJSON(*t.Elem, kid, f)
		if err != nil {
			return Value{}, err
		}
		out.L = append(out.L, k, e)
	}
	return out, nil
}

func rowOfJSON(t Type, n jsonNode, f *Format) (Value, error) {
	out := Value{L: make([]Value, len(t.Fields))}
	for i := range t.Fields {
		out.L[i] = NullValue
		for j, key := range n.keys {
			if key != fieldName(t, i) {
				continue
			}
			var err error
			if out.L[i], err = valueOfJSON(t.Fields[i].Type, n.kids[j], f); err != nil {
				return Value{}, err
			}
		}
	}
	return out, nil
}
