package block

// queue is a list of entries in order of arrival.
type queue struct {
	head, tail *entry // newest, oldest
	n          int
	bytes      int64 // of decoded blocks
}

func (q *queue) push(e *entry) {
	e.in, e.prev, e.next = q, nil, q.head
	if q.head != nil {
		q.head.prev = e
	} else {
		q.tail = e
	}
	q.head = e
	q.n++
	q.bytes += e.decoded()
}

func (q *queue) remove(e *entry) {
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		q.head = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	} else {
		q.tail = e.prev
	}
	e.in, e.prev, e.next = nil, nil, nil
	q.n--
	q.bytes -= e.decoded()
}

func (e *entry) decoded() int64 {
	if e.handle.Block == nil {
		return 0
	}
	return e.handle.Block.size
}

// ghosts remembers the keys that left last, and when.
type ghosts struct {
	keys map[Key]int64
	ring []Key
	at   int
}

func (g *ghosts) add(k Key, left int64) {
	_, known := g.keys[k]
	g.keys[k] = left
	switch {
	case known:
	case len(g.ring) < ghostKeys:
		g.ring = append(g.ring, k)
	default:
		delete(g.keys, g.ring[g.at])
		g.ring[g.at] = k
		g.at = (g.at + 1) % ghostKeys
	}
}
