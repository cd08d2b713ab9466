package session

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

type clock struct{}

func (clock) Now() time.Time                                        { return time.Unix(1e9, 0) }
func (clock) After(context.Context, time.Duration) <-chan time.Time { return nil }

func open(t *testing.T, u Startup) *Session {
	t.Helper()
	st := NewStore(Options{
		Clock: clock{}, Log: slog.New(slog.DiscardHandler), NewID: func() string { return "q1" },
		Settings:    NewRegistry(spi.Setting{Name: "pg.fetch_rows", Kind: spi.SettingInt, Default: "1000"}),
		HasDatabase: func(n string) bool { return n == "tpch" }, SessionsMax: 2,
	})
	u.User = "me"
	s, err := st.Open(context.Background(), u)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestValuesAreValidatedAndNormalised(t *testing.T) {
	s := open(t, Startup{Database: "tpch"})
	for _, w := range []struct{ name, value, want string }{
		{"standard_conforming_strings", "TRUE", "on"},
		{"standard_conforming_strings", "off", "0A000"},
		{"row_security", "f", "off"},
		{"row_security", "o", "22023"},
		{"extra_float_digits", "3", "3"},
		{"extra_float_digits", "4", "22023"},
		{"statement_timeout", "90s", "90s"},
		{"statement_timeout", "120 s", "2min"},
		{"statement_timeout", "1500", "1500ms"},
		{"statement_timeout", "-1", "22023"},
		{"statement_timeout", "1e300s", "22023"},
		{"work_mem", "64", "64kB"},
		{"work_mem", "64 elephants", "22023"},
		{"IntervalStyle", "ISO_8601", "iso_8601"},
		{"intervalstyle", "french", "22023"},
		{"TIMEZONE", "america/new_york", "America/New_York"},
		{"timezone", "-3.5", "<-03:30>+03:30"},
		{"timezone", "UTC+3", "UTC+3"},
		{"timezone", "Mars", "22023"},
		{"datestyle", "postgres, dmy", "Postgres, DMY"},
		{"datestyle", "iso", "ISO, DMY"},
		{"datestyle", "iso, sideways", "22023"},
		{"search_path", `a, "B c", x.y`, `a, "B c", "x.y"`},
		{"search_path", `a,`, "22023"},
		{"search_path", ``, ``},
		{"transaction_isolation", "serializable", "serializable"},
		{"pg.fetch_rows", "x", "22023"},
		{"pg.other", "anything", "anything"},
		{"server_version", "1", "55P02"},
		{"statment_timeout", "1", "42704"},
	} {
		err := s.Set(w.name, w.value, InSession)
		got := s.Show(w.name)
		if err != nil {
			got = string(sqlerr.CodeOf(err))
		}
		if got != w.want {
			t.Errorf("%s = %q: %s, expected %s (%v)", w.name, w.value, got, w.want, err)
		}
	}
	if err := s.Set("statment_timeout", "1", InSession); !strings.Contains(sqlerr.As(err).Hint, "statement_timeout") {
		t.Errorf("no hint: %+v", err)
	}
}

func TestOffsetsMeanWhatTheySay(t *testing.T) {
	s := open(t, Startup{})
	for value, seconds := range map[string]int64{"5": 5 * 3600, "-3.5": -3.5 * 3600, "UTC+3": -3 * 3600, "<+02>-02": 2 * 3600, "Asia/Kolkata": 5.5 * 3600} {
		if err := s.Set("timezone", value, InSession); err != nil {
			t.Fatal(err)
		}
		q := s.ForStatement()
		worker, err := types.LoadZone(q.Zone)
		if err != nil {
			t.Fatalf("%s: a worker cannot load %q: %v", value, q.Zone, err)
		}
		for who, z := range map[string]*types.Zone{"session": types.ZoneOf(q.Format.Zone), "worker": worker} {
			if got := z.Offset(1e15) / 1e6; got != seconds {
				t.Errorf("%s in the %s: %d seconds east, expected %d", value, who, got, seconds)
			}
		}
	}
}

func TestEachStatementHasItsOwnSession(t *testing.T) {
	s := open(t, Startup{Database: "tpch", Settings: map[string]string{"search_path": `"$user", tiny`, "statement_timeout": "2s", "nonsense": "1"}})
	q := s.ForStatement()
	if q.QueryID != "q1" || q.User != "me" || q.Catalog != "tpch" || fmt.Sprint(q.SearchPath) != "[tiny]" || q.Schema != "tiny" {
		t.Errorf("%+v", q)
	}
	if q.Deadline.Sub(q.Start) != 2*time.Second || q.Format.Now != q.Start.UnixMicro() {
		t.Errorf("%v %v", q.Start, q.Deadline)
	}
	if err := s.Set("application_name", "x", InSession); err != nil {
		t.Fatal(err)
	}
	if q.Settings["application_name"] != "" || s.ForStatement().Settings["application_name"] != "x" {
		t.Error("a running statement sees a later SET")
	}
	if n := s.TakeNotices(); len(n) != 1 || n[0].Err.Code != sqlerr.UndefinedObject {
		t.Errorf("%v", n)
	}
	s.ResetAll()
	if s.Show("statement_timeout") != "2s" || s.Show("application_name") != "" {
		t.Error("RESET does not go back to what the client started with")
	}
}

func TestSessionsAreCountedAndCancelledByTheirKeyOnly(t *testing.T) {
	s := open(t, Startup{})
	st := s.store
	if _, err := st.Open(context.Background(), Startup{User: "b"}); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Open(context.Background(), Startup{User: "c"}); !sqlerr.Is(err, sqlerr.TooManyConnections) {
		t.Errorf("%v", err)
	}
	if _, err := st.Open(context.Background(), Startup{User: "c", Database: "no"}); !sqlerr.Is(err, sqlerr.InvalidCatalogName) {
		t.Errorf("%v", err)
	}
	ctx, stop := s.Start(context.Background(), "SELECT 1")
	defer stop()
	wrong := append([]byte{}, s.key...)
	wrong[31]++
	for _, key := range [][]byte{nil, s.key[:3], s.key[:5], wrong, append(s.key[:31:31], 0, 0)} {
		st.CancelByKey(s.ID(), key)
		if ctx.Err() != nil {
			t.Fatalf("cancelled by a key of %d bytes", len(key))
		}
	}
	if i := st.Infos(); len(i) != 2 || i[0].State == i[1].State {
		t.Errorf("%+v", i)
	}
	st.CancelByKey(s.ID(), s.key[:4])
	if !sqlerr.Is(context.Cause(ctx), sqlerr.QueryCanceled) {
		t.Errorf("%v", context.Cause(ctx))
	}
	st.Drain(sqlerr.New(sqlerr.AdminShutdown, "over"))
	if _, err := st.Open(context.Background(), Startup{User: "d"}); !sqlerr.Is(err, sqlerr.AdminShutdown) {
		t.Errorf("%v", err)
	}
	if s.Ended() == nil {
		t.Error("a session stays after drain")
	}
}
