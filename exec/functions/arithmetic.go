package functions

import (
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// arithmetic is the operators + - * / % on numbers. Dates and intervals have
// theirs in datetime_arith.go.
func arithmetic() []*Scalar {
	out := []*Scalar{
		{Name: "+", Doc: addDoc, Args: patterns(types.Numeric, types.Numeric), Return: sumType, Bind: bindSum(1)},
		{Name: "-", Doc: subDoc, Args: patterns(types.Numeric, types.Numeric), Return: sumType, Bind: bindSum(-1)},
		{Name: "*", Doc: mulDoc, Args: patterns(types.Numeric, types.Numeric), Return: productType, Bind: bindProduct},
		{Name: "/", Doc: divDoc, Args: patterns(types.Numeric, types.Numeric), Return: returns(types.Numeric), Bind: numOp(types.Num.Div)},
		{Name: "%", Doc: modDoc, Aliases: []string{"mod"}, Args: patterns(types.Numeric, types.Numeric), Return: returns(types.Numeric), Bind: numOp(types.Num.Mod)},
		{Name: "-", Doc: negDoc, Args: patterns(types.Numeric), Return: sameAs(0), Bind: bindNeg},
		{Name: "+", Doc: plusDoc, Args: patterns(types.Numeric), Return: sameAs(0), Bind: bindSame},
		{Name: "abs", Doc: absDoc, Aliases: []string{"@"}, Args: patterns(types.Numeric), Return: sameAs(0), Bind: bindAbs},
	}
	out = append(out, intArithmetic[int16](types.Int16)...)
	out = append(out, intArithmetic[int32](types.Int32)...)
	out = append(out, intArithmetic[int64](types.Int64)...)
	out = append(out, floatArithmetic[float32](types.Float32)...)
	out = append(out, mixedFloats()...)
	return append(out, floatArithmetic[float64](types.Float64)...)
}

var (
	addDoc  = Doc{Family: "math", Summary: "Adds.", Example: "1 + 2", Result: "3"}
	subDoc  = Doc{Family: "math", Summary: "Subtracts.", Example: "5.50 - 2", Result: "3.50"}
	mulDoc  = Doc{Family: "math", Summary: "Multiplies.", Example: "1.5 * 3", Result: "4.5"}
	divDoc  = Doc{Family: "math", Summary: "Divides. Integers give an integer, cut toward zero.", Example: "7 / 2", Result: "3"}
	modDoc  = Doc{Family: "math", Summary: "The remainder, which has the sign of the first argument.", Example: "-7 % 4", Result: "-3"}
	negDoc  = Doc{Family: "math", Summary: "Changes the sign.", Example: "- (3)", Result: "-3"}
	plusDoc = Doc{Family: "math", Summary: "The number itself.", Example: "+ (3)", Result: "3"}
)

func bindSame([]types.Type) (Kernel, error) {
	return func(x *Exec, args []*page.Vector) (*page.Vector, error) { return retype(args[0], x.Type), nil }, nil
}

// mixedFloats resolve real with double precision, and what is neither with real,
// to double precision, as PostgreSQL's operators for the mix do.
func mixedFloats() []*Scalar {
	wide := Of(types.Float64)
	short := Pattern{typ: types.Of(types.Float32), as: types.Float64}
	var out []*Scalar
	for _, s := range floatArithmetic[float64](types.Float64) {
		if len(s.Args) != 2 {
			continue
		}
		left, right := *s, *s
		left.Args, right.Args = []Pattern{short, wide}, []Pattern{wide, short}
		out = append(out, &left, &right)
	}
	return out
}

func intArithmetic[T signed](k types.Kind) []*Scalar {
	two, one, ret := patterns(k, k), patterns(k), returns(k)
	return []*Scalar{
		{Name: "+", Doc: addDoc, Args: two, Return: ret, Bind: addOp[T]().bind},
		{Name: "-", Doc: subDoc, Args: two, Return: ret, Bind: subOp[T]().bind},
		{Name: "*", Doc: mulDoc, Args: two, Return: ret, Bind: mulOp[T]().bind},
		{Name: "/", Doc: divDoc, Args: two, Return: ret, Bind: divInts[T]},
		{Name: "%", Doc: modDoc, Aliases: []string{"mod"}, Args: two, Return: ret, Bind: modInts[T]},
		{Name: "-", Doc: negDoc, Args: one, Return: ret, Bind: negInts[T]},
		{Name: "+", Doc: plusDoc, Args: one, Return: ret, Bind: bindSame},
		{Name: "abs", Doc: absDoc, Aliases: []string{"@"}, Args: one, Return: ret, Bind: absInts[T]},
	}
}

func floatArithmetic[T float](k types.Kind) []*Scalar {
	two, one, ret := patterns(k, k), patterns(k), returns(k)
	return []*Scalar{
		{Name: "+", Doc: addDoc, Args: two, Return: ret, Bind: floatOp[T]{addFloats[T], checkSum[T]}.bind},
		{Name: "-", Doc: subDoc, Args: two, Return: ret, Bind: floatOp[T]{subFloats[T], checkSum[T]}.bind},
		{Name: "*", Doc: mulDoc, Args: two, Return: ret, Bind: floatOp[T]{mulFloats[T], checkProduct[T]}.bind},
		{Name: "/", Doc: divDoc, Args: two, Return: ret, Bind: floatOp[T]{divFloats[T], checkQuotient[T]}.bind},
		{Name: "-", Doc: negDoc, Args: one, Return: ret, Bind: negFloats[T]},
		{Name: "+", Doc: plusDoc, Args: one, Return: ret, Bind: bindSame},
		{Name: "abs", Doc: absDoc, Aliases: []string{"@"}, Args: one, Return: ret, Bind: absFloats[T]},
	}
}

var absDoc = Doc{Family: "math", Summary: "The absolute value.", Example: "abs(-17.4)", Result: "17.4"}
