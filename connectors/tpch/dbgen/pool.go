package dbgen

import (
	"sync"
	"sync/atomic"
)

// TextBytes says from how much text comments are cut; the texts of all sizes
// begin alike. It decides the comments and nothing else.
type TextBytes int64

// The published sizes.
const (
	// ShortText is what widely used embedded generators take, and the data and
	// answers made with them.
	ShortText TextBytes = 10 << 20
	// FullText is what the benchmark's own dbgen takes since version 2.14, and
	// the published answers to its queries.
	FullText TextBytes = 300 << 20
)

// All comments are cut from one text, which is itself drawn from a grammar. It
// is kept as one byte a word with an index, in chunks that are made when they
// are first read: about a quarter of the text's size, and nothing where no
// comment is asked for.
const (
	// chunkShift is the size of a chunk in bytes of text.
	chunkShift = 18
	chunkCount = int(FullText >> chunkShift)
	// blockShift is the distance of index entries in bytes of text.
	blockShift = 6
	// chunkOverlap is how far a chunk goes into the next one: more than the
	// longest comment, so that each lies in one chunk.
	chunkOverlap = 256
	// wordSlack is how many bytes a copied word may write at most; the longest
	// word has 17.
	wordSlack = 24
)

// TextPool is the text that comments are cut from. It may serve any number of
// generators and is safe for concurrent use.
//
// Positions count from the blank that precedes the text: every word but the
// terminators starts with a blank, and so does a sentence.
type TextPool struct {
	grammar *grammar
	chunks  [chunkCount]struct {
		ready  atomic.Pointer[chunk]
		making sync.Mutex
	}
}

// NewTextPool returns a pool that has made no text yet.
func NewTextPool() *TextPool { return &TextPool{grammar: newGrammar()} }

// chunk is the text from one sentence's start on.
type chunk struct {
	start  int
	tokens []byte
	// index has for every block of the chunk's text the token that its first
	// byte is in (from bit 5 on) and that byte's place in the token.
	index []uint32
}

// fill copies the pieces of text at the given places into data, back to back
// as offsets says. data is wordSlack longer than the pieces.
func (p *TextPool) fill(data []byte, at, offsets []int32) {
	words := &p.grammar.words
	for i, a := range at {
		place := int(a) + 1
		p.chunkAt(place).copy(words, data[offsets[i]:], place, int(offsets[i+1]-offsets[i]))
	}
}

// copy writes n bytes of text from place on into dst, and up to wordSlack
// bytes of anything behind them.
func (c *chunk) copy(words *[wordCount]word, dst []byte, place, n int) {
	rel := place - c.start
	entry := c.index[rel>>blockShift]
	tokens := c.tokens[entry>>5:]
	skip := rel&(1<<blockShift-1) + int(entry&31)
	w := &words[tokens[0]]
	k := 0
	for int(w.n) <= skip {
		skip -= int(w.n)
		k++
		w = &words[tokens[k]]
	}
	*(*[wordSlack]byte)(dst) = *(*[wordSlack]byte)(w.text[skip:])
	for end := int(w.n) - skip; end < n; end += int(w.n) {
		k++
		w = &words[tokens[k]]
		*(*[wordSlack]byte)(dst[end:]) = *(*[wordSlack]byte)(w.text[:])
	}
}

// chunkAt returns the chunk that a comment at place lies in.
func (p *TextPool) chunkAt(place int) *chunk {
	i := place >> chunkShift
	if i == chunkCount || place < chunkStart(i) {
		i--
	}
	if c := p.chunks[i].ready.Load(); c != nil {
		return c
	}
	slot := &p.chunks[i]
	slot.making.Lock()
	defer slot.making.Unlock()
	c := slot.ready.Load()
	if c == nil {
		c = p.grammar.chunk(chunkStart(i), uint64(chunkStarts[i]&lcgModulus), (i+1)<<chunkShift)
		slot.ready.Store(c)
	}
	return c
}

// chunkStart returns where a chunk begins: at the first sentence that begins
// in the chunk's share of the text.
func chunkStart(i int) int { return i<<chunkShift + int(chunkStarts[i]>>31) }
