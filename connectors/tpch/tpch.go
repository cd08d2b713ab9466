// Package tpch owns the catalog of generated TPC-H tables: a schema for each
// scale factor, read in parallel by ranges of rows. The engine calls it
// through the SPI; rows come from dbgen. It knows no engine and no files.
package tpch

import (
	"context"
	"strconv"
	"sync"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/connectors/tpch/dbgen"
)

const (
	optionScale    = "sf"
	optionComments = "comments"

	commentsShort = "short"
	commentsFull  = "full"
)

// Factory returns the factory of catalogs of kind tpch. All catalogs made by
// one factory share the text of comments.
func Factory() spi.Factory {
	text := dbgen.NewTextPool()
	return spi.Factory{
		Kind: "tpch",
		Doc: "The tables of the TPC-H benchmark, generated when they are read. Schemas tiny (scale factor 0.01), sf1, sf10, " +
			"and so on: any sfN exists.",
		Options: []spi.Setting{
			{Name: optionScale, Kind: spi.SettingFloat, Doc: "Scale factor of the tables in schema public; without it there is no such schema."},
			{Name: optionComments, Kind: spi.SettingEnum, Enum: []string{commentsShort, commentsFull}, Default: commentsShort,
				Doc: "Text that comments are cut from: short (10 MiB, as embedded generators do) or full (300 MiB, as the benchmark's dbgen does)."},
		},
		Open: func(_ context.Context, _ string, c spi.Config, env spi.Env) (spi.Connector, error) {
			return open(c, env, text)
		},
	}
}

// connector makes the tables of all scale factors.
type connector struct {
	pool     page.Pool
	comments dbgen.TextBytes
	text     *dbgen.TextPool
	public   float64 // scale factor of schema public, 0: none

	vectors sync.Pool // []dbgen.Vector: scratch of sources that ended

	mu     sync.Mutex
	scales map[float64]*scale
	dicts  map[dictKey]*page.Dictionary
	closed bool
}

var _ spi.Connector = (*connector)(nil)

// scale is one scale factor in use.
type scale struct {
	*dbgen.Generator
	lines func() int64 // rows of lineitem
}

// dictKey names an enumerated column; its values do not depend on the scale.
type dictKey struct {
	table  dbgen.Table
	column int
}

func open(c spi.Config, env spi.Env, text *dbgen.TextPool) (spi.Connector, error) {
	k := &connector{pool: env.Pool, comments: dbgen.ShortText, text: text,
		scales: map[float64]*scale{}, dicts: map[dictKey]*page.Dictionary{}}
	switch v := c[optionComments]; v {
	case "", commentsShort:
	case commentsFull:
		k.comments = dbgen.FullText
	default:
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "option comments must be short or full: %q", v)
	}
	if v := c[optionScale]; v != "" {
		f, err := strconv.ParseFloat(v, 64)
		if err != nil {
			return nil, sqlerr.New(sqlerr.InvalidParameterValue, "option sf is not a number: %q", v)
		}
		if _, err := k.scale(f); err != nil {
			return nil, err
		}
		k.public = f
	}
	return k, nil
}

// scale returns the generator of a scale factor.
func (k *connector) scale(f float64) (*scale, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if s := k.scales[f]; s != nil {
		return s, nil
	}
	g, err := dbgen.New(dbgen.Options{Scale: f, Comments: k.comments, Text: k.text})
	if err != nil {
		return nil, err
	}
	s := &scale{Generator: g}
	s.lines = sync.OnceValue(s.countLines)
	if len(k.scales) < scalesMax {
		k.scales[f] = s
	}
	return s, nil
}

// scalesMax bounds the generators that are kept; others are made again.
const scalesMax = 100

// dictionary returns the shared dictionary of an enumerated column, with a
// reference for the caller.
func (k *connector) dictionary(t dbgen.Table, column int, c *dbgen.Column) (*page.Dictionary, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key := dictKey{t, column}
	if d := k.dicts[key]; d != nil {
		return d.Retain(), nil
	}
	vals := make([]types.Value, len(c.Values))
	for i, s := range c.Values {
		vals[i] = types.StringValue(s)
	}
	v, err := page.FromValues(typeOf(c), vals, k.pool)
	if err != nil {
		return nil, err
	}
	d := page.NewDictionary(v)
	if k.closed {
		return d, nil
	}
	k.dicts[key] = d
	return d.Retain(), nil
}

// Snapshot implements spi.Connector: generated tables never change.
func (k *connector) Snapshot(context.Context, *spi.Session, spi.Snapshot, []spi.Name) (spi.Snapshot, error) {
	return spi.Snapshot{ID: "generated", Kind: spi.SnapshotDurable}, nil
}

// Release implements spi.Connector.
func (k *connector) Release(context.Context, spi.Snapshot) error { return nil }

// Caps implements spi.Connector.
func (k *connector) Caps() spi.Caps { return spi.Caps{Push: k, Stats: k} }

// Close implements spi.Connector.
func (k *connector) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, d := range k.dicts {
		d.Release()
	}
	k.dicts, k.closed = map[dictKey]*page.Dictionary{}, true
	return nil
}
