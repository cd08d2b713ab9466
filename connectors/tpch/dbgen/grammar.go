package dbgen

import (
	"strconv"
	"strings"
)

const (
	wordCount = 256 // a word is named by one byte
	// sentenceTokensMax is the most words in a sentence.
	sentenceTokensMax = 16
)

// word is a word with its separator before it. The bytes behind it let a copy
// of wordSlack bytes start anywhere within it.
type word struct {
	text [47]byte
	n    uint8
}

// grammar makes the text of the pool.
type grammar struct {
	words [wordCount]word
	used  int

	sentence, noun, verb                                                       choice // of forms
	nouns, verbs, adverbs, adjectives, listed, auxiliaries, prepositions, ends choice
}

// choice maps a draw to one of weighted alternatives: an entry for each unit
// of weight.
type choice struct {
	n   float64
	ids []uint8
}

func (c *choice) pick(state uint64) uint8 { return c.ids[below(state, c.n)] }

func newGrammar() *grammar {
	g := &grammar{}
	g.sentence, g.noun, g.verb = forms(sentenceForms), forms(nounForms), forms(verbForms)
	g.nouns = g.add(nouns, " ", "")
	g.verbs = g.add(verbs, " ", "")
	g.adverbs = g.add(adverbs, " ", "")
	g.adjectives = g.add(adjectives, " ", "")
	g.listed = g.add(adjectives, " ", ",")
	g.auxiliaries = g.add(auxiliaries, " ", "")
	g.prepositions = g.add(prepositions, " ", " the")
	g.ends = g.add(terminators, "", "")
	return g
}

// add makes words of a list and returns the choice among them.
func (g *grammar) add(weighted, before, after string) choice {
	c := forms(weighted)
	for i, id := range c.ids {
		c.ids[i] = uint8(g.used) + id
	}
	for _, s := range strings.Split(weighted, ",") {
		text, _ := cutWeight(s)
		w := &g.words[g.used]
		w.n = uint8(copy(w.text[:], before+text+after))
		g.used++
	}
	return c
}

// forms returns a choice among the positions of a weighted list.
func forms(weighted string) choice {
	var c choice
	for i, s := range strings.Split(weighted, ",") {
		for _, n := cutWeight(s); n > 0; n-- {
			c.ids = append(c.ids, uint8(i))
		}
	}
	c.n = float64(len(c.ids))
	return c
}

func cutWeight(s string) (text string, weight int) {
	i := strings.LastIndexByte(s, ' ')
	weight, err := strconv.Atoi(s[i+1:])
	if err != nil {
		panic("BUG: word without a weight: " + s)
	}
	return s[:i], weight
}

// chunk makes the text from a sentence's start, whose state is given, to end
// and a little further.
func (g *grammar) chunk(start int, state uint64, end int) *chunk {
	end += chunkOverlap
	c := &chunk{start: start}
	tokens := make([]byte, 0, 1<<chunkShift/4)
	for size := start; size < end; {
		from := len(tokens)
		state, tokens = g.next(state, tokens)
		for _, t := range tokens[from:] {
			size += int(g.words[t].n)
		}
	}
	c.tokens = append(make([]byte, 0, len(tokens)), tokens...)
	c.index = make([]uint32, 0, (end-start)>>blockShift+sentenceTokensMax)
	size, block := 0, 0
	for i, t := range tokens {
		size += int(g.words[t].n)
		for ; block < size; block += 1 << blockShift {
			c.index = append(c.index, uint32(i)<<5|uint32(block-size+int(g.words[t].n)))
		}
	}
	return c
}

// next appends a sentence and returns the state after it.
func (g *grammar) next(state uint64, out []byte) (uint64, []byte) {
	state = next(state)
	switch g.sentence.pick(state) {
	case 0:
		state, out = g.nounPhrase(state, out)
		state, out = g.verbPhrase(state, out)
	case 1:
		state, out = g.nounPhrase(state, out)
		state, out = g.verbPhrase(state, out)
		state, out = g.prepositionPhrase(state, out)
	case 2:
		state, out = g.nounPhrase(state, out)
		state, out = g.verbPhrase(state, out)
		state, out = g.nounPhrase(state, out)
	case 3:
		state, out = g.nounPhrase(state, out)
		state, out = g.prepositionPhrase(state, out)
		state, out = g.verbPhrase(state, out)
		state, out = g.nounPhrase(state, out)
	case 4:
		state, out = g.nounPhrase(state, out)
		state, out = g.prepositionPhrase(state, out)
		state, out = g.verbPhrase(state, out)
		state, out = g.prepositionPhrase(state, out)
	}
	state = next(state)
	return state, append(out, g.ends.pick(state))
}

func (g *grammar) prepositionPhrase(state uint64, out []byte) (uint64, []byte) {
	state = next(state)
	return g.nounPhrase(state, append(out, g.prepositions.pick(state)))
}

func (g *grammar) nounPhrase(state uint64, out []byte) (uint64, []byte) {
	s1 := next(state)
	s2 := next(s1)
	switch g.noun.pick(s1) {
	case 0:
		return s2, append(out, g.nouns.pick(s2))
	case 1:
		s3 := next(s2)
		return s3, append(out, g.adjectives.pick(s2), g.nouns.pick(s3))
	case 2:
		s3 := next(s2)
		s4 := next(s3)
		return s4, append(out, g.listed.pick(s2), g.adjectives.pick(s3), g.nouns.pick(s4))
	default:
		s3 := next(s2)
		s4 := next(s3)
		return s4, append(out, g.adverbs.pick(s2), g.adjectives.pick(s3), g.nouns.pick(s4))
	}
}

func (g *grammar) verbPhrase(state uint64, out []byte) (uint64, []byte) {
	s1 := next(state)
	s2 := next(s1)
	switch g.verb.pick(s1) {
	case 0:
		return s2, append(out, g.verbs.pick(s2))
	case 1:
		s3 := next(s2)
		return s3, append(out, g.auxiliaries.pick(s2), g.verbs.pick(s3))
	case 2:
		s3 := next(s2)
		return s3, append(out, g.verbs.pick(s2), g.adverbs.pick(s3))
	default:
		s3 := next(s2)
		s4 := next(s3)
		return s4, append(out, g.auxiliaries.pick(s2), g.verbs.pick(s3), g.adverbs.pick(s4))
	}
}
