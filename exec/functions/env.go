package functions

import (
	"time"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Env is what functions may know of the query they run in: values only.
type Env struct {
	Session *spi.Session
	Pool    page.Pool // of the operator that evaluates
	// Task tells apart the evaluators of one query, so that random() differs between them.
	Task uint64
	// Registry resolves the calls of expressions.
	Registry *Registry
}

// NewEnv returns an Env of the built-in functions.
func NewEnv(s *spi.Session, pool page.Pool) *Env {
	return &Env{Session: s, Pool: pool, Registry: Builtins()}
}

// Now is the statement's start, the same on all nodes.
func (e *Env) Now() time.Time {
	if e == nil || e.Session == nil {
		return time.Unix(0, 0).UTC()
	}
	return e.Session.Start
}

// Format holds the session's text settings.
func (e *Env) Format() *types.Format {
	if e == nil || e.Session == nil {
		return &types.Format{}
	}
	return &e.Session.Format
}

// Zone is the session's time zone.
func (e *Env) Zone() *time.Location {
	if z := e.Format().Zone; z != nil {
		return z
	}
	return time.UTC
}

// TimeZone is Zone with its transitions at hand for columns.
func (e *Env) TimeZone() *types.Zone { return types.ZoneOf(e.Format().Zone) }

// session is the session, or an empty one.
func (e *Env) session() *spi.Session {
	if e == nil || e.Session == nil {
		return &spi.Session{}
	}
	return e.Session
}
