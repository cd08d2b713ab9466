package types

import (
	"archive/zip"
	"bytes"
	_ "embed" // the time zone database
	"io"
	"strings"
	"sync"
	"time"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// The IANA time zone database, in the form of Go's lib/time. It is the only
// source of zones, whatever the host has installed, so that nodes agree.
//
//go:embed zoneinfo.zip
var zoneData []byte

// Zone is a time zone as a table of transitions: it answers for a microsecond
// without making a time.Time. It is immutable.
type Zone struct {
	loc      *time.Location
	at       []int64    // UTC microseconds where an offset begins, ascending
	offsets  []zoneSpan // offsets[0] holds before at[0], offsets[i+1] from at[i]
	periodic bool       // the last rule goes on; the table ends at zoneTableEnd
}

type zoneSpan struct {
	east int64 // microseconds east of UTC
	abbr string
	dst  bool
}

// The Gregorian calendar, and with it every rule, repeats after 400 years.
const (
	zoneCycle      int64 = 146097 * microsPerDay
	zoneTableYears       = 2500
	zoneTableEnd   int64 = 193577 * microsPerDay // 2500-01-01
)

var (
	zoneByName sync.Map // canonical name → *Zone
	zoneIndex  = sync.OnceValue(readZoneIndex)
	zoneUTC    = &Zone{loc: time.UTC, offsets: []zoneSpan{{abbr: "UTC"}}}
)

func readZoneIndex() map[string]*zip.File {
	index := map[string]*zip.File{}
	r, err := zip.NewReader(bytes.NewReader(zoneData), int64(len(zoneData)))
	if err != nil {
		return index
	}
	for _, f := range r.File {
		if !strings.HasSuffix(f.Name, "/") {
			index[strings.ToLower(f.Name)] = f
		}
	}
	return index
}

// UTC returns the zone without offset.
func UTC() *Zone { return zoneUTC }

// LoadZone returns the zone of name, whatever its case: of the database, or a
// POSIX specification without daylight saving such as "UTC+3" (west of
// Greenwich). Errors are 22023.
func LoadZone(name string) (*Zone, error) {
	if f, ok := zoneIndex()[strings.ToLower(name)]; ok {
		if z, ok := zoneByName.Load(f.Name); ok {
			return z.(*Zone), nil
		}
		z, err := readZone(f)
		if err != nil {
			return nil, sqlerr.Internalf("time zone %s: %v", f.Name, err)
		}
		zoneByName.Store(f.Name, z)
		return z, nil
	}
	if z := posixZone(name); z != nil {
		return z, nil
	}
	return nil, sqlerr.New(sqlerr.InvalidParameterValue, "time zone \"%s\" not recognized", name)
}

func readZone(f *zip.File) (*Zone, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	loc, err := time.LoadLocationFromTZData(f.Name, data)
	if err != nil {
		return nil, err
	}
	return zoneOfLocation(loc), nil
}

// ZoneNames returns the names of the database.
func ZoneNames() []string {
	var names []string
	for _, f := range zoneIndex() {
		names = append(names, f.Name)
	}
	return names
}

// FixedZone returns a zone that is always seconds east of UTC.
func FixedZone(name string, seconds int) *Zone {
	return &Zone{
		loc:     time.FixedZone(name, seconds),
		offsets: []zoneSpan{{east: int64(seconds) * microsPerSecond, abbr: name}},
	}
}

// ZoneOf returns the zone of loc, from the database where the name is known; nil is UTC.
func ZoneOf(loc *time.Location) *Zone {
	if loc == nil || loc == time.UTC {
		return zoneUTC
	}
	if z, ok := zoneByName.Load(loc.String()); ok {
		return z.(*Zone)
	}
	if _, ok := zoneIndex()[strings.ToLower(loc.String())]; ok {
		if z, err := LoadZone(loc.String()); err == nil {
			return z
		}
	}
	return zoneOfLocation(loc)
}

// zoneOfLocation makes the table of loc's transitions.
func zoneOfLocation(loc *time.Location) *Zone {
	z := &Zone{loc: loc}
	t := time.Date(-5000, 1, 1, 0, 0, 0, 0, time.UTC).In(loc)
	for t.Year() < zoneTableYears {
		abbr, east := t.Zone()
		span := zoneSpan{east: int64(east) * microsPerSecond, abbr: abbr, dst: t.IsDST()}
		if n := len(z.offsets); n == 0 || z.offsets[n-1] != span {
			if n > 0 {
				z.at = append(z.at, t.UnixMicro())
			}
			z.offsets = append(z.offsets, span)
		}
		_, end := t.ZoneBounds()
		switch {
		case end.IsZero():
			return z
		case end.After(t):
			t = end
		default: // a bound of package time at the end of a leap year
			t = t.Add(24 * time.Hour)
		}
	}
	z.periodic = true
	return z
}

// posixZone reads "ABC3", "ABC+3:30" or "<+03>-3"; hours count west of Greenwich.
func posixZone(name string) *Zone {
	abbr, rest := "", ""
	if strings.HasPrefix(name, "<") {
		var ok bool
		if abbr, rest, ok = strings.Cut(name[1:], ">"); !ok {
			return nil
		}
	} else {
		n := 0
		for n < len(name) && isAlpha(name[n]) {
			n++
		}
		if abbr, rest = name[:n], name[n:]; n < 3 && n != 0 || rest == "" {
			return nil
		}
	}
	sign := -1
	if rest != "" && (rest[0] == '+' || rest[0] == '-') {
		if rest[0] == '-' {
			sign = 1
		}
		rest = rest[1:]
	}
	seconds, unit := 0, 3600
	for part := range strings.SplitSeq(rest, ":") {
		n := digitsPrefix(part)
		if n == 0 || n > 3 || n != len(part) || unit == 0 {
			return nil
		}
		v := 0
		for i := range n {
			v = v*10 + int(part[i]-'0')
		}
		seconds, unit = seconds+v*unit, unit/60
	}
	if seconds >= (zoneHoursMax+1)*3600 {
		return nil
	}
	z := FixedZone(abbr, sign*seconds)
	z.loc = time.FixedZone(name, sign*seconds) // its whole name, lest ZoneOf take UTC+3 for UTC
	return z
}

func isAlpha(c byte) bool { c |= 0x20; return 'a' <= c && c <= 'z' }

// Location returns the zone for package time.
func (z *Zone) Location() *time.Location { return z.loc }

// Name returns the zone's name.
func (z *Zone) Name() string { return z.loc.String() }

// IsFixed reports whether the offset never changes.
func (z *Zone) IsFixed() bool { return len(z.at) == 0 }

// fold moves an instant beyond the table into its last cycle.
func (z *Zone) fold(utc int64) int64 {
	if z.periodic && utc >= zoneTableEnd {
		utc -= ((utc-zoneTableEnd)/zoneCycle + 1) * zoneCycle
	}
	return utc
}

// span returns the index of the offset that holds at utc, which is folded.
func (z *Zone) span(utc int64) int {
	lo, hi := 0, len(z.at)
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if z.at[m] <= utc {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

// Offset returns the microseconds east of UTC at an instant.
func (z *Zone) Offset(utc int64) int64 {
	if len(z.at) == 0 {
		return z.offsets[0].east
	}
	return z.offsets[z.span(z.fold(utc))].east
}

// Abbreviation returns what the zone calls itself at an instant.
func (z *Zone) Abbreviation(utc int64) string { return z.offsets[z.span(z.fold(utc))].abbr }

// ToLocal returns the wall clock of an instant; infinities stay.
func (z *Zone) ToLocal(utc int64) int64 {
	if !IsFiniteTimestamp(utc) {
		return utc
	}
	return utc + z.Offset(utc)
}

// ToUTC returns the instant of a wall clock; infinities stay. A time that a
// transition skips is read with the offset before it, a time that happens twice
// with the offset after it.
func (z *Zone) ToUTC(local int64) int64 {
	if !IsFiniteTimestamp(local) {
		return local
	}
	return local - z.LocalOffset(local)
}

// LocalOffset returns the offset with which ToUTC reads a wall clock.
func (z *Zone) LocalOffset(local int64) int64 {
	if len(z.at) == 0 {
		return z.offsets[0].east
	}
	local = z.fold(local)
	// The first transition after the day before: no offset is that large.
	i := z.span(local - microsPerDay)
	before := z.offsets[i].east
	if i == len(z.at) {
		return before
	}
	after, at := z.offsets[i+1].east, z.at[i]
	switch {
	case local-before < at && local-after < at:
		return before
	case local-before > at && local-after >= at:
		return after
	case before < after:
		return before // skipped
	}
	return after
}

// ToLocalColumn writes the wall clocks of utc[i] to out; the inner loop of
// casts, extract and date_trunc.
func (z *Zone) ToLocalColumn(out, utc []int64) {
	if len(z.at) == 0 {
		east := z.offsets[0].east
		for i, t := range utc {
			if IsFiniteTimestamp(t) {
				t += east
			}
			out[i] = t
		}
		return
	}
	from, to, east := int64(1), int64(0), int64(0) // the span of the last row
	for i, t := range utc {
		if !IsFiniteTimestamp(t) {
			out[i] = t
			continue
		}
		if t < from || t >= to {
			from, to, east = z.bounds(t)
		}
		out[i] = t + east
	}
}

// bounds returns the span around t and its offset.
func (z *Zone) bounds(t int64) (from, to, east int64) {
	f := z.fold(t)
	i := z.span(f)
	from, to = t, t+1
	if f == t {
		from = minTimestamp
		if i > 0 {
			from = z.at[i-1]
		}
		if i < len(z.at) {
			to = z.at[i]
		} else if z.periodic {
			to = zoneTableEnd
		} else {
			to = TimestampInfinity
		}
	}
	return from, to, z.offsets[i].east
}

// ToUTCColumn writes the instants of local[i] to out.
func (z *Zone) ToUTCColumn(out, local []int64) {
	for i, t := range local {
		out[i] = z.ToUTC(t)
	}
}
