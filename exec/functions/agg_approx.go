package functions

import (
	wire "encoding/binary"
	"math"
	"slices"

	"github.com/axiomhq/hyperloglog"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/kernel"
)

func approximations() []*Aggregate {
	f8 := types.Float64
	return []*Aggregate{
		{Name: "approx_distinct", Aliases: []string{"approx_count_distinct"}, Args: []Pattern{Any()}, Return: returns(types.Int64), DistinctNoop: true,
			Doc: Doc{Family: "aggregate", Summary: "About how many different values there are; the standard error is 0.8 %.", Example: "SELECT approx_distinct(a) FROM (VALUES (1), (2), (2)) t(a)", Result: "2"},
			Bind: func([]types.Type) (func(*Env) Accumulator, error) {
				return func(*Env) Accumulator { return &sketches{} }, nil
			}},
		{Name: "approx_percentile", Aliases: []string{"approx_quantile"}, Args: patterns(f8, f8), Return: returns(f8),
			Doc: Doc{Family: "aggregate", Summary: "About the value at a fraction of the ordered values.", Example: "SELECT approx_percentile(a, 0.5) FROM (VALUES (1), (2), (3)) t(a)", Result: "2"},
			Bind: func([]types.Type) (func(*Env) Accumulator, error) {
				return func(*Env) Accumulator { return &digests{} }, nil
			}},
	}
}

// sketches is approx_distinct: a HyperLogLog sketch a group.
type sketches struct {
	st   []*hyperloglog.Sketch
	n    []int32 // values put in, as far as a sketch is sparse
	hash kernel.Hasher
	hs   []uint64
}

// A sketch keeps few values as they are and turns dense after about sparseMax.
const (
	sparseMax  = 4 << 10
	denseBytes = 16<<10 + 128
)

var byteaType = types.Of(types.Bytea)

func (s *sketches) PartialTypes() []types.Type { return []types.Type{byteaType} }
func (s *sketches) GroupBytes() int            { return 1 << 10 }
func (s *sketches) Variable() bool             { return true }
func (s *sketches) Grow(n int)                 { s.st, s.n = grow(s.st, n), grow(s.n, n) }
func (s *sketches) Reset()                     { *s = sketches{} }

func (s *sketches) Bytes() int {
	total := sizeOf(s.st) + sizeOf(s.n) + sizeOf(s.hs)
	for g, n := range s.n {
		if s.st[g] != nil {
			total += 512 + min(8*int(n), denseBytes)
		}
	}
	return total
}

func (s *sketches) of(g int) *hyperloglog.Sketch {
	if s.st[g] == nil {
		s.st[g] = hyperloglog.New14()
	}
	return s.st[g]
}

func (s *sketches) Update(r Rows, args []*page.Vector) error {
	n := r.Len()
	if cap(s.hs) < n {
		s.hs = make([]uint64, max(n, page.RowsMax))
	}
	s.hash.Columns(args[:1], r.N, r.Sel, s.hs[:n])
	for k, h := range s.hs[:n] {
		i, g := k, 0
		if r.Sel != nil {
			i = int(r.Sel[k])
		}
		if r.Groups != nil {
			g = int(r.Groups[k])
		}
		if !args[0].IsNull(i) {
			// Spread once more: the sketch wants every bit random.
			s.of(g).InsertHash(types.HashInt64(int64(h)))
			s.n[g] = min(s.n[g]+1, sparseMax)
		}
	}
	return nil
}

func (s *sketches) Merge(r Rows, partial []*page.Vector) error {
	for k := range r.Len() {
		i, g := k, 0
		if r.Sel != nil {
			i = int(r.Sel[k])
		}
		if r.Groups != nil {
			g = int(r.Groups[k])
		}
		if partial[0].IsNull(i) {
			continue
		}
		var o hyperloglog.Sketch
		if err := o.UnmarshalBinary(partial[0].Str(i)); err != nil {
			return sqlerr.Wrap(sqlerr.DataCorrupted, err, "state of approx_distinct cannot be read")
		}
		s.n[g] = sparseMax
		if err := s.of(g).Merge(&o); err != nil {
			return sqlerr.Wrap(sqlerr.DataCorrupted, err, "states of approx_distinct cannot be merged")
		}
	}
	return nil
}

func (s *sketches) Partial(ids []int32, pool page.Pool) ([]*page.Vector, error) {
	n := outputs(ids, len(s.st))
	b := page.NewBuilder(byteaType, n, pool)
	for k := range n {
		sk := s.st[groupAt(ids, k)]
		if sk == nil {
			b.AppendNull()
			continue
		}
		data, err := sk.MarshalBinary()
		if err != nil {
			b.Release()
			return nil, err
		}
		b.AppendBytes(data)
	}
	return one(b.Finish())
}

func (s *sketches) Final(ids []int32, pool page.Pool) (*page.Vector, error) {
	return finalColumn(int64Type, ids, len(s.st), pool, func(g int) (int64, bool, error) {
		if s.st[g] == nil {
			return 0, true, nil
		}
		return int64(s.st[g].Estimate()), true, nil
	})
}

// digest is a t-digest: weighted means, finest at both ends.
type digest struct {
	means, weights []float64
	fresh          []float64 // not yet merged in
	sorted         bool      // means are merged and in order
	frac           float64
}

const (
	digestFresh       = 256
	digestCompression = 200
)

func (d *digest) add(x float64) {
	d.fresh = append(d.fresh, x)
	if len(d.fresh) == digestFresh {
		d.compress()
	}
}

// compress merges neighbours while a bucket stays within its share of the scale.
func (d *digest) compress() {
	for _, x := range d.fresh {
		d.means, d.weights = append(d.means, x), append(d.weights, 1)
	}
	if len(d.fresh) == 0 && d.sorted || len(d.means) == 0 {
		return
	}
	d.fresh, d.sorted = d.fresh[:0], true
	order := make([]int, len(d.means))
	total := 0.0
	for i, w := range d.weights {
		order[i] = i
		total += w
	}
	slices.SortFunc(order, func(a, b int) int { return floats3(d.means[a], d.means[b]) })
	scale := func(q float64) float64 { return digestCompression / (2 * math.Pi) * math.Asin(2*min(q, 1)-1) }
	var means, weights []float64
	mean, weight, done, from := d.means[order[0]], d.weights[order[0]], 0.0, scale(0)
	for _, i := range order[1:] {
		m, w := d.means[i], d.weights[i]
		if scale((done+weight+w)/total)-from <= 1 {
			mean += (m - mean) * w / (weight + w)
			weight += w
			continue
		}
		means, weights = append(means, mean), append(weights, weight)
		done += weight
		from, mean, weight = scale(done/total), m, w
	}
	d.means, d.weights = append(means, mean), append(weights, weight)
}

// quantile returns the value at fraction q, interpolating between means.
func (d *digest) quantile(q float64) float64 {
	d.compress()
	total := 0.0
	for _, w := range d.weights {
		total += w
	}
	at, done := q*total, 0.0
	for i, w := range d.weights {
		mid := done + w/2
		if at <= mid || i == len(d.weights)-1 {
			if i == 0 || at >= mid {
				return d.means[i]
			}
			prev := done - d.weights[i-1]/2
			return d.means[i-1] + (d.means[i]-d.means[i-1])*(at-prev)/(mid-prev)
		}
		done += w
	}
	return math.NaN()
}

// digests is approx_percentile.
type digests struct {
	st []digest
}

func (s *digests) PartialTypes() []types.Type { return []types.Type{byteaType, float64Type} }
func (s *digests) GroupBytes() int            { return 8 << 10 }
func (s *digests) Variable() bool             { return false }
func (s *digests) Grow(n int)                 { s.st = grow(s.st, n) }
func (s *digests) Bytes() int {
	n := sizeOf(s.st)
	for i := range s.st {
		n += 8 * (cap(s.st[i].means) + cap(s.st[i].weights) + cap(s.st[i].fresh))
	}
	return n
}
func (s *digests) Reset() { *s = digests{} }

func (s *digests) Update(r Rows, args []*page.Vector) error {
	for k := range r.Len() {
		i, g := k, 0
		if r.Sel != nil {
			i = int(r.Sel[k])
		}
		if r.Groups != nil {
			g = int(r.Groups[k])
		}
		if args[0].IsNull(i) || args[1].IsNull(i) {
			continue
		}
		d := &s.st[g]
		if d.frac = page.Get[float64](args[1], i); !(d.frac >= 0 && d.frac <= 1) {
			return sqlerr.New(sqlerr.InvalidParameterValue, "percentile must be between 0 and 1: %v", d.frac)
		}
		d.add(page.Get[float64](args[0], i))
	}
	return nil
}

func (s *digests) Merge(r Rows, partial []*page.Vector) error {
	for k := range r.Len() {
		i, g := k, 0
		if r.Sel != nil {
			i = int(r.Sel[k])
		}
		if r.Groups != nil {
			g = int(r.Groups[k])
		}
		if partial[0].IsNull(i) {
			continue
		}
		d, data := &s.st[g], partial[0].Str(i)
		if len(data)%16 != 0 {
			return sqlerr.New(sqlerr.DataCorrupted, "state of approx_percentile cannot be read")
		}
		d.frac = page.Get[float64](partial[1], i)
		for ; len(data) > 0; data = data[16:] {
			d.means = append(d.means, math.Float64frombits(wire.LittleEndian.Uint64(data)))
			d.weights = append(d.weights, math.Float64frombits(wire.LittleEndian.Uint64(data[8:])))
		}
		d.sorted = false
		d.compress()
	}
	return nil
}

func (s *digests) Partial(ids []int32, pool page.Pool) ([]*page.Vector, error) {
	n := outputs(ids, len(s.st))
	b := page.NewBuilder(byteaType, n, pool)
	fracs := make([]float64, len(s.st))
	for k := range n {
		d := &s.st[groupAt(ids, k)]
		d.compress()
		if len(d.means) == 0 {
			b.AppendNull()
			continue
		}
		var data []byte
		for i, m := range d.means {
			data = wire.LittleEndian.AppendUint64(data, math.Float64bits(m))
			data = wire.LittleEndian.AppendUint64(data, math.Float64bits(d.weights[i]))
		}
		b.AppendBytes(data)
	}
	for g := range s.st {
		fracs[g] = s.st[g].frac
	}
	return together(b.Finish, func() (*page.Vector, error) { return column(float64Type, ids, fracs, nil, pool) })
}

func (s *digests) Final(ids []int32, pool page.Pool) (*page.Vector, error) {
	return finalColumn(float64Type, ids, len(s.st), pool, func(g int) (float64, bool, error) {
		d := &s.st[g]
		d.compress()
		if len(d.means) == 0 {
			return 0, false, nil
		}
		return d.quantile(d.frac), true, nil
	})
}
