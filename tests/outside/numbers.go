// Package numbers is a connector as somebody else would write it, in a module
// of its own: it compiles against connectors/spi alone. Its one table holds the
// numbers from 1 on with their English last digit.
package numbers

import (
	"context"
	"encoding/binary"
	"io"
	"strconv"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Factory makes catalogs of kind numbers, for example numbers:?rows=1000.
func Factory() spi.Factory {
	return spi.Factory{
		Kind:    "numbers",
		Doc:     "The numbers from 1 on.",
		Options: []spi.Setting{{Name: "rows", Kind: spi.SettingInt, Default: "1000", Doc: "How many numbers there are."}},
		Open: func(_ context.Context, _ string, c spi.Config, _ spi.Env) (spi.Connector, error) {
			rows := int64(1000)
			if text := c["rows"]; text != "" {
				var err error
				if rows, err = strconv.ParseInt(text, 10, 64); err != nil || rows < 0 {
					return nil, sqlerr.New(sqlerr.InvalidParameterValue, "rows must be a number that is not negative: %q", text)
				}
			}
			return &connector{rows: rows}, nil
		},
	}
}

const rowsPerSplit = 10_000

var (
	name    = spi.Name{Schema: "public", Table: "numbers"}
	columns = []spi.Column{
		{Name: "n", Type: types.Of(types.Int64), NotNull: true},
		{Name: "digit", Type: types.Of(types.Text)},
	}
	digits = [...]string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
)

type connector struct{ rows int64 }

var _ spi.Connector = (*connector)(nil)

func (c *connector) Schemas(context.Context, *spi.Session) ([]string, error) {
	return []string{name.Schema}, nil
}

func (c *connector) Tables(_ context.Context, _ *spi.Session, schema string) ([]spi.Name, error) {
	if schema != name.Schema {
		return nil, nil
	}
	return []spi.Name{name}, nil
}

func (c *connector) Find(_ context.Context, _ *spi.Session, _ spi.Snapshot, names []spi.Name) ([]*spi.Table, error) {
	out := make([]*spi.Table, len(names))
	for i, n := range names {
		if equalFold(n.Schema, name.Schema) && equalFold(n.Table, name.Table) {
			out[i] = &spi.Table{Name: name, Columns: columns, PrimaryKey: []int{0}}
		}
	}
	return out, nil
}

func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if a[i]|0x20 != b[i]|0x20 {
			return false
		}
	}
	return true
}

// Snapshot answers that the numbers do not change.
func (c *connector) Snapshot(context.Context, *spi.Session, spi.Snapshot, []spi.Name) (spi.Snapshot, error) {
	return spi.Snapshot{ID: "always", Kind: spi.SnapshotDurable}, nil
}

func (c *connector) Release(context.Context, spi.Snapshot) error { return nil }

func (c *connector) Caps() spi.Caps { return spi.Caps{Push: c} }

func (c *connector) Close() error { return nil }

// Push takes the choice of columns and a limit for each split.
func (c *connector) Push(_ context.Context, _ *spi.Session, scan spi.Scan, op spi.Op) (spi.Scan, []spi.Outcome, error) {
	switch op := op.(type) {
	case *spi.ProjectOp:
		scan, out := spi.TakeColumns(scan, op)
		return scan, out, nil
	case *spi.LimitOp:
		scan, out := spi.TakeLimit(scan, op)
		return scan, out, nil
	}
	return scan, spi.Refuse(op, spi.ReasonCapability, "numbers are only counted"), nil
}

func (c *connector) Splits(_ context.Context, _ *spi.Session, scan spi.Scan, _ spi.LiveFilter) (spi.SplitSource, error) {
	step := int64(rowsPerSplit)
	if scan.OneSplit {
		step = max(c.rows, 1)
	}
	return &splits{rows: c.rows, step: step}, nil
}

type splits struct{ next, rows, step int64 }

func (s *splits) Next(_ context.Context, n int) ([]spi.Split, error) {
	var out []spi.Split
	for len(out) < n && s.next < s.rows {
		end := min(s.next+s.step, s.rows)
		private := binary.LittleEndian.AppendUint64(nil, uint64(s.next))
		private = binary.LittleEndian.AppendUint64(private, uint64(end))
		out = append(out, spi.Split{ID: strconv.FormatInt(s.next, 10), Rows: end - s.next, Private: private})
		s.next = end
	}
	if s.next >= s.rows {
		return out, io.EOF
	}
	return out, nil
}

func (s *splits) Close() error { return nil }

func (c *connector) Open(_ context.Context, _ *spi.Session, scan spi.Scan, split spi.Split, env spi.OpenEnv) (spi.PageSource, error) {
	if len(split.Private) != 16 {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "not a split of numbers: %s", split.ID)
	}
	s := &source{
		scan: scan, pool: env.Pool,
		next: int64(binary.LittleEndian.Uint64(split.Private)), end: int64(binary.LittleEndian.Uint64(split.Private[8:])),
	}
	if scan.Limit >= 0 {
		s.end = min(s.end, s.next+scan.Limit)
	}
	return s, nil
}

type source struct {
	scan      spi.Scan
	pool      page.Pool
	next, end int64
	stats     spi.ScanStats
}

func (s *source) Next(ctx context.Context) (*page.Page, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	if s.next >= s.end {
		return nil, io.EOF
	}
	rows := int(min(s.end-s.next, page.RowsMax))
	p := page.New(rows)
	for _, column := range s.scan.Columns {
		v, err := s.column(column, rows)
		if err != nil {
			p.Release()
			return nil, err
		}
		p.Cols = append(p.Cols, v)
	}
	s.next += int64(rows)
	return p, nil
}

func (s *source) column(column, rows int) (*page.Vector, error) {
	if column == 0 {
		v, values, err := page.NewFixed[int64](columns[0].Type, rows, s.pool)
		if err != nil {
			return nil, err
		}
		for i := range values {
			values[i] = s.next + int64(i) + 1
		}
		return v, nil
	}
	b := page.NewBuilder(columns[1].Type, rows, s.pool)
	for i := range rows {
		b.AppendString(digits[(s.next+int64(i)+1)%10])
	}
	return b.Finish()
}

func (s *source) Stats() spi.ScanStats { return s.stats }

func (s *source) Close() error { return nil }
