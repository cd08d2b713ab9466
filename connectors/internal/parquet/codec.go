package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/muster-sql/muster/connectors/internal/parquet/format"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// ratioMax is the most that a codec can make of a byte; a header that declares
// more lies. Snappy and LZ4 have it by format, gzip too; the others can
// repeat at will, and are held to what a page of one value needs.
func ratioMax(c format.Codec) int64 {
	switch c {
	case format.Uncompressed:
		return 1
	case format.Snappy:
		return 32
	case format.LZ4, format.LZ4Raw:
		return 256
	case format.Gzip:
		return 1100
	default:
		return 1 << 17
	}
}

// ratioSlack are bytes that a page may always declare.
const ratioSlack = 1 << 10

// zstdDecoders are shared by all readers of the process.
var zstdDecoders = sync.Pool{New: func() any {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderLowmem(true))
	if err != nil {
		return err
	}
	return d
}}

var gzipReaders = sync.Pool{New: func() any { return new(gzip.Reader) }}

var brotliReaders = sync.Pool{New: func() any { return brotli.NewReader(nil) }}

// decompress fills dst exactly with what src holds.
func decompress(c format.Codec, dst, src []byte) error {
	var err error
	switch c {
	case format.Uncompressed:
		if len(src) != len(dst) {
			return sqlerr.New(sqlerr.DataCorrupted, "uncompressed page has %d bytes instead of %d", len(src), len(dst))
		}
		copy(dst, src)
	case format.Snappy:
		err = decompressSnappy(dst, src)
	case format.Zstd:
		err = decompressZstd(dst, src)
	case format.Gzip:
		err = decompressGzip(dst, src)
	case format.Brotli:
		r := brotliReaders.Get().(*brotli.Reader)
		if err = r.Reset(bytes.NewReader(src)); err == nil {
			err = readExactly(r, dst)
		}
		brotliReaders.Put(r)
	case format.LZ4Raw:
		err = decompressLZ4(dst, src)
	case format.LZ4:
		if err = decompressHadoop(dst, src); err != nil {
			err = decompressLZ4(dst, src) // some writers leave the frames away
		}
	default:
		return sqlerr.Unsupported("compression %s is not supported", c)
	}
	if err != nil {
		return sqlerr.New(sqlerr.DataCorrupted, "page cannot be decompressed (%s): %v", c, err)
	}
	return nil
}

var errLength = errors.New("its length differs from its header's")

func decompressSnappy(dst, src []byte) error {
	n, err := snappy.DecodedLen(src)
	if err != nil {
		return err
	}
	if n != len(dst) {
		return errLength
	}
	_, err = snappy.Decode(dst, src)
	return err
}

func decompressZstd(dst, src []byte) error {
	got := zstdDecoders.Get()
	d, ok := got.(*zstd.Decoder)
	if !ok {
		return got.(error)
	}
	defer zstdDecoders.Put(d)
	// With room beyond the end the decoder copies whole words; a page that
	// makes use of it has the wrong length.
	out, err := d.DecodeAll(src, dst[:0:min(len(dst)+padding, cap(dst))])
	if err != nil {
		return err
	}
	if len(out) != len(dst) {
		return errLength
	}
	return nil
}

func decompressGzip(dst, src []byte) error {
	r := gzipReaders.Get().(*gzip.Reader)
	defer gzipReaders.Put(r)
	if err := r.Reset(bytes.NewReader(src)); err != nil {
		return err
	}
	return readExactly(r, dst)
}

func readExactly(r io.Reader, dst []byte) error {
	if _, err := io.ReadFull(r, dst); err != nil {
		return err
	}
	var more [1]byte
	if n, _ := r.Read(more[:]); n > 0 {
		return errLength
	}
	return nil
}

func decompressLZ4(dst, src []byte) error {
	if len(dst) == 0 {
		return nil
	}
	n, err := lz4.UncompressBlock(src, dst)
	if err != nil {
		return err
	}
	if n != len(dst) {
		return errLength
	}
	return nil
}

// decompressHadoop reads frames of a decompressed length, a compressed length
// and a block.
func decompressHadoop(dst, src []byte) error {
	for len(src) > 0 {
		if len(src) < 8 {
			return errLength
		}
		out, in := int(binary.BigEndian.Uint32(src)), int(binary.BigEndian.Uint32(src[4:]))
		if src = src[8:]; in > len(src) || out > len(dst) {
			return errLength
		}
		if err := decompressLZ4(dst[:out], src[:in]); err != nil {
			return err
		}
		dst, src = dst[out:], src[in:]
	}
	if len(dst) > 0 {
		return errLength
	}
	return nil
}
