package page

import "unsafe"

// View is Arrow's 16-byte string view. Up to InlineMax bytes are stored in the
// view itself, after Len; longer strings have their first four bytes in
// Prefix and live at heap[Buf][Off:Off+Len].
type View struct {
	Len    int32
	Prefix [4]byte
	Buf    int32
	Off    int32
}

// InlineMax is the longest string that a view holds itself.
const InlineMax = 12

// Inline returns the view of a string of at most InlineMax bytes.
func Inline(s []byte) View {
	var v View
	v.Len = int32(len(s))
	copy(unsafe.Slice(&v.Prefix[0], InlineMax), s)
	return v
}

// Refer returns the view of s, longer than InlineMax, which lies at off of heap buffer buf.
func Refer(s []byte, buf, off int32) View {
	v := View{Len: int32(len(s)), Buf: buf, Off: off}
	copy(v.Prefix[:], s)
	return v
}

// Bytes returns the view's string. The result of an inline view points into
// the view: v must stay reachable and unchanged while it is used.
func (v *View) Bytes(heap [][]byte) []byte {
	if v.Len <= InlineMax {
		return unsafe.Slice(&v.Prefix[0], v.Len)
	}
	return heap[v.Buf][v.Off : v.Off+v.Len : v.Off+v.Len]
}

// Views returns the views of a flat or constant string vector.
func (v *Vector) Views() []View { return SliceOf[View](v.data) }

// Str returns the bytes of slot i of a string vector in any loaded encoding.
// They belong to the vector and must not be changed.
func (v *Vector) Str(i int) []byte {
	b, j := v.Slot(i)
	return SliceOf[View](b.data)[j].Bytes(b.heap)
}

// StrUnsafe is Str as a string that shares the vector's memory.
func (v *Vector) StrUnsafe(i int) string {
	b := v.Str(i)
	return unsafe.String(unsafe.SliceData(b), len(b))
}
