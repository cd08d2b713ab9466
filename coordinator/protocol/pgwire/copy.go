package pgwire

import (
	"context"

	"github.com/muster-sql/muster/coordinator/session"
)

// copied runs the COPY that a result is; false: it is none.
func (c *conn) copied(_ context.Context, _ session.Result) (bool, error) { return false, nil }
