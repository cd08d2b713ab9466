// Package optimizer rewrites logical trees: phases of rules, each named, timed,
// switchable and verified. The planner calls Run. It gives equivalent trees and
// must not know syntax or operators.
package optimizer

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/muster-sql/muster/connectors/spi/invariants"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/planner/logical"
	"github.com/muster-sql/muster/planner/optimizer/rules"
)

// Phase is a set of rules applied together, to the whole tree, until none fires.
type Phase struct {
	Name    string
	TopDown bool // parents first; else inputs first
	Once    bool // one pass
	Root    bool // the rules get the whole tree, once, and walk it themselves
	Rules   []rules.Rule
}

// Options say how to run.
type Options struct {
	Disabled []string         // names of rules that do not run
	Now      func() time.Time // for timing; nil: none
	Watch    func(phase, rule string, n logical.Node)
}

// Trace is what one rule did in one phase.
type Trace struct {
	Phase, Rule string
	Fired       int
	Time        time.Duration
}

// passesMax bounds the passes of a phase: rules that undo each other are a bug.
const passesMax = 50

type run struct {
	ctx    context.Context
	env    *rules.Env
	o      Options
	traces []Trace
	index  map[[2]string]int
	phase  *Phase
}

// Run applies the phases in order.
func Run(ctx context.Context, phases []Phase, env *rules.Env, n logical.Node, o Options) (logical.Node, []Trace, error) {
	r := &run{ctx: ctx, env: env, o: o, index: map[[2]string]int{}}
	if err := r.verify("the analyzer", n); err != nil {
		return nil, nil, err
	}
	for i := range phases {
		r.phase = &phases[i]
		var err error
		if n, err = r.settle(n); err != nil {
			return nil, nil, err
		}
	}
	return n, r.traces, nil
}

// settle runs a phase until nothing fires.
func (r *run) settle(n logical.Node) (logical.Node, error) {
	active := slices.DeleteFunc(slices.Clone(r.phase.Rules), func(x rules.Rule) bool { return slices.Contains(r.o.Disabled, x.Name()) })
	if r.phase.Root {
		return r.apply(n, active)
	}
	for range passesMax {
		if err := r.ctx.Err(); err != nil {
			return nil, err
		}
		out, err := r.pass(n, active)
		if err != nil {
			return nil, err
		}
		if out == n || r.phase.Once {
			return out, nil
		}
		n = out
	}
	if invariants.Enabled {
		return nil, sqlerr.Internalf("rules of phase %s do not settle", r.phase.Name)
	}
	return n, nil
}

// pass visits each node once.
func (r *run) pass(n logical.Node, active []rules.Rule) (logical.Node, error) {
	var err error
	if r.phase.TopDown {
		if n, err = r.apply(n, active); err != nil {
			return nil, err
		}
	}
	in := n.Inputs()
	var changed []logical.Node
	for i, c := range in {
		x, err := r.pass(c, active)
		if err != nil {
			return nil, err
		}
		if x != c && changed == nil {
			changed = slices.Clone(in)
		}
		if changed != nil {
			changed[i] = x
		}
	}
	if changed != nil {
		n = n.WithInputs(changed)
	}
	if !r.phase.TopDown {
		return r.apply(n, active)
	}
	return n, nil
}

// apply gives the node to each rule in turn.
func (r *run) apply(n logical.Node, active []rules.Rule) (logical.Node, error) {
	for _, rule := range active {
		var start time.Time
		if r.o.Now != nil {
			start = r.o.Now()
		}
		out, err := rule.Apply(r.ctx, r.env, n)
		if err != nil {
			return nil, err
		}
		t := r.trace(rule)
		if r.o.Now != nil {
			t.Time += r.o.Now().Sub(start)
		}
		if out == nil || out == n {
			continue
		}
		t.Fired++
		if err := r.same(rule, n, out); err != nil {
			return nil, err
		}
		if r.o.Watch != nil {
			r.o.Watch(r.phase.Name, rule.Name(), out)
		}
		n = out
	}
	return n, nil
}

func (r *run) trace(rule rules.Rule) *Trace {
	key := [2]string{r.phase.Name, rule.Name()}
	i, ok := r.index[key]
	if !ok {
		i = len(r.traces)
		r.index[key] = i
		r.traces = append(r.traces, Trace{Phase: r.phase.Name, Rule: rule.Name()})
	}
	return &r.traces[i]
}

// same checks in test builds that a rewrite gives at least the columns it gave.
func (r *run) same(rule rules.Rule, before, after logical.Node) error {
	if !invariants.Enabled {
		return nil
	}
	have := logical.SetOf(after.Schema())
	for _, c := range before.Schema() {
		if !have[c.ID] && !rules.Prunes(rule) {
			return sqlerr.Internalf("rule %s lost column %s#%d:\n%s=>\n%s", rule.Name(), c.Name, c.ID, logical.Format(before, nil), logical.Format(after, nil))
		}
	}
	return r.verify(fmt.Sprintf("rule %s", rule.Name()), after)
}

// verify checks a tree whose free columns are those of the tree around it.
func (r *run) verify(who string, n logical.Node) error {
	if !invariants.Enabled {
		return nil
	}
	if err := logical.ValidateIn(n, logical.Free(n)); err != nil {
		return fmt.Errorf("after %s: %w\n%s", who, err, logical.Format(n, nil))
	}
	return nil
}
