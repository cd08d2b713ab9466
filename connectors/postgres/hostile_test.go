package postgres

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/muster-sql/muster/connectors/internal/sqlsource"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// hostile is a server that speaks the protocol as far as it likes.
type hostile struct {
	l    net.Listener
	all  sync.WaitGroup
	mu   sync.Mutex
	open []net.Conn
}

// serve starts a server that hands each connection to play.
func serve(t *testing.T, play func(h *hostile, c net.Conn)) *hostile {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &hostile{l: l}
	h.all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			h.mu.Lock()
			h.open = append(h.open, c)
			h.mu.Unlock()
			h.all.Go(func() {
				defer c.Close()
				play(h, c)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		h.mu.Lock()
		for _, c := range h.open {
			_ = c.Close()
		}
		h.mu.Unlock()
		h.all.Wait()
	})
	return h
}

func (h *hostile) url() string { return "postgres://u:s3cret@" + h.l.Addr().String() + "/d" }

func message(kind byte, body ...[]byte) []byte {
	var all []byte
	for _, b := range body {
		all = append(all, b...)
	}
	out := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(all)+4))
	return append(out, all...)
}

var (
	authOK   = message('R', []byte{0, 0, 0, 0})
	readyMsg = message('Z', []byte{'I'})
)

// startup answers TLS requests with no and reads the start-up message.
func startup(c net.Conn) bool {
	for {
		var head [8]byte
		if _, err := io.ReadFull(c, head[:]); err != nil {
			return false
		}
		n, code := binary.BigEndian.Uint32(head[:]), binary.BigEndian.Uint32(head[4:])
		switch code {
		case 80877103, 80877104:
			if _, err := c.Write([]byte{'N'}); err != nil {
				return false
			}
			continue
		case 80877102: // a cancel request
			return false
		}
		if n > 8 && n < 10000 {
			_, _ = io.CopyN(io.Discard, c, int64(n)-8)
		}
		return true
	}
}

func dataRow(values ...[]byte) []byte {
	out, _ := (&pgproto3.DataRow{Values: values}).Encode(nil)
	return out
}

func rowDescription(oids ...uint32) []byte {
	d := &pgproto3.RowDescription{}
	for i, o := range oids {
		d.Fields = append(d.Fields, pgproto3.FieldDescription{Name: []byte(fmt.Sprint("c", i)), DataTypeOID: o, DataTypeSize: -1, TypeModifier: -1, Format: 1})
	}
	out, _ := d.Encode(nil)
	return out
}

// sessionThat logs anybody in and answers the set-up queries, then what answer
// gives for each further pipeline.
func sessionThat(answer func(n int) []byte) func(h *hostile, c net.Conn) {
	return func(_ *hostile, c net.Conn) {
		if !startup(c) {
			return
		}
		key := message('K', []byte{0, 0, 0, 1, 0, 0, 0, 2})
		_, _ = c.Write(append(append(append([]byte{}, authOK...), key...), readyMsg...))
		b := pgproto3.NewBackend(c, c)
		for n := 0; ; {
			m, err := b.Receive()
			if err != nil {
				return
			}
			if _, sync := m.(*pgproto3.Sync); !sync {
				continue
			}
			var out []byte
			switch n {
			case 0:
				out = append(dataRow(make([][]byte, 9)...), readyMsg...)
			case 1:
				out = append(dataRow([]byte("150000"), []byte("PostgreSQL 15.0 or so"), []byte("UTF8"), []byte("C")), readyMsg...)
			case 2:
				out = append(dataRow([]byte("c"), []byte("")), readyMsg...)
			default:
				out = answer(n - 3)
			}
			n++
			if _, err := c.Write(out); err != nil {
				return
			}
		}
	}
}

// aScan is a scan of two columns, a bigint and a text, of no real table.
func aScan(t testing.TB) spi.Scan {
	t.Helper()
	p := private{Rel: relation{Kind: "r", UTF8: true, Number: 150000, Cols: []remoteColumn{{Name: "a", Type: types.Of(types.Int64)}, {Name: "b", Type: types.Of(types.Text)}}}}
	raw, err := p.encode()
	if err != nil {
		t.Fatal(err)
	}
	return spi.Scan{Table: spi.Name{Schema: "s", Table: "t"}, Columns: []int{0, 1}, Limit: -1, Private: raw,
		Output: []spi.OutputCol{{Name: "a", Type: types.Of(types.Int64)}, {Name: "b", Type: types.Of(types.Text)}}}
}

func cat(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func TestAServerThatBreaksTheProtocolIsOneError(t *testing.T) {
	eight := []byte{0, 0, 0, 0, 0, 0, 0, 7}
	good := cat(rowDescription(20, 25), dataRow(eight, []byte("x")))
	huge := binary.BigEndian.AppendUint32([]byte{'D'}, 900<<20)
	wide := binary.BigEndian.AppendUint32([]byte{'D'}, 0xFFFFFFFF)
	for _, c := range []struct {
		name   string
		answer []byte
		code   sqlerr.Code
	}{
		{"a message larger than a row may be", cat(good, huge), sqlerr.ProgramLimit},
		{"a message of negative length", cat(good, wide), sqlerr.ProtocolViolation},
		{"a row before its description", cat(dataRow(eight, []byte("x")), readyMsg), sqlerr.ProtocolViolation},
		{"a row of other columns", cat(rowDescription(20, 25), dataRow(eight), readyMsg), sqlerr.ProtocolViolation},
		{"a description of other columns", cat(rowDescription(20), readyMsg), sqlerr.ProtocolViolation},
		{"a column of another type", cat(rowDescription(20, 23), readyMsg), sqlerr.FDWError},
		{"a bigint of three bytes", cat(rowDescription(20, 25), dataRow([]byte{1, 2, 3}, nil), readyMsg), sqlerr.ProtocolViolation},
		{"text that is no UTF-8", cat(rowDescription(20, 25), dataRow(eight, []byte("a\xff")), readyMsg), sqlerr.CharacterNotInRepertoire},
		{"text with a zero byte", cat(rowDescription(20, 25), dataRow(eight, []byte("a\x00b")), readyMsg), sqlerr.CharacterNotInRepertoire},
		{"a message of no kind", cat(good, message('!', nil)), sqlerr.ProtocolViolation},
		{"a row that says it has more columns than bytes", cat(rowDescription(20, 25), message('D', []byte{0x7f, 0xff, 0, 0}), readyMsg), sqlerr.ProtocolViolation},
		{"an error with nothing in it", cat(message('E', []byte{0}), readyMsg), sqlerr.FDWError},
		{"an error with an odd code and text", cat(message('E', []byte("SERROR\x00CXX\x00M\xff\x01\r\nevil\x00\x00")), readyMsg), sqlerr.FDWError},
		{"an error that ends the session", message('E', []byte("SFATAL\x00C57P01\x00Mshutting down\x00\x00")), sqlerr.AdminShutdown},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := serve(t, sessionThat(func(int) []byte { return c.answer }))
			k := attach(t, h.url(), spi.Config{optionSilence: "300ms", optionConnect: "1s"})
			_, err := readScan(context.Background(), t, k, aScan(t), nil)
			if !sqlerr.Is(err, c.code) {
				t.Errorf("got %v (%s), want %s", err, sqlerr.CodeOf(err), c.code)
			}
			if strings.ContainsAny(fmt.Sprint(err), "\x01\r\n") || strings.Contains(fmt.Sprint(err), "\xff") || strings.Contains(fmt.Sprint(err), "s3cret") {
				t.Errorf("the error shows what the server sent as it is: %q", err)
			}
		})
	}
}

func TestRandomBytesOfAServerAreErrors(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	base := cat(rowDescription(20, 25), dataRow([]byte{0, 0, 0, 0, 0, 0, 0, 7}, []byte("hello")), dataRow(nil, nil), message('C', []byte("SELECT 2\x00")), readyMsg)
	var mu sync.Mutex
	h := serve(t, sessionThat(func(int) []byte {
		mu.Lock()
		defer mu.Unlock()
		out := append([]byte{}, base...)
		for range 1 + r.IntN(4) {
			out[r.IntN(len(out))] = byte(r.IntN(256))
		}
		return out[:r.IntN(len(out)+1)]
	}))
	k := attach(t, h.url(), spi.Config{optionSilence: "50ms", optionConnect: "500ms"})
	for range 300 {
		ctx, stop := context.WithTimeout(context.Background(), 100*time.Millisecond)
		_, _ = readScan(ctx, t, k, aScan(t), nil) // no panic, no hang, no leak
		stop()
	}
	if n := k.pool.InUse(); n != 0 {
		t.Errorf("%d connections are on loan", n)
	}
}

func TestThePasswordIsNotSentAsItIs(t *testing.T) {
	for _, auth := range []struct {
		name string
		ask  []byte
	}{{"clear text", []byte{0, 0, 0, 3}}, {"an unknown method", []byte{0, 0, 0, 99}}} {
		var sent []byte
		done := make(chan struct{}, 10)
		h := serve(t, func(_ *hostile, c net.Conn) {
			if !startup(c) {
				return
			}
			_, _ = c.Write(message('R', auth.ask))
			_ = c.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
			sent, _ = io.ReadAll(c)
			done <- struct{}{}
		})
		k := attach(t, h.url(), nil)
		_, err := k.Schemas(context.Background(), session())
		if !sqlerr.Is(err, sqlerr.ConnectionUnable) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", auth.name, err)
		}
		<-done
		if strings.Contains(string(sent), "s3cret") {
			t.Errorf("%s: the password was sent", auth.name)
		}
	}
}

func TestAServerThatRefusesIsNamedWithoutSecrets(t *testing.T) {
	h := serve(t, func(_ *hostile, c net.Conn) {
		if startup(c) {
			_, _ = c.Write(message('E', []byte("SFATAL\x00C28P01\x00Mpassword authentication failed for user \"u\"\x00\x00")))
		}
	})
	k := attach(t, h.url(), nil)
	_, err := k.Schemas(context.Background(), session())
	if !sqlerr.Is(err, sqlerr.InvalidPassword) || !strings.Contains(err.Error(), "password authentication failed") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}
}

func TestOptionsAreCheckedAndSecretsNotShown(t *testing.T) {
	for _, u := range []string{"postgres://u:s3cret@h:notaport/d", "postgres://u:s3cret@h/d?sslmode=odd", "postgres://u:s3cret@h/d?connections=0",
		"postgres://u:s3cret@h/d?split_bytes=1", "postgres://u:s3cret@h/d?connect_timeout=soon", "postgres://u:s3cret@h/d?require_auth=magic",
		"postgres://u:s3%ZZcret@h/d", "postgres://u:s3cret@h/d?sslrootcert=/no/such/file&sslmode=verify-full"} {
		c, err := parseURL(u)
		if err == nil {
			_, err = open(context.Background(), "x", c, testEnv(t))
		}
		if err == nil || strings.Contains(err.Error(), "s3") {
			t.Errorf("%s: %v", u, err)
		}
	}
	c, err := parseURL("postgresql://u:${ENV:PG_PW}@[::1]:5433,other:5434/${FILE:/db}?min_split=2&dbname=d")
	want := spi.Config{optionUser: "u", optionPassword: "${ENV:PG_PW}", optionHost: "::1,other", optionPort: "5433,5434", optionDatabase: "d", optionMinSplit: "2"}
	if err != nil || fmt.Sprint(c) != fmt.Sprint(want) {
		t.Errorf("%v, %v", c, err)
	}
}

func TestStatementsAreWrittenAsTrees(t *testing.T) {
	rel := &relation{Kind: "r", UTF8: true, Number: 150000, Cols: []remoteColumn{{Name: `a"b`, Type: types.Of(types.Int32)},
		{Name: "t", Type: types.Of(types.Text), Coll: collDeterministic}, {Name: "e", Type: types.Of(types.Text), Read: readText, Coll: collDeterministic}}}
	q := sqlsource.Over(nil, rel.columns([]int{0, 2})).ForFilter()
	text := func(s string) expr.Expr {
		return &expr.Const{Typ: types.Of(types.Text), Val: types.StringValue(s), At: -1}
	}
	cols := rel.columns([]int{0, 1})
	q.Where = []expr.Expr{
		&expr.Call{Fn: "<", Args: []expr.Expr{cols[1], text("it's")}, Typ: types.Of(types.Bool)},
		&expr.Call{Fn: "=", Args: []expr.Expr{&expr.Cast{Arg: cols[0], Typ: types.Of(types.Int64)}, &expr.Const{Typ: types.Of(types.Int64), Val: types.IntValue(7)}}, Typ: types.Of(types.Bool)},
	}
	q = q.Top([]spi.OrderKey{{Expr: &expr.Column{Index: 1, Typ: types.Of(types.Text)}, Desc: true}}, 3)
	b := &builder{t: newText(), rel: rel, table: spi.Name{Schema: "S", Table: `t"; DROP TABLE x`}}
	if err := b.selecting(q); err != nil {
		t.Fatal(err)
	}
	want := `SELECT "a""b", ("e"::text) FROM "S"."t""; DROP TABLE x" WHERE ("t" COLLATE "C" < $1) AND ("a""b" = $2) ORDER BY (("e"::text)) COLLATE "C" DESC NULLS LAST LIMIT $3 -- $1 = 'it''s', $2 = 7, $3 = 3`
	if got := b.t.Describe(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
