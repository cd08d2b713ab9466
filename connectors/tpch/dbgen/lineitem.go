package dbgen

// lines is the scratch of orders and lineitem for one range of orders: the
// drawn columns that several output columns follow from, each made at its
// first use.
type lines struct {
	g        *Generator
	first    int64
	perOrder []int32
	counted  bool
	total    int

	made                              uint8 // a bit for each of the following
	parts, quantity, discount, taxing []int64
	shipped, received                 []int32
}

const (
	madeParts = 1 << iota
	madeQuantity
	madeDiscount
	madeTax
	madeShipped
	madeReceived
)

// start begins a new range of n orders.
func (l *lines) start(g *Generator, first, n int64) {
	l.g, l.first, l.made, l.counted = g, first, 0, false
	l.perOrder = resize(l.perOrder, int(n))
}

// rows counts the lines of the orders.
func (l *lines) rows() int {
	if !l.counted {
		draw(orderLinesStream, l.first, 1, linesMax, l.perOrder)
		l.total, l.counted = 0, true
		for _, n := range l.perOrder {
			l.total += int(n)
		}
	}
	return l.total
}

// drawLines fills dst with one draw a line, uniform in low … high, and skips
// the draws of the lines that an order does not have.
func drawLines[T int32 | int64](s stream, l *lines, low, high T, dst []T) {
	var rest [linesMax + 1]uint64
	for i := range rest {
		rest[i] = power(linesMax - int64(i))
	}
	state, n, k := s.at(l.first), float64(high-low+1), 0
	for _, c := range l.perOrder {
		for range c {
			state = next(state)
			dst[k] = low + T(below(state, n))
			k++
		}
		state = mulMod(state, rest[c])
	}
}

// once makes a scratch column unless this range has it.
func once[T int32 | int64](l *lines, bit uint8, s stream, low, high T, dst []T) []T {
	if l.made&bit == 0 {
		dst = resize(dst, l.rows())
		drawLines(s, l, low, high, dst)
		l.made |= bit
	}
	return dst
}

func (l *lines) partKeys() []int64 {
	l.parts = once(l, madeParts, linePartStream, 1, l.g.Units(Part), l.parts)
	return l.parts
}

func (l *lines) quantities() []int64 {
	l.quantity = once(l, madeQuantity, lineQuantityStream, 1, 50, l.quantity)
	return l.quantity
}

func (l *lines) discounts() []int64 {
	l.discount = once(l, madeDiscount, lineDiscountStream, 0, 10, l.discount)
	return l.discount
}

func (l *lines) taxes() []int64 {
	l.taxing = once(l, madeTax, lineTaxStream, 0, 8, l.taxing)
	return l.taxing
}

func (l *lines) shipDates() []int32 {
	if l.made&madeShipped == 0 {
		l.shipped = once(l, madeShipped, lineShipDateStream, 1, 121, l.shipped)
		l.addOrderDates(l.shipped)
	}
	return l.shipped
}

func (l *lines) receiptDates() []int32 {
	if l.made&madeReceived == 0 {
		l.received = once(l, madeReceived, lineReceiptStream, 1, 30, l.received)
		for i, d := range l.shipDates() {
			l.received[i] += d
		}
	}
	return l.received
}

// addOrderDates adds each line's order date to days.
func (l *lines) addOrderDates(days []int32) {
	state, k := orderDateStream.at(l.first), 0
	for _, n := range l.perOrder {
		state = next(state)
		date := int32(between(state, startDate, startDate+orderDays-1))
		for range n {
			days[k] += date
			k++
		}
	}
}

func (r *Reader) lineItem(c int, v *Vector) {
	l := &r.lines
	switch c {
	case lineOrder:
		l.orderKeys(v.Int64)
	case linePart:
		copy(v.Int64, l.partKeys())
	case lineSupplier:
		drawLines(lineSupplierStream, l, 0, suppliersEach-1, v.Int64)
		suppliers := r.g.Units(Supplier)
		for i, part := range l.partKeys() {
			v.Int64[i] = supplierOf(part, v.Int64[i], suppliers)
		}
	case lineNumber:
		l.numbers(v.Int64)
	case lineQuantity:
		for i, q := range l.quantities() {
			v.Int64[i] = q * 100
		}
	case linePrice:
		quantities := l.quantities()
		for i, part := range l.partKeys() {
			v.Int64[i] = retailPrice(part) * quantities[i]
		}
	case lineDiscount:
		copy(v.Int64, l.discounts())
	case lineTax:
		copy(v.Int64, l.taxes())
	case lineReturnFlag:
		l.returnFlags(v.Int32)
	case lineStatus:
		for i, d := range l.shipDates() {
			v.Int32[i] = 0
			if d <= currentDate {
				v.Int32[i] = 1
			}
		}
	case lineShipDate:
		copy(v.Int32, l.shipDates())
	case lineCommitDate:
		drawLines(lineCommitStream, l, 30, 90, v.Int32)
		l.addOrderDates(v.Int32)
	case lineReceiptDate:
		copy(v.Int32, l.receiptDates())
	case lineInstruct:
		drawLines(lineInstructStream, l, 0, 3, v.Int32)
	case lineMode:
		drawLines(lineModeStream, l, 0, 6, v.Int32)
	case lineComment:
		r.comments(lineCommentStream, l.first, 27, l.perOrder, v)
	}
}

func (l *lines) orderKeys(dst []int64) {
	k := 0
	for i, n := range l.perOrder {
		key := OrderKey(l.first + int64(i))
		for range n {
			dst[k] = key
			k++
		}
	}
}

func (l *lines) numbers(dst []int64) {
	k := 0
	for _, n := range l.perOrder {
		for i := range int64(n) {
			dst[k] = i + 1
			k++
		}
	}
}

// returnFlags draws R or A for each line received; only those take a draw, and
// the rest of the order's draws are skipped with those of its missing lines.
func (l *lines) returnFlags(dst []int32) {
	const neither = 2
	received := l.receiptDates()
	state, row, k := lineReturnFlagStream.at(l.first), power(linesMax), 0
	for _, n := range l.perOrder {
		draws := state
		for range n {
			dst[k] = neither
			if received[k] <= currentDate {
				draws = next(draws)
				dst[k] = int32(below(draws, 2))
			}
			k++
		}
		state = mulMod(state, row)
	}
}
