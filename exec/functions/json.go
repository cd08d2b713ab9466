package functions

import (
	"bytes"
	"strconv"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
)

func jsonFunctions() []*Scalar {
	text, i4 := types.Text, types.Int32
	var out []*Scalar
	for _, k := range []types.Kind{types.JSON, types.JSONB} {
		n := "json"
		if k == types.JSONB {
			n = "jsonb"
		}
		j := func(name, says, example, result string, args []Pattern, ret types.Kind, bind func([]types.Type) (Kernel, error), aliases ...string) *Scalar {
			return &Scalar{Name: name, Aliases: aliases, Doc: Doc{Family: "json", Summary: says, Example: example, Result: result}, Args: args, Return: returns(ret), Bind: bind}
		}
		obj, arr := `'{"a": {"b": "x"}, "c": [1, 2]}'::`+n, `'[1, "two", null]'::`+n
		path := []Pattern{Of(k), Exactly(types.ArrayOf(types.Of(text)))}
		deep := func(name string, ret types.Kind, result string, asText bool) *Scalar {
			s := j(name, "The value at a path of keys and places.", name+"("+obj+", 'a', 'b')", result, patterns(k, text), ret, bindJSONVariadic(asText))
			s.Variadic = true
			return s
		}
		out = append(out,
			j("->", "The member of a key.", obj+" -> 'a'", `{"b": "x"}`, patterns(k, text), k, bindJSON(byKey, false)),
			j("->", "The element at a place counted from 0, from the end when negative.", arr+" -> 1", `"two"`, patterns(k, i4), k, bindJSON(byPlace, false), "json_array_get"),
			j("->>", "The member of a key as text.", obj+" ->> 'c'", "[1, 2]", patterns(k, text), text, bindJSON(byKey, true)),
			j("->>", "The element at a place as text.", arr+" ->> 1", "two", patterns(k, i4), text, bindJSON(byPlace, true)),
			j("#>", "The value at a path of keys and places.", obj+" #> '{a,b}'", `"x"`, path, k, bindJSON(byPath, false)),
			j("#>>", "The value at a path of keys and places, as text.", obj+" #>> '{c,1}'", "2", path, text, bindJSON(byPath, true)),
			deep(n+"_extract_path", k, `"x"`, false), deep(n+"_extract_path_text", text, "x", true),
			j(n+"_array_length", "The number of elements.", n+"_array_length("+arr+")", "3", patterns(k), i4, bindJSONLength),
			j(n+"_typeof", "What a value is: object, array, string, number, boolean or null.", n+"_typeof("+arr+")", "array", patterns(k), text, appendedText(appendJSONType)),
			j("json_extract", "The value at a path $.a[0].b.", "json_extract("+obj+", '$.c[1]')", "2", patterns(k, text), k, bindJSON(byJSONPath, false), "json_query"),
			j("json_extract_scalar", "The scalar at a path $.a[0].b as text.", "json_extract_scalar("+obj+", '$.a.b')", "x", patterns(k, text), text, bindJSON(byJSONPath, true), "json_value"),
			j("json_size", "The number of members or elements at a path, 0 for a scalar.", "json_size("+obj+", '$.c')", "2", patterns(k, text), types.Int64, bindJSONSize),
			j("json_array_contains", "Whether an array has a text, number or boolean.", "json_array_contains("+arr+", 'two')", "t", patterns(k, text), types.Bool, bindJSONContains),
			j("json_format", "The text of a value.", "json_format("+arr+")", `[1, "two", null]`, patterns(k), text, bindSame),
		)
	}
	return append(append(out, jsonMaking()...), jsonbFunctions()...)
}

// jsonStep finds a value within another, or nil.
type jsonStep func(args []*page.Vector) func(s []byte, i int) ([]byte, error)

func byKey(args []*page.Vector) func(s []byte, i int) ([]byte, error) {
	keys := stringInput(args[1])
	return func(s []byte, i int) ([]byte, error) { return jsonMember(s, keys.at(i)), nil }
}

func byPlace(args []*page.Vector) func(s []byte, i int) ([]byte, error) {
	at, m := input[int32](args[1])
	return func(s []byte, i int) ([]byte, error) { return jsonElement(s, int64(at[i&m])), nil }
}

func byPath(args []*page.Vector) func(s []byte, i int) ([]byte, error) {
	l := listInput(args[1])
	return func(s []byte, i int) ([]byte, error) {
		for k, hi := l.at(i); k < hi && s != nil; k++ {
			if l.kids[0].IsNull(k) {
				return nil, nil
			}
			s = jsonAt(s, l.kids[0].Str(k))
		}
		return s, nil
	}
}

// jsonAt follows one step of a path: a key of an object, a place in an array.
func jsonAt(s, step []byte) []byte {
	if jsonKind(s) == '[' {
		n, err := strconv.ParseInt(string(step), 10, 64)
		if err != nil {
			return nil
		}
		return jsonElement(s, n)
	}
	return jsonMember(s, step)
}

func byJSONPath(args []*page.Vector) func(s []byte, i int) ([]byte, error) {
	paths := stringInput(args[1])
	var known string
	var steps []string
	return func(s []byte, i int) ([]byte, error) {
		if p := paths.at(i); steps == nil || string(p) != known {
			var err error
			if steps, err = parseJSONPath(string(p)); err != nil {
				return nil, err
			}
			known = string(p)
		}
		for _, st := range steps {
			if s == nil {
				break
			}
			s = jsonAt(s, []byte(st))
		}
		return s, nil
	}
}

// parseJSONPath reads the steps of $.key["key"][0].
func parseJSONPath(p string) ([]string, error) {
	bad := sqlerr.New(sqlerr.InvalidParameterValue, "invalid JSON path: \"%s\"", p)
	if p == "" || p[0] != '$' {
		return nil, bad
	}
	steps := []string{}
	for p = p[1:]; p != ""; {
		switch {
		case p[0] == '.' && len(p) > 1 && p[1] != '"':
			n := 1
			for n < len(p) && p[n] != '.' && p[n] != '[' {
				n++
			}
			if n == 1 || p[1:n] == "*" {
				return nil, bad
			}
			steps, p = append(steps, p[1:n]), p[n:]
		case p[0] == '.' && len(p) > 2:
			end := bytes.IndexByte([]byte(p[2:]), '"')
			if end < 0 {
				return nil, bad
			}
			steps, p = append(steps, p[2:2+end]), p[3+end:]
		case p[0] == '[':
			end := bytes.IndexByte([]byte(p), ']')
			if end < 2 {
				return nil, bad
			}
			in := p[1:end]
			if n := len(in); n >= 2 && (in[0] == '"' || in[0] == '\'') && in[n-1] == in[0] {
				in = in[1 : n-1]
			} else if _, err := strconv.Atoi(in); err != nil {
				return nil, bad
			}
			steps, p = append(steps, in), p[end+1:]
		default:
			return nil, bad
		}
	}
	return steps, nil
}

// bindJSON makes the kernel of a step; asText gives strings without quotes and
// NULL for null.
func bindJSON(step jsonStep, asText bool) func([]types.Type) (Kernel, error) {
	return nullableText(func(_ *Exec, args []*page.Vector) func(i int) ([]byte, error) {
		in, find := stringInput(args[0]), step(args)
		var scratch []byte
		return func(i int) ([]byte, error) {
			v, err := find(in.at(i), i)
			if err != nil || v == nil || !asText {
				return v, err
			}
			scratch = scratch[:0]
			return jsonText(&scratch, v), nil
		}
	})
}

// jsonText is a value as text; nil for null.
func jsonText(scratch *[]byte, v []byte) []byte {
	switch jsonKind(v) {
	case 'n':
		return nil
	case '"':
		*scratch = jsonUnquote(append(*scratch, []byte{}...), v)
		if *scratch == nil {
			*scratch = []byte{}
		}
		return *scratch
	}
	return v
}

func bindJSONVariadic(asText bool) func([]types.Type) (Kernel, error) {
	return bindJSON(func(args []*page.Vector) func(s []byte, i int) ([]byte, error) {
		return func(s []byte, i int) ([]byte, error) {
			for _, a := range args[1:] {
				if s == nil {
					break
				}
				s = jsonAt(s, a.Str(i))
			}
			return s, nil
		}
	}, asText)
}

var bindJSONLength = fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (int32, error) {
	in := stringInput(args[0])
	return func(i int) (int32, error) {
		s := in.at(i)
		switch jsonKind(s) {
		case '[':
			return int32(jsonLength(s)), nil
		case '{':
			return 0, sqlerr.New(sqlerr.InvalidParameterValue, "cannot get array length of a non-array")
		}
		return 0, sqlerr.New(sqlerr.InvalidParameterValue, "cannot get array length of a scalar")
	}
})

func appendJSONType(dst, s []byte) []byte {
	switch jsonKind(s) {
	case '{':
		return append(dst, "object"...)
	case '[':
		return append(dst, "array"...)
	case '"':
		return append(dst, "string"...)
	case 't', 'f':
		return append(dst, "boolean"...)
	case 'n':
		return append(dst, "null"...)
	}
	return append(dst, "number"...)
}

func bindJSONSize([]types.Type) (Kernel, error) {
	return func(x *Exec, args []*page.Vector) (*page.Vector, error) {
		in, find := stringInput(args[0]), byJSONPath(args)
		return nullable(x, func(i int) (int64, bool, error) {
			v, err := find(in.at(i), i)
			return jsonLength(v), v != nil, err
		})
	}, nil
}

var bindJSONContains = fixedOf(func(_ *Exec, args []*page.Vector) func(i int) (uint8, error) {
	in, want := stringInput(args[0]), stringInput(args[1])
	var scratch []byte
	return func(i int) (uint8, error) {
		hit := uint8(0)
		if jsonKind(in.at(i)) != '[' {
			return 0, nil
		}
		jsonEach(in.at(i), func(_, v []byte) bool {
			scratch = scratch[:0]
			if t := jsonText(&scratch, v); t != nil && bytes.Equal(t, want.at(i)) {
				hit = 1
			}
			return hit == 0
		})
		return hit, nil
	}
})
