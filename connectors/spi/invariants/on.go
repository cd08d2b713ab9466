//go:build invariants

package invariants

// Enabled reports whether expensive checks run.
const Enabled = true
