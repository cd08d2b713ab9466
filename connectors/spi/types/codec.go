package types

import (
	"encoding/binary"
	"math"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// The codec is the compact form of types and values inside plans and splits.
// Both ends are of one version. Decoding trusts nothing: lengths are checked
// against what is left, depth against typeDepthMax, values against their type.

const (
	codecP = 1 << iota
	codecS
	codecColl
	codecElem
	codecKey
	codecFields
)

// EncodeType appends t.
func EncodeType(dst []byte, t Type) []byte {
	flags := byte(0)
	set := func(cond bool, bit byte) {
		if cond {
			flags |= bit
		}
	}
	set(t.P != 0, codecP)
	set(t.S != 0, codecS)
	set(t.Coll != 0, codecColl)
	set(t.Elem != nil, codecElem)
	set(t.Key != nil, codecKey)
	set(len(t.Fields) > 0, codecFields)
	dst = append(dst, byte(t.Kind), flags)
	if t.P != 0 {
		dst = binary.AppendVarint(dst, int64(t.P))
	}
	if t.S != 0 {
		dst = binary.AppendVarint(dst, int64(t.S))
	}
	if t.Coll != 0 {
		dst = binary.AppendUvarint(dst, uint64(t.Coll))
	}
	if t.Elem != nil {
		dst = EncodeType(dst, *t.Elem)
	}
	if t.Key != nil {
		dst = EncodeType(dst, *t.Key)
	}
	if len(t.Fields) > 0 {
		dst = binary.AppendUvarint(dst, uint64(len(t.Fields)))
		for _, f := range t.Fields {
			dst = appendCodecString(dst, f.Name)
			dst = EncodeType(dst, f.Type)
		}
	}
	return dst
}

func appendCodecString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// codecReader takes encoded parts off its input; after the first bad one all
// further parts are zero.
type codecReader struct {
	in  []byte
	bad bool
}

func (r *codecReader) byte() byte {
	if len(r.in) == 0 {
		r.bad = true
		return 0
	}
	b := r.in[0]
	r.in = r.in[1:]
	return b
}

func (r *codecReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.in)
	if n <= 0 {
		r.bad, r.in = true, nil
		return 0
	}
	r.in = r.in[n:]
	return v
}

func (r *codecReader) varint() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// within reads a varint that has to lie between lo and hi.
func (r *codecReader) within(lo, hi int64) int64 {
	v := r.varint()
	if v < lo || v > hi {
		r.bad = true
		return 0
	}
	return v
}

func (r *codecReader) uint64() uint64 {
	if len(r.in) < 8 {
		r.bad, r.in = true, nil
		return 0
	}
	v := binary.LittleEndian.Uint64(r.in)
	r.in = r.in[8:]
	return v
}

// count reads a number of things that take a byte or more each.
func (r *codecReader) count() int {
	n := r.uvarint()
	if n > uint64(len(r.in)) {
		r.bad = true
		return 0
	}
	return int(n)
}

func (r *codecReader) string() string {
	n := r.count()
	s := string(r.in[:n])
	r.in = r.in[n:]
	return s
}

func errCodec(what string) error {
	return sqlerr.New(sqlerr.InvalidBinaryRepr, "malformed %s in a plan", what)
}

// DecodeType reads a type and returns what follows it. Errors are 22P03.
func DecodeType(b []byte) (t Type, rest []byte, err error) {
	r := codecReader{in: b}
	t = r.typ(0)
	if r.bad {
		return Type{}, nil, errCodec("type")
	}
	return t, r.in, nil
}

func (r *codecReader) typ(depth int) Type {
	t := Type{Kind: Kind(r.byte())}
	flags := r.byte()
	if t.Kind >= kindEnd || depth > typeDepthMax || flags >= 2*codecFields {
		r.bad = true
		return Type{}
	}
	if flags&codecP != 0 {
		t.P = int32(r.within(zeroDigits, lengthMax))
	}
	if flags&codecS != 0 {
		t.S = int32(r.within(0, math.MaxInt16))
	}
	if flags&codecColl != 0 {
		t.Coll = uint32(r.uvarint())
	}
	if flags&codecElem != 0 {
		e := r.typ(depth + 1)
		t.Elem = &e
	}
	if flags&codecKey != 0 {
		k := r.typ(depth + 1)
		t.Key = &k
	}
	if flags&codecFields != 0 {
		n := r.count()
		for i := 0; i < n && !r.bad; i++ {
			t.Fields = append(t.Fields, Field{Name: r.string(), Type: r.typ(depth + 1)})
		}
	}
	switch t.Kind {
	case Decimal:
		r.bad = r.bad || t.P < 1 || t.P > MaxNumDigits || t.S > t.P
	case Map:
		r.bad = r.bad || t.Key == nil || t.Elem == nil
	}
	return t
}

// EncodeValue appends v, a value of t or NULL.
func EncodeValue(dst []byte, t Type, v Value) []byte {
	if v.Null {
		return append(dst, 0)
	}
	dst = append(dst, 1)
	switch t.Phys() {
	case PhysF32, PhysF64:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.F))
	case PhysI128:
		return appendInt128Codec(dst, v.N.Coef)
	case PhysNum:
		return appendInt128Codec(binary.AppendVarint(dst, int64(v.N.Scale)), v.N.Coef)
	case PhysIval:
		dst = binary.AppendVarint(dst, v.Iv.Micros)
		dst = binary.AppendVarint(dst, int64(v.Iv.Days))
		return binary.AppendVarint(dst, int64(v.Iv.Months))
	case PhysTimeTZ:
		return binary.AppendVarint(binary.AppendVarint(dst, v.I), int64(v.Iv.Days))
	case PhysView, PhysB16:
		return appendCodecString(dst, v.S)
	case PhysList, PhysStruct:
		kids := t.Children()
		if len(kids) == 0 {
			return binary.AppendUvarint(dst, 0)
		}
		dst = binary.AppendUvarint(dst, uint64(len(v.L)))
		for i, e := range v.L {
			dst = EncodeValue(dst, kids[i%len(kids)], e)
		}
		return dst
	}
	return binary.AppendVarint(dst, v.I)
}

func appendInt128Codec(dst []byte, v Int128) []byte {
	dst = binary.AppendVarint(dst, v.Hi)
	return binary.LittleEndian.AppendUint64(dst, v.Lo)
}

// DecodeValue reads a value of t and returns what follows it. Errors are 22P03.
func DecodeValue(t Type, b []byte) (v Value, rest []byte, err error) {
	r := codecReader{in: b}
	v = r.value(t, 0)
	if r.bad {
		return Value{}, nil, errCodec("value")
	}
	return v, r.in, nil
}

func (r *codecReader) value(t Type, depth int) (v Value) {
	switch r.byte() {
	case 0:
		return NullValue
	case 1:
	default:
		r.bad = true
	}
	if r.bad || depth > typeDepthMax {
		r.bad = true
		return v
	}
	switch t.Phys() {
	case PhysBool:
		v.I = r.within(0, 1)
	case PhysI16:
		v.I = r.within(math.MinInt16, math.MaxInt16)
	case PhysI32:
		v.I = r.within(math.MinInt32, math.MaxInt32)
	case PhysU32:
		v.I = r.within(0, math.MaxUint32)
	case PhysF32, PhysF64:
		v.F = math.Float64frombits(r.uint64())
	case PhysI128:
		v.N.Coef = r.int128()
	case PhysNum:
		v.N.Scale = int32(r.within(int64(NumNegInf), maxNumScale))
		v.N.Coef = r.int128()
	case PhysIval:
		v.Iv.Micros = r.varint()
		v.Iv.Days = int32(r.within(math.MinInt32, math.MaxInt32))
		v.Iv.Months = int32(r.within(math.MinInt32, math.MaxInt32))
	case PhysTimeTZ:
		v.I = r.within(0, microsPerDay)
		v.Iv.Days = int32(r.within(-16*3600, 16*3600))
	case PhysView:
		v.S = r.string()
	case PhysB16:
		v.S = r.string()
		r.bad = r.bad || len(v.S) != 16
	case PhysList, PhysStruct:
		r.list(t, depth, &v)
	default:
		v.I = r.varint()
	}
	return v
}

func (r *codecReader) int128() Int128 {
	v := Int128{Hi: r.varint(), Lo: r.uint64()}
	if !v.FitsDigits(MaxNumDigits) {
		r.bad = true
	}
	return v
}

func (r *codecReader) list(t Type, depth int, v *Value) {
	n, kids := r.count(), t.Children()
	switch {
	case r.bad:
		return
	case t.Phys() == PhysStruct && n != len(kids), t.Kind == Map && n%2 != 0, n > 0 && len(kids) == 0:
		r.bad = true
		return
	}
	v.L = []Value{}
	for i := 0; i < n && !r.bad; i++ {
		v.L = append(v.L, r.value(kids[i%len(kids)], depth+1))
	}
}
