package tpch

import (
	"context"
	"strconv"
	"strings"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/connectors/tpch/dbgen"
)

const (
	publicSchema = "public"
	tinySchema   = "tiny"
	tinyScale    = 0.01
	scalePrefix  = "sf"
)

var tableNames = [dbgen.TableCount]string{
	dbgen.Region: "region", dbgen.Nation: "nation", dbgen.Supplier: "supplier", dbgen.Customer: "customer",
	dbgen.Part: "part", dbgen.PartSupp: "partsupp", dbgen.Orders: "orders", dbgen.LineItem: "lineitem",
}

var primaryKeys = [dbgen.TableCount][]int{
	dbgen.Region: {0}, dbgen.Nation: {0}, dbgen.Supplier: {0}, dbgen.Customer: {0},
	dbgen.Part: {0}, dbgen.PartSupp: {0, 1}, dbgen.Orders: {0}, dbgen.LineItem: {0, 3},
}

// Schemas implements spi.Metadata: the usual scale factors. Find knows all.
func (k *connector) Schemas(context.Context, *spi.Session) ([]string, error) {
	out := []string{tinySchema, "sf0.1", "sf1", "sf10", "sf100", "sf1000"}
	if k.public > 0 {
		out = append([]string{publicSchema}, out...)
	}
	return out, nil
}

// Tables implements spi.Metadata.
func (k *connector) Tables(_ context.Context, _ *spi.Session, schema string) ([]spi.Name, error) {
	name, s := k.schema(schema)
	if s == nil {
		return nil, nil
	}
	out := make([]spi.Name, 0, len(tableNames))
	for _, t := range tableNames {
		out = append(out, spi.Name{Schema: name, Table: t})
	}
	return out, nil
}

// Find implements spi.Metadata.
func (k *connector) Find(_ context.Context, _ *spi.Session, _ spi.Snapshot, names []spi.Name) ([]*spi.Table, error) {
	out := make([]*spi.Table, len(names))
	for i, n := range names {
		if name, t, s := k.table(n); s != nil {
			out[i] = describe(name, t, s)
		}
	}
	return out, nil
}

// table resolves a name; a nil scale says that there is no such table.
func (k *connector) table(n spi.Name) (spi.Name, dbgen.Table, *scale) {
	lower := strings.ToLower(n.Table)
	for t, name := range tableNames {
		if name == lower {
			schema, s := k.schema(n.Schema)
			return spi.Name{Schema: schema, Table: name}, dbgen.Table(t), s
		}
	}
	return n, 0, nil
}

// schema resolves a schema's name to the one it is stored under and its scale factor.
func (k *connector) schema(name string) (string, *scale) {
	lower, f := strings.ToLower(name), 0.0
	switch {
	case lower == publicSchema:
		f = k.public
	case lower == tinySchema:
		f = tinyScale
	case strings.HasPrefix(lower, scalePrefix):
		digits := lower[len(scalePrefix):]
		if strings.Trim(digits, "0123456789.") != "" {
			return name, nil // no signs, exponents or infinities
		}
		f, _ = strconv.ParseFloat(digits, 64)
	}
	if f == 0 {
		return name, nil
	}
	s, err := k.scale(f)
	if err != nil {
		return name, nil // out of range: there is no such schema
	}
	return lower, s
}

func describe(name spi.Name, t dbgen.Table, s *scale) *spi.Table {
	out := &spi.Table{Name: name, PrimaryKey: primaryKeys[t]}
	columns := s.Columns(t)
	for i := range columns {
		out.Columns = append(out.Columns, spi.Column{Name: columns[i].Name, Type: typeOf(&columns[i]), NotNull: true})
	}
	return out
}

// typeOf returns a column's SQL type. The benchmark's fixed text columns are
// varchar too: none has trailing blanks, and char would print some.
func typeOf(c *dbgen.Column) types.Type {
	switch c.Kind {
	case dbgen.Bigint:
		return types.Of(types.Int64)
	case dbgen.Integer:
		return types.Of(types.Int32)
	case dbgen.Decimal:
		return types.DecimalOf(15, 2)
	case dbgen.Date:
		return types.Of(types.Date)
	default:
		return types.VarcharOf(c.Length)
	}
}
