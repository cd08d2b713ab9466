// Package chaos kills and freezes workers of a running cluster in the middle of
// TPC-H queries and checks that the answer is exact, or one clean error where
// rows had already left. make test runs some rounds, make nightly a hundred.
package chaos

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/muster-sql/muster/tests/harness"
	"github.com/muster-sql/muster/tests/services"
	"github.com/muster-sql/muster/tests/tpch"
)

var (
	seedFlag   = flag.Uint64("seed", 0, "of the random choices; 0 takes one from the clock")
	roundsFlag = flag.Int("rounds", 0, "kills; 0: ten, a hundred in make nightly")
)

const scale = "0.1"

// game is a cluster with three workers over Parquet files, and the queries.
type game struct {
	cluster *harness.Cluster
	random  *rand.Rand
	ask     tpch.Options
	took    map[string]time.Duration // of each query, undisturbed
	names   []string
}

func newGame(t *testing.T) *game {
	t.Helper()
	if testing.Short() {
		t.Skip("starts processes; not run with -short")
	}
	root := services.NeedCorpora(t, "bench", "tpch")
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("again with: -args -seed=%d", seed)
	cluster := harness.Start(t, harness.Options{Workers: 3, Attach: []string{"files=" + filepath.Join(root, "data", "sf"+scale)}})
	g := &game{
		cluster: cluster, random: rand.New(rand.NewPCG(seed, 1)), took: map[string]time.Duration{},
		ask: tpch.Options{
			URL: cluster.URL("files"), Queries: filepath.Join(root, "queries"), Answers: filepath.Join(root, "answers", "sf"+scale),
			Tolerance: 1e-12, Query: 2 * time.Minute,
		},
	}
	verdicts, err := tpch.Ask(context.Background(), g.ask)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range verdicts {
		if v.Err != nil {
			t.Fatalf("undisturbed %s: %v", v.Name, v.Err)
		}
		g.took[v.Name] = v.Took
		g.names = append(g.names, v.Name)
	}
	return g
}

// play runs a random query and does harm to a random worker while it runs.
func (g *game) play(t *testing.T, harm func(*harness.Node)) (name string, victim *harness.Node, err error) {
	t.Helper()
	name = g.names[g.random.IntN(len(g.names))]
	workers := g.cluster.Workers()
	victim = workers[g.random.IntN(len(workers))]
	o := g.ask
	o.Only = []string{name}
	done := make(chan error, 1)
	go func() {
		verdicts, err := tpch.Ask(context.Background(), o)
		if err == nil {
			err = verdicts[0].Err
		}
		done <- err
	}()
	time.Sleep(time.Duration(g.random.Int64N(int64(g.took[name]) + 1)))
	harm(victim)
	return name, victim, <-done
}

// clean reports whether an error is one that names what happened, not a wrong
// answer, a lost connection or a bug.
func clean(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code[:2] != "XX"
}

func TestAKilledWorkerCostsATaskNotTheQuery(t *testing.T) {
	g := newGame(t)
	rounds := *roundsFlag
	if rounds == 0 {
		rounds = 20
		if os.Getenv("MUSTER_NIGHTLY") != "" {
			rounds = 100
		}
	}
	failed := 0
	for round := range rounds {
		name, victim, err := g.play(t, (*harness.Node).Kill)
		switch {
		case err == nil:
		case clean(err):
			failed++
			t.Logf("round %d: %s, %s killed: %v", round, name, victim.Name, err)
		default:
			t.Errorf("round %d: %s, %s killed: %v", round, name, victim.Name, err)
		}
		victim.Restart(t)
		g.cluster.AwaitWorkers(t)
	}
	t.Logf("counts: %d kills, %d exact answers, %d clean errors", rounds, rounds-failed, failed)
	if failed > rounds/10 {
		t.Errorf("%d of %d kills cost the query, though its rows had not left", failed, rounds)
	}
	g.undisturbed(t)
}

func TestAFrozenWorkerIsDeadAfterItsLease(t *testing.T) {
	g := newGame(t)
	for range 3 {
		begin := time.Now()
		name, victim, err := g.play(t, (*harness.Node).Freeze)
		if err != nil {
			t.Errorf("%s, %s frozen: %v", name, victim.Name, err)
		}
		if took := time.Since(begin); took > 40*time.Second {
			t.Errorf("%s, %s frozen: took %v", name, victim.Name, took)
		}
		victim.Cont()
		g.cluster.AwaitWorkers(t)
	}
	g.undisturbed(t)
}

// undisturbed asks everything once more: what was done to the workers left
// nothing behind.
func (g *game) undisturbed(t *testing.T) {
	t.Helper()
	verdicts, err := tpch.Ask(context.Background(), g.ask)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range verdicts {
		if v.Err != nil {
			t.Errorf("afterwards %s: %v", v.Name, v.Err)
		}
	}
}
