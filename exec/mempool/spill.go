package mempool

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/klauspost/compress/s2"
	"github.com/zeebo/xxh3"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// SpillRoot is the folder where one process keeps its spill files. It is locked
// while the process lives; folders of dead processes are removed at the start.
type SpillRoot struct {
	dir   string
	lock  *os.File
	limit int64
	used  atomic.Int64
}

const spillPrefix = "muster-spill-"

// OpenSpillRoot makes a folder for this process under dir. limitBytes bounds
// all spill files of the process, 0 is no bound.
func OpenSpillRoot(dir string, limitBytes int64) (*SpillRoot, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, ioError(err, "make the spill folder")
	}
	old, err := filepath.Glob(filepath.Join(dir, spillPrefix+"*"))
	if err != nil {
		return nil, ioError(err, "list the spill folder")
	}
	for _, d := range old {
		removeIfDead(d)
	}
	own, err := os.MkdirTemp(dir, spillPrefix)
	if err != nil {
		return nil, ioError(err, "make the spill folder")
	}
	lock, err := os.OpenFile(filepath.Join(own, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	if err != nil {
		return nil, ioError(errors.Join(err, os.RemoveAll(own)), "lock the spill folder")
	}
	return &SpillRoot{dir: own, lock: lock, limit: limitBytes}, nil
}

// removeIfDead removes the folder of a process that holds its lock no more.
// What cannot be removed stays; it only costs disk.
func removeIfDead(dir string) {
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR, 0o600)
	if err != nil {
		return // just being made, or not ours
	}
	defer func() { _ = lock.Close() }()
	if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
		_ = os.RemoveAll(dir)
	}
}

// Close removes the folder.
func (r *SpillRoot) Close() error {
	err := os.RemoveAll(r.dir)
	return errors.Join(err, r.lock.Close())
}

// Used returns the bytes on disk now.
func (r *SpillRoot) Used() int64 { return r.used.Load() }

// Query returns the spill area of one query: its files are encrypted with a
// random key that only this value holds. limitBytes 0 is no bound.
func (r *SpillRoot) Query(limitBytes int64) (*Spill, error) {
	s := &Spill{root: r, limit: limitBytes}
	var key [32]byte
	if _, err := rand.Read(key[:]); err != nil {
		return nil, ioError(err, "make a spill key")
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, sqlerr.Wrap(sqlerr.InternalError, err, "make a spill cipher")
	}
	s.block = block
	return s, nil
}

// Spill makes the spill files of one query on one node. A nil *Spill means
// that spilling is off. It is safe for concurrent use.
type Spill struct {
	root    *SpillRoot
	block   cipher.Block
	limit   int64
	used    atomic.Int64
	written atomic.Int64
	made    atomic.Int64
	mu      sync.Mutex
	dir     string
	seq     uint64
	scratch sync.Pool
}

// Written returns the bytes ever written; Files the files ever made.
func (s *Spill) Written() int64 { return s.written.Load() }

// Files returns the number of files ever made.
func (s *Spill) Files() int64 { return s.made.Load() }

// Create makes an empty file, deleted by its Close.
func (s *Spill) Create() (*SpillFile, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir == "" {
		d, err := os.MkdirTemp(s.root.dir, "query-")
		if err != nil {
			return nil, ioError(err, "make a spill folder")
		}
		s.dir = d
	}
	s.seq++
	f, err := os.CreateTemp(s.dir, "rows-")
	if err != nil {
		return nil, ioError(err, "make a spill file")
	}
	s.made.Add(1)
	return &SpillFile{s: s, f: f, id: s.seq}, nil
}

// Close removes the query's folder with all files that are left.
func (s *Spill) Close() error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir == "" {
		return nil
	}
	err := os.RemoveAll(s.dir)
	s.dir = ""
	s.root.used.Add(-s.used.Swap(0))
	return err
}

// charge counts n more bytes on disk, or refuses.
func (s *Spill) charge(n int64) error {
	if u := s.used.Add(n); s.limit > 0 && u > s.limit {
		s.used.Add(-n)
		return sqlerr.New(sqlerr.DiskFull, "spill limit of the query reached: %d bytes are on disk", u-n).
			WithHint("SET spill_max to a larger value, or give the query more memory")
	}
	if u := s.root.used.Add(n); s.root.limit > 0 && u > s.root.limit {
		s.used.Add(-n)
		s.root.used.Add(-n)
		return sqlerr.New(sqlerr.DiskFull, "spill limit of the node reached: %d bytes are on disk", u-n).
			WithHint("raise spill_max of the server, or run fewer queries at once")
	}
	s.written.Add(n)
	return nil
}

// SpillFile is a sequence of blocks: compressed, encrypted, checksummed.
// Appending and reading are not concurrent; several readers may be.
type SpillFile struct {
	s    *Spill
	f    *os.File
	id   uint64
	size int64
}

const (
	spillHeader = 24
	// SpillBlockMax is the most bytes of one block.
	SpillBlockMax = 1 << 30
)

// Append writes one block and returns where it begins.
func (w *SpillFile) Append(block []byte) (int64, error) {
	buf, _ := w.s.scratch.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	defer w.s.scratch.Put(buf)
	need := spillHeader + max(s2.MaxEncodedLen(len(block)), len(block)) + 16
	if cap(*buf) < need {
		*buf = make([]byte, need)
	}
	out := (*buf)[:need]
	body := s2.Encode(out[spillHeader:], block)
	if len(body) >= len(block) {
		body = out[spillHeader : spillHeader+len(block)]
		copy(body, block)
	}
	binary.LittleEndian.PutUint32(out, uint32(len(block)))
	binary.LittleEndian.PutUint32(out[4:], uint32(len(body)))
	binary.LittleEndian.PutUint64(out[8:], xxh3.Hash(block))
	binary.LittleEndian.PutUint64(out[16:], uint64(w.size))
	total := (spillHeader + len(body) + 15) &^ 15
	clear(out[spillHeader+len(body) : total])
	w.stream(w.size).XORKeyStream(out[:total], out[:total])
	if err := w.s.charge(int64(total)); err != nil {
		return 0, err
	}
	at := w.size
	if _, err := w.f.WriteAt(out[:total], at); err != nil {
		w.s.used.Add(-int64(total))
		w.s.root.used.Add(-int64(total))
		return 0, ioError(err, "write a spill file")
	}
	w.size += int64(total)
	return at, nil
}

// stream returns the cipher at a 16-byte aligned offset. File number and block
// number make the counter, so that no key stream is used twice.
func (w *SpillFile) stream(at int64) cipher.Stream {
	var iv [16]byte
	binary.BigEndian.PutUint64(iv[:], w.id)
	binary.BigEndian.PutUint64(iv[8:], uint64(at/16))
	return cipher.NewCTR(w.s.block, iv[:])
}

// Size returns the bytes on disk.
func (w *SpillFile) Size() int64 { return w.size }

// ReadAt reads the block at into buf, grown when it is too short, and returns
// it and where the next one begins; io.EOF ends.
func (w *SpillFile) ReadAt(at int64, buf []byte) (block []byte, next int64, err error) {
	if at >= w.size {
		return nil, at, io.EOF
	}
	var h [32]byte
	n := min(int64(len(h)), w.size-at)
	if _, err := w.f.ReadAt(h[:n], at); err != nil {
		return nil, at, ioError(err, "read a spill file")
	}
	stream := w.stream(at)
	stream.XORKeyStream(h[:n], h[:n])
	raw, stored := int(binary.LittleEndian.Uint32(h[:])), int(binary.LittleEndian.Uint32(h[4:]))
	sum, place := binary.LittleEndian.Uint64(h[8:]), binary.LittleEndian.Uint64(h[16:])
	total := int64(spillHeader+stored+15) &^ 15
	if place != uint64(at) || total > w.size-at || raw > SpillBlockMax {
		return nil, at, sqlerr.New(sqlerr.DataCorrupted, "spill file is damaged at offset %d", at)
	}
	scratch, _ := w.s.scratch.Get().(*[]byte)
	if scratch == nil {
		scratch = new([]byte)
	}
	defer w.s.scratch.Put(scratch)
	if int64(cap(*scratch)) < total {
		*scratch = make([]byte, total)
	}
	in := (*scratch)[:total]
	copy(in, h[:n])
	if total > n {
		if _, err := w.f.ReadAt(in[n:], at+n); err != nil {
			return nil, at, ioError(err, "read a spill file")
		}
		stream.XORKeyStream(in[n:], in[n:])
	}
	if cap(buf) < raw {
		buf = make([]byte, raw)
	}
	block = buf[:raw]
	body := in[spillHeader : spillHeader+stored]
	if stored == raw {
		copy(block, body)
	} else if n, err := s2.DecodedLen(body); err != nil || n != raw {
		return nil, at, sqlerr.New(sqlerr.DataCorrupted, "spill file is damaged at offset %d", at)
	} else if block, err = s2.Decode(block, body); err != nil {
		return nil, at, sqlerr.Wrap(sqlerr.DataCorrupted, err, "spill file is damaged at offset %d", at)
	}
	if xxh3.Hash(block) != sum {
		return nil, at, sqlerr.New(sqlerr.DataCorrupted, "spill file has a wrong checksum at offset %d", at)
	}
	return block, at + total, nil
}

// Close deletes the file; idempotent.
func (w *SpillFile) Close() error {
	if w == nil || w.f == nil {
		return nil
	}
	err := errors.Join(w.f.Close(), removeFile(w.f.Name()))
	w.f = nil
	w.s.used.Add(-w.size)
	w.s.root.used.Add(-w.size)
	return err
}

func removeFile(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return ioError(err, "delete a spill file")
	}
	return nil
}

func ioError(err error, doing string) error {
	code := sqlerr.IOError
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		code = sqlerr.DiskFull
	}
	return sqlerr.Wrap(code, err, "%s", doing)
}
