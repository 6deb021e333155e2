package function

import (
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// A duration has three parts that are never turned into each other: months, days, and
// nanoseconds. Of each part the largest unit that a pattern names has all of it, and the
// next one what is left: 'm:ss' of PT2H is 120:00, 'h:mm:ss' is 2:00:00.
var durationLetters = map[byte]struct {
	part int
	of   int64 // how much of the part's unit it is
}{
	'y': {0, 12}, 'u': {0, 12}, 'Y': {0, 12}, 'Q': {0, 3}, 'q': {0, 3}, 'M': {0, 1}, 'L': {0, 1},
	'w': {1, 7}, 'W': {1, 7}, 'd': {1, 1}, 'D': {1, 1},
	'h': {2, 3600 * second}, 'H': {2, 3600 * second}, 'k': {2, 3600 * second}, 'K': {2, 3600 * second}, 'm': {2, 60 * second}, 's': {2, second},
	'A': {2, 1_000_000}, 'n': {2, 1}, 'N': {2, 1}, 'S': {2, 0},
}

// unitsOf notes which units of each part a pattern names.
func unitsOf(pieces []piece, named *[3]map[int64]bool) error {
	for _, p := range pieces {
		if p.letter == 0 {
			if err := unitsOf(p.inner, named); err != nil {
				return err
			}
			continue
		}
		u, ok := durationLetters[p.letter]
		if !ok {
			return status.Errorf(status.NotYet, "format(): the letter %c of a duration is not known to this version", p.letter).
				WithHint("known are y Q M w d h m s S A n; text stands in quotes")
		}
		if named[u.part] == nil {
			named[u.part] = map[int64]bool{}
		}
		if u.of > 0 {
			named[u.part][u.of] = true
		}
	}
	return nil
}

func appendDuration(dst []byte, pieces []piece, s value.Span) ([]byte, error) {
	var named [3]map[int64]bool
	if err := unitsOf(pieces, &named); err != nil {
		return nil, err
	}
	return appendParts(dst, pieces, &named, s)
}

func appendParts(dst []byte, pieces []piece, named *[3]map[int64]bool, s value.Span) (_ []byte, err error) {
	for _, p := range pieces {
		if p.letter == 0 {
			if dst = append(dst, p.text...); p.inner != nil {
				if dst, err = appendParts(dst, p.inner, named, s); err != nil {
					return nil, err
				}
			}
			continue
		}
		from := len(dst)
		if dst, err = durationField(dst, p, named, s); err == nil {
			dst, err = padField(dst, from, p.width)
		}
		if err != nil {
			return nil, err
		}
	}
	return dst, nil
}

func durationField(dst []byte, p piece, named *[3]map[int64]bool, s value.Span) ([]byte, error) {
	u := durationLetters[p.letter]
	above := int64(0) // the next larger unit that the pattern names
	for of := range named[u.part] {
		if of > u.of && (above == 0 || of < above) {
			above = of
		}
	}
	switch u.part {
	case 0:
		return appendPadded(dst, share(s.Months, u.of, above), p.n, false), nil
	case 1:
		return appendPadded(dst, share(s.Days, u.of, above), p.n, false), nil
	}
	seconds, nanos := s.Seconds, int64(s.Nanos)
	if seconds < 0 && nanos > 0 { // both of one sign
		seconds, nanos = seconds+1, nanos-second
	}
	switch {
	case p.letter == 'S':
		return fraction(dst, p, max(nanos, -nanos))
	case u.of >= second:
		return appendPadded(dst, share(seconds, u.of/second, above/second), p.n, false), nil
	case above == second:
		return appendPadded(dst, nanos/u.of, p.n, false), nil
	case above > second:
		seconds %= above / second
	case above > 0:
		return appendPadded(dst, nanos%above/u.of, p.n, false), nil
	}
	all, ok := value.MulInt(seconds, second/u.of)
	if all, ok2 := value.AddInt(all, nanos/u.of); ok && ok2 {
		return appendPadded(dst, all, p.n, false), nil
	}
	return nil, overflow("format()")
}

// share returns how many units n holds, beyond those of the unit above.
func share(n, unit, above int64) int64 {
	if above > 0 {
		n %= above
	}
	return n / unit
}
