package functions

import (
	"math"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// moment is the running state of one group over x, or over y and x: counts,
// sums, and sums of squared distances from the mean, updated so that nothing
// large cancels.
type moment struct {
	n, sx, sxx, sy, syy, sxy float64
}

func (m *moment) add(x, y float64) {
	m.n++
	m.sx += x
	m.sy += y
	if m.n > 1 {
		dx, dy := x*m.n-m.sx, y*m.n-m.sy
		f := 1 / (m.n * (m.n - 1))
		m.sxx += dx * dx * f
		m.syy += dy * dy * f
		m.sxy += dx * dy * f
		return
	}
	// One value has no spread, unless it is not a number.
	m.sxx += x - x
	m.syy += y - y
	m.sxy += (x - x) + (y - y)
}

func (m *moment) merge(o moment) {
	switch {
	case o.n == 0:
		return
	case m.n == 0:
		*m = o
		return
	}
	n := m.n + o.n
	dx, dy := m.sx/m.n-o.sx/o.n, m.sy/m.n-o.sy/o.n
	f := m.n * o.n / n
	m.sxx += o.sxx + f*dx*dx
	m.syy += o.syy + f*dy*dy
	m.sxy += o.sxy + f*dx*dy
	m.n, m.sx, m.sy = n, m.sx+o.sx, m.sy+o.sy
}

// moments is the statistics over floats with one variable or two; args are x, or y and x.
type moments struct {
	vars  int
	st    []moment
	final func(m *moment) (float64, bool)
}

func (s *moments) PartialTypes() []types.Type {
	return []types.Type{float64Type, float64Type, float64Type, float64Type, float64Type, float64Type}
}
func (s *moments) GroupBytes() int { return 48 }
func (s *moments) Variable() bool  { return false }
func (s *moments) Grow(n int)      { s.st = grow(s.st, n) }
func (s *moments) Bytes() int      { return sizeOf(s.st) }
func (s *moments) Reset()          { s.st = nil }

func floatAt(v *page.Vector, i int) float64 {
	if v.Type.Phys() == types.PhysF32 {
		return float64(page.Get[float32](v, i))
	}
	return page.Get[float64](v, i)
}

func (s *moments) Update(r Rows, args []*page.Vector) error {
	for k := range r.Len() {
		i, g := k, 0
		if r.Sel != nil {
			i = int(r.Sel[k])
		}
		if r.Groups != nil {
			g = int(r.Groups[k])
		}
		x, y := args[0], args[0]
		if s.vars == 2 {
			x = args[1]
		}
		if x.IsNull(i) || y.IsNull(i) {
			continue
		}
		before := s.st[g]
		s.st[g].add(floatAt(x, i), floatAt(y, i))
		if m := &s.st[g]; (isInf(m.sx) || isInf(m.sy) || isInf(m.sxx) || isInf(m.syy)) &&
			!isInf(before.sx) && !isInf(before.sy) && !isInf(floatAt(x, i)) && !isInf(floatAt(y, i)) && before.n > 0 {
			return errOverflow()
		}
	}
	return nil
}

func (s *moments) Merge(r Rows, p []*page.Vector) error {
	for k := range r.Len() {
		i, g := k, 0
		if r.Sel != nil {
			i = int(r.Sel[k])
		}
		if r.Groups != nil {
			g = int(r.Groups[k])
		}
		s.st[g].merge(moment{floatAt(p[0], i), floatAt(p[1], i), floatAt(p[2], i), floatAt(p[3], i), floatAt(p[4], i), floatAt(p[5], i)})
	}
	return nil
}

func (s *moments) Partial(ids []int32, pool page.Pool) ([]*page.Vector, error) {
	var cols []func() (*page.Vector, error)
	for c := range 6 {
		cols = append(cols, func() (*page.Vector, error) {
			return finalColumn(float64Type, ids, len(s.st), pool, func(g int) (float64, bool, error) {
				m := &s.st[g]
				return [...]float64{m.n, m.sx, m.sxx, m.sy, m.syy, m.sxy}[c], true, nil
			})
		})
	}
	return together(cols...)
}

func (s *moments) Final(ids []int32, pool page.Pool) (*page.Vector, error) {
	return finalColumn(float64Type, ids, len(s.st), pool, func(g int) (float64, bool, error) {
		x, ok := s.final(&s.st[g])
		return x, ok, nil
	})
}

func floatDispersion(d dispersion) func(m *moment) (float64, bool) {
	return func(m *moment) (float64, bool) {
		n := m.n
		if d.sample {
			n--
		}
		if n <= 0 {
			return 0, false
		}
		if v := m.sxx / n; d.root {
			return math.Sqrt(v), true
		} else {
			return v, true
		}
	}
}

// regressions are the statistics of pairs (y, x).
func regressions() []*Aggregate {
	f8 := types.Float64
	r := func(name, says, result string, f func(m *moment) (float64, bool)) *Aggregate {
		return &Aggregate{Name: name, Args: patterns(f8, f8), Return: returns(f8),
			Doc: Doc{Family: "statistics", Summary: says, Example: "SELECT " + name + "(y, x) FROM (VALUES (1, 1), (3, 2), (5, 3)) t(y, x)", Result: result},
			Bind: func([]types.Type) (func(*Env) Accumulator, error) {
				return func(*Env) Accumulator { return &moments{vars: 2, final: f} }, nil
			}}
	}
	return []*Aggregate{
		r("corr", "The coefficient of correlation.", "1", func(m *moment) (float64, bool) {
			return m.sxy / math.Sqrt(m.sxx*m.syy), m.n > 0 && m.sxx != 0 && m.syy != 0
		}),
		r("covar_pop", "The covariance of a population.", "1.3333333333333333", func(m *moment) (float64, bool) { return m.sxy / m.n, m.n > 0 }),
		r("covar_samp", "The covariance of a sample.", "2", func(m *moment) (float64, bool) { return m.sxy / (m.n - 1), m.n > 1 }),
		r("regr_avgx", "The mean of x.", "2", func(m *moment) (float64, bool) { return m.sx / m.n, m.n > 0 }),
		r("regr_avgy", "The mean of y.", "3", func(m *moment) (float64, bool) { return m.sy / m.n, m.n > 0 }),
		r("regr_sxx", "The sum of squared distances of x from its mean.", "2", func(m *moment) (float64, bool) { return m.sxx, m.n > 0 }),
		r("regr_syy", "The sum of squared distances of y from its mean.", "8", func(m *moment) (float64, bool) { return m.syy, m.n > 0 }),
		r("regr_sxy", "The sum of products of the distances from the means.", "4", func(m *moment) (float64, bool) { return m.sxy, m.n > 0 }),
		r("regr_slope", "The slope of the line of least squares.", "2", func(m *moment) (float64, bool) { return m.sxy / m.sxx, m.n > 0 && m.sxx != 0 }),
		r("regr_intercept", "Where the line of least squares crosses the y axis.", "-1", func(m *moment) (float64, bool) {
			return (m.sy - m.sx*m.sxy/m.sxx) / m.n, m.n > 0 && m.sxx != 0
		}),
		r("regr_r2", "The square of the coefficient of correlation.", "1", func(m *moment) (float64, bool) {
			if m.syy == 0 {
				return 1, m.n > 0 && m.sxx != 0
			}
			return m.sxy * m.sxy / (m.sxx * m.syy), m.n > 0 && m.sxx != 0
		}),
		{Name: "regr_count", Args: patterns(f8, f8), Return: returns(types.Int64),
			Doc: Doc{Family: "statistics", Summary: "The number of pairs without NULL.", Example: "SELECT regr_count(y, x) FROM (VALUES (1, 1), (3, NULL)) t(y, x)", Result: "1"},
			Bind: func([]types.Type) (func(*Env) Accumulator, error) {
				return func(*Env) Accumulator { return &pairCount{} }, nil
			}},
	}
}

// pairCount counts rows where no argument is NULL.
type pairCount struct{ counts }

func (c *pairCount) Update(r Rows, args []*page.Vector) error {
	for k := range r.Len() {
		i, g := k, 0
		if r.Sel != nil {
			i = int(r.Sel[k])
		}
		if r.Groups != nil {
			g = int(r.Groups[k])
		}
		if !args[0].IsNull(i) && !args[1].IsNull(i) {
			c.n[g]++
		}
	}
	return nil
}
