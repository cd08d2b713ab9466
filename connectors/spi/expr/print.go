package expr

import (
	"fmt"
	"strings"

	"github.com/muster-sql/muster/connectors/spi/types"
)

// Format prints e for EXPLAIN: SQL-like, with casts that the analyzer added left out.
func Format(e Expr) string {
	switch e := e.(type) {
	case nil:
		return ""
	case *Column:
		if e.Name != "" {
			return e.Name
		}
		return fmt.Sprintf("#%d", e.Index)
	case *Const:
		return formatConst(e)
	case *Param:
		return fmt.Sprintf("$%d", e.N)
	case *Call:
		return formatCall(e)
	case *Cast:
		if e.Implicit {
			return Format(e.Arg)
		}
		return Format(e.Arg) + "::" + e.Typ.String()
	case *Logic:
		return formatLogic(e)
	case *Case:
		var b strings.Builder
		b.WriteString("CASE")
		for _, w := range e.Whens {
			b.WriteString(" WHEN " + Format(w.Cond) + " THEN " + Format(w.Then))
		}
		if e.Else != nil {
			b.WriteString(" ELSE " + Format(e.Else))
		}
		return b.String() + " END"
	case *Coalesce:
		return "coalesce(" + formatList(e.Args) + ")"
	case *In:
		return Format(e.Arg) + " IN (" + formatList(e.List) + ")"
	case *IsNull:
		return Format(e.Arg) + " IS NULL"
	case *Lambda:
		return "x -> " + Format(e.Body)
	case *LambdaArg:
		return fmt.Sprintf("x%d", e.Index)
	case *Field:
		return fmt.Sprintf("%s.%d", Format(e.Arg), e.Index+1)
	}
	return fmt.Sprintf("%T", e)
}

func formatConst(c *Const) string {
	if c.Val.Null {
		return "NULL"
	}
	s := types.FormatText(c.Typ, c.Val, &types.Format{})
	if c.Typ.Kind == types.Bool {
		return map[bool]string{true: "true", false: "false"}[c.Val.I != 0]
	}
	if c.Typ.IsNumeric() {
		return s
	}
	s = "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if c.Typ.IsString() {
		return s
	}
	return c.Typ.Kind.ScalarName() + " " + s
}

func formatCall(c *Call) string {
	symbol := c.Fn == "like" || c.Fn == "ilike" || strings.IndexFunc(c.Fn, isWordRune) < 0
	if symbol && len(c.Args) == 2 {
		return operand(c.Args[0]) + " " + strings.ToUpper(c.Fn) + " " + operand(c.Args[1])
	}
	if symbol && len(c.Args) == 1 {
		return c.Fn + operand(c.Args[0])
	}
	return c.Fn + "(" + formatList(c.Args) + ")"
}

func isWordRune(r rune) bool { return r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

func operand(e Expr) string {
	s := Format(e)
	for {
		c, ok := e.(*Cast)
		if !ok || !c.Implicit {
			break
		}
		e = c.Arg
	}
	switch x := e.(type) {
	case *Logic, *Case, *In:
		return "(" + s + ")"
	case *Call:
		if len(x.Args) == 2 && strings.IndexFunc(x.Fn, isWordRune) < 0 {
			return "(" + s + ")"
		}
	}
	return s
}

func formatLogic(l *Logic) string {
	if l.Op == Not {
		return "NOT " + operand(l.Args[0])
	}
	word := " AND "
	if l.Op == Or {
		word = " OR "
	}
	parts := make([]string, len(l.Args))
	for i, a := range l.Args {
		parts[i] = operand(a)
	}
	return strings.Join(parts, word)
}

func formatList(es []Expr) string {
	parts := make([]string, len(es))
	for i, e := range es {
		parts[i] = Format(e)
	}
	return strings.Join(parts, ", ")
}
