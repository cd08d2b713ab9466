package functions

import (
	"bytes"
	"unicode/utf8"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

func likes() []*Scalar {
	var out []*Scalar
	for _, c := range []struct {
		name, alias   string
		fold, not     bool
		example, says string
	}{
		{"like", "~~", false, false, "'muster' LIKE 'm_st%'", "Whether a string matches a pattern of % and _."},
		{"not like", "!~~", false, true, "'muster' NOT LIKE 'x%'", "Whether a string does not match a pattern of % and _."},
		{"ilike", "~~*", true, false, "'Muster' ILIKE 'm%'", "LIKE without regard to case."},
		{"not ilike", "!~~*", true, true, "'Muster' NOT ILIKE 'x%'", "NOT LIKE without regard to case."},
	} {
		out = append(out, &Scalar{Name: c.name, Aliases: []string{c.alias}, Doc: Doc{Family: "string", Summary: c.says, Example: c.example, Result: "t"},
			Args: patterns(types.Text, types.Text, types.Text), Optional: 1, Return: returns(types.Bool), Bind: bindLike(c.fold, c.not)})
	}
	return out
}

// bindLike: the third argument is the escape character, a backslash by default.
func bindLike(fold, not bool) func([]types.Type) (Kernel, error) {
	return func([]types.Type) (Kernel, error) {
		var m likeMatcher
		return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
			v, out, err := page.NewFixed[uint8](x.Type, x.N, x.Pool)
			if err != nil {
				return nil, err
			}
			text, pattern := stringInput(args[0]), stringInput(args[1])
			escape := stringsIn{views: []page.View{page.Inline([]byte{'\\'})}}
			if len(args) > 2 {
				escape = stringInput(args[2])
			}
			flip := uint8(0)
			if not {
				flip = 1
			}
			steady := pattern.mask == 0 && escape.mask == 0
			if steady {
				if err := m.set(pattern.at(0), escape.at(0), fold); err != nil {
					return orRelease(v, err)
				}
			}
			return orRelease(v, x.each(func(i int) error {
				if !steady {
					if err := m.set(pattern.at(i), escape.at(i), fold); err != nil {
						return err
					}
				}
				out[i] = flip
				if m.match(text.at(i)) {
					out[i] = flip ^ 1
				}
				return nil
			}))
		}, nil
	}
}

// likeClass is the shape of a pattern; most are one of the quick ones.
type likeClass uint8

const (
	likeEqual    likeClass = iota // abc
	likePrefix                    // abc%
	likeSuffix                    // %abc
	likeContains                  // %abc%
	likeParts                     // abc%def%ghi, without _
	likeGeneral
)

// likeMatcher is a compiled LIKE pattern. The last one is kept.
type likeMatcher struct {
	pattern, escape string
	fold, ready     bool
	class           likeClass
	parts           [][]byte // between the %
	tokens          []likeToken
	lowered         []byte
}

// likeToken is a literal character, _ or %.
type likeToken struct {
	kind byte // 'c', '_', '%', 'e': a lone escape at the end
	r    rune
}

func (m *likeMatcher) set(pattern, escape []byte, fold bool) error {
	if m.ready && m.fold == fold && string(pattern) == m.pattern && string(escape) == m.escape {
		return nil
	}
	if utf8.RuneCount(escape) > 1 {
		return sqlerr.New(sqlerr.InvalidEscapeSequence, "invalid escape string").WithHint("Escape string must be empty or one character.")
	}
	*m = likeMatcher{pattern: string(pattern), escape: string(escape), fold: fold, lowered: m.lowered}
	p := pattern
	if fold {
		p = appendLower(nil, pattern)
		escape = appendLower(nil, escape)
	}
	m.tokenize(p, escape)
	m.classify()
	m.ready = true
	return nil
}

func (m *likeMatcher) tokenize(p, escape []byte) {
	for len(p) > 0 {
		if len(escape) > 0 && bytes.HasPrefix(p, escape) {
			p = p[len(escape):]
			if len(p) == 0 {
				m.tokens = append(m.tokens, likeToken{'e', 0}) // matches nothing
				break
			}
			r, n := utf8.DecodeRune(p)
			m.tokens, p = append(m.tokens, likeToken{'c', r}), p[n:]
			continue
		}
		r, n := utf8.DecodeRune(p)
		p = p[n:]
		switch r {
		case '%':
			if k := len(m.tokens); k == 0 || m.tokens[k-1].kind != '%' {
				m.tokens = append(m.tokens, likeToken{'%', 0})
			}
		case '_':
			m.tokens = append(m.tokens, likeToken{'_', 0})
		default:
			m.tokens = append(m.tokens, likeToken{'c', r})
		}
	}
}

func (m *likeMatcher) classify() {
	part := []byte{}
	var wild int
	for _, t := range m.tokens {
		switch t.kind {
		case '_', 'e':
			m.class = likeGeneral
			return
		case '%':
			wild++
			m.parts = append(m.parts, part)
			part = []byte{}
		default:
			part = utf8.AppendRune(part, t.r)
		}
	}
	m.parts = append(m.parts, part)
	first, last := m.parts[0], m.parts[len(m.parts)-1]
	switch {
	case wild == 0:
		m.class = likeEqual
	case wild == 1 && len(last) == 0:
		m.class = likePrefix
	case wild == 1 && len(first) == 0:
		m.class = likeSuffix
	case wild == 2 && len(first) == 0 && len(last) == 0:
		m.class = likeContains
	default:
		m.class = likeParts
	}
}

func (m *likeMatcher) match(s []byte) bool {
	if m.fold {
		m.lowered = appendLower(m.lowered[:0], s)
		s = m.lowered
	}
	switch m.class {
	case likeEqual:
		return string(s) == string(m.parts[0])
	case likePrefix:
		return bytes.HasPrefix(s, m.parts[0])
	case likeSuffix:
		return bytes.HasSuffix(s, m.parts[1])
	case likeContains:
		return bytes.Contains(s, m.parts[1])
	case likeParts:
		return m.matchParts(s)
	}
	return matchLike(s, m.tokens)
}

func (m *likeMatcher) matchParts(s []byte) bool {
	first, last := m.parts[0], m.parts[len(m.parts)-1]
	if len(s) < len(first)+len(last) || !bytes.HasPrefix(s, first) || !bytes.HasSuffix(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, p := range m.parts[1 : len(m.parts)-1] {
		i := bytes.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return true
}

// matchLike goes back to the last % only: an earlier one can take no more than
// it did, so the work is at most pattern times string.
func matchLike(s []byte, tokens []likeToken) bool {
	i, t := 0, 0
	backS, backT := -1, 0
	for i < len(s) {
		if t < len(tokens) {
			switch tok := tokens[t]; tok.kind {
			case '%':
				backS, backT = i, t+1
				t++
				continue
			case '_':
				_, n := utf8.DecodeRune(s[i:])
				i, t = i+n, t+1
				continue
			case 'c':
				if r, n := utf8.DecodeRune(s[i:]); r == tok.r {
					i, t = i+n, t+1
					continue
				}
			}
		}
		if backS < 0 {
			return false
		}
		_, n := utf8.DecodeRune(s[backS:])
		backS += n
		i, t = backS, backT
	}
	for t < len(tokens) && tokens[t].kind == '%' {
		t++
	}
	return t == len(tokens)
}
