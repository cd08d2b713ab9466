package postgres

import (
	"context"
	"strconv"

	"github.com/muster-sql/muster/connectors/internal/sqlsource"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Stats implements spi.Statistics: what ANALYZE of the server found, scaled to
// the table's size of now.
func (k *connector) Stats(ctx context.Context, s *spi.Session, _ spi.Snapshot, table *spi.Table) (*spi.TableStats, error) {
	p, err := decodePrivate(table.Private)
	if err != nil {
		return nil, err
	}
	out := &spi.TableStats{Rows: p.Rel.rows(), Columns: make([]spi.ColumnStats, len(table.Columns))}
	at := map[string]int{}
	for i, c := range table.Columns {
		at[c.Name] = i
		out.Columns[i].NullFrac = -1
	}
	// Bounds are read for types whose values are short.
	sql := origin(s) + `SELECT s.attname::text, s.null_frac::float8::text, s.avg_width::text, s.n_distinct::float8::text,
 CASE WHEN a.atttypid = ANY($2) THEN coalesce(s.histogram_bounds::text, '') ELSE '' END,
 CASE WHEN a.atttypid = ANY($2) THEN coalesce(s.most_common_vals::text, '') ELSE '' END
 FROM pg_stats s JOIN pg_attribute a ON a.attrelid = $1 AND a.attname = s.attname
 JOIN pg_class c ON c.oid = a.attrelid AND c.relname = s.tablename JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = s.schemaname
 ORDER BY s.inherited`
	args := []sqlsource.Arg{
		{Type: types.Of(types.OID), Val: types.IntValue(int64(p.Rel.OID))},
		{Type: types.ArrayOf(types.Of(types.OID)), Val: types.Value{L: boundedTypes()}},
	}
	err = k.with(ctx, func(c *conn) error {
		return c.query(ctx, statement{sql, args}, 6, func(row [][]byte) error {
			i, ok := at[string(row[0])]
			if !ok {
				return nil
			}
			st := &out.Columns[i]
			st.NullFrac, st.WidthMean = float(row[1]), float(row[2])
			if st.Distinct = float(row[3]); st.Distinct < 0 && out.Rows >= 0 {
				st.Distinct *= -out.Rows // a share of the rows
			}
			st.Distinct = max(st.Distinct, 0)
			st.Min, st.Max = bounds(table.Columns[i].Type, string(row[4]), string(row[5]))
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// rows estimates the rows of now: the density that was last measured, times
// the pages that there are.
func (r *relation) rows() float64 {
	switch {
	case r.Tuples < 0 || r.Tuples == 0 && r.Pages == 0 && r.Bytes > 0:
		if r.Kind != "r" && r.Kind != "m" {
			return -1
		}
		return float64(r.Bytes) / rowBytesGuess
	case r.Pages > 0 && r.Bytes > 0:
		return r.Tuples / float64(r.Pages) * float64(r.Bytes/blockBytes)
	}
	if r.Kind == "v" || r.Kind == "f" && r.Tuples == 0 {
		return -1
	}
	return r.Tuples
}

// rowBytesGuess is the size of a row of a table that was never analyzed.
const rowBytesGuess = 100

// boundedTypes lists the types whose least and greatest values are of use.
func boundedTypes() []types.Value {
	var out []types.Value
	for _, k := range []types.Kind{types.Int16, types.Int32, types.Int64, types.Float32, types.Float64, types.Numeric, types.Date, types.Timestamp, types.TimestampTZ} {
		out = append(out, types.IntValue(int64(types.TypeOID(types.Of(k)))))
	}
	return out
}

func float(b []byte) float64 {
	f, _ := strconv.ParseFloat(string(b), 64)
	return f
}

// bounds returns the least and the greatest value of a histogram and of the
// most common values.
func bounds(t types.Type, histogram, common string) (least, greatest *types.Value) {
	for _, s := range []string{histogram, common} {
		if s == "" {
			continue
		}
		list, err := types.Parse(types.ArrayOf(t), s, nil)
		if err != nil {
			continue
		}
		for _, v := range list.L {
			if v.Null {
				continue
			}
			if least == nil || types.Compare(t, v, *least) < 0 {
				least = &v
			}
			if greatest == nil || types.Compare(t, v, *greatest) > 0 {
				greatest = &v
			}
		}
	}
	return least, greatest
}
