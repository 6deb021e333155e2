package value

import (
	"math"
	"strings"
	"testing"
)

func TestParsePoint(t *testing.T) {
	cases := []struct{ in, want string }{
		{"point({x: 1.0, y: 2.0, crs: 'cartesian'})", "point({x: 1.0, y: 2.0, crs: 'cartesian'})"},
		{"{x:1,y:2,z:3}", "point({x: 1.0, y: 2.0, z: 3.0, crs: 'cartesian-3d'})"},
		{" { latitude : 52.5 , longitude: 13.4 } ", "point({x: 13.4, y: 52.5, crs: 'wgs-84'})"},
		{"{latitude:1, longitude:2, height:3}", "point({x: 2.0, y: 1.0, z: 3.0, crs: 'wgs-84-3d'})"},
		{`{"x": 1, "y": 2, "crs": "WGS-84"}`, "point({x: 1.0, y: 2.0, crs: 'wgs-84'})"},
		{"{x: 1, y: 2, srid: 4326}", "point({x: 1.0, y: 2.0, crs: 'wgs-84'})"},
		{"{x: 1, y: 2, srid: 7203, crs: cartesian}", "point({x: 1.0, y: 2.0, crs: 'cartesian'})"},
		{"{longitude: 181, latitude: 0}", "point({x: -179.0, y: 0.0, crs: 'wgs-84'})"},
		{"{longitude: -541, latitude: 0}", "point({x: 179.0, y: 0.0, crs: 'wgs-84'})"},
		{"{longitude: -180, latitude: -90}", "point({x: -180.0, y: -90.0, crs: 'wgs-84'})"},
		{"{x: -0.0, y: 1e300}", "point({x: 0.0, y: 1.0E300, crs: 'cartesian'})"},
		{"{x: 1}", "a point needs x and y"},
		{"{x: 1, y: 2, crs: 'cartesian-3d'}", "has 3 coordinates, not 2"},
		{"{x: 1, y: 2, z: 3, crs: wgs-84}", "has 2 coordinates, not 3"},
		{"{longitude: 1, latitude: 2, crs: cartesian}", "is not of the system cartesian"},
		{"{longitude: 1, latitude: 91}", "a latitude lies between -90 and 90"},
		{"{x: NaN, y: 2}", "finite"},
		{"{x: 1, y: 2, crs: 'moon'}", "no coordinate reference system 'moon'"},
		{"{x: 1, y: 2, srid: 1}", "no coordinate reference system 1"},
		{"{x: 1, y: 2, srid: 4326, crs: cartesian}", "name different systems"},
		{"point({x: 1, y: 2}", "is not read as a point"}, {"{x: 1, x: 2, y: 2}", "is not read as a point"},
		{"{x: 1, y: 2, w: 2}", "is not read as a point"}, {"{x: '1', y: 2}", "is not read as a point"}, {"", "is not read as a point"},
	}
	for _, c := range cases {
		v, err := ParsePoint(c.in)
		got := v.String()
		if err != nil {
			got = err.Error()
		}
		if got != c.want && (err == nil || !strings.Contains(got, c.want)) {
			t.Errorf("%s: got %s, want %s", c.in, got, c.want)
		}
		if err == nil {
			if again, err := ParsePoint(got); err != nil || Equal(v, again) != True {
				t.Errorf("%s came back as %s, %v", got, again, err)
			}
		}
	}
}

func TestDistance(t *testing.T) {
	at := func(crs CRS, x, y, z float64) Place { return Place{crs, x, y, z} }
	cases := []struct {
		a, b Place
		want float64
	}{
		{at(Cartesian, 0, 0, 0), at(Cartesian, 3, 4, 0), 5},
		{at(Cartesian3D, 0, 0, 0), at(Cartesian3D, 2, 3, 6), 7},
		{at(WGS84, 0, 0, 0), at(WGS84, 180, 0, 0), math.Pi * earthRadius},
		{at(WGS84, 179, 0, 0), at(WGS84, -179, 0, 0), math.Pi * earthRadius / 90},
		// Copenhagen and Malmö, as in Neo4j's manual.
		{at(WGS84, 12.564590, 55.672874, 0), at(WGS84, 12.994341, 55.611784, 0), 27842},
		{at(WGS84Height, 0, 0, 100), at(WGS84Height, 0, 90, 300), math.Hypot((earthRadius+200)*math.Pi/2, 200)},
	}
	for _, c := range cases {
		got, ok := Distance(c.a, c.b)
		if !ok || math.Abs(got-c.want) > 0.5 {
			t.Errorf("from %v to %v it is %v, want %v", c.a, c.b, got, c.want)
		}
	}
	if _, ok := Distance(at(Cartesian, 0, 0, 0), at(WGS84, 0, 0, 0)); ok {
		t.Error("points of two systems have a distance")
	}
}

func TestWithin(t *testing.T) {
	cases := []struct {
		crs          CRS
		p, low, high [3]float64
		want         bool
	}{
		{Cartesian, [3]float64{1, 1, 0}, [3]float64{0, 0, 0}, [3]float64{1, 1, 0}, true},
		{Cartesian, [3]float64{1, 2, 0}, [3]float64{0, 0, 0}, [3]float64{1, 1, 0}, false},
		{Cartesian, [3]float64{5, 0, 0}, [3]float64{4, 0, 0}, [3]float64{1, 1, 0}, false},
		{Cartesian3D, [3]float64{1, 1, 2}, [3]float64{0, 0, 0}, [3]float64{1, 1, 1}, false},
		{WGS84, [3]float64{-179, 0, 0}, [3]float64{170, -1, 0}, [3]float64{-170, 1, 0}, true},
		{WGS84, [3]float64{0, 0, 0}, [3]float64{170, -1, 0}, [3]float64{-170, 1, 0}, false},
		{WGS84, [3]float64{0, 0, 0}, [3]float64{-1, 1, 0}, [3]float64{1, -1, 0}, false},
	}
	for _, c := range cases {
		at := func(x [3]float64) Place { return Place{c.crs, x[0], x[1], x[2]} }
		if in, known := at(c.p).Within(at(c.low), at(c.high)); in != c.want || !known {
			t.Errorf("%v in %v … %v: %v", c.p, c.low, c.high, in)
		}
	}
	if _, known := (Place{CRS: WGS84}).Within(Place{CRS: Cartesian}, Place{CRS: WGS84}); known {
		t.Error("a box of another system is known")
	}
}
