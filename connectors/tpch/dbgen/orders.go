package dbgen

// Days since 1970-01-01.
const (
	startDate   = 8035 // 1992-01-01, the first order date
	currentDate = 9298 // 1995-06-17, "today" of the benchmark
	orderDays   = 2406 // order dates leave room for the last receipt in 1998
)

func (r *Reader) order(c int, first int64, v *Vector) {
	switch c {
	case orderKey:
		for i := range v.Int64 {
			v.Int64[i] = OrderKey(first + int64(i))
		}
	case orderCustomer:
		r.orderCustomers(first, v.Int64)
	case orderStatus:
		r.lines.orderStatus(v.Int32)
	case orderTotal:
		r.lines.orderTotals(v.Int64)
	case orderDate:
		draw(orderDateStream, first, startDate, startDate+orderDays-1, v.Int32)
	case orderPriority:
		draw(orderPriorityStream, first, 0, 4, v.Int32)
	case orderClerk:
		r.clerks(first, v)
	case orderShipPriority:
		clear(v.Int32)
	case orderComment:
		r.comments(orderCommentStream, first, 49, nil, v)
	}
}

// orderCustomers draws customers; every third one never orders.
func (r *Reader) orderCustomers(first int64, dst []int64) {
	customers := r.g.Units(Customer)
	draw(orderCustomerStream, first, 1, customers, dst)
	for i, key := range dst {
		// The step alternates: up, down, up, … A last customer cannot go up.
		for step := int64(1); key%3 == 0; step = -step {
			key = min(key+step, customers)
		}
		dst[i] = key
	}
}

func (r *Reader) clerks(first int64, v *Vector) {
	const prefix = "Clerk#"
	const width = len(prefix) + 9
	rows := len(v.Offsets) - 1
	v.Data = resize(v.Data, rows*width)
	state, n := orderClerkStream.at(first), float64(r.g.clerks())
	for i := range rows {
		state = next(state)
		b := v.Data[i*width : (i+1)*width]
		copy(b, prefix)
		digits(b[len(prefix):], 1+below(state, n))
		v.Offsets[i+1] = int32((i + 1) * width)
	}
}

// orderStatus tells orders whose lines are all open, all shipped, or mixed.
func (l *lines) orderStatus(dst []int32) {
	ships, k := l.shipDates(), 0
	for i, n := range l.perOrder {
		shipped := int32(0)
		for _, d := range ships[k : k+int(n)] {
			if d <= currentDate {
				shipped++
			}
		}
		k += int(n)
		switch shipped {
		case 0:
			dst[i] = 0
		case n:
			dst[i] = 1
		default:
			dst[i] = 2
		}
	}
}

// orderTotals adds up the lines' prices with discount and tax, each rounded
// down to cents twice as the benchmark does.
func (l *lines) orderTotals(dst []int64) {
	parts, quantities, discounts, taxes := l.partKeys(), l.quantities(), l.discounts(), l.taxes()
	k := 0
	for i, n := range l.perOrder {
		total := int64(0)
		for range n {
			price := retailPrice(parts[k]) * quantities[k]
			total += price * (100 - discounts[k]) / 100 * (100 + taxes[k]) / 100
			k++
		}
		dst[i] = total
	}
}
