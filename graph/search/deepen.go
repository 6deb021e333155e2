package search

// deepen serves a lower bound above 1, where the shortest walk of that length may
// cross a relationship twice and only trails count: it enumerates the trails of length
// Min, then Min+1 and so on. The time grows with the number of trails; the memory only
// with the length.
func (s *Search) deepen(from, to uint32, bound bool, yield func(Path) bool) error {
	done := make(map[uint32]bool) // ends that have their shortest trail
	var fence *hedge
	if bound {
		fence = s.newHedge(from, to)
	}
	for length := s.opt.Min; length <= s.maxLength(); length++ {
		d := deepening{s: s, length: length, yield: yield, bound: bound, to: to, done: done, fence: fence}
		if err := d.run(from); err != nil {
			return err
		}
		if d.stopped || !d.reached || (bound && d.found != nil) {
			return nil
		}
		for n := range d.found {
			done[n] = true
		}
	}
	return nil
}

// deepening enumerates the trails of one length.
type deepening struct {
	s       *Search
	length  int
	yield   func(Path) bool
	to      uint32
	bound   bool
	done    map[uint32]bool
	found   map[uint32]bool
	reached bool // there is a trail of this length
	stopped bool // yield wants no more
	fence   *hedge

	nodes, rels []uint32
	hops        [][]prefix2 // by depth: what is left to try
	held        []int       // by depth: how many hops there were, with those before
}

func (d *deepening) run(from uint32) error {
	d.nodes = append(d.nodes, from)
	if err := d.open(); err != nil {
		return err
	}
	for len(d.hops) > 0 && !d.stopped {
		if err := d.s.tick(); err != nil {
			return err
		}
		if d.fence != nil {
			if err := d.s.worked(d.fence); err != nil {
				return err
			}
		}
		top := len(d.hops) - 1
		if len(d.hops[top]) == 0 {
			d.hops, d.held = d.hops[:top], d.held[:top]
			d.nodes = d.nodes[:len(d.nodes)-1]
			if top > 0 {
				d.rels = d.rels[:len(d.rels)-1]
			}
			continue
		}
		h := d.hops[top][0]
		d.hops[top] = d.hops[top][1:]
		if contains(d.rels, h.rel) || d.fence.lost(h.rel) {
			continue
		}
		d.nodes, d.rels = append(d.nodes, h.to), append(d.rels, h.rel)
		if len(d.rels) == d.length {
			if err := d.trail(h.to); err != nil {
				return err
			}
			d.nodes, d.rels = d.nodes[:len(d.nodes)-1], d.rels[:len(d.rels)-1]
			continue
		}
		if err := d.open(); err != nil {
			return err
		}
	}
	return nil
}

// open lists the hops from the last node.
func (d *deepening) open() error {
	hops, err := d.s.firstHops(d.nodes[len(d.nodes)-1])
	if err != nil {
		return err
	}
	held := len(hops)
	if n := len(d.held); n > 0 {
		held += d.held[n-1]
	}
	d.hops, d.held = append(d.hops, hops), append(d.held, held)
	if d.s.opt.Rows != nil {
		return d.s.opt.Rows(held)
	}
	return nil
}

// trail takes a trail of full length that ends at a node.
func (d *deepening) trail(end uint32) error {
	d.reached = true
	if d.done[end] || (d.found[end] && !d.s.opt.All) || (d.bound && end != d.to) {
		return nil
	}
	if !d.bound && d.s.opt.Ends != nil {
		keep, err := d.s.opt.Ends([]uint32{end}, nil)
		if err != nil || len(keep) == 0 {
			return err
		}
	}
	if d.found == nil {
		d.found = make(map[uint32]bool)
	}
	d.found[end] = true
	d.stopped = !d.yield(Path{Nodes: d.nodes, Rels: d.rels}) || (d.bound && !d.s.opt.All)
	return nil
}

func contains(rels []uint32, rel uint32) bool {
	for _, r := range rels {
		if r == rel {
			return true
		}
	}
	return false
}
