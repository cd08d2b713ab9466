package parser_test

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/muster-sql/muster/parser/ast"
)

// dump writes a tree as text, with positions left out, so that two trees can be
// compared.
func dump(v any) string {
	var b strings.Builder
	dumpValue(&b, reflect.ValueOf(v))
	return b.String()
}

var posType = reflect.TypeOf(ast.Pos(0))

func dumpValue(b *strings.Builder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Invalid:
		b.WriteString("nil")
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			b.WriteString("nil")
			return
		}
		dumpValue(b, v.Elem())
	case reflect.Slice:
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteByte(' ')
			}
			dumpValue(b, v.Index(i))
		}
		b.WriteByte(']')
	case reflect.Struct:
		t := v.Type()
		b.WriteString(t.Name())
		b.WriteByte('{')
		for i := range t.NumField() {
			f := v.Field(i)
			if f.Type() == posType || f.IsZero() || f.Kind() == reflect.Slice && f.Len() == 0 {
				continue
			}
			if t.Field(i).Name != "Span" {
				fmt.Fprintf(b, " %s:", t.Field(i).Name)
				dumpValue(b, f)
			}
		}
		b.WriteByte('}')
	case reflect.String:
		fmt.Fprintf(b, "%q", v.String())
	default:
		fmt.Fprint(b, v.Interface())
	}
}
