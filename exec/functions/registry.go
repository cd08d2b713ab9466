package functions

import "sync"

// Registry holds functions by name. It is immutable once built and safe for
// concurrent use.
type Registry struct {
	scalars    map[string][]*Scalar
	aggregates map[string][]*Aggregate
}

// Builtins returns the registry of all built-in functions.
func Builtins() *Registry { return builtins() }

var builtins = sync.OnceValue(func() *Registry {
	return &Registry{scalars: map[string][]*Scalar{}, aggregates: map[string][]*Aggregate{}}
})
