package function

// table is the one declaration of every function.
var table = concat(
	family{"General", generalFunctions()},
	family{"Conversion", converterFunctions()},
	family{"String", textFunctions()},
	family{"Numeric", mathFunctions()},
	family{"List", listFunctions()},
	family{"Graph", graphFunctions()},
	family{"Temporal", temporalFunctions()},
	family{"Duration", durationFunctions()},
	family{"Spatial", pointFunctions()},
	family{"Aggregating", aggregateFunctions()},
)

// family is the functions of one chapter of the documentation.
type family struct {
	name      string
	functions []*Def
}

func concat(families ...family) []*Def {
	var all []*Def
	for _, f := range families {
		for _, d := range f.functions {
			d.Category = f.name
		}
		all = append(all, f.functions...)
	}
	return all
}
