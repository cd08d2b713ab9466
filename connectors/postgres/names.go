package postgres

import (
	"strings"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// nameBytesMax is the longest identifier; the server would cut a longer one
// and mean another table.
const nameBytesMax = 63

// checkName refuses identifiers that the server would not keep as they are.
func checkName(name string) error {
	switch {
	case name == "":
		return sqlerr.New(sqlerr.InvalidName, "name is empty")
	case len(name) > nameBytesMax:
		return sqlerr.New(sqlerr.NameTooLong, "name is longer than %d bytes: %q", nameBytesMax, name)
	case strings.IndexByte(name, 0) >= 0:
		return sqlerr.New(sqlerr.InvalidName, "name has a zero byte")
	}
	return nil
}
