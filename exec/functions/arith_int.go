package functions

import (
	"math/bits"
	"unsafe"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

type signed interface{ int16 | int32 | int64 }

func outOfRange[T signed]() error {
	var z T
	name := "bigint"
	switch unsafe.Sizeof(z) {
	case 2:
		name = "smallint"
	case 4:
		name = "integer"
	}
	return sqlerr.New(sqlerr.NumericValueOutOfRange, "%s out of range", name)
}

// intOp is an arithmetic operator on one integer type. The dense loops compute
// every slot and return a negative number when some slot overflowed, which may
// be one that is not selected: then, and for sparse selections, check decides
// row by row.
type intOp[T signed] struct {
	vv    func(out, a, b []T) T
	vc    func(out, a []T, c T) T
	cv    func(out []T, c T, b []T) T
	check func(a, b T) (T, bool)
}

func (op intOp[T]) bind([]types.Type) (Kernel, error) {
	return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
		v, out, err := page.NewFixed[T](x.Type, x.N, x.Pool)
		if err != nil {
			return nil, err
		}
		a, ma := input[T](args[0])
		b, mb := input[T](args[1])
		if x.dense() {
			var flag T
			switch {
			case ma == 0 && mb == 0:
				flag = op.vv(out, a[:1], b[:1])
			case mb == 0:
				flag = op.vc(out, a, b[0])
			case ma == 0:
				flag = op.cv(out, a[0], b)
			default:
				flag = op.vv(out, a, b)
			}
			if flag >= 0 {
				return v, nil
			}
		}
		return orRelease(v, op.each(x, out, a, ma, b, mb))
	}, nil
}

func (op intOp[T]) each(x *Exec, out, a []T, ma int, b []T, mb int) error {
	return x.each(func(i int) error {
		r, ok := op.check(a[i&ma], b[i&mb])
		if !ok {
			return outOfRange[T]()
		}
		out[i] = r
		return nil
	})
}

func addOp[T signed]() intOp[T] {
	return intOp[T]{vv: addVV[T], vc: addVC[T], cv: func(out []T, c T, b []T) T { return addVC(out, b, c) },
		check: func(a, b T) (T, bool) { s := a + b; return s, (a^s)&(b^s) >= 0 }}
}

func addVV[T signed](out, a, b []T) (flag T) {
	a, b = a[:len(out)], b[:len(out)]
	for i := range out {
		s := a[i] + b[i]
		flag |= (a[i] ^ s) & (b[i] ^ s)
		out[i] = s
	}
	return flag
}

func addVC[T signed](out, a []T, c T) (flag T) {
	a = a[:len(out)]
	for i := range out {
		s := a[i] + c
		flag |= (a[i] ^ s) & (c ^ s)
		out[i] = s
	}
	return flag
}

func subOp[T signed]() intOp[T] {
	return intOp[T]{vv: subVV[T], vc: subVC[T], cv: subCV[T],
		check: func(a, b T) (T, bool) { d := a - b; return d, (a^b)&(a^d) >= 0 }}
}

func subVV[T signed](out, a, b []T) (flag T) {
	a, b = a[:len(out)], b[:len(out)]
	for i := range out {
		d := a[i] - b[i]
		flag |= (a[i] ^ b[i]) & (a[i] ^ d)
		out[i] = d
	}
	return flag
}

func subVC[T signed](out, a []T, c T) (flag T) {
	a = a[:len(out)]
	for i := range out {
		d := a[i] - c
		flag |= (a[i] ^ c) & (a[i] ^ d)
		out[i] = d
	}
	return flag
}

func subCV[T signed](out []T, c T, b []T) (flag T) {
	b = b[:len(out)]
	for i := range out {
		d := c - b[i]
		flag |= (c ^ b[i]) & (c ^ d)
		out[i] = d
	}
	return flag
}

func mulOp[T signed]() intOp[T] {
	return intOp[T]{vv: mulVV[T], vc: mulVC[T], cv: func(out []T, c T, b []T) T { return mulVC(out, b, c) },
		check: func(a, b T) (T, bool) { p := a * b; return p, mulWraps(a, b, p) >= 0 }}
}

// mulWraps is negative when the product p of a and b was cut.
func mulWraps[T signed](a, b, p T) T {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	h := int64(hi) - int64(a)>>63&int64(b) - int64(b)>>63&int64(a)
	if h^int64(lo)>>63 != 0 || int64(p) != int64(lo) {
		return -1
	}
	return 0
}

func mulVV[T signed](out, a, b []T) (flag T) {
	a, b = a[:len(out)], b[:len(out)]
	for i := range out {
		p := a[i] * b[i]
		flag |= mulWraps(a[i], b[i], p)
		out[i] = p
	}
	return flag
}

func mulVC[T signed](out, a []T, c T) (flag T) {
	a = a[:len(out)]
	for i := range out {
		p := a[i] * c
		flag |= mulWraps(a[i], c, p)
		out[i] = p
	}
	return flag
}

// divInts divides, truncating toward zero.
func divInts[T signed]([]types.Type) (Kernel, error) {
	return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
		v, out, err := page.NewFixed[T](x.Type, x.N, x.Pool)
		if err != nil {
			return nil, err
		}
		a, ma := input[T](args[0])
		b, mb := input[T](args[1])
		if mb == 0 && x.N > 0 && b[0] > 0 && ma != 0 { // no row can fail
			for i, y := 0, b[0]; i < len(out); i++ {
				out[i] = a[i] / y
			}
			return v, nil
		}
		return orRelease(v, divEach(x, out, a, ma, b, mb))
	}, nil
}

func divEach[T signed](x *Exec, out, a []T, ma int, b []T, mb int) error {
	n := x.N
	if x.Sel != nil {
		n = len(x.Sel)
	}
	for k := range n {
		i := k
		if x.Sel != nil {
			i = int(x.Sel[k])
		}
		p, q := a[i&ma], b[i&mb]
		switch {
		case q == 0:
			return types.ErrDivisionByZero()
		case q == -1:
			if p != 0 && p == -p {
				return outOfRange[T]()
			}
			out[i] = -p
		default:
			out[i] = p / q
		}
	}
	return nil
}

// modInts takes the remainder, which has the sign of the dividend.
func modInts[T signed]([]types.Type) (Kernel, error) {
	return binary(func(_ *Exec, a, b T) (T, error) {
		switch b {
		case 0:
			return 0, types.ErrDivisionByZero()
		case -1:
			return 0, nil
		}
		return a % b, nil
	})(nil)
}

func negInts[T signed]([]types.Type) (Kernel, error) {
	return unary(func(_ *Exec, a T) (T, error) {
		if a != 0 && a == -a {
			return 0, outOfRange[T]()
		}
		return -a, nil
	})(nil)
}

func absInts[T signed]([]types.Type) (Kernel, error) {
	return unary(func(_ *Exec, a T) (T, error) {
		if a >= 0 {
			return a, nil
		}
		if a == -a {
			return 0, outOfRange[T]()
		}
		return -a, nil
	})(nil)
}

// retype returns a copy of v that has type t, sharing the memory; the layouts are the same.
func retype(v *page.Vector, t types.Type) *page.Vector {
	if v.Type.Equal(t) {
		return v.Retain()
	}
	p := page.Parts{Type: t, N: v.Len(), Valid: v.Valid(), Data: v.Raw(), Heap: v.Heap(), Offs: v.Offsets()}
	switch v.Enc() {
	case page.Const:
		p.N, p.Kids = 1, retainAll(v.Children())
		p.Deps = []*page.Vector{v.Retain()}
		return page.MakeConst(page.MakeFlat(p), v.Len())
	case page.Dict:
		d := page.NewDictionary(retype(v.Dictionary().Values, t))
		out := page.MakeDict(d, v.Codes(), v.Valid())
		out.Depend(v.Retain())
		return out
	}
	p.Kids, p.Deps = retainAll(v.Children()), []*page.Vector{v.Retain()}
	return page.MakeFlat(p)
}

func retainAll(vs []*page.Vector) []*page.Vector {
	out := make([]*page.Vector, len(vs))
	for i, v := range vs {
		out[i] = v.Retain()
	}
	return out
}
