package dbgen

// spans is the scratch of a comment column: where each value lies in the pool.
type spans struct{ at []int32 }

// comments fills a text column from the pool. Each value takes two draws, its
// place and its length. counts says how many values each unit has; nil: the
// same number each, so that no draw is skipped.
func (r *Reader) comments(s stream, first int64, average int, counts []int32, v *Vector) {
	rows := len(v.Offsets) - 1
	r.spans.at = resize(r.spans.at, rows)
	at, ends := r.spans.at, v.Offsets[1:]
	low, high := int64(average*4/10), int64(average*16/10)
	places, lengths := float64(r.g.textBytes-high+1), float64(high-low+1)
	state, end := s.at(first), int32(0)
	if counts == nil {
		for i := range at {
			state = next(state)
			at[i] = int32(below(state, places))
			state = next(state)
			end += int32(low + below(state, lengths))
			ends[i] = end
		}
	} else {
		var rest [linesMax + 1]uint64
		for i := range rest {
			rest[i] = power(s.draws - 2*int64(i))
		}
		k := 0
		for _, c := range counts {
			for range c {
				state = next(state)
				at[k] = int32(below(state, places))
				state = next(state)
				end += int32(low + below(state, lengths))
				ends[k] = end
				k++
			}
			state = mulMod(state, rest[c])
		}
	}
	v.Data = resize(v.Data, int(end)+wordSlack)
	r.g.text.fill(v.Data, at, v.Offsets)
	v.Data = v.Data[:end]
}

// names fills a text column with prefix and the number from on, in nine digits.
func names(prefix string, from int64, v *Vector) {
	rows := len(v.Offsets) - 1
	width := len(prefix) + 9
	v.Data = resize(v.Data, rows*width)
	for i := range rows {
		b := v.Data[i*width : (i+1)*width]
		copy(b, prefix)
		digits(b[len(prefix):], from+int64(i))
		v.Offsets[i+1] = int32((i + 1) * width)
	}
}

// digits writes n right-aligned into b, filled with zeros.
func digits(b []byte, n int64) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
}

// addresses fills a text column with random strings of 10 to 40 characters.
func addresses(s stream, first int64, v *Vector) {
	const low, high = 10, 40
	rows := len(v.Offsets) - 1
	v.Data = resize(v.Data, rows*high)
	state, row, end := s.at(first), power(addressDraws), 0
	for i := range rows {
		draws := next(state)
		n := int(between(draws, low, high))
		b := v.Data[end : end+n]
		var bits int64
		for k := range b {
			if k%5 == 0 {
				draws = next(draws)
				bits = below(draws, 1<<31)
			}
			b[k] = addressAlphabet[bits&63]
			bits >>= 6
		}
		end += n
		v.Offsets[i+1] = int32(end)
		state = mulMod(state, row)
	}
	v.Data = v.Data[:end]
}

// phones fills a text column with telephone numbers, whose country code
// follows from the row's nation.
func phones(s, nations stream, first int64, v *Vector) {
	const width = 15
	rows := len(v.Offsets) - 1
	v.Data = resize(v.Data, rows*width)
	state, nation := s.at(first), nations.at(first)
	for i := range rows {
		nation = next(nation)
		b := v.Data[i*width : (i+1)*width]
		digits(b[0:2], 10+below(nation, nationCount))
		state = next(state)
		digits(b[3:6], between(state, 100, 999))
		state = next(state)
		b[2], b[6], b[10] = '-', '-', '-'
		digits(b[7:10], between(state, 100, 999))
		state = next(state)
		digits(b[11:15], between(state, 1000, 9999))
		v.Offsets[i+1] = int32((i + 1) * width)
	}
}
