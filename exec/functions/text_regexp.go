package functions

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

func regexps() []*Scalar {
	text, i4 := types.Text, types.Int32
	re := func(name, says, example, result string, optional int, args []Pattern, ret func([]types.Type) (types.Type, error), bind func([]types.Type) (Kernel, error), aliases ...string) *Scalar {
		return &Scalar{Name: name, Aliases: aliases, Doc: Doc{Family: "regexp", Summary: says, Example: example, Result: result}, Args: args, Optional: optional, Return: ret, Bind: bind}
	}
	two, three := patterns(text, text), patterns(text, text, text)
	isBool, isText, isInt := returns(types.Bool), returns(text), returns(i4)
	isArray := func([]types.Type) (types.Type, error) { return types.ArrayOf(types.Of(text)), nil }
	return []*Scalar{
		re("~", "Whether a string matches a regular expression.", "'muster' ~ '^m.*r$'", "t", 0, two, isBool, bindMatches("", false)),
		re("~*", "~ without regard to case.", "'Muster' ~* '^m'", "t", 0, two, isBool, bindMatches("i", false)),
		re("!~", "Whether a string does not match a regular expression.", "'muster' !~ 'x'", "t", 0, two, isBool, bindMatches("", true)),
		re("!~*", "!~ without regard to case.", "'Muster' !~* 'x'", "t", 0, two, isBool, bindMatches("i", true)),
		re("similar_to", "Whether a string matches an SQL regular expression.", "'abc' SIMILAR TO '%(b|d)%'", "t", 1, three, isBool, bindSimilar),
		re("regexp_like", "Whether a string matches a regular expression.", "regexp_like('Muster', 'must', 'i')", "t", 1, three, isBool, bindMatches("", false)),
		re("regexp_count", "How often a regular expression matches.", "regexp_count('abcabc', 'b')", "2", 0, two, isInt, bindRegexpCount),
		re("regexp_replace", "The string with the first match of a regular expression replaced, with flag g all.", `regexp_replace('foobar', '(o+)b', '[\1]', 'g')`, "f[oo]ar", 1, patterns(text, text, text, text), isText, bindRegexpReplace),
		re("regexp_substr", "The part that matches a regular expression.", "regexp_substr('foobar', 'o+b')", "oob", 0, two, isText, bindRegexpSubstr(0), "regexp_extract"),
		re("regexp_extract", "The part that a group of a regular expression matches.", "regexp_extract('k=v', '(.)=(.)', 2)", "v", 0, patterns(text, text, i4), isText, bindRegexpSubstr(-1)),
		re("substring", "The part that a regular expression, or its first group, matches.", "substring('foobar' from 'o(.)b')", "o", 0, two, isText, bindRegexpSubstr(1)),
		re("regexp_match", "The groups of the first match, or the whole match when there are none.", "regexp_match('foobarbeque', '(bar)(beque)')", "{bar,beque}", 1, three, isArray, bindRegexpMatch),
		re("regexp_extract_all", "All matches of a regular expression.", "regexp_extract_all('a1b22', '[0-9]+')", "{1,22}", 0, two, isArray, bindRegexpAll),
		re("regexp_split_to_array", "The parts between the matches of a regular expression.", `regexp_split_to_array('hello world', '\s+')`, "{hello,world}", 1, three, isArray, bindRegexpSplit, "regexp_split"),
		re("regexp_instr", "The place of the first match, 0 when there is none.", "regexp_instr('foobar', 'b')", "4", 0, two, isInt, bindRegexpInstr, "regexp_position"),
	}
}

// regexpCache keeps the last expressions that a kernel compiled.
type regexpCache struct {
	by map[string]*regexp.Regexp
}

const regexpsMax = 64

// get returns the compiled form of a PostgreSQL expression with its flags.
func (c *regexpCache) get(pattern, flags string) (*regexp.Regexp, error) {
	key := flags + "\x00" + pattern
	if re := c.by[key]; re != nil {
		return re, nil
	}
	re, err := compileRegexp(pattern, flags)
	if err != nil {
		return nil, err
	}
	if c.by == nil || len(c.by) >= regexpsMax {
		c.by = map[string]*regexp.Regexp{}
	}
	c.by[key] = re
	return re, nil
}

// compileRegexp translates: a point matches newlines unless the flags say
// otherwise, the longest match wins where nothing is lazy.
func compileRegexp(pattern, flags string) (*regexp.Regexp, error) {
	on := "s"
	for _, f := range flags {
		switch f {
		case 'i':
			on += "i"
		case 'c':
			on = strings.ReplaceAll(on, "i", "")
		case 'n', 'm':
			on = strings.ReplaceAll(on, "s", "") + "m"
		case 'w':
			on += "m"
		case 'p':
			on = strings.ReplaceAll(on, "s", "")
		case 'q':
			pattern = regexp.QuoteMeta(pattern)
		case 'g', 's', 'e', 't', 'b', 'x':
		default:
			return nil, sqlerr.New(sqlerr.InvalidParameterValue, "invalid regular expression option: \"%c\"", f)
		}
	}
	translated, lazy := translateRegexp(pattern)
	if on != "" {
		translated = "(?" + on + ")" + translated
	}
	re, err := regexp.Compile(translated)
	if err != nil {
		return nil, sqlerr.New(sqlerr.InvalidRegularExpression, "invalid regular expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	if !lazy {
		re.Longest()
	}
	return re, nil
}

// translateRegexp rewrites the escapes that differ: \y, \m and \M are word
// boundaries, \Y none, \A and \Z the ends.
func translateRegexp(p string) (out string, lazy bool) {
	p = strings.TrimPrefix(p, "***:")
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		c := p[i]
		if c == '?' && i > 0 && strings.IndexByte("*+?}", p[i-1]) >= 0 && (i < 2 || p[i-2] != '\\') {
			lazy = true
		}
		if c != '\\' || i+1 == len(p) {
			b.WriteByte(c)
			continue
		}
		i++
		switch p[i] {
		case 'y', 'm', 'M':
			b.WriteString(`\b`)
		case 'Y':
			b.WriteString(`\B`)
		case 'Z':
			b.WriteString(`\z`)
		default:
			b.WriteByte('\\')
			b.WriteByte(p[i])
		}
	}
	return b.String(), lazy
}

// withRegexp makes kernels from a function of the string and the expression. The
// expression is argument 1, flags may be argument flags; each of them is cached.
func withRegexp(flags int, extra string) func(args []*page.Vector) func(i int) (*regexp.Regexp, error) {
	cache := &regexpCache{}
	return func(args []*page.Vector) func(i int) (*regexp.Regexp, error) {
		pat := stringInput(args[1])
		var fl *stringsIn
		if flags > 0 && len(args) > flags {
			s := stringInput(args[flags])
			fl = &s
		}
		var last *regexp.Regexp
		steady := pat.mask == 0 && (fl == nil || fl.mask == 0)
		return func(i int) (*regexp.Regexp, error) {
			if steady && last != nil {
				return last, nil
			}
			f := extra
			if fl != nil {
				f += string(fl.at(i))
			}
			re, err := cache.get(string(pat.at(i)), f)
			last = re
			return re, err
		}
	}
}

func bindMatches(flags string, not bool) func([]types.Type) (Kernel, error) {
	return func(ts []types.Type) (Kernel, error) {
		get := withRegexp(2, flags)
		return fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (uint8, error) {
			a, re := stringInput(args[0]), get(args)
			return func(i int) (uint8, error) {
				r, err := re(i)
				if err != nil {
					return 0, err
				}
				return b2u(r.Match(a.at(i)) != not), nil
			}
		})(ts)
	}
}

func bindRegexpCount(ts []types.Type) (Kernel, error) {
	get := withRegexp(0, "")
	return fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (int32, error) {
		a, re := stringInput(args[0]), get(args)
		return func(i int) (int32, error) {
			r, err := re(i)
			if err != nil {
				return 0, err
			}
			return int32(len(r.FindAllIndex(a.at(i), -1))), nil
		}
	})(ts)
}

func bindRegexpInstr(ts []types.Type) (Kernel, error) {
	get := withRegexp(0, "")
	return fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (int32, error) {
		a, re := stringInput(args[0]), get(args)
		return func(i int) (int32, error) {
			r, err := re(i)
			if err != nil {
				return 0, err
			}
			s := a.at(i)
			loc := r.FindIndex(s)
			if loc == nil {
				return 0, nil
			}
			return int32(utf8.RuneCount(s[:loc[0]])) + 1, nil
		}
	})(ts)
}

func bindRegexpReplace(ts []types.Type) (Kernel, error) {
	get := withRegexp(3, "")
	return textOf(func(_ *Exec, args []*page.Vector) func(dst []byte, i int) ([]byte, error) {
		a, to, re := stringInput(args[0]), stringInput(args[2]), get(args)
		flags := stringsIn{views: []page.View{{}}}
		if len(args) > 3 {
			flags = stringInput(args[3])
		}
		return func(dst []byte, i int) ([]byte, error) {
			r, err := re(i)
			if err != nil {
				return nil, err
			}
			n := 1
			if strings.IndexByte(string(flags.at(i)), 'g') >= 0 {
				n = -1
			}
			s, rest := a.at(i), 0
			for _, m := range r.FindAllSubmatchIndex(s, n) {
				dst = append(dst, s[rest:m[0]]...)
				dst = appendReplacement(dst, to.at(i), s, m)
				if rest = m[1]; len(dst) > textMax {
					return nil, errTooLong()
				}
			}
			return append(dst, s[rest:]...), nil
		}
	})(ts)
}

// appendReplacement expands \1 to \9, \& and \\.
func appendReplacement(dst, to, s []byte, m []int) []byte {
	for k := 0; k < len(to); k++ {
		if to[k] != '\\' || k+1 == len(to) {
			dst = append(dst, to[k])
			continue
		}
		k++
		g := -1
		switch c := to[k]; {
		case c == '&':
			g = 0
		case c-'1' < 9:
			g = int(c - '0')
		case c == '\\':
			dst = append(dst, '\\')
			continue
		default:
			dst = append(dst, '\\', c)
			continue
		}
		if 2*g+1 < len(m) && m[2*g] >= 0 {
			dst = append(dst, s[m[2*g]:m[2*g+1]]...)
		}
	}
	return dst
}

// nullableText makes a string kernel whose function may give NULL (nil).
func nullableText(f func(x *Exec, args []*page.Vector) func(i int) ([]byte, error)) func([]types.Type) (Kernel, error) {
	return func([]types.Type) (Kernel, error) {
		return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
			o, err := newTextOut(x)
			if err != nil {
				return nil, err
			}
			g := f(x, args)
			return o.finish(x.each(func(i int) error {
				s, err := g(i)
				switch {
				case err != nil:
					return err
				case s == nil:
					return o.null(i)
				}
				return o.set(i, s)
			}))
		}, nil
	}
}

// bindRegexpSubstr gives the whole match (group 0), the first group if there is
// one (1), or the group that the third argument names (-1).
func bindRegexpSubstr(group int) func([]types.Type) (Kernel, error) {
	return func(ts []types.Type) (Kernel, error) {
		get := withRegexp(0, "")
		return nullableText(func(_ *Exec, args []*page.Vector) func(i int) ([]byte, error) {
			a, re := stringInput(args[0]), get(args)
			var which func(i int) int64
			if group < 0 {
				which = intInput(args[2])
			}
			return func(i int) ([]byte, error) {
				r, err := re(i)
				if err != nil {
					return nil, err
				}
				g := min(group, r.NumSubexp())
				if which != nil {
					if g = int(which(i)); g < 0 || g > r.NumSubexp() {
						return nil, sqlerr.New(sqlerr.InvalidParameterValue, "pattern has %d groups, cannot access group %d", r.NumSubexp(), g)
					}
				}
				m := r.FindSubmatchIndex(a.at(i))
				if m == nil || m[2*g] < 0 {
					return nil, nil
				}
				return a.at(i)[m[2*g]:m[2*g+1]:m[2*g+1]], nil
			}
		})(ts)
	}
}

func bindRegexpMatch(ts []types.Type) (Kernel, error) {
	get := withRegexp(2, "")
	return builderOf(func(_ *Exec, args []*page.Vector) func(b *page.Builder, i int) error {
		a, re := stringInput(args[0]), get(args)
		return func(b *page.Builder, i int) error {
			r, err := re(i)
			if err != nil {
				return err
			}
			s := a.at(i)
			m := r.FindSubmatchIndex(s)
			if m == nil {
				b.AppendNull()
				return nil
			}
			if len(m) > 2 {
				m = m[2:]
			}
			for ; len(m) > 0; m = m[2:] {
				if m[0] < 0 {
					b.Child(0).AppendNull()
				} else {
					b.Child(0).AppendBytes(s[m[0]:m[1]])
				}
			}
			b.EndList()
			return nil
		}
	})(ts)
}

func bindRegexpAll(ts []types.Type) (Kernel, error) {
	get := withRegexp(0, "")
	return builderOf(func(_ *Exec, args []*page.Vector) func(b *page.Builder, i int) error {
		a, re := stringInput(args[0]), get(args)
		return func(b *page.Builder, i int) error {
			r, err := re(i)
			if err != nil {
				return err
			}
			for _, m := range r.FindAll(a.at(i), -1) {
				b.Child(0).AppendBytes(m)
			}
			b.EndList()
			return nil
		}
	})(ts)
}

func bindRegexpSplit(ts []types.Type) (Kernel, error) {
	get := withRegexp(2, "")
	return builderOf(func(_ *Exec, args []*page.Vector) func(b *page.Builder, i int) error {
		a, re := stringInput(args[0]), get(args)
		return func(b *page.Builder, i int) error {
			r, err := re(i)
			if err != nil {
				return err
			}
			s, rest := a.at(i), 0
			for _, m := range r.FindAllIndex(s, -1) {
				if m[1] == 0 || m[0] == m[1] && m[0] == len(s) {
					continue // an empty match at an end splits nothing
				}
				b.Child(0).AppendBytes(s[rest:m[0]])
				rest = m[1]
			}
			b.Child(0).AppendBytes(s[rest:])
			b.EndList()
			return nil
		}
	})(ts)
}

// bindSimilar matches SQL's regular expressions, which cover the whole string.
func bindSimilar(ts []types.Type) (Kernel, error) {
	cache := map[string]*regexp.Regexp{}
	return fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (uint8, error) {
		a, pat := stringInput(args[0]), stringInput(args[1])
		escape := stringsIn{views: []page.View{page.Inline([]byte{'\\'})}}
		if len(args) > 2 {
			escape = stringInput(args[2])
		}
		return func(i int) (uint8, error) {
			key := string(escape.at(i)) + "\x00" + string(pat.at(i))
			re := cache[key]
			if re == nil {
				p, err := similarPattern(string(pat.at(i)), string(escape.at(i)))
				if err != nil {
					return 0, err
				}
				if re, err = regexp.Compile(p); err != nil {
					return 0, sqlerr.New(sqlerr.InvalidRegularExpression, "invalid regular expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
				}
				if len(cache) >= regexpsMax {
					clear(cache)
				}
				cache[key] = re
			}
			return b2u(re.Match(a.at(i))), nil
		}
	})(ts)
}

func similarPattern(p, escape string) (string, error) {
	if utf8.RuneCountInString(escape) > 1 {
		return "", sqlerr.New(sqlerr.InvalidEscapeSequence, "invalid escape string").WithHint("Escape string must be empty or one character.")
	}
	var b strings.Builder
	b.WriteString(`(?s)\A(?:`)
	inSet := false
	for len(p) > 0 {
		r, n := utf8.DecodeRuneInString(p)
		ch := p[:n]
		p = p[n:]
		switch {
		case ch == escape:
			_, n = utf8.DecodeRuneInString(p)
			b.WriteString(regexp.QuoteMeta(p[:n]))
			p = p[n:]
		case inSet:
			inSet = r != ']'
			b.WriteString(ch)
		case r == '%':
			b.WriteString(".*")
		case r == '_':
			b.WriteString(".")
		case r == '[':
			inSet = true
			b.WriteString(ch)
		case strings.ContainsRune(`.^$\`, r):
			b.WriteString(`\` + ch)
		default:
			b.WriteString(ch)
		}
	}
	b.WriteString(`)\z`)
	return b.String(), nil
}
