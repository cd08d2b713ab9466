package format

import "unsafe"

// Bounds of what decoding a footer may take: a multiple of its bytes. A
// writer's chunk takes about 60 bytes and becomes a structure of 300.
const (
	footerBudgetFactor = 24
	footerBudgetMin    = 64 << 10
)

// ReadFooter decodes a footer. The result refers to b. Size is about what the
// structures take in memory.
func ReadFooter(b []byte) (f *Footer, size int, err error) {
	budget := footerBudgetMin + footerBudgetFactor*len(b)
	d := &decoder{b: b, budget: budget}
	f = &Footer{}
	d.fields(func(id int16, t byte) {
		switch id {
		case 1:
			f.Version = d.i32(t)
		case 2:
			d.each(t, int(unsafe.Sizeof(SchemaElement{})), func(int) { f.Schema = append(f.Schema, d.schemaElement()) })
		case 3:
			f.Rows = d.i64(t)
		case 4:
			d.each(t, int(unsafe.Sizeof(RowGroup{})), func(int) { f.Groups = append(f.Groups, d.rowGroup()) })
		case 5:
			d.each(t, int(unsafe.Sizeof(KeyValue{})), func(int) { f.KeyValues = append(f.KeyValues, d.keyValue()) })
		case 6:
			f.CreatedBy = d.string(t)
		case 7:
			d.each(t, 1, func(int) { f.Ordered = append(f.Ordered, d.columnOrder()) })
		case 8:
			f.Encrypted = true
			d.skip(t)
		default:
			d.skip(t)
		}
	})
	return f, budget - d.budget, d.err
}

func (d *decoder) columnOrder() (defined bool) {
	d.fields(func(id int16, t byte) {
		defined = defined || id == 1
		d.skip(t)
	})
	return defined
}

func (d *decoder) keyValue() (kv KeyValue) {
	d.fields(func(id int16, t byte) {
		switch id {
		case 1:
			kv.Key = d.string(t)
		case 2:
			kv.Value = d.string(t)
		default:
			d.skip(t)
		}
	})
	return kv
}

func (d *decoder) schemaElement() SchemaElement {
	s := SchemaElement{Type: -1, Converted: NoConverted, FieldID: -1}
	d.fields(func(id int16, t byte) {
		switch id {
		case 1:
			s.Type = Type(d.small(t))
		case 2:
			s.TypeLength = d.i32(t)
		case 3:
			s.Repetition = Repetition(d.small(t))
		case 4:
			s.Name = d.string(t)
		case 5:
			s.Children = d.i32(t)
		case 6:
			s.Converted = Converted(d.small(t))
		case 7:
			s.Scale = d.i32(t)
		case 8:
			s.Precision = d.i32(t)
		case 9:
			s.FieldID = d.i32(t)
		case 10:
			d.sub(t, func(id int16, t byte) { d.logical(&s.Logical, id, t) })
		default:
			d.skip(t)
		}
	})
	return s
}

// small reads an enumerated value.
func (d *decoder) small(t byte) int8 {
	v := d.i32(t)
	if v < 0 || v > 100 {
		d.fail("an enumerated value is out of range")
	}
	return int8(v)
}

func (d *decoder) logical(l *Logical, id int16, t byte) {
	if id <= 0 || id >= logicalKindLn {
		d.skip(t)
		return
	}
	l.Kind = LogicalKind(id)
	d.sub(t, func(id int16, t byte) {
		switch {
		case l.Kind == LogDecimal && id == 1:
			l.Scale = d.i32(t)
		case l.Kind == LogDecimal && id == 2:
			l.Precision = d.i32(t)
		case (l.Kind == LogTime || l.Kind == LogTimestamp) && id == 1:
			l.UTC = d.bool(t)
		case (l.Kind == LogTime || l.Kind == LogTimestamp) && id == 2:
			d.sub(t, func(id int16, t byte) {
				l.Unit = Unit(min(max(id, 0), 4))
				d.skip(t)
			})
		case l.Kind == LogInteger && id == 1:
			l.Bits = d.small(t)
		case l.Kind == LogInteger && id == 2:
			l.Signed = d.bool(t)
		default:
			d.skip(t)
		}
	})
}

func (d *decoder) rowGroup() (g RowGroup) {
	d.fields(func(id int16, t byte) {
		switch id {
		case 1:
			d.each(t, int(unsafe.Sizeof(ColumnChunk{})), func(int) { g.Columns = append(g.Columns, d.columnChunk()) })
		case 2:
			g.Bytes = d.i64(t)
		case 3:
			g.Rows = d.i64(t)
		default:
			d.skip(t)
		}
	})
	return g
}

func (d *decoder) columnChunk() ColumnChunk {
	c := ColumnChunk{Type: -1, Stats: Statistics{Nulls: -1, Distinct: -1}}
	d.fields(func(id int16, t byte) {
		switch id {
		case 1:
			c.Elsewhere = len(d.bytes(t)) > 0
		case 3:
			c.HasMeta = true
			d.sub(t, func(id int16, t byte) { d.columnMeta(&c, id, t) })
		case 4:
			c.OffsetIndex = d.i64(t)
		case 5:
			c.OffsetIndexLen = d.i32(t)
		case 6:
			c.ColumnIndex = d.i64(t)
		case 7:
			c.ColumnIndexLen = d.i32(t)
		case 8, 9:
			c.Encrypted = true
			d.skip(t)
		default:
			d.skip(t)
		}
	})
	plain := c.Encodings&(1<<Plain|1<<DeltaBinaryPacked|1<<DeltaLengthByteArr|1<<DeltaByteArray|1<<ByteStreamSplit) != 0
	switch {
	case c.hasEncodingStats:
		c.AllDict = c.dictPages && !c.plainPages
	default: // writers of version 1 list PLAIN only when a page fell back to it
		c.AllDict = c.Encodings&(1<<PlainDictionary) != 0 && !plain
	}
	return c
}

func (d *decoder) columnMeta(c *ColumnChunk, id int16, t byte) {
	switch id {
	case 1:
		c.Type = Type(d.small(t))
	case 2:
		n, _ := d.list(t)
		for i := 0; i < n && d.err == nil; i++ {
			if e := d.zigzag(); e >= 0 && e < 32 {
				c.Encodings |= 1 << e
			}
		}
	case 4:
		c.Codec = Codec(d.small(t))
	case 5:
		c.Values = d.i64(t)
	case 6:
		c.Uncompressed = d.i64(t)
	case 7:
		c.Compressed = d.i64(t)
	case 9:
		c.DataOffset = d.i64(t)
	case 11:
		c.DictOffset = d.i64(t)
	case 12:
		d.sub(t, func(id int16, t byte) { d.statistics(&c.Stats, id, t) })
	case 13:
		c.hasEncodingStats = true
		d.each(t, 0, func(int) { d.encodingStats(c) })
	case 14:
		c.BloomOffset = d.i64(t)
	case 15:
		c.BloomLength = d.i32(t)
	default:
		d.skip(t)
	}
}

func (d *decoder) encodingStats(c *ColumnChunk) {
	var kind PageKind
	var enc Encoding
	var count int32
	d.fields(func(id int16, t byte) {
		switch id {
		case 1:
			kind = PageKind(d.small(t))
		case 2:
			enc = Encoding(d.small(t))
		case 3:
			count = d.i32(t)
		default:
			d.skip(t)
		}
	})
	if count == 0 || kind != DataPage && kind != DataPageV2 {
		return
	}
	if enc == PlainDictionary || enc == RLEDictionary {
		c.dictPages = true
	} else {
		c.plainPages = true
	}
}

func (d *decoder) statistics(s *Statistics, id int16, t byte) {
	switch id {
	case 1:
		s.Max = d.bytes(t)
	case 2:
		s.Min = d.bytes(t)
	case 3:
		s.Nulls = d.i64(t)
	case 4:
		s.Distinct = d.i64(t)
	case 5:
		s.MaxValue = d.bytes(t)
	case 6:
		s.MinValue = d.bytes(t)
	default:
		d.skip(t)
	}
}

// ReadPageHeader decodes the page header at the start of b and returns its
// length. Short is true when b may only be too short.
func ReadPageHeader(b []byte, h *PageHeader) (n int, short bool, err error) {
	d := &decoder{b: b}
	*h = PageHeader{Kind: -1, Values: -1, Rows: -1, Nulls: -1, Uncompressed: -1, Compressed: -1}
	d.fields(func(id int16, t byte) {
		switch id {
		case 1:
			h.Kind = PageKind(d.small(t))
		case 2:
			h.Uncompressed = d.i32(t)
		case 3:
			h.Compressed = d.i32(t)
		case 4:
			h.CRC, h.HasCRC = uint32(d.i64(t)), true
		case 5:
			d.sub(t, func(id int16, t byte) { d.dataPage(h, id, t) })
		case 7:
			d.sub(t, func(id int16, t byte) { d.dictionaryPage(h, id, t) })
		case 8:
			d.sub(t, func(id int16, t byte) { d.dataPageV2(h, id, t) })
		default:
			d.skip(t)
		}
	})
	return d.pos, d.err != nil, d.err
}

func (d *decoder) dataPage(h *PageHeader, id int16, t byte) {
	switch id {
	case 1:
		h.Values = d.i32(t)
	case 2:
		h.Encoding = Encoding(d.small(t))
	case 3:
		h.DefEncoding = Encoding(d.small(t))
	case 4:
		h.RepEncoding = Encoding(d.small(t))
	default:
		d.skip(t)
	}
}

func (d *decoder) dictionaryPage(h *PageHeader, id int16, t byte) {
	switch id {
	case 1:
		h.Values = d.i32(t)
	case 2:
		h.Encoding = Encoding(d.small(t))
	default:
		d.skip(t)
	}
}

func (d *decoder) dataPageV2(h *PageHeader, id int16, t byte) {
	h.DefEncoding, h.RepEncoding = RLE, RLE
	switch id {
	case 1:
		h.Values = d.i32(t)
	case 2:
		h.Nulls = d.i32(t)
	case 3:
		h.Rows = d.i32(t)
	case 4:
		h.Encoding = Encoding(d.small(t))
	case 5:
		h.DefBytes = d.i32(t)
	case 6:
		h.RepBytes = d.i32(t)
	case 7:
		h.Stored = !d.bool(t)
	default:
		d.skip(t)
	}
}

// ReadOffsetIndex decodes where the pages of a chunk lie.
func ReadOffsetIndex(b []byte) (pages []PageLocation, err error) {
	d := &decoder{b: b, budget: footerBudgetMin + footerBudgetFactor*len(b)}
	d.fields(func(id int16, t byte) {
		if id != 1 {
			d.skip(t)
			return
		}
		d.each(t, int(unsafe.Sizeof(PageLocation{})), func(int) {
			var p PageLocation
			d.fields(func(id int16, t byte) {
				switch id {
				case 1:
					p.Offset = d.i64(t)
				case 2:
					p.Bytes = d.i32(t)
				case 3:
					p.FirstRow = d.i64(t)
				default:
					d.skip(t)
				}
			})
			pages = append(pages, p)
		})
	})
	return pages, d.err
}

// ReadColumnIndex decodes the bounds of a chunk's pages. They refer to b.
func ReadColumnIndex(b []byte) (*ColumnIndex, error) {
	d := &decoder{b: b, budget: footerBudgetMin + footerBudgetFactor*len(b)}
	x := &ColumnIndex{}
	d.fields(func(id int16, t byte) {
		switch id {
		case 1:
			n, _ := d.list(t)
			for i := 0; i < n && d.charge(1); i++ {
				x.NullPages = append(x.NullPages, d.byte() == tTrue)
			}
		case 2:
			x.Min = d.byteLists(t)
		case 3:
			x.Max = d.byteLists(t)
		case 4:
			x.Order = d.i32(t)
		case 5:
			n, _ := d.list(t)
			for i := 0; i < n && d.charge(8); i++ {
				x.Nulls = append(x.Nulls, d.zigzag())
			}
		default:
			d.skip(t)
		}
	})
	return x, d.err
}

func (d *decoder) byteLists(t byte) (out [][]byte) {
	n, elem := d.list(t)
	for i := 0; i < n && d.charge(24); i++ {
		out = append(out, d.bytes(elem))
	}
	return out
}

// ReadBloomHeader decodes the header of a Bloom filter: the bytes of its bit
// set, its own length, and whether it is of the one known kind.
func ReadBloomHeader(b []byte) (bytes int32, n int, known bool, err error) {
	d := &decoder{b: b}
	found := 0
	d.fields(func(id int16, t byte) {
		switch id {
		case 1:
			bytes = d.i32(t)
		case 2, 3, 4: // split block, xxHash, uncompressed: each a union of one member
			d.sub(t, func(id int16, t byte) {
				if id == 1 {
					found++
				}
				d.skip(t)
			})
		default:
			d.skip(t)
		}
	})
	return bytes, d.pos, found == 3, d.err
}
