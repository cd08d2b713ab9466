package muster

import (
	"context"
	"time"

	"github.com/muster-sql/muster/connectors/spi"
)

// systemClock is the time of this machine.
type systemClock struct{}

var _ spi.Clock = systemClock{}

// Now implements spi.Clock.
func (systemClock) Now() time.Time { return time.Now() }

// After implements spi.Clock.
func (systemClock) After(_ context.Context, d time.Duration) <-chan time.Time { return time.After(d) }
