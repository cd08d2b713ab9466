SELECT 1, 1_000, 0x1F, 0o17, 0b101, 1e5, .5, 5., 1.5e-3, 1E+2

SELECT 'it''s', E'a\n\t\\\x41\101\u00e9\U0001F600', U&'d\0061t\+000061', U&'d!0061' UESCAPE '!', $$a'b$$, $q$x$$y$q$, N'n', 'a'
  'b'

SELECT B'0101', X'1F', b'', x''

SELECT DATE '2024-01-01', TIME '10:00', TIMESTAMP '2024-01-01', TIMESTAMP WITH TIME ZONE '2024-01-01 00:00+01', timestamp(3) with time zone '2024-01-01', time without time zone '1:2', numeric(3,1) '1.5', double precision '1', pg_catalog.int4 '1', "char" 'x', bit '101', varchar(3) 'abc', character varying 'x'

SELECT INTERVAL '1' DAY, INTERVAL '1 day', interval '1-2' year to month, interval(3) '1.5', interval '1' second(2), INTERVAL 3 DAY, INTERVAL (a + 1) HOURS, INTERVAL -'1' MONTH, interval '1 02:03' day to second(3), interval FROM t

SELECT a + b * c ^ d - -e, (a + b) * c, a - (b - c), a ^ b ^ c, -a ^ 2, -(a ^ 2), - -1, + - + a, a % b / c

SELECT NOT a = b AND c OR d, NOT (a AND b), (NOT a) = b, a AND (b AND c), (a OR b) AND c, a OR b AND c OR d, (a AND b) AND c

SELECT a < b, a <= b, a > b, a >= b, a <> b, a != b, a == b, (a = b) = c, (a < b) IS NULL, a = b IS TRUE, a || b || c, a -> 'x' ->> 'y', a #>> '{b}', a @> b, a <@ b, a && b, a ~ 'x', a !~ 'x', a ~* 'x', a !~* 'x', @ a, ~ a, |/ a, a OPERATOR(pg_catalog.~) b, OPERATOR(pg_catalog.-) a, a // b, a << 2, a ? 'k'

SELECT a BETWEEN 1 AND 2 AND b, a NOT BETWEEN SYMMETRIC 1 AND 2, a BETWEEN ASYMMETRIC b + 1 AND c * 2, (a BETWEEN 1 AND 2) = true, a BETWEEN (1 < 2) AND 3

SELECT a IN (1, 2), a NOT IN (SELECT b FROM t), (a, b) IN ((1, 2), (3, 4)), a IN ((SELECT 1), 2), a IN ((SELECT 1)), a IN ((SELECT 1) UNION SELECT 2), a IN (1), a IN [1, 2], a NOT IN lst

SELECT a LIKE 'x%', a NOT LIKE 'x!%' ESCAPE '!', a ILIKE b, a NOT ILIKE b, a SIMILAR TO 'x', a NOT SIMILAR TO 'y' ESCAPE 'z', a LIKE ANY (ARRAY['x']), a NOT ILIKE ALL (SELECT b FROM t), a LIKE b || c

SELECT a IS NULL, a IS NOT NULL, a ISNULL, a NOTNULL, a IS TRUE, a IS NOT FALSE, a IS UNKNOWN, a IS DISTINCT FROM b, a IS NOT DISTINCT FROM b + 1, a IS NFC NORMALIZED, a IS NOT NORMALIZED, a IS JSON OBJECT, (a IS DISTINCT FROM b) IS NULL

SELECT a AT TIME ZONE 'UTC' AT TIME ZONE 'CET', (a + b) AT TIME ZONE c, a AT LOCAL, a COLLATE "C" || b, a COLLATE pg_catalog."default" < b

SELECT EXTRACT(year FROM d), extract('epoch' from x), SUBSTRING(a FROM 2 FOR 3), substring(a for 3), substring(a from 2), substring(a for 3 from 2), substring(a similar 'x' escape '#'), substring(a, 1, 2), POSITION('a' IN b), position(a, b), TRIM(a), TRIM(BOTH 'x' FROM a), trim(leading from a), trim(trailing 'x' from a), trim('x' from a), trim(a, 'x'), OVERLAY(a PLACING b FROM 1 FOR 2), overlay(a placing b from 1), NORMALIZE(a, NFC), normalize(a), COLLATION FOR (a), COALESCE(a, b), NULLIF(a, b), GREATEST(a), LEAST(a, b)

SELECT (a, b) OVERLAPS (c, d), ROW(1, 2), ROW(), (1, 2), (a).b, (a.b).c, (a).*, (f(x)).y, t.*, s.t.*, *, (ROW(1, 2)).f1, ROW(t.*, 1), (SELECT r FROM t).x

SELECT CURRENT_DATE, CURRENT_TIMESTAMP, current_timestamp(3), LOCALTIME, localtimestamp(2), CURRENT_TIME, CURRENT_USER, SESSION_USER, USER, CURRENT_ROLE, CURRENT_CATALOG, CURRENT_SCHEMA, current_schema()

SELECT CASE WHEN a THEN 1 END, CASE a WHEN 1 THEN 'x' WHEN 2 THEN 'y' ELSE 'z' END, CASE WHEN a THEN CASE b WHEN 1 THEN 2 END ELSE 3 END

SELECT ARRAY[1, 2], ARRAY[[1, 2], [3]], ARRAY[]::int[], ARRAY(SELECT 1), [1, 2], a[1], a[1][2], a[1:2], a[:], a[1:], a[:2], a[1:2:3], (ARRAY[1, 2])[1], a[b[1]], f(x)[1], $1[2], a[1].b[2], {'a': 1, b: 2}, MAP {'k': 1}, {}

SELECT a::int, a::pg_catalog.regclass, a::numeric(10, 2)[], CAST(a AS timestamp(3) with time zone), TRY_CAST(a AS int), a::varchar(10), a::char, a::"char", a::int array[3], a::text[][], a::interval day to second(2), CAST(a AS ROW(x int, y varchar(3))), CAST(a AS ARRAY(BIGINT)), CAST(a AS MAP(VARCHAR, ARRAY(INT))), a::struct(x int, y int[]), a::float(10), a::float(30), a::bit varying(3), -1::int, CAST(a AS row(bigint, double precision)), a::enum('x', 'y')

SELECT a = ANY (ARRAY[1, 2]), a > ALL (SELECT 1), a <> SOME ($1), a + 1 = ANY (b), a OPERATOR(pg_catalog.=) ANY (b)

SELECT EXISTS (SELECT 1), NOT EXISTS ((SELECT 1)), (SELECT 1), ((SELECT 1)) + 1, (SELECT 1) = (SELECT 2), ((SELECT 1) UNION (SELECT 2))

SELECT count(*), count(DISTINCT a), sum(ALL a), array_agg(a ORDER BY b DESC NULLS LAST, c), string_agg(DISTINCT a, ',' ORDER BY a), percentile_cont(0.5) WITHIN GROUP (ORDER BY a), sum(a) FILTER (WHERE b > 1), f(VARIADIC a), f(a, VARIADIC b), f(x => 1, y := 2), s.f(1), c.s.f(), left(a, 1), right(a, 1), if(a, b, c), "F"(1)

SELECT rank() OVER (), sum(a) OVER (PARTITION BY b, c ORDER BY d ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW), sum(a) OVER w, sum(a) OVER (w ORDER BY b RANGE INTERVAL '1' DAY PRECEDING), lag(a) IGNORE NULLS OVER (ORDER BY b), first_value(a IGNORE NULLS) OVER w, last_value(a) RESPECT NULLS OVER w, sum(a) OVER (ORDER BY b GROUPS BETWEEN 1 PRECEDING AND 2 FOLLOWING EXCLUDE TIES), sum(a) FILTER (WHERE b) OVER (ROWS 1 + 1 PRECEDING) FROM t WINDOW w AS (PARTITION BY x), v AS (w)

SELECT transform(a, x -> x + 1), reduce(a, 0, (s, x) -> s + x, s -> s), f((x) -> x), f(() -> 1), f(a -> 'k'), f((a -> b)), f(lambda x: 1), f(lambda x, y: x + y), f(x => y -> y), map_filter(m, (k, v) -> v > 10)

SELECT rank, groups, rows, date, value, name, type, time, timestamp, year, month, values, row, interval, position, level, first, key, filter, over, int, char FROM t

SELECT date AS date, a year_, a AS select, b "Quoted ""Name""", c U&"d\0061t", a "from", 1 AS "x y"

SELECT a.b.c.d, "A"."b", a.select.from, a.b.c.*

SELECT $1 + $2, $1::int
