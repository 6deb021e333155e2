package function

import "slices"

// table is the one declaration of every function.
var table = concat(
	family{"General", generalFunctions()},
	family{"Conversion", converterFunctions()},
	family{"String", textFunctions()},
	family{"Numeric", mathFunctions()},
	family{"List", slices.Concat(listFunctions(), collFunctions())},
	family{"Vector", similarityFunctions()},
	family{"Graph", graphFunctions()},
	family{"Temporal", slices.Concat(temporalFunctions(), formatFunctions())},
	family{"Duration", durationFunctions()},
	family{"Spatial", pointFunctions()},
	family{"Load", loadFunctions()},
	family{"Aggregating", aggregateFunctions()},
)

// gqlNames are the names that ISO GQL has for functions.
var gqlNames = map[string]string{
	"length": "path_length", "size": "cardinality", "elementId": "element_id", "time": "zoned_time", "datetime": "zoned_datetime", "localtime": "local_time",
	"localdatetime": "local_datetime", "duration.between": "duration_between", "collect": "collect_list", "stDev": "stddev_samp", "stDevP": "stddev_pop",
	"percentileCont": "percentile_cont", "percentileDisc": "percentile_disc",
}

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
			if n := gqlNames[d.Name]; n != "" {
				d.Aliases = append(d.Aliases, n)
			}
		}
		all = append(all, f.functions...)
	}
	return all
}
