package tpch

import (
	"context"
	"testing"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/spitest"
)

func TestConnectorSuite(t *testing.T) {
	for _, table := range []string{"nation", "supplier", "orders"} {
		t.Run(table, func(t *testing.T) {
			spitest.Run(t, spitest.Options{
				Table: spi.Name{Schema: "public", Table: table},
				Open: func(_ *testing.T, env spi.Env) (spi.Connector, error) {
					return Factory().Open(context.Background(), "t", spi.Config{"sf": "0.001"}, env)
				},
			})
		})
	}
}
