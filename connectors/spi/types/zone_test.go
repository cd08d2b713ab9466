package types

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestOffsetsAgreeWithPackageTime(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for _, name := range []string{"America/New_York", "Europe/Berlin", "Asia/Kolkata", "Africa/Casablanca", "Australia/Lord_Howe", "UTC", "America/Sao_Paulo", "Antarctica/Troll"} {
		z, err := LoadZone(name)
		if err != nil {
			t.Fatal(err)
		}
		utc, out := make([]int64, 4000), make([]int64, 4000)
		for i := range utc {
			sec := r.Int64N(20_000*365*86400) - 2000*365*86400
			if i%2 == 0 {
				sec = r.Int64N(60 * 365 * 86400)
			}
			utc[i] = sec * microsPerSecond
			_, want := time.Unix(sec, 0).In(z.Location()).Zone()
			if got := z.Offset(utc[i]); got != int64(want)*microsPerSecond {
				t.Fatalf("%s at %v: offset %d, want %d", name, time.Unix(sec, 0).UTC(), got, want)
			}
		}
		z.ToLocalColumn(out, utc)
		for i := range utc {
			if out[i] != z.ToLocal(utc[i]) {
				t.Fatalf("%s: column and value differ at %d", name, utc[i])
			}
		}
	}
}

func TestSkippedTimesTakeTheOffsetBeforeAndDoubleOnesAfter(t *testing.T) {
	for _, c := range []struct{ zone, local, utc string }{
		{"America/New_York", "2021-03-14T02:30:00", "2021-03-14T07:30:00"},
		{"America/New_York", "2021-03-14T02:00:00", "2021-03-14T07:00:00"},
		{"America/New_York", "2021-03-14T03:00:00", "2021-03-14T07:00:00"},
		{"America/New_York", "2021-03-14T01:59:59", "2021-03-14T06:59:59"},
		{"America/New_York", "2021-11-07T01:30:00", "2021-11-07T06:30:00"},
		{"America/New_York", "2021-11-07T00:59:59", "2021-11-07T04:59:59"},
		{"America/New_York", "2021-11-07T02:00:00", "2021-11-07T07:00:00"},
		{"Europe/Moscow", "2014-10-26T01:30:00", "2014-10-25T22:30:00"},
		{"utc+3", "2014-10-26T01:30:00", "2014-10-26T04:30:00"},
		{"<+03>-3:30", "2014-10-26T01:30:00", "2014-10-25T22:00:00"},
	} {
		z, err := LoadZone(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		l, _ := time.Parse("2006-01-02T15:04:05", c.local)
		u, _ := time.Parse("2006-01-02T15:04:05", c.utc)
		if got := z.ToUTC(l.UnixMicro()); got != u.UnixMicro() {
			t.Errorf("%s %s = %v, want %s", c.zone, c.local, time.UnixMicro(got).UTC(), c.utc)
		}
	}
	for _, name := range []string{"Mars/Olympus", "", "X", "EST5EDT4,M3", "UTC+999"} {
		if z, err := LoadZone(name); err == nil {
			t.Errorf("zone %q is %s", name, z.Name())
		}
	}
}

func TestCivilDatesAgreeWithPackageTime(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	for range 100_000 {
		days := r.IntN(3_000_000) - 1_500_000
		want := time.Unix(int64(days)*86400, 0).UTC()
		y, m, d := CivilOfDays(days)
		if y != want.Year() || m != int(want.Month()) || d != want.Day() {
			t.Fatalf("day %d is %d-%d-%d, want %v", days, y, m, d, want)
		}
		if DaysOfCivil(y, m, d) != days || Weekday(days) != int(want.Weekday()) {
			t.Fatalf("%d-%d-%d does not go back to %d", y, m, d, days)
		}
		wy, ww := want.ISOWeek()
		if gy, gw := ISOWeek(days); gy != wy || gw != ww {
			t.Fatalf("day %d is in week %d-%d, want %d-%d", days, gy, gw, wy, ww)
		}
	}
	for _, d := range []int{minDate, endDate - 1} {
		if y, m, day := CivilOfDays(d); DaysOfCivil(y, m, day) != d {
			t.Errorf("limit %d", d)
		}
	}
}
