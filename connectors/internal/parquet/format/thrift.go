// Package format owns the metadata of Parquet files: footer, page headers,
// page index and Bloom filter headers, read from and written to Thrift's
// compact protocol. The parquet package calls it. Reading is bounded against
// hostile bytes; it knows no files, no pages of values and no SQL types.
package format

import (
	"encoding/binary"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// The types of the compact protocol.
const (
	tTrue   = 1
	tFalse  = 2
	tByte   = 3
	tI16    = 4
	tI32    = 5
	tI64    = 6
	tDouble = 7
	tBinary = 8
	tList   = 9
	tSet    = 10
	tMap    = 11
	tStruct = 12
)

// depthMax bounds the nesting of structures, which is at most five in a file
// that a writer made.
const depthMax = 32

// decoder reads the compact protocol. The first failure sticks and ends every
// loop. Budget is what the decoded structures may still take in memory.
type decoder struct {
	b      []byte
	pos    int
	depth  int
	budget int
	err    error
}

func (d *decoder) fail(what string) {
	if d.err == nil {
		d.err = sqlerr.New(sqlerr.DataCorrupted, "malformed Parquet metadata: %s at byte %d", what, d.pos)
	}
	d.pos = len(d.b)
}

// charge takes n bytes from the budget.
func (d *decoder) charge(n int) bool {
	if d.budget -= n; d.budget < 0 {
		d.fail("structures are larger than their bytes allow")
	}
	return d.err == nil
}

func (d *decoder) byte() byte {
	if d.pos >= len(d.b) {
		d.fail("it ends too early")
		return 0
	}
	d.pos++
	return d.b[d.pos-1]
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b[d.pos:])
	if n <= 0 {
		d.fail("a number is cut off")
		return 0
	}
	d.pos += n
	return v
}

func (d *decoder) zigzag() int64 {
	u := d.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// fields calls do with each field of a structure; do consumes the value.
func (d *decoder) fields(do func(id int16, t byte)) {
	if d.depth++; d.depth > depthMax {
		d.fail("it is nested too deeply")
	}
	last := int16(0)
	for d.err == nil {
		h := d.byte()
		if h == 0 {
			break
		}
		if delta := int16(h >> 4); delta != 0 {
			last += delta
		} else {
			last = int16(d.zigzag())
		}
		do(last, h&15)
	}
	d.depth--
}

// sub reads a field that is a structure.
func (d *decoder) sub(t byte, do func(id int16, t byte)) {
	if t != tStruct {
		d.fail("a structure was expected")
		return
	}
	d.fields(do)
}

func (d *decoder) i64(t byte) int64 {
	switch t {
	case tByte:
		return int64(int8(d.byte()))
	case tI16, tI32, tI64:
		return d.zigzag()
	}
	d.fail("a number was expected")
	return 0
}

func (d *decoder) i32(t byte) int32 {
	v := d.i64(t)
	if int64(int32(v)) != v {
		d.fail("a number is out of range")
	}
	return int32(v)
}

func (d *decoder) bool(t byte) bool {
	if t != tTrue && t != tFalse {
		d.fail("a boolean was expected")
	}
	return t == tTrue
}

// bytes returns a part of the input.
func (d *decoder) bytes(t byte) []byte {
	if t != tBinary {
		d.fail("a string was expected")
		return nil
	}
	n := d.uvarint()
	if n > uint64(len(d.b)-d.pos) {
		d.fail("a string is longer than its file")
		return nil
	}
	d.pos += int(n)
	return d.b[d.pos-int(n) : d.pos : d.pos]
}

func (d *decoder) string(t byte) string {
	b := d.bytes(t)
	d.charge(len(b))
	return string(b)
}

// list reads the head of a list; every element takes at least a byte.
func (d *decoder) list(t byte) (n int, elem byte) {
	if t != tList && t != tSet {
		d.fail("a list was expected")
		return 0, 0
	}
	h := d.byte()
	size := uint64(h >> 4)
	if size == 15 {
		size = d.uvarint()
	}
	if size > uint64(len(d.b)-d.pos) {
		d.fail("a list is longer than its file")
		return 0, 0
	}
	return int(size), h & 15
}

// each reads a list of structures.
func (d *decoder) each(t byte, size int, do func(i int)) {
	n, elem := d.list(t)
	if n > 0 && elem != tStruct {
		d.fail("a list of structures was expected")
	}
	for i := 0; i < n && d.charge(size); i++ {
		do(i)
	}
}

// skip passes over a value of a type.
func (d *decoder) skip(t byte) {
	if d.depth++; d.depth > depthMax {
		d.fail("it is nested too deeply")
		return
	}
	switch t {
	case tTrue, tFalse:
	case tByte:
		d.byte()
	case tI16, tI32, tI64:
		d.uvarint()
	case tDouble:
		if d.pos += 8; d.pos > len(d.b) {
			d.fail("it ends too early")
		}
	case tBinary:
		d.bytes(t)
	case tList, tSet:
		n, elem := d.list(t)
		for i := 0; i < n && d.err == nil; i++ {
			d.skipElement(elem)
		}
	case tMap:
		d.skipMap()
	case tStruct:
		d.fields(func(_ int16, t byte) { d.skip(t) })
	default:
		d.fail("a type is unknown")
	}
	d.depth--
}

// skipElement passes over an element of a list, where booleans take a byte.
func (d *decoder) skipElement(t byte) {
	if t == tTrue || t == tFalse {
		t = tByte
	}
	d.skip(t)
}

func (d *decoder) skipMap() {
	n := d.uvarint()
	if n == 0 {
		return
	}
	if n > uint64(len(d.b)-d.pos) {
		d.fail("a map is longer than its file")
		return
	}
	kv := d.byte()
	for i := uint64(0); i < n && d.err == nil; i++ {
		d.skipElement(kv >> 4)
		d.skipElement(kv & 15)
	}
}

// encoder writes the compact protocol.
type encoder struct {
	b    []byte
	last []int16 // of each open structure
}

func (e *encoder) open() { e.last = append(e.last, 0) }

func (e *encoder) close() {
	e.b = append(e.b, 0)
	e.last = e.last[:len(e.last)-1]
}

func (e *encoder) field(id int16, t byte) {
	top := &e.last[len(e.last)-1]
	if d := id - *top; d > 0 && d < 16 {
		e.b = append(e.b, byte(d)<<4|t)
	} else {
		e.b = append(e.b, t)
		e.b = binary.AppendVarint(e.b, int64(id))
	}
	*top = id
}

func (e *encoder) i32(id int16, v int32) {
	e.field(id, tI32)
	e.b = binary.AppendVarint(e.b, int64(v))
}

func (e *encoder) i64(id int16, v int64) {
	e.field(id, tI64)
	e.b = binary.AppendVarint(e.b, v)
}

func (e *encoder) bool(id int16, v bool) {
	if v {
		e.field(id, tTrue)
	} else {
		e.field(id, tFalse)
	}
}

func (e *encoder) raw(v []byte) {
	e.b = binary.AppendUvarint(e.b, uint64(len(v)))
	e.b = append(e.b, v...)
}

func (e *encoder) bytes(id int16, v []byte) {
	e.field(id, tBinary)
	e.raw(v)
}

func (e *encoder) string(id int16, v string) { e.bytes(id, []byte(v)) }

func (e *encoder) list(id int16, elem byte, n int) {
	e.field(id, tList)
	if n < 15 {
		e.b = append(e.b, byte(n)<<4|elem)
		return
	}
	e.b = append(e.b, 0xF0|elem)
	e.b = binary.AppendUvarint(e.b, uint64(n))
}

// structure writes a field that is a structure.
func (e *encoder) structure(id int16, body func()) {
	e.field(id, tStruct)
	e.open()
	body()
	e.close()
}
