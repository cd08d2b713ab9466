package pgwire

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/xdg-go/scram"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// Users finds the SCRAM-SHA-256 verifier of a user, as PostgreSQL stores it:
// SCRAM-SHA-256$iterations:salt$storedKey:serverKey.
type Users interface {
	Verifier(user string) (verifier string, ok bool)
}

// UserMap is Users from a configuration. A value that is no verifier is a
// password; Verifiers replaces those.
type UserMap map[string]string

// Verifier implements Users.
func (m UserMap) Verifier(user string) (string, bool) { v, ok := m[user]; return v, ok }

const (
	mechanism     = "SCRAM-SHA-256"
	mechanismPlus = "SCRAM-SHA-256-PLUS"
	iterations    = 4096
	saltBytes     = 16
	iterationsMax = 1_000_000
)

// Verifiers returns users with every password replaced by its verifier, so that
// passwords need not be kept.
func Verifiers(users map[string]string) (UserMap, error) {
	out := make(UserMap, len(users))
	for name, secret := range users {
		if strings.HasPrefix(secret, mechanism+"$") {
			if _, err := parseVerifier(secret); err != nil {
				return nil, fmt.Errorf("user %q: %w", name, err)
			}
			out[name] = secret
			continue
		}
		v, err := NewVerifier(secret)
		if err != nil {
			return nil, fmt.Errorf("user %q: %w", name, err)
		}
		out[name] = v
	}
	return out, nil
}

// NewVerifier derives the verifier of a password.
func NewVerifier(password string) (string, error) {
	salt := make([]byte, saltBytes)
	if _, err := rand.Read(salt); err != nil {
		return "", sqlerr.Wrap(sqlerr.InternalError, err, "no randomness")
	}
	client, err := scram.SHA256.NewClient("", password, "")
	if err != nil { // not to be prepared as SASL asks: taken as it is, as PostgreSQL does
		if client, err = scram.SHA256.NewClientUnprepped("", password, ""); err != nil {
			return "", sqlerr.Wrap(sqlerr.InvalidPassword, err, "password cannot be used")
		}
	}
	c, err := client.GetStoredCredentialsWithError(scram.KeyFactors{Salt: string(salt), Iters: iterations})
	if err != nil {
		return "", sqlerr.Wrap(sqlerr.InvalidPassword, err, "password cannot be used")
	}
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("%s$%d:%s$%s:%s", mechanism, iterations, b64(salt), b64(c.StoredKey), b64(c.ServerKey)), nil
}

func parseVerifier(v string) (scram.StoredCredentials, error) {
	var c scram.StoredCredentials
	bad := sqlerr.New(sqlerr.ConfigFile, "verifier is malformed").WithHint("write SCRAM-SHA-256$iterations:salt$storedKey:serverKey")
	parts := strings.Split(v, "$")
	if len(parts) != 3 || parts[0] != mechanism {
		return c, bad
	}
	n, salt, ok1 := strings.Cut(parts[1], ":")
	stored, server, ok2 := strings.Cut(parts[2], ":")
	iters, err := strconv.Atoi(n)
	if !ok1 || !ok2 || err != nil || iters < 1 || iters > iterationsMax {
		return c, bad
	}
	raw := make([][]byte, 3)
	for i, s := range []string{salt, stored, server} {
		if raw[i], err = base64.StdEncoding.DecodeString(s); err != nil || len(raw[i]) == 0 {
			return c, bad
		}
	}
	if len(raw[1]) != sha256.Size || len(raw[2]) != sha256.Size {
		return c, bad
	}
	c.KeyFactors = scram.KeyFactors{Salt: string(raw[0]), Iters: iters}
	c.StoredKey, c.ServerKey = raw[1], raw[2]
	return c, nil
}

// mockKey seeds the salts of users that do not exist, so that asking twice
// gives the same salt and tells nothing.
var mockKey = sync.OnceValue(func() []byte {
	k := make([]byte, 32)
	_, _ = rand.Read(k)
	return k
})

// mock makes credentials that no password fits.
func mock(user string) scram.StoredCredentials {
	derive := func(what string) []byte {
		h := hmac.New(sha256.New, mockKey())
		h.Write([]byte(what + "\x00" + user))
		return h.Sum(nil)
	}
	return scram.StoredCredentials{
		KeyFactors: scram.KeyFactors{Salt: string(derive("salt")[:saltBytes]), Iters: iterations},
		StoredKey:  derive("stored"), ServerKey: derive("server"),
	}
}

// authenticate lets the client in, or fails in the same way and time for a
// wrong password and an unknown user.
func (c *conn) authenticate(user string) error {
	if c.s.o.RequireTLS && !c.encrypted {
		return sqlerr.New(sqlerr.InvalidAuthorization, "no encryption: this server accepts connections over TLS only").
			WithHint("Connect with sslmode=require.")
	}
	if c.s.o.Users == nil {
		if !isLoopback(c.net.RemoteAddr()) {
			return sqlerr.New(sqlerr.InvalidAuthorization, "no users are configured: connections are accepted from this machine only")
		}
		return nil
	}
	credentials, known := mock(user), false
	if v, ok := c.s.o.Users.Verifier(user); ok {
		if stored, err := parseVerifier(v); err == nil {
			credentials, known = stored, true
		}
	}
	ok, err := c.sasl(credentials)
	if err != nil {
		return err
	}
	if !ok || !known {
		return sqlerr.New(sqlerr.InvalidPassword, "password authentication failed for user \"%s\"", user)
	}
	return nil
}

// isLoopback reports whether the client is on this machine.
func isLoopback(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	return !ok || t.IP.IsLoopback()
}

// sasl holds the SCRAM conversation.
func (c *conn) sasl(credentials scram.StoredCredentials) (ok bool, err error) {
	server, err := scram.SHA256.NewServer(func(string) (scram.StoredCredentials, error) { return credentials, nil })
	if err != nil {
		return false, sqlerr.Wrap(sqlerr.InternalError, err, "scram")
	}
	binding, bound := c.binding()
	at := c.out.begin('R')
	c.out.int32(10)
	if bound {
		c.out.text(mechanismPlus)
	}
	c.out.text(mechanism)
	c.out.buf = append(c.out.buf, 0)
	c.out.end(at)
	body, err := c.answer()
	if err != nil {
		return false, err
	}
	var first pgproto3.SASLInitialResponse
	if err := first.Decode(body); err != nil {
		return false, errMessage("malformed SASL message")
	}
	var talk *scram.ServerConversation
	switch {
	case first.AuthMechanism == mechanism && bound:
		talk = server.NewConversationWithChannelBinding(binding)
	case first.AuthMechanism == mechanism:
		talk = server.NewConversation()
	case first.AuthMechanism == mechanismPlus && bound:
		talk = server.NewConversationWithChannelBindingRequired(binding)
	default:
		return false, errMessage("client selected an invalid SASL authentication mechanism")
	}
	challenge, err := talk.Step(string(first.Data))
	if err != nil {
		return false, errMessage("malformed SCRAM message")
	}
	c.saslMessage(11, challenge)
	if body, err = c.answer(); err != nil {
		return false, err
	}
	final, err := talk.Step(string(body))
	if err != nil || !talk.Valid() {
		return false, nil
	}
	c.saslMessage(12, final)
	return true, nil
}

func (c *conn) saslMessage(code uint32, data string) {
	at := c.out.begin('R')
	c.out.int32(code)
	c.out.buf = append(c.out.buf, data...)
	c.out.end(at)
}

// answer reads a password message.
func (c *conn) answer() ([]byte, error) {
	if err := c.out.flush(); err != nil {
		return nil, errDone
	}
	kind, body, err := c.in.next()
	if err != nil {
		return nil, err
	}
	if kind != 'p' {
		return nil, errMessage("expected SASL response, got message type %d", kind)
	}
	return body, nil
}

// binding returns what ties a login to this TLS connection: the hash of the
// server's certificate.
func (c *conn) binding() (scram.ChannelBinding, bool) {
	if !c.encrypted || len(c.s.o.TLS.Certificates) != 1 {
		return scram.ChannelBinding{}, false
	}
	leaf, err := x509.ParseCertificate(c.s.o.TLS.Certificates[0].Certificate[0])
	if err != nil {
		return scram.ChannelBinding{}, false
	}
	b, err := scram.NewTLSServerEndpointBinding(&tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf}})
	return b, err == nil
}
