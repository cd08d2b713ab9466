package rows

import (
	"encoding/binary"
	"unsafe"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// A blob is a nested value on its own: a null byte before every element, fixed
// values as they are, strings and lists with a length, rows field by field.

// appendBlob appends slot j of the flat or constant vector v, which is not null.
func appendBlob(dst []byte, v *page.Vector, j int) []byte {
	switch v.Type.Phys() {
	case types.PhysView:
		s := v.Views()[j].Bytes(v.Heap())
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(s)))
		return append(dst, s...)
	case types.PhysList:
		from, to := v.Offsets()[j], v.Offsets()[j+1]
		dst = binary.LittleEndian.AppendUint32(dst, uint32(to-from))
		for e := from; e < to; e++ {
			for _, k := range v.Children() {
				dst = appendElement(dst, k, int(e))
			}
		}
		return dst
	case types.PhysStruct:
		for _, k := range v.Children() {
			dst = appendElement(dst, k, j)
		}
		return dst
	default:
		n := v.Type.Phys().Size()
		return append(dst, v.Raw()[j*n:(j+1)*n]...)
	}
}

func appendElement(dst []byte, v *page.Vector, i int) []byte {
	if v.IsNull(i) {
		return append(dst, 1)
	}
	flat, j := v.Slot(i)
	return appendBlob(append(dst, 0), flat, j)
}

// readBlob appends the value at the front of blob to b and returns the rest.
func readBlob(b *page.Builder, t types.Type, blob []byte) []byte {
	switch p := t.Phys(); p {
	case types.PhysView:
		n := binary.LittleEndian.Uint32(blob)
		b.AppendBytes(blob[4 : 4+n])
		return blob[4+n:]
	case types.PhysList:
		n := binary.LittleEndian.Uint32(blob)
		blob = blob[4:]
		kids := t.Children()
		for range n {
			for k, kt := range kids {
				blob = readElement(b.Child(k), kt, blob)
			}
		}
		b.EndList()
		return blob
	case types.PhysStruct:
		for k, kt := range t.Children() {
			blob = readElement(b.Child(k), kt, blob)
		}
		b.EndStruct()
		return blob
	default:
		appendFixed(b, p, blob)
		return blob[p.Size():]
	}
}

func readElement(b *page.Builder, t types.Type, blob []byte) []byte {
	if blob[0] != 0 {
		b.AppendNull()
		return blob[1:]
	}
	return readBlob(b, t, blob[1:])
}

// load reads an unaligned value.
func load[T page.Fixed](blob []byte) T {
	var v T
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&v)), unsafe.Sizeof(v)), blob)
	return v
}

func appendFixed(b *page.Builder, p types.Phys, blob []byte) {
	switch p.Size() {
	case 1:
		page.Append(b, load[uint8](blob))
	case 2:
		page.Append(b, load[int16](blob))
	case 4:
		page.Append(b, load[int32](blob))
	case 8:
		page.Append(b, load[int64](blob))
	case 24:
		page.Append(b, load[types.Num](blob))
	default:
		page.Append(b, load[types.Int128](blob))
	}
}
