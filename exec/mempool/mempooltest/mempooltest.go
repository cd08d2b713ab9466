// Package mempooltest owns the checked pool of tests: it fails the test that
// leaks. Tests of everything that allocates pages call it.
package mempooltest

import (
	"testing"

	"github.com/muster-sql/muster/exec/mempool"
)

// New returns a pool without a limit that fails t when bytes are left at its end.
func New(t testing.TB) *mempool.Pool { return WithLimit(t, 0) }

// WithLimit returns a pool of a query of at most limitBytes that fails t when
// bytes are left at its end.
func WithLimit(t testing.TB, limitBytes int64) *mempool.Pool {
	t.Helper()
	node := mempool.NewNode(mempool.Options{Name: "test"})
	q := node.Query(t.Context(), mempool.QueryOptions{ID: t.Name(), LimitBytes: limitBytes})
	t.Cleanup(func() {
		if err := q.Close(); err != nil {
			t.Errorf("leak: %v", err)
		}
	})
	return q
}
