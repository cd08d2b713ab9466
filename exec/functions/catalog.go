package functions

// allScalars lists every scalar function, by family.
func allScalars() []*Scalar {
	var out []*Scalar
	for _, family := range [][]*Scalar{
		arithmetic(), datetimeArithmetic(), comparisons(), extracts(), datetimeFunctions(), nowFunctions(), datetimeShorthands(), mathFunctions(), trigonometry(), integers(), conditionals(), systemFunctions(), privileges(), likes(), textBasics(), textSearch(), textMaking(), regexps(), textOfAnything(), formats(), jsonFunctions(), arrays(), arraySets(), lambdas(), maps(),
	} {
		out = append(out, family...)
	}
	return out
}

// allAggregates lists every aggregate function.
func allAggregates() []*Aggregate {
	var out []*Aggregate
	for _, family := range [][]*Aggregate{
		countAggregates(), sumAggregates(), avgAggregates(), minMaxAggregates(), boolAggregates(), firstAggregates(),
		collectAggregates(), pairAggregates(), varianceAggregates(), regressions(), bitAggregates(), approximations(),
	} {
		out = append(out, family...)
	}
	return out
}
