package function

import (
	"github.com/kadedb/kadedb/value"
)

func pointFunctions() []*Def {
	two := []Signature{{Args: []Kinds{PointKind, PointKind}, Result: FloatKind | NullKind}}
	return []*Def{
		{Name: "point", Doc: "The point of a map of x and y (and z), or of longitude and latitude in degrees (and height in metres); crs or srid name the coordinate reference system. Null where one of them is.",
			Example:    "point({x: 3, y: 4}).crs = 'cartesian'",
			Signatures: []Signature{{Args: []Kinds{MapKind}, Result: PointKind | NullKind}},
			Call: func(_ *Context, args []value.Value) (value.Value, error) {
				if args[0].Kind() != value.KindMap {
					return value.Null, badValue("point()", args[0], "MAP")
				}
				return value.PointOf(args[0].AsMap())
			}},
		{Name: "point.distance", Aliases: []string{"distance"}, Signatures: two,
			Doc:     "How far two points are apart: in a straight line, or in metres on the globe. Null of points of two coordinate reference systems.",
			Example: "point.distance(point({x: 0, y: 0}), point({x: 3, y: 4})) = 5.0",
			Call: func(_ *Context, args []value.Value) (value.Value, error) {
				if err := allPoints("point.distance()", args); err != nil {
					return value.Null, err
				}
				d, ok := value.Distance(args[0].Place(), args[1].Place())
				if !ok {
					return value.Null, nil
				}
				return value.Float(d), nil
			}},
		{Name: "point.withinBBox", Signatures: []Signature{{Args: []Kinds{PointKind, PointKind, PointKind}, Result: BoolKind | NullKind}},
			Doc:     "Whether a point lies in the box between its lower left and its upper right corner. Null of points of several coordinate reference systems.",
			Example: "point.withinBBox(point({x: 1, y: 1}), point({x: 0, y: 0}), point({x: 2, y: 2}))",
			Call: func(_ *Context, args []value.Value) (value.Value, error) {
				if err := allPoints("point.withinBBox()", args); err != nil {
					return value.Null, err
				}
				in, known := args[0].Place().Within(args[1].Place(), args[2].Place())
				if !known {
					return value.Null, nil
				}
				return value.Bool(in), nil
			}},
	}
}

func allPoints(fn string, args []value.Value) error {
	for _, a := range args {
		if a.Kind() != value.KindPoint {
			return badValue(fn, a, "POINT")
		}
	}
	return nil
}

func pointComponent(p value.Place, name string) (value.Value, error) {
	v, ok := p.Component(name)
	if !ok {
		var names []string
		for _, n := range []string{"x", "y", "z", "longitude", "latitude", "height", "crs", "srid"} {
			if _, ok := p.Component(n); ok {
				names = append(names, n)
			}
		}
		return value.Null, meant(badArgument("a point of the system %s has no component %s", p.CRS, name), name, names...)
	}
	return v, nil
}
