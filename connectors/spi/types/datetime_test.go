package types

import "testing"

func TestDatetimeArithmeticIsThatOfPostgreSQL(t *testing.T) {
	runGolden(t, "datetime_arith", func(op goldenOp, args []string) (string, error) {
		switch op.name {
		case "plus", "age", "trunc":
			return timestampOp(op, args, Of(Timestamp))
		case "plustz", "trunctz":
			return timestampOp(op, args, Of(TimestampTZ))
		}
		iv, err := ParseInterval(args[0], Of(Interval), op.format)
		if err != nil {
			return "", err
		}
		switch op.name {
		case "trunciv":
			u, err := TruncUnitOf(args[1], Of(Interval))
			if err != nil {
				return "", err
			}
			iv = TruncInterval(iv, u)
		case "justify_hours":
			iv, err = iv.JustifyHours()
		case "justify_days":
			iv, err = iv.JustifyDays()
		case "justify_interval":
			iv, err = iv.Justify()
		}
		return string(AppendInterval(nil, iv, op.format)), err
	})
}

func timestampOp(op goldenOp, args []string, typ Type) (string, error) {
	z := op.format.TimeZone()
	ts, err := ParseTimestamp(typ, args[0], op.format)
	if err != nil {
		return "", err
	}
	switch op.name {
	case "age":
		other, err := ParseTimestamp(typ, args[1], op.format)
		if err != nil {
			return "", err
		}
		iv, err := Age(ts, other)
		return string(AppendInterval(nil, iv, op.format)), err
	case "trunc", "trunctz":
		u, err := TruncUnitOf(args[1], typ)
		if err != nil {
			return "", err
		}
		if op.name == "trunc" {
			ts, err = TruncTimestamp(ts, u)
		} else {
			ts, err = TruncTimestampTZ(ts, u, z)
		}
		return FormatText(typ, IntValue(ts), op.format), err
	}
	iv, err := ParseInterval(args[1], Of(Interval), op.format)
	if err != nil {
		return "", err
	}
	if op.name == "plus" {
		ts, err = AddInterval(ts, iv)
	} else {
		ts, err = AddIntervalTZ(ts, iv, z)
	}
	return FormatText(typ, IntValue(ts), op.format), err
}
