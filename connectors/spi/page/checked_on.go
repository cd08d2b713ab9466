//go:build invariants

package page

// Checked says that pages are checked where they pass from driver to sink.
const Checked = true
