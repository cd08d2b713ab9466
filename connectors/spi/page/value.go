package page

import "github.com/muster-sql/muster/connectors/spi/types"

// Value returns slot i as a single value; strings are copied. For tests,
// constants, bounds and text paths, not for loops over rows.
func (v *Vector) Value(i int) types.Value {
	if v.IsNull(i) {
		return types.NullValue
	}
	s, j := v.Slot(i)
	switch v.Type.Phys() {
	case types.PhysBool:
		return types.Value{I: int64(s.data[j])}
	case types.PhysI16:
		return types.Value{I: int64(SliceOf[int16](s.data)[j])}
	case types.PhysI32:
		return types.Value{I: int64(SliceOf[int32](s.data)[j])}
	case types.PhysU32:
		return types.Value{I: int64(SliceOf[uint32](s.data)[j])}
	case types.PhysI64:
		return types.Value{I: SliceOf[int64](s.data)[j]}
	case types.PhysF32:
		return types.Value{F: float64(SliceOf[float32](s.data)[j])}
	case types.PhysF64:
		return types.Value{F: SliceOf[float64](s.data)[j]}
	case types.PhysI128:
		return types.Value{N: types.Num{Coef: SliceOf[types.Int128](s.data)[j]}}
	case types.PhysNum:
		return types.Value{N: SliceOf[types.Num](s.data)[j]}
	case types.PhysB16:
		b := SliceOf[[16]byte](s.data)[j]
		return types.Value{S: string(b[:])}
	case types.PhysIval:
		return types.Value{Iv: SliceOf[types.IntervalValue](s.data)[j]}
	case types.PhysTimeTZ:
		t := SliceOf[types.TimeTZValue](s.data)[j]
		return types.Value{I: t.Micros, Iv: types.IntervalValue{Days: t.Zone}}
	case types.PhysView:
		return types.Value{S: string(SliceOf[View](s.data)[j].Bytes(s.heap))}
	case types.PhysList:
		var out types.Value
		for e := s.offs[j]; e < s.offs[j+1]; e++ {
			for _, k := range s.kids {
				out.L = append(out.L, k.Value(int(e)))
			}
		}
		return out
	default:
		var out types.Value
		for _, k := range s.kids {
			out.L = append(out.L, k.Value(j))
		}
		return out
	}
}

// AppendValue appends x, a value of b's type.
func (b *Builder) AppendValue(x types.Value) {
	if x.Null {
		b.AppendNull()
		return
	}
	switch b.phys {
	case types.PhysBool:
		Append(b, uint8(x.I))
	case types.PhysI16:
		Append(b, int16(x.I))
	case types.PhysI32:
		Append(b, int32(x.I))
	case types.PhysU32:
		Append(b, uint32(x.I))
	case types.PhysI64:
		Append(b, x.I)
	case types.PhysF32:
		Append(b, float32(x.F))
	case types.PhysF64:
		Append(b, x.F)
	case types.PhysI128:
		Append(b, x.N.Coef)
	case types.PhysNum:
		Append(b, x.N)
	case types.PhysB16:
		var u [16]byte
		copy(u[:], x.S)
		Append(b, u)
	case types.PhysIval:
		Append(b, x.Iv)
	case types.PhysTimeTZ:
		Append(b, types.TimeTZValue{Micros: x.I, Zone: x.Iv.Days})
	case types.PhysView:
		b.AppendString(x.S)
	case types.PhysList:
		for i, e := range x.L {
			b.kids[i%len(b.kids)].AppendValue(e)
		}
		b.EndList()
	case types.PhysStruct:
		for i, e := range x.L {
			b.kids[i].AppendValue(e)
		}
		b.EndStruct()
	}
}

// NewConst returns a constant vector of n slots that hold x.
func NewConst(t types.Type, x types.Value, n int, pool Pool) (*Vector, error) {
	b := NewBuilder(t, 1, pool)
	b.AppendValue(x)
	one, err := b.Finish()
	if err != nil {
		return nil, err
	}
	return MakeConst(one, n), nil
}

// FromValues returns a flat vector of vals.
func FromValues(t types.Type, vals []types.Value, pool Pool) (*Vector, error) {
	b := NewBuilder(t, len(vals), pool)
	for _, x := range vals {
		b.AppendValue(x)
	}
	return b.Finish()
}
