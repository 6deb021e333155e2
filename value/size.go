package value

import "unsafe"

const (
	valueBytes = int(unsafe.Sizeof(Value{}))
	mapBytes   = int(unsafe.Sizeof(Map{}))
	keyBytes   = int(unsafe.Sizeof(""))
)

// Size returns the bytes of memory that v holds on to, its own 32 included. Strings
// and zones that other values share are counted for each.
func Size(v Value) int {
	size := valueBytes
	switch v.kind {
	case KindString:
		return size + int(v.n)
	case KindList:
		for _, e := range v.Elems() {
			size += Size(e)
		}
	case KindMap:
		size += mapSize(v.AsMap())
	case KindNode:
		if n := v.AsNode(); n != nil {
			size += int(unsafe.Sizeof(*n)) + mapSize(n.Props)
			for _, l := range n.Labels {
				size += keyBytes + len(l)
			}
		}
	case KindRelationship:
		if r := v.AsRelationship(); r != nil {
			size += int(unsafe.Sizeof(*r)) + len(r.Type) + mapSize(r.Props)
		}
	case KindPath:
		p := v.AsPath()
		size += int(unsafe.Sizeof(*p))
		for _, e := range p.Nodes {
			size += Size(e)
		}
		for _, e := range p.Rels {
			size += Size(e)
		}
	case KindDuration:
		size += int(unsafe.Sizeof(Span{}))
	case KindPoint:
		size += int(unsafe.Sizeof(Place{}))
	}
	return size
}

func mapSize(m *Map) int {
	if m == nil {
		return 0
	}
	size := mapBytes
	for i, k := range m.Keys {
		size += keyBytes + len(k) + Size(m.Vals[i])
	}
	return size
}
