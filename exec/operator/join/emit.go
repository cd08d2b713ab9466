package join

import (
	"io"
	"slices"

	"github.com/muster-sql/muster/connectors/spi/page"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/rows"
)

// sparse is the share of a page's rows below which matches are copied into a
// page of their own instead of keeping the page with a selection.
const sparse = 4

// emitAligned outputs the slots hits with the build rows of o.ids(hits).
func (o *probe) emitAligned(hits []int32) error {
	if len(hits) == 0 {
		return nil
	}
	if len(hits)*sparse < o.cur.Rows {
		if err := o.loadUnder(hits); err != nil {
			return err
		}
		return o.emitPairs(hits, o.scratch.ids)
	}
	out := &page.Page{Rows: o.cur.Rows, Sel: slices.Clone(hits)}
	for _, c := range o.cur.Cols {
		out.Cols = append(out.Cols, c.Retain())
	}
	return o.emit(out, rows.Want{IDs: o.scratch.ids, Slots: hits, N: o.cur.Rows})
}

func (o *probe) loadUnder(sel []int32) error {
	for _, c := range o.cur.Cols {
		if err := c.Load(sel); err != nil {
			return err
		}
	}
	return nil
}

// emitLeft outputs all live rows of the page, each with its match or NULLs.
func (o *probe) emitLeft() error {
	out := &page.Page{Rows: o.cur.Rows, Sel: o.cur.Sel}
	ids := o.scratch.ids[:0]
	w := rows.Want{N: o.cur.Rows}
	if out.Sel != nil {
		w.Slots = slices.Clone(out.Sel)
	}
	for i := range o.cur.Len() {
		s := o.cur.Row(i)
		if o.hit[s] {
			ids = append(ids, o.heads[s])
		} else {
			ids = append(ids, rows.None)
		}
	}
	o.scratch.ids, w.IDs = ids, ids
	for _, c := range o.cur.Cols {
		out.Cols = append(out.Cols, c.Retain())
	}
	o.cur.Sel = nil
	err := o.emit(out, w)
	o.done()
	return err
}

// emit adds the build columns to out and queues it.
func (o *probe) emit(out *page.Page, w rows.Want) error {
	for c := range o.c.Right {
		v, err := o.t.store.Gather(o.b.at[c], w, o.mem)
		if err != nil {
			out.Release()
			return err
		}
		out.Cols = append(out.Cols, v)
	}
	o.pending = append(o.pending, out)
	return nil
}

// emitPairs outputs pairs of slots and build rows as a page of their own.
func (o *probe) emitPairs(slots []int32, ids []uint32) error {
	out := &page.Page{Rows: len(ids)}
	for _, c := range o.cur.Cols {
		v, err := take(c, slots, o.mem)
		if err != nil {
			out.Release()
			return err
		}
		out.Cols = append(out.Cols, v)
	}
	return o.emit(out, rows.All(ids))
}

func (o *probe) done() {
	o.cur.Release()
	o.cur = nil
	o.sel = o.sel[:0]
}

// finish ends the current page: unmatched rows of outer joins, the rows of
// joins that filter.
func (o *probe) finish() error {
	if o.part != nil && !o.part.last {
		o.part.remember(o.hit)
		o.done()
		return nil
	}
	switch {
	case o.c.keepsLeft():
		return o.finishLeft()
	case o.c.Kind == Semi:
		return o.pass(true)
	case o.c.Kind == Anti:
		return o.finishAnti()
	case o.c.Kind == Mark:
		return o.finishMark()
	}
	o.done()
	return nil
}

// pass outputs the page narrowed to rows that have matched, or have not.
func (o *probe) pass(matched bool) error {
	sel := make([]int32, 0, o.cur.Len())
	for i := range o.cur.Len() {
		if s := o.cur.Row(i); o.hit[s] == matched {
			sel = append(sel, int32(s))
		}
	}
	o.narrowed(sel)
	return nil
}

// narrowed outputs the page with another selection.
func (o *probe) narrowed(sel []int32) {
	if len(sel) == 0 {
		o.done()
		return
	}
	p := o.cur
	if len(sel) < p.Rows {
		p.Sel = sel
	}
	o.cur = nil
	o.pending = append(o.pending, p)
}

func (o *probe) finishLeft() error {
	sel := make([]int32, 0, o.cur.Len())
	for i := range o.cur.Len() {
		if s := o.cur.Row(i); !o.hit[s] {
			sel = append(sel, int32(s))
		}
	}
	if len(sel) > 0 {
		for _, t := range o.c.Right {
			v, err := nulls(t, o.cur.Rows, o.mem)
			if err != nil {
				return err
			}
			o.cur.Cols = append(o.cur.Cols, v)
		}
	}
	o.narrowed(sel)
	return nil
}

// finishAnti outputs the rows that matched nothing; as NOT IN also not those
// that might have matched a NULL.
func (o *probe) finishAnti() error {
	if !o.inHasNulls() {
		return o.pass(false)
	}
	unknown, err := o.unknown()
	if err != nil {
		return err
	}
	for _, s := range unknown {
		o.hit[s] = true
	}
	return o.pass(false)
}

// finishMark adds the column that says whether a row matched.
func (o *probe) finishMark() error {
	v, out, err := page.NewFixed[uint8](types.Of(types.Bool), o.cur.Rows, o.mem)
	if err != nil {
		return err
	}
	for s, hit := range o.hit[:o.cur.Rows] {
		out[s] = 0
		if hit {
			out[s] = 1
		}
	}
	o.cur.Cols = append(o.cur.Cols, v)
	if o.inHasNulls() {
		unknown, err := o.unknown()
		if err != nil {
			return err
		}
		if len(unknown) > 0 {
			valid, err := v.NewValid(page.AllValid, o.mem)
			if err != nil {
				return err
			}
			for _, s := range unknown {
				page.BitClear(valid, int(s))
			}
		}
	}
	p := o.cur
	o.cur = nil
	o.pending = append(o.pending, p)
	return nil
}

// inHasNulls reports whether the result may be IN's NULL.
func (o *probe) inHasNulls() bool {
	return o.c.NullAware && len(o.c.LKeys) > 0 && o.b.rows.Load() > 0
}

// unknown lists the live rows for which IN is NULL: nothing matched, but a NULL
// on one of the sides might have. The build side is not empty.
func (o *probe) unknown() ([]int32, error) {
	if o.c.general() {
		return o.unknownGeneral()
	}
	var out []int32
	for i := range o.cur.Len() {
		s := o.cur.Row(i)
		if !o.hit[s] && (o.b.hasNull.Load() || o.keys[0].IsNull(s)) {
			out = append(out, int32(s))
		}
	}
	return out, nil
}

// unmatched gives the build rows that have no match, with NULLs on the left, or
// alone; for RightSemi those that have one.
type unmatched struct {
	o     *probe
	block int
	at    int
}

func (u *unmatched) next() (*page.Page, error) {
	ids := u.ids()
	if len(ids) == 0 {
		return nil, io.EOF
	}
	o := u.o
	out := &page.Page{Rows: len(ids)}
	left := o.c.Left
	if o.c.rightOnly() {
		left = nil
	}
	for _, t := range left {
		v, err := nulls(t, len(ids), o.mem)
		if err != nil {
			out.Release()
			return nil, err
		}
		out.Cols = append(out.Cols, v)
	}
	for c := range o.c.Right {
		v, err := o.t.store.Gather(o.b.at[c], rows.All(ids), o.mem)
		if err != nil {
			out.Release()
			return nil, err
		}
		out.Cols = append(out.Cols, v)
	}
	return out, nil
}

func (u *unmatched) ids() []uint32 {
	s, t := u.o.t.store, u.o.t
	ids := u.o.scratch.ids[:0]
	var want uint32
	if u.o.c.Kind == RightSemi {
		want = 1
	}
	for u.block < s.Blocks() && len(ids) < u.o.c.RowsMax {
		first, n := s.Block(u.block)
		for ; u.at < n && len(ids) < u.o.c.RowsMax; u.at++ {
			if id := first + uint32(u.at); t.flags[id/32]>>(id%32)&1 == want {
				ids = append(ids, id)
			}
		}
		if u.at == n {
			u.block, u.at = u.block+1, 0
		}
	}
	u.o.scratch.ids = ids
	return ids
}
