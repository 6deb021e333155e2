package search

// mostNear is how many relationships the search backward from an end looks at.
const mostNear = 8192

// near is a short breadth-first search backward from the end of the paths wanted. It tells for each
// node how many relationships a path from there has at least, so that the search forward leaves
// aside what cannot be on a path as short as those found:
//
//	start ──▶ ○ ──▶ ○ ┈┈▶ (○ ──▶ ● end)    in the brackets: exactly known; outside: one more
type near struct {
	dist  map[uint32]int32
	queue []uint32
	far   float64 // of all nodes that were not met: infinity where everything was seen
}

// approach searches backward from an end.
func (m *Matcher) approach(to uint32) error {
	n := &m.best.near
	if n.dist == nil {
		n.dist = map[uint32]int32{}
	}
	clear(n.dist)
	n.queue = append(n.queue[:0], to)
	n.dist[to] = 0
	seen, level := 0, int32(0)
	for at := 0; at < len(n.queue); {
		for end := len(n.queue); at < end; at++ {
			if seen >= m.most {
				n.far = float64(level + 1) // nodes met behind this level have that distance too
				return nil
			}
			before := len(m.lists)
			var err error
			if m.lists, err = m.Back(n.queue[at], m.lists); err != nil {
				return err
			}
			if len(m.lists)-before > 2*m.most { // a hub: its neighbours are not worth remembering
				m.lists, n.far = m.lists[:before], float64(level+1)
				return nil
			}
			seen += len(m.lists) - before
			for _, x := range m.lists[before:] {
				if _, met := n.dist[x]; !met {
					n.dist[x] = level + 1
					n.queue = append(n.queue, x)
				}
			}
			m.lists = m.lists[:before]
		}
		level++
	}
	n.far = unreachable
	return nil
}

// left returns the least number of relationships from a node to the end.
func (n *near) left(node uint32) float64 {
	if d, met := n.dist[node]; met {
		return float64(d)
	}
	return n.far
}

func (n *near) bytes() int64 { return int64(cap(n.queue))*4 + int64(len(n.dist))*16 }
