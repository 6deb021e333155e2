package value

import (
	"strconv"
)

// AppendISO appends the ISO 8601 form of a temporal value, as toString gives it, and of a
// point the text that ParsePoint reads:
//
//	1984-10-11  12:31:14.645  12:31+01:00  1984-10-11T12:31  …+02:00[Europe/Stockholm]  P1Y2M3DT4H5M6.789S
func AppendISO(dst []byte, v Value) []byte {
	switch v.kind {
	case KindDate:
		return appendDate(dst, v.Days())
	case KindLocalTime:
		return appendTime(dst, int64(v.n))
	case KindTime:
		return AppendOffset(appendTime(dst, int64(v.n)), v.aux)
	case KindLocalDateTime, KindDateTime:
		local := v.LocalSeconds()
		day := floorDiv(local, secondsPerDay)
		dst = append(appendDate(dst, day), 'T')
		dst = appendTime(dst, (local-day*secondsPerDay)*1_000_000_000+int64(v.aux))
		if v.kind == KindDateTime {
			z := v.Zone()
			dst = AppendOffset(dst, z.Offset)
			if z.Name != "" {
				dst = append(append(append(dst, '['), z.Name...), ']')
			}
		}
		return dst
	case KindDuration:
		return appendSpan(dst, v.Span())
	case KindPoint:
		return appendPoint(dst, v.Place())
	}
	return dst
}

func appendDate(dst []byte, days int64) []byte {
	y, m, d := Civil(days)
	switch {
	case y < 0:
		dst = append(dst, '-')
		y = -y
	case y > 9999:
		dst = append(dst, '+')
	}
	for limit := int64(1000); limit > 1 && y < limit; limit /= 10 {
		dst = append(dst, '0')
	}
	dst = strconv.AppendInt(dst, y, 10)
	dst = append2(append(dst, '-'), m)
	return append2(append(dst, '-'), d)
}

func append2(dst []byte, n int) []byte {
	return append(dst, byte('0'+n/10), byte('0'+n%10))
}

func appendTime(dst []byte, nanos int64) []byte {
	seconds := int(nanos / 1_000_000_000)
	dst = append2(dst, seconds/3600)
	dst = append2(append(dst, ':'), seconds/60%60)
	fraction := nanos % 1_000_000_000
	if seconds%60 == 0 && fraction == 0 {
		return dst
	}
	dst = append2(append(dst, ':'), seconds%60)
	return appendFraction(dst, fraction)
}

// appendFraction appends ".645" of 645,000,000 nanoseconds, and nothing of 0.
func appendFraction(dst []byte, nanos int64) []byte {
	if nanos == 0 {
		return dst
	}
	dst = append(dst, '.')
	for scale := int64(100_000_000); nanos > 0; scale /= 10 {
		dst = append(dst, byte('0'+nanos/scale))
		nanos %= scale
	}
	return dst
}

// AppendOffset appends "Z", "+01:00" or "+00:53:28" of seconds east of UTC.
func AppendOffset(dst []byte, offset int32) []byte {
	if offset == 0 {
		return append(dst, 'Z')
	}
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	dst = append2(append(dst, sign), int(offset/3600))
	dst = append2(append(dst, ':'), int(offset/60%60))
	if offset%60 != 0 {
		dst = append2(append(dst, ':'), int(offset%60))
	}
	return dst
}

func appendSpan(dst []byte, s Span) []byte {
	dst = append(dst, 'P')
	if s.IsZero() {
		return append(dst, "T0S"...)
	}
	part := func(n int64, unit byte) {
		if n != 0 {
			dst = append(strconv.AppendInt(dst, n, 10), unit)
		}
	}
	part(s.Months/12, 'Y')
	part(s.Months%12, 'M')
	part(s.Days, 'D')
	if s.Seconds == 0 && s.Nanos == 0 {
		return dst
	}
	dst = append(dst, 'T')
	seconds, nanos := s.Seconds, int64(s.Nanos)
	if seconds < 0 && nanos > 0 { // write -1.999 for -2 + 0.001
		seconds, nanos = seconds+1, 1_000_000_000-nanos
	}
	part(seconds/3600, 'H')
	part(seconds/60%60, 'M')
	if seconds%60 == 0 && nanos == 0 {
		return dst
	}
	if seconds%60 == 0 && s.Seconds < 0 {
		dst = append(dst, '-')
	}
	dst = strconv.AppendInt(dst, seconds%60, 10)
	return append(appendFraction(dst, nanos), 'S')
}
