package pgwire

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// client is a bare connection that sends messages and reads answers.
type client struct {
	t     testing.TB
	net   net.Conn
	front *pgproto3.Frontend
}

func dial(t testing.TB, addr string) *client {
	t.Helper()
	n, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	_ = n.SetDeadline(time.Now().Add(20 * time.Second))
	return &client{t: t, net: n, front: pgproto3.NewFrontend(n, n)}
}

// raw sends a start-up packet of a protocol version.
func (c *client) raw(version uint32, options ...string) {
	body := binary.BigEndian.AppendUint32(nil, version)
	for _, o := range options {
		body = append(append(body, o...), 0)
	}
	if len(options) > 0 {
		body = append(body, 0)
	}
	if _, err := c.net.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4)), body...)); err != nil {
		c.t.Fatal(err)
	}
}

func login(t testing.TB, addr string) *client {
	t.Helper()
	c := dial(t, addr)
	c.raw(196608, "user", "me", "database", "tpch")
	if got := c.read(); !strings.HasSuffix(got, "Z(I)") {
		t.Fatal(got)
	}
	return c
}

func (c *client) send(messages ...pgproto3.FrontendMessage) {
	c.t.Helper()
	for _, m := range messages {
		c.front.Send(m)
	}
	if err := c.front.Flush(); err != nil {
		c.t.Fatal(err)
	}
}

// read returns the messages up to ReadyForQuery or the end, in short.
func (c *client) read() string {
	var out []string
	for {
		m, err := c.front.Receive()
		if err != nil {
			if err == io.ErrUnexpectedEOF || strings.Contains(err.Error(), "EOF") || strings.Contains(err.Error(), "reset") {
				return strings.Join(append(out, "end"), " ")
			}
			c.t.Fatal(err)
		}
		out = append(out, short(m))
		if _, ok := m.(*pgproto3.ReadyForQuery); ok {
			return strings.Join(out, " ")
		}
	}
}

// next returns one message, in short.
func (c *client) next() string {
	m, err := c.front.Receive()
	if err != nil {
		return err.Error()
	}
	return short(m)
}

func short(m pgproto3.BackendMessage) string {
	switch m := m.(type) {
	case *pgproto3.ReadyForQuery:
		return "Z(" + string(m.TxStatus) + ")"
	case *pgproto3.CommandComplete:
		return "C(" + string(m.CommandTag) + ")"
	case *pgproto3.DataRow:
		return "D"
	case *pgproto3.RowDescription:
		return fmt.Sprintf("T%d", len(m.Fields))
	case *pgproto3.ErrorResponse:
		return m.Severity[:1] + "(" + m.Code + ")"
	case *pgproto3.NoticeResponse:
		return "N(" + m.Code + ")"
	case *pgproto3.ParameterDescription:
		return fmt.Sprintf("t%d", len(m.ParameterOIDs))
	case *pgproto3.NegotiateProtocolVersion:
		return fmt.Sprintf("v(%d,%s)", m.NewestMinorProtocol&0xffff, strings.Join(m.UnrecognizedOptions, ","))
	case *pgproto3.BackendKeyData:
		return fmt.Sprintf("K%d", len(m.SecretKey))
	}
	name := fmt.Sprintf("%T", m)
	return strings.TrimPrefix(name, "*pgproto3.")
}

func TestMessagesAreAnsweredInOrder(t *testing.T) {
	_, addr := start(t, &source{}, nil)
	series := &pgproto3.Parse{Name: "s", Query: "SELECT generate_series(3)"}
	for _, w := range []struct {
		name string
		send []pgproto3.FrontendMessage
		want string
	}{
		{"an empty query", []pgproto3.FrontendMessage{&pgproto3.Query{String: " ; "}}, "EmptyQueryResponse Z(I)"},
		{"two statements in one query", []pgproto3.FrontendMessage{&pgproto3.Query{String: "SELECT 1; SELECT 2"}},
			"T1 D C(SELECT 1) T1 D C(SELECT 1) Z(I)"},
		{"an error ends a query", []pgproto3.FrontendMessage{&pgproto3.Query{String: "SELECT 1; SELECT x; SELECT 2"}},
			"T1 D C(SELECT 1) E(42703) Z(I)"},
		{"a statement in full", []pgproto3.FrontendMessage{series, &pgproto3.Describe{ObjectType: 'S', Name: "s"},
			&pgproto3.Bind{PreparedStatement: "s"}, &pgproto3.Describe{ObjectType: 'P'}, &pgproto3.Execute{},
			&pgproto3.Close{ObjectType: 'S', Name: "s"}, &pgproto3.Sync{}},
			"ParseComplete t0 T1 BindComplete T1 D D D C(SELECT 3) CloseComplete Z(I)"},
		{"a portal is suspended and goes on", []pgproto3.FrontendMessage{series, &pgproto3.Bind{PreparedStatement: "s"},
			&pgproto3.Execute{MaxRows: 2}, &pgproto3.Execute{MaxRows: 1}, &pgproto3.Execute{MaxRows: 1}, &pgproto3.Execute{},
			&pgproto3.Close{ObjectType: 'S', Name: "s"}, &pgproto3.Sync{}},
			"ParseComplete BindComplete D D PortalSuspended D PortalSuspended C(SELECT 0) C(SELECT 0) CloseComplete Z(I)"},
		{"a portal ends with its transaction", []pgproto3.FrontendMessage{series, &pgproto3.Bind{PreparedStatement: "s", DestinationPortal: "p"},
			&pgproto3.Execute{Portal: "p", MaxRows: 1}, &pgproto3.Sync{}, &pgproto3.Execute{Portal: "p"}, &pgproto3.Sync{}},
			"ParseComplete BindComplete D PortalSuspended Z(I)|E(34000) Z(I)"},
		{"messages after an error are skipped up to Sync", []pgproto3.FrontendMessage{&pgproto3.Parse{Query: "SELECT nothing"},
			&pgproto3.Bind{}, &pgproto3.Execute{}, &pgproto3.Sync{}, &pgproto3.Parse{Query: "SELECT 1"}, &pgproto3.Sync{}},
			"E(42703) Z(I)|ParseComplete Z(I)"},
		{"an empty statement", []pgproto3.FrontendMessage{&pgproto3.Parse{}, &pgproto3.Describe{ObjectType: 'S'}, &pgproto3.Bind{}, &pgproto3.Execute{}, &pgproto3.Sync{}},
			"ParseComplete t0 NoData BindComplete EmptyQueryResponse Z(I)"},
		{"several statements cannot be prepared", []pgproto3.FrontendMessage{&pgproto3.Parse{Query: "SELECT 1; SELECT 2"}, &pgproto3.Sync{}}, "E(42601) Z(I)"},
		{"parameters are counted", []pgproto3.FrontendMessage{&pgproto3.Parse{Query: "SELECT $1"}, &pgproto3.Bind{}, &pgproto3.Sync{}}, "ParseComplete E(08P01) Z(I)"},
		{"a transaction block", []pgproto3.FrontendMessage{&pgproto3.Query{String: "BEGIN"}, &pgproto3.Query{String: "SELECT x"},
			&pgproto3.Query{String: "SELECT 1"}, &pgproto3.Query{String: "COMMIT"}},
			"C(BEGIN) Z(T)|E(42703) Z(E)|E(25P02) Z(E)|C(ROLLBACK) Z(I)"},
		{"a savepoint heals a block", []pgproto3.FrontendMessage{&pgproto3.Query{String: "BEGIN; SAVEPOINT a; SELECT x"},
			&pgproto3.Query{String: "ROLLBACK TO a; SELECT 1; COMMIT"}},
			"C(BEGIN) C(SAVEPOINT) E(42703) Z(E)|C(ROLLBACK) T1 D C(SELECT 1) C(COMMIT) Z(I)"},
		{"transactions out of place", []pgproto3.FrontendMessage{&pgproto3.Query{String: "COMMIT"}, &pgproto3.Query{String: "SAVEPOINT a"},
			&pgproto3.Query{String: "BEGIN; BEGIN; ROLLBACK TO b"}, &pgproto3.Query{String: "ROLLBACK"}},
			"N(25P01) C(COMMIT) Z(I)|E(25P01) Z(I)|C(BEGIN) N(25001) C(BEGIN) E(3B001) Z(E)|C(ROLLBACK) Z(I)"},
		{"function calls are refused", []pgproto3.FrontendMessage{&pgproto3.FunctionCall{}}, "E(0A000) Z(I)"},
	} {
		t.Run(w.name, func(t *testing.T) {
			c := login(t, addr)
			c.send(w.send...)
			want := strings.Split(w.want, "|")
			var got []string
			for range want {
				got = append(got, c.read())
			}
			if s := strings.Join(got, "|"); s != w.want {
				t.Errorf("\ngot  %s\nwant %s", s, w.want)
			}
		})
	}
}

func TestFlushAnswersWithoutSync(t *testing.T) {
	_, addr := start(t, &source{}, nil)
	c := login(t, addr)
	c.send(&pgproto3.Parse{Query: "SELECT 1"}, &pgproto3.Describe{ObjectType: 'S'}, &pgproto3.Flush{})
	for _, want := range []string{"ParseComplete", "t0", "T1"} {
		if got := c.next(); got != want {
			t.Errorf("%s instead of %s", got, want)
		}
	}
}

func TestStartUp(t *testing.T) {
	_, addr := start(t, &source{}, nil)
	greeting := "AuthenticationOk" + strings.Repeat(" ParameterStatus", 13)
	for _, w := range []struct {
		name    string
		version uint32
		options []string
		want    string
	}{
		{"protocol 3.0", 196608, []string{"user", "me"}, greeting + " K4 Z(I)"},
		{"protocol 3.2 has long keys", 196610, []string{"user", "me"}, greeting + " K32 Z(I)"},
		{"a newer protocol is negotiated", 196608 + 9999, []string{"user", "me", "_pq_.test_protocol_negotiation", ""},
			"v(2,_pq_.test_protocol_negotiation) " + greeting + " K32 Z(I)"},
		{"protocol 2 is refused", 131072, []string{"user", "me"}, "F(0A000) end"},
		{"a user is needed", 196608, []string{"database", "tpch"}, "F(28000) end"},
		{"an unknown database is refused", 196608, []string{"user", "me", "database", "nowhere"}, "F(3D000) end"},
		{"an unknown setting is a warning", 196608, []string{"user", "me", "no_such_thing", "1", "options", "-c datestyle=sql,dmy"}, greeting + " K4 N(42704) Z(I)"},
	} {
		t.Run(w.name, func(t *testing.T) {
			c := dial(t, addr)
			c.raw(w.version, w.options...)
			if got := c.read(); got != w.want {
				t.Errorf("\ngot  %s\nwant %s", got, w.want)
			}
		})
	}
}

func TestHostileStartUpsEndQuietly(t *testing.T) {
	s, addr := start(t, &source{}, func(o *Options) { o.LoginMax = 300 * time.Millisecond })
	for name, bytes := range map[string]string{
		"nothing":             "",
		"half a length":       "\x00\x00",
		"a length of zero":    "\x00\x00\x00\x00\x00\x03\x00\x00",
		"a huge length":       "\x7f\xff\xff\xff\x00\x03\x00\x00",
		"a negative length":   "\xff\xff\xff\xff\x00\x03\x00\x00",
		"no terminator":       "\x00\x00\x00\x0c\x00\x03\x00\x00user",
		"SSLRequest twice":    "\x00\x00\x00\x08\x04\xd2\x16\x2f",
		"SSLRequest and more": "\x00\x00\x00\x08\x04\xd2\x16\x2f\x00\x00\x00\x08\x04\xd2\x16\x2f",
		"an HTTP request":     "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"direct TLS":          "\x16\x03\x01\x00\x05hello",
		"a cancel of nobody":  "\x00\x00\x00\x10\x04\xd2\x16\x2e\x00\x00\x00\x01\x00\x00\x00\x01",
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, addr)
			_, _ = c.net.Write([]byte(bytes))
			_ = c.net.SetReadDeadline(time.Now().Add(2 * time.Second))
			if _, err := io.ReadAll(c.net); err != nil && !strings.Contains(err.Error(), "reset") {
				t.Errorf("the connection stays: %v", err)
			}
		})
	}
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		s.mu.Lock()
		n := len(s.conns)
		s.mu.Unlock()
		if n == 0 {
			break
		}
		if time.Since(begin) > 2*time.Second {
			t.Fatalf("%d connections stay", n)
		}
	}
}

func TestHostileMessagesEndTheConnection(t *testing.T) {
	_, addr := start(t, &source{}, func(o *Options) { o.MessageBytesMax = 1 << 20 })
	for name, bytes := range map[string]string{
		"an unknown type":             "!\x00\x00\x00\x04",
		"a short length":              "Q\x00\x00\x00\x03",
		"a huge length":               "Q\x7f\xff\xff\xff",
		"a query without terminator":  "Q\x00\x00\x00\x05x",
		"a bind of nothing":           "B\x00\x00\x00\x04",
		"a bind of 65535 parameters":  "B\x00\x00\x00\x0a\x00\x00\x00\x00\xff\xff",
		"a describe of neither":       "D\x00\x00\x00\x06X\x00",
		"a password out of place":     "p\x00\x00\x00\x08x\x00\x00\x00",
		"a start-up message":          "\x00\x00\x00\x08\x04\xd2\x16\x2f",
		"a message that never comes":  "Q\x00\x00\x10\x00SELECT",
		"a query with a zero byte in": "Q\x00\x00\x00\x0dSELECT\x00 1\x00",
	} {
		t.Run(name, func(t *testing.T) {
			c := login(t, addr)
			_, _ = c.net.Write([]byte(bytes))
			if name == "a message that never comes" {
				_ = c.net.(*net.TCPConn).CloseWrite()
			}
			if got := c.read(); !strings.HasSuffix(got, "end") && !strings.HasPrefix(got, "E(") {
				t.Errorf("%s", got)
			}
		})
	}
}

func TestTooManyConnectionsAreRefused(t *testing.T) {
	_, addr := start(t, &source{}, func(o *Options) { o.ConnectionsMax = 2 })
	a, _ := login(t, addr), login(t, addr)
	c := dial(t, addr)
	c.raw(196608, "user", "me")
	if got := c.read(); got != "F(53300) end" {
		t.Errorf("%s", got)
	}
	a.send(&pgproto3.Terminate{})
	_ = a.read()
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		c := dial(t, addr)
		c.raw(196608, "user", "me")
		if strings.HasSuffix(c.read(), "Z(I)") {
			break
		}
		if time.Since(begin) > 2*time.Second {
			t.Fatal("the place of a client that has left is not given away")
		}
	}
}
