package functions

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash/crc32"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// textMaking is what pads, repeats, encodes and digests.
func textMaking() []*Scalar {
	text, i4, i8, bytea := types.Text, types.Int32, types.Int64, types.Bytea
	str := func(name, says, example, result string, args []Pattern, ret types.Kind, bind func([]types.Type) (Kernel, error), aliases ...string) *Scalar {
		return &Scalar{Name: name, Aliases: aliases, Doc: Doc{Family: "string", Summary: says, Example: example, Result: result}, Args: args, Return: returns(ret), Bind: bind}
	}
	pad := func(name, says, example, result string, left bool) *Scalar {
		s := str(name, says, example, result, patterns(text, i4, text), text, bindPad(left))
		s.Optional = 1
		return s
	}
	digest := func(name, result string, f func(dst, s []byte) []byte) *Scalar {
		return str(name, "The "+strings.ToUpper(name)+" digest of bytes.", name+`('\x61'::bytea)`, result, patterns(bytea), bytea, appendedText(f))
	}
	return []*Scalar{
		pad("lpad", "The string filled at its start, or cut, to a length.", "lpad('7', 3, '0')", "007", true),
		pad("rpad", "The string filled at its end, or cut, to a length.", "rpad('ab', 4, '.')", "ab..", false),
		str("repeat", "The string several times.", "repeat('ab', 3)", "ababab", patterns(text, i4), text, bindRepeat),
		str("ascii", "The code point of the first character.", "ascii('A')", "65", patterns(text), i4, fixedText(firstRune), "codepoint"),
		str("chr", "The character of a code point.", "chr(65)", "A", patterns(i4), text, bindChr),
		str("to_hex", "A number in hexadecimal.", "to_hex(255)", "ff", patterns(i4), text, bindToHex),
		str("to_hex", "A number in hexadecimal.", "to_hex(-1::bigint)", "ffffffffffffffff", patterns(i8), text, bindToHex),
		str("to_hex", "Bytes in hexadecimal.", `to_hex('\x01ff'::bytea)`, "01ff", patterns(bytea), text, appendedText(hex.AppendEncode)),
		str("md5", "The MD5 digest in hexadecimal.", "md5('a')", "0cc175b9c0f1b6a831c399e269772661", patterns(text), text, appendedText(appendMD5)),
		str("md5", "The MD5 digest in hexadecimal.", `md5('\x61'::bytea)`, "0cc175b9c0f1b6a831c399e269772661", patterns(bytea), text, appendedText(appendMD5)),
		digest("sha1", `\x86f7e437faa5a7fce15d1ddcb9eaeaea377667b8`, func(d, s []byte) []byte { x := sha1.Sum(s); return append(d, x[:]...) }),
		digest("sha224", `\xabd37534c7d9a2efb9465de931cd7055ffdb8879563ae98078d6d6d5`, func(d, s []byte) []byte { x := sha256.Sum224(s); return append(d, x[:]...) }),
		digest("sha256", `\xca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb`, func(d, s []byte) []byte { x := sha256.Sum256(s); return append(d, x[:]...) }),
		digest("sha384", `\x54a59b9f22b0b80880d8427e548b7c23abd873486e1f035dce9cd697e85175033caa88e6d57bc35efae0b5afd3145f31`, func(d, s []byte) []byte { x := sha512.Sum384(s); return append(d, x[:]...) }),
		digest("sha512", `\x1f40fc92da241694750979ee6cf582f2d5d7d28e18335de05abc54d0560e0f5302860c652bf08d560252aa5e74210546f369fbbbce8c12cfc7957b2652fe9a75`, func(d, s []byte) []byte { x := sha512.Sum512(s); return append(d, x[:]...) }),
		str("crc32", "The CRC-32 checksum of bytes.", `crc32('\x61'::bytea)`, "3904355907", patterns(bytea), i8, fixedText(func(s []byte) int64 { return int64(crc32.ChecksumIEEE(s)) })),
		str("encode", "Bytes as text: hex, base64 or escape.", `encode('\x0102'::bytea, 'hex')`, "0102", patterns(bytea, text), text, bindEncode),
		str("decode", "Text as bytes: hex, base64 or escape.", "decode('AQI=', 'base64')", `\x0102`, patterns(text, text), bytea, bindDecode),
		str("to_base64", "Bytes in base64.", `to_base64('\x0102'::bytea)`, "AQI=", patterns(bytea), text, appendedText(func(d, s []byte) []byte { return base64.StdEncoding.AppendEncode(d, s) })),
		str("from_base64", "Bytes from base64.", "from_base64('AQI=')", `\x0102`, patterns(text), bytea, fallibleText(decodeBase64)),
		str("from_hex", "Bytes from hexadecimal.", "from_hex('01ff')", `\x01ff`, patterns(text), bytea, fallibleText(decodeHex)),
		str("to_utf8", "The string's bytes.", "to_utf8('a')", `\x61`, patterns(text), bytea, bindSame),
		str("from_utf8", "The string of bytes; what is not UTF-8 is replaced.", `from_utf8('\x61'::bytea)`, "a", patterns(bytea), text, appendedText(func(d, s []byte) []byte { return append(d, strings.ToValidUTF8(string(s), "\uFFFD")...) })),
		str("quote_ident", "The string as an SQL identifier, in quotes where it needs them.", "quote_ident('Foo bar')", `"Foo bar"`, patterns(text), text, appendedText(appendIdent)),
		str("quote_literal", "The string as an SQL constant.", "quote_literal('it''s')", "'it''s'", patterns(text), text, appendedText(appendLiteral)),
	}
}

func firstRune(s []byte) int32 {
	if len(s) == 0 {
		return 0
	}
	r, _ := utf8.DecodeRune(s)
	return r
}

func bindPad(left bool) func([]types.Type) (Kernel, error) {
	return textOf(func(_ *Exec, args []*page.Vector) func(dst []byte, i int) ([]byte, error) {
		a := stringInput(args[0])
		want, m := input[int32](args[1])
		fill := stringsIn{views: []page.View{page.Inline([]byte{' '})}}
		if len(args) > 2 {
			fill = stringInput(args[2])
		}
		return func(dst []byte, i int) ([]byte, error) {
			s, n, f := a.at(i), int(want[i&m]), fill.at(i)
			have := utf8.RuneCount(s)
			if n <= have || len(f) == 0 {
				return append(dst, s[:skipRunes(s, max(n, 0))]...), nil
			}
			if n > textMax/utf8.UTFMax {
				return nil, errTooLong()
			}
			if !left {
				dst = append(dst, s...)
			}
			for n -= have; n > 0; {
				part := f[:skipRunes(f, n)]
				dst = append(dst, part...)
				n -= utf8.RuneCount(part)
			}
			if left {
				dst = append(dst, s...)
			}
			return dst, nil
		}
	})
}

var bindRepeat = textOf(func(_ *Exec, args []*page.Vector) func(dst []byte, i int) ([]byte, error) {
	a := stringInput(args[0])
	count, m := input[int32](args[1])
	return func(dst []byte, i int) ([]byte, error) {
		s, n := a.at(i), int(count[i&m])
		if n > 0 && len(s)*n > textMax {
			return nil, errTooLong()
		}
		if len(s) > 0 {
			for range n {
				dst = append(dst, s...)
			}
		}
		return dst, nil
	}
})

var bindChr = textOf(func(_ *Exec, args []*page.Vector) func(dst []byte, i int) ([]byte, error) {
	a, m := input[int32](args[0])
	return func(dst []byte, i int) ([]byte, error) {
		switch r := a[i&m]; {
		case r == 0:
			return nil, sqlerr.New(sqlerr.ProgramLimit, "null character not permitted")
		case r < 0:
			return nil, sqlerr.New(sqlerr.ProgramLimit, "character number must be positive")
		case !utf8.ValidRune(r):
			return nil, sqlerr.New(sqlerr.ProgramLimit, "requested character too large for encoding: %d", r)
		default:
			return utf8.AppendRune(dst, r), nil
		}
	}
})

func bindToHex(args []types.Type) (Kernel, error) {
	narrow := args[0].Kind == types.Int32
	return textOf(func(_ *Exec, args []*page.Vector) func(dst []byte, i int) ([]byte, error) {
		a := intInput(args[0])
		return func(dst []byte, i int) ([]byte, error) {
			n := uint64(a(i))
			if narrow {
				n = uint64(uint32(n))
			}
			return strconv.AppendUint(dst, n, 16), nil
		}
	})(args)
}

func appendMD5(dst, s []byte) []byte {
	x := md5.Sum(s)
	return hex.AppendEncode(dst, x[:])
}

// fallibleText makes a kernel of a function of one string that may fail.
func fallibleText(f func(dst, s []byte) ([]byte, error)) func([]types.Type) (Kernel, error) {
	return textOf(func(_ *Exec, args []*page.Vector) func(dst []byte, i int) ([]byte, error) {
		a := stringInput(args[0])
		return func(dst []byte, i int) ([]byte, error) { return f(dst, a.at(i)) }
	})
}

var bindEncode = textOf(func(_ *Exec, args []*page.Vector) func(dst []byte, i int) ([]byte, error) {
	a, form := stringInput(args[0]), stringInput(args[1])
	return func(dst []byte, i int) ([]byte, error) {
		switch f := form.at(i); strings.ToLower(string(f)) {
		case "hex":
			return hex.AppendEncode(dst, a.at(i)), nil
		case "base64":
			return appendBase64Lines(dst, a.at(i)), nil
		case "escape":
			return appendEscape(dst, a.at(i)), nil
		default:
			return nil, sqlerr.New(sqlerr.InvalidParameterValue, "unrecognized encoding: \"%s\"", f)
		}
	}
})

var bindDecode = textOf(func(_ *Exec, args []*page.Vector) func(dst []byte, i int) ([]byte, error) {
	a, form := stringInput(args[0]), stringInput(args[1])
	return func(dst []byte, i int) ([]byte, error) {
		switch f := form.at(i); strings.ToLower(string(f)) {
		case "hex":
			return decodeHex(dst, a.at(i))
		case "base64":
			return decodeBase64(dst, a.at(i))
		case "escape":
			return decodeEscape(dst, a.at(i))
		default:
			return nil, sqlerr.New(sqlerr.InvalidParameterValue, "unrecognized encoding: \"%s\"", f)
		}
	}
})

// appendBase64Lines breaks lines after 76 characters, as PostgreSQL does.
func appendBase64Lines(dst, s []byte) []byte {
	for len(s) > 57 {
		dst = append(base64.StdEncoding.AppendEncode(dst, s[:57]), '\n')
		s = s[57:]
	}
	return base64.StdEncoding.AppendEncode(dst, s)
}

func decodeBase64(dst, s []byte) ([]byte, error) {
	var clean []byte
	for _, c := range s {
		if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			clean = append(clean, c)
		}
	}
	out, err := base64.StdEncoding.AppendDecode(dst, clean)
	if err != nil {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "invalid base64 end sequence").
			WithHint("Input data is missing padding, is truncated, or is otherwise corrupted.")
	}
	return out, nil
}

func decodeHex(dst, s []byte) ([]byte, error) {
	var clean []byte
	for _, c := range s {
		switch {
		case c == ' ' || c == '\n' || c == '\r' || c == '\t':
			continue
		case !isHexDigit(c):
			return nil, sqlerr.New(sqlerr.InvalidParameterValue, "invalid hexadecimal digit: \"%c\"", c)
		}
		clean = append(clean, c)
	}
	if len(clean)%2 != 0 {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "invalid hexadecimal data: odd number of digits")
	}
	return hex.AppendDecode(dst, clean)
}

func isHexDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func appendEscape(dst, s []byte) []byte {
	for _, c := range s {
		switch {
		case c == '\\':
			dst = append(dst, '\\', '\\')
		case c == 0 || c >= 0x80:
			dst = append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func decodeEscape(dst, s []byte) ([]byte, error) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c != '\\':
			dst = append(dst, c)
		case i+1 < len(s) && s[i+1] == '\\':
			dst = append(dst, c)
			i++
		case i+3 < len(s) && s[i+1] >= '0' && s[i+1] <= '3' && s[i+2]-'0' < 8 && s[i+3]-'0' < 8:
			dst = append(dst, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 3
		default:
			return nil, sqlerr.New(sqlerr.InvalidTextRepr, "invalid input syntax for type bytea")
		}
	}
	return dst, nil
}

func appendLiteral(dst, s []byte) []byte {
	if strings.IndexByte(string(s), '\\') >= 0 {
		dst = append(dst, 'E')
	}
	dst = append(dst, '\'')
	for _, c := range s {
		if c == '\'' || c == '\\' {
			dst = append(dst, c)
		}
		dst = append(dst, c)
	}
	return append(dst, '\'')
}

func appendIdent(dst, s []byte) []byte {
	plain := len(s) > 0 && (s[0] == '_' || s[0]-'a' < 26) && !isReserved(string(s))
	for _, c := range s {
		plain = plain && (c == '_' || c-'a' < 26 || c-'0' < 10)
	}
	if plain {
		return append(dst, s...)
	}
	dst = append(dst, '"')
	for _, c := range s {
		if c == '"' {
			dst = append(dst, c)
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

// isReserved reports whether a word cannot be a name without quotes.
func isReserved(s string) bool {
	return strings.Contains(reserved, " "+s+" ")
}

const reserved = " all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast char " +
	"character check coalesce collate collation column concurrently constraint create cross current_catalog current_date current_role " +
	"current_schema current_time current_timestamp current_user dec decimal default deferrable desc distinct do else end except exists " +
	"extract false fetch float for foreign freeze from full grant greatest group grouping having ilike in initially inner inout int integer " +
	"intersect interval into is isnull join lateral leading least left like limit localtime localtimestamp national natural nchar none " +
	"normalize not notnull null nullif numeric offset on only or order out outer overlaps overlay placing position precision primary real " +
	"references returning right row select session_user setof similar smallint some substring symmetric table tablesample then time " +
	"timestamp to trailing treat trim true union unique user using values varchar variadic verbose when where window with xmlattributes " +
	"xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable "
