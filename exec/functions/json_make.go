package functions

import (
	"bytes"
	"encoding/json"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

// jsonMaking is what makes JSON of SQL values.
func jsonMaking() []*Scalar {
	text := types.Text
	j := func(name, says, example, result string, args []Pattern, ret types.Kind, bind func([]types.Type) (Kernel, error), aliases ...string) *Scalar {
		return &Scalar{Name: name, Aliases: aliases, Doc: Doc{Family: "json", Summary: says, Example: example, Result: result}, Args: args, Return: returns(ret), Volatility: Stable, Bind: bind}
	}
	build := func(name, says, example, result string, ret types.Kind, object bool) *Scalar {
		s := j(name, says, example, result, []Pattern{Any()}, ret, bindJSONBuild(object, ret == types.JSONB))
		s.Variadic, s.Optional, s.Nulls = true, 1, Called
		return s
	}
	return []*Scalar{
		j("to_json", "A value as JSON.", `to_json('a "b"'::text)`, `"a \"b\""`, []Pattern{Any()}, types.JSON, bindToJSON(false), "row_to_json", "array_to_json"),
		j("to_jsonb", "A value as JSON.", "to_jsonb(ARRAY[1, 2])", "[1, 2]", []Pattern{Any()}, types.JSONB, bindToJSON(true)),
		build("json_build_object", "An object of keys and values in turn.", "json_build_object('a', 1, 'b', 'x')", `{"a" : 1, "b" : "x"}`, types.JSON, true),
		build("jsonb_build_object", "An object of keys and values in turn.", "jsonb_build_object('a', 1, 'b', NULL)", `{"a": 1, "b": null}`, types.JSONB, true),
		build("json_build_array", "An array of values.", "json_build_array(1, 'x', NULL)", `[1, "x", null]`, types.JSON, false),
		build("jsonb_build_array", "An array of values.", "jsonb_build_array(1, 'x')", `[1, "x"]`, types.JSONB, false),
		j("json_parse", "The JSON value that a text spells.", `json_parse('{"b": 1}')`, `{"b": 1}`, patterns(text), types.JSONB, fallibleText(func(dst, s []byte) ([]byte, error) {
			n, err := types.NormalizeJSONB(string(s))
			return append(dst, n...), err
		})),
	}
}

// appendJSONValue appends a slot as JSON.
func appendJSONValue(dst []byte, v *page.Vector, i int, f *types.Format) []byte {
	if v.IsNull(i) {
		return append(dst, "null"...)
	}
	return types.AppendJSON(dst, v.Type, v.Value(i), f)
}

func normalised(s []byte, jsonb bool) ([]byte, error) {
	if !jsonb {
		return s, nil
	}
	n, err := types.NormalizeJSONB(string(s))
	return []byte(n), err
}

func bindToJSON(jsonb bool) func([]types.Type) (Kernel, error) {
	return textOf(func(x *Exec, args []*page.Vector) func(dst []byte, i int) ([]byte, error) {
		return func(dst []byte, i int) ([]byte, error) {
			return normalised(appendJSONValue(dst, args[0], i, x.Env.Format()), jsonb)
		}
	})
}

func bindJSONBuild(object, jsonb bool) func([]types.Type) (Kernel, error) {
	return textOf(func(x *Exec, args []*page.Vector) func(dst []byte, i int) ([]byte, error) {
		f := x.Env.Format()
		return func(dst []byte, i int) ([]byte, error) {
			if !object {
				dst = append(dst, '[')
				for k, a := range args {
					if k > 0 {
						dst = append(dst, ", "...)
					}
					dst = appendJSONValue(dst, a, i, f)
				}
				return normalised(append(dst, ']'), jsonb)
			}
			if len(args)%2 != 0 {
				return nil, sqlerr.New(sqlerr.InvalidParameterValue, "argument list must have even number of elements").
					WithHint("The arguments of json_build_object() must consist of alternating keys and values.")
			}
			dst = append(dst, '{')
			for k := 0; k < len(args); k += 2 {
				if args[k].IsNull(i) {
					return nil, sqlerr.New(sqlerr.InvalidParameterValue, "argument %d cannot be null", k+1).WithHint("Object keys should be text.")
				}
				if k > 0 {
					dst = append(dst, ", "...)
				}
				dst = types.AppendJSONString(dst, string(types.AppendText(nil, args[k].Type, args[k].Value(i), f)))
				dst = appendJSONValue(append(dst, " : "...), args[k+1], i, f)
			}
			return normalised(append(dst, '}'), jsonb)
		}
	})
}

// jsonbFunctions are the operators that jsonb alone has.
func jsonbFunctions() []*Scalar {
	text, k := types.Text, types.JSONB
	list := Exactly(types.ArrayOf(types.Of(text)))
	j := func(name, says, example, result string, args []Pattern, ret types.Kind, bind func([]types.Type) (Kernel, error)) *Scalar {
		return &Scalar{Name: name, Doc: Doc{Family: "json", Summary: says, Example: example, Result: result}, Args: args, Return: returns(ret), Bind: bind}
	}
	obj := `'{"a": 1, "b": [1, 2]}'::jsonb`
	return []*Scalar{
		j("@>", "Whether the first value contains the second.", obj+` @> '{"b": [2]}'`, "t", patterns(k, k), types.Bool, bindJSONBContains(0, 1)),
		j("<@", "Whether the second value contains the first.", `'{"a": 1}'::jsonb <@ `+obj, "t", patterns(k, k), types.Bool, bindJSONBContains(1, 0)),
		j("?", "Whether a text is a key, or an element of an array.", obj+" ? 'a'", "t", patterns(k, text), types.Bool, bindHasKey),
		j("?|", "Whether one of several texts is a key or element.", obj+" ?| ARRAY['x', 'a']", "t", []Pattern{Of(k), list}, types.Bool, bindHasKeys(false)),
		j("?&", "Whether all of several texts are keys or elements.", obj+" ?& ARRAY['b', 'a']", "t", []Pattern{Of(k), list}, types.Bool, bindHasKeys(true)),
		j("||", "Two objects or arrays joined.", `'{"a": 1}'::jsonb || '{"b": 2}'`, `{"a": 1, "b": 2}`, patterns(k, k), k, bindJSONBConcat),
		j("-", "The object without a key, or the array without a text.", obj+" - 'b'", `{"a": 1}`, patterns(k, text), k, bindJSONBDelete),
		j("jsonb_pretty", "The value indented.", `jsonb_pretty('[1]')`, "[\n    1\n]", patterns(k), text, fallibleText(func(dst, s []byte) ([]byte, error) {
			var b bytes.Buffer
			err := json.Indent(&b, s, "", "    ")
			return append(dst, b.Bytes()...), err
		})),
		j("jsonb_strip_nulls", "The value without members that are null.", `jsonb_strip_nulls('{"a": null, "b": 1}')`, `{"b": 1}`, patterns(k), k, fallibleText(func(dst, s []byte) ([]byte, error) {
			return appendWithoutNulls(dst, s), nil
		})),
	}
}

func bindJSONBContains(whole, part int) func([]types.Type) (Kernel, error) {
	return fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (uint8, error) {
		a, b := stringInput(args[whole]), stringInput(args[part])
		return func(i int) (uint8, error) { return b2u(jsonbContains(a.at(i), b.at(i), true)), nil }
	})
}

// jsonbContains: every member or element of b is in a; an array also contains
// a scalar that is one of its elements, at the top only.
func jsonbContains(a, b []byte, top bool) bool {
	ka, kb := jsonKind(a), jsonKind(b)
	switch {
	case ka == '[' && kb != '[' && kb != '{' && top:
		return jsonbElement(a, b)
	case ka != kb:
		return false
	case ka == '{':
		ok := true
		jsonEach(b, func(k, v []byte) bool {
			m := jsonMember(a, jsonUnquote(nil, k))
			ok = m != nil && jsonbContains(m, v, false)
			return ok
		})
		return ok
	case ka == '[':
		ok := true
		jsonEach(b, func(_, v []byte) bool {
			ok = jsonbElement(a, v)
			return ok
		})
		return ok
	case ka == 0:
		x, err1 := types.ParseNum(string(a))
		y, err2 := types.ParseNum(string(b))
		return err1 == nil && err2 == nil && x.Cmp(y) == 0
	}
	return bytes.Equal(bytes.TrimSpace(a), bytes.TrimSpace(b))
}

func jsonbElement(a, v []byte) bool {
	hit := false
	jsonEach(a, func(_, e []byte) bool {
		hit = jsonbContains(e, v, false)
		return !hit
	})
	return hit
}

func hasKey(s, key []byte) bool {
	switch jsonKind(s) {
	case '{':
		return jsonMember(s, key) != nil
	case '"':
		return bytes.Equal(jsonUnquote(nil, bytes.TrimSpace(s)), key)
	}
	hit := false
	jsonEach(s, func(_, v []byte) bool {
		hit = jsonKind(v) == '"' && bytes.Equal(jsonUnquote(nil, v), key)
		return !hit
	})
	return hit
}

var bindHasKey = fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (uint8, error) {
	a, k := stringInput(args[0]), stringInput(args[1])
	return func(i int) (uint8, error) { return b2u(hasKey(a.at(i), k.at(i))), nil }
})

func bindHasKeys(all bool) func([]types.Type) (Kernel, error) {
	return fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (uint8, error) {
		a, l := stringInput(args[0]), listInput(args[1])
		return func(i int) (uint8, error) {
			for k, hi := l.at(i); k < hi; k++ {
				if !l.kids[0].IsNull(k) && hasKey(a.at(i), l.kids[0].Str(k)) != all {
					return b2u(!all), nil
				}
			}
			return b2u(all), nil
		}
	})
}

var bindJSONBConcat = textOf(func(_ *Exec, args []*page.Vector) func(dst []byte, i int) ([]byte, error) {
	a, b := stringInput(args[0]), stringInput(args[1])
	return func(dst []byte, i int) ([]byte, error) {
		x, y := bytes.TrimSpace(a.at(i)), bytes.TrimSpace(b.at(i))
		open, shut := byte('['), byte(']')
		if jsonKind(x) == '{' && jsonKind(y) == '{' {
			open, shut = '{', '}'
		} else if jsonKind(x) == '{' && jsonKind(y) != '[' || jsonKind(y) == '{' && jsonKind(x) != '[' {
			return nil, sqlerr.New(sqlerr.InvalidParameterValue, "invalid concatenation of jsonb objects")
		}
		dst = append(dst, open)
		for _, s := range [][]byte{x, y} {
			if s[0] == open {
				s = bytes.TrimSpace(s[1 : len(s)-1])
			}
			if len(s) > 0 && len(dst) > 1 {
				dst = append(dst, ", "...)
			}
			dst = append(dst, s...)
		}
		n, err := types.NormalizeJSONB(string(append(dst, shut)))
		return append(dst[:0], n...), err
	}
})

var bindJSONBDelete = textOf(func(_ *Exec, args []*page.Vector) func(dst []byte, i int) ([]byte, error) {
	a, key := stringInput(args[0]), stringInput(args[1])
	return func(dst []byte, i int) ([]byte, error) {
		s := bytes.TrimSpace(a.at(i))
		kind := jsonKind(s)
		if kind != '{' && kind != '[' {
			return nil, sqlerr.New(sqlerr.InvalidParameterValue, "cannot delete from scalar")
		}
		return appendKept(dst, s, func(k, v []byte) ([]byte, bool) {
			if kind == '{' {
				return v, !bytes.Equal(jsonUnquote(nil, k), key.at(i))
			}
			return v, jsonKind(v) != '"' || !bytes.Equal(jsonUnquote(nil, v), key.at(i))
		}), nil
	}
})

// appendKept appends an object or array with the members that f keeps, as f gives them.
func appendKept(dst, s []byte, f func(k, v []byte) ([]byte, bool)) []byte {
	dst = append(dst, s[0])
	first := true
	jsonEach(s, func(k, v []byte) bool {
		v, keep := f(k, v)
		if !keep {
			return true
		}
		if !first {
			dst = append(dst, ", "...)
		}
		first = false
		if k != nil {
			dst = append(append(dst, k...), ": "...)
		}
		dst = append(dst, v...)
		return true
	})
	return append(dst, s[len(s)-1])
}

func appendWithoutNulls(dst, s []byte) []byte {
	s = bytes.TrimSpace(s)
	if k := jsonKind(s); k != '{' && k != '[' {
		return append(dst, s...)
	}
	object := s[0] == '{'
	return appendKept(dst, s, func(_, v []byte) ([]byte, bool) {
		return appendWithoutNulls(nil, v), !object || jsonKind(v) != 'n'
	})
}
