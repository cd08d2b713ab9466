package exchange

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"os"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// FileSpool keeps frames in a file of dir that has no name any more, so that
// nothing is left whatever happens. Its bytes are encrypted in counter mode with
// a key that only this value has. One goroutine appends; reads may be concurrent.
type FileSpool struct {
	dir   string
	file  *os.File
	block cipher.Block
	end   int64
}

var _ Spool = (*FileSpool)(nil)

// NewFileSpool returns a spool that makes its file when it is first needed.
func NewFileSpool(dir string) *FileSpool { return &FileSpool{dir: dir} }

func spoolError(err error, what string) error {
	return sqlerr.Wrap(sqlerr.IOError, err, "%s retained exchange frames", what)
}

func (s *FileSpool) open() error {
	f, err := os.CreateTemp(s.dir, "exchange-*")
	if err != nil {
		return spoolError(err, "make a file for")
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return spoolError(err, "unlink the file of")
	}
	var key [32]byte
	if _, err := rand.Read(key[:]); err != nil {
		return spoolError(err, "make a key for")
	}
	s.file = f
	s.block, err = aes.NewCipher(key[:])
	return err
}

// stream is the key stream at a 16-byte aligned offset.
func (s *FileSpool) stream(at int64) cipher.Stream {
	var iv [16]byte
	binary.BigEndian.PutUint64(iv[8:], uint64(at/16))
	return cipher.NewCTR(s.block, iv[:])
}

// Append implements Spool.
func (s *FileSpool) Append(b []byte) (int64, error) {
	if s.file == nil {
		if err := s.open(); err != nil {
			return 0, err
		}
	}
	at := s.end
	enc := make([]byte, len(b))
	s.stream(at).XORKeyStream(enc, b)
	if _, err := s.file.WriteAt(enc, at); err != nil {
		return 0, spoolError(err, "write")
	}
	s.end = (at + int64(len(b)) + 15) &^ 15
	return at, nil
}

// ReadAt implements Spool.
func (s *FileSpool) ReadAt(b []byte, at int64) error {
	if _, err := s.file.ReadAt(b, at); err != nil {
		return spoolError(err, "read")
	}
	s.stream(at).XORKeyStream(b, b)
	return nil
}

// Close implements Spool.
func (s *FileSpool) Close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}
