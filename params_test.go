package kadedb

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

func TestParams(t *testing.T) {
	type (
		word  string
		small int8
	)
	n := 5
	var none *int
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	deep := any(1)
	for range maxParamDepth + 1 {
		deep = []any{deep}
	}
	loop := []any{nil}
	loop[0] = loop
	at := time.Date(2026, 7, 1, 12, 30, 0, 5, time.UTC)
	for _, c := range []struct {
		in   any
		want string
		code status.Code
	}{
		{in: nil, want: "null"},
		{in: true, want: "true"},
		{in: 7, want: "7"},
		{in: int8(-7), want: "-7"},
		{in: small(3), want: "3"},
		{in: int64(math.MinInt64), want: "-9223372036854775808"},
		{in: uint64(math.MaxInt64), want: "9223372036854775807"},
		{in: uint64(math.MaxInt64 + 1), code: status.NumberOutOfRange},
		{in: float32(0.5), want: "0.5"},
		{in: math.NaN(), want: "NaN"},
		{in: "ä", want: "'ä'"},
		{in: word("w"), want: "'w'"},
		{in: "\xff", code: status.InvalidUTF8},
		{in: word("\xff"), code: status.InvalidUTF8},
		{in: []byte("ab"), code: status.InvalidParameterUse},
		{in: []string{"a", "b"}, want: "['a', 'b']"},
		{in: [2]int{1, 2}, want: "[1, 2]"},
		{in: []any{1, nil, []any{2.5}}, want: "[1, null, [2.5]]"},
		{in: []int(nil), want: "[]"},
		{in: map[string]any{"b": 1, "a": []int{2}}, want: "{a: [2], b: 1}"},
		{in: map[word]bool{"k": true}, want: "{k: true}"},
		{in: map[string]int{"\xff": 1}, code: status.InvalidUTF8},
		{in: map[int]int{1: 1}, code: status.InvalidParameterUse},
		{in: &n, want: "5"},
		{in: none, want: "null"},
		{in: struct{}{}, code: status.InvalidParameterUse},
		{in: make(chan int), code: status.InvalidParameterUse},
		{in: deep, code: status.TooDeep},
		{in: loop, code: status.TooDeep},
		{in: value.Int(9), want: "9"},
		{in: at, want: "datetime('2026-07-01T12:30:00.000000005Z')"},
		{in: at.In(stockholm), want: "datetime('2026-07-01T14:30:00.000000005+02:00[Europe/Stockholm]')"},
		{in: at.In(time.FixedZone("Europe/Stockholm", 3600)), want: "datetime('2026-07-01T13:30:00.000000005+01:00')"},
		{in: at.In(time.FixedZone("odd", -3600)), want: "datetime('2026-07-01T11:30:00.000000005-01:00')"},
		{in: at.In(time.FixedZone("", 20*3600)), code: status.NumberOutOfRange},
		{in: time.Unix(math.MaxInt64/2, 0), code: status.NumberOutOfRange},
		{in: 90 * time.Second, want: "duration('PT1M30S')"},
		{in: value.Place{CRS: value.WGS84, X: 190, Y: 1}, want: "point({x: -170.0, y: 1.0, crs: 'wgs-84'})"},
		{in: value.Place{X: 1}, code: status.InvalidArgumentValue},
		{in: time.Duration(-1), want: "duration('PT-0.000000001S')"},
		{in: time.Duration(math.MaxInt64), want: "duration('PT2562047H47M16.854775807S')"},
	} {
		got := map[string]value.Value{}
		err := Params{"p": c.in}.into(got)
		switch {
		case c.code != 0:
			if status.CodeOf(err) != status.InvalidParameterUse && status.CodeOf(err) != c.code || err == nil {
				t.Errorf("%T %v: %v, want %s", c.in, c.in, err, c.code.Info().Name)
			} else if n := strings.Count(err.Error(), status.CodeOf(err).Info().Name); n != 1 || !strings.Contains(err.Error(), "$p") {
				t.Errorf("%q names its code %d times", err, n)
			}
		case err != nil || got["p"].String() != c.want:
			t.Errorf("%T %v: got %s, %v, want %s", c.in, c.in, got["p"], err, c.want)
		}
	}
}
