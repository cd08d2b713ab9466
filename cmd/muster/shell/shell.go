// Package shell owns the SQL shell: it reads statements from arguments, files
// or a person, sends them to a server over PostgreSQL's protocol and prints what
// comes back. cmd/muster calls it; it must not know the engine.
package shell
