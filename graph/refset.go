package graph

import "sort"

// span is the numbers [lo, hi].
type span struct{ lo, hi uint32 }

// spans are ascending, with gaps between them.
type spans []span

// extend appends a span that begins no lower than the last one, in place.
func (s spans) extend(x span) spans {
	if n := len(s); n > 0 && uint64(x.lo) <= uint64(s[n-1].hi)+1 {
		s[n-1].hi = max(s[n-1].hi, x.hi)
		return s
	}
	return append(s, x)
}

func (s spans) has(ref uint32) bool {
	i := sort.Search(len(s), func(i int) bool { return s[i].hi >= ref })
	return i < len(s) && s[i].lo <= ref
}

// refSet is an immutable set of numbers by groups: spans of those that were given out
// together, one bit a number where spans would take more.
type refSet []refGroup

type refGroup struct {
	group uint32
	spans spans
	bits  *[groupSize / 64]uint64 // instead of spans
}

// maxSpans is how many spans take as much as a group's bits.
const maxSpans = groupSize / 8 / 8

func (s refSet) has(ref uint32) bool {
	group := ref >> groupBits
	i := sort.Search(len(s), func(i int) bool { return s[i].group >= group })
	if i == len(s) || s[i].group != group {
		return false
	}
	if b := s[i].bits; b != nil {
		at := ref & (groupSize - 1)
		return b[at>>6]>>(at&63)&1 != 0
	}
	return s[i].spans.has(ref)
}

// with returns the union with more.
func (s refSet) with(more spans) refSet {
	if len(more) == 0 {
		return s
	}
	out := make(refSet, 0, len(s)+1)
	for len(s) > 0 || len(more) > 0 {
		if len(more) == 0 || len(s) > 0 && s[0].group < more[0].lo>>groupBits {
			out, s = append(out, s[0]), s[1:]
			continue
		}
		g := refGroup{group: more[0].lo >> groupBits}
		if len(s) > 0 && s[0].group == g.group {
			g, s = s[0], s[1:]
		}
		var in spans
		in, more = more.cut(g.group<<groupBits | (groupSize - 1))
		out = append(out, g.with(in))
	}
	return out
}

// cut returns the part up to number last, and the rest.
func (s spans) cut(last uint32) (in, rest spans) {
	n := sort.Search(len(s), func(i int) bool { return s[i].lo > last })
	in, rest = s[:n:n], s[n:]
	if over := in[n-1]; over.hi > last {
		rest = append(spans{{last + 1, over.hi}}, rest...)
		in = append(in[:n-1:n-1], span{over.lo, last})
	}
	return in, rest
}

// with returns the group with more of its numbers.
func (g refGroup) with(more spans) refGroup {
	if g.bits == nil {
		var union spans
		for a, b := g.spans, more; len(a)+len(b) > 0; {
			if len(b) == 0 || len(a) > 0 && a[0].lo <= b[0].lo {
				union, a = union.extend(a[0]), a[1:]
			} else {
				union, b = union.extend(b[0]), b[1:]
			}
		}
		if len(union) <= maxSpans {
			return refGroup{group: g.group, spans: union}
		}
		more = union
	}
	all := new([groupSize / 64]uint64)
	if g.bits != nil {
		*all = *g.bits
	}
	for _, x := range more {
		for at := x.lo & (groupSize - 1); at <= x.hi&(groupSize-1); {
			n := min(64-at&63, x.hi&(groupSize-1)-at+1)
			all[at>>6] |= (1<<n - 1) << (at & 63)
			at += n
		}
	}
	return refGroup{group: g.group, bits: all}
}

// bytes is about the memory that it takes.
func (s refSet) bytes() int64 {
	n := 40 * int64(cap(s))
	for i := range s {
		n += 8 * int64(cap(s[i].spans))
		if s[i].bits != nil {
			n += groupSize / 8
		}
	}
	return n
}
