package postgres

import (
	"context"
	"testing"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/spitest"
)

// suiteTable has every type that is compared, some of them hostile.
const suiteTable = `CREATE TABLE suite AS SELECT i AS id, (i % 7 = 0) AS b, (i % 100)::smallint AS s, i::bigint * 1000000007 AS l,
 (CASE i % 11 WHEN 0 THEN 'NaN' WHEN 1 THEN '-0' WHEN 2 THEN '-Infinity' ELSE (i / 7.0)::text END)::real AS r,
 (CASE i % 11 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' ELSE (i / 3.0)::text END)::float8 AS d,
 (i / 3.0)::numeric AS n, (i * 17 % 1000 / 4.0)::numeric(12,2) AS p, (i::numeric * 123456789012345678901)::numeric(34,2) AS big,
 date '2020-01-01' + i AS dt, timestamp '2020-01-01 10:00' + i * interval '1 hour 1 microsecond' AS ts,
 timestamptz '2020-01-01 10:00+03' + i * interval '1 day' AS tz, time '00:00' + i * interval '1 minute' AS tm, i * interval '1 hour' AS iv,
 chr(64 + i % 60) || chr(97 + i * 7 % 26) || CASE WHEN i % 3 = 0 THEN 'é''"\' ELSE 'zz' END AS t, ('v' || i % 13)::varchar(9) AS v,
 (chr(97 + i % 5) || CASE WHEN i % 2 = 0 THEN ' ' ELSE 'b' END)::char(4) AS c, decode(lpad(to_hex(i), 8, '0'), 'hex') AS by,
 md5((i % 50)::text)::uuid AS u, ARRAY[i, NULL, i + 1] AS a, i::oid AS o, ('{"k": ' || i || '}')::jsonb AS j, ('n' || i % 4) COLLATE "C" AS nt,
 (CASE WHEN i % 2 = 0 THEN 'Ab' ELSE 'aB' END || i % 10) COLLATE ci AS ci, (ARRAY['red', 'green', 'blue'])[1 + i % 3]::colour AS e, ('10.0.0.' || i % 20)::inet AS ip
 FROM generate_series(1, 300) i`

// suiteNeeds are the types of its columns: an enum, and text in which case does not count.
var suiteNeeds = []string{"CREATE TYPE colour AS ENUM ('red', 'green', 'blue')",
	"CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"}

func suite(t *testing.T, options string, more spi.Config) {
	list := append(suiteNeeds[:2:2], suiteTable)
	list = append(list, `UPDATE suite SET b = NULL, s = NULL, l = NULL, r = NULL, d = NULL, n = NULL, p = NULL, big = NULL, dt = NULL, ts = NULL, tz = NULL, tm = NULL,
 iv = NULL, t = NULL, v = NULL, c = NULL, by = NULL, u = NULL, a = NULL, o = NULL, j = NULL, ci = NULL, e = NULL WHERE id % 19 = 0`,
		"CREATE INDEX ON suite (l)", "CREATE INDEX ON suite (t, id)", "ANALYZE suite")
	pg, db := databaseWith(t, options, list...)
	spitest.Run(t, spitest.Options{
		Table: spi.Name{Schema: "public", Table: "suite"},
		Write: "public",
		Open: func(t *testing.T, env spi.Env) (spi.Connector, error) {
			c, err := parseURL(pg.URL(db))
			if err != nil {
				return nil, err
			}
			for k, v := range more {
				c[k] = v
			}
			return Factory().Open(context.Background(), "pg", c, env)
		},
		Busy: func(c spi.Connector) int { return c.(*connector).pool.InUse() + c.(*connector).holds.InUse() },
	})
}

func TestConnectorSuite(t *testing.T) {
	t.Run("in one split", func(t *testing.T) { suite(t, "", nil) })
	t.Run("in three splits", func(t *testing.T) { suite(t, "", spi.Config{optionMinSplit: "3"}) })
	t.Run("where text is ordered by ICU", func(t *testing.T) {
		suite(t, "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'", spi.Config{optionMinSplit: "2"})
	})
}
