package format

import "encoding/binary"

// AppendFooter appends the encoded footer.
func AppendFooter(dst []byte, f *Footer) []byte {
	e := &encoder{b: dst}
	e.open()
	e.i32(1, f.Version)
	e.list(2, tStruct, len(f.Schema))
	for i := range f.Schema {
		e.schemaElement(&f.Schema[i])
	}
	e.i64(3, f.Rows)
	e.list(4, tStruct, len(f.Groups))
	for i := range f.Groups {
		e.rowGroup(&f.Groups[i], i)
	}
	if len(f.KeyValues) > 0 {
		e.list(5, tStruct, len(f.KeyValues))
		for _, kv := range f.KeyValues {
			e.open()
			e.string(1, kv.Key)
			e.string(2, kv.Value)
			e.close()
		}
	}
	e.string(6, f.CreatedBy)
	e.list(7, tStruct, len(f.Ordered))
	for range f.Ordered {
		e.open()
		e.structure(1, func() {})
		e.close()
	}
	e.close()
	return e.b
}

func (e *encoder) schemaElement(s *SchemaElement) {
	e.open()
	if s.Type >= 0 {
		e.i32(1, int32(s.Type))
	}
	if s.TypeLength > 0 {
		e.i32(2, s.TypeLength)
	}
	if s.Repetition >= 0 {
		e.i32(3, int32(s.Repetition))
	}
	e.string(4, s.Name)
	if s.Children > 0 {
		e.i32(5, s.Children)
	}
	if s.Converted != NoConverted {
		e.i32(6, int32(s.Converted))
	}
	if s.Converted == ConvDecimal {
		e.i32(7, s.Scale)
		e.i32(8, s.Precision)
	}
	if s.Logical.Kind != NoLogical {
		e.structure(10, func() { e.structure(int16(s.Logical.Kind), func() { e.logical(&s.Logical) }) })
	}
	e.close()
}

func (e *encoder) logical(l *Logical) {
	switch l.Kind {
	case LogDecimal:
		e.i32(1, l.Scale)
		e.i32(2, l.Precision)
	case LogTime, LogTimestamp:
		e.bool(1, l.UTC)
		e.structure(2, func() { e.structure(int16(l.Unit), func() {}) })
	case LogInteger:
		e.field(1, tByte)
		e.b = append(e.b, byte(l.Bits))
		e.bool(2, l.Signed)
	}
}

func (e *encoder) rowGroup(g *RowGroup, ordinal int) {
	e.open()
	e.list(1, tStruct, len(g.Columns))
	compressed := int64(0)
	for i := range g.Columns {
		e.columnChunk(&g.Columns[i])
		compressed += g.Columns[i].Compressed
	}
	e.i64(2, g.Bytes)
	e.i64(3, g.Rows)
	if len(g.Columns) > 0 {
		c := &g.Columns[0]
		start := c.DataOffset
		if c.DictOffset > 0 {
			start = c.DictOffset
		}
		e.i64(5, start)
		e.i64(6, compressed)
	}
	if ordinal < 1<<15 {
		e.field(7, tI16)
		e.b = binary.AppendVarint(e.b, int64(ordinal))
	}
	e.close()
}

func (e *encoder) columnChunk(c *ColumnChunk) {
	e.open()
	e.i64(2, 0)
	e.structure(3, func() { e.columnMeta(c) })
	if c.OffsetIndex > 0 {
		e.i64(4, c.OffsetIndex)
		e.i32(5, c.OffsetIndexLen)
	}
	if c.ColumnIndex > 0 {
		e.i64(6, c.ColumnIndex)
		e.i32(7, c.ColumnIndexLen)
	}
	e.close()
}

func (e *encoder) columnMeta(c *ColumnChunk) {
	e.i32(1, int32(c.Type))
	n := 0
	for i := range 32 {
		n += int(c.Encodings >> i & 1)
	}
	e.list(2, tI32, n)
	for i := range 32 {
		if c.Encodings>>i&1 != 0 {
			e.b = binary.AppendVarint(e.b, int64(i))
		}
	}
	e.list(3, tBinary, len(c.Path))
	for _, p := range c.Path {
		e.raw([]byte(p))
	}
	e.i32(4, int32(c.Codec))
	e.i64(5, c.Values)
	e.i64(6, c.Uncompressed)
	e.i64(7, c.Compressed)
	e.i64(9, c.DataOffset)
	if c.DictOffset > 0 {
		e.i64(11, c.DictOffset)
	}
	e.structure(12, func() { e.statistics(&c.Stats) })
	e.list(13, tStruct, len(c.PageCounts))
	for _, p := range c.PageCounts {
		e.open()
		e.i32(1, int32(p.Kind))
		e.i32(2, int32(p.Encoding))
		e.i32(3, p.Count)
		e.close()
	}
	if c.BloomOffset > 0 {
		e.i64(14, c.BloomOffset)
		e.i32(15, c.BloomLength)
	}
}

func (e *encoder) statistics(s *Statistics) {
	if s.Nulls >= 0 {
		e.i64(3, s.Nulls)
	}
	if s.Distinct > 0 {
		e.i64(4, s.Distinct)
	}
	if s.MaxValue != nil {
		e.bytes(5, s.MaxValue)
	}
	if s.MinValue != nil {
		e.bytes(6, s.MinValue)
	}
	if s.MaxValue != nil {
		e.bool(7, !s.MaxCut)
	}
	if s.MinValue != nil {
		e.bool(8, !s.MinCut)
	}
}

// AppendPageHeader appends the encoded header of a dictionary page or of a
// data page of version 1.
func AppendPageHeader(dst []byte, h *PageHeader) []byte {
	e := &encoder{b: dst}
	e.open()
	e.i32(1, int32(h.Kind))
	e.i32(2, h.Uncompressed)
	e.i32(3, h.Compressed)
	if h.HasCRC {
		e.i32(4, int32(h.CRC))
	}
	if h.Kind == DictionaryPage {
		e.structure(7, func() {
			e.i32(1, h.Values)
			e.i32(2, int32(h.Encoding))
		})
	} else {
		e.structure(5, func() {
			e.i32(1, h.Values)
			e.i32(2, int32(h.Encoding))
			e.i32(3, int32(RLE))
			e.i32(4, int32(RLE))
		})
	}
	e.close()
	return e.b
}

// AppendOffsetIndex appends where the pages of a chunk lie.
func AppendOffsetIndex(dst []byte, pages []PageLocation) []byte {
	e := &encoder{b: dst}
	e.open()
	e.list(1, tStruct, len(pages))
	for _, p := range pages {
		e.open()
		e.i64(1, p.Offset)
		e.i32(2, p.Bytes)
		e.i64(3, p.FirstRow)
		e.close()
	}
	e.close()
	return e.b
}

// AppendColumnIndex appends the bounds of a chunk's pages.
func AppendColumnIndex(dst []byte, x *ColumnIndex) []byte {
	e := &encoder{b: dst}
	e.open()
	e.list(1, tTrue, len(x.NullPages))
	for _, null := range x.NullPages {
		if null {
			e.b = append(e.b, tTrue)
		} else {
			e.b = append(e.b, tFalse)
		}
	}
	e.list(2, tBinary, len(x.Min))
	for _, v := range x.Min {
		e.raw(v)
	}
	e.list(3, tBinary, len(x.Max))
	for _, v := range x.Max {
		e.raw(v)
	}
	e.i32(4, x.Order)
	e.list(5, tI64, len(x.Nulls))
	for _, n := range x.Nulls {
		e.b = binary.AppendVarint(e.b, n)
	}
	e.close()
	return e.b
}

// AppendBloomHeader appends the header of a Bloom filter of n bytes.
func AppendBloomHeader(dst []byte, n int32) []byte {
	e := &encoder{b: dst}
	e.open()
	e.i32(1, n)
	for id := int16(2); id <= 4; id++ {
		e.structure(id, func() { e.structure(1, func() {}) })
	}
	e.close()
	return e.b
}
