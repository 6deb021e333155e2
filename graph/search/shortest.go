package search

import "context"

// Between passes the shortest trail from one node to another to yield, or with
// Options.All every one of that length, until yield returns false. A trail from a
// node to itself is the shortest cycle, or no relationship at all where Min is 0.
func (s *Search) Between(ctx context.Context, from, to uint32, yield func(Path) bool) error {
	if from >= s.g.Nodes || to >= s.g.Nodes {
		return nil
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	switch {
	case s.opt.Min > 1:
		return s.deepen(from, to, true, yield)
	case from == to && s.opt.Min == 0:
		yield(Path{Nodes: []uint32{from}})
		return nil
	case from == to:
		return s.cycles(from, yield)
	}
	_, err := s.between(from, to, s.maxLength(), nil, yield)
	return err
}

// prefix is a first hop that stands before the paths of a search.
type prefix struct{ node, rel uint32 }

// between runs a search from both ends and returns the length found, -1 for none.
func (s *Search) between(from, to uint32, limit int, pre *prefix, yield func(Path) bool) (int, error) {
	f, b := &s.forward, &s.backward
	f.start(from, s.g.Nodes)
	b.start(to, s.g.Nodes)
	if s.reopen {
		f.seen.Clear(int(from))
	}
	for f.depth()+b.depth() < limit {
		d := f
		if s.g.Backward != nil && len(b.frontier()) < len(f.frontier()) {
			d = b
		}
		ok, err := s.grow(d)
		if err != nil || !ok {
			return -1, err
		}
		other := f
		if d == f {
			other = b
		}
		met := false
		for i, n := range d.frontier() {
			if !other.seen.Get(int(n)) {
				continue
			}
			met = true
			at := d.levels[len(d.levels)-1] + int32(i)
			ends := [2]int32{at, other.place(n, s.opt.All)}
			if d == b {
				ends[0], ends[1] = ends[1], ends[0]
			}
			if !s.emit(ends[0], ends[1], pre, yield) || !s.opt.All {
				break
			}
		}
		if met {
			return f.depth() + b.depth(), nil
		}
	}
	return -1, nil
}

// emit passes every path that the parents of two meeting places describe.
func (s *Search) emit(fAt, bAt int32, pre *prefix, yield func(Path) bool) bool {
	nf, nb, np := s.forward.depth(), s.backward.depth(), 0
	if pre != nil {
		np = 1
	}
	s.path.resize(np + nf + nb)
	p := &s.path
	if pre != nil {
		p.Nodes[0], p.Rels[0] = pre.node, pre.rel
	}
	return s.forward.walk(fAt, nf, func(i int, node, rel uint32) {
		p.Nodes[np+i] = node
		if i > 0 {
			p.Rels[np+i-1] = rel
		}
	}, func() bool {
		return s.backward.walk(bAt, nb, func(i int, node, rel uint32) {
			at := np + nf + nb - i
			p.Nodes[at] = node
			if i > 0 {
				p.Rels[at] = rel
			}
		}, func() bool { return yield(*p) })
	})
}

func (p *Path) resize(rels int) {
	if cap(p.Rels) < rels || cap(p.Nodes) < rels+1 {
		p.Rels, p.Nodes = make([]uint32, rels), make([]uint32, rels+1)
	}
	p.Rels, p.Nodes = p.Rels[:rels], p.Nodes[:rels+1]
}

// walk goes from a place at the given depth back to the start along every chain of
// parents. set gets node i hops from the start and the relationship that led to it;
// done is called when a chain is complete, until it returns false.
func (d *side) walk(at int32, depth int, set func(i int, node, rel uint32), done func() bool) bool {
	if cap(d.place1) <= depth {
		d.place1, d.edge1 = make([]int32, depth+1), make([]int32, depth+1)
	}
	place, taken := d.place1[:depth+1], d.edge1[:depth+1]
	place[depth], taken[depth] = at, d.head[at]
	for i := depth; ; {
		if i == 0 {
			set(0, d.nodes[place[0]], 0)
			if !done() {
				return false
			}
		} else if e := taken[i]; e >= 0 {
			set(i, d.nodes[place[i]], d.edges[e].rel)
			i--
			place[i] = d.edges[e].parent
			taken[i] = d.head[place[i]]
			continue
		}
		if i++; i > depth {
			return true
		}
		taken[i] = d.edges[taken[i]].next
	}
}

// cycles passes the shortest trail from a node back to itself, of at least one hop.
func (s *Search) cycles(node uint32, yield func(Path) bool) error {
	if !s.g.Undirected {
		return s.directedCycles(node, yield)
	}
	first, err := s.firstHops(node)
	if err != nil {
		return err
	}
	defer func() { s.hasBan = false }()
	// A way back must not be the first relationship again, so each is tried on its own:
	// first for the length alone.
	const none = int(^uint(0) >> 1)
	best := none
	for _, h := range first {
		limit := min(s.maxLength(), best-1) - 1
		n, err := s.back(h, node, limit, func(Path) bool { return false })
		if err != nil {
			return err
		}
		if n >= 0 {
			best = n + 1
		}
	}
	if best == none {
		return nil
	}
	more := true
	for _, h := range first {
		if !more {
			break
		}
		n, err := s.back(h, node, best-1, func(p Path) bool {
			more = yield(p)
			return more
		})
		if err != nil {
			return err
		}
		more = more && (n < 0 || s.opt.All)
	}
	return nil
}

// back searches from the end of a first hop to the node that it left, without
// crossing that relationship again.
func (s *Search) back(h prefix2, node uint32, limit int, yield func(Path) bool) (int, error) {
	if limit < 0 {
		return -1, nil
	}
	if h.to == node {
		yield(Path{Nodes: []uint32{node, node}, Rels: []uint32{h.rel}})
		return 0, nil
	}
	s.banned, s.hasBan = h.rel, true
	return s.between(h.to, node, limit, &prefix{node, h.rel}, yield)
}

// prefix2 is a first hop and where it leads.
type prefix2 struct{ rel, to uint32 }

func (s *Search) firstHops(node uint32) ([]prefix2, error) {
	var hops []prefix2
	for _, st := range s.g.Forward {
		nbr, rel, err := st.Lists.List(node)
		if err != nil {
			return nil, err
		}
		for i, n := range nbr {
			if !st.SkipLoops || n != node {
				hops = append(hops, prefix2{rel[i], n})
			}
		}
	}
	if s.opt.Hop == nil || len(hops) == 0 {
		return hops, nil
	}
	s.cand.reset()
	for _, h := range hops {
		s.cand.add(&s.forward, 0, node, h.rel, h.to)
	}
	keep, err := s.passing(s.cand.keep[:0])
	if err != nil {
		return nil, err
	}
	s.cand.keep = keep
	kept := hops[:0]
	for _, i := range keep {
		kept = append(kept, hops[i])
	}
	s.cand.reset()
	return kept, nil
}

// directedCycles lets the forward side come back to its start: a shortest closed
// walk along directions repeats no node, so it is a trail.
func (s *Search) directedCycles(node uint32, yield func(Path) bool) error {
	s.reopen = true
	defer func() { s.reopen = false }()
	_, err := s.between(node, node, s.maxLength(), nil, yield)
	return err
}

// From passes, for every node that can be reached from one, the shortest trail to it, or
// with Options.All every one of that length, until yield returns false.
func (s *Search) From(ctx context.Context, from uint32, yield func(Path) bool) error {
	if from >= s.g.Nodes {
		return nil
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	if s.opt.Min > 1 {
		return s.deepen(from, 0, false, yield)
	}
	f := &s.forward
	f.start(from, s.g.Nodes)
	more := true
	pass := func(p Path) bool { more = yield(p); return more }
	ends := func(at int32, nodes []uint32) error {
		keep, err := s.ends(nodes)
		if err != nil {
			return err
		}
		for _, i := range keep {
			depth := f.depth()
			s.path.resize(depth)
			more := f.walk(at+i, depth, func(i int, node, rel uint32) {
				s.path.Nodes[i] = node
				if i > 0 {
					s.path.Rels[i-1] = rel
				}
			}, func() bool { return pass(s.path) })
			if !more {
				break
			}
		}
		return nil
	}
	if s.opt.Min == 0 {
		if err := ends(0, f.nodes[:1]); err != nil || !more {
			return err
		}
	}
	for f.depth() < s.maxLength() {
		ok, err := s.grow(f)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if err := ends(f.levels[len(f.levels)-1], f.frontier()); err != nil || !more {
			return err
		}
	}
	if s.opt.Min == 0 {
		return nil
	}
	keep, err := s.ends([]uint32{from})
	if err != nil || len(keep) == 0 {
		return err
	}
	return s.cycles(from, yield)
}

// ends returns the places of the nodes that a path may end at.
func (s *Search) ends(nodes []uint32) ([]int32, error) {
	if s.opt.Ends != nil {
		return s.opt.Ends(nodes, nil)
	}
	all := make([]int32, len(nodes))
	for i := range all {
		all[i] = int32(i)
	}
	return all, nil
}
