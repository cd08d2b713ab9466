//go:build invariants

package page

// poison fills freed bytes, so that a use after release shows.
func poison(b []byte) {
	for i := range b {
		b[i] = 0xDB
	}
}
