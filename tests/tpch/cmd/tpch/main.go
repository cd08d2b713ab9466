// Command tpch asks any server the 22 queries:
//
//	go run ./tests/tpch/cmd/tpch -url postgres://muster@127.0.0.1:5440/tpch -sf 0.01
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/muster-sql/muster/tests/services"
	"github.com/muster-sql/muster/tests/tpch"
)

func main() {
	url := flag.String("url", "postgres://muster@127.0.0.1:5440/tpch", "the server and database")
	sf := flag.String("sf", "0.01", "scale factor of the answers")
	root := flag.String("root", filepath.Join(services.Corpora(), "bench", "tpch"), "folder with queries/ and answers/")
	tolerance := flag.Float64("tol", 1e-12, "relative tolerance of doubles")
	only := flag.String("only", "", "names of queries, apart by commas")
	init := flag.String("init", "", "statements that run first, apart by semicolons")
	flag.Parse()
	o := tpch.Options{URL: *url, Queries: filepath.Join(*root, "queries"), Answers: filepath.Join(*root, "answers", "sf"+*sf), Tolerance: *tolerance}
	if *only != "" {
		o.Only = strings.Split(*only, ",")
	}
	if *init != "" {
		o.Init = strings.Split(*init, ";")
	}
	verdicts, err := tpch.Ask(context.Background(), o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tpch:", err)
		os.Exit(1)
	}
	for _, v := range verdicts {
		fmt.Printf("%s %8.3f s  %v\n", v.Name, v.Took.Seconds(), map[bool]any{true: "right", false: v.Err}[v.Err == nil])
	}
	line, err := tpch.Summary(*url, verdicts)
	fmt.Println(line)
	if err != nil {
		os.Exit(1)
	}
}
