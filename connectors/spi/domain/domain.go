// Package domain owns sets of values of one column as ranges: what statistics,
// partitions, key ranges and dynamic filters are compared with. Connectors
// prune with it, the optimizer derives it from filters, join builds publish
// it. It knows values and types only.
package domain

import (
	"slices"

	"github.com/muster-sql/muster/connectors/spi/types"
)

// Bound is an end of a range. An unbounded end has Inf set.
type Bound struct {
	Val       types.Value
	Inclusive bool
	Inf       bool
}

// Range is an interval of non-null values.
type Range struct{ Lo, Hi Bound }

// Set is a set of values of one type: the union of disjoint ranges in
// ascending order, and NULL or not. Bloom, when not nil, narrows it further to
// values that it may contain. The zero Set of a type is empty.
type Set struct {
	Type   types.Type
	Ranges []Range
	Null   bool
	Bloom  *Bloom
}

// All returns the set of every value, NULL included.
func All(t types.Type) Set {
	return Set{Type: t, Null: true, Ranges: []Range{{Lo: Bound{Inf: true}, Hi: Bound{Inf: true}}}}
}

// NotNull returns the set of every value but NULL.
func NotNull(t types.Type) Set {
	s := All(t)
	s.Null = false
	return s
}

// None returns the empty set.
func None(t types.Type) Set { return Set{Type: t} }

// Of returns the set of exactly these non-null values.
func Of(t types.Type, vals ...types.Value) Set {
	s := Set{Type: t}
	sorted := slices.Clone(vals)
	slices.SortFunc(sorted, func(a, b types.Value) int { return types.Compare(t, a, b) })
	for i, v := range sorted {
		if i > 0 && types.Compare(t, sorted[i-1], v) == 0 {
			continue
		}
		b := Bound{Val: v, Inclusive: true}
		s.Ranges = append(s.Ranges, Range{Lo: b, Hi: b})
	}
	return s
}

// Between returns the set of one range.
func Between(t types.Type, lo, hi Bound) Set {
	s := Set{Type: t}
	if r := (Range{lo, hi}); !r.empty(t) {
		s.Ranges = []Range{r}
	}
	return s
}

func (r Range) empty(t types.Type) bool {
	if r.Lo.Inf || r.Hi.Inf {
		return false
	}
	c := types.Compare(t, r.Lo.Val, r.Hi.Val)
	return c > 0 || c == 0 && !(r.Lo.Inclusive && r.Hi.Inclusive)
}

// IsNone reports whether no value is in s.
func (s Set) IsNone() bool { return len(s.Ranges) == 0 && !s.Null }

// IsAll reports whether every value is in s.
func (s Set) IsAll() bool {
	return s.Null && s.Bloom == nil && len(s.Ranges) == 1 && s.Ranges[0].Lo.Inf && s.Ranges[0].Hi.Inf
}

// Values returns the members when s is a finite list of single values without
// NULL and without a Bloom filter; ok says whether it is.
func (s Set) Values() (vals []types.Value, ok bool) {
	if s.Null || s.Bloom != nil {
		return nil, false
	}
	for _, r := range s.Ranges {
		if r.Lo.Inf || r.Hi.Inf || types.Compare(s.Type, r.Lo.Val, r.Hi.Val) != 0 {
			return nil, false
		}
		vals = append(vals, r.Lo.Val)
	}
	return vals, true
}

// Span returns the smallest single range around s; ok is false when s has no range.
func (s Set) Span() (Range, bool) {
	if len(s.Ranges) == 0 {
		return Range{}, false
	}
	return Range{Lo: s.Ranges[0].Lo, Hi: s.Ranges[len(s.Ranges)-1].Hi}, true
}

// Contains reports whether v may be in s: exact but for the Bloom filter.
func (s Set) Contains(v types.Value) bool {
	if v.Null {
		return s.Null
	}
	i, found := slices.BinarySearchFunc(s.Ranges, v, func(r Range, v types.Value) int {
		if !r.Hi.Inf {
			if c := types.Compare(s.Type, r.Hi.Val, v); c < 0 || c == 0 && !r.Hi.Inclusive {
				return -1
			}
		}
		if !r.Lo.Inf {
			if c := types.Compare(s.Type, r.Lo.Val, v); c > 0 || c == 0 && !r.Lo.Inclusive {
				return 1
			}
		}
		return 0
	})
	_ = i
	return found && (s.Bloom == nil || s.Bloom.MayContain(types.Hash(s.Type, v)))
}

// Overlaps reports whether some value of [min, max] may be in s. Null says
// whether the column may hold NULLs there.
func (s Set) Overlaps(lo, hi Bound, null bool) bool {
	if null && s.Null {
		return true
	}
	for _, r := range s.Ranges {
		if !(Range{maxLo(s.Type, r.Lo, lo), minHi(s.Type, r.Hi, hi)}).empty(s.Type) {
			return true
		}
	}
	return false
}

func maxLo(t types.Type, a, b Bound) Bound {
	switch {
	case a.Inf:
		return b
	case b.Inf:
		return a
	}
	if c := types.Compare(t, a.Val, b.Val); c > 0 || c == 0 && !a.Inclusive {
		return a
	}
	return b
}

func minHi(t types.Type, a, b Bound) Bound {
	switch {
	case a.Inf:
		return b
	case b.Inf:
		return a
	}
	if c := types.Compare(t, a.Val, b.Val); c < 0 || c == 0 && !a.Inclusive {
		return a
	}
	return b
}

// Intersect returns the values in both. Of two Bloom filters that of s stays.
func (s Set) Intersect(o Set) Set {
	out := Set{Type: s.Type, Null: s.Null && o.Null, Bloom: s.Bloom}
	if out.Bloom == nil {
		out.Bloom = o.Bloom
	}
	for i, j := 0, 0; i < len(s.Ranges) && j < len(o.Ranges); {
		a, b := s.Ranges[i], o.Ranges[j]
		if r := (Range{maxLo(s.Type, a.Lo, b.Lo), minHi(s.Type, a.Hi, b.Hi)}); !r.empty(s.Type) {
			out.Ranges = append(out.Ranges, r)
		}
		if endsFirst(s.Type, a.Hi, b.Hi) {
			i++
		} else {
			j++
		}
	}
	return out
}

func endsFirst(t types.Type, a, b Bound) bool {
	switch {
	case a.Inf:
		return false
	case b.Inf:
		return true
	}
	c := types.Compare(t, a.Val, b.Val)
	return c < 0 || c == 0 && !a.Inclusive
}

// Union returns the values in either; Bloom filters are dropped.
func (s Set) Union(o Set) Set {
	out := Set{Type: s.Type, Null: s.Null || o.Null}
	all := append(slices.Clone(s.Ranges), o.Ranges...)
	slices.SortFunc(all, func(a, b Range) int { return compareLo(s.Type, a.Lo, b.Lo) })
	for _, r := range all {
		n := len(out.Ranges)
		if n > 0 && touches(s.Type, out.Ranges[n-1].Hi, r.Lo) {
			if endsFirst(s.Type, out.Ranges[n-1].Hi, r.Hi) {
				out.Ranges[n-1].Hi = r.Hi
			}
			continue
		}
		out.Ranges = append(out.Ranges, r)
	}
	return out
}

func compareLo(t types.Type, a, b Bound) int {
	switch {
	case a.Inf && b.Inf:
		return 0
	case a.Inf:
		return -1
	case b.Inf:
		return 1
	}
	c := types.Compare(t, a.Val, b.Val)
	if c == 0 && a.Inclusive != b.Inclusive {
		if a.Inclusive {
			return -1
		}
		return 1
	}
	return c
}

func touches(t types.Type, hi, lo Bound) bool {
	if hi.Inf || lo.Inf {
		return true
	}
	c := types.Compare(t, hi.Val, lo.Val)
	return c > 0 || c == 0 && (hi.Inclusive || lo.Inclusive)
}

// Complement returns the values not in s; Bloom filters cannot be inverted, so
// ok is false when s has one.
func (s Set) Complement() (out Set, ok bool) {
	if s.Bloom != nil {
		return Set{}, false
	}
	out = Set{Type: s.Type, Null: !s.Null}
	lo := Bound{Inf: true}
	for _, r := range s.Ranges {
		if !r.Lo.Inf {
			out.Ranges = append(out.Ranges, Range{lo, Bound{Val: r.Lo.Val, Inclusive: !r.Lo.Inclusive}})
		}
		if r.Hi.Inf {
			return out.prune(), true
		}
		lo = Bound{Val: r.Hi.Val, Inclusive: !r.Hi.Inclusive}
	}
	out.Ranges = append(out.Ranges, Range{lo, Bound{Inf: true}})
	return out.prune(), true
}

func (s Set) prune() Set {
	s.Ranges = slices.DeleteFunc(s.Ranges, func(r Range) bool { return r.empty(s.Type) })
	return s
}

// Simplify returns a superset of s with at most n ranges: the whole span when
// there are more.
func (s Set) Simplify(n int) Set {
	if len(s.Ranges) <= n {
		return s
	}
	r, _ := s.Span()
	s.Ranges = []Range{r}
	return s
}

// Tuple is a conjunction: for each column (by index of a scan's table columns) the
// values it may have. A column that is not there may have any.
type Tuple map[int]Set

// IsNone reports whether some column has no possible value.
func (t Tuple) IsNone() bool {
	for _, s := range t {
		if s.IsNone() {
			return true
		}
	}
	return false
}

// Intersect returns the conjunction of both.
func (t Tuple) Intersect(o Tuple) Tuple {
	out := Tuple{}
	for c, s := range t {
		out[c] = s
	}
	for c, s := range o {
		if have, ok := out[c]; ok {
			s = have.Intersect(s)
		}
		out[c] = s
	}
	return out
}
