package pgwire

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/coordinator/session"
)

// The codes that may stand in place of a protocol version.
const (
	codeCancel = 80877102
	codeSSL    = 80877103
	codeGSS    = 80877104
)

const (
	majorVersion = 3
	minorVersion = 2 // the newest; it has long cancel keys
	alpn         = "postgresql"
	tlsHandshake = 0x16 // the first byte of direct TLS
)

// errDone ends a connection that has nothing more to say.
var errDone = errors.New("connection has ended")

// hello is a start-up message.
type hello struct {
	minor   int
	options map[string]string
	unknown []string // protocol extensions that we do not have
}

// greet goes through encryption and start-up; errDone after a cancel request.
func (c *conn) greet() (*hello, error) {
	if first, err := c.in.buf.Peek(1); err != nil {
		return nil, errDone
	} else if first[0] == tlsHandshake {
		if err := c.directTLS(); err != nil {
			return nil, err
		}
	}
	asked := map[uint32]bool{}
	for {
		body, err := c.in.startup()
		if err != nil {
			return nil, err
		}
		switch code := binary.BigEndian.Uint32(body); code {
		case codeSSL, codeGSS:
			if asked[code] || c.encrypted && code == codeSSL {
				return nil, errMessage("unsupported frontend protocol: encryption was asked for twice")
			}
			asked[code] = true
			if err := c.encrypt(code); err != nil {
				return nil, err
			}
		case codeCancel:
			if len(body) > 8 {
				c.s.o.Sessions.CancelByKey(binary.BigEndian.Uint32(body[4:]), body[8:])
			}
			return nil, errDone
		default:
			return readHello(code, body[4:])
		}
	}
}

// encrypt answers SSLRequest and GSSENCRequest. Bytes that came before the
// answer were sent in the clear by somebody: they must not be taken for ours.
func (c *conn) encrypt(code uint32) error {
	if c.in.buffered() {
		return errMessage("received unencrypted data after an encryption request")
	}
	if code == codeGSS || c.s.o.TLS == nil {
		_, err := c.net.Write([]byte{'N'})
		return err
	}
	if _, err := c.net.Write([]byte{'S'}); err != nil {
		return err
	}
	return c.handshake(c.net)
}

// replayed is a connection whose first bytes have been read already.
type replayed struct {
	net.Conn
	in *reader
}

// Read implements net.Conn.
func (r replayed) Read(b []byte) (int, error) { return r.in.buf.Read(b) }

func (c *conn) directTLS() error {
	if c.s.o.TLS == nil {
		return errDone
	}
	if err := c.handshake(replayed{c.net, c.in}); err != nil {
		return err
	}
	if t, ok := c.net.(*tls.Conn); ok && t.ConnectionState().NegotiatedProtocol != alpn {
		return errMessage("received direct SSL connection request without ALPN protocol negotiation extension")
	}
	return nil
}

func (c *conn) handshake(n net.Conn) error {
	config := c.s.o.TLS.Clone()
	config.NextProtos = []string{alpn}
	t := tls.Server(n, config)
	if err := t.HandshakeContext(c.ctx); err != nil {
		c.s.o.Log.Debug("tls handshake failed", "remote", c.remote(), "err", err)
		return errDone
	}
	c.swap(t)
	c.in, c.out.net, c.encrypted = newReader(t), t, true
	return nil
}

// readHello reads a start-up message of a version.
func readHello(version uint32, body []byte) (*hello, error) {
	if version>>16 != majorVersion {
		return nil, sqlerr.Unsupported("unsupported frontend protocol %d.%d: server supports 3.0 to 3.%d", version>>16, version&0xffff, minorVersion)
	}
	h := &hello{minor: int(version & 0xffff), options: map[string]string{}}
	for {
		name, rest, ok := bytes.Cut(body, []byte{0})
		if !ok {
			return nil, errMessage("invalid startup packet layout: expected terminator as last byte")
		}
		if len(name) == 0 {
			if len(rest) != 0 {
				return nil, errMessage("invalid startup packet layout: expected terminator as last byte")
			}
			return h, nil
		}
		value, next, ok := bytes.Cut(rest, []byte{0})
		if !ok {
			return nil, errMessage("invalid startup packet layout: expected terminator as last byte")
		}
		body = next
		if n := string(name); strings.HasPrefix(n, "_pq_.") {
			h.unknown = append(h.unknown, n)
		} else {
			h.options[n] = string(value)
		}
	}
}

// negotiate tells a client of a newer protocol, or with extensions, what is spoken.
func (c *conn) negotiate(h *hello) {
	if h.minor <= minorVersion && len(h.unknown) == 0 {
		return
	}
	at := c.out.begin('v')
	c.out.int32(majorVersion<<16 | uint32(min(h.minor, minorVersion)))
	c.out.int32(uint32(len(h.unknown)))
	for _, n := range h.unknown {
		c.out.text(n)
	}
	c.out.end(at)
}

// startup makes the session that a start-up message asks for.
func (h *hello) startup(remote string, encrypted bool) (session.Startup, error) {
	u := session.Startup{
		User: h.options["user"], Database: h.options["database"], Remote: remote,
		Encrypted: session.Encrypted(encrypted), Settings: map[string]string{},
	}
	if u.User == "" {
		return u, sqlerr.New(sqlerr.InvalidAuthorization, "no PostgreSQL user name specified in startup packet")
	}
	for name, value := range h.options {
		switch name {
		case "user", "database", "replication":
		case "options":
			readOptions(u.Settings, value)
		default:
			u.Settings[name] = value
		}
	}
	if r := h.options["replication"]; r != "" && r != "false" && r != "off" && r != "no" && r != "0" {
		return u, sqlerr.Unsupported("replication connections are not supported")
	}
	return u, nil
}

// readOptions reads what a client passes as command line: -c name=value and
// --name=value, with spaces escaped by backslashes.
func readOptions(into map[string]string, line string) {
	words := splitOptions(line)
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch {
		case w == "-c" && i+1 < len(words):
			i++
			w = words[i]
		case strings.HasPrefix(w, "-c"), strings.HasPrefix(w, "--"):
			w = w[2:]
		default:
			continue
		}
		if name, value, ok := strings.Cut(w, "="); ok {
			into[strings.ReplaceAll(name, "-", "_")] = value
		}
	}
}

func splitOptions(line string) []string {
	var words []string
	var word []byte
	open := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && i+1 < len(line):
			i++
			word, open = append(word, line[i]), true
		case c == ' ' || c == '\t' || c == '\n':
			if open {
				words = append(words, string(word))
			}
			word, open = nil, false
		default:
			word, open = append(word, c), true
		}
	}
	if open {
		words = append(words, string(word))
	}
	return words
}

// welcome completes the start-up.
func (c *conn) welcome(h *hello) {
	c.reports(true)
	key := c.session.Key()
	if h.minor < 2 {
		key = key[:4]
	}
	at := c.out.begin('K')
	c.out.int32(c.session.ID())
	c.out.buf = append(c.out.buf, key...)
	c.out.end(at)
}

// deadline bounds the login.
func (c *conn) deadline(d time.Duration) { _ = c.net.SetDeadline(time.Now().Add(d)) }
