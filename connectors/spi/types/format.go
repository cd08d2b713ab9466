package types

import "time"

// DateOrder is the order of day, month and year in ambiguous input and non-ISO output.
type DateOrder uint8

// The date orders.
const (
	MDY DateOrder = iota
	DMY
	YMD
)

// DateStyle is the output style of dates and times.
type DateStyle uint8

// The date styles.
const (
	StyleISO DateStyle = iota
	StyleSQL
	StyleGerman
	StylePostgres
)

// IntervalStyle is the output style of intervals.
type IntervalStyle uint8

// The interval styles.
const (
	IntervalPostgres IntervalStyle = iota
	IntervalVerbose
	IntervalSQLStandard
	IntervalISO8601
)

// Format holds the session's settings that change the text of values. Its zero
// value is ISO dates, month before day, hex bytea, shortest floats, UTC.
// ExtraFloatDigits 0 means PostgreSQL's default of 1; see FloatDigitsZero.
type Format struct {
	Date             DateStyle
	Order            DateOrder
	Interval         IntervalStyle
	ByteaEscape      bool
	ExtraFloatDigits int
	Now              int64          // the statement's start in microseconds, for 'now' and 'today'; 0 refuses them
	Zone             *time.Location `json:"-"` // nil: UTC; not serialized, resolved from the session's zone name
}
