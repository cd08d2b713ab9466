package parquet

import (
	"bytes"
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/muster-sql/muster/connectors/internal/parquet/format"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// boundBytesMax is the length at which bounds of strings are cut.
const boundBytesMax = 64

// bounds are the least and greatest of some values.
type bounds struct {
	kind   statKind
	seen   bool
	nan    bool
	loI    int64
	hiI    int64
	loF    float64
	hiF    float64
	lo, hi []byte // strings and big-endian numbers; they refer to the values
}

func (b *bounds) int(v int64) {
	if !b.seen {
		b.seen, b.loI, b.hiI = true, v, v
		return
	}
	b.loI, b.hiI = min(b.loI, v), max(b.hiI, v)
}

func (b *bounds) float(v float64) {
	switch {
	case v != v:
		b.nan = true
	case !b.seen:
		b.seen, b.loF, b.hiF = true, v, v
	default:
		b.loF, b.hiF = min(b.loF, v), max(b.hiF, v)
	}
}

func (b *bounds) bytes(v []byte) {
	if !b.seen {
		b.seen, b.lo, b.hi = true, v, v
		return
	}
	if b.less(v, b.lo) {
		b.lo = v
	} else if b.less(b.hi, v) {
		b.hi = v
	}
}

func (b *bounds) less(x, y []byte) bool {
	if b.kind == statBig && (x[0]^y[0])&0x80 != 0 {
		return x[0]&0x80 != 0
	}
	return bytes.Compare(x, y) < 0
}

// value adds a value as PLAIN stores it (without the length of a byte array).
func (l *leafWriter) value(b *bounds, v []byte) {
	switch {
	case l.stat == statBytes || l.stat == statBig:
		b.bytes(v)
	case l.stat == statFloat && l.width == 4:
		b.float(float64(math.Float32frombits(binary.LittleEndian.Uint32(v))))
	case l.stat == statFloat:
		b.float(math.Float64frombits(binary.LittleEndian.Uint64(v)))
	case l.width == 1:
		b.int(int64(v[0]))
	case l.width == 4:
		b.int(int64(int32(binary.LittleEndian.Uint32(v))))
	default:
		b.int(int64(binary.LittleEndian.Uint64(v)))
	}
}

// stored returns the bounds as statistics store them, and whether they were cut.
func (l *leafWriter) stored(b *bounds) (lo, hi []byte, loCut, hiCut bool) {
	if !b.seen || b.nan || l.stat == statNone {
		return nil, nil, false, false
	}
	switch l.stat {
	case statInt:
		lo, hi = make([]byte, l.width), make([]byte, l.width)
		putUint(lo, uint64(b.loI))
		putUint(hi, uint64(b.hiI))
	case statFloat:
		lo, hi = l.storedFloat(b.loF, -1), l.storedFloat(b.hiF, 1)
	default:
		return l.storedBytes(b)
	}
	return lo, hi, false, false
}

// storedFloat stores zero with the sign that is furthest out.
func (l *leafWriter) storedFloat(f float64, sign float64) []byte {
	if f == 0 {
		f = math.Copysign(0, sign)
	}
	if l.width == 4 {
		return binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(f)))
	}
	return binary.LittleEndian.AppendUint64(nil, math.Float64bits(f))
}

func (l *leafWriter) storedBytes(b *bounds) (lo, hi []byte, loCut, hiCut bool) {
	lo, hi = bytes.Clone(b.lo), bytes.Clone(b.hi)
	if lo == nil {
		lo = []byte{}
	}
	if hi == nil {
		hi = []byte{}
	}
	if l.width > 0 {
		return lo, hi, false, false
	}
	text := l.typ.Kind != types.Bytea
	if len(lo) > boundBytesMax {
		lo, loCut = cut(lo, text), true
	}
	if len(hi) > boundBytesMax {
		hi, hiCut = above(cut(hi, text), text), true
	}
	return lo, hi, loCut, hiCut
}

// cut returns a prefix; of text, one of whole characters.
func cut(b []byte, text bool) []byte {
	n := boundBytesMax
	for text && n > 0 && !utf8.RuneStart(b[n]) {
		n--
	}
	return b[:n]
}

// above returns the least string of at most b's length that is greater than
// every string that starts with b; nil when there is none.
func above(b []byte, text bool) []byte {
	for len(b) > 0 {
		if !text {
			if b[len(b)-1] < 0xFF {
				b[len(b)-1]++
				return b
			}
			b = b[:len(b)-1]
			continue
		}
		r, n := utf8.DecodeLastRune(b)
		b = b[:len(b)-n]
		if r++; r == 0xD800 {
			r = 0xE000
		}
		if r <= utf8.MaxRune {
			return utf8.AppendRune(b, r)
		}
	}
	return nil
}

// pageBounds are the bounds of one data page.
type pageBounds struct {
	values int // not null
	nulls  int64
	bounds bounds
}

// statistics adds the pages up to those of the chunk and its column index.
func (l *leafWriter) statistics(c *format.ColumnChunk, pages []pageBounds, distinct int) *format.ColumnIndex {
	all := bounds{kind: l.stat}
	x := &format.ColumnIndex{}
	ascending, descending, known := true, true, true
	var last *bounds
	c.Stats = format.Statistics{Distinct: int64(distinct)}
	for i := range pages {
		p := &pages[i]
		c.Stats.Nulls += p.nulls
		lo, hi, _, _ := l.stored(&p.bounds)
		empty := p.values == 0
		x.NullPages, x.Nulls = append(x.NullPages, empty), append(x.Nulls, p.nulls)
		x.Min, x.Max = append(x.Min, lo), append(x.Max, hi)
		if empty {
			continue
		}
		known = known && lo != nil && hi != nil
		all.nan = all.nan || p.bounds.nan
		if p.bounds.seen {
			all.add(&p.bounds)
		}
		if last != nil {
			ascending = ascending && !last.after(&p.bounds)
			descending = descending && !p.bounds.after(last)
		}
		last = &p.bounds
	}
	c.Stats.MinValue, c.Stats.MaxValue, c.Stats.MinCut, c.Stats.MaxCut = l.stored(&all)
	switch {
	case !known:
		return nil
	case ascending:
		x.Order = 1
	case descending:
		x.Order = 2
	}
	return x
}

func (b *bounds) add(o *bounds) {
	switch b.kind {
	case statInt:
		b.int(o.loI)
		b.int(o.hiI)
	case statFloat:
		b.float(o.loF)
		b.float(o.hiF)
	case statBytes, statBig:
		b.bytes(o.lo)
		b.bytes(o.hi)
	}
}

// after reports whether some bound of b is greater than o's.
func (b *bounds) after(o *bounds) bool {
	switch b.kind {
	case statInt:
		return b.loI > o.loI || b.hiI > o.hiI
	case statFloat:
		return b.loF > o.loF || b.hiF > o.hiF
	case statBytes, statBig:
		return b.less(o.lo, b.lo) || b.less(o.hi, b.hi)
	}
	return true
}
