package shell

import (
	"strings"
	"testing"
)

func TestTextIsSplitAtSemicolonsAndBackslashes(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", "rest"},
		{"select 1", "rest select 1"},
		{"select 1;", "select 1 | rest"},
		{" select 1 ; ;; select 2;", "select 1 | select 2 | rest"},
		{"select ';'; select \"a;b\"; x", "select ';' | select \"a;b\" | rest x"},
		{"select 'it''s;'; y", "select 'it''s;' | rest y"},
		{`select E'\';'; y`, `select E'\';' | rest y`},
		{`select name'\'; y`, `select name'\' | rest y`},
		{"select $$;$$, $a$ $$;$a$; z", "select $$;$$, $a$ $$;$a$ | rest z"},
		{"select $1; z", "select $1 | rest z"},
		{"select a$b$c;d", "select a$b$c | rest d"},
		{"select 1 -- no;\n; q", "select 1 -- no; | rest q"},
		{"select /* ; /* ; */ ; */ 1; q", "select /* ; /* ; */ ; */ 1 | rest q"},
		{"-- head\nselect 1;", "select 1 | rest"},
		{"select (1;2);", "select (1;2) | rest"},
		{"select 'open;", "rest select 'open;"},
		{"\\d orders\nselect 1;", "[\\d orders] | select 1 | rest"},
		{"select 1 \\gx\nselect 2", "select 1 [\\gx] | rest select 2"},
		{"select 'a\\b';", "select 'a\\b' | rest"},
		{"\\q", "[\\q] | rest"},
	} {
		pieces, rest := split(c.in)
		var out []string
		for _, p := range pieces {
			if p.command != "" {
				p.command = "[" + p.command + "]"
			}
			out = append(out, strings.TrimSpace(p.sql+" "+p.command))
		}
		got := strings.Join(append(out, strings.TrimSpace("rest "+rest.sql)), " | ")
		if got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
		for _, p := range pieces {
			if !strings.HasPrefix(c.in[p.offset:], p.sql) {
				t.Errorf("%q: offset %d is not of %q", c.in, p.offset, p.sql)
			}
		}
	}
}

func TestInputIsCompleteAtASemicolonOrAfterACommand(t *testing.T) {
	for in, want := range map[string]bool{
		"": true, "  ": true, "select 1": false, "select 1;": true, "select 1; ": true, "select ';": false,
		"\\d": true, "select 1 \\g": true, "select 1; select": false, "-- only a comment": true, "select 1; -- done": true,
		"/* open": false,
	} {
		if got := complete(in); got != want {
			t.Errorf("complete(%q) = %v", in, got)
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{"select 1;", "'a''b';\\x", "$$a$$;/*x*/", "E'\\'", "--\n;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		pieces, rest := split(s)
		last := 0
		for _, p := range append(pieces, rest) {
			if p.offset < last || p.offset > len(s) || !strings.HasPrefix(s[p.offset:], p.sql) {
				t.Fatalf("piece %+v of %q", p, s)
			}
			last = p.offset
		}
	})
}
