package parquet

import (
	"encoding/binary"
	"math"

	"github.com/muster-sql/muster/connectors/internal/parquet/format"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// leafWriter collects the values of a leaf for one row group: as codes into a
// dictionary while that pays, else as the bytes of PLAIN values.
type leafWriter struct {
	element        format.SchemaElement
	path           []string
	typ            types.Type
	stat           statKind
	width          int // bytes of a value, 0: any
	maxDef, maxRep uint8
	bloom          bool

	entries  int     // levels or, without levels, values
	def, rep []uint8 // nil where the maximum is 0
	count    int     // values
	raw      []byte  // of PLAIN; booleans take a byte
	starts   []int   // of byte arrays: where each value starts in raw
	dict     *dictionaryWriter
	codes    []int32
	rest     int // row groups to go before a dictionary is tried again
	codec    format.Codec
	decided  bool // codec is

	keys    []uint64 // scratch
	mapped  []int32  // code of each entry of the dictionary that came in last, -1 unknown
	mappedI uint64   // its id
	slot    []byte   // scratch of one value
}

// reset empties the leaf for the next row group.
func (l *leafWriter) reset() {
	l.entries, l.count = 0, 0
	l.def, l.rep, l.raw, l.starts, l.codes = l.def[:0], l.rep[:0], l.raw[:0], l.starts[:0], l.codes[:0]
	l.mappedI = 0
	if l.rest > 0 {
		l.rest--
		l.dict = nil
		return
	}
	if l.element.Type == format.Boolean {
		return
	}
	if l.dict == nil {
		l.dict = newDictionaryWriter(l.width)
	}
	l.dict.reset()
}

// bytes returns the memory that the leaf holds.
func (l *leafWriter) bytes() int {
	n := cap(l.def) + cap(l.rep) + cap(l.raw) + 8*cap(l.starts) + 4*cap(l.codes) + 8*cap(l.keys) + 4*cap(l.mapped)
	if l.dict != nil {
		n += l.dict.bytes()
	}
	return n
}

// level appends the same levels n times.
func (l *leafWriter) level(def, rep uint8, n int) {
	l.entries += n
	for range n {
		if l.maxDef > 0 {
			l.def = append(l.def, def)
		}
		if l.maxRep > 0 {
			l.rep = append(l.rep, rep)
		}
	}
}

// values appends the values of slots of v, none of which is null.
func (l *leafWriter) values(v *page.Vector, slots []int32) error {
	l.count += len(slots)
	switch v.Enc() {
	case page.Dict:
		if l.dict != nil {
			return l.mapCodes(v, slots)
		}
		inner := make([]int32, len(slots))
		codes := v.Codes()
		for i, s := range slots {
			inner[i] = codes[s]
		}
		return l.flat(v.Dictionary().Values, inner)
	case page.Const:
		return l.flat(v, make([]int32, len(slots)))
	}
	return l.flat(v, slots)
}

// mapCodes translates codes of the vector's dictionary to the leaf's.
func (l *leafWriter) mapCodes(v *page.Vector, slots []int32) error {
	d := v.Dictionary()
	n := d.Values.Len()
	if l.mappedI != d.ID || len(l.mapped) < n {
		l.mappedI = d.ID
		if cap(l.mapped) < n {
			l.mapped = make([]int32, n)
		}
		l.mapped = l.mapped[:n]
		fill(l.mapped, -1)
	}
	codes := v.Codes()
	for i, s := range slots {
		c := codes[s]
		m := l.mapped[c]
		if m < 0 {
			at := len(l.codes)
			if err := l.flat(d.Values, []int32{c}); err != nil {
				return err
			}
			if l.dict == nil { // given up: what is left goes as values
				inner := make([]int32, 0, len(slots)-i-1)
				for _, s := range slots[i+1:] {
					inner = append(inner, codes[s])
				}
				return l.flat(d.Values, inner)
			}
			l.mapped[c] = l.codes[at]
			continue
		}
		l.codes = append(l.codes, m)
	}
	return nil
}

// flat appends slots of a flat vector (or slot 0 of a constant).
func (l *leafWriter) flat(v *page.Vector, slots []int32) error {
	switch v.Type.Phys() {
	case types.PhysView:
		views, heap := v.Views(), v.Heap()
		for _, s := range slots {
			l.add(views[s].Bytes(heap))
		}
		return nil
	case types.PhysI128, types.PhysNum, types.PhysB16, types.PhysIval:
		return l.wide(v, slots)
	case types.PhysBool:
		vals := page.Values[uint8](v)
		for _, s := range slots {
			l.raw = append(l.raw, vals[s]&1)
		}
		return nil
	}
	if cap(l.keys) < len(slots) {
		l.keys = make([]uint64, len(slots))
	}
	keys := l.keys[:len(slots)]
	switch v.Type.Phys() {
	case types.PhysI16:
		toKeys(keys, page.Values[int16](v), slots)
	case types.PhysI32:
		toKeys(keys, page.Values[int32](v), slots)
	case types.PhysU32, types.PhysF32:
		toKeys(keys, page.Values[uint32](v), slots)
	default:
		toKeys(keys, page.Values[uint64](v), slots)
	}
	l.addKeys(keys)
	return nil
}

func toKeys[T int16 | int32 | uint32 | uint64](keys []uint64, vals []T, slots []int32) {
	for i, s := range slots {
		keys[i] = uint64(vals[s])
	}
}

// addKeys appends numbers of 4 or 8 bytes.
func (l *leafWriter) addKeys(keys []uint64) {
	if l.dict != nil {
		for i, k := range keys {
			if l.width == 4 {
				k = uint64(uint32(k))
			}
			l.codes = append(l.codes, l.dict.key(k))
			if i&1023 == 1023 && l.giveUp() {
				keys = keys[i+1:]
				break
			}
		}
		if l.dict != nil {
			l.giveUp()
			return
		}
	}
	if l.width == 4 {
		for _, k := range keys {
			l.raw = binary.LittleEndian.AppendUint32(l.raw, uint32(k))
		}
		return
	}
	for _, k := range keys {
		l.raw = binary.LittleEndian.AppendUint64(l.raw, k)
	}
}

// add appends a string or a value of fixed bytes.
func (l *leafWriter) add(s []byte) {
	if l.dict != nil {
		l.codes = append(l.codes, l.dict.string(s))
		if len(l.codes)&1023 == 0 {
			l.giveUp()
		}
		return
	}
	if l.width == 0 {
		l.starts = append(l.starts, len(l.raw))
		l.raw = binary.LittleEndian.AppendUint32(l.raw, uint32(len(s)))
	}
	l.raw = append(l.raw, s...)
}

// wide appends values of 12 or 16 bytes.
func (l *leafWriter) wide(v *page.Vector, slots []int32) error {
	if l.slot == nil {
		l.slot = make([]byte, 16)
	}
	for _, s := range slots {
		b := l.slot[:l.width]
		switch v.Type.Phys() {
		case types.PhysI128:
			putBig(b, page.Values[types.Int128](v)[s])
		case types.PhysNum:
			x, err := storedNumeric(page.Values[types.Num](v)[s])
			if err != nil {
				return err
			}
			putBig(b, x)
		case types.PhysB16:
			copy(b, page.Values[[16]byte](v)[s][:])
		default:
			if err := putInterval(b, page.Values[types.IntervalValue](v)[s]); err != nil {
				return err
			}
		}
		l.add(b)
	}
	return nil
}

func putBig(b []byte, v types.Int128) {
	binary.BigEndian.PutUint64(b, uint64(v.Hi))
	binary.BigEndian.PutUint64(b[8:], v.Lo)
}

// storedNumeric returns the coefficient of a number at numericScale.
func storedNumeric(v types.Num) (types.Int128, error) {
	if v.Scale >= 0 {
		if v.Scale <= numericScale {
			if x, ok := v.Coef.MulPow10(int(numericScale - v.Scale)); ok && x.FitsDigits(types.MaxNumDigits) {
				return x, nil
			}
		} else if x := v.Coef.TruncPow10(int(v.Scale - numericScale)); true {
			if back, ok := x.MulPow10(int(v.Scale - numericScale)); ok && back == v.Coef {
				return x, nil
			}
		}
	}
	return types.Int128{}, sqlerr.New(sqlerr.NumericValueOutOfRange,
		"number does not fit numeric(%d,%d), which numeric without precision is stored as", types.MaxNumDigits, numericScale).
		WithHint("cast the column to a numeric with a precision and scale")
}

// putInterval stores months, days and milliseconds, none of them negative.
func putInterval(b []byte, v types.IntervalValue) error {
	if v.Months < 0 || v.Days < 0 || v.Micros < 0 || v.Micros%1000 != 0 || v.Micros/1000 > math.MaxUint32 {
		return sqlerr.New(sqlerr.IntervalFieldOverflow, "interval cannot be stored in Parquet, which has no negative parts and no parts of milliseconds")
	}
	binary.LittleEndian.PutUint32(b, uint32(v.Months))
	binary.LittleEndian.PutUint32(b[4:], uint32(v.Days))
	binary.LittleEndian.PutUint32(b[8:], uint32(v.Micros/1000))
	return nil
}

// giveUp drops the dictionary when it does not pay, and reports whether it did.
func (l *leafWriter) giveUp() bool {
	n := len(l.codes)
	if d := l.dict; d.count <= d.most() && (n < dictionaryTrial || d.count < n/2) && len(d.data) <= dictionaryBytesMax {
		return false
	}
	l.expand()
	l.rest = dictionaryRest
	return true
}

// expand replaces codes by values.
func (l *leafWriter) expand() {
	d, codes := l.dict, l.codes
	l.dict, l.codes = nil, nil
	for _, c := range codes {
		if l.width == 4 || l.width == 8 {
			at := int(c) * l.width
			l.raw = append(l.raw, d.data[at:at+l.width]...)
		} else {
			l.add(d.entry(int(c)))
		}
	}
}
