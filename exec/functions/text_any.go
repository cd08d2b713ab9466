package functions

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// textOfAnything is what prints values of any type.
func textOfAnything() []*Scalar {
	text, bytea, i4 := types.Text, types.Bytea, types.Int32
	s := func(name, says, example, result string, args []Pattern, ret types.Kind, bind func([]types.Type) (Kernel, error)) *Scalar {
		return &Scalar{Name: name, Doc: Doc{Family: "string", Summary: says, Example: example, Result: result},
			Args: args, Return: returns(ret), Volatility: Stable, Bind: bind}
	}
	concat := s("concat", "The text of all arguments that are not NULL, joined.", "concat('a', 1, NULL, 2.50)", "a12.50", []Pattern{Any()}, text, bindConcat)
	concat.Variadic, concat.Nulls = true, Called
	withSep := s("concat_ws", "The text of all arguments that are not NULL, joined by the first one.", "concat_ws(',', 'a', NULL, 1)", "a,1", []Pattern{Of(text), Any()}, text, bindConcatWS)
	withSep.Variadic, withSep.Nulls = true, Called
	format := s("format", "A text in which %s, %I and %L are replaced by arguments: as they are, as names, as constants.", "format('Hello %s, %1$s', 'World')", "Hello World, World", []Pattern{Of(text), Any()}, text, bindFormat)
	format.Variadic, format.Optional, format.Nulls = true, 1, Called
	quote := s("quote_nullable", "A value as an SQL constant; NULL as the word.", "quote_nullable(NULL)", "NULL", []Pattern{Any()}, text, bindQuoteNullable)
	quote.Nulls = Called
	bin := func(name, says, example, result string, args []Pattern, ret types.Kind, bind func([]types.Type) (Kernel, error), aliases ...string) *Scalar {
		f := s(name, says, example, result, args, ret, bind)
		f.Doc.Family, f.Volatility, f.Aliases = "binary", Immutable, aliases
		return f
	}
	return []*Scalar{
		concat, withSep, format, quote,
		s("quote_literal", "The text of a value as an SQL constant.", "quote_literal(42)", "'42'", []Pattern{Any()}, text, bindQuoteNullable),
		bin("substring", "The bytes from a place on, counted from 1.", `substring('\x010203'::bytea, 2)`, `\x0203`, patterns(bytea, i4), bytea, bindSubBytes, "substr"),
		bin("substring", "The bytes from a place on, counted from 1, of a length.", `substring('\x010203'::bytea, 2, 1)`, `\x02`, patterns(bytea, i4, i4), bytea, bindSubBytes, "substr"),
		bin("position", "The place of bytes within others, counted from 1; 0 when they are not there.", `position('\x02'::bytea in '\x010203'::bytea)`, "2", patterns(bytea, bytea), i4, bindBytePosition),
		bin("btrim", "The bytes without those given at both ends.", `btrim('\x000100'::bytea, '\x00'::bytea)`, `\x01`, patterns(bytea, bytea), bytea, bindTrimBytes),
		bin("get_byte", "The byte at a place counted from 0.", `get_byte('\x1290'::bytea, 1)`, "144", patterns(bytea, i4), i4, bindGetByte),
	}
}

func bindConcat([]types.Type) (Kernel, error) {
	return textOf(func(x *Exec, args []*page.Vector) func(dst []byte, i int) ([]byte, error) {
		f := x.Env.Format()
		return func(dst []byte, i int) ([]byte, error) {
			for _, a := range args {
				if !a.IsNull(i) {
					dst = types.AppendText(dst, a.Type, a.Value(i), f)
				}
			}
			return dst, nil
		}
	})(nil)
}

var bindConcatWS = nullableText(func(x *Exec, args []*page.Vector) func(i int) ([]byte, error) {
	f := x.Env.Format()
	var dst []byte
	return func(i int) ([]byte, error) {
		if args[0].IsNull(i) {
			return nil, nil
		}
		sep := args[0].Str(i)
		dst = append(dst[:0], []byte{}...)
		first := true
		for _, a := range args[1:] {
			if a.IsNull(i) {
				continue
			}
			if !first {
				dst = append(dst, sep...)
			}
			first = false
			dst = types.AppendText(dst, a.Type, a.Value(i), f)
		}
		if dst == nil {
			dst = []byte{}
		}
		return dst, nil
	}
})

func bindQuoteNullable([]types.Type) (Kernel, error) {
	return textOf(func(x *Exec, args []*page.Vector) func(dst []byte, i int) ([]byte, error) {
		a, f := args[0], x.Env.Format()
		return func(dst []byte, i int) ([]byte, error) {
			if a.IsNull(i) {
				return append(dst, "NULL"...), nil
			}
			return appendLiteral(dst, types.AppendText(nil, a.Type, a.Value(i), f)), nil
		}
	})(nil)
}

var bindFormat = nullableText(func(x *Exec, args []*page.Vector) func(i int) ([]byte, error) {
	var dst []byte
	return func(i int) ([]byte, error) {
		if args[0].IsNull(i) {
			return nil, nil
		}
		p := formatter{x: x, args: args[1:], row: i, pattern: string(args[0].Str(i)), out: append(dst[:0], []byte{}...)}
		err := p.run()
		if p.out == nil {
			p.out = []byte{}
		}
		dst = p.out
		return p.out, err
	}
})

// formatter expands one format() pattern.
type formatter struct {
	x       *Exec
	args    []*page.Vector
	row     int
	pattern string
	out     []byte
	next    int
}

func errFormat(format string, args ...any) error {
	return sqlerr.New(sqlerr.InvalidParameterValue, format, args...)
}

func (p *formatter) run() error {
	for len(p.pattern) > 0 {
		c := p.pattern[0]
		p.pattern = p.pattern[1:]
		if c != '%' {
			p.out = append(p.out, c)
			continue
		}
		if err := p.specifier(); err != nil {
			return err
		}
	}
	return nil
}

// number reads digits; ok is false when there are none.
func (p *formatter) number() (n int, ok bool, err error) {
	k := 0
	for k < len(p.pattern) && p.pattern[k]-'0' < 10 {
		k++
	}
	if k == 0 {
		return 0, false, nil
	}
	n, err = strconv.Atoi(p.pattern[:k])
	if err != nil || n > textMax {
		return 0, false, sqlerr.New(sqlerr.NumericValueOutOfRange, "number is out of range")
	}
	p.pattern = p.pattern[k:]
	return n, true, nil
}

// specifier reads [position$][-][width]type, the width also as * or *n$.
func (p *formatter) specifier() error {
	if p.pattern != "" && p.pattern[0] == '%' {
		p.out, p.pattern = append(p.out, '%'), p.pattern[1:]
		return nil
	}
	arg, width := 0, 0
	n, ok, err := p.number()
	if err != nil {
		return err
	}
	if ok && p.pattern != "" && p.pattern[0] == '$' {
		if arg, p.pattern = n, p.pattern[1:]; arg == 0 {
			return errFormat("format specifies argument 0, but arguments are numbered from 1")
		}
	} else if ok {
		width = n
	}
	left := false
	for p.pattern != "" && p.pattern[0] == '-' {
		left, p.pattern = true, p.pattern[1:]
	}
	if n, ok, err := p.number(); err != nil {
		return err
	} else if ok {
		width = n
	}
	if p.pattern == "" {
		return errFormat("unterminated format() type specifier")
	}
	kind := p.pattern[0]
	p.pattern = p.pattern[1:]
	if kind != 's' && kind != 'I' && kind != 'L' {
		return errFormat("unrecognized format() type specifier \"%c\"", kind)
	}
	if arg > 0 {
		p.next = arg
	} else {
		p.next++
	}
	if p.next > len(p.args) {
		return errFormat("too few arguments for format()")
	}
	s, err := p.value(p.args[p.next-1], kind)
	if err != nil {
		return err
	}
	p.pad(s, width, left)
	return nil
}

func (p *formatter) value(a *page.Vector, kind byte) ([]byte, error) {
	if a.IsNull(p.row) {
		switch kind {
		case 's':
			return nil, nil
		case 'L':
			return []byte("NULL"), nil
		}
		return nil, sqlerr.New(sqlerr.NullValueNotAllowed, "null values cannot be formatted as an SQL identifier")
	}
	s := types.AppendText(nil, a.Type, a.Value(p.row), p.x.Env.Format())
	switch kind {
	case 'I':
		return appendIdent(nil, s), nil
	case 'L':
		return appendLiteral(nil, s), nil
	}
	return s, nil
}

func (p *formatter) pad(s []byte, width int, left bool) {
	blanks := width - utf8.RuneCount(s)
	if left {
		p.out = append(p.out, s...)
	}
	for ; blanks > 0; blanks-- {
		p.out = append(p.out, ' ')
	}
	if !left {
		p.out = append(p.out, s...)
	}
}

var bindSubBytes = sliceOf(func(_ *Exec, args []*page.Vector) func(s []byte, i int) ([]byte, error) {
	start := intInput(args[1])
	count := func(int) int64 { return 1 << 40 }
	if len(args) > 2 {
		count = intInput(args[2])
	}
	return func(s []byte, i int) ([]byte, error) {
		from, n := start(i), count(i)
		if n < 0 {
			return nil, sqlerr.New(sqlerr.SubstringError, "negative substring length not allowed")
		}
		end := min(max(from+n-1, 0), int64(len(s)))
		from = min(max(from-1, 0), end)
		return s[from:end], nil
	}
})

var bindTrimBytes = sliceOf(func(_ *Exec, args []*page.Vector) func(s []byte, i int) ([]byte, error) {
	set := stringInput(args[1])
	return func(s []byte, i int) ([]byte, error) {
		cut := string(set.at(i))
		for len(s) > 0 && strings.IndexByte(cut, s[0]) >= 0 {
			s = s[1:]
		}
		for len(s) > 0 && strings.IndexByte(cut, s[len(s)-1]) >= 0 {
			s = s[:len(s)-1]
		}
		return s, nil
	}
})

var bindGetByte = fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (int32, error) {
	a, at := stringInput(args[0]), intInput(args[1])
	return func(i int) (int32, error) {
		s, k := a.at(i), at(i)
		if k < 0 || k >= int64(len(s)) {
			return 0, sqlerr.New(sqlerr.ArraySubscriptError, "index %d out of valid range, 0..%d", k, len(s)-1)
		}
		return int32(s[k]), nil
	}
})

var bindBytePosition = fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (int32, error) {
	a, b := stringInput(args[0]), stringInput(args[1])
	return func(i int) (int32, error) { return int32(bytes.Index(a.at(i), b.at(i))) + 1, nil }
})
