// Package builtin is the one list of the connectors that are compiled in. The
// command hands it to the engine; embedders choose their own.
package builtin

import (
	"github.com/muster-sql/muster/connectors/files"
	"github.com/muster-sql/muster/connectors/memory"
	"github.com/muster-sql/muster/connectors/postgres"
	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/tpch"
)

// All returns the factories of all connectors. Those of one call share what
// belongs to a process: call it once.
func All() []spi.Factory {
	return []spi.Factory{
		files.Factory(),
		memory.Factory(),
		postgres.Factory(),
		tpch.Factory(),
	}
}
