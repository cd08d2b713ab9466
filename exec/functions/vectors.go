package functions

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// input returns the values of a flat or constant argument and the mask that
// maps a slot to its place: values[i&mask].
func input[T page.Fixed](v *page.Vector) ([]T, int) {
	if v.Enc() == page.Const {
		return page.Values[T](v), 0
	}
	return page.Values[T](v), -1
}

// strings reads a flat or constant string argument.
type stringsIn struct {
	views []page.View
	heap  [][]byte
	mask  int
}

func stringInput(v *page.Vector) stringsIn {
	s := stringsIn{views: v.Views(), heap: v.Heap(), mask: -1}
	if v.Enc() == page.Const {
		s.mask = 0
	}
	return s
}

func (s *stringsIn) at(i int) []byte { return s.views[i&s.mask].Bytes(s.heap) }

// dense reports whether computing all slots is cheaper than following Sel.
func (x *Exec) dense() bool { return x.Sel == nil || len(x.Sel)*4 >= x.N }

// each calls f for every row; for kernels whose work per row is far more than a call.
func (x *Exec) each(f func(i int) error) error {
	if x.Sel == nil {
		for i := range x.N {
			if err := f(i); err != nil {
				return err
			}
		}
		return nil
	}
	for _, i := range x.Sel {
		if err := f(int(i)); err != nil {
			return err
		}
	}
	return nil
}

// unary makes a kernel of a function of one fixed-width value, for functions
// that cost far more than a call.
func unary[A, R page.Fixed](f func(x *Exec, a A) (R, error)) func([]types.Type) (Kernel, error) {
	return func([]types.Type) (Kernel, error) {
		return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
			v, out, err := page.NewFixed[R](x.Type, x.N, x.Pool)
			if err != nil {
				return nil, err
			}
			a, ma := input[A](args[0])
			err = x.each(func(i int) (err error) {
				out[i], err = f(x, a[i&ma])
				return err
			})
			return orRelease(v, err)
		}, nil
	}
}

// binary is unary for two arguments.
func binary[A, B, R page.Fixed](f func(x *Exec, a A, b B) (R, error)) func([]types.Type) (Kernel, error) {
	return func([]types.Type) (Kernel, error) {
		return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
			v, out, err := page.NewFixed[R](x.Type, x.N, x.Pool)
			if err != nil {
				return nil, err
			}
			a, ma := input[A](args[0])
			b, mb := input[B](args[1])
			err = x.each(func(i int) (err error) {
				out[i], err = f(x, a[i&ma], b[i&mb])
				return err
			})
			return orRelease(v, err)
		}, nil
	}
}

func orRelease(v *page.Vector, err error) (*page.Vector, error) {
	if err != nil {
		v.Release()
		return nil, err
	}
	return v, nil
}

// fixedOf makes a kernel that computes a fixed-width value for each row from
// arguments of any layout; f is made once a page.
func fixedOf[R page.Fixed](f func(x *Exec, args []*page.Vector) func(i int) (R, error)) func([]types.Type) (Kernel, error) {
	return func([]types.Type) (Kernel, error) {
		return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
			v, out, err := page.NewFixed[R](x.Type, x.N, x.Pool)
			if err != nil {
				return nil, err
			}
			g := f(x, args)
			err = x.each(func(i int) (err error) {
				out[i], err = g(i)
				return err
			})
			return orRelease(v, err)
		}, nil
	}
}

// textOut writes a string vector slot by slot, in any order.
type textOut struct {
	v     *page.Vector
	views []page.View
	pool  page.Pool
	bufs  []*page.Buffer
	used  int
	valid []byte
}

func newTextOut(x *Exec) (*textOut, error) {
	v, views, err := page.NewFixed[page.View](x.Type, x.N, x.Pool)
	if err != nil {
		return nil, err
	}
	return &textOut{v: v, views: views, pool: x.Pool}, nil
}

const (
	textBufferMin = 4 << 10
	textBufferMax = 1 << 20
)

// set stores a copy of s in slot i.
func (o *textOut) set(i int, s []byte) error {
	if len(s) <= page.InlineMax {
		o.views[i] = page.Inline(s)
		return nil
	}
	if len(o.bufs) == 0 || len(o.bufs[len(o.bufs)-1].Data)-o.used < len(s) {
		size := textBufferMin
		if n := len(o.bufs); n > 0 {
			size = min(2*len(o.bufs[n-1].Data), textBufferMax)
		}
		b, err := o.pool.Alloc(max(size, len(s)))
		if err != nil {
			return err
		}
		o.bufs, o.used = append(o.bufs, b), 0
	}
	last := len(o.bufs) - 1
	copy(o.bufs[last].Data[o.used:], s)
	o.views[i] = page.Refer(s, int32(last), int32(o.used))
	o.used += len(s)
	return nil
}

// null makes slot i NULL.
func (o *textOut) null(i int) error {
	if o.valid == nil {
		bits, err := o.v.NewValid(page.AllValid, o.pool)
		if err != nil {
			return err
		}
		o.valid = bits
	}
	o.views[i] = page.View{}
	page.BitClear(o.valid, i)
	return nil
}

// finish returns the vector, or releases it when err is set.
func (o *textOut) finish(err error) (*page.Vector, error) {
	o.v.SetHeap(o.bufs...)
	return orRelease(o.v, err)
}

// textOf makes a kernel that appends a string for each row; f is made once a page.
func textOf(f func(x *Exec, args []*page.Vector) func(dst []byte, i int) ([]byte, error)) func([]types.Type) (Kernel, error) {
	return func([]types.Type) (Kernel, error) {
		var scratch []byte
		return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
			o, err := newTextOut(x)
			if err != nil {
				return nil, err
			}
			g := f(x, args)
			err = x.each(func(i int) error {
				s, err := g(scratch[:0], i)
				if err != nil {
					return err
				}
				scratch = s
				return o.set(i, s)
			})
			if cap(scratch) > textBufferMax {
				scratch = nil
			}
			return o.finish(err)
		}, nil
	}
}

// builderOf makes a kernel that appends one value a row to a builder, for
// nested and nullable results. Slots that are not computed become NULL.
func builderOf(f func(x *Exec, args []*page.Vector) func(b *page.Builder, i int) error) func([]types.Type) (Kernel, error) {
	return func([]types.Type) (Kernel, error) {
		return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
			return build(x, f(x, args))
		}, nil
	}
}

func build(x *Exec, f func(b *page.Builder, i int) error) (*page.Vector, error) {
	b := page.NewBuilder(x.Type, x.N, x.Pool)
	err := x.each(func(i int) error {
		for b.Len() < i && b.Err() == nil {
			b.AppendNull()
		}
		if err := b.Err(); err != nil {
			return err
		}
		return f(b, i)
	})
	for err == nil && b.Len() < x.N && b.Err() == nil {
		b.AppendNull()
	}
	if err != nil {
		b.Release()
		return nil, err
	}
	return b.Finish()
}

// returns is the Return of a fixed result type.
func returns(k types.Kind) func([]types.Type) (types.Type, error) {
	t := types.Of(k)
	return func([]types.Type) (types.Type, error) { return t, nil }
}

// sameAs is the Return of the type of argument i.
func sameAs(i int) func([]types.Type) (types.Type, error) {
	return func(args []types.Type) (types.Type, error) { return args[i], nil }
}

func patterns(ks ...types.Kind) []Pattern {
	out := make([]Pattern, len(ks))
	for i, k := range ks {
		out[i] = Of(k)
	}
	return out
}
