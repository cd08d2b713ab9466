// Package session owns the connections of clients: what each has set, prepared
// and opened, its transaction, and the immutable spi.Session of each statement.
// Protocols open sessions here and run statements through them; a Runner gives
// statements their meaning. It knows no protocol and no planner.
package session

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// AllCatalogs is the database that shows the schemas of every catalog.
const AllCatalogs = "muster"

// Session is one client's connection. One goroutine uses it; Cancel, Terminate
// and Info may be called by others.
type Session struct {
	store    *Store
	base     context.Context // of the connection; statements that are suspended end with it
	id       uint32
	key      []byte
	user     string
	database string
	catalog  string // of unqualified names; USE changes it
	remote   string
	created  time.Time

	defaults values // given at start
	set      values // by SET, beyond defaults
	local    values // by SET LOCAL
	version  uint64 // grows when a value changes
	cached   *made

	tx       transaction
	prepared map[string]*Prepared
	portals  map[string]*Portal
	notices  []*Notice

	mu          sync.Mutex
	application string
	cancel      context.CancelCauseFunc // of the running statement
	ended       error                   // set by Terminate
	running     string
	since       time.Time
	wake        func(now Now) // interrupts a wait for the client
}

// made is what is built from the values once for many statements.
type made struct {
	version  uint64
	format   types.Format
	zone     string
	path     []string
	settings map[string]string
}

// Notice is a message to the client beside results.
type Notice struct {
	Severity string // NOTICE, WARNING, INFO
	Err      *sqlerr.Error
}

// ID identifies the session among those of its server.
func (s *Session) ID() uint32 { return s.id }

// Key is the secret that cancels the session's statements.
func (s *Session) Key() []byte { return s.key }

// User returns the name that the client logged in with.
func (s *Session) User() string { return s.user }

// Database returns the database that the client connected to.
func (s *Session) Database() string { return s.database }

// Catalog returns the current catalog, or AllCatalogs.
func (s *Session) Catalog() string { return s.catalog }

// Use changes the current catalog, and the search path if schema is not empty.
func (s *Session) Use(catalog, schema string) error {
	s.catalog = catalog
	s.version++
	if schema == "" {
		return nil
	}
	return s.Set(settingSearchPath, quoteNames([]string{schema}), InSession)
}

// Notice queues a message for the client.
func (s *Session) Notice(severity string, code sqlerr.Code, format string, args ...any) {
	s.notices = append(s.notices, &Notice{severity, sqlerr.New(code, format, args...)})
}

// TakeNotices returns the queued messages and forgets them.
func (s *Session) TakeNotices() []*Notice {
	n := s.notices
	s.notices = nil
	return n
}

// Scope says how long a SET lasts.
type Scope uint8

// The scopes.
const (
	InSession Scope = iota
	InTransaction
)

// Get returns the value of a setting as SHOW prints it.
func (s *Session) Get(name string) (string, error) {
	d := s.store.o.Settings.Find(name)
	if d != nil {
		return s.value(d), nil
	}
	if v, ok := s.stored(strings.ToLower(name)); ok {
		return v, nil
	}
	return "", errNoSetting(s.store.o.Settings, name)
}

func (s *Session) stored(name string) (string, bool) {
	for _, m := range []values{s.local, s.set, s.defaults} {
		if v, ok := m[name]; ok {
			return v, true
		}
	}
	return "", false
}

func (s *Session) value(d *Setting) string {
	switch d.Name {
	case "session_authorization":
		return s.user
	case settingIsolation:
		return s.isolation()
	case settingReadOnly:
		return onOff(s.readOnly())
	}
	if v, ok := s.stored(d.Name); ok {
		return v
	}
	return d.Default
}

// Show returns the value of a setting that is known to exist, "" otherwise.
func (s *Session) Show(name string) string {
	v, err := s.Get(name)
	if err != nil {
		return ""
	}
	return v
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

// find returns the setting and the key under which its value is stored. A
// dotted name that nobody knows may hold anything.
func (s *Session) find(name string) (*Setting, string, error) {
	if d := s.store.o.Settings.Find(name); d != nil {
		if d.Fixed {
			return nil, "", sqlerr.New(sqlerr.CannotChangeParameter, "parameter \"%s\" cannot be changed", d.Name)
		}
		return d, d.Name, nil
	}
	if strings.Contains(name, ".") {
		return &Setting{Setting: spi.Setting{Name: name}}, strings.ToLower(name), nil
	}
	return nil, "", errNoSetting(s.store.o.Settings, name)
}

// Set changes a setting after validation.
func (s *Session) Set(name, value string, scope Scope) error {
	d, key, err := s.find(name)
	if err != nil {
		return err
	}
	switch key {
	case settingDateStyle: // a partial value keeps the rest of the current one
		f, err := parseDateStyle(s.make().format, value)
		if err != nil {
			return err
		}
		value = dateStyleText(f)
	case settingIsolation, settingReadOnly:
		return s.setInTransaction(d, value)
	case "session_authorization", settingRole:
		return s.setIdentity(d, value)
	}
	if value, err = d.validate(value); err != nil {
		return err
	}
	s.put(key, value, scope)
	return nil
}

// setIdentity allows what changes nothing: becoming who one is.
func (s *Session) setIdentity(d *Setting, value string) error {
	switch strings.ToLower(value) {
	case "none", "default", strings.ToLower(s.user):
		return nil
	}
	return sqlerr.New(sqlerr.InsufficientPrivilege, "permission denied to set %s \"%s\"", strings.ReplaceAll(d.Name, "_", " "), value)
}

func (s *Session) put(key, value string, scope Scope) {
	s.version++
	if key == "application_name" {
		s.mu.Lock()
		s.application = value
		s.mu.Unlock()
	}
	if scope == InTransaction {
		if !s.tx.open() {
			s.Notice("WARNING", sqlerr.NoActiveTransaction, "SET LOCAL can only be used in transaction blocks")
			return
		}
		s.local = s.local.with(key, value)
		return
	}
	s.local = s.local.without(key)
	s.set = s.set.with(key, value)
}

// Reset gives a setting the value that it had at the start of the session.
func (s *Session) Reset(name string, scope Scope) error {
	d, key, err := s.find(name)
	if err != nil {
		return err
	}
	if scope == InTransaction {
		v, ok := s.defaults[key]
		if !ok {
			v = d.Default
		}
		s.put(key, v, scope)
		return nil
	}
	s.version++
	s.set, s.local = s.set.without(key), s.local.without(key)
	return nil
}

// ResetAll resets every setting.
func (s *Session) ResetAll() {
	s.set, s.local = nil, nil
	s.version++
}

// Settings lists the registry that the session's settings are from.
func (s *Session) Settings() *Registry { return s.store.o.Settings }

// Version grows whenever a setting may have changed.
func (s *Session) Version() uint64 { return s.version }

// Format returns the text settings of values.
func (s *Session) Format() *types.Format { return &s.make().format }

// SearchPath returns the schemas of unqualified names in order.
func (s *Session) SearchPath() []string { return s.make().path }

// make builds what follows from the settings, once after each change.
func (s *Session) make() *made {
	if s.cached != nil && s.cached.version == s.version {
		return s.cached
	}
	m := &made{version: s.version, zone: s.Show(settingTimeZone), format: makeFormat(s.Show)}
	path, _ := splitNames(s.Show(settingSearchPath))
	for _, n := range path {
		if n == "$user" {
			continue
		}
		m.path = append(m.path, n)
	}
	m.settings = map[string]string{}
	for _, v := range []values{s.defaults, s.set, s.local} {
		for name, value := range v { // names that nobody describes too
			m.settings[strings.ToLower(name)] = value
		}
	}
	for _, d := range s.store.o.Settings.All() {
		m.settings[strings.ToLower(d.Name)] = s.value(d)
	}
	m.settings["pg_backend_pid"] = strconv.FormatUint(uint64(s.id), 10)
	s.cached = m
	return m
}

// ForStatement returns the immutable session of one statement that begins now.
func (s *Session) ForStatement() *spi.Session {
	m := s.make()
	now := s.store.o.Clock.Now()
	out := &spi.Session{
		QueryID: s.store.o.NewID(), User: s.user, Catalog: s.catalog, Zone: m.zone, Dialect: "postgresql",
		Roles: []string{s.user}, SearchPath: m.path, Start: now, Seed: s.seed(), Format: m.format, Settings: m.settings,
	}
	if len(m.path) > 0 {
		out.Schema = m.path[0]
	}
	if s.tx.open() && !s.tx.begun.IsZero() {
		out.Start = s.tx.begun // now() is the transaction's start
	}
	out.Format.Now = out.Start.UnixMicro()
	if d := s.duration(settingTimeout); d > 0 {
		out.Deadline = now.Add(d)
	}
	return out
}

func (s *Session) seed() uint64 {
	if n, err := strconv.ParseUint(s.Show(settingSeed), 10, 64); err == nil {
		return n
	}
	return rand.Uint64()
}

func (s *Session) duration(name string) time.Duration {
	d, _ := readDuration(s.Show(name))
	return d
}

// IdleMax returns how long the client may be idle now, 0 for ever, and the error
// that ends the session after it.
func (s *Session) IdleMax() (time.Duration, error) {
	if s.tx.state == txIdle {
		return s.duration(settingIdle), sqlerr.New(sqlerr.IdleSession, "terminating connection due to idle-session timeout")
	}
	return s.duration(settingIdleTx), sqlerr.New(sqlerr.IdleInTransaction, "terminating connection due to idle-in-transaction timeout")
}

// Start prepares for a statement: its context ends with ctx, after
// statement_timeout, and by Cancel and Terminate. stop must be called.
func (s *Session) Start(ctx context.Context, text string) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	release := func() {}
	if d := s.duration(settingTimeout); d > 0 {
		var end context.CancelFunc
		ctx, end = context.WithTimeoutCause(ctx, d, sqlerr.New(sqlerr.QueryCanceled, "canceling statement due to statement timeout"))
		release = end
	}
	s.mu.Lock()
	s.cancel, s.running, s.since = cancel, text, s.store.o.Clock.Now()
	s.mu.Unlock()
	return ctx, func() {
		s.mu.Lock()
		s.cancel, s.running = nil, ""
		s.mu.Unlock()
		release()
		cancel(sqlerr.New(sqlerr.QueryCanceled, "statement has ended"))
	}
}

// Cancel ends the running statement, if there is one, with cause.
func (s *Session) Cancel(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel != nil {
		s.cancel(cause)
	}
}

// Now says whether a session ends in the middle of a statement.
type Now bool

// Terminate ends the running statement and asks the connection to close.
func (s *Session) Terminate(cause error) { s.end(cause, true) }

// Retire asks the connection to close after the running statement.
func (s *Session) Retire(cause error) { s.end(cause, false) }

func (s *Session) end(cause error, now Now) {
	s.mu.Lock()
	if s.ended == nil {
		s.ended = cause
	}
	if now && s.cancel != nil {
		s.cancel(cause)
	}
	wake := s.wake
	s.mu.Unlock()
	if wake != nil {
		wake(now)
	}
}

// OnEnd registers what interrupts the connection's wait for its client.
func (s *Session) OnEnd(wake func(now Now)) {
	s.mu.Lock()
	s.wake = wake
	s.mu.Unlock()
}

// Ended returns why the session has to end, or nil.
func (s *Session) Ended() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// Info is what lists of sessions show.
type Info struct {
	ID                            uint32
	User, Database, Remote        string
	Application, State, Statement string
	Created, Since                time.Time
}

// Close ends portals and forgets the session.
func (s *Session) Close() {
	s.closePortals(func(*Portal) bool { return true })
	s.store.forget(s)
}

// names lists the keys of a map in order.
func names[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
