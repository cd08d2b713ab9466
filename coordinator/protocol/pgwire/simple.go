package pgwire

import (
	"context"
	"errors"
	"io"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/coordinator/session"
	"github.com/muster-sql/muster/exec/plan"
)

// simple answers Query: all its statements, up to the first that fails.
func (c *conn) simple(body []byte) error {
	var m pgproto3.Query
	if err := m.Decode(body); err != nil {
		return errMessage("malformed Query message")
	}
	c.session.DropUnnamed()
	c.session.BeginMessage()
	c.grouped = false
	err := types.CheckUTF8([]byte(m.String))
	if err == nil {
		err = c.statements(m.String)
	}
	if err != nil {
		if fatal := c.lost(err); fatal != nil {
			return fatal
		}
		c.session.Fail()
		c.notices()
		c.failure(severityError, err, m.String)
	}
	c.session.EndMessage()
	c.done()
	return nil
}

func (c *conn) statements(text string) error {
	list, err := session.Parse(text)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		c.out.empty('I')
	}
	for _, st := range list {
		if err := c.statement(st); err != nil {
			return err
		}
	}
	return nil
}

// statement runs one statement of a Query and sends its result as text.
func (c *conn) statement(st session.Statement) error {
	return c.guarded(st.SQL(), func(ctx context.Context) error {
		r, err := c.session.Execute(ctx, st, session.Args{})
		if err != nil {
			return err
		}
		defer r.Close()
		if copied, err := c.copied(ctx, r); copied || err != nil {
			return err
		}
		var enc *encoder
		if cols := r.Columns(); cols != nil {
			c.describeRows(cols, nil)
			enc = newEncoder(cols, nil, c.session.Format())
		}
		n, err := c.rows(ctx, enc, r.Next)
		if err != nil {
			return err
		}
		c.notices()
		c.out.complete(r.Tag(n))
		return nil
	})
}

// rows sends pages until the end and returns how many rows there were.
func (c *conn) rows(ctx context.Context, enc *encoder, next func(context.Context) (*page.Page, error)) (n int64, err error) {
	for {
		p, err := next(ctx)
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		n += int64(p.Len())
		if err := c.page(enc, p); err != nil {
			return n, err
		}
	}
}

// page sends a page and releases it.
func (c *conn) page(enc *encoder, p *page.Page) error {
	defer p.Release()
	if enc == nil {
		return nil
	}
	if err := p.Load(); err != nil {
		return err
	}
	for from, to := 0, 0; from < p.Len(); from = to {
		to = min(from+enc.block, p.Len())
		c.out.open()
		var err error
		if c.out.buf, err = enc.appendRows(c.out.buf, p, from, to); err != nil {
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

// describeRows sends RowDescription.
func (c *conn) describeRows(cols []plan.Column, formats []int16) {
	w := &c.out
	at := w.begin('T')
	w.int16(len(cols))
	for i, col := range cols {
		w.text(col.Name)
		w.int32(0) // table
		w.int16(0) // its column
		w.int32(types.TypeOID(col.Type))
		w.int16(int(types.TypLen(col.Type)))
		w.int32(uint32(types.Typmod(col.Type)))
		w.int16(int(formatOf(formats, i)))
	}
	w.end(at)
}

// formatOf returns the format of a column: none given is text, one is for all.
func formatOf(formats []int16, i int) int16 {
	switch len(formats) {
	case 0:
		return 0
	case 1:
		return formats[0]
	}
	return formats[i]
}

func checkFormats(formats []int16, n int, what string) error {
	if len(formats) > 1 && len(formats) != n {
		return errMessage("bind message has %d %s formats but %d %ss", len(formats), what, n, what)
	}
	for _, f := range formats {
		if f != 0 && f != 1 {
			return sqlerr.New(sqlerr.InvalidParameterValue, "unsupported format code: %d", f)
		}
	}
	return nil
}
