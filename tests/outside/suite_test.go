package numbers

import (
	"context"
	"testing"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/spitest"
)

// A connector from outside passes the suite that ours pass.
func TestNumbersAreAConnector(t *testing.T) {
	spitest.Run(t, spitest.Options{
		Open: func(_ *testing.T, env spi.Env) (spi.Connector, error) {
			return Factory().Open(context.Background(), "numbers", spi.Config{"rows": "25000"}, env)
		},
		Table:   name,
		RowsMax: 30_000,
	})
}
