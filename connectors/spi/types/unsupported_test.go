package types

import (
	"testing"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

func TestAnonymousRecordsCannotBeRead(t *testing.T) {
	if _, err := Parse(Of(Record), "(1,x)", &Format{}); !sqlerr.Is(err, sqlerr.FeatureNotSupported) {
		t.Errorf("text: %v", err)
	}
	if _, err := ParseBinary(Of(Record), []byte{0, 0, 0, 0}); !sqlerr.Is(err, sqlerr.FeatureNotSupported) {
		t.Errorf("binary: %v", err)
	}
}
