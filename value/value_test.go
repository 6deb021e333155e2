package value

import (
	"testing"
)

func TestParseAndFormat(t *testing.T) {
	cases := []struct {
		parse    func(string) (Value, error)
		in, want string
	}{
		{ParseDate, "2015-W30-2", "2015-07-21"},
		{ParseDate, "-999999999-01-01", "-999999999-01-01"},
		{ParseDate, "+999999999-12-31", "+999999999-12-31"},
		{ParseDate, "2015202", "2015-07-21"},
		{ParseDate, "0000-02-29", "0000-02-29"},
		{ParseDuration, "P12Y5M14DT16H12M70S", "P12Y5M14DT16H13M10S"},
		{ParseDuration, "P0.75M", "P22DT19H51M49.5S"},
		{ParseDuration, "PT-1M-0.001S", "PT-1M-0.001S"},
		{ParseDuration, "P2012-02-02T14:37:21.545", "P2012Y2M2DT14H37M21.545S"},
		{ParseDuration, "PT-2.001S", "PT-2.001S"},
		{ParseDuration, "-P1DT1.5S", "P-1DT-1.5S"},
		{parseZoned, "2015-07-21T21:40:32.142[Europe/London]", "2015-07-21T21:40:32.142+01:00[Europe/London]"},
		{parseZoned, "1818-07-21T21:40:32.142[Europe/Stockholm]", "1818-07-21T21:40:32.142+00:53:28[Europe/Stockholm]"},
		{parseZoned, "2015-07-21T21:40:32.142+0845[Australia/Eucla]", "2015-07-21T21:40:32.142+08:45[Australia/Eucla]"},
		{parseZoned, "2017-10-29T02:30[Europe/Stockholm]", "2017-10-29T02:30+02:00[Europe/Stockholm]"},
		{parseZoned, "2017-10-29T02:30+01:00[Europe/Stockholm]", "2017-10-29T02:30+01:00[Europe/Stockholm]"},
		{parseZoned, "2017-03-26T02:30[Europe/Stockholm]", "2017-03-26T03:30+02:00[Europe/Stockholm]"},
		{parseZoned, "+999999999-07-01T00:00[Europe/Stockholm]", "+999999999-07-01T00:00+02:00[Europe/Stockholm]"},
		{parseZoned, "-999999999-07-01T00:00[Europe/Stockholm]", "-999999999-07-01T00:00+00:53:28[Europe/Stockholm]"},
		{parseZoned, "20150721T21:40-01:30", "2015-07-21T21:40-01:30"},
		{parseZoned, "2015-W30T2140-02", "2015-07-20T21:40-02:00"},
	}
	for _, c := range cases {
		v, err := c.parse(c.in)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if got := string(AppendISO(nil, v)); got != c.want {
			t.Errorf("%s = %s, want %s", c.in, got, c.want)
		}
	}
}

func parseZoned(s string) (Value, error) { return ParseDateTime(s, Zone{}) }
