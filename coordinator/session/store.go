package session

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// Options configure a Store.
type Options struct {
	Clock    spi.Clock
	Log      *slog.Logger
	Runner   Runner
	Settings *Registry
	// NewID returns an id for a query.
	NewID func() string
	// HasDatabase reports whether clients may connect to a catalog of that name.
	HasDatabase func(name string) bool
	SessionsMax int // 0: 1000
	Defaults    map[string]string
}

const sessionsDefaultMax = 1000

// Startup is what a client says when it connects.
type Startup struct {
	User, Database, Remote string
	Settings               map[string]string
	Encrypted              Encrypted
}

// Encrypted says whether the connection is.
type Encrypted bool

// Store holds the sessions of a server. Safe for concurrent use.
type Store struct {
	o        Options
	mu       sync.Mutex
	sessions map[uint32]*Session
	draining error
}

// NewStore returns a store without sessions.
func NewStore(o Options) *Store {
	if o.SessionsMax == 0 {
		o.SessionsMax = sessionsDefaultMax
	}
	if o.Settings == nil {
		o.Settings = NewRegistry()
	}
	return &Store{o: o, sessions: map[uint32]*Session{}}
}

// Settings lists the registry of settings.
func (st *Store) Settings() *Registry { return st.o.Settings }

// keyBytes is the length of the secret that cancels statements.
const keyBytes = 32

// Open makes a session, whose statements end with ctx; an unknown database is 3D000, one too many 53300.
// Settings that are not known are ignored with a warning.
func (st *Store) Open(ctx context.Context, u Startup) (*Session, error) {
	db := u.Database
	if db == "" {
		db = AllCatalogs
	}
	if db != AllCatalogs && db != "postgres" && !st.o.HasDatabase(db) {
		return nil, sqlerr.New(sqlerr.InvalidCatalogName, "database \"%s\" does not exist", db)
	}
	s := &Session{
		store: st, base: ctx, user: u.User, database: db, catalog: db, remote: u.Remote, created: st.o.Clock.Now(),
		key: make([]byte, keyBytes), prepared: map[string]*Prepared{}, portals: map[string]*Portal{},
	}
	if db == "postgres" {
		s.catalog = AllCatalogs
	}
	if _, err := rand.Read(s.key); err != nil {
		return nil, sqlerr.Wrap(sqlerr.InternalError, err, "no randomness")
	}
	s.begin(st.o.Defaults, u)
	return s, st.enter(s)
}

// begin applies the settings of the server and of the client.
func (s *Session) begin(server map[string]string, u Startup) {
	for _, m := range []map[string]string{server, u.Settings} {
		for _, name := range names(m) {
			if err := s.Set(name, m[name], InSession); err != nil {
				e := sqlerr.As(err)
				s.notices = append(s.notices, &Notice{"WARNING", e})
			}
		}
	}
	s.defaults, s.set = s.set, nil
	if u.Encrypted {
		s.defaults = s.defaults.with("ssl", "on")
	}
}

func (st *Store) enter(s *Session) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.draining != nil {
		return st.draining
	}
	if len(st.sessions) >= st.o.SessionsMax {
		return sqlerr.New(sqlerr.TooManyConnections, "sorry, too many clients already").
			WithHint("close idle connections, or raise sessions_max (now %d)", st.o.SessionsMax)
	}
	for {
		var b [4]byte
		if _, err := rand.Read(b[:]); err != nil {
			return sqlerr.Wrap(sqlerr.InternalError, err, "no randomness")
		}
		id := binary.BigEndian.Uint32(b[:]) & 0x7fffffff
		if _, taken := st.sessions[id]; !taken && id != 0 {
			s.id = id
			st.sessions[id] = s
			return nil
		}
	}
}

func (st *Store) forget(s *Session) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.sessions[s.id] == s {
		delete(st.sessions, s.id)
	}
}

// keyBytesMin is how much of the key the oldest protocol carries.
const keyBytesMin = 4

// CancelByKey ends the running statement of the session that has the id and
// whose key begins with key; otherwise it does nothing.
func (st *Store) CancelByKey(id uint32, key []byte) {
	st.mu.Lock()
	s := st.sessions[id]
	st.mu.Unlock()
	if s == nil || len(key) != keyBytesMin && len(key) != keyBytes {
		return
	}
	if subtle.ConstantTimeCompare(s.key[:len(key)], key) == 1 {
		s.Cancel(sqlerr.New(sqlerr.QueryCanceled, "canceling statement due to user request"))
	}
}

// Find returns the session with an id, or nil.
func (st *Store) Find(id uint32) *Session {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.sessions[id]
}

// Drain refuses new sessions with cause and ends those that are there after
// their running statements.
func (st *Store) Drain(cause error) {
	st.mu.Lock()
	st.draining = cause
	st.mu.Unlock()
	for _, s := range st.all() {
		s.Retire(cause)
	}
}

// TerminateAll asks every session to end.
func (st *Store) TerminateAll(cause error) {
	for _, s := range st.all() {
		s.Terminate(cause)
	}
}

func (st *Store) all() []*Session {
	st.mu.Lock()
	defer st.mu.Unlock()
	out := make([]*Session, 0, len(st.sessions))
	for _, s := range st.sessions {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *Session) int { return int(int64(a.id) - int64(b.id)) })
	return out
}

// Infos lists the sessions in the order of their ids.
func (st *Store) Infos() []Info {
	var out []Info
	for _, s := range st.all() {
		s.mu.Lock()
		i := Info{
			ID: s.id, User: s.user, Database: s.database, Remote: s.remote, Application: s.application,
			State: "idle", Statement: strings.ToValidUTF8(s.running, "?"), Created: s.created, Since: s.since,
		}
		if s.cancel != nil {
			i.State = "active"
		}
		s.mu.Unlock()
		out = append(out, i)
	}
	return out
}
