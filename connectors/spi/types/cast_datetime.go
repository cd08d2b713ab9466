package types

import "github.com/muster-sql/muster/connectors/spi/sqlerr"

// castDatetime converts between dates, times, timestamps and intervals;
// timestamps with and without zone by the session's zone.
func castDatetime(v Value, from, to Type, f *Format) (Value, error) {
	switch from.Kind {
	case Date:
		return castDate(v, to, f)
	case Time:
		return castTime(v, to, f)
	case TimeTZ:
		switch to.Kind {
		case TimeTZ:
			v.I = RoundTime(v.I, to)
			return v, nil
		case Time:
			return IntValue(RoundTime(v.I, to)), nil
		}
	case Interval:
		switch to.Kind {
		case Interval:
			return Value{Iv: FitInterval(v.Iv, to)}, nil
		case Time:
			_, m := SplitMicros(v.Iv.Micros)
			return IntValue(RoundTime(m, to)), nil
		}
	case Timestamp, TimestampTZ:
		return castTimestamp(v, from, to, f)
	}
	return Value{}, ErrCannotCast(from, to)
}

func castDate(v Value, to Type, f *Format) (Value, error) {
	if to.Kind != Timestamp && to.Kind != TimestampTZ {
		return Value{}, ErrCannotCast(Of(Date), to)
	}
	ts, err := DateToTimestamp(int32(v.I))
	if err != nil {
		return Value{}, err
	}
	if to.Kind == TimestampTZ && IsFiniteTimestamp(ts) {
		if ts = f.TimeZone().ToUTC(ts); !IsTimestamp(ts) {
			return Value{}, sqlerr.New(sqlerr.DatetimeFieldOverflow, "date out of range for timestamp")
		}
	}
	return stampValue(ts, to)
}

// DateToTimestamp returns midnight of a date.
func DateToTimestamp(days int32) (int64, error) {
	switch {
	case days == DateInfinity:
		return TimestampInfinity, nil
	case days == DateNegInfinity:
		return TimestampNegInfinity, nil
	case int64(days) >= endTimestamp/microsPerDay:
		return 0, sqlerr.New(sqlerr.DatetimeFieldOverflow, "date out of range for timestamp")
	}
	return int64(days) * microsPerDay, nil
}

// TimestampToDate returns the date of a timestamp.
func TimestampToDate(ts int64) int32 {
	switch ts {
	case TimestampInfinity:
		return DateInfinity
	case TimestampNegInfinity:
		return DateNegInfinity
	}
	days, _ := SplitMicros(ts)
	return int32(days)
}

// stampValue gives microseconds the digits of a timestamp type.
func stampValue(ts int64, to Type) (Value, error) {
	if !IsFiniteTimestamp(ts) {
		return IntValue(ts), nil
	}
	if to.IsNanos() {
		ns, ok := MulInt64(ts, 1000).Int64()
		if !ok {
			return Value{}, errTimestampRange()
		}
		return IntValue(ns), nil
	}
	return IntValue(RoundTimestamp(ts, to)), nil
}

func castTime(v Value, to Type, f *Format) (Value, error) {
	switch to.Kind {
	case Time:
		return IntValue(RoundTime(v.I, to)), nil
	case Interval:
		return Value{Iv: FitInterval(IntervalValue{Micros: v.I}, to)}, nil
	case TimeTZ:
		// The session's offset at the statement's start.
		z, now := f.TimeZone(), int64(0)
		if f != nil {
			now = f.Now
		}
		return TimeTZOf(TimeTZValue{Micros: RoundTime(v.I, to), Zone: int32(-z.Offset(now) / microsPerSecond)}), nil
	}
	return Value{}, ErrCannotCast(Of(Time), to)
}

func castTimestamp(v Value, from, to Type, f *Format) (Value, error) {
	ts, nanos := v.I, int64(0)
	if from.IsNanos() && IsFiniteTimestamp(ts) {
		if to.IsNanos() && to.Kind == from.Kind {
			return v, nil
		}
		ts = floorDiv64(v.I, 1000)
		nanos = v.I - ts*1000
	}
	var east int64
	switch {
	case from.Kind == to.Kind, !IsFiniteTimestamp(ts):
	case from.Kind == TimestampTZ:
		east = f.TimeZone().Offset(ts)
	case to.Kind == TimestampTZ:
		east = -f.TimeZone().LocalOffset(ts)
	}
	if IsFiniteTimestamp(ts) {
		ts += east
		if !IsTimestamp(ts) {
			return Value{}, errTimestampRange()
		}
	}
	switch to.Kind {
	case Timestamp, TimestampTZ:
		if to.IsNanos() {
			out, err := stampValue(ts, to)
			out.I += nanos
			return out, err
		}
		return stampValue(roundUpNanos(ts, nanos), to)
	case Date:
		return IntValue(int64(TimestampToDate(ts))), nil
	case Time, TimeTZ:
		if !IsFiniteTimestamp(ts) {
			return NullValue, nil
		}
		_, m := SplitMicros(roundUpNanos(ts, nanos))
		m = RoundTime(m, to)
		if to.Kind == Time {
			return IntValue(m), nil
		}
		if from.Kind == TimestampTZ {
			return TimeTZOf(TimeTZValue{Micros: m, Zone: int32(-east / microsPerSecond)}), nil
		}
	}
	return Value{}, ErrCannotCast(from, to)
}

// roundUpNanos rounds what is below a microsecond, half away from the year 2000.
func roundUpNanos(ts, nanos int64) int64 {
	if nanos > 500 || nanos == 500 && ts >= pgEpochMicros {
		ts++
	}
	return ts
}
