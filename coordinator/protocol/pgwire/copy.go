package pgwire

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/coordinator/session"
	"github.com/muster-sql/muster/exec/plan"
)

// copied runs the COPY that a result is; false: it is none.
func (c *conn) copied(ctx context.Context, r session.Result) (bool, error) {
	switch r := r.(type) {
	case session.CopyOut:
		return true, c.copyOut(ctx, r)
	case session.CopyIn:
		return true, c.copyIn(ctx, r)
	}
	return false, nil
}

// copyResponse announces the data of a COPY: G from the client, H to it.
func (c *conn) copyResponse(kind byte, f *session.CopyFormat, width int) {
	format := 0
	if f.Kind == session.CopyBinary {
		format = 1
	}
	at := c.out.begin(kind)
	c.out.buf = append(c.out.buf, byte(format))
	c.out.int16(width)
	for range width {
		c.out.int16(format)
	}
	c.out.end(at)
}

// copyOut sends rows as the data of a COPY, one message each.
func (c *conn) copyOut(ctx context.Context, r session.CopyOut) error {
	f, cols := r.Copy(), r.Columns()
	formats := []int16{0}
	if f.Kind == session.CopyBinary {
		formats[0] = 1
	}
	w := &copyWriter{encoder: newEncoder(cols, formats, c.session.Format()), format: f}
	w.special = w.specialBytes()
	c.copyResponse('H', f, len(cols))
	c.out.buf = w.appendHead(c.out.buf, cols)
	var n int64
	for {
		p, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		n += int64(p.Len())
		if err := c.copyPage(w, p); err != nil {
			return err
		}
	}
	if f.Kind == session.CopyBinary {
		at := c.out.begin('d')
		c.out.int16(-1)
		c.out.end(at)
	}
	c.out.empty('c')
	c.notices()
	c.out.complete(r.Tag(n))
	return nil
}

func (c *conn) copyPage(w *copyWriter, p *page.Page) error {
	defer p.Release()
	if err := p.Load(); err != nil {
		return err
	}
	for from, to := 0, 0; from < p.Len(); from = to {
		to = min(from+w.block, p.Len())
		c.out.open()
		var err error
		if c.out.buf, err = w.appendRows(c.out.buf, p, from, to); err != nil {
			return err
		}
		if len(c.out.buf) >= flushBytes {
			c.out.send()
		}
		if c.out.err != nil {
			return errDone
		}
	}
	return nil
}

// copyWriter turns pages into CopyData messages.
type copyWriter struct {
	*encoder
	format  *session.CopyFormat
	special [256]bool // bytes that make a value of CSV quoted, or of text escaped
}

func (w *copyWriter) specialBytes() (set [256]bool) {
	mark := "\\\b\f\n\r\t\v"
	if w.format.Kind == session.CopyCSV {
		mark = "\n\r" + string([]byte{w.format.Quote})
	}
	for _, b := range []byte(mark) {
		set[b] = true
	}
	set[w.format.Delimiter] = true
	return set
}

// appendHead appends what stands before the rows.
func (w *copyWriter) appendHead(dst []byte, cols []plan.Column) []byte {
	switch {
	case w.format.Kind == session.CopyBinary:
		return data(dst, func(dst []byte) []byte { return append(dst, "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"...) })
	case w.format.Header:
		return data(dst, func(dst []byte) []byte {
			for i, c := range cols {
				if i > 0 {
					dst = append(dst, w.format.Delimiter)
				}
				dst = w.appendField(dst, i, []byte(c.Name))
			}
			return append(dst, '\n')
		})
	}
	return dst
}

// data appends a CopyData message.
func data(dst []byte, body func([]byte) []byte) []byte {
	at := len(dst)
	dst = body(append(dst, 'd', 0, 0, 0, 0))
	binary.BigEndian.PutUint32(dst[at+1:], uint32(len(dst)-at-1))
	return dst
}

// appendRows appends the messages of the live rows from … to-1 of p.
func (w *copyWriter) appendRows(dst []byte, p *page.Page, from, to int) ([]byte, error) {
	n := to - from
	w.choose(p, from, n)
	for i := range w.cols {
		if err := w.encode(&w.cols[i], p.Cols[i]); err != nil {
			return dst, err
		}
	}
	before := len(dst)
	for r := range n {
		at := len(dst)
		dst = append(dst, 'd', 0, 0, 0, 0)
		if w.format.Kind == session.CopyBinary {
			dst = append(dst, byte(len(w.cols)>>8), byte(len(w.cols)))
		}
		for i := range w.cols {
			dst = w.appendCell(dst, i, w.cols[i].cell(r))
		}
		if w.format.Kind != session.CopyBinary {
			dst = append(dst, '\n')
		}
		size := len(dst) - at - 1
		if size > rowBytesMax {
			return dst[:at], sqlerr.New(sqlerr.ProgramLimit, "result row is too large: %d bytes", size)
		}
		binary.BigEndian.PutUint32(dst[at+1:], uint32(size))
	}
	w.adapt(len(dst) - before)
	return dst, nil
}

// appendCell appends a value that has its length in front.
func (w *copyWriter) appendCell(dst []byte, i int, cell []byte) []byte {
	if w.format.Kind == session.CopyBinary {
		return append(dst, cell...)
	}
	if i > 0 {
		dst = append(dst, w.format.Delimiter)
	}
	if [4]byte(cell) == nullCell {
		return append(dst, w.format.Null...)
	}
	return w.appendField(dst, i, cell[4:])
}

// appendField appends a value that is not null, escaped or quoted as needed.
func (w *copyWriter) appendField(dst []byte, i int, v []byte) []byte {
	f := w.format
	if f.Kind == session.CopyText {
		for _, b := range v {
			if w.special[b] {
				dst = append(dst, '\\')
				if k := bytes.IndexByte([]byte("\b\f\n\r\t\v"), b); k >= 0 && b != f.Delimiter {
					b = "bfnrtv"[k]
				}
			}
			dst = append(dst, b)
		}
		return dst
	}
	quoted := string(v) == f.Null || i < len(f.ForceQuote) && f.ForceQuote[i] || len(w.cols) == 1 && string(v) == `\.`
	for k := 0; k < len(v) && !quoted; k++ {
		quoted = w.special[v[k]]
	}
	if !quoted {
		return append(dst, v...)
	}
	dst = append(dst, f.Quote)
	for _, b := range v {
		if b == f.Quote || b == f.Escape {
			dst = append(dst, f.Escape)
		}
		dst = append(dst, b)
	}
	return append(dst, f.Quote)
}

// copyIn reads the data of a COPY until the client ends it.
func (c *conn) copyIn(ctx context.Context, r session.CopyIn) error {
	defer r.Close()
	c.endWatch()
	f, width := r.Copy()
	c.copyResponse('G', f, int(width))
	if c.out.flush() != nil {
		return errDone
	}
	// A cancel interrupts the wait for data.
	stop := context.AfterFunc(ctx, func() { _ = c.net.SetReadDeadline(past) })
	defer stop()
	for {
		kind, body, err := c.in.next()
		switch {
		case err != nil && ctx.Err() != nil && errors.Is(err, os.ErrDeadlineExceeded):
			if c.in.torn { // the rest of the message would be taken for another
				return fatalError{context.Cause(ctx)}
			}
			return context.Cause(ctx)
		case err != nil:
			return errDone
		}
		switch kind {
		case 'd':
			err = r.Put(ctx, body)
		case 'c':
			if err := r.Finish(ctx); err != nil {
				return err
			}
			c.notices()
			c.out.complete(r.Tag(0))
			return nil
		case 'f':
			var m pgproto3.CopyFail
			_ = m.Decode(body)
			return sqlerr.New(sqlerr.QueryCanceled, "COPY from stdin failed: %s", m.Message)
		case 'H', 'S':
		default:
			return fatalError{errMessage("unexpected message type 0x%02X during COPY from stdin", kind)}
		}
		if err != nil {
			return err
		}
	}
}
