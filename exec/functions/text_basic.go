package functions

import (
	"unicode"
	"unicode/utf8"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

func textBasics() []*Scalar {
	text, i4 := types.Text, types.Int32
	str := func(name, says, example, result string, args []Pattern, ret types.Kind, bind func([]types.Type) (Kernel, error), aliases ...string) *Scalar {
		return &Scalar{Name: name, Aliases: aliases, Doc: Doc{Family: "string", Summary: says, Example: example, Result: result}, Args: args, Return: returns(ret), Bind: bind}
	}
	sub2 := str("substring", "The part of a string from a place on, counted from 1.", "substring('muster', 3)", "ster", patterns(text, i4), text, bindSubstring, "substr")
	sub3 := str("substring", "The part of a string from a place on, counted from 1, of a length.", "substring('muster', 2, 3)", "ust", patterns(text, i4, i4), text, bindSubstring, "substr")
	return []*Scalar{
		str("length", "The number of characters.", "length('žluť')", "4", patterns(text), i4, fixedText(func(s []byte) int32 { return int32(utf8.RuneCount(s)) }), "char_length", "character_length"),
		str("length", "The number of bytes.", `length('\x0102'::bytea)`, "2", patterns(types.Bytea), i4, fixedText(func(s []byte) int32 { return int32(len(s)) })),
		str("octet_length", "The number of bytes.", "octet_length('ž')", "2", patterns(text), i4, fixedText(func(s []byte) int32 { return int32(len(s)) })),
		str("octet_length", "The number of bytes.", `octet_length('\x0102'::bytea)`, "2", patterns(types.Bytea), i4, fixedText(func(s []byte) int32 { return int32(len(s)) })),
		str("bit_length", "The number of bits.", "bit_length('ž')", "16", patterns(text), i4, fixedText(func(s []byte) int32 { return int32(len(s)) * 8 })),
		str("lower", "The string in lower case.", "lower('Muster')", "muster", patterns(text), text, appendedText(appendLower)),
		str("upper", "The string in upper case.", "upper('Muster')", "MUSTER", patterns(text), text, appendedText(appendUpper)),
		str("initcap", "The string with a capital at the start of each word.", "initcap('hello WORLD')", "Hello World", patterns(text), text, appendedText(appendInitcap)),
		str("reverse", "The characters in the opposite order.", "reverse('abc')", "cba", patterns(text), text, appendedText(appendReverse)),
		sub2, sub3,
		str("||", "Joins two strings.", "'mu' || 'ster'", "muster", patterns(text, text), text, bindConcat2),
		str("||", "Joins a string and the text of a value.", "'n = ' || 42", "n = 42", []Pattern{Of(text), Printed()}, text, bindConcat2),
		str("||", "Joins the text of a value and a string.", "42 || ' km'", "42 km", []Pattern{Printed(), Of(text)}, text, bindConcat2),
		str("||", "Joins two byte strings.", `'\x01'::bytea || '\x02'::bytea`, `\x0102`, patterns(types.Bytea, types.Bytea), types.Bytea, bindConcat2),
	}
}

// fixedText makes a kernel of a quick function of one string.
func fixedText[R page.Fixed](f func(s []byte) R) func([]types.Type) (Kernel, error) {
	return fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (R, error) {
		s := stringInput(args[0])
		return func(i int) (R, error) { return f(s.at(i)), nil }
	})
}

// appendedText makes a kernel of a function that appends its result.
func appendedText(f func(dst, s []byte) []byte) func([]types.Type) (Kernel, error) {
	return textOf(func(_ *Exec, args []*page.Vector) func(dst []byte, i int) ([]byte, error) {
		s := stringInput(args[0])
		return func(dst []byte, i int) ([]byte, error) { return f(dst, s.at(i)), nil }
	})
}

func isASCII(s []byte) bool {
	var or byte
	for _, c := range s {
		or |= c
	}
	return or < utf8.RuneSelf
}

func appendLower(dst, s []byte) []byte {
	if isASCII(s) {
		for _, c := range s {
			if c-'A' < 26 {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
		}
		return dst
	}
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		dst, s = utf8.AppendRune(dst, unicode.ToLower(r)), s[n:]
	}
	return dst
}

func appendUpper(dst, s []byte) []byte {
	if isASCII(s) {
		for _, c := range s {
			if c-'a' < 26 {
				c -= 'a' - 'A'
			}
			dst = append(dst, c)
		}
		return dst
	}
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		dst, s = utf8.AppendRune(dst, unicode.ToUpper(r)), s[n:]
	}
	return dst
}

func appendInitcap(dst, s []byte) []byte {
	inWord := false
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		s = s[n:]
		if inWord {
			r = unicode.ToLower(r)
		} else {
			r = unicode.ToUpper(r)
		}
		inWord = unicode.IsLetter(r) || unicode.IsDigit(r)
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

func appendReverse(dst, s []byte) []byte {
	for len(s) > 0 {
		_, n := utf8.DecodeLastRune(s)
		dst, s = append(dst, s[len(s)-n:]...), s[:len(s)-n]
	}
	return dst
}

// sliceOf makes a kernel whose result is a part of its first argument: long
// results refer to the argument's bytes instead of copying them.
func sliceOf(f func(x *Exec, args []*page.Vector) func(s []byte, i int) ([]byte, error)) func([]types.Type) (Kernel, error) {
	return func([]types.Type) (Kernel, error) {
		return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
			v, out, err := page.NewFixed[page.View](x.Type, x.N, x.Pool)
			if err != nil {
				return nil, err
			}
			g, in := f(x, args), stringInput(args[0])
			v.ShareHeap(args[0])
			return orRelease(v, x.each(func(i int) error {
				w := &in.views[i&in.mask]
				s := w.Bytes(in.heap)
				r, err := g(s, i)
				if err != nil {
					return err
				}
				if len(r) <= page.InlineMax {
					out[i] = page.Inline(r)
				} else {
					// r lies within s: its capacity tells how far it is from the end.
					out[i] = page.Refer(r, w.Buf, w.Off+int32(cap(s)-cap(r)))
				}
				return nil
			}))
		}, nil
	}
}

var bindSubstring = sliceOf(func(_ *Exec, args []*page.Vector) func(s []byte, i int) ([]byte, error) {
	start, m1 := input[int32](args[1])
	if len(args) == 2 {
		return func(s []byte, i int) ([]byte, error) { return substring(s, int(start[i&m1]), 1<<31), nil }
	}
	count, m2 := input[int32](args[2])
	return func(s []byte, i int) ([]byte, error) {
		n := int(count[i&m2])
		if n < 0 {
			return nil, sqlerr.New(sqlerr.SubstringError, "negative substring length not allowed")
		}
		return substring(s, int(start[i&m1]), n), nil
	}
})

// substring returns n characters from the start-th on; places before 1 count.
func substring(s []byte, start, n int) []byte {
	end := start + n // first place that is not in
	if start < 1 {
		start = 1
	}
	if end <= start {
		return s[:0]
	}
	from := skipRunes(s, start-1)
	return s[from : from+skipRunes(s[from:], end-start)]
}

// skipRunes returns the bytes of the first n characters of s.
func skipRunes(s []byte, n int) int {
	if n >= len(s) {
		return len(s)
	}
	i := 0
	for i < len(s) && n > 0 {
		if s[i] < utf8.RuneSelf {
			i++
		} else {
			_, k := utf8.DecodeRune(s[i:])
			i += k
		}
		n--
	}
	return i
}

var bindConcat2 = textOf(func(_ *Exec, args []*page.Vector) func(dst []byte, i int) ([]byte, error) {
	a, b := stringInput(args[0]), stringInput(args[1])
	return func(dst []byte, i int) ([]byte, error) {
		return append(append(dst, a.at(i)...), b.at(i)...), nil
	}
})
