package slt

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-sql/muster/tests/harness"
	"github.com/muster-sql/muster/tests/services"
)

var (
	fileFlag    = flag.String("file", "", "play only files whose name contains this")
	configFlag  = flag.String("config", "", "play our own files in this configuration only: one, three, page1, spill")
	rewriteFlag = flag.Bool("rewrite", false, "write what the engine answers into our own files, and the counts into docs/testing.md")
)

// configs are the ways that the engine runs our own files; all give the same
// answers.
var configs = []struct {
	name    string
	workers int
	init    []string
}{
	{"one", 0, nil},
	{"three", 3, nil},
	{"page1", 0, []string{"SET page_rows_max TO 1"}},
	{"spill", 0, []string{"SET spill_force TO on"}},
}

// ownFiles lists the files under testdata, one feature a folder.
func ownFiles(t *testing.T) []string {
	t.Helper()
	all, err := gather("testdata")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range all {
		if strings.Contains(f, *fileFlag) {
			out = append(out, f)
		}
	}
	return out
}

// playOwn plays our own files, four at a time, and reports what is wrong.
func playOwn(t *testing.T, o Options) {
	t.Helper()
	o.Strict, o.Statement, o.Rewrite = true, 30*time.Second, *rewriteFlag
	for i, f := range ownFiles(t) {
		t.Run(f, func(t *testing.T) {
			t.Parallel()
			outcomes, err := Play(context.Background(), filepath.Join("testdata", f), f, fmt.Sprintf("slt_own_%d", i), o)
			if err != nil {
				t.Error(err)
			}
			for _, out := range outcomes {
				if out.Status == Fail {
					t.Errorf("testdata/%s:%d: %s %s\n%s", f, out.Line, out.Code, out.Why, out.SQL)
				}
			}
		})
	}
}

func TestLogic(t *testing.T) {
	for _, c := range configs {
		t.Run(c.name, func(t *testing.T) {
			if *configFlag != "" && *configFlag != c.name {
				t.Skip("another configuration was asked for")
			}
			cluster := harness.Start(t, harness.Options{Workers: c.workers, Attach: []string{"memory=memory:"}})
			o := Defaults(cluster.URL("memory"))
			o.Labels, o.Init = []string{"muster", c.name}, c.init
			playOwn(t, o)
		})
	}
}

// Our own files are in PostgreSQL's dialect and hold what PostgreSQL answers;
// where Muster goes beyond it they say "skipif postgresql".
func TestOwnFilesAgreeWithPostgreSQL(t *testing.T) {
	if *configFlag != "" || *rewriteFlag {
		t.Skip("another configuration was asked for")
	}
	p := services.Postgres(t)
	playOwn(t, Defaults(p.URL("postgres")))
}

// The public sets may not get worse: floors.txt has the passes of each, which
// -rewrite raises.
func TestPublicSets(t *testing.T) {
	cluster := harness.Start(t, harness.Options{Attach: []string{"memory=memory:"}})
	root := services.NeedCorpora(t, "slt")
	skips, err := ReadSkips("skip.txt")
	if err != nil {
		t.Fatal(err)
	}
	floors := readFloors(t)
	var all []Counts
	for _, s := range Sets {
		o := Defaults(cluster.URL("memory"))
		o.Statement = 10 * time.Second
		report, err := s.Play(context.Background(), Run{Root: filepath.Dir(root), Options: o, Parallel: 4, Match: *fileFlag, Skips: skips})
		if err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		c := report.Counts()
		fmt.Println(c.Line())
		all = append(all, c)
		if *fileFlag == "" && c.Pass < floors[s.Name] {
			t.Errorf("%s: %d records pass, %d did before", s.Name, c.Pass, floors[s.Name])
		}
	}
	if !cluster.Coordinator().Alive() {
		t.Error("the server ended while the public sets ran")
	}
	if *rewriteFlag && *fileFlag == "" {
		writeFloors(t, all)
		writeCounts(t, all)
	}
}

func readFloors(t *testing.T) map[string]int {
	t.Helper()
	text, err := os.ReadFile("floors.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for _, line := range strings.Split(string(text), "\n") {
		var set string
		var passes int
		if n, _ := fmt.Sscan(line, &set, &passes); n == 2 && set != "#" {
			out[set] = passes
		}
	}
	return out
}

func writeFloors(t *testing.T, all []Counts) {
	t.Helper()
	var out strings.Builder
	out.WriteString("# Records of each public set that pass, less what time limits may cost. Written by\n# go test ./tests/slt -run TestPublicSets -args -rewrite\n")
	for _, c := range all {
		fmt.Fprintf(&out, "%s %d\n", c.Set, c.Pass-c.Pass/500)
	}
	if err := os.WriteFile("floors.txt", []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// writeCounts puts the table between the marks of docs/testing.md.
func writeCounts(t *testing.T, all []Counts) {
	t.Helper()
	const file, begin, end = "../../docs/testing.md", "<!-- counts -->\n", "<!-- end of counts -->\n"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no %q and %q", file, begin, end)
	}
	var table strings.Builder
	Table(&table, all)
	features := map[string]int{}
	for _, c := range all {
		for f, n := range c.Features {
			features[f] += n
		}
	}
	if len(features) > 0 {
		fmt.Fprintf(&table, "\nNot built, by what the engine says (records): %s.\n", strings.Join(Top(features, 25), "; "))
	}
	if err := os.WriteFile(file, []byte(before+begin+"\n"+table.String()+"\n"+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
