package parser_test

import (
	"errors"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/muster-sql/muster/parser"
)

// lexeme cuts a statement into pieces that a mutation moves as a whole.
var lexeme = regexp.MustCompile(`\s+|[a-zA-Z_][a-zA-Z_0-9]*|[0-9.]+|[eEuUxXbBnN]?&?'[^']*'|"[^"]*"|\$[0-9]+|::|[<>=!|&~@#*/+-]+|.`)

// splicer makes statements that are nearly right: it deletes, doubles, swaps and
// replaces lexemes of the statement lists.
type splicer struct {
	rng       *rand.Rand
	sentences [][]string
}

func newSplicer(t testing.TB, seed uint64) *splicer {
	s := &splicer{rng: rand.New(rand.NewPCG(seed, 1))}
	for _, sql := range statements(t) {
		var words []string
		for _, w := range lexeme.FindAllString(sql, -1) {
			if strings.TrimSpace(w) != "" {
				words = append(words, w)
			}
		}
		s.sentences = append(s.sentences, words)
	}
	return s
}

func (s *splicer) word() string {
	words := s.sentences[s.rng.IntN(len(s.sentences))]
	return words[s.rng.IntN(len(words))]
}

func (s *splicer) next() string {
	words := append([]string(nil), s.sentences[s.rng.IntN(len(s.sentences))]...)
	for range 1 + s.rng.IntN(3) {
		if len(words) == 0 {
			break
		}
		i, j := s.rng.IntN(len(words)), s.rng.IntN(len(words))
		switch s.rng.IntN(5) {
		case 0:
			words = append(words[:i], words[i+1:]...)
		case 1:
			words = append(words[:i+1], words[i:]...)
		case 2:
			words[i], words[j] = words[j], words[i]
		case 3:
			words[i] = s.word()
		case 4:
			other := s.sentences[s.rng.IntN(len(s.sentences))]
			from := s.rng.IntN(len(other))
			to := min(len(other), from+1+s.rng.IntN(12))
			words = append(words[:i:i], append(append([]string{"("}, other[from:to]...), append([]string{")"}, words[i:]...)...)...)
		}
	}
	return strings.Join(words, " ")
}

// spliceCount is how many statements the splicer makes.
const spliceCount = 30_000

func TestSplicedStatementsParseOrFailCleanly(t *testing.T) {
	s := newSplicer(t, 7)
	parsed := 0
	for range spliceCount {
		sql := s.next()
		list, err := parser.ParseAll(sql)
		if err != nil {
			var pe *parser.Error
			if !errors.As(err, &pe) || pe.Position > len(sql) {
				t.Fatalf("%v\n%s", err, sql)
			}
			continue
		}
		parsed++
		for _, stmt := range list {
			checkRoundTrip(t, sql, stmt)
		}
	}
	t.Logf("%d parsed", parsed)
}
