// Package codec owns the binary form of plain data that crosses processes:
// plans, expressions, scans, splits, sessions. It walks exported fields in
// order; closed sets of interfaces are registered with their members. It is
// not self-describing: both ends are of one version. Decoding is bounded
// against hostile input. It knows no type of the engine.
package codec

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// depthMax bounds nesting, so that no input can exhaust the stack.
const depthMax = 4000

var (
	closedSets sync.Map // reflect.Type of an interface → []reflect.Type of its members
	timeType   = reflect.TypeFor[time.Time]()
)

// Register declares the members of the closed set I, pointers or values, in a
// fixed order: append only. It is called from a package variable.
func Register[I any](members ...I) struct{} {
	var list []reflect.Type
	for _, m := range members {
		list = append(list, reflect.TypeOf(m))
	}
	closedSets.Store(reflect.TypeFor[I](), list)
	return struct{}{}
}

// Marshal returns the binary form of v.
func Marshal[T any](v T) ([]byte, error) {
	e := encoder{}
	if err := e.value(reflect.ValueOf(&v).Elem(), 0); err != nil {
		return nil, err
	}
	return e.out, nil
}

// Unmarshal reads a T and refuses trailing bytes. Errors are 22P03.
func Unmarshal[T any](b []byte) (T, error) {
	var v T
	d := decoder{in: b}
	if err := d.value(reflect.ValueOf(&v).Elem(), 0); err != nil {
		return v, err
	}
	if len(d.in) > 0 {
		return v, malformed("%d trailing bytes", len(d.in))
	}
	return v, nil
}

func malformed(format string, args ...any) error {
	return sqlerr.New(sqlerr.InvalidBinaryRepr, "malformed plan message: %s", fmt.Sprintf(format, args...))
}

type encoder struct{ out []byte }

func (e *encoder) value(v reflect.Value, depth int) error {
	if depth > depthMax {
		return sqlerr.New(sqlerr.StatementTooComplex, "plan is nested too deeply")
	}
	switch v.Kind() {
	case reflect.Bool:
		b := byte(0)
		if v.Bool() {
			b = 1
		}
		e.out = append(e.out, b)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.out = binary.AppendVarint(e.out, v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		e.out = binary.AppendUvarint(e.out, v.Uint())
	case reflect.Float32, reflect.Float64:
		e.out = binary.LittleEndian.AppendUint64(e.out, math.Float64bits(v.Float()))
	case reflect.String:
		e.out = binary.AppendUvarint(e.out, uint64(v.Len()))
		e.out = append(e.out, v.String()...)
	case reflect.Slice:
		return e.slice(v, depth)
	case reflect.Array:
		for i := range v.Len() {
			if err := e.value(v.Index(i), depth+1); err != nil {
				return err
			}
		}
	case reflect.Map:
		return e.mapping(v, depth)
	case reflect.Pointer:
		if v.IsNil() {
			e.out = append(e.out, 0)
			return nil
		}
		e.out = append(e.out, 1)
		return e.value(v.Elem(), depth+1)
	case reflect.Struct:
		return e.fields(v, depth)
	case reflect.Interface:
		return e.member(v, depth)
	default:
		return sqlerr.Internalf("no codec for %v", v.Type())
	}
	return nil
}

func (e *encoder) slice(v reflect.Value, depth int) error {
	if v.IsNil() {
		e.out = append(e.out, 0)
		return nil
	}
	e.out = binary.AppendUvarint(e.out, uint64(v.Len())+1)
	if v.Type().Elem().Kind() == reflect.Uint8 {
		e.out = append(e.out, v.Bytes()...)
		return nil
	}
	for i := range v.Len() {
		if err := e.value(v.Index(i), depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (e *encoder) mapping(v reflect.Value, depth int) error {
	if v.IsNil() {
		e.out = append(e.out, 0)
		return nil
	}
	e.out = binary.AppendUvarint(e.out, uint64(v.Len())+1)
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		if a.Kind() == reflect.String {
			return strings.Compare(a.String(), b.String())
		}
		return int(a.Int() - b.Int())
	})
	for _, k := range keys {
		if err := e.value(k, depth+1); err != nil {
			return err
		}
		if err := e.value(v.MapIndex(k), depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (e *encoder) fields(v reflect.Value, depth int) error {
	if v.Type() == timeType {
		b, err := v.Interface().(time.Time).MarshalBinary()
		e.out = append(binary.AppendUvarint(e.out, uint64(len(b))), b...)
		return err
	}
	for i := range v.NumField() {
		if skipped(v.Type().Field(i)) {
			continue
		}
		if err := e.value(v.Field(i), depth+1); err != nil {
			return err
		}
	}
	return nil
}

// skipped reports whether a field stays at home: unexported, or tagged `json:"-"`.
func skipped(f reflect.StructField) bool { return !f.IsExported() || f.Tag.Get("json") == "-" }

func (e *encoder) member(v reflect.Value, depth int) error {
	if v.IsNil() {
		e.out = append(e.out, 0)
		return nil
	}
	list, ok := closedSets.Load(v.Type())
	if !ok {
		return sqlerr.Internalf("%v is not a registered closed set", v.Type())
	}
	i := slices.Index(list.([]reflect.Type), v.Elem().Type())
	if i < 0 {
		return sqlerr.Internalf("%v is not a registered member of %v", v.Elem().Type(), v.Type())
	}
	e.out = binary.AppendUvarint(e.out, uint64(i)+1)
	x := v.Elem()
	if x.Kind() == reflect.Pointer {
		x = x.Elem()
	}
	return e.value(x, depth+1)
}
