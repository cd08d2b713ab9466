//go:build !invariants

// Package invariants says whether the checks of docs/invariants.md run: under
// the build tag of its name, which tests set. Any package may ask it.
package invariants

// Enabled reports whether expensive checks run.
const Enabled = false
