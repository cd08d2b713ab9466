package functions

import (
	"strings"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// errCannotConvert is the error for NaN and infinities, which name the integer
// type that was asked for.
func errCannotConvert(a types.Num, outOfRange error) error {
	name, _, _ := strings.Cut(outOfRange.Error(), " ")
	what := "infinity"
	if a.IsNaN() {
		what = "NaN"
	}
	return sqlerr.New(sqlerr.FeatureNotSupported, "cannot convert %s to %s", what, name)
}

// castByValue converts one value at a time.
func castByValue(from, to types.Type, o CastOptions) Kernel {
	return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
		return build(x, func(b *page.Builder, i int) error {
			v, err := castValue(from, to, args[0].Value(i), o, x.Env)
			if err != nil {
				if !o.Try || sqlerr.KindOf(err) != sqlerr.User {
					return err
				}
				v = types.NullValue
			}
			b.AppendValue(v)
			return b.Err()
		})
	}
}

// castValue converts what the loops do not.
func castValue(from, to types.Type, v types.Value, o CastOptions, env *Env) (types.Value, error) {
	c := types.CastAssignment
	if o.Explicit {
		c = types.CastExplicit
	}
	return types.CastValue(v, from, to, env.Format(), c)
}
