package eval

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/muster-sql/muster/connectors/spi/expr"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/functions"
)

// compiler makes nodes. Equal subexpressions have equal numbers; those that
// occur more than once get a sharedNode.
type compiler struct {
	env    *Env
	ids    map[string]int
	number map[expr.Expr]int
	uses   map[int]int
	built  map[int]*sharedNode
	shared []*sharedNode
}

func newCompiler(env *Env, es []expr.Expr) *compiler {
	c := &compiler{env: env, ids: map[string]int{}, number: map[expr.Expr]int{}, uses: map[int]int{}, built: map[int]*sharedNode{}}
	for _, e := range es {
		c.count(e)
	}
	return c
}

// count numbers e and all below it. A subexpression within one that was seen
// before is not counted again: the outer one is shared.
func (c *compiler) count(e expr.Expr) int {
	id := c.numberOf(e)
	c.uses[id]++
	if c.uses[id] == 1 || !shareable(e) {
		for _, k := range e.Children() {
			c.count(k)
		}
	}
	return id
}

// shareable reports whether an expression is worth a sharedNode and may have one.
func shareable(e expr.Expr) bool {
	switch e.(type) {
	case *expr.Column, *expr.Const, *expr.Param, *expr.Lambda, *expr.LambdaArg:
		return false
	}
	return true
}

// numberOf gives equal expressions equal numbers. Volatile ones are equal to none.
func (c *compiler) numberOf(e expr.Expr) int {
	if id, ok := c.number[e]; ok {
		return id
	}
	var b strings.Builder
	unique := describe(&b, e)
	for _, k := range e.Children() {
		b.WriteByte('#')
		b.WriteString(strconv.Itoa(c.numberOf(k)))
	}
	if unique {
		b.WriteString("!" + strconv.Itoa(len(c.number)))
	}
	id, ok := c.ids[b.String()]
	if !ok {
		id = len(c.ids)
		c.ids[b.String()] = id
	}
	c.number[e] = id
	return id
}

// describe writes all of e but its children; true when it equals nothing else.
func describe(b *strings.Builder, e expr.Expr) bool {
	switch x := e.(type) {
	case *expr.Column:
		fmt.Fprintf(b, "col %d %s", x.Index, x.Typ)
	case *expr.Const:
		fmt.Fprintf(b, "const %s %+v", x.Typ, x.Val)
	case *expr.Param:
		fmt.Fprintf(b, "param %d", x.N)
	case *expr.Call:
		fmt.Fprintf(b, "call %q %s", x.Fn, x.Typ)
		return x.Volatile
	case *expr.Cast:
		fmt.Fprintf(b, "cast %s %v %v", x.Typ, x.Try, x.Implicit)
	case *expr.Logic:
		fmt.Fprintf(b, "logic %d", x.Op)
	case *expr.Case:
		fmt.Fprintf(b, "case %s %v", x.Typ, x.Else != nil)
	case *expr.Coalesce:
		fmt.Fprintf(b, "coalesce %s", x.Typ)
	case *expr.In:
		b.WriteString("in")
	case *expr.IsNull:
		b.WriteString("isnull")
	case *expr.Field:
		fmt.Fprintf(b, "field %d %s", x.Index, x.Typ)
	default:
		return true
	}
	return false
}

// node compiles e.
func (c *compiler) node(e expr.Expr) (node, error) {
	id, ok := c.number[e]
	if !ok || c.uses[id] < 2 || !shareable(e) || hasLambdaArg(e) {
		return c.plain(e)
	}
	if n := c.built[id]; n != nil {
		return n, nil
	}
	of, err := c.plain(e)
	if err != nil {
		return nil, err
	}
	if _, isConst := of.(*constNode); isConst {
		return of, nil
	}
	n := &sharedNode{of: of}
	c.built[id], c.shared = n, append(c.shared, n)
	return n, nil
}

// hasLambdaArg: what depends on a lambda's parameter changes within a page.
func hasLambdaArg(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(x expr.Expr) bool {
		_, is := x.(*expr.LambdaArg)
		found = found || is
		return !found
	})
	return found
}

func (c *compiler) plain(e expr.Expr) (node, error) {
	switch x := e.(type) {
	case *expr.Column:
		return &columnNode{index: x.Index, typ: x.Typ}, nil
	case *expr.Const:
		return newConst(x.Typ, x.Val)
	case *expr.Param:
		return nil, at(sqlerr.New(sqlerr.UndefinedParameter, "there is no parameter $%d", x.N), x.At)
	case *expr.Call:
		return c.call(x)
	case *expr.Cast:
		return c.cast(x)
	case *expr.Logic:
		return c.logic(x)
	case *expr.Case:
		return c.caseNode(x)
	case *expr.Coalesce:
		return c.coalesce(x)
	case *expr.IsNull:
		arg, err := c.node(x.Arg)
		return &isNullNode{arg: arg}, err
	case *expr.In:
		return c.inNode(x)
	case *expr.Field:
		arg, err := c.node(x.Arg)
		return &fieldNode{arg: arg, index: x.Index, typ: x.Typ}, err
	case *expr.LambdaArg:
		return &lambdaArgNode{depth: x.Depth, index: x.Index}, nil
	}
	return nil, sqlerr.Internalf("expression cannot be evaluated: %T", e)
}

func (c *compiler) nodes(es []expr.Expr) ([]node, error) {
	out := make([]node, len(es))
	for i, e := range es {
		n, err := c.node(e)
		if err != nil {
			return nil, err
		}
		out[i] = n
	}
	return out, nil
}

func (c *compiler) call(x *expr.Call) (node, error) {
	ts := make([]types.Type, len(x.Args))
	for i, a := range x.Args {
		ts[i] = a.Type()
		if ts[i].Kind == types.Function {
			return c.lambdaCall(x)
		}
	}
	s, k, err := c.env.Registry.Bind(x.Fn, x.Sig, ts)
	if err != nil {
		return nil, at(err, x.At)
	}
	args, err := c.nodes(x.Args)
	if err != nil {
		return nil, err
	}
	return newCall(x.Typ, x.At, s.Nulls, s.Volatility, k, args, c.env), nil
}

func (c *compiler) cast(x *expr.Cast) (node, error) {
	arg, err := c.node(x.Arg)
	if err != nil {
		return nil, err
	}
	k, err := functions.BindCast(x.Arg.Type(), x.Typ, functions.CastOptions{Explicit: !x.Implicit, Try: x.Try})
	if err != nil {
		return nil, at(err, x.At)
	}
	return newCall(x.Typ, x.At, functions.Propagate, functions.Stable, k, []node{arg}, c.env), nil
}
