package functions

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// castDatetimes converts between dates, times, timestamps of microseconds and
// intervals; other precisions go value by value.
func castDatetimes(from, to types.Type) Kernel {
	if from.P != 0 || to.P != 0 || from.S != 0 || to.S != 0 {
		return nil
	}
	type pair struct{ from, to types.Kind }
	switch (pair{from.Kind, to.Kind}) {
	case pair{types.Date, types.Timestamp}:
		return castLoop(func(_ *Exec, d int32) (int64, error) { return dateToTimestamp(d) })
	case pair{types.Date, types.TimestampTZ}:
		return castLoop(dateToInstant)
	case pair{types.Timestamp, types.Date}:
		return castLoop(func(_ *Exec, ts int64) (int32, error) { return timestampToDate(ts), nil })
	case pair{types.TimestampTZ, types.Date}:
		return castLoop(func(x *Exec, ts int64) (int32, error) { return timestampToDate(toLocal(x, ts)), nil })
	case pair{types.Timestamp, types.TimestampTZ}:
		return castColumn((*types.Zone).ToUTCColumn)
	case pair{types.TimestampTZ, types.Timestamp}:
		return castColumn((*types.Zone).ToLocalColumn)
	case pair{types.Timestamp, types.Time}:
		return timeOfDay(func(_ *Exec, ts int64) int64 { return ts })
	case pair{types.TimestampTZ, types.Time}:
		return timeOfDay(toLocal)
	case pair{types.Time, types.Interval}:
		return castLoop(func(_ *Exec, t int64) (types.IntervalValue, error) { return types.IntervalValue{Micros: t}, nil })
	case pair{types.Interval, types.Time}:
		return castLoop(func(_ *Exec, iv types.IntervalValue) (int64, error) {
			return iv.Micros - floorDiv64(iv.Micros, microsPerDay)*microsPerDay, nil
		})
	}
	return nil
}

func toLocal(x *Exec, ts int64) int64 {
	if !types.IsFiniteTimestamp(ts) {
		return ts
	}
	return x.Env.TimeZone().ToLocal(ts)
}

func toUTC(x *Exec, ts int64) int64 {
	if !types.IsFiniteTimestamp(ts) {
		return ts
	}
	return x.Env.TimeZone().ToUTC(ts)
}

func dateToInstant(x *Exec, d int32) (int64, error) {
	ts, err := dateToTimestamp(d)
	return toUTC(x, ts), err
}

// timeOfDay cuts timestamps to their time; an infinite one has none.
func timeOfDay(local func(x *Exec, ts int64) int64) Kernel {
	return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
		a, m := input[int64](args[0])
		return nullable(x, func(i int) (int64, bool, error) {
			if !types.IsFiniteTimestamp(a[i&m]) {
				return 0, false, nil
			}
			_, micros := types.SplitMicros(local(x, a[i&m]))
			return micros, true, nil
		})
	}
}

// castColumn moves a whole column between the wall clock and UTC.
func castColumn(move func(z *types.Zone, out, in []int64)) Kernel {
	return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
		v, out, err := page.NewFixed[int64](x.Type, x.N, x.Pool)
		if err != nil {
			return nil, err
		}
		a, m := input[int64](args[0])
		if m == 0 {
			a = a[:1]
			out = out[:min(1, len(out))]
		}
		move(x.Env.TimeZone(), out, a[:len(out)])
		for i := 1; m == 0 && i < x.N; i++ {
			page.Values[int64](v)[i] = out[0]
		}
		return v, nil
	}
}
