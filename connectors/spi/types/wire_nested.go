package types

import (
	"encoding/binary"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// arrayDimsMax is PostgreSQL's limit of dimensions.
const arrayDimsMax = 6

func appendNestedBinary(dst []byte, t Type, v Value) ([]byte, error) {
	switch t.Kind {
	case Map:
		return AppendJSON(dst, t, v, nil), nil
	case Row, Record:
		return appendRowBinary(dst, t, v)
	}
	return appendArrayBinary(dst, t, v)
}

// appendSized appends a length and the value, -1 for NULL.
func appendSized(dst []byte, t Type, v Value) ([]byte, error) {
	if v.Null {
		return binary.BigEndian.AppendUint32(dst, ^uint32(0)), nil
	}
	at := len(dst)
	dst, err := AppendBinary(append(dst, 0, 0, 0, 0), t, v)
	if err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst, nil
}

func appendRowBinary(dst []byte, t Type, v Value) ([]byte, error) {
	n := min(len(t.Fields), len(v.L))
	dst = binary.BigEndian.AppendUint32(dst, uint32(n))
	for i := range n {
		var err error
		dst = binary.BigEndian.AppendUint32(dst, TypeOID(t.Fields[i].Type))
		if dst, err = appendSized(dst, t.Fields[i].Type, v.L[i]); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// arrayShape finds the dimensions of nested lists, which must be a box; an
// empty array has none.
func arrayShape(t Type, v Value, dims []uint32) ([]uint32, error) {
	if len(dims) == arrayDimsMax {
		return nil, sqlerr.New(sqlerr.ProgramLimit, "number of array dimensions exceeds the maximum allowed (%d)", arrayDimsMax)
	}
	dims = append(dims, uint32(len(v.L)))
	elem := t.ElemType()
	if elem.Kind != Array || len(v.L) == 0 {
		return dims, nil
	}
	dims, err := arrayShape(elem, v.L[0], dims)
	for _, e := range v.L {
		if err == nil && (e.Null || len(e.L) != len(v.L[0].L)) {
			err = sqlerr.Unsupported("arrays of arrays of different lengths have no binary form")
		}
	}
	return dims, err
}

func appendArrayBinary(dst []byte, t Type, v Value) ([]byte, error) {
	elem := t.ElemType()
	var shape [arrayDimsMax]uint32
	dims := shape[:0]
	if len(v.L) > 0 {
		var err error
		if dims, err = arrayShape(t, v, dims); err != nil {
			return nil, err
		}
		for elem.Kind == Array {
			elem = elem.ElemType()
		}
		if dims[len(dims)-1] == 0 { // arrays of empty arrays are empty
			dims = dims[:0]
		}
	}
	lower := uint32(1)
	if t.Kind != Array {
		lower = 0 // vectors count from 0, and are never without a dimension
		if len(dims) == 0 {
			dims = append(dims, 0)
		}
	}
	for elem.Kind == Array {
		elem = elem.ElemType()
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(dims)))
	nulls := len(dst) + 3
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.BigEndian.AppendUint32(dst, TypeOID(elem))
	for _, n := range dims {
		dst = binary.BigEndian.AppendUint32(dst, n)
		dst = binary.BigEndian.AppendUint32(dst, lower)
	}
	if len(dims) == 0 {
		return dst, nil
	}
	return appendElements(dst, t, v, nulls)
}

func appendElements(dst []byte, t Type, v Value, nulls int) ([]byte, error) {
	elem := t.ElemType()
	for _, e := range v.L {
		var err error
		if elem.Kind == Array {
			dst, err = appendElements(dst, elem, e, nulls)
		} else {
			if e.Null {
				dst[nulls] = 1
			}
			dst, err = appendSized(dst, elem, e)
		}
		if err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// wireReader reads the parts of a nested value.
type wireReader struct {
	in  []byte
	bad bool
}

func (r *wireReader) uint32() uint32 {
	if len(r.in) < 4 {
		r.bad = true
		return 0
	}
	v := binary.BigEndian.Uint32(r.in)
	r.in = r.in[4:]
	return v
}

// sized reads a value with its length; nil for NULL.
func (r *wireReader) sized() []byte {
	n := r.uint32()
	if n == ^uint32(0) {
		return nil
	}
	if r.bad || uint64(n) > uint64(len(r.in)) {
		r.bad = true
		return nil
	}
	b := r.in[:n:n]
	r.in = r.in[n:]
	return b
}

func (r *wireReader) value(t Type, depth int) (Value, error) {
	b := r.sized()
	switch {
	case r.bad:
		return Value{}, errBinary(t)
	case b == nil:
		return NullValue, nil
	case t.IsNested():
		return parseNestedBinary(t, b, depth+1)
	}
	return ParseBinary(t, b)
}

func parseNestedBinary(t Type, b []byte, depth int) (Value, error) {
	if depth > typeDepthMax {
		return Value{}, errBinary(t)
	}
	switch t.Kind {
	case Map:
		if err := CheckUTF8(b); err != nil {
			return Value{}, err
		}
		return Parse(t, string(b), nil)
	case Record:
		return Value{}, sqlerr.Unsupported("input of anonymous composite types is not implemented")
	case Row:
		return parseRowBinary(t, b, depth)
	}
	return parseArrayBinary(t, b, depth)
}

func parseRowBinary(t Type, b []byte, depth int) (Value, error) {
	r := wireReader{in: b}
	if n := r.uint32(); r.bad || int64(n) != int64(len(t.Fields)) {
		return Value{}, sqlerr.New(sqlerr.DatatypeMismatch, "wrong number of columns: %d, expected %d", n, len(t.Fields))
	}
	out := Value{L: make([]Value, len(t.Fields))}
	for i, f := range t.Fields {
		if oid := r.uint32(); !r.bad && oid != TypeOID(f.Type) {
			return Value{}, sqlerr.New(sqlerr.DatatypeMismatch,
				"binary data has type %d instead of expected %d in record column %d", oid, TypeOID(f.Type), i+1)
		}
		v, err := r.value(f.Type, depth)
		if err != nil {
			return Value{}, err
		}
		out.L[i] = v
	}
	if len(r.in) != 0 {
		return Value{}, errBinary(t)
	}
	return out, nil
}

func parseArrayBinary(t Type, b []byte, depth int) (Value, error) {
	r := wireReader{in: b}
	n, _, oid := r.uint32(), r.uint32(), r.uint32()
	leaf, levels := t.ElemType(), uint32(1)
	for leaf.Kind == Array {
		leaf, levels = leaf.ElemType(), levels+1
	}
	if r.bad || n > arrayDimsMax {
		return Value{}, errBinary(t)
	}
	if oid != TypeOID(leaf) {
		return Value{}, sqlerr.New(sqlerr.DatatypeMismatch,
			"binary data has array element type %d instead of expected %d", oid, TypeOID(leaf))
	}
	if n == 0 {
		return Value{L: []Value{}}, nil
	}
	if n != levels {
		return Value{}, sqlerr.Unsupported("array has %d dimensions, its type %s has %d", n, t, levels)
	}
	dims := make([]uint32, n)
	count := uint64(1)
	for i := range dims {
		dims[i] = r.uint32()
		r.uint32() // the lower bound
		if count *= uint64(dims[i]); count*4 > uint64(len(b)) {
			return Value{}, errBinary(t) // each element takes four bytes or more
		}
	}
	v, err := r.elements(t, dims, depth)
	if err == nil && (r.bad || len(r.in) != 0) {
		err = errBinary(t)
	}
	return v, err
}

func (r *wireReader) elements(t Type, dims []uint32, depth int) (Value, error) {
	out := Value{L: make([]Value, dims[0])}
	elem := t.ElemType()
	for i := range out.L {
		var err error
		if len(dims) > 1 {
			out.L[i], err = r.elements(elem, dims[1:], depth)
		} else {
			out.L[i], err = r.value(elem, depth)
		}
		if err != nil {
			return Value{}, err
		}
	}
	return out, nil
}
