package functions

import (
	"slices"
	"strings"
	"sync"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// Registry holds functions by name. It is immutable once built and safe for
// concurrent use.
type Registry struct {
	scalars    map[string][]*Scalar
	aggregates map[string][]*Aggregate
}

// Builtins returns the registry of all built-in functions.
func Builtins() *Registry { return builtins() }

var builtins = sync.OnceValue(func() *Registry { return NewRegistry(allScalars(), allAggregates()) })

// NewRegistry returns a registry of these functions.
func NewRegistry(scalars []*Scalar, aggregates []*Aggregate) *Registry {
	r := &Registry{scalars: map[string][]*Scalar{}, aggregates: map[string][]*Aggregate{}}
	for _, s := range scalars {
		for _, n := range append([]string{s.Name}, s.Aliases...) {
			r.scalars[n] = append(r.scalars[n], s)
		}
	}
	for _, a := range aggregates {
		for _, n := range append([]string{a.Name}, a.Aliases...) {
			r.aggregates[n] = append(r.aggregates[n], a)
		}
	}
	return r
}

// Resolved is a scalar call with its types settled. The call's arguments must
// be cast to Args where their types differ.
type Resolved struct {
	Fn         string // the canonical name, for expr.Call.Fn
	Sig        string
	Args       []types.Type
	Return     types.Type
	Volatility Volatility
	Scalar     *Scalar
}

// ResolvedAggregate is an aggregate call with its types settled.
type ResolvedAggregate struct {
	Fn        string
	Sig       string
	Args      []types.Type
	Return    types.Type
	Aggregate *Aggregate
}

// IsOperator reports whether a name is an operator's symbol.
func IsOperator(name string) bool {
	return name != "" && strings.IndexByte("+-*/%=<>|&#~!@^?", name[0]) >= 0
}

// Resolve finds the scalar function or operator that PostgreSQL would call with
// arguments of these types. Errors are 42883 and 42725, without a position.
func (r *Registry) Resolve(name string, args []types.Type) (Resolved, error) {
	list := r.scalars[name]
	cands := make([]candidate, 0, len(list))
	for i, s := range list {
		if c, ok := match(s.Args, s.Variadic, s.Optional, args, i); ok {
			cands = append(cands, c)
		}
	}
	c, err := r.choose(name, args, cands, len(list) > 0)
	if err != nil {
		return Resolved{}, err
	}
	s := list[c.index]
	ret, err := s.Return(c.args)
	if err != nil {
		return Resolved{}, err
	}
	return Resolved{Fn: s.Name, Sig: signature(s.Name, c.args, ret), Args: c.args, Return: ret, Volatility: s.Volatility, Scalar: s}, nil
}

// ResolveAggregate does the same for aggregate functions.
func (r *Registry) ResolveAggregate(name string, args []types.Type) (ResolvedAggregate, error) {
	list := r.aggregates[name]
	cands := make([]candidate, 0, len(list))
	for i, a := range list {
		if c, ok := match(a.Args, a.Variadic, a.Optional, args, i); ok {
			cands = append(cands, c)
		}
	}
	c, err := r.choose(name, args, cands, len(list) > 0)
	if err != nil {
		return ResolvedAggregate{}, err
	}
	a := list[c.index]
	ret, err := a.Return(c.args)
	if err != nil {
		return ResolvedAggregate{}, err
	}
	return ResolvedAggregate{Fn: a.Name, Sig: signature(a.Name, c.args, ret), Args: c.args, Return: ret, Aggregate: a}, nil
}

// Bind returns the kernel of a call whose arguments have exactly these types,
// as Resolve gave them. sig, when not empty, must be what this registry prints
// for it: a plan made by another version is refused.
func (r *Registry) Bind(fn, sig string, args []types.Type) (*Scalar, Kernel, error) {
	res, err := r.Resolve(fn, args)
	if err != nil {
		return nil, nil, err
	}
	if err := checkSig(fn, sig, res.Sig); err != nil {
		return nil, nil, err
	}
	if err := checkArgs(fn, args, res.Args); err != nil {
		return nil, nil, err
	}
	k, err := res.Scalar.Bind(args)
	return res.Scalar, k, err
}

// BindLambda is Bind for a call with lambda arguments.
func (r *Registry) BindLambda(fn, sig string, args []types.Type) (*Scalar, LambdaKernel, error) {
	res, err := r.Resolve(fn, args)
	if err != nil {
		return nil, nil, err
	}
	if err := checkSig(fn, sig, res.Sig); err != nil {
		return nil, nil, err
	}
	if err := checkArgs(fn, args, res.Args); err != nil {
		return nil, nil, err
	}
	k, err := res.Scalar.BindLambda(args)
	return res.Scalar, k, err
}

// checkArgs refuses a call whose arguments were not cast to what was resolved.
func checkArgs(fn string, have, want []types.Type) error {
	for i := range have {
		if have[i].Phys() != want[i].Phys() || have[i].S != want[i].S && have[i].Kind == types.Decimal {
			return sqlerr.Internalf("argument of %s was not converted: has %s, needs %s", fn, have[i], want[i])
		}
	}
	return nil
}

// Accumulator returns an accumulator of an aggregate call whose arguments have
// exactly these types, as ResolveAggregate gave them; sig as in Bind.
func (r *Registry) Accumulator(fn, sig string, args []types.Type, env *Env) (Accumulator, error) {
	res, err := r.ResolveAggregate(fn, args)
	if err != nil {
		return nil, err
	}
	if err := checkSig(fn, sig, res.Sig); err != nil {
		return nil, err
	}
	if err := checkArgs(fn, args, res.Args); err != nil {
		return nil, err
	}
	mk, err := res.Aggregate.Bind(args)
	if err != nil {
		return nil, err
	}
	return mk(env), nil
}

func checkSig(fn, want, have string) error {
	if want != "" && want != have {
		return sqlerr.Internalf("function %s has another signature on this node: plan has %s, node has %s", fn, want, have)
	}
	return nil
}

// IsAggregate reports whether name is an aggregate function.
func (r *Registry) IsAggregate(name string) bool { return len(r.aggregates[name]) > 0 }

// IsScalar reports whether name is a scalar function or operator.
func (r *Registry) IsScalar(name string) bool { return len(r.scalars[name]) > 0 }

// Scalars returns all scalar overloads by name, once each.
func (r *Registry) Scalars() []*Scalar {
	var out []*Scalar
	for _, n := range sortedKeys(r.scalars) {
		for _, s := range r.scalars[n] {
			if s.Name == n {
				out = append(out, s)
			}
		}
	}
	return out
}

// Aggregates returns all aggregate overloads by name, once each.
func (r *Registry) Aggregates() []*Aggregate {
	var out []*Aggregate
	for _, n := range sortedKeys(r.aggregates) {
		for _, a := range r.aggregates[n] {
			if a.Name == n {
				out = append(out, a)
			}
		}
	}
	return out
}

func sortedKeys[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func signature(name string, args []types.Type, ret types.Type) string {
	return name + "(" + typeList(args) + ") " + ret.String()
}

func typeList(ts []types.Type) string {
	var b strings.Builder
	for i, t := range ts {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(t.String())
	}
	return b.String()
}
