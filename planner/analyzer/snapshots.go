package analyzer

import (
	"context"
	"errors"

	"github.com/muster-sql/muster/connectors/spi"
)

// Snapshots are the snapshots of one statement or transaction, one a catalog,
// taken at first touch. Whoever made it releases it at the end. It is not safe
// for concurrent use: planning is one goroutine.
type Snapshots struct {
	taken map[string]held
	order []string
}

type held struct {
	conn spi.Connector
	snap spi.Snapshot
}

// NewSnapshots returns an empty set.
func NewSnapshots() *Snapshots { return &Snapshots{taken: map[string]held{}} }

// Extend makes a catalog's snapshot cover these tables and returns it.
func (s *Snapshots) Extend(ctx context.Context, session *spi.Session, catalog string, c spi.Connector, tables []spi.Name) (spi.Snapshot, error) {
	h, ok := s.taken[catalog]
	snap, err := c.Snapshot(ctx, session, h.snap, tables)
	if err != nil {
		return spi.Snapshot{}, err
	}
	if !ok {
		s.order = append(s.order, catalog)
	}
	s.taken[catalog] = held{c, snap}
	return snap, nil
}

// Of returns the snapshot of a catalog, the zero one when none was taken.
func (s *Snapshots) Of(catalog string) spi.Snapshot { return s.taken[catalog].snap }

// Each calls f for every snapshot, in the order they were first taken.
func (s *Snapshots) Each(f func(catalog string, snap spi.Snapshot)) {
	for _, c := range s.order {
		f(c, s.taken[c].snap)
	}
}

// Release ends all snapshots; it is safe to call again.
func (s *Snapshots) Release(ctx context.Context) error {
	var errs []error
	for _, c := range s.order {
		if err := s.taken[c].conn.Release(ctx, s.taken[c].snap); err != nil {
			errs = append(errs, err)
		}
	}
	s.taken, s.order = map[string]held{}, nil
	return errors.Join(errs...)
}
