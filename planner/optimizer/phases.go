package optimizer

import "github.com/muster-sql/muster/planner/optimizer/rules"

// Phases is the order in which rules run.
func Phases() []Phase {
	return []Phase{
		{Name: "simplify", Rules: []rules.Rule{rules.FoldConstants}},
	}
}
