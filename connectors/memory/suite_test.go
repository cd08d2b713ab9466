package memory

import (
	"context"
	"testing"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/spitest"
)

func TestConnectorSuite(t *testing.T) {
	name := spi.Name{Schema: "public", Table: "suite"}
	spitest.Run(t, spitest.Options{
		Table: name,
		Write: "public",
		Open: func(_ *testing.T, env spi.Env) (spi.Connector, error) {
			k, err := Factory().Open(context.Background(), "m", nil, env)
			if err != nil {
				return nil, err
			}
			return k, spitest.Fill(k, name, env.Pool)
		},
	})
}
