package memory

import (
	"context"

	"github.com/muster-sql/muster/connectors/spi"
)

// Schemas implements spi.Metadata.
func (k *connector) Schemas(context.Context, *spi.Session) ([]string, error) {
	s, err := k.store.at(spi.Snapshot{})
	if err != nil {
		return nil, err
	}
	defer s.release()
	return sortedNames(s.schemas), nil
}

// Tables implements spi.Metadata.
func (k *connector) Tables(_ context.Context, _ *spi.Session, schema string) ([]spi.Name, error) {
	s, err := k.store.at(spi.Snapshot{})
	if err != nil {
		return nil, err
	}
	defer s.release()
	schema, ok := match(s.schemas, schema)
	if !ok {
		return nil, nil
	}
	var out []spi.Name
	for _, name := range sortedNames(s.schemas[schema]) {
		out = append(out, spi.Name{Schema: schema, Table: name})
	}
	return out, nil
}

// Find implements spi.Metadata. Definitions are shared and never changed.
func (k *connector) Find(_ context.Context, _ *spi.Session, snap spi.Snapshot, names []spi.Name) ([]*spi.Table, error) {
	s, err := k.store.at(snap)
	if err != nil {
		return nil, err
	}
	defer s.release()
	out := make([]*spi.Table, len(names))
	for i, n := range names {
		if _, t := s.find(n); t != nil {
			out[i] = t.def
		}
	}
	return out, nil
}
