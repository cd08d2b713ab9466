package parquet

import (
	"encoding/binary"

	"github.com/muster-sql/muster/connectors/spi/types"
)

// A dictionary is given up beyond these sizes, or when half of the first
// values differ, and tried again after some row groups.
const (
	dictionaryNumbersMax = 1 << 14
	dictionaryStringsMax = 1 << 16
	dictionaryBytesMax   = 1 << 20
	dictionaryTrial      = 4096
	dictionaryRest       = 8
)

// dictionaryWriter numbers distinct values in the order in which they come.
type dictionaryWriter struct {
	width int
	slots []int32 // number plus one; 0 empty
	mask  uint64
	count int
	data  []byte // PLAIN values
	ends  []int  // of byte arrays
}

func newDictionaryWriter(width int) *dictionaryWriter { return &dictionaryWriter{width: width} }

func (d *dictionaryWriter) most() int {
	if d.width == 4 || d.width == 8 {
		return dictionaryNumbersMax
	}
	return dictionaryStringsMax
}

func (d *dictionaryWriter) reset() {
	if d.slots == nil {
		d.slots = make([]int32, 1024)
	}
	clear(d.slots)
	d.mask = uint64(len(d.slots) - 1)
	d.count, d.data, d.ends = 0, d.data[:0], d.ends[:0]
}

func (d *dictionaryWriter) bytes() int { return 4*cap(d.slots) + cap(d.data) + 8*cap(d.ends) }

// numberAt returns the bits of entry i of 4 or 8 bytes.
func (d *dictionaryWriter) numberAt(i int) uint64 {
	if d.width == 4 {
		return uint64(binary.LittleEndian.Uint32(d.data[4*i:]))
	}
	return binary.LittleEndian.Uint64(d.data[8*i:])
}

// entry returns the bytes of entry i.
func (d *dictionaryWriter) entry(i int) []byte {
	if d.width > 0 {
		return d.data[i*d.width : (i+1)*d.width]
	}
	from := 0
	if i > 0 {
		from = d.ends[i-1]
	}
	return d.data[from+4 : d.ends[i]]
}

// key numbers the bits of a value of 4 or 8 bytes.
func (d *dictionaryWriter) key(k uint64) int32 {
	i := types.HashInt64(int64(k)) & d.mask
	for d.slots[i] != 0 {
		if c := d.slots[i] - 1; d.numberAt(int(c)) == k {
			return c
		}
		i = (i + 1) & d.mask
	}
	if d.width == 4 {
		d.data = binary.LittleEndian.AppendUint32(d.data, uint32(k))
	} else {
		d.data = binary.LittleEndian.AppendUint64(d.data, k)
	}
	return d.insert(i)
}

// string numbers a string or a value of other fixed width.
func (d *dictionaryWriter) string(s []byte) int32 {
	i := types.HashBytes(s) & d.mask
	for d.slots[i] != 0 {
		if c := d.slots[i] - 1; string(d.entry(int(c))) == string(s) {
			return c
		}
		i = (i + 1) & d.mask
	}
	if d.width == 0 {
		d.data = binary.LittleEndian.AppendUint32(d.data, uint32(len(s)))
	}
	d.data = append(d.data, s...)
	if d.width == 0 {
		d.ends = append(d.ends, len(d.data))
	}
	return d.insert(i)
}

func (d *dictionaryWriter) insert(slot uint64) int32 {
	d.count++
	d.slots[slot] = int32(d.count)
	if 2*d.count > len(d.slots) {
		d.rehash()
	}
	return int32(d.count - 1)
}

func (d *dictionaryWriter) rehash() {
	d.slots = make([]int32, 2*len(d.slots))
	d.mask = uint64(len(d.slots) - 1)
	for c := range d.count {
		var h uint64
		if d.width == 4 || d.width == 8 {
			h = types.HashInt64(int64(d.numberAt(c)))
		} else {
			h = types.HashBytes(d.entry(c))
		}
		i := h & d.mask
		for d.slots[i] != 0 {
			i = (i + 1) & d.mask
		}
		d.slots[i] = int32(c + 1)
	}
}
