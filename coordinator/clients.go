package coordinator

import (
	"context"
	"crypto/tls"
	"errors"
	"net"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/coordinator/command"
	"github.com/muster-sql/muster/coordinator/protocol/pgwire"
	"github.com/muster-sql/muster/coordinator/session"
	"github.com/muster-sql/muster/planner"
)

// sessionStore makes the sessions that protocols open and what runs their statements.
func (co *Coordinator) sessionStore() *session.Store {
	return session.NewStore(session.Options{
		Clock: co.env.Clock, Log: co.env.Log, NewID: co.manager.NewID,
		Settings:    session.NewRegistry(planner.Settings()...),
		HasDatabase: co.hasCatalog,
		SessionsMax: co.c.Access.ConnectionsMax,
		Runner: command.New(command.Options{
			Clock: co.env.Clock, Queries: co.manager, Catalogs: co.env.Catalogs, Pool: page.Unaccounted{},
		}),
	})
}

func (co *Coordinator) hasCatalog(name string) bool {
	_, _, err := co.env.Catalogs.Get(name)
	return err == nil
}

// pgServer makes the server of the PostgreSQL protocol. A listener that others
// can reach needs users and TLS (D13).
func (co *Coordinator) pgServer() (*pgwire.Server, error) {
	a := co.c.Access
	o := pgwire.Options{Sessions: co.sessions, Log: co.env.Log}
	if a.ConnectionsMax > 0 {
		o.ConnectionsMax = a.ConnectionsMax + loginsMax
	}
	if a.TLSCert != "" || a.TLSKey != "" {
		pair, err := tls.LoadX509KeyPair(a.TLSCert, a.TLSKey)
		if err != nil {
			return nil, sqlerr.Wrap(sqlerr.ConfigFile, err, "load TLS certificate")
		}
		o.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	if len(a.Users) > 0 {
		users, err := pgwire.Verifiers(a.Users)
		if err != nil {
			return nil, err
		}
		o.Users = users
	}
	if co.pg != nil && !loopback(co.pg.Addr().String()) {
		if o.Users == nil || o.TLS == nil {
			return nil, sqlerr.New(sqlerr.ConfigFile, "a listener that other machines can reach needs users and TLS: %s", co.pg.Addr()).
				WithHint("configure users, tls_cert and tls_key, or listen on 127.0.0.1")
		}
		o.RequireTLS = true
	}
	return pgwire.NewServer(o), nil
}

// loginsMax is how many connections may be on their way in beside the sessions.
const loginsMax = 200

// Sessions returns the sessions of clients; other protocols open theirs here.
func (co *Coordinator) Sessions() *session.Store { return co.sessions }

// serveClients accepts PostgreSQL clients until the server closes.
func (co *Coordinator) serveClients(l net.Listener) {
	if err := co.server.Serve(l); err != nil && !errors.Is(err, net.ErrClosed) {
		co.env.Log.Error("postgresql protocol ended", "err", err)
	}
}

// drainClients lets running statements end and then their connections.
func (co *Coordinator) drainClients(ctx context.Context) {
	if co.server != nil {
		co.server.Drain(ctx)
	}
}
