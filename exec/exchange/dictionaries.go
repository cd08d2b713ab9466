package exchange

import "github.com/muster-sql/muster/connectors/spi/page"

// dictionaries holds the copies of dictionaries that pages refer to once they
// have left their task: a dictionary is charged to the task that made it, whose
// memory is counted when it ends, while its pages wait to be read.
type dictionaries struct{ columns []ownDictionary }

// ownDictionary is the copy for one column, the last one made.
type ownDictionary struct {
	source uint64 // id of the original
	copy   *page.Dictionary
}

// take makes the columns of p, which nobody else has, refer to copies charged
// to pool. A dictionary much larger than the page becomes values instead.
func (d *dictionaries) take(p *page.Page, pool page.Pool) error {
	if d.columns == nil {
		d.columns = make([]ownDictionary, len(p.Cols))
	}
	for i, c := range p.Cols {
		if c.Enc() != page.Dict {
			continue
		}
		own := &d.columns[i]
		from := c.Dictionary()
		if own.copy == nil || own.source != from.ID {
			if from.Values.Len() > 2*p.Rows {
				v, err := values(c, pool)
				if err != nil {
					return err
				}
				c.Release()
				p.Cols[i] = v
				continue
			}
			vals, err := from.Values.Gather(page.Iota(from.Values.Len()), pool)
			if err != nil {
				return err
			}
			own.release()
			own.source, own.copy = from.ID, page.NewDictionary(vals)
		}
		c.SetDictionary(own.copy.Retain())
	}
	return nil
}

// values copies a column of codes into one of values.
func values(c *page.Vector, pool page.Pool) (*page.Vector, error) {
	b := page.NewBuilder(c.Type, c.Len(), pool)
	b.AppendAll(c, nil, c.Len())
	return b.Finish()
}

func (o *ownDictionary) release() {
	if o.copy != nil {
		o.copy.Release()
		o.copy = nil
	}
}

func (d *dictionaries) release() {
	for i := range d.columns {
		d.columns[i].release()
	}
	d.columns = nil
}
