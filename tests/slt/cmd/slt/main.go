// Command slt plays sqllogictest files against any server that speaks the
// PostgreSQL protocol:
//
//	go run ./tests/slt/cmd/slt -url postgres://postgres@127.0.0.1:5432/postgres -set duckdb -fails 20
//	go run ./tests/slt/cmd/slt -url … -strict tests/slt/testdata
package main

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/muster-sql/muster/tests/services"
	"github.com/muster-sql/muster/tests/slt"
)

type flags struct {
	url, set, list, match, root string
	fails, parallel, top        int
	strict, rewrite             bool
	isolation                   string
	statement                   time.Duration
}

func main() {
	var f flags
	flag.StringVar(&f.url, "url", "postgres://muster@127.0.0.1:5440/memory", "the server and database")
	flag.StringVar(&f.set, "set", "", "public sets, apart by commas, or all")
	flag.StringVar(&f.list, "list", "", "instead of the set's own list of records: a file of the set, or none for every record")
	flag.StringVar(&f.match, "file", "", "play only files whose name contains this")
	flag.StringVar(&f.root, "root", services.Corpora(), "folder of the public sets")
	flag.IntVar(&f.fails, "fails", 0, "failures to print for each set")
	flag.IntVar(&f.top, "top", 10, "SQLSTATEs and missing features to print for each set")
	flag.IntVar(&f.parallel, "parallel", 4, "files at the same time")
	flag.BoolVar(&f.strict, "strict", false, "exact text and checked SQLSTATEs, as for our own files")
	flag.BoolVar(&f.rewrite, "rewrite", false, "write the server's answers into our own files")
	flag.StringVar(&f.isolation, "isolation", "", "schema, drop or none, instead of the set's own")
	flag.DurationVar(&f.statement, "timeout", 30*time.Second, "limit of a statement")
	flag.Parse()
	if err := run(f, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "slt:", err)
		os.Exit(1)
	}
}

func run(f flags, paths []string) error {
	o := slt.Defaults(f.url)
	o.Strict, o.Rewrite, o.Statement = f.strict, f.rewrite, f.statement
	for _, p := range paths {
		if err := playFiles(f, o, p); err != nil {
			return err
		}
	}
	for _, set := range slt.Sets {
		if f.set != "all" && !strings.Contains(","+f.set+",", ","+set.Name+",") {
			continue
		}
		if f.isolation != "" {
			set.Isolation = isolations[f.isolation]
		}
		skips, err := slt.ReadSkips("tests/slt/skip.txt")
		if err != nil {
			return err
		}
		begin := time.Now()
		report, err := set.Play(context.Background(), slt.Run{Root: f.root, Options: o, Parallel: f.parallel, Match: f.match, List: f.list, Skips: skips})
		if err != nil {
			return err
		}
		show(report, f)
		fmt.Printf("  %.1f s\n", time.Since(begin).Seconds())
	}
	return nil
}

var isolations = map[string]slt.Isolation{"schema": slt.InSchema, "drop": slt.Dropped, "none": slt.Unguarded}

func playFiles(f flags, o slt.Options, path string) error {
	o.Isolation = isolations[f.isolation]
	n := 0
	return filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(name, f.match) {
			return err
		}
		switch filepath.Ext(name) {
		case ".slt", ".test", ".test_slow":
		default:
			return nil
		}
		n++
		outcomes, err := slt.Play(context.Background(), name, name, fmt.Sprintf("slt_%d_%d", os.Getpid(), n), o)
		if err != nil {
			fmt.Printf("%s: left: %v\n", name, err)
		}
		f.fails = 1000
		show(&slt.Report{Set: name, List: "none", Outcomes: outcomes}, f)
		return nil
	})
}

func show(report *slt.Report, f flags) {
	printed := 0
	for _, o := range report.Outcomes {
		if o.Status == slt.Fail && printed < f.fails {
			fmt.Printf("%s:%d: %s %s\n", o.File, o.Line, o.Code, o.Why)
			printed++
		}
	}
	c := report.Counts()
	fmt.Println(c.Line())
	for _, part := range []struct {
		name   string
		counts map[string]int
	}{{"failures", c.Codes}, {"not built", c.Features}, {"skipped", c.Reasons}} {
		if len(part.counts) > 0 {
			fmt.Printf("  %s: %s\n", part.name, strings.Join(slt.Top(part.counts, f.top), ", "))
		}
	}
	for file, why := range report.Left {
		fmt.Printf("  left %s: %s\n", file, why)
	}
}
