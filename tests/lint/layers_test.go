package lint

import (
	"path"
	"sort"
	"strings"
	"testing"
)

// layer is one line of the import policy. Packages that match pkg may import,
// besides the standard library and their own children, what ours lists (paths
// of this module) and what outside lists (other modules, "any" for no limit).
// A pattern ends in "/..." for a folder and all below it; "*" is one element.
type layer struct{ pkg, ours, outside string }

// policy is the layer table of docs/architecture.md. The first matching line
// counts. It is a statement of policy: change it with a reason, not to get a
// build through.
var policy = []layer{
	// 1. The floor: nothing of ours above it.
	{"parser/ast", "", ""},
	{"parser/mysql", "parser/ast", "github.com/pingcap/tidb/pkg/parser"},
	{"parser", "parser/ast", ""},
	{"connectors/spi/sqlerr", "", ""},
	{"connectors/spi/codec", "connectors/spi/sqlerr", ""},
	{"connectors/spi/types", "connectors/spi/sqlerr connectors/spi/codec", "arrow github.com/zeebo/xxh3"},
	{"connectors/spi/page", "connectors/spi/sqlerr connectors/spi/codec connectors/spi/types", "arrow github.com/zeebo/xxh3"},
	{"connectors/spi/expr", "connectors/spi/sqlerr connectors/spi/codec connectors/spi/types connectors/spi/page", ""},
	{"connectors/spi/domain", "connectors/spi/sqlerr connectors/spi/codec connectors/spi/types connectors/spi/page connectors/spi/expr", "github.com/zeebo/xxh3"},
	{"connectors/spi/spitest", "connectors/spi/...", "any"},
	{"connectors/spi", "connectors/spi/...", "arrow"},

	// 2. Connectors see the SPI, never the engine.
	{"connectors/builtin", "connectors/...", "any"},
	{"connectors/catalog", "connectors/spi/...", ""},
	{"connectors/internal/...", "connectors/spi/... connectors/internal/...", "any"},
	{"connectors/*", "connectors/spi/... connectors/internal/...", "any"},
	{"connectors/*/...", "connectors/spi/... connectors/internal/...", "any"},

	// 3. The engine runs exec/plan.
	{"exec/plan", spi, ""},
	{"exec/kernel", spi, "github.com/zeebo/xxh3"},
	{"exec/functions/...", spi + " exec/kernel", "any"},
	{"exec/mempool/mempooltest", spi + " exec/mempool", ""},
	{"exec/mempool", spi, "github.com/klauspost/compress github.com/zeebo/xxh3 golang.org/x/sys"},
	{"exec/rows", spi + " exec/mempool exec/kernel", "github.com/klauspost/compress github.com/zeebo/xxh3"},
	{"exec/eval", spi + " exec/functions exec/kernel", ""},
	{"exec/exchange", spi + " exec/mempool exec/kernel", "github.com/klauspost/compress github.com/zeebo/xxh3"},
	{"exec/operator/optest", spi + " exec/...", "any"},
	{"exec/operator", algorithms, ""},
	{"exec/operator/...", algorithms, "github.com/zeebo/xxh3 github.com/axiomhq/hyperloglog github.com/caio/go-tdigest"},
	{"exec/build", spi + " exec/plan exec/functions exec/eval exec/exchange exec/operator/... exec/rows exec/kernel exec/mempool", ""},
	{"exec/rpc/...", spi + " exec/plan exec/exchange", "google.golang.org/grpc google.golang.org/protobuf github.com/klauspost/compress github.com/zeebo/xxh3"},
	{"exec", spi + " exec/build exec/plan exec/exchange exec/mempool exec/operator exec/functions exec/eval", "golang.org/x/sync"},

	// 4. The planner emits exec/plan and runs nothing.
	{"planner/logical", spi, ""},
	{"planner/stats", spi + " planner/logical", ""},
	{"planner/analyzer", spi + " parser/ast connectors/catalog exec/functions exec/eval planner/logical", ""},
	{"planner/optimizer/...", spi + " planner/logical planner/stats exec/functions exec/eval planner/optimizer/...", ""},
	{"planner/physical", spi + " planner/logical planner/stats exec/plan exec/functions", ""},
	{"planner/fragment", spi + " planner/logical planner/stats exec/plan", ""},
	{"planner", spi + " parser/ast connectors/catalog exec/plan exec/functions planner/...", ""},

	// 5. The two hearts; neither knows the other.
	{"coordinator/...", spi + " parser parser/ast parser/mysql planner/... connectors/catalog connectors/system exec/plan exec/rpc exec/exchange exec/mempool exec/functions coordinator/...", "any"},
	{"worker/...", spi + " connectors/catalog exec/... worker/...", "any"},

	// 6 and 7. The object graph and the command.
	{".", spi + " coordinator/... worker exec exec/operator exec/rpc exec/mempool exec/exchange connectors/catalog connectors/system", "any"},
	{"cmd/...", ". cmd/... connectors/... coordinator/... parser/... exec/...", "any"},
	{"tests/...", ". cmd/... connectors/... coordinator/... exec/... parser/... planner/... worker/... tests/...", "any"},
}

const (
	spi        = "connectors/spi/..."
	algorithms = spi + " exec/eval exec/rows exec/kernel exec/exchange exec/mempool exec/operator exec/operator/... exec/functions"
)

// aliases shorten the outside column.
var aliases = map[string]string{"arrow": "github.com/apache/arrow-go/v18"}

// matches reports whether the path is meant by the pattern.
func matches(pattern, p string) bool {
	if folder, all := strings.CutSuffix(pattern, "/..."); all {
		want, have := strings.Split(folder, "/"), strings.Split(p, "/")
		if len(have) < len(want) {
			return false
		}
		p, pattern = strings.Join(have[:len(want)], "/"), folder
	}
	ok, _ := path.Match(pattern, p)
	return ok
}

func anyMatches(patterns, p string) bool {
	for _, pattern := range strings.Fields(patterns) {
		if matches(pattern, p) {
			return true
		}
	}
	return false
}

// verdict says why dir must not import target, or nothing.
func verdict(dir, target string) string {
	for _, l := range policy {
		if !matches(l.pkg, dir) {
			continue
		}
		ours, inside := strings.CutPrefix(target, Module)
		if inside {
			ours = strings.TrimPrefix(ours, "/")
			if ours == "" {
				ours = "."
			}
			if strings.HasPrefix(ours+"/", dir+"/") || anyMatches(l.ours, ours) {
				return ""
			}
			return "its line in tests/lint/layers_test.go allows of ours: " + orNothing(l.ours)
		}
		if l.outside == "any" || !strings.Contains(strings.Split(target, "/")[0], ".") {
			return ""
		}
		for _, m := range strings.Fields(l.outside) {
			if full := aliases[m]; full != "" {
				m = full
			}
			if target == m || strings.HasPrefix(target, m+"/") {
				return ""
			}
		}
		return "its line in tests/lint/layers_test.go allows of other modules: " + orNothing(l.outside)
	}
	return "the package has no line in the policy table of tests/lint/layers_test.go"
}

func orNothing(list string) string {
	if list == "" {
		return "nothing"
	}
	return list
}

func TestEachPackageImportsOnlyWhatItsLayerAllows(t *testing.T) {
	tree := load(t)
	var bad []string
	for dir, files := range tree.Packages() {
		for _, f := range files {
			if f.Test {
				continue // tests may look up: goldens need connectors, operators need optest
			}
			for _, target := range f.Imports() {
				if why := verdict(dir, target); why != "" {
					bad = append(bad, f.Path+" imports "+target+": "+why)
				}
			}
		}
	}
	report(t, bad)
}

func TestLayerMatcher(t *testing.T) {
	for _, c := range []struct {
		dir, target string
		allowed     bool
	}{
		{"parser", "strings", true},
		{"parser", Module + "/parser/ast", true},
		{"parser", Module + "/connectors/spi/sqlerr", false},
		{"parser", "github.com/jackc/pgx/v5", false},
		{"worker", Module + "/exec", true},
		{"worker", Module + "/planner", false},
		{"worker", Module + "/coordinator/query", false},
		{"coordinator/query", Module + "/worker", false},
		{"coordinator/protocol/pgwire", "github.com/jackc/pgx/v5/pgproto3", true},
		{"connectors/postgres", Module + "/connectors/spi/page", true},
		{"connectors/postgres", Module + "/connectors/internal/sqlsource", true},
		{"connectors/postgres", Module + "/connectors/memory", false},
		{"connectors/postgres", Module + "/exec/eval", false},
		{"connectors/tpch", Module + "/connectors/tpch/dbgen", true},
		{"exec/operator/join", Module + "/exec/rows", true},
		{"exec/operator/join", Module + "/exec/plan", false},
		{"exec/operator/join", Module + "/exec/build", false},
		{"planner/optimizer/rules", Module + "/planner/logical", true},
		{"planner/optimizer/rules", Module + "/exec/plan", false},
		{"planner/analyzer", "google.golang.org/grpc", false},
		{".", Module + "/connectors/builtin", false},
		{"cmd/muster", Module + "/connectors/builtin", true},
		{"nowhere", "strings", false},
	} {
		if why := verdict(c.dir, c.target); (why == "") != c.allowed {
			t.Errorf("%s -> %s: allowed %v, verdict %q", c.dir, c.target, c.allowed, why)
		}
	}
}

func TestTopLevelFoldersAreTheFixedOnes(t *testing.T) {
	tree := load(t)
	fixed := " .ci .github cmd parser planner exec connectors coordinator worker docs tests "
	for p := range tree.Paths {
		top, _, below := strings.Cut(p, "/")
		if below && !strings.Contains(fixed, " "+top+" ") {
			t.Errorf("%s is outside the fixed top-level folders:%s", p, fixed)
		}
	}
}

// report prints findings in a stable order and fails when there are any.
func report(t *testing.T, bad []string) {
	t.Helper()
	sort.Strings(bad)
	for _, b := range bad {
		t.Error(b)
	}
}
