package types

import (
	"strings"
	"testing"
)

func parseAndPrint(op goldenOp, args []string) (string, error) {
	t, err := ParseType(strings.ReplaceAll(op.name, "_", " "))
	if err != nil {
		return "", err
	}
	v, err := Parse(t, args[0], op.format)
	if err != nil {
		return "", err
	}
	return FormatText(t, v, op.format), nil
}

func TestScalarsReadAndPrintAsInPostgreSQL(t *testing.T) { runGolden(t, "scalar_text", parseAndPrint) }

func TestDatetimesReadAndPrintAsInPostgreSQL(t *testing.T) {
	runGolden(t, "datetime_text", parseAndPrint)
}
