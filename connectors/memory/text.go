package memory

import (
	"strconv"

	"github.com/muster-sql/muster/connectors/spi/types"
)

// display prints a value for the detail of an error.
func display(t types.Type, v types.Value) string {
	if v.Null {
		return "null"
	}
	switch t.Kind {
	case types.Int8, types.Int16, types.Int32, types.Int64:
		return strconv.FormatInt(v.I, 10)
	case types.Bool:
		return string("ft"[v.I&1])
	case types.Decimal:
		if t.Phys() == types.PhysI64 {
			return string(types.AppendDecimal64(nil, v.I, int(t.S)))
		}
		return string(types.AppendDecimal128(nil, v.N.Coef, int(t.S)))
	case types.Numeric:
		return string(types.AppendNum(nil, v.N))
	case types.Float64:
		return string(types.AppendFloat64(nil, v.F))
	}
	if t.Phys() == types.PhysView {
		return v.S
	}
	return "…"
}
