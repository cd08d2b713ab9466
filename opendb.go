package muster

import (
	"context"
	"database/sql"
	"net"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// OpenDB returns a database/sql handle of a node in this process. Its
// connections are sessions of their own, with transactions and prepared
// statements; nothing of it is on the network. Close the handle before the node.
func OpenDB(n *Node) (*sql.DB, error) {
	config, err := pgx.ParseConfig("host=in-process port=5440 sslmode=disable dbname=muster user=" + embeddedUser)
	if err != nil {
		return nil, sqlerr.Wrap(sqlerr.InternalError, err, "configuration of the driver")
	}
	config.Fallbacks = nil
	config.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	config.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) { return n.Dial(ctx) }
	return stdlib.OpenDB(*config), nil
}
