package value

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/kadedb/kadedb/status"
)

// CRS is a coordinate reference system, by its number in the EPSG registry (7203 and
// 9157 of spatialreference.org).
type CRS int32

const (
	Cartesian   CRS = 7203 // x, y on a plane
	Cartesian3D CRS = 9157 // x, y, z
	WGS84       CRS = 4326 // longitude, latitude in degrees
	WGS84Height CRS = 4979 // longitude, latitude in degrees, height in metres
)

var systems = [...]struct {
	crs  CRS
	name string
}{{Cartesian, "cartesian"}, {Cartesian3D, "cartesian-3d"}, {WGS84, "wgs-84"}, {WGS84Height, "wgs-84-3d"}}

// String returns the system's name, "wgs-84-3d", or "" of an unknown number.
func (c CRS) String() string {
	for _, s := range systems {
		if s.crs == c {
			return s.name
		}
	}
	return ""
}

// CRSByName finds a system by its name, whatever the case of its letters.
func CRSByName(name string) (CRS, bool) {
	for _, s := range systems {
		if strings.EqualFold(s.name, name) {
			return s.crs, true
		}
	}
	return 0, false
}

// Dims returns how many coordinates a point of the system has: 2 or 3.
func (c CRS) Dims() int {
	if c == Cartesian3D || c == WGS84Height {
		return 3
	}
	return 2
}

// Geographic reports whether the coordinates are longitude and latitude.
func (c CRS) Geographic() bool { return c == WGS84 || c == WGS84Height }

// Place is what a point is made of. Z is 0 where the system has two dimensions; of a
// geographic one X is the longitude, Y the latitude and Z the height.
type Place struct {
	CRS     CRS
	X, Y, Z float64
}

// Point returns a point. p must be as NewPoint gives it: coordinates that are finite and
// no -0.0, a latitude within ±90 and a longitude within ±180.
func Point(p Place) Value { return pointValue(&p) }

// NewPoint returns the point at p, a longitude beyond ±180 brought round. A coordinate
// that is no finite number, a latitude beyond ±90 and an unknown system are errors.
func NewPoint(p Place) (Value, error) {
	if p.CRS.String() == "" {
		return Null, status.Errorf(status.InvalidArgumentValue, "there is no coordinate reference system %d", p.CRS).WithHint(crsHint)
	}
	if p.CRS.Dims() == 2 {
		p.Z = 0
	}
	for _, f := range []*float64{&p.X, &p.Y, &p.Z} {
		if math.IsNaN(*f) || math.IsInf(*f, 0) {
			return Null, status.Errorf(status.InvalidArgumentValue, "a point's coordinates are finite numbers, not %s", AppendFloat(nil, *f))
		}
		*f += 0 // -0.0 is 0.0
	}
	if p.CRS.Geographic() {
		if math.Abs(p.Y) > 90 {
			return Null, status.Errorf(status.InvalidArgumentValue, "a latitude lies between -90 and 90, not at %s", AppendFloat(nil, p.Y)).
				WithHint("write point({longitude: …, latitude: …}); in x and y, x is the longitude")
		}
		if math.Abs(p.X) > 180 {
			p.X = wrapLongitude(p.X)
		}
	}
	return Point(p), nil
}

const crsHint = "there are cartesian (7203), cartesian-3d (9157), wgs-84 (4326) and wgs-84-3d (4979)"

func wrapLongitude(x float64) float64 {
	x = math.Mod(x+180, 360)
	if x < 0 {
		x += 360
	}
	return x - 180
}

// PointOf reads a map as point() does: {x, y}, {x, y, z}, {longitude, latitude} or
// {longitude, latitude, height}, with crs or srid. Null in one of them gives null.
func PointOf(m *Map) (Value, error) {
	var coords [len(pointKeys)]float64
	var has [len(pointKeys)]bool
	for i, key := range pointKeys {
		v, ok := m.Get(key)
		switch {
		case !ok:
			continue
		case v.IsNull():
			return Null, nil
		case !v.isNumber():
			return Null, status.Errorf(status.InvalidArgumentValue, "%s of a point is a number, not %s", key, v.Kind())
		}
		has[i], coords[i] = true, v.AsFloat()
		if v.kind == KindInt {
			coords[i] = float64(v.AsInt())
		}
	}
	crs, null, err := crsOf(m)
	if null || err != nil {
		return Null, err
	}
	var p Place
	named, third := crs != 0, has[2]
	switch {
	case has[0] && has[1]:
		p.X, p.Y, p.Z = coords[0], coords[1], coords[2]
		if has[5] && !has[2] {
			third, p.Z = true, coords[5]
		}
	case has[3] && has[4]:
		p.X, p.Y, p.Z, third = coords[3], coords[4], coords[5], has[5]
		if has[2] && !has[5] {
			third, p.Z = true, coords[2]
		}
		if named && !crs.Geographic() {
			return Null, status.Errorf(status.InvalidArgumentValue, "a point by longitude and latitude is not of the system %s", crs).
				WithHint("write x and y, or leave crs and srid out")
		}
		if !named {
			crs = WGS84
		}
	default:
		return Null, status.Errorf(status.InvalidArgumentValue, "a point needs x and y, or longitude and latitude").
			WithHint("write point({x: 1, y: 2}), point({x: 1, y: 2, z: 3}) or point({longitude: 13.4, latitude: 52.5})")
	}
	p.CRS = systemOf(crs, third, named)
	dims := 2
	if third {
		dims = 3
	}
	if p.CRS.Dims() != dims {
		return Null, status.Errorf(status.InvalidArgumentValue, "a point of the system %s has %d coordinates, not %d", p.CRS, p.CRS.Dims(), dims).
			WithHint(crsHint)
	}
	return NewPoint(p)
}

var pointKeys = [...]string{"x", "y", "z", "longitude", "latitude", "height"}

// systemOf completes a system: given is what the map names, or what its keys mean.
func systemOf(given CRS, third, named bool) CRS {
	switch {
	case named:
		return given
	case given.Geographic() && third:
		return WGS84Height
	case given.Geographic():
		return WGS84
	case third:
		return Cartesian3D
	}
	return Cartesian
}

// crsOf reads crs or srid, 0 where the map has neither.
func crsOf(m *Map) (crs CRS, null bool, err error) {
	name, byName := m.Get("crs")
	srid, byNumber := m.Get("srid")
	if byName && name.IsNull() || byNumber && srid.IsNull() {
		return 0, true, nil
	}
	if byName {
		ok := name.kind == KindString
		if ok {
			crs, ok = CRSByName(name.AsString())
		}
		if !ok {
			return 0, false, status.Errorf(status.InvalidArgumentValue, "there is no coordinate reference system %.60s", name.String()).WithHint(crsHint)
		}
	}
	if byNumber {
		if srid.kind != KindInt || CRS(srid.AsInt()).String() == "" || int64(CRS(srid.AsInt())) != srid.AsInt() {
			return 0, false, status.Errorf(status.InvalidArgumentValue, "there is no coordinate reference system %.60s", srid.String()).WithHint(crsHint)
		}
		by := CRS(srid.AsInt())
		if byName && by != crs {
			return 0, false, status.Errorf(status.InvalidArgumentValue, "crs and srid name different systems: %s and %s", crs, by).
				WithHint("give one of them")
		}
		crs = by
	}
	return crs, false, nil
}

// Component returns the part of the point that `p.name` reads: x, y, z, longitude, latitude,
// height, crs or srid. One that points of its system do not have gives false.
func (p Place) Component(name string) (Value, bool) {
	switch name {
	case "x":
		return Float(p.X), true
	case "y":
		return Float(p.Y), true
	case "z":
		return Float(p.Z), p.CRS.Dims() == 3
	case "longitude":
		return Float(p.X), p.CRS.Geographic()
	case "latitude":
		return Float(p.Y), p.CRS.Geographic()
	case "height":
		return Float(p.Z), p.CRS == WGS84Height
	case "crs":
		return String(p.CRS.String()), true
	case "srid":
		return Int(int64(p.CRS)), true
	}
	return Null, false
}

// earthRadius is that of a sphere in metres, as Neo4j has it: the equator's of WGS 84, about.
const earthRadius = 6378140.0

// Distance returns how far two points of one system are apart: by Pythagoras, or in metres on
// the great circle (haversine), at the mean of the heights and with their difference
// as the other leg. Points of two systems give false.
func Distance(a, b Place) (float64, bool) {
	if a.CRS != b.CRS {
		return 0, false
	}
	dz := a.Z - b.Z
	if !a.CRS.Geographic() {
		return math.Hypot(math.Hypot(a.X-b.X, a.Y-b.Y), dz), true
	}
	rad := func(deg float64) float64 { return deg * math.Pi / 180 }
	sx, sy := math.Sin(rad(b.X-a.X)/2), math.Sin(rad(b.Y-a.Y)/2)
	h := sy*sy + math.Cos(rad(a.Y))*math.Cos(rad(b.Y))*sx*sx
	angle := 2 * math.Asin(math.Min(1, math.Sqrt(h)))
	if a.CRS == WGS84 {
		return earthRadius * angle, true
	}
	return math.Hypot((earthRadius+(a.Z+b.Z)/2)*angle, dz), true
}

// Within reports whether p lies in the box between its lower left and upper right corners, the
// edges included. Of geographic points the box reaches from the lower left's longitude
// eastwards, across the 180th meridian where it has to. Points of several systems give false
// as known.
func (p Place) Within(low, high Place) (in, known bool) {
	if p.CRS != low.CRS || p.CRS != high.CRS {
		return false, false
	}
	inX := low.X <= p.X && p.X <= high.X
	if p.CRS.Geographic() && low.X > high.X {
		inX = low.X <= p.X || p.X <= high.X
	}
	return inX && low.Y <= p.Y && p.Y <= high.Y && low.Z <= p.Z && p.Z <= high.Z, true
}

// comparePlaces orders points by the number of their system, then by x, y and z.
func comparePlaces(a, b Place) int {
	return cmp.Or(cmp.Compare(a.CRS, b.CRS), cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y), cmp.Compare(a.Z, b.Z))
}

// appendPoint appends point({x: 1.0, y: 2.0, crs: 'cartesian'}).
func appendPoint(dst []byte, p Place) []byte {
	dst = AppendFloat(append(dst, "point({x: "...), p.X)
	dst = AppendFloat(append(dst, ", y: "...), p.Y)
	if p.CRS.Dims() == 3 {
		dst = AppendFloat(append(dst, ", z: "...), p.Z)
	}
	return append(append(append(dst, ", crs: '"...), p.CRS.String()...), "'})"...)
}

// Map returns the point as a map that PointOf reads: srid, x, y and, of three dimensions, z.
func (p Place) Map() *Map {
	m := &Map{Keys: []string{"srid", "x", "y"}, Vals: []Value{Int(int64(p.CRS)), Float(p.X), Float(p.Y)}}
	if p.CRS.Dims() == 3 {
		m.Set("z", Float(p.Z))
	}
	return m
}

// ParsePoint reads text as toString() writes points, point({x: 1.0, y: 2.0, crs: 'cartesian'}),
// or the map alone, {x: 1, y: 2}, with keys and names of systems in quotes or not.
func ParsePoint(text string) (Value, error) {
	bad := func() (Value, error) {
		return Null, status.Errorf(status.InvalidArgumentValue, "%.60q is not read as a point", text).
			WithHint("write point({x: 1, y: 2}) or {longitude: 13.4, latitude: 52.5}")
	}
	inner := strings.TrimSpace(text)
	if rest, ok := strings.CutPrefix(inner, "point("); ok {
		if inner, ok = strings.CutSuffix(rest, ")"); !ok {
			return bad()
		}
		inner = strings.TrimSpace(inner)
	}
	if len(inner) < 2 || inner[0] != '{' || inner[len(inner)-1] != '}' {
		return bad()
	}
	m := &Map{}
	for part := range strings.SplitSeq(inner[1:len(inner)-1], ",") {
		key, val, ok := strings.Cut(part, ":")
		if !ok || m.Len() == len(pointKeys)+2 {
			return bad()
		}
		key, _ = unquoted(key)
		val, quoted := unquoted(val)
		f, err := strconv.ParseFloat(val, 64)
		switch _, twice := m.Get(key); {
		case twice || key != "crs" && key != "srid" && !slices.Contains(pointKeys[:], key):
			return bad()
		case key == "crs":
			m.Set(key, String(val))
		case quoted || err != nil:
			return bad()
		case key == "srid":
			m.Set(key, Int(int64(f)))
		default:
			m.Set(key, Float(f))
		}
	}
	return PointOf(m)
}

// unquoted returns s without space around it and without the quotes around that.
func unquoted(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if n := len(s); n >= 2 && (s[0] == '\'' || s[0] == '"' || s[0] == '`') && s[n-1] == s[0] {
		return s[1 : n-1], true
	}
	return s, false
}
