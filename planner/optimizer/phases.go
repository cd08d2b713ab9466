package optimizer

import "github.com/muster-sql/muster/planner/optimizer/rules"

// conditions move filters towards the tables that they are about.
var conditions = []rules.Rule{
	rules.FoldConstants, rules.SimplifyConditions, rules.FactorOr, rules.RemoveTrivialFilter, rules.MergeFilters, rules.OuterJoinToInner,
	rules.PushFilterThroughProject, rules.PushFilterIntoJoin, rules.PushFilterThroughAggregate,
	rules.PushFilterThroughSetOp, rules.PushFilterBelowOrder, rules.RemoveSingleRow, rules.RemoveEmpty,
}

// joins are the rules for conditions once subqueries are joins.
var joins = append(append([]rules.Rule{}, conditions...),
	rules.FilterMarkToSemiJoin, rules.PushJoinCondition, rules.MergeProjects, rules.RemoveIdentityProject)

// Phases is the order in which rules run.
func Phases() []Phase {
	return []Phase{
		{Name: "simplify", Rules: append(append([]rules.Rule{}, conditions...), rules.MarkForTruth)},
		{Name: "unnest", Rules: []rules.Rule{
			rules.ApplyMarkOverOneRow, rules.GraftApply, rules.ExpandNullAwareMark, rules.UncorrelatedApplyToJoin,
			rules.PullUpCorrelatedConditions, rules.CorrelatedAggregateToJoin, rules.UnnestApply,
		}},
		{Name: "set operations", Rules: []rules.Rule{rules.SetOpToJoin}},
		{Name: "push conditions", Rules: joins},
		{Name: "infer", Root: true, Rules: []rules.Rule{rules.InferPredicates}},
		{Name: "push inferred", Rules: joins},
		{Name: "order joins", Root: true, Rules: []rules.Rule{rules.ReorderJoins}},
		{Name: "choose joins", Once: true, Rules: []rules.Rule{rules.SemiJoinToInner}},
		{Name: "aggregates", Rules: []rules.Rule{
			rules.RemoveRedundantSort, rules.DistinctToAggregate, rules.DistinctOnToAggregate, rules.SplitDistinctAggregate,
		}},
		{Name: "limits", Rules: []rules.Rule{
			rules.PushLimitThroughProject, rules.SortLimitToTopN, rules.MergeLimits, rules.PushLimitIntoUnion, rules.PushLimitIntoOuterJoin,
		}},
		{Name: "prune", Root: true, Rules: []rules.Rule{rules.PruneColumns}},
		{Name: "tidy", Rules: joins},
		{Name: "offer", Once: true, Rules: []rules.Rule{rules.OfferFilter, rules.OfferLimit}},
		{Name: "prune scans", Root: true, Rules: []rules.Rule{rules.PruneScans}},
		{Name: "finish", Rules: []rules.Rule{rules.FilterIntoScan, rules.MergeProjects, rules.RemoveIdentityProject}},
	}
}
