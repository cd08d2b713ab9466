package types

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

func TestNumericAnswersAsPostgreSQL(t *testing.T) {
	runGolden(t, "numeric", func(op goldenOp, args []string) (string, error) {
		switch op.name {
		case "round", "trunc", "parse_decimal", "float8", "float4":
			return numericWithArgument(op.name, args)
		}
		n := make([]Num, len(args))
		for i, s := range args {
			var err error
			if n[i], err = ParseNum(s); err != nil {
				return "", err
			}
		}
		r, err := numericOp(op.name, n)
		if op.name == "cmp" {
			return strconv.Itoa(n[0].Cmp(n[1])), nil
		}
		if op.name == "to_float8" {
			return string(AppendFloat64(nil, n[0].Float64())), nil
		}
		return r.String(), err
	})
}

func numericOp(name string, n []Num) (Num, error) {
	a, b := n[0], n[len(n)-1]
	switch name {
	case "add":
		return a.Add(b)
	case "sub":
		return a.Sub(b)
	case "mul":
		return a.Mul(b)
	case "div":
		return a.Div(b)
	case "mod":
		return a.Mod(b)
	case "quo":
		return a.QuoTrunc(b)
	case "ceil":
		return a.Ceil(), nil
	case "floor":
		return a.Floor(), nil
	case "trim":
		return a.Trim(), nil
	case "sqrt":
		return a.Sqrt()
	case "exp":
		return a.Exp()
	case "ln":
		return a.Ln()
	case "log":
		return b.Log(a)
	case "pow":
		return a.Power(b)
	}
	return a, nil
}

func numericWithArgument(name string, args []string) (string, error) {
	switch name {
	case "float8", "float4":
		bits := 64
		if name == "float4" {
			bits = 32
		}
		f, err := strconv.ParseFloat(args[0], bits)
		if err != nil {
			return "", err
		}
		v, err := NumOfFloat64(f)
		if bits == 32 {
			v, err = NumOfFloat32(float32(f))
		}
		return v.String(), err
	case "parse_decimal":
		var p, s int
		fmt.Sscanf(args[1], "%d,%d", &p, &s)
		c, err := ParseDecimal(args[0], p, s)
		return string(AppendDecimal128(nil, c, s)), err
	}
	a, err := ParseNum(args[0])
	if err != nil {
		return "", err
	}
	n, _ := strconv.Atoi(args[1])
	if name == "round" {
		a, err = a.Round(n)
	} else {
		a, err = a.Trunc(n)
	}
	return a.String(), err
}

// From version 16 on the scale of an integer power follows its size; the
// golden answers are of version 15, which always prints 16 digits.
func TestIntegerPowersKeepSixteenSignificantDigits(t *testing.T) {
	for _, c := range [][3]string{
		{"2", "10", "1024.0000000000000"}, {"10", "37", "10000000000000000000000000000000000000"},
		{"2", "-10", "0.0009765625000000000"}, {"0", "0", "1.0000000000000000"},
		{"0", "5", "0.0000000000000000"}, {"-2", "3", "-8.0000000000000000"}, {"1.50", "2.000", "2.2500000000000000"},
	} {
		a, _ := ParseNum(c[0])
		b, _ := ParseNum(c[1])
		if got, err := a.Power(b); err != nil || got.String() != c[2] {
			t.Errorf("%s ^ %s = %s %v, want %s", c[0], c[1], got, err, c[2])
		}
	}
}

func TestMoreThan38DigitsOverflow(t *testing.T) {
	parse := func(s string) Num {
		v, err := ParseNum(s)
		if err != nil {
			t.Fatal(s, err)
		}
		return v
	}
	nines := parse("99999999999999999999999999999999999999")
	if _, err := nines.Add(NumOf(1)); !sqlerr.Is(err, sqlerr.NumericValueOutOfRange) {
		t.Errorf("adding 1 to 38 nines: %v", err)
	}
	if _, err := nines.Mul(NumOf(2)); !sqlerr.Is(err, sqlerr.NumericValueOutOfRange) {
		t.Errorf("twice 38 nines: %v", err)
	}
	for _, s := range []string{"1e38", "123456789012345678901234567890123456789", "1e999999999999", "1e-99999"} {
		if _, err := ParseNum(s); !sqlerr.Is(err, sqlerr.NumericValueOutOfRange) {
			t.Errorf("parse %s: %v", s, err)
		}
	}
	// Digits beyond the capacity in between do no harm.
	got, err := parse("10000000000000000000000000000000000000").Sub(parse("9999999999999999999999999999999999999.5"))
	if err != nil || got.String() != "0.5" {
		t.Errorf("difference %s, %v", got, err)
	}
	if c := parse("1e-300").Cmp(parse("99999999999999999999999999999999999999")); c != -1 {
		t.Errorf("compare = %d", c)
	}
}

func TestNumericArithmeticAllocatesNothing(t *testing.T) {
	a, b := NumOf(1_000_000), Num{Coef: Int128Of(-12345), Scale: 3}
	buf := make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() {
		q, _ := a.Div(b)
		s, _ := q.Add(a)
		buf = AppendNum(buf[:0], s)
		buf = AppendDecimal64(buf, -1234567, 2)
		buf = AppendFloat64(buf, 0.1)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
