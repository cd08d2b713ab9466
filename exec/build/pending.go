package build

import (
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/exec/plan"
)

func (b *Pipelines) lookup(*plan.LookupJoin) (*chain, error) {
	return nil, sqlerr.Unsupported("bind joins are not supported yet")
}
