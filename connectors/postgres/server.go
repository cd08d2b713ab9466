package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/muster-sql/muster/connectors/internal/sqlsource"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// dialect is how PostgreSQL writes names and parameters.
var dialect = &sqlsource.Dialect{Quote: '"', Placeholder: func(n int) string { return "$" + strconv.Itoa(n) }}

func newText() *sqlsource.Text { return sqlsource.NewText(dialect) }

// server is what a connector knows of the database it reaches.
type server struct {
	version   int // 150018
	banner    string
	utf8      bool   // its text is UTF-8
	collation string // of the database
	collatesC bool   // and it orders as bytes do
	heapSplit bool   // ctid ranges are scanned, not filtered
}

// versionMin is the oldest server that is read.
const versionMin = 100000

func text(s string) sqlsource.Arg {
	return sqlsource.Arg{Type: types.Of(types.Text), Val: types.StringValue(s)}
}

// prepare puts the session into a known state: what is on the search path
// decides what operators mean, the formats what a cast to text prints.
func (c *conn) prepare(ctx context.Context) error {
	millis := func(d int64) string { return strconv.FormatInt(d, 10) }
	set := []sqlsource.Arg{
		text("pg_catalog"), text("ISO, YMD"), text("postgres"), text("UTC"), text("1"), text("hex"), text("0"),
		text(millis(c.k.conf.statement.Milliseconds())), text(millis(c.k.conf.lock.Milliseconds())),
	}
	s := statement{args: set, sql: `SELECT pg_catalog.set_config('search_path', $1, false), pg_catalog.set_config('DateStyle', $2, false),
 pg_catalog.set_config('IntervalStyle', $3, false), pg_catalog.set_config('TimeZone', $4, false), pg_catalog.set_config('extra_float_digits', $5, false),
 pg_catalog.set_config('bytea_output', $6, false), pg_catalog.set_config('idle_in_transaction_session_timeout', $7, false),
 pg_catalog.set_config('statement_timeout', $8, false), pg_catalog.set_config('lock_timeout', $9, false)`}
	if err := c.query(ctx, s, len(set), func([][]byte) error { return nil }); err != nil {
		return err
	}
	c.k.mu.Lock()
	c.server = c.k.server
	c.k.mu.Unlock()
	if c.server != nil {
		return nil
	}
	found, err := c.describeServer(ctx)
	if err != nil {
		return err
	}
	c.server = found
	c.k.mu.Lock()
	c.k.server = found
	c.k.mu.Unlock()
	return nil
}

func (c *conn) describeServer(ctx context.Context) (*server, error) {
	out := &server{}
	encoding, number := "", ""
	err := c.query(ctx, fixed(`SELECT current_setting('server_version_num')::text, version()::text, pg_encoding_to_char(d.encoding)::text,
 d.datcollate::text FROM pg_database d WHERE d.datname = current_database()`), 4, func(row [][]byte) error {
		number, out.banner, encoding, out.collation = string(row[0]), clean(string(row[1])), string(row[2]), string(row[3])
		return nil
	})
	if err != nil {
		return nil, err
	}
	if out.version, err = strconv.Atoi(number); err != nil || out.version < versionMin {
		return nil, sqlerr.Unsupported("server is not PostgreSQL 10 or later: %s", out.banner)
	}
	out.utf8 = encoding == "UTF8"
	out.heapSplit = out.version >= 140000
	out.collatesC = out.utf8 && bytewise(out.collation)
	if out.version < 150000 {
		return out, nil
	}
	// The builtin provider has C and C.UTF-8 only, ICU never orders as bytes do.
	err = c.query(ctx, fixed(`SELECT d.datlocprovider::text, coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale', '')
 FROM pg_database d WHERE d.datname = current_database()`), 2, func(row [][]byte) error {
		switch provider := string(row[0]); provider {
		case "b":
			out.collation, out.collatesC = string(row[1]), out.utf8 && bytewise(string(row[1]))
		case "i":
			out.collation, out.collatesC = "ICU "+string(row[1]), false
		}
		return nil
	})
	return out, err
}

// bytewise reports whether a locale orders UTF-8 text by its bytes.
func bytewise(locale string) bool {
	switch strings.ToLower(locale) {
	case "c", "posix", "c.utf8", "c.utf-8":
		return true
	}
	return false
}

// String describes the server.
func (s *server) String() string {
	return fmt.Sprintf("PostgreSQL %d.%d", s.version/10000, s.version%10000)
}
