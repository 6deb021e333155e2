package function

// table is the one declaration of every function.
var table = concat(generalFunctions(), converterFunctions(), textFunctions(), mathFunctions(), listFunctions(),
	graphFunctions(), temporalFunctions(), durationFunctions(), pointFunctions(), aggregateFunctions())

func concat(families ...[]*Def) []*Def {
	var all []*Def
	for _, f := range families {
		all = append(all, f...)
	}
	return all
}
