package muster

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/coordinator/session"
)

// goValue is a SQL value as Go has it.
func goValue(t types.Type, v types.Value, f *types.Format) any {
	if v.Null {
		return nil
	}
	switch t.Kind {
	case types.Bool:
		return v.I != 0
	case types.Int8, types.Int16, types.Int32, types.Int64:
		return v.I
	case types.Float32, types.Float64:
		return v.F
	case types.Bytea:
		return []byte(v.S)
	case types.Date:
		if d := time.Unix(v.I*secondsPerDay, 0).UTC(); isCivil(d) {
			return d
		}
	case types.Timestamp, types.TimestampTZ:
		if at := time.UnixMicro(v.I).UTC(); isCivil(at) {
			return at
		}
	case types.Array:
		out := make([]any, len(v.L))
		for i, x := range v.L {
			out[i] = goValue(t.ElemType(), x, f)
		}
		return out
	case types.Row, types.Record:
		out := make([]any, len(v.L))
		for i, x := range v.L {
			out[i] = goValue(t.Fields[i].Type, x, f)
		}
		return out
	}
	return types.FormatText(t, v, f)
}

const secondsPerDay = 24 * 60 * 60

// isCivil reports whether a time is in the years that Go prints; infinities and
// distant years stay text.
func isCivil(t time.Time) bool { return t.Year() > 0 && t.Year() < 10000 }

// arguments converts Go values to the types of parameters.
func arguments(params []types.Type, args []any, f *types.Format) (session.Args, error) {
	out := session.Args{Types: params, Values: make([]types.Value, len(args))}
	for i, a := range args {
		v, err := sqlValue(params[i], a, f)
		if err != nil {
			return out, sqlerr.As(err).WithDetail("argument $%d", i+1)
		}
		out.Values[i] = v
	}
	return out, nil
}

// sqlValue reads a Go value as a type, through its text.
func sqlValue(t types.Type, a any, f *types.Format) (types.Value, error) {
	text := ""
	a, err := driver.DefaultParameterConverter.ConvertValue(a)
	if err != nil {
		return types.Value{}, sqlerr.Wrap(sqlerr.InvalidParameterValue, err, "argument has no SQL value")
	}
	switch x := a.(type) {
	case nil:
		return types.NullValue, nil
	case bool:
		text = strconv.FormatBool(x)
	case int64:
		text = strconv.FormatInt(x, 10)
	case float64:
		text = strconv.FormatFloat(x, 'g', -1, 64)
	case []byte:
		if t.Kind == types.Bytea {
			return types.StringValue(string(x)), nil
		}
		text = string(x)
	case string:
		text = x
	case time.Time:
		text = x.Format("2006-01-02 15:04:05.999999Z07:00")
		if t.Kind == types.Timestamp { // a time without zone is what the clock shows
			text = x.Format("2006-01-02 15:04:05.999999")
		}
	}
	if t.Kind == types.Unknown {
		t = types.Of(types.Text)
	}
	return types.Parse(t, text, f)
}

// assign stores a value where dest points, with the conversions of database/sql.
func assign(dest, v any) error {
	switch d := dest.(type) {
	case *any:
		*d = v
		return nil
	case sql.Scanner:
		return d.Scan(v)
	case *string:
		return into(d, v)
	case *[]byte:
		return into(d, v)
	case *bool:
		return into(d, v)
	case *int:
		return into(d, v)
	case *int16:
		return into(d, v)
	case *int32:
		return into(d, v)
	case *int64:
		return into(d, v)
	case *float32:
		return into(d, v)
	case *float64:
		return into(d, v)
	case *time.Time:
		return into(d, v)
	case *[]any:
		list, ok := v.([]any)
		if !ok {
			return fmt.Errorf("cannot store %T in %T", v, dest)
		}
		*d = list
		return nil
	}
	p := reflect.ValueOf(dest)
	if p.Kind() == reflect.Pointer && !p.IsNil() && p.Elem().Kind() == reflect.Pointer { // **T: nil for NULL
		if v == nil {
			p.Elem().SetZero()
			return nil
		}
		one := reflect.New(p.Elem().Type().Elem())
		if err := assign(one.Interface(), v); err != nil {
			return err
		}
		p.Elem().Set(one)
		return nil
	}
	return fmt.Errorf("cannot store in %T", dest)
}

func into[T any](dest *T, v any) error {
	var n sql.Null[T]
	if err := n.Scan(v); err != nil {
		return err
	}
	if !n.Valid {
		return fmt.Errorf("NULL does not fit in %T; use a pointer to one", *dest)
	}
	*dest = n.V
	return nil
}
