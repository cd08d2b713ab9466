package functions

import (
	"bytes"
	"unicode/utf8"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// textSearch is what finds, cuts and replaces within strings.
func textSearch() []*Scalar {
	text, i4 := types.Text, types.Int32
	str := func(name, says, example, result string, args []Pattern, ret types.Kind, bind func([]types.Type) (Kernel, error), aliases ...string) *Scalar {
		return &Scalar{Name: name, Aliases: aliases, Doc: Doc{Family: "string", Summary: says, Example: example, Result: result}, Args: args, Return: returns(ret), Bind: bind}
	}
	trim := func(name, says, example, result string, left, right bool, aliases ...string) *Scalar {
		s := str(name, says, example, result, patterns(text, text), text, bindTrim(left, right), aliases...)
		s.Optional = 1
		return s
	}
	two := patterns(text, text)
	return []*Scalar{
		str("strpos", "The place of a string within another, counted in characters from 1; 0 when it is not there.", "strpos('muster', 'st')", "3", two, i4, bindPosition, "position", "index"),
		str("starts_with", "Whether a string begins with another.", "starts_with('muster', 'mu')", "t", two, types.Bool, twoTexts(bytes.HasPrefix), "^@"),
		str("ends_with", "Whether a string ends with another.", "ends_with('muster', 'er')", "t", two, types.Bool, twoTexts(bytes.HasSuffix)),
		trim("btrim", "The string without the given characters, by default blanks, at both ends.", "btrim('xymusterx', 'xy')", "muster", true, true, "trim"),
		trim("ltrim", "The string without the given characters, by default blanks, at its start.", "ltrim('  muster')", "muster", true, false),
		trim("rtrim", "The string without the given characters, by default blanks, at its end.", "rtrim('musterxx', 'x')", "muster", false, true),
		str("left", "The first characters; a negative number leaves that many out at the end.", "left('muster', -2)", "must", patterns(text, i4), text, bindLeft),
		str("right", "The last characters; a negative number leaves that many out at the start.", "right('muster', 3)", "ter", patterns(text, i4), text, bindRight),
		str("split_part", "The n-th part of a string between delimiters, from the end when n is negative.", "split_part('a,b,c', ',', 2)", "b", patterns(text, text, i4), text, bindSplitPart),
		str("replace", "The string with each occurrence of one part replaced by another.", "replace('muster', 's', 'tt')", "muttter", patterns(text, text, text), text, bindReplace),
		str("translate", "The string with each character of one set replaced by that of another at the same place, or taken out.", "translate('muster', 'mue', 'MU')", "MUstr", patterns(text, text, text), text, bindTranslate),
		str("overlay", "The string with the part from a place on, of a length, replaced.", "overlay('Txxxxas' placing 'hom' from 2 for 4)", "Thomas", patterns(text, text, i4, i4), text, bindOverlay),
		str("overlay", "The string with the part from a place on replaced by one of the same length.", "overlay('Txxxas' placing 'hom' from 2)", "Thomas", patterns(text, text, i4), text, bindOverlay),
	}
}

func b2u(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

func twoTexts(f func(a, b []byte) bool) func([]types.Type) (Kernel, error) {
	return fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (uint8, error) {
		a, b := stringInput(args[0]), stringInput(args[1])
		return func(i int) (uint8, error) { return b2u(f(a.at(i), b.at(i))), nil }
	})
}

var bindPosition = fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (int32, error) {
	a, b := stringInput(args[0]), stringInput(args[1])
	return func(i int) (int32, error) {
		s := a.at(i)
		k := bytes.Index(s, b.at(i))
		if k < 0 {
			return 0, nil
		}
		return int32(utf8.RuneCount(s[:k])) + 1, nil
	}
})

func bindTrim(left, right bool) func([]types.Type) (Kernel, error) {
	return sliceOf(func(_ *Exec, args []*page.Vector) func(s []byte, i int) ([]byte, error) {
		set := stringsIn{views: []page.View{page.Inline([]byte{' '})}}
		if len(args) > 1 {
			set = stringInput(args[1])
		}
		return func(s []byte, i int) ([]byte, error) {
			cut := set.at(i)
			if left {
				s = trimLeft(s, cut)
			}
			if right {
				s = trimRight(s, cut)
			}
			return s, nil
		}
	})
}

func trimLeft(s, set []byte) []byte {
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		if !bytes.ContainsRune(set, r) {
			break
		}
		s = s[n:]
	}
	return s
}

func trimRight(s, set []byte) []byte {
	for len(s) > 0 {
		r, n := utf8.DecodeLastRune(s)
		if !bytes.ContainsRune(set, r) {
			break
		}
		s = s[:len(s)-n]
	}
	return s
}

var bindLeft = sliceOf(func(_ *Exec, args []*page.Vector) func(s []byte, i int) ([]byte, error) {
	count, m := input[int32](args[1])
	return func(s []byte, i int) ([]byte, error) {
		n := int(count[i&m])
		if n < 0 {
			n = max(utf8.RuneCount(s)+n, 0)
		}
		return s[:skipRunes(s, n)], nil
	}
})

var bindRight = sliceOf(func(_ *Exec, args []*page.Vector) func(s []byte, i int) ([]byte, error) {
	count, m := input[int32](args[1])
	return func(s []byte, i int) ([]byte, error) {
		n := -int(count[i&m])
		if n < 0 {
			n = max(utf8.RuneCount(s)+n, 0)
		}
		return s[skipRunes(s, n):], nil
	}
})

var bindSplitPart = sliceOf(func(_ *Exec, args []*page.Vector) func(s []byte, i int) ([]byte, error) {
	delims := stringInput(args[1])
	places, m := input[int32](args[2])
	return func(s []byte, i int) ([]byte, error) {
		n, d := int(places[i&m]), delims.at(i)
		if n == 0 {
			return nil, sqlerr.New(sqlerr.InvalidParameterValue, "field position must not be zero")
		}
		if len(d) == 0 {
			if n == 1 || n == -1 {
				return s, nil
			}
			return s[:0], nil
		}
		if n < 0 {
			n += bytes.Count(s, d) + 2
			if n <= 0 {
				return s[:0], nil
			}
		}
		for ; n > 1; n-- {
			k := bytes.Index(s, d)
			if k < 0 {
				return s[:0], nil
			}
			s = s[k+len(d):]
		}
		if k := bytes.Index(s, d); k >= 0 {
			s = s[:k]
		}
		return s, nil
	}
})

// errTooLong is the error for a string beyond what one value may hold.
func errTooLong() error { return sqlerr.New(sqlerr.ProgramLimit, "requested length too large") }

// textMax is the longest string that a function makes.
const textMax = 64 << 20

var bindReplace = textOf(func(_ *Exec, args []*page.Vector) func(dst []byte, i int) ([]byte, error) {
	a, from, to := stringInput(args[0]), stringInput(args[1]), stringInput(args[2])
	return func(dst []byte, i int) ([]byte, error) {
		s, f, t := a.at(i), from.at(i), to.at(i)
		if len(f) == 0 {
			return append(dst, s...), nil
		}
		for {
			k := bytes.Index(s, f)
			if k < 0 {
				return append(dst, s...), nil
			}
			dst = append(append(dst, s[:k]...), t...)
			s = s[k+len(f):]
			if len(dst) > textMax {
				return nil, errTooLong()
			}
		}
	}
})

var bindTranslate = textOf(func(_ *Exec, args []*page.Vector) func(dst []byte, i int) ([]byte, error) {
	a, from, to := stringInput(args[0]), stringInput(args[1]), stringInput(args[2])
	return func(dst []byte, i int) ([]byte, error) {
		f, t := bytes.Runes(from.at(i)), bytes.Runes(to.at(i))
		for s := a.at(i); len(s) > 0; {
			r, n := utf8.DecodeRune(s)
			k := indexRune(f, r)
			switch {
			case k < 0:
				dst = append(dst, s[:n]...)
			case k < len(t):
				dst = utf8.AppendRune(dst, t[k])
			}
			s = s[n:]
		}
		return dst, nil
	}
})

func indexRune(rs []rune, r rune) int {
	for i, x := range rs {
		if x == r {
			return i
		}
	}
	return -1
}

var bindOverlay = textOf(func(_ *Exec, args []*page.Vector) func(dst []byte, i int) ([]byte, error) {
	a, b := stringInput(args[0]), stringInput(args[1])
	start, m := input[int32](args[2])
	var count []int32
	mc := 0
	if len(args) > 3 {
		count, mc = input[int32](args[3])
	}
	return func(dst []byte, i int) ([]byte, error) {
		s, r := a.at(i), b.at(i)
		from, n := int(start[i&m]), utf8.RuneCount(r)
		if count != nil {
			n = int(count[i&mc])
		}
		if from <= 0 {
			return nil, sqlerr.New(sqlerr.SubstringError, "negative substring length not allowed")
		}
		dst = append(append(dst, substring(s, 1, from-1)...), r...)
		return append(dst, substring(s, from+n, 1<<31)...), nil
	}
})
