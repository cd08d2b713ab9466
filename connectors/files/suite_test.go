package files

import (
	"context"
	"testing"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/spitest"
)

func TestConnectorSuite(t *testing.T) {
	dir := t.TempDir()
	name := spi.Name{Schema: "public", Table: "suite"}
	open := func(_ *testing.T, env spi.Env) (spi.Connector, error) {
		return Factory().Open(context.Background(), "f", spi.Config{optionPath: dir}, env)
	}
	env := spitest.Env(t)
	k, err := open(t, env)
	if err != nil {
		t.Fatal(err)
	}
	if err := spitest.Fill(k, name, env.Pool); err != nil {
		t.Fatal(err)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	spitest.Run(t, spitest.Options{Table: name, Write: "public", Open: open})
}
