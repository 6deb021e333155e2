package graph

import "sort"

// span is the numbers [lo, hi].
type span struct{ lo, hi uint32 }

// refSet is an immutable set of numbers: spans, ascending, with gaps between them.
// Numbers that were given out together take next to nothing.
type refSet []span

func (s refSet) has(ref uint32) bool {
	i := sort.Search(len(s), func(i int) bool { return s[i].hi >= ref })
	return i < len(s) && s[i].lo <= ref
}

// with returns the union with other.
func (s refSet) with(other refSet) refSet {
	if len(other) == 0 {
		return s
	}
	out := make(refSet, 0, len(s)+len(other))
	for len(s)+len(other) > 0 {
		var next span
		if len(other) == 0 || len(s) > 0 && s[0].lo <= other[0].lo {
			next, s = s[0], s[1:]
		} else {
			next, other = other[0], other[1:]
		}
		out = out.extend(next)
	}
	return out
}

// extend appends a span that begins no lower than the last one, in place.
func (s refSet) extend(x span) refSet {
	if n := len(s); n > 0 && uint64(x.lo) <= uint64(s[n-1].hi)+1 {
		s[n-1].hi = max(s[n-1].hi, x.hi)
		return s
	}
	return append(s, x)
}

func (s refSet) bytes() int64 { return 8 * int64(cap(s)) }
