//go:build !invariants

package page

func poison([]byte) {}
