package parser

import "github.com/kadedb/kadedb/status"

// Relocate finds in one text the place that at names in another of the same key
// (see Lift): a plan that was made from the one text serves the other, and its errors
// must point into the text that was asked. ok is false where there is no such place.
func Relocate(at status.Pos, from, to string) (_ status.Pos, ok bool) {
	if !at.IsValid() || from == to {
		return at, at.IsValid()
	}
	was, err := scan(nil, from)
	if err != nil {
		return status.Pos{}, false
	}
	is, err := scan(nil, to)
	if err != nil || len(was) != len(is) {
		return status.Pos{}, false
	}
	for i := range was {
		if was[i].start == at.Offset {
			locate(is)
			return is[i].pos(), true
		}
	}
	return status.Pos{}, false
}
