package dbgen

// place makes a column of region or nation.
func (r *Reader) place(c int, first int64, v *Vector) {
	if r.table == Region {
		switch c {
		case regionKey, regionName:
			sequence(v.Int32, int32(first))
		case regionComment:
			r.comments(regionCommentStream, first, 72, nil, v)
		}
		return
	}
	switch c {
	case nationKey, nationName:
		sequence(v.Int32, int32(first))
	case nationRegionKey:
		for i := range v.Int32 {
			v.Int32[i] = int32(nationRegion[int(first)+i] - '0')
		}
	case nationComment:
		r.comments(nationCommentStream, first, 72, nil, v)
	}
}

func (r *Reader) customer(c int, first int64, v *Vector) {
	switch c {
	case customerKey:
		sequence(v.Int64, first+1)
	case customerName:
		names("Customer#", first+1, v)
	case customerAddress:
		addresses(customerAddressStream, first, v)
	case customerNation:
		draw(customerNationStream, first, 0, nationCount-1, v.Int32)
	case customerPhone:
		phones(customerPhoneStream, customerNationStream, first, v)
	case customerBalance:
		draw(customerBalanceStream, first, -99_999, 999_999, v.Int64)
	case customerSegment:
		draw(customerSegmentStream, first, 0, 4, v.Int32)
	case customerComment:
		r.comments(customerCommentStream, first, 73, nil, v)
	}
}

func (r *Reader) supplier(c int, first int64, v *Vector) {
	switch c {
	case supplierKey:
		sequence(v.Int64, first+1)
	case supplierName:
		names("Supplier#", first+1, v)
	case supplierAddress:
		addresses(supplierAddressStream, first, v)
	case supplierNation:
		draw(supplierNationStream, first, 0, nationCount-1, v.Int32)
	case supplierPhone:
		phones(supplierPhoneStream, supplierNationStream, first, v)
	case supplierBalance:
		draw(supplierBalanceStream, first, -99_999, 999_999, v.Int64)
	case supplierComment:
		r.comments(supplierCommentStream, first, 63, nil, v)
		remarks(first, v)
	}
}

// remarks overwrites parts of about one supplier's comment in a thousand with
// what customers said.
func remarks(first int64, v *Vector) {
	const who, complaint, praise = "Customer ", "Complaints", "Recommends"
	const length = int64(len(who) + len(complaint))
	remark, kind := supplierRemarkStream.at(first), supplierKindStream.at(first)
	noise, offset := supplierNoiseStream.at(first), supplierOffsetStream.at(first)
	for i := range len(v.Offsets) - 1 {
		remark, kind, noise, offset = next(remark), next(kind), next(noise), next(offset)
		if between(remark, 1, 10_000) > 10 {
			continue
		}
		b := v.Data[v.Offsets[i]:v.Offsets[i+1]]
		gap := between(noise, 0, int64(len(b))-length)
		b = b[between(offset, 0, int64(len(b))-length-gap):]
		copy(b, who)
		b = b[int64(len(who))+gap:]
		if between(kind, 0, 100) < 50 {
			copy(b, complaint)
		} else {
			copy(b, praise)
		}
	}
}

func (r *Reader) part(c int, first int64, v *Vector) {
	switch c {
	case partKey:
		sequence(v.Int64, first+1)
	case partName:
		r.partNames(first, v)
	case partMfgr:
		draw(partMfgrStream, first, 0, manufacturers-1, v.Int32)
	case partBrand:
		mfgr, brand := partMfgrStream.at(first), partBrandStream.at(first)
		for i := range v.Int32 {
			mfgr, brand = next(mfgr), next(brand)
			v.Int32[i] = int32(below(mfgr, manufacturers)*brandsEach + below(brand, brandsEach))
		}
	case partType:
		draw(partTypeStream, first, 0, 149, v.Int32)
	case partSize:
		draw(partSizeStream, first, 1, 50, v.Int32)
	case partContainer:
		draw(partContainerStream, first, 0, 39, v.Int32)
	case partPrice:
		for i := range v.Int64 {
			v.Int64[i] = retailPrice(first + 1 + int64(i))
		}
	case partComment:
		r.comments(partCommentStream, first, 14, nil, v)
	}
}

// partNames fills a text column with five different colours each: the first
// five of a shuffle of all.
func (r *Reader) partNames(first int64, v *Vector) {
	const colorsEach, lengthMax = 5, 60
	var order [nameDraws]uint8
	for i := range order {
		order[i] = uint8(i)
	}
	rows := len(v.Offsets) - 1
	v.Data = resize(v.Data, rows*lengthMax)[:0]
	state, row := partNameStream.at(first), power(nameDraws)
	for i := range rows {
		shuffled, draws := order, state
		for k := range colorsEach {
			draws = next(draws)
			from := between(draws, int64(k), nameDraws-1)
			shuffled[k], shuffled[from] = shuffled[from], shuffled[k]
			if k > 0 {
				v.Data = append(v.Data, ' ')
			}
			v.Data = append(v.Data, r.g.colors[shuffled[k]]...)
		}
		v.Offsets[i+1] = int32(len(v.Data))
		state = mulMod(state, row)
	}
}

func (r *Reader) partSupp(c int, first int64, v *Vector) {
	switch c {
	case partSuppPart:
		for i := range v.Int64 {
			v.Int64[i] = first + 1 + int64(i)/suppliersEach
		}
	case partSuppSupplier:
		suppliers := r.g.Units(Supplier)
		for i := range v.Int64 {
			v.Int64[i] = supplierOf(first+1+int64(i)/suppliersEach, int64(i)%suppliersEach, suppliers)
		}
	case partSuppQty:
		draw(partSuppQtyStream, first, 1, 9_999, v.Int64)
	case partSuppCost:
		draw(partSuppCostStream, first, 100, 100_000, v.Int64)
	case partSuppComment:
		r.comments(partSuppCommentStream, first, 124, nil, v)
	}
}
