package slt

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// required are DuckDB's build switches that every server meets.
const required = " skip_reload noforcestorage vector_size no_vector_verification 64bit longdouble no_alternative_verify" +
	" noalternativeverify block_size no_block_verification strinline no_latest_storage mingw notmingw notwindows exact_vector_size notmusl "

// loopSets are the names that stand for lists in DuckDB's foreach.
var loopSets = map[string]string{
	"<compression>": "none uncompressed rle bitpacking dictionary fsst alp alprd",
	"<signed>":      "tinyint smallint integer bigint hugeint",
	"<unsigned>":    "utinyint usmallint uinteger ubigint uhugeint",
	"<integral>":    "tinyint smallint integer bigint hugeint utinyint usmallint uinteger ubigint uhugeint",
	"<numeric>":     "tinyint smallint integer bigint hugeint utinyint usmallint uinteger ubigint uhugeint float double",
	"<alltypes>":    "tinyint smallint integer bigint hugeint utinyint usmallint uinteger ubigint uhugeint float double bool interval varchar",
}

// control does what a word of the format asks for; unknown words do nothing.
func (p *player) control(r *Record) error {
	first := wordAt(r.Args, 1)
	switch strings.ToLower(r.Args[0]) {
	case "halt":
		if p.condition(r.Conds) == "" {
			return errStop
		}
	case "mode":
		switch strings.ToLower(first) {
		case "skip":
			p.skipping = true
		case "unskip":
			p.skipping = false
		}
	case "require":
		if !strings.Contains(required, " "+strings.ToLower(first)+" ") {
			return fmt.Errorf("require %s", strings.ToLower(first))
		}
	case "require-env":
		if _, ok := os.LookupEnv(first); !ok && p.vars[first] == "" {
			return fmt.Errorf("require-env %s", first)
		}
	case "test-env":
		if len(r.Args) > 2 && p.vars[first] == "" {
			p.vars[first] = r.Args[2]
		}
	case "connection":
		p.current = first
		if first == "default" {
			p.current = ""
		}
	case "reconnect":
		p.closeAll()
	case "restart":
		if p.o.Isolation == InSchema {
			p.closeAll()
		}
	case "control":
		if strings.EqualFold(first, "sortmode") && len(r.Args) > 2 {
			p.sort = strings.ToLower(r.Args[2])
		}
	case "include":
		return p.include(r.Args[1:])
	case "user": // other users are not played
		p.skipping = first != "" && first != "root"
	case "set":
		if strings.EqualFold(first, "var") && len(r.Args) > 2 {
			p.vars[r.Args[2]] = strings.Join(r.Args[3:], " ")
		}
	}
	return nil
}

func (p *player) closeAll() {
	for _, c := range p.conns {
		c.close()
	}
}

// loop plays its body once for each value.
func (p *player) loop(r *Record) error {
	if p.skipping || p.condition(r.Conds) != "" || len(r.Args) < 3 {
		return nil
	}
	values := p.loopValues(r.Args)
	if len(values) > p.o.LoopsMax {
		values = values[:p.o.LoopsMax]
	}
	names := strings.Split(r.Args[1], ",")
	p.loops++
	defer func() { p.loops-- }()
	for _, v := range values {
		parts := []string{v}
		if len(names) > 1 {
			parts = strings.Split(v, ",")
		}
		for i := range min(len(names), len(parts)) {
			p.vars[names[i]] = parts[i]
		}
		if err := p.all(r.Body); err != nil {
			return err
		}
	}
	return nil
}

func (p *player) loopValues(args []string) []string {
	var out []string
	if strings.HasSuffix(strings.ToLower(args[0]), "loop") {
		if len(args) < 4 {
			return nil
		}
		from, err1 := strconv.Atoi(p.substitute(args[2]))
		to, err2 := strconv.Atoi(p.substitute(args[3]))
		for i := from; err1 == nil && err2 == nil && i < to && len(out) < p.o.LoopsMax; i++ {
			out = append(out, strconv.Itoa(i))
		}
		return out
	}
	for _, v := range args[2:] {
		switch set, named := loopSets[v]; {
		case named:
			out = append(out, strings.Fields(set)...)
		case strings.HasPrefix(v, "!"):
			var keep []string
			for _, x := range out {
				if x != v[1:] {
					keep = append(keep, x)
				}
			}
			out = keep
		default:
			out = append(out, v)
		}
	}
	return out
}
