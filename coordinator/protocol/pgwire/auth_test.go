package pgwire

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
)

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func secured(t *testing.T, users map[string]string, change func(*Options)) string {
	t.Helper()
	v, err := Verifiers(users)
	if err != nil {
		t.Fatal(err)
	}
	_, addr := start(t, &source{}, func(o *Options) {
		o.Users = v
		o.TLS = &tls.Config{Certificates: []tls.Certificate{certificate(t)}, MinVersion: tls.VersionTLS12}
		if change != nil {
			change(o)
		}
	})
	return addr
}

func tryConnect(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	var n int
	return c.QueryRow(ctx, "SELECT 1").Scan(&n)
}

func TestPasswordsAreCheckedByScram(t *testing.T) {
	stored, err := NewVerifier("sésame öffne dich")
	if err != nil {
		t.Fatal(err)
	}
	addr := secured(t, map[string]string{"me": "secret", "you": stored}, nil)
	for _, mode := range []string{"disable", "require"} {
		for _, w := range []struct{ user, password, code string }{
			{"me", "secret", ""},
			{"you", "s%C3%A9same%20%C3%B6ffne%20dich", ""},
			{"me", "Secret", "28P01"},
			{"nobody", "secret", "28P01"},
		} {
			err := tryConnect(fmt.Sprintf("postgres://%s:%s@%s/tpch?sslmode=%s", w.user, w.password, addr, mode))
			if (err == nil) != (w.code == "") || err != nil && code(err) != w.code {
				t.Errorf("%s over %s: %v", w.user, mode, err)
			}
		}
	}
}

func TestAWrongPasswordAndAnUnknownUserAreToldApartByNothing(t *testing.T) {
	addr := secured(t, map[string]string{"me": "secret"}, nil)
	challenge := func(user string) (mechanisms, salt, end string) {
		c := dial(t, addr)
		c.raw(196608, "user", user)
		m, err := c.front.Receive()
		if err != nil {
			t.Fatal(err)
		}
		mechanisms = fmt.Sprint(m.(*pgproto3.AuthenticationSASL).AuthMechanisms)
		c.send(&pgproto3.SASLInitialResponse{AuthMechanism: "SCRAM-SHA-256", Data: []byte("n,,n=,r=abcdefgh")})
		if m, err = c.front.Receive(); err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(string(m.(*pgproto3.AuthenticationSASLContinue).Data), ",")
		c.send(&pgproto3.SASLResponse{Data: []byte("c=biws," + parts[0] + ",p=" + strings.Repeat("A", 43) + "=")})
		return mechanisms, parts[1] + parts[2], c.read()
	}
	m1, salt1, end1 := challenge("me")
	m2, salt2, end2 := challenge("nobody")
	_, again, _ := challenge("nobody")
	if m1 != m2 || end1 != end2 || len(salt1) != len(salt2) || end1 != "F(28P01) end" {
		t.Errorf("%s %s %s, %s %s %s", m1, salt1, end1, m2, salt2, end2)
	}
	if salt2 != again {
		t.Error("the salt of an unknown user changes from login to login")
	}
}

func TestAnEndlessLoginIsCutOff(t *testing.T) {
	addr := secured(t, map[string]string{"me": "secret"}, func(o *Options) { o.LoginMax = 200 * time.Millisecond })
	c := dial(t, addr)
	c.raw(196608, "user", "me")
	begin := time.Now()
	if _, err := io.ReadAll(c.net); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestConnectionsInTheClearCanBeRefused(t *testing.T) {
	addr := secured(t, map[string]string{"me": "secret"}, func(o *Options) { o.RequireTLS = true })
	if err := tryConnect("postgres://me:secret@" + addr + "/tpch?sslmode=disable"); code(err) != "28000" {
		t.Errorf("%v", err)
	}
	if err := tryConnect("postgres://me:secret@" + addr + "/tpch?sslmode=require"); err != nil {
		t.Errorf("%v", err)
	}
}

func TestDataBeforeTheHandshakeEndsTheConnection(t *testing.T) {
	addr := secured(t, nil, func(o *Options) { o.Users = nil })
	c := dial(t, addr)
	c.raw(codeSSL)
	var answer [1]byte
	if _, err := io.ReadFull(c.net, answer[:]); err != nil || answer[0] != 'S' {
		t.Fatalf("%q: %v", answer, err)
	}
	c = dial(t, addr)
	both := "\x00\x00\x00\x08\x04\xd2\x16\x2f\x00\x00\x00\x15\x00\x03\x00\x00user\x00evil\x00\x00"
	_, _ = c.net.Write([]byte(both))
	got, _ := io.ReadAll(c.net)
	if strings.Contains(string(got), "S\x16") || !strings.Contains(string(got), "08P01") {
		t.Errorf("%q", got)
	}
}

func TestDirectTLSNeedsItsProtocolName(t *testing.T) {
	addr := secured(t, nil, func(o *Options) { o.Users = nil })
	for name, protocols := range map[string][]string{"with": {"postgresql"}, "without": nil} {
		n, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true, NextProtos: protocols})
		if err != nil {
			t.Fatal(err)
		}
		c := &client{t: t, net: n, front: pgproto3.NewFrontend(n, n)}
		c.raw(196608, "user", "me")
		if got := c.read(); strings.HasSuffix(got, "Z(I)") != (name == "with") {
			t.Errorf("%s the name: %s", name, got)
		}
		_ = n.Close()
	}
}

func TestPsqlLogsInOverTLSWithChannelBinding(t *testing.T) {
	psql, err := exec.LookPath("psql")
	if err != nil {
		t.Skip("psql is not installed: channel binding is not tested")
	}
	addr := secured(t, map[string]string{"me": "secret"}, nil)
	host, port, _ := net.SplitHostPort(addr)
	for _, binding := range []string{"require", "disable"} {
		out, err := exec.Command(psql, "-X", "-A", "-t", "-c", "select 7",
			fmt.Sprintf("host=%s port=%s user=me password=secret dbname=tpch sslmode=require channel_binding=%s", host, port, binding)).CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != "7" {
			t.Errorf("channel_binding=%s: %v %s", binding, err, out)
		}
	}
}

func TestVerifiersAreChecked(t *testing.T) {
	for _, bad := range []string{"SCRAM-SHA-256$", "SCRAM-SHA-256$x:y$z:w", "SCRAM-SHA-256$0:AAAA$AAAA:AAAA", "SCRAM-SHA-256$4096:AAAA$AAAA:AAAA"} {
		if _, err := Verifiers(map[string]string{"me": bad}); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}
