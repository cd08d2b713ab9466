package types

import "cmp"

// Compare orders two non-null values of t: negative, zero or positive. Floats
// order NaN last and equal to itself; numerics ignore scale; intervals are
// compared as PostgreSQL does (a month is 30 days, a day 24 hours); nested
// values element by element, NULL elements last.
func Compare(t Type, a, b Value) int {
	switch t.Phys() {
	case PhysF32, PhysF64:
		return compareFloat(a.F, b.F)
	case PhysI128:
		return a.N.Coef.Cmp(b.N.Coef)
	case PhysNum:
		return a.N.Cmp(b.N)
	case PhysIval:
		return a.Iv.Cmp(b.Iv)
	case PhysTimeTZ:
		if c := cmp.Compare(a.I+int64(a.Iv.Days)*1e6, b.I+int64(b.Iv.Days)*1e6); c != 0 {
			return c
		}
		return cmp.Compare(a.Iv.Days, b.Iv.Days)
	case PhysView, PhysB16:
		return cmp.Compare(a.S, b.S)
	case PhysList, PhysStruct:
		return compareNested(t, a, b)
	default:
		return cmp.Compare(a.I, b.I)
	}
}

// SameValue reports whether a and b are not distinct: equal, or both NULL.
func SameValue(t Type, a, b Value) bool {
	if a.Null || b.Null {
		return a.Null && b.Null
	}
	return Compare(t, a, b) == 0
}

func compareFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	case a == a:
		return -1
	case b == b:
		return 1
	}
	return 0
}

func compareNested(t Type, a, b Value) int {
	kids := t.Children()
	for i := 0; i < len(a.L) && i < len(b.L) && len(kids) > 0; i++ {
		x, y := a.L[i], b.L[i]
		switch {
		case x.Null && y.Null:
			continue
		case x.Null:
			return 1
		case y.Null:
			return -1
		}
		if c := Compare(kids[i%len(kids)], x, y); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a.L), len(b.L))
}

// Hash returns the hash of v, equal for values that Compare finds equal.
func Hash(t Type, v Value) uint64 {
	if v.Null {
		return HashNull
	}
	switch t.Phys() {
	case PhysF32, PhysF64:
		return HashFloat64(v.F)
	case PhysI128:
		return HashInt128(v.N.Coef)
	case PhysNum:
		return v.N.Hash()
	case PhysIval:
		return v.Iv.Hash()
	case PhysTimeTZ:
		return HashCombine(HashInt64(v.I+int64(v.Iv.Days)*1e6), HashInt64(int64(v.Iv.Days)))
	case PhysView, PhysB16:
		return HashString(v.S)
	case PhysList, PhysStruct:
		kids := t.Children()
		h := HashInt64(int64(len(v.L)))
		for i, e := range v.L {
			if len(kids) == 0 {
				break
			}
			h = HashCombine(h, Hash(kids[i%len(kids)], e))
		}
		return h
	default:
		return HashInt64(v.I)
	}
}

// Hash returns a hash that is equal for numerics that compare equal.
func (a Num) Hash() uint64 {
	if a.Scale < 0 {
		return HashInt64(int64(a.Scale))
	}
	a = a.Trim()
	return HashCombine(HashInt128(a.Coef), HashInt64(int64(a.Scale)))
}

// Cmp orders two intervals by their length, a month being 30 days.
func (a IntervalValue) Cmp(b IntervalValue) int { return a.span().Cmp(b.span()) }

// Hash returns a hash that is equal for intervals that compare equal.
func (a IntervalValue) Hash() uint64 { return HashInt128(a.span()) }

func (a IntervalValue) span() Int128 {
	days := int64(a.Months)*30 + int64(a.Days)
	return MulInt64(days, microsPerDay).AddInt64(a.Micros)
}
