package codec

import (
	"encoding/binary"
	"math"
	"reflect"
	"time"
)

type decoder struct{ in []byte }

func (d *decoder) uvarint() (uint64, error) {
	u, n := binary.Uvarint(d.in)
	if n <= 0 {
		return 0, malformed("truncated number")
	}
	d.in = d.in[n:]
	return u, nil
}

func (d *decoder) varint() (int64, error) {
	i, n := binary.Varint(d.in)
	if n <= 0 {
		return 0, malformed("truncated number")
	}
	d.in = d.in[n:]
	return i, nil
}

func (d *decoder) bytes(n uint64) ([]byte, error) {
	if n > uint64(len(d.in)) {
		return nil, malformed("%d bytes announced, %d left", n, len(d.in))
	}
	b := d.in[:n:n]
	d.in = d.in[n:]
	return b, nil
}

func (d *decoder) value(v reflect.Value, depth int) error {
	if depth > depthMax {
		return malformed("nested too deeply")
	}
	switch v.Kind() {
	case reflect.Bool:
		b, err := d.bytes(1)
		if err == nil {
			v.SetBool(b[0] != 0)
		}
		return err
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		i, err := d.varint()
		if err == nil && v.OverflowInt(i) {
			return malformed("number out of range")
		}
		v.SetInt(i)
		return err
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		u, err := d.uvarint()
		if err == nil && v.OverflowUint(u) {
			return malformed("number out of range")
		}
		v.SetUint(u)
		return err
	case reflect.Float32, reflect.Float64:
		b, err := d.bytes(8)
		if err == nil {
			v.SetFloat(math.Float64frombits(binary.LittleEndian.Uint64(b)))
		}
		return err
	case reflect.String:
		n, err := d.uvarint()
		if err != nil {
			return err
		}
		b, err := d.bytes(n)
		v.SetString(string(b))
		return err
	default:
		return d.composite(v, depth)
	}
}

func (d *decoder) composite(v reflect.Value, depth int) error {
	switch v.Kind() {
	case reflect.Slice:
		return d.slice(v, depth)
	case reflect.Array:
		for i := range v.Len() {
			if err := d.value(v.Index(i), depth+1); err != nil {
				return err
			}
		}
		return nil
	case reflect.Map:
		return d.mapping(v, depth)
	case reflect.Pointer:
		b, err := d.bytes(1)
		if err != nil || b[0] == 0 {
			return err
		}
		v.Set(reflect.New(v.Type().Elem()))
		return d.value(v.Elem(), depth+1)
	case reflect.Struct:
		return d.fields(v, depth)
	case reflect.Interface:
		return d.member(v, depth)
	}
	return malformed("no codec for %v", v.Type())
}

func (d *decoder) slice(v reflect.Value, depth int) error {
	n, err := d.uvarint()
	if err != nil || n == 0 {
		return err
	}
	n--
	if v.Type().Elem().Kind() == reflect.Uint8 {
		b, err := d.bytes(n)
		v.SetBytes(append([]byte{}, b...))
		return err
	}
	// An element takes at least a byte, unless it is an empty struct.
	if n > uint64(len(d.in)) && v.Type().Elem().Size() > 0 {
		return malformed("%d elements announced, %d bytes left", n, len(d.in))
	}
	out := reflect.MakeSlice(v.Type(), 0, int(min(n, 1024)))
	for range n {
		e := reflect.New(v.Type().Elem()).Elem()
		if err := d.value(e, depth+1); err != nil {
			return err
		}
		out = reflect.Append(out, e)
	}
	v.Set(out)
	return nil
}

func (d *decoder) mapping(v reflect.Value, depth int) error {
	n, err := d.uvarint()
	if err != nil || n == 0 {
		return err
	}
	v.Set(reflect.MakeMap(v.Type()))
	for range n - 1 {
		k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		if err := d.value(k, depth+1); err != nil {
			return err
		}
		if err := d.value(e, depth+1); err != nil {
			return err
		}
		v.SetMapIndex(k, e)
	}
	return nil
}

func (d *decoder) fields(v reflect.Value, depth int) error {
	if v.Type() == timeType {
		n, err := d.uvarint()
		if err != nil {
			return err
		}
		b, err := d.bytes(n)
		if err != nil {
			return err
		}
		var t time.Time
		if err := t.UnmarshalBinary(b); err != nil {
			return malformed("time: %v", err)
		}
		v.Set(reflect.ValueOf(t))
		return nil
	}
	for i := range v.NumField() {
		if skipped(v.Type().Field(i)) {
			continue
		}
		if err := d.value(v.Field(i), depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) member(v reflect.Value, depth int) error {
	tag, err := d.uvarint()
	if err != nil || tag == 0 {
		return err
	}
	set, ok := closedSets.Load(v.Type())
	if !ok {
		return malformed("%v is not a closed set", v.Type())
	}
	list := set.([]reflect.Type)
	if tag > uint64(len(list)) {
		return malformed("unknown member %d of %v", tag, v.Type())
	}
	t := list[tag-1]
	if t.Kind() == reflect.Pointer {
		p := reflect.New(t.Elem())
		if err := d.value(p.Elem(), depth+1); err != nil {
			return err
		}
		v.Set(p)
		return nil
	}
	x := reflect.New(t).Elem()
	if err := d.value(x, depth+1); err != nil {
		return err
	}
	v.Set(x)
	return nil
}
