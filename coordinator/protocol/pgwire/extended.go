package pgwire

import (
	"context"
	"errors"
	"io"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/coordinator/session"
)

// extended executes a message of the extended protocol; text is the statement
// that a position in the error is in.
func (c *conn) extended(kind byte, body []byte) (text string, err error) {
	switch kind {
	case 'P':
		return c.parse(body)
	case 'B':
		return c.bind(body)
	case 'D':
		return "", c.describe(body)
	case 'E':
		return c.execute(body)
	}
	return "", c.close(body)
}

// decodable is a message of pgproto3.
type decodable interface{ Decode([]byte) error }

// decode reads a message; a malformed one ends the connection, since the two
// sides no longer agree on what follows.
func decode(m decodable, body []byte, name string) error {
	if err := m.Decode(body); err != nil {
		return fatalError{errMessage("malformed %s message", name)}
	}
	return nil
}

func (c *conn) parse(body []byte) (string, error) {
	var m pgproto3.Parse
	if err := decode(&m, body, "Parse"); err != nil {
		return "", err
	}
	if err := types.CheckUTF8([]byte(m.Query)); err != nil {
		return "", err
	}
	list, err := session.Parse(m.Query)
	if err != nil {
		return m.Query, err
	}
	st := session.Statement{Text: m.Query}
	switch len(list) {
	case 0:
	case 1:
		st = list[0]
	default:
		return m.Query, sqlerr.New(sqlerr.SyntaxError, "cannot insert multiple commands into a prepared statement")
	}
	params := make([]types.Type, len(m.ParameterOIDs))
	for i, oid := range m.ParameterOIDs {
		if params[i], err = paramType(oid); err != nil {
			return m.Query, err
		}
	}
	if m.Name == "" {
		c.session.Deallocate("")
	}
	err = c.guarded(m.Query, func(ctx context.Context) error {
		_, err := c.session.Prepare(ctx, m.Name, st, params)
		return err
	})
	if err == nil {
		c.out.empty('1')
	}
	return m.Query, err
}

// paramType returns the type of an OID; 0 and unknown are to be inferred.
func paramType(oid uint32) (types.Type, error) {
	if oid == 0 || oid == types.TypeOID(types.Of(types.Unknown)) {
		return types.Of(types.Unknown), nil
	}
	t, ok := types.FromOID(oid, -1)
	if !ok {
		return t, sqlerr.New(sqlerr.UndefinedObject, "type with OID %d does not exist", oid)
	}
	return t, nil
}

func (c *conn) bind(body []byte) (string, error) {
	var m pgproto3.Bind
	if err := decode(&m, body, "Bind"); err != nil {
		return "", err
	}
	p, err := c.session.Prepared(m.PreparedStatement)
	if err != nil {
		return "", err
	}
	args, err := c.arguments(&m, p)
	if err != nil {
		return "", err
	}
	formats := append([]int16(nil), m.ResultFormatCodes...)
	if err := checkFormats(formats, len(p.Columns), "result"); err != nil && p.Columns != nil {
		return "", err
	}
	if _, err := c.session.Bind(m.DestinationPortal, p, args, formats); err != nil {
		return "", err
	}
	c.out.empty('2')
	return "", nil
}

// arguments reads the values of a Bind.
func (c *conn) arguments(m *pgproto3.Bind, p *session.Prepared) (session.Args, error) {
	if len(m.Parameters) != len(p.Params) {
		return session.Args{}, errMessage("bind message supplies %d parameters, but prepared statement \"%s\" requires %d",
			len(m.Parameters), p.Name, len(p.Params))
	}
	if err := checkFormats(m.ParameterFormatCodes, len(m.Parameters), "parameter"); err != nil {
		return session.Args{}, err
	}
	args := session.Args{Types: p.Params, Values: make([]types.Value, len(m.Parameters))}
	for i, b := range m.Parameters {
		v, err := c.argument(p.Params[i], formatOf(m.ParameterFormatCodes, i), b)
		if err != nil {
			e := sqlerr.As(err)
			e.Detail = "parameter $" + itoa(i+1)
			return session.Args{}, e
		}
		args.Values[i] = v
	}
	return args, nil
}

func (c *conn) argument(t types.Type, format int16, b []byte) (types.Value, error) {
	if b == nil {
		return types.NullValue, nil
	}
	if t.Kind == types.Unknown {
		t = types.Of(types.Text)
	}
	if format == 1 {
		return types.ParseBinary(t, b)
	}
	if err := types.CheckUTF8(b); err != nil {
		return types.Value{}, err
	}
	return types.Parse(t, string(b), c.session.Format())
}

func (c *conn) describe(body []byte) error {
	var m pgproto3.Describe
	if err := decode(&m, body, "Describe"); err != nil {
		return err
	}
	switch m.ObjectType {
	case 'S':
		p, err := c.session.Prepared(m.Name)
		if err != nil {
			return err
		}
		at := c.out.begin('t')
		c.out.int16(len(p.Params))
		for _, t := range p.Params {
			c.out.int32(types.TypeOID(t))
		}
		c.out.end(at)
		if p.Columns == nil {
			c.out.empty('n')
		} else {
			c.describeRows(p.Columns, nil)
		}
	case 'P':
		p, err := c.session.Portal(m.Name)
		if err != nil {
			return err
		}
		if cols := p.Columns(); cols == nil {
			c.out.empty('n')
		} else {
			c.describeRows(cols, p.Formats)
		}
	default:
		return fatalError{errMessage("invalid DESCRIBE message subtype %d", m.ObjectType)}
	}
	return nil
}

func (c *conn) execute(body []byte) (string, error) {
	var m pgproto3.Execute
	if err := decode(&m, body, "Execute"); err != nil {
		return "", err
	}
	p, err := c.session.Portal(m.Portal)
	if err != nil {
		return "", err
	}
	st := p.Prepared.Statement
	if st.AST == nil {
		c.out.empty('I')
		return "", nil
	}
	most := int64(m.MaxRows)
	if int32(m.MaxRows) < 0 {
		most = 0
	}
	return st.Text, c.guarded(st.SQL(), func(ctx context.Context) error {
		r, pause, err := p.Begin(ctx)
		if err != nil {
			return err
		}
		defer pause()
		if copied, err := c.copied(ctx, r); copied || err != nil {
			return err
		}
		return c.portal(ctx, p, r, most)
	})
}

// portal sends up to most rows of a portal, all when most is 0.
func (c *conn) portal(ctx context.Context, p *session.Portal, r session.Result, most int64) error {
	var enc *encoder
	if cols := r.Columns(); cols != nil {
		if err := checkFormats(p.Formats, len(cols), "result"); err != nil {
			return err
		}
		enc = newEncoder(cols, p.Formats, c.session.Format())
	}
	var sent int64
	for most == 0 || sent < most {
		left := int64(0)
		if most > 0 {
			left = most - sent
		}
		got, err := p.Next(ctx, left)
		if errors.Is(err, io.EOF) {
			c.notices()
			c.out.complete(p.Tag(sent))
			return nil
		}
		if err != nil {
			return err
		}
		sent += int64(got.Len())
		if err := c.page(enc, got); err != nil {
			return err
		}
	}
	c.out.empty('s')
	return nil
}

func (c *conn) close(body []byte) error {
	var m pgproto3.Close
	if err := decode(&m, body, "Close"); err != nil {
		return err
	}
	switch m.ObjectType {
	case 'S':
		c.session.Deallocate(m.Name)
	case 'P':
		c.session.ClosePortal(m.Name)
	default:
		return fatalError{errMessage("invalid CLOSE message subtype %d", m.ObjectType)}
	}
	c.out.empty('3')
	return nil
}
