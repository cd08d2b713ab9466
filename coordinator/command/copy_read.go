package command

import (
	"bytes"
	"encoding/binary"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/coordinator/session"
)

// rowReader takes apart the data of a COPY, which comes in pieces of any size.
// Fields are valid during the call of row; a nil one is NULL.
type rowReader interface {
	feed(data []byte, row func(fields [][]byte) error) error
	// end reports what is left when no more data comes.
	end(row func(fields [][]byte) error) error
}

// copyRowMax bounds one row of the data.
const copyRowMax = 256 << 20

func newRowReader(f *session.CopyFormat, width int) rowReader {
	if f.Kind == session.CopyBinary {
		return &binaryReader{fields: make([][]byte, 0, width)}
	}
	return &lineReader{format: f, header: f.Header}
}

// lineReader reads text and CSV.
type lineReader struct {
	format *session.CopyFormat
	rest   []byte // the beginning of a row
	seen   int    // bytes of rest that have been looked at
	quoted bool   // rest[:seen] ends within quotes
	header bool   // the next row is a header
	ended  bool   // after \.
	fields [][]byte
	text   []byte // unescaped fields
}

// feed implements rowReader.
func (r *lineReader) feed(data []byte, row func([][]byte) error) error {
	if r.ended {
		return nil
	}
	r.rest = append(r.rest, data...)
	whole := len(r.rest)
	for {
		at := r.lineEnd()
		if at < 0 {
			break
		}
		line := r.rest[:at]
		err := r.line(bytes.TrimSuffix(line, []byte{'\r'}), row)
		r.rest, r.seen, r.quoted = r.rest[at+1:], 0, false
		if err != nil || r.ended {
			return err
		}
	}
	if len(r.rest) > copyRowMax {
		return sqlerr.New(sqlerr.ProgramLimit, "COPY row is too long: more than %d bytes", copyRowMax)
	}
	if len(r.rest) < whole {
		r.rest = append([]byte(nil), r.rest...) // do not hold the rows before
	}
	return nil
}

// lineEnd finds the newline that ends a row, -1 if it has not come yet.
func (r *lineReader) lineEnd() int {
	for i := r.seen; i < len(r.rest); i++ {
		c := r.rest[i]
		switch {
		case r.format.Kind == session.CopyText:
			if c == '\\' {
				if i+1 == len(r.rest) {
					r.seen = i
					return -1
				}
				i++
			} else if c == '\n' {
				return i
			}
		case r.quoted && c == r.format.Escape && c != r.format.Quote:
			if i+1 == len(r.rest) {
				r.seen = i
				return -1
			}
			i++
		case c == r.format.Quote:
			r.quoted = !r.quoted
		case c == '\n' && !r.quoted:
			return i
		}
	}
	r.seen = len(r.rest)
	return -1
}

// line reads one row.
func (r *lineReader) line(line []byte, row func([][]byte) error) error {
	if string(line) == `\.` {
		r.ended = true
		return nil
	}
	if r.header {
		r.header = false
		return nil
	}
	r.fields, r.text = r.fields[:0], r.text[:0]
	if r.text == nil || cap(r.text) < len(line) { // an empty field is not NULL
		r.text = make([]byte, 0, len(line)+len(line)/2)
	}
	var err error
	if r.format.Kind == session.CopyCSV {
		err = r.csv(line)
	} else {
		r.plain(line)
	}
	if err != nil {
		return err
	}
	return row(r.fields)
}

// plain splits a row of text. Unescaped text is never longer than the line, so
// that fields stay where they are.
func (r *lineReader) plain(line []byte) {
	for {
		from, i, raw := len(r.text), 0, line
		for i < len(line) && line[i] != r.format.Delimiter {
			if line[i] == '\\' && i+1 < len(line) {
				n, c := unescape(line[i+1:])
				r.text = append(r.text, c)
				i += 1 + n
				continue
			}
			r.text = append(r.text, line[i])
			i++
		}
		if string(raw[:i]) == r.format.Null {
			r.fields = append(r.fields, nil)
		} else {
			r.fields = append(r.fields, r.text[from:len(r.text):len(r.text)])
		}
		if i == len(line) {
			return
		}
		line = line[i+1:]
	}
}

// unescape reads what follows a backslash and returns how much that was.
func unescape(s []byte) (n int, c byte) {
	switch s[0] {
	case 'b':
		return 1, '\b'
	case 'f':
		return 1, '\f'
	case 'n':
		return 1, '\n'
	case 'r':
		return 1, '\r'
	case 't':
		return 1, '\t'
	case 'v':
		return 1, '\v'
	case 'x':
		if n, v := digits(s[1:], 16, 2); n > 0 {
			return n + 1, v
		}
	}
	if n, v := digits(s, 8, 3); n > 0 {
		return n, v
	}
	return 1, s[0]
}

// digits reads up to most digits of a base.
func digits(s []byte, base, most int) (n int, v byte) {
	for n < len(s) && n < most {
		d := 99
		switch c := s[n]; {
		case c >= '0' && c <= '9':
			d = int(c - '0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			d = int(c|0x20-'a') + 10
		}
		if d >= base {
			break
		}
		v = v*byte(base) + byte(d)
		n++
	}
	return n, v
}

// csv splits a row of CSV.
func (r *lineReader) csv(line []byte) error {
	f := r.format
	for {
		from, i, quotes := len(r.text), 0, false
		for i < len(line) && line[i] != f.Delimiter {
			if line[i] != f.Quote {
				r.text = append(r.text, line[i])
				i++
				continue
			}
			quotes = true
			n, ok := r.inQuotes(line[i+1:])
			if !ok {
				return sqlerr.New(sqlerr.BadCopyFileFormat, "unterminated CSV quoted field")
			}
			i += 1 + n
		}
		value, k := r.text[from:len(r.text):len(r.text)], len(r.fields)
		isNull := string(value) == f.Null && (!quotes || k < len(f.ForceNull) && f.ForceNull[k])
		if isNull && (quotes || k >= len(f.ForceNotNull) || !f.ForceNotNull[k]) {
			value = nil
		}
		r.fields = append(r.fields, value)
		if i == len(line) {
			return nil
		}
		line = line[i+1:]
	}
}

// inQuotes reads up to the closing quote and returns how much that was.
func (r *lineReader) inQuotes(s []byte) (n int, ok bool) {
	f := r.format
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == f.Escape && i+1 < len(s) && (s[i+1] == f.Quote || s[i+1] == f.Escape):
			i++
			r.text = append(r.text, s[i])
		case s[i] == f.Quote:
			return i + 1, true
		default:
			r.text = append(r.text, s[i])
		}
	}
	return 0, false
}

// end implements rowReader: the last row may lack its newline.
func (r *lineReader) end(row func([][]byte) error) error {
	if r.ended || len(r.rest) == 0 {
		return nil
	}
	return r.line(bytes.TrimSuffix(r.rest, []byte{'\r'}), row)
}

// binarySignature begins binary data.
const binarySignature = "PGCOPY\n\xff\r\n\x00"

// binaryReader reads PostgreSQL's binary form.
type binaryReader struct {
	rest   []byte
	begun  bool
	ended  bool
	fields [][]byte
}

var errBinaryCopy = sqlerr.New(sqlerr.BadCopyFileFormat, "binary COPY data is malformed")

// feed implements rowReader.
func (r *binaryReader) feed(data []byte, row func([][]byte) error) error {
	if r.ended {
		return nil
	}
	r.rest = append(r.rest, data...)
	if !r.begun {
		n, err := headerEnd(r.rest)
		if n == 0 || err != nil {
			return err
		}
		r.rest, r.begun = r.rest[n:], true
	}
	whole := len(r.rest)
	for !r.ended {
		n, err := r.tuple()
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		if !r.ended {
			if err := row(r.fields); err != nil {
				return err
			}
		}
		r.rest = r.rest[n:]
	}
	if len(r.rest) > copyRowMax {
		return sqlerr.New(sqlerr.ProgramLimit, "COPY row is too long: more than %d bytes", copyRowMax)
	}
	if len(r.rest) < whole {
		r.rest = append([]byte(nil), r.rest...)
	}
	return nil
}

// headerEnd returns the length of the header, 0 while it is not complete.
func headerEnd(b []byte) (int, error) {
	n := len(binarySignature)
	if len(b) < n {
		return 0, nil
	}
	if string(b[:n]) != binarySignature {
		return 0, sqlerr.New(sqlerr.BadCopyFileFormat, "COPY file signature not recognized")
	}
	if len(b) < n+8 {
		return 0, nil
	}
	if binary.BigEndian.Uint32(b[n:]) != 0 {
		return 0, sqlerr.New(sqlerr.BadCopyFileFormat, "unrecognized critical flags in COPY file header")
	}
	extra := int64(binary.BigEndian.Uint32(b[n+4:]))
	if extra > copyRowMax {
		return 0, errBinaryCopy
	}
	if int64(len(b)) < int64(n)+8+extra {
		return 0, nil
	}
	return n + 8 + int(extra), nil
}

// tuple reads a row and returns its length, 0 while it is not complete.
func (r *binaryReader) tuple() (int, error) {
	b := r.rest
	if len(b) < 2 {
		return 0, nil
	}
	count := int16(binary.BigEndian.Uint16(b))
	if count == -1 {
		r.ended = true
		return 2, nil
	}
	if count < 0 {
		return 0, errBinaryCopy
	}
	at := 2
	r.fields = r.fields[:0]
	for range count {
		if len(b) < at+4 {
			return 0, nil
		}
		n := int32(binary.BigEndian.Uint32(b[at:]))
		at += 4
		if n == -1 {
			r.fields = append(r.fields, nil)
			continue
		}
		if n < 0 || n > copyRowMax {
			return 0, errBinaryCopy
		}
		if len(b)-at < int(n) {
			return 0, nil
		}
		r.fields = append(r.fields, b[at:at+int(n):at+int(n)])
		at += int(n)
	}
	return at, nil
}

// end implements rowReader.
func (r *binaryReader) end(func([][]byte) error) error {
	if !r.begun || !r.ended && len(r.rest) > 0 {
		return sqlerr.New(sqlerr.BadCopyFileFormat, "unexpected EOF in COPY data")
	}
	return nil
}
