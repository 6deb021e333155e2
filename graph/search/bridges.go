package search

// bridges is a depth-first search that takes away what lies behind bridges.
type bridges struct {
	ends  [][2]int32 // of each relationship
	first []int32    // by node: its relationships are list[first[n]:first[n+1]]
	list  []int32
	used  []bool  // relationships
	met   []int32 // by node: when it was met, from 1 on; 0: not yet
	low   []int32 // by node: the earliest node that it is tied to otherwise than by its parent
	left  []int32 // relationships seen that are not yet known to be of no use
	kept  []int32
	join  int32 // relationship between the two ends, which there is not; -1
	node  bool  // no node is passed twice
	path  []descent
	clock int32
}

// descent is a node on the way from the start.
type descent struct {
	node, next int32
	at         int // place of the relationship that led here in left
}

// crossed returns the relationships that a path between two nodes which passes none of them twice,
// and with simple set no node, can cross; some that it cannot may be among them.
//
// With one more relationship between its ends such a path is closed. A closed trail crosses no
// bridge, and a closed path without a node twice lies in one block.
func crossed(ties []tie, from, to uint32, simple bool) map[uint32]struct{} {
	index := map[uint32]int32{from: 0}
	number := func(n uint32) int32 {
		i, ok := index[n]
		if !ok {
			i = int32(len(index))
			index[n] = i
		}
		return i
	}
	b := bridges{join: -1, node: simple}
	known := make(map[uint32]struct{}, len(ties))
	var rels []uint32
	for _, t := range ties {
		if _, ok := known[t.rel]; !ok {
			known[t.rel] = struct{}{}
			rels = append(rels, t.rel)
			b.ends = append(b.ends, [2]int32{number(t.a), number(t.b)})
		}
	}
	if from != to {
		b.join = int32(len(rels))
		b.ends = append(b.ends, [2]int32{0, number(to)})
	}
	b.adjacent(len(index))
	b.run()
	only := make(map[uint32]struct{}, len(b.kept))
	joined := from == to
	for _, e := range b.kept {
		if e == b.join {
			joined = true
		} else {
			only[rels[e]] = struct{}{}
		}
	}
	if !joined {
		clear(only)
	}
	return only
}

// adjacent lists the relationships of every node.
func (b *bridges) adjacent(nodes int) {
	b.first, b.met, b.low = make([]int32, nodes+1), make([]int32, nodes), make([]int32, nodes)
	b.used = make([]bool, len(b.ends))
	for _, e := range b.ends {
		b.first[e[0]+1]++
		if e[1] != e[0] {
			b.first[e[1]+1]++
		}
	}
	for i := range nodes {
		b.first[i+1] += b.first[i]
	}
	b.list = make([]int32, b.first[nodes])
	free := make([]int32, nodes)
	copy(free, b.first)
	put := func(n, e int32) {
		b.list[free[n]] = e
		free[n]++
	}
	for i, e := range b.ends {
		put(e[0], int32(i))
		if e[1] != e[0] {
			put(e[1], int32(i))
		}
	}
}

// run leaves in kept what can be crossed from node 0 and back.
func (b *bridges) run() {
	b.enter(0)
	for len(b.path) > 0 {
		f := &b.path[len(b.path)-1]
		if f.next == b.first[f.node+1] {
			b.leave()
			continue
		}
		e := b.list[f.next]
		f.next++
		if b.used[e] {
			continue
		}
		b.used[e] = true
		to := b.ends[e][0] + b.ends[e][1] - f.node
		switch {
		case to != f.node || !b.node:
			b.left = append(b.left, e)
		case f.node == 0 && b.join < 0:
			b.kept = append(b.kept, e) // around the only node of the path
		}
		if b.met[to] == 0 {
			b.enter(to)
		} else {
			b.low[f.node] = min(b.low[f.node], b.met[to])
		}
	}
	b.kept = append(b.kept, b.left...)
}

func (b *bridges) enter(node int32) {
	b.clock++
	b.met[node], b.low[node] = b.clock, b.clock
	b.path = append(b.path, descent{node: node, next: b.first[node], at: len(b.left) - 1})
}

// leave goes back to the node before, and decides on what was seen since.
func (b *bridges) leave() {
	f := b.path[len(b.path)-1]
	b.path = b.path[:len(b.path)-1]
	if len(b.path) == 0 {
		return
	}
	up := b.path[len(b.path)-1].node
	b.low[up] = min(b.low[up], b.low[f.node])
	if b.low[f.node] < b.met[up] || !b.node && b.low[f.node] == b.met[up] {
		return
	}
	part := b.left[f.at:]
	b.left = b.left[:f.at]
	if !b.node || up != 0 {
		return
	}
	use := b.join < 0 && len(part) > 1
	for _, e := range part {
		use = use || e == b.join
	}
	if use {
		b.kept = append(b.kept, part...)
	}
}
