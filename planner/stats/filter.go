package stats

import (
	"math"
	"strings"

	"github.com/muster-sql/muster/connectors/spi/domain"
	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// filtered estimates the rows that pass a condition and narrows what is known
// of the columns in it.
func (r Rel) filtered(pred expr.Expr) Rel {
	share := r.share(pred)
	out := Rel{Rows: r.Rows * share, Cols: make(map[int]Col, len(r.Cols)), Known: r.Known}
	for id, c := range r.Cols {
		out.Cols[id] = c
	}
	implied, _ := domain.Implied(pred)
	for id, set := range implied {
		out.Cols[id] = narrowed(out.Cols[id], set)
	}
	// A value that occurs often stays when few rows do: distinct values shrink as
	// draws from an urn.
	for id, c := range out.Cols {
		if c.Distinct > 0 && r.Rows > 0 && share < 1 {
			perValue := r.Rows / c.Distinct
			left := c.Distinct * (1 - math.Pow(1-share, perValue))
			if _, named := implied[id]; named {
				left = min(left, c.Distinct)
			}
			c.Distinct = max(min(left, out.Rows), min(c.Distinct, 1))
			out.Cols[id] = c
		}
	}
	return out
}

// narrowed applies a set of values to a column.
func narrowed(c Col, s domain.Set) Col {
	if vals, ok := s.Values(); ok && len(vals) > 0 {
		if c.Distinct == 0 || c.Distinct > float64(len(vals)) {
			c.Distinct = float64(len(vals))
		}
		c.Min, c.Max = &vals[0], &vals[len(vals)-1]
	} else if span, ok := s.Span(); ok {
		if !span.Lo.Inf && (c.Min == nil || types.Compare(s.Type, *c.Min, span.Lo.Val) < 0) {
			v := span.Lo.Val
			c.Min = &v
		}
		if !span.Hi.Inf && (c.Max == nil || types.Compare(s.Type, *c.Max, span.Hi.Val) > 0) {
			v := span.Hi.Val
			c.Max = &v
		}
	}
	if !s.Null {
		c.NullFrac = 0
	}
	return c
}

// share is the part of the rows for which a condition is true.
func (r Rel) share(e expr.Expr) float64 {
	switch e := e.(type) {
	case *expr.Const:
		if e.Val.Null || e.Val.I == 0 {
			return 0
		}
		return 1
	case *expr.Logic:
		return r.logicShare(e)
	case *expr.Call:
		return r.callShare(e)
	case *expr.In:
		return r.inShare(e)
	case *expr.IsNull:
		if c, ok := e.Arg.(*expr.Column); ok {
			return r.Cols[c.Index].NullFrac
		}
		return equalUnknown
	}
	return filterUnknown
}

func (r Rel) logicShare(e *expr.Logic) float64 {
	switch e.Op {
	case expr.Not:
		return clamp(1 - r.share(e.Args[0]))
	case expr.Or:
		miss := 1.0
		for _, a := range e.Args {
			miss *= 1 - r.share(a)
		}
		return clamp(1 - miss)
	}
	return r.andShare(e.Args)
}

// andShare multiplies, but takes the two ends of a range of one column together.
func (r Rel) andShare(args []expr.Expr) float64 {
	out := 1.0
	ranges := map[int]domain.Tuple{}
	for _, a := range args {
		t, exact := domain.Implied(a)
		if exact && len(t) == 1 && isRange(a) {
			for id := range t {
				ranges[id] = ranges[id].Intersect(t)
			}
			continue
		}
		out *= r.share(a)
	}
	for id, t := range ranges {
		out *= r.setShare(r.Cols[id], t[id])
	}
	return clamp(out)
}

func isRange(e expr.Expr) bool {
	c, ok := e.(*expr.Call)
	return ok && (c.Fn == "<" || c.Fn == "<=" || c.Fn == ">" || c.Fn == ">=")
}

func (r Rel) callShare(e *expr.Call) float64 {
	if t, _ := domain.Implied(e); len(t) == 1 {
		for id, s := range t {
			return r.setShare(r.Cols[id], s)
		}
	}
	if len(e.Args) != 2 {
		return filterUnknown
	}
	switch e.Fn {
	case "=":
		return r.equalShare(e.Args[0], e.Args[1])
	case "<>":
		return clamp(1 - r.equalShare(e.Args[0], e.Args[1]))
	case "<", "<=", ">", ">=":
		return rangeUnknown
	case "like", "ilike":
		return likeShare(e.Args[1])
	}
	return filterUnknown
}

func (r Rel) equalShare(a, b expr.Expr) float64 {
	x, y := r.of(a), r.of(b)
	d := max(x.Distinct, y.Distinct)
	if d <= 1 {
		return equalUnknown
	}
	return 1 / d
}

func likeShare(pattern expr.Expr) float64 {
	c, ok := pattern.(*expr.Const)
	if !ok || c.Val.Null {
		return likeContains
	}
	switch p := c.Val.S; {
	case p == "%":
		return 1
	case strings.HasPrefix(p, "%"):
		return likeContains
	case strings.ContainsAny(p, "%_"):
		return likePrefix
	}
	return equalUnknown / 10
}

func (r Rel) inShare(e *expr.In) float64 {
	c := r.of(e.Arg)
	n := float64(len(e.List))
	if c.Distinct > 0 {
		return clamp(n / c.Distinct)
	}
	return clamp(n * equalUnknown)
}

// setShare is the part of a column's values that is in a set.
func (r Rel) setShare(c Col, s domain.Set) float64 {
	if s.IsNone() {
		return 0
	}
	if vals, ok := s.Values(); ok {
		if c.Distinct > 0 {
			return clamp(float64(len(vals)) / c.Distinct)
		}
		return clamp(equalUnknown * float64(len(vals)))
	}
	share, known := 0.0, true
	for _, g := range s.Ranges {
		part, ok := rangeShare(c, s.Type, g)
		share, known = share+part, known && ok
	}
	if !known {
		if len(s.Ranges) > 1 && c.Distinct > 0 {
			return clamp(1 - 1/c.Distinct) // everything but a value
		}
		return rangeUnknown
	}
	return clamp(share * (1 - c.NullFrac))
}

// rangeShare interpolates between the least and the greatest value.
func rangeShare(c Col, t types.Type, g domain.Range) (float64, bool) {
	if c.Min == nil || c.Max == nil {
		return 0, false
	}
	lo, ok1 := number(t, *c.Min)
	hi, ok2 := number(t, *c.Max)
	if !ok1 || !ok2 {
		return 0, false
	}
	from, to := lo, hi
	if !g.Lo.Inf {
		v, _ := number(t, g.Lo.Val)
		from = max(from, v)
	}
	if !g.Hi.Inf {
		v, _ := number(t, g.Hi.Val)
		to = min(to, v)
	}
	if from > to {
		return 0, true
	}
	if hi <= lo {
		return 1, true
	}
	return max((to-from)/(hi-lo), 1e-9), true
}

// number maps a value to the line, where its type has one.
func number(t types.Type, v types.Value) (float64, bool) {
	switch t.Phys() {
	case types.PhysF32, types.PhysF64:
		return v.F, true
	case types.PhysI16, types.PhysI32, types.PhysU32, types.PhysI64:
		return float64(v.I), true
	case types.PhysI128:
		return float64(v.N.Coef.Hi)*math.Pow(2, 64) + float64(v.N.Coef.Lo), true
	}
	return 0, false
}

func clamp(x float64) float64 { return min(max(x, 0), 1) }
