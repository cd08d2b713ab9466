// Package rows owns the row layout of blocking operators: pointer-free rows of
// fixed width with a heap for long strings and nested values, the same bytes in
// memory and in spill files. Aggregation, join builds and sorts append pages,
// compare and gather rows back into columns. It knows no operators.
package rows

import (
	"math/bits"

	"github.com/muster-sql/muster/connectors/spi/types"
)

// Layout places columns in a row: null bytes (a set bit is NULL), then the
// columns, wide ones first so that all are aligned, then the row's hash if
// there is one. A string is a page.View, a nested value a view of its blob.
type Layout struct {
	Types []types.Type
	phys  []types.Phys
	offs  []uintptr
	hash  uintptr // offset of the hash, 0: none
	width uintptr
	heap  bool // some column may have bytes in the heap
}

// Hashed says whether rows carry their hash.
type Hashed bool

// NewLayout returns the layout of rows of these columns.
func NewLayout(ts []types.Type, hashed Hashed) *Layout {
	l := &Layout{Types: ts, phys: make([]types.Phys, len(ts)), offs: make([]uintptr, len(ts))}
	at := uintptr(len(ts)+7) / 8
	at = (at + 7) &^ 7
	for i, t := range ts {
		l.phys[i] = t.Phys()
		if p := l.phys[i]; p >= types.PhysView {
			l.heap = true
		}
	}
	if hashed {
		l.hash = at
		at += 8
	}
	for _, size := range []int{24, 16, 8, 4, 2, 1} {
		for i := range ts {
			if fieldSize(l.phys[i]) == size {
				l.offs[i] = at
				at += uintptr(size)
			}
		}
	}
	l.width = max((at+7)&^7, 8)
	return l
}

// fieldSize is the width of a column in a row.
func fieldSize(p types.Phys) int {
	if n := p.Size(); n > 0 {
		return n
	}
	return 16
}

// Width returns the bytes of a row without its heap part.
func (l *Layout) Width() int { return int(l.width) }

// blockBytes is the size of a full block of rows, the unit of allocation.
const blockBytes = 256 << 10

// blockShift returns the binary logarithm of the rows of a block.
func (l *Layout) blockShift() uint {
	return uint(bits.Len(uint(blockBytes/l.width))) - 1
}
