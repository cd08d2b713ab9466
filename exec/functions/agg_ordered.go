package functions

import (
	"math"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/kernel"
)

// percentile holds the values of an ordered-set aggregate, which come sorted:
// the operator sorts the input of a call with an order. Argument 0 is the value,
// argument 1 the fraction.
type percentile struct {
	store valueStore
	out   types.Type
	frac  []float64
	final func(s *percentile, g int, b *page.Builder)
}

func (s *percentile) PartialTypes() []types.Type {
	return []types.Type{types.ArrayOf(s.store.typ), float64Type}
}
func (s *percentile) GroupBytes() int { return 24 }
func (s *percentile) Variable() bool  { return true }
func (s *percentile) Grow(n int)      { s.store.grow(n); s.frac = grow(s.frac, n) }
func (s *percentile) Bytes() int      { return s.store.size() + sizeOf(s.frac) }
func (s *percentile) Reset() {
	*s = percentile{store: valueStore{typ: s.store.typ}, out: s.out, final: s.final}
}

func (s *percentile) Update(r Rows, args []*page.Vector) error {
	kept := r
	if args[0].MayHaveNulls() {
		kept.Sel, kept.Groups = notNull(r, args[0])
	}
	if len(args) > 1 {
		for k := range kept.Len() {
			i, g := k, 0
			if kept.Sel != nil {
				i = int(kept.Sel[k])
			}
			if kept.Groups != nil {
				g = int(kept.Groups[k])
			}
			f := math.NaN()
			if !args[1].IsNull(i) {
				if f = page.Get[float64](args[1], i); !(f >= 0 && f <= 1) {
					return sqlerr.New(sqlerr.NumericValueOutOfRange, "percentile value %v is not between 0 and 1", f)
				}
			}
			s.frac[g] = f
		}
	}
	return s.store.add(kept, args[0])
}

// notNull lists the rows where v is not null and their groups.
func notNull(r Rows, v *page.Vector) (sel, groups []int32) {
	sel = []int32{}
	for k := range r.Len() {
		i := k
		if r.Sel != nil {
			i = int(r.Sel[k])
		}
		if v.IsNull(i) {
			continue
		}
		sel = append(sel, int32(i))
		if r.Groups != nil {
			groups = append(groups, r.Groups[k])
		}
	}
	if r.Groups != nil && groups == nil {
		groups = []int32{}
	}
	return sel, groups
}

func (s *percentile) Merge(r Rows, partial []*page.Vector) error {
	for k := range r.Len() {
		i, g := k, 0
		if r.Sel != nil {
			i = int(r.Sel[k])
		}
		if r.Groups != nil {
			g = int(r.Groups[k])
		}
		if !partial[0].IsNull(i) {
			s.frac[g] = page.Get[float64](partial[1], i)
		}
	}
	return s.store.addLists(r, partial[0])
}

func (s *percentile) Partial(ids []int32, pool page.Pool) ([]*page.Vector, error) {
	return together(
		func() (*page.Vector, error) { return s.store.lists(ids, pool) },
		func() (*page.Vector, error) { return column(float64Type, ids, s.frac, nil, pool) })
}

func (s *percentile) Final(ids []int32, pool page.Pool) (*page.Vector, error) {
	n := outputs(ids, len(s.frac))
	b := page.NewBuilder(s.out, n, pool)
	for k := range n {
		g := groupAt(ids, k)
		if s.store.count[g] == 0 || s.frac[g] != s.frac[g] {
			b.AppendNull()
			continue
		}
		s.final(s, g, b)
	}
	return b.Finish()
}

// finalCont interpolates between the two neighbours of the place.
func finalCont(s *percentile, g int, b *page.Builder) {
	at := s.frac[g] * float64(s.store.count[g]-1)
	lo := int64(math.Floor(at))
	var a, c float64
	n := int64(0)
	s.store.each(g, func(v *page.Vector, i int) {
		if n == lo {
			a, c = page.Get[float64](v, i), page.Get[float64](v, i)
		} else if n == lo+1 {
			c = page.Get[float64](v, i)
		}
		n++
	})
	if part := at - float64(lo); part > 0 {
		a += part * (c - a)
	}
	page.Append(b, a)
}

func finalDisc(s *percentile, g int, b *page.Builder) {
	at := max(int64(math.Ceil(s.frac[g]*float64(s.store.count[g]))), 1) - 1
	n := int64(0)
	s.store.each(g, func(v *page.Vector, i int) {
		if n == at {
			b.AppendFrom(v, i)
		}
		n++
	})
}

// finalMode takes the first of the longest runs of equal values.
func finalMode(s *percentile, g int, b *page.Builder) {
	var best, last setElement
	most, run := 0, 0
	s.store.each(g, func(v *page.Vector, i int) {
		if last.v != nil && kernel.CompareSlots(last.v, last.i, v, i) == 0 {
			run++
		} else {
			last, run = setElement{v, i}, 1
		}
		if run > most {
			best, most = last, run
		}
	})
	b.AppendFrom(best.v, best.i)
}

// pairAggregates are min_by and max_by.
func pairAggregates() []*Aggregate {
	by := func(name, says, example, result string, want int) *Aggregate {
		return &Aggregate{Name: name, Doc: Doc{Family: "aggregate", Summary: says, Example: example, Result: result},
			Args: []Pattern{Elem(0), Elem(1)}, Return: func(args []types.Type) (types.Type, error) {
				_, err := orderedType("")([]types.Type{args[1]})
				return args[0], err
			},
			Bind: func(ts []types.Type) (func(*Env) Accumulator, error) {
				return func(*Env) Accumulator { return &pairState{x: ts[0], y: ts[1], want: want} }, nil
			}}
	}
	return []*Aggregate{
		by("min_by", "The value of the row where another one is least.", "SELECT min_by(a, b) FROM (VALUES ('x', 2), ('y', 1)) t(a, b)", "y", -1),
		by("max_by", "The value of the row where another one is greatest.", "SELECT max_by(a, b) FROM (VALUES ('x', 2), ('y', 1)) t(a, b)", "x", 1),
	}
}

// pairState keeps a value and the key that won, one a group.
type pairState struct {
	x, y types.Type
	want int
	val  []types.Value
	key  []types.Value
	held int
}

func (s *pairState) PartialTypes() []types.Type { return []types.Type{s.x, s.y} }
func (s *pairState) GroupBytes() int            { return 2 * valueBytes }
func (s *pairState) Variable() bool             { return true }
func (s *pairState) Bytes() int                 { return sizeOf(s.val) + sizeOf(s.key) + s.held }
func (s *pairState) Reset()                     { *s = pairState{x: s.x, y: s.y, want: s.want} }

func (s *pairState) Grow(n int) {
	old := len(s.key)
	s.val, s.key = grow(s.val, n), grow(s.key, n)
	for i := old; i < len(s.key); i++ {
		s.val[i], s.key[i] = types.NullValue, types.NullValue
	}
}

func (s *pairState) Update(r Rows, args []*page.Vector) error {
	for k := range r.Len() {
		i, g := k, 0
		if r.Sel != nil {
			i = int(r.Sel[k])
		}
		if r.Groups != nil {
			g = int(r.Groups[k])
		}
		if args[1].IsNull(i) {
			continue
		}
		y := args[1].Value(i)
		if !s.key[g].Null && types.Compare(s.y, y, s.key[g])*s.want <= 0 {
			continue
		}
		x := args[0].Value(i)
		s.held += valueSize(x) + valueSize(y) - valueSize(s.val[g]) - valueSize(s.key[g])
		s.val[g], s.key[g] = x, y
	}
	return nil
}

func (s *pairState) Merge(r Rows, partial []*page.Vector) error { return s.Update(r, partial) }

func valueColumn(t types.Type, ids []int32, st []types.Value, pool page.Pool) (*page.Vector, error) {
	b := page.NewBuilder(t, outputs(ids, len(st)), pool)
	for k := range outputs(ids, len(st)) {
		b.AppendValue(st[groupAt(ids, k)])
	}
	return b.Finish()
}

func (s *pairState) Partial(ids []int32, pool page.Pool) ([]*page.Vector, error) {
	return together(
		func() (*page.Vector, error) { return valueColumn(s.x, ids, s.val, pool) },
		func() (*page.Vector, error) { return valueColumn(s.y, ids, s.key, pool) })
}

func (s *pairState) Final(ids []int32, pool page.Pool) (*page.Vector, error) {
	return valueColumn(s.x, ids, s.val, pool)
}
