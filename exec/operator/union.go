package operator

import (
	"context"
	"io"

	"github.com/muster-sql/muster/connectors/spi/page"
)

// union gives the rows of its inputs, one after the other.
type union struct {
	ins    []Operator
	at     int
	opened bool
}

var _ Operator = (*union)(nil)

// NewUnion returns the rows of all inputs. An input is opened when the one
// before it has ended.
func NewUnion(ins []Operator) Operator { return &union{ins: ins} }

func (u *union) Open(context.Context) error { return nil }

func (u *union) Next(ctx context.Context) (*page.Page, error) {
	for u.at < len(u.ins) {
		if !u.opened {
			if err := u.ins[u.at].Open(ctx); err != nil {
				return nil, err
			}
			u.opened = true
		}
		p, err := u.ins[u.at].Next(ctx)
		if err != io.EOF {
			return p, err
		}
		if err := u.ins[u.at].Close(); err != nil {
			return nil, err
		}
		u.at, u.opened = u.at+1, false
	}
	return nil, io.EOF
}

func (u *union) Close() error {
	var first error
	for _, in := range u.ins {
		if err := in.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}
