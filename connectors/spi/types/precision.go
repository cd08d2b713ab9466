package types

// zeroDigits is the P of a datetime type declared with precision 0; P = 0 is
// a type without a precision, which keeps microseconds.
const zeroDigits = -1

// Digits returns the fractional digits of seconds that a datetime or interval
// type keeps: 6 unless declared.
func (t Type) Digits() int {
	switch {
	case t.P == 0:
		return 6
	case t.P < 0:
		return 0
	}
	return int(t.P)
}

// WithDigits returns t keeping n fractional digits of seconds.
func (t Type) WithDigits(n int) Type {
	t.P = int32(n)
	if n == 0 {
		t.P = zeroDigits
	}
	return t
}

// IsNanos reports whether values count nanoseconds instead of microseconds.
func (t Type) IsNanos() bool {
	return t.P > 6 && (t.Kind == Timestamp || t.Kind == TimestampTZ)
}

// The fields of an interval type, as in PostgreSQL's type modifier: S of an
// Interval is their union, 0 all of them.
const (
	intervalMonth  = 1 << 1
	intervalYear   = 1 << 2
	intervalDay    = 1 << 3
	intervalHour   = 1 << 10
	intervalMinute = 1 << 11
	intervalSecond = 1 << 12
	intervalFull   = 0x7fff
)

// intervalFields are the restrictions that SQL can name.
var intervalFields = []struct {
	name string
	mask int32
}{
	{"year to month", intervalYear | intervalMonth},
	{"day to hour", intervalDay | intervalHour},
	{"day to minute", intervalDay | intervalHour | intervalMinute},
	{"day to second", intervalDay | intervalHour | intervalMinute | intervalSecond},
	{"hour to minute", intervalHour | intervalMinute},
	{"hour to second", intervalHour | intervalMinute | intervalSecond},
	{"minute to second", intervalMinute | intervalSecond},
	{"year", intervalYear},
	{"month", intervalMonth},
	{"day", intervalDay},
	{"hour", intervalHour},
	{"minute", intervalMinute},
	{"second", intervalSecond},
}

// IntervalOf returns the interval type restricted to fields, such as "year to
// month" in lower case; no fields is the whole type.
func IntervalOf(fields string) (Type, bool) {
	if fields == "" {
		return Of(Interval), true
	}
	for _, f := range intervalFields {
		if f.name == fields {
			return Type{Kind: Interval, S: f.mask}, true
		}
	}
	return Type{}, false
}
