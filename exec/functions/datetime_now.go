package functions

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// nowFunctions depend on the statement's start. They are the same all through it.
func nowFunctions() []*Scalar {
	d := func(name, says string, ret types.Kind, f func(x *Exec) types.Value, example string, aliases ...string) *Scalar {
		return &Scalar{Name: name, Aliases: aliases, Doc: Doc{Family: "datetime", Summary: says, Example: example, Result: "t"},
			Args: patterns(types.Int32), Optional: 1, Return: returns(ret), Volatility: Stable, Bind: bindSession(f)}
	}
	micros := func(x *Exec) int64 { return x.Env.Now().UnixMicro() }
	local := func(x *Exec) int64 { return toLocal(x, micros(x)) }
	ofDay := func(ts int64) int64 { return ts - floorDiv64(ts, microsPerDay)*microsPerDay }
	return []*Scalar{
		d("now", "The start of the statement.", types.TimestampTZ, func(x *Exec) types.Value { return types.IntValue(micros(x)) }, "now() = current_timestamp",
			"current_timestamp", "transaction_timestamp", "statement_timestamp", "clock_timestamp"),
		d("localtimestamp", "The start of the statement on the wall clock.", types.Timestamp, func(x *Exec) types.Value { return types.IntValue(local(x)) }, "localtimestamp = now()::timestamp"),
		d("current_date", "Today.", types.Date, func(x *Exec) types.Value { return types.IntValue(floorDiv64(local(x), microsPerDay)) }, "current_date = now()::date"),
		d("localtime", "The time of day.", types.Time, func(x *Exec) types.Value { return types.IntValue(ofDay(local(x))) }, "localtime = now()::time"),
		d("current_time", "The time of day with the session's zone.", types.TimeTZ, func(x *Exec) types.Value {
			east := x.Env.TimeZone().Offset(micros(x)) / 1e6
			return types.TimeTZOf(types.TimeTZValue{Micros: ofDay(local(x)), Zone: int32(-east)})
		}, "current_time IS NOT NULL"),
	}
}

// bindSession makes a constant of a value of the session. An argument is the
// number of digits that seconds keep.
func bindSession(f func(x *Exec) types.Value) func([]types.Type) (Kernel, error) {
	return func(ts []types.Type) (Kernel, error) {
		return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
			if len(args) == 0 {
				return page.NewConst(x.Type, f(x), x.N, x.Pool)
			}
			digits, m := input[int32](args[0])
			return build(x, func(b *page.Builder, i int) error {
				v, p := f(x), digits[i&m]
				if p < 0 {
					return sqlerr.New(sqlerr.InvalidParameterValue, "precision must not be negative: %d", p)
				}
				if p < 6 && x.Type.Phys() == types.PhysI64 {
					v.I = types.RoundTimestamp(v.I, x.Type.WithDigits(int(p)))
				}
				b.AppendValue(v)
				return b.Err()
			})
		}, nil
	}
}
