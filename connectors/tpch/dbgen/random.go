package dbgen

// The generator of TPC-H data draws every column from a stream of its own: a
// linear congruential sequence modulo the Mersenne prime 2^31-1. A stream
// advances by a fixed number of draws for each row (draws unused by a row are
// skipped), so the state before any row is a power of the multiplier away
// from the seed.
const (
	lcgModulus    = 1<<31 - 1
	lcgMultiplier = 16807
)

// stream names one column's sequence: its seed and the draws a row takes.
// For columns of lineitem and partsupp the row is the order and the part.
type stream struct {
	seed  uint64
	draws int64
}

// at returns the state of the stream before row (counted from 0).
func (s stream) at(row int64) uint64 { return skip(s.seed, row*s.draws) }

// next advances a state by one draw.
func next(state uint64) uint64 { return mulMod(state, lcgMultiplier) }

// mulMod returns a*b modulo 2^31-1 for a and b below the modulus.
func mulMod(a, b uint64) uint64 {
	p := a * b
	p = p&lcgModulus + p>>31
	p = p&lcgModulus + p>>31
	if p >= lcgModulus {
		p -= lcgModulus
	}
	return p
}

// skip advances a state by n draws, n >= 0.
func skip(state uint64, n int64) uint64 { return mulMod(state, power(n)) }

// power returns the multiplier to the n modulo 2^31-1: the factor that
// advances a state by n draws.
func power(n int64) uint64 {
	// The multiplicative group has 2^31-2 elements.
	n %= lcgModulus - 1
	result, square := uint64(1), uint64(lcgMultiplier)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			result = mulMod(result, square)
		}
		square = mulMod(square, square)
	}
	return result
}

// below maps a state to 0 … n-1, n given as a float. The division is the
// specified one: a multiplication by the inverse gives other values.
func below(state uint64, n float64) int64 {
	return int64(float64(int64(state)) / lcgModulus * n)
}

// between maps a state to low … high.
func between(state uint64, low, high int64) int64 {
	return low + below(state, float64(high-low+1))
}
