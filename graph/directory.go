package graph

import (
	"encoding/binary"
	"sort"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/storage/kv"
	"github.com/kadedb/kadedb/storage/txn"
)

// The graph's manifest is the bucket "graph". Keys are one byte and big-endian
// numbers, values are uvarints:
//
//	n group               ─▶ set gen rows k (label set, nodes)×k
//	r group               ─▶ type src dst gen rows k (type, relationships)×k
//	e first               ─▶ relationships, block         a run: see relRun
//	p entity key group    ─▶ column type, shift, count, k block×k, j overflow×j
//	a type dir first least─▶ end block edges part            least: 8 bytes, 0 unless part
//	i index block         ─▶ keys, length and bytes of the first key
//	s                     ─▶ statistics: see encodeStatistics
//	c                     ─▶ node high, relationship high, k (label set, nodes)×k, j (type, relationships)×j
//
// Numbers named set, gen, block … are of blocks; 0 is none.
const bucketGraph = "graph"

// manifest collects changes of the bucket: nil deletes.
type manifest map[string][]byte

func manifestKey(kind byte, fields ...uint32) string {
	b := []byte{kind}
	for _, f := range fields {
		b = binary.BigEndian.AppendUint32(b, f)
	}
	return string(b)
}

func numbers(vals ...uint64) []byte { return appendNumbers(nil, vals...) }

func appendNumbers(dst []byte, vals ...uint64) []byte {
	for _, v := range vals {
		dst = binary.AppendUvarint(dst, v)
	}
	return dst
}

func appendCounts(dst []byte, sets []setCount) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(sets)))
	for _, s := range sets {
		dst = appendNumbers(dst, uint64(s.set), uint64(s.n))
	}
	return dst
}

func (m manifest) putNodes(group uint32, g *nodeGroup) {
	m[manifestKey('n', group)] = appendCounts(numbers(g.set, g.gen, uint64(g.rows)), g.sets)
}

func (m manifest) putRels(group uint32, g *relGroup) {
	m[manifestKey('r', group)] = appendCounts(numbers(g.typ, g.src, g.dst, g.gen, uint64(g.rows)), g.types)
}

func (m manifest) putRun(r relRun) {
	m[manifestKey('e', r.first)] = numbers(uint64(r.n), r.block)
}

func (m manifest) putColumn(e catalog.Entity, key catalog.KeyID, group uint32, g *colGroup) {
	k := manifestKey('p', uint32(e), uint32(key), group)
	if g.empty() {
		m[k] = nil
		return
	}
	b := numbers(uint64(g.typ), uint64(g.shift), uint64(g.count))
	for _, list := range [2][]uint64{g.blocks, g.over} {
		b = appendNumbers(binary.AppendUvarint(b, uint64(len(list))), list...)
	}
	m[k] = b
}

func regionKey(k adjKey, r *region) string {
	b := []byte(manifestKey('a', uint32(k.typ), uint32(k.dir), r.first))
	least := uint64(0)
	if r.part {
		least = r.least
	}
	return string(binary.BigEndian.AppendUint64(b, least))
}

func (m manifest) putRegion(k adjKey, r *region) {
	m[regionKey(k, r)] = numbers(uint64(r.end), r.block, uint64(r.edges), bit(r.part))
}

func indexBlockKey(id catalog.IndexID, number uint64) string {
	return string(binary.BigEndian.AppendUint64([]byte(manifestKey('i', uint32(id))), number))
}

func (m manifest) putIndexBlock(id catalog.IndexID, b *indexBlock) {
	m[indexBlockKey(id, b.block)] = appendString(numbers(uint64(b.number)), b.fence)
}

func (m manifest) putCounts(s *State) {
	b := numbers(uint64(s.nodeHigh), uint64(s.relHigh))
	for _, c := range [2]*counters{&s.setCounts, &s.typeCounts} {
		var list []uint64
		c.each(0, 1<<26, func(page uint32, p *countPage) bool {
			for i, n := range p.n {
				if n != 0 {
					list = append(list, uint64(page<<pageBits|uint32(i)), uint64(n))
				}
			}
			return true
		})
		b = appendNumbers(binary.AppendUvarint(b, uint64(len(list)/2)), list...)
	}
	m["c"] = b
}

// loader reads the manifest into a State.
type loader struct {
	b       *base
	st      *State
	regions map[adjKey][]region
	stats   *catalog.Statistics
}

// Load reads the checkpoint's directory of blocks.
func (m *model) Load(s *txn.Store, tx *kv.Tx) (txn.State, error) {
	b := emptyBase.clone()
	b.store = s
	l := &loader{b: b, st: &State{base: b}, regions: map[adjKey][]region{}}
	err := txn.ReadManifest(tx, bucketGraph, func(k, v []byte) error {
		if !l.record(k, v) {
			return corrupt("the graph's manifest is malformed at %q", k)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for k, rs := range l.regions {
		// Keys come ascending; for parts of a list by their first neighbour.
		b.adj[k] = newAdjDir(rs)
	}
	for _, x := range b.indexes {
		sort.Slice(x.blocks, func(i, j int) bool { return x.blocks[i].fence < x.blocks[j].fence })
	}
	b.seal()
	if l.stats != nil {
		m.stats.Store(l.stats)
	}
	return l.st, nil
}

// fields returns the big-endian numbers of a key after its first byte.
func fields(k []byte, n int) (f [3]uint32, ok bool) {
	if len(k) < 1+4*n {
		return f, false
	}
	for i := range n {
		f[i] = binary.BigEndian.Uint32(k[1+4*i:])
	}
	return f, true
}

const maxGroups = 1 << (32 - groupBits)

func (l *loader) record(k, v []byte) bool {
	d := reader{b: v}
	switch k[0] {
	case 'n':
		f, ok := fields(k, 1)
		if !ok || f[0] >= maxGroups {
			return false
		}
		l.b.nodes = grown(l.b.nodes, f[0])
		l.b.nodes[f[0]] = nodeGroup{set: d.uvarint(), gen: d.uvarint(), rows: d.u32(), sets: d.counts()}
		g := &l.b.nodes[f[0]]
		return d.err == nil && (!g.uniform() || len(g.sets) == 1 || g.rows == 0)
	case 'r':
		f, ok := fields(k, 1)
		if !ok || f[0] >= maxGroups {
			return false
		}
		l.b.rels = grown(l.b.rels, f[0])
		l.b.rels[f[0]] = relGroup{typ: d.uvarint(), src: d.uvarint(), dst: d.uvarint(), gen: d.uvarint(), rows: d.u32(), types: d.counts()}
		g := &l.b.rels[f[0]]
		return d.err == nil && (!g.uniform() || len(g.types) == 1 || g.rows == 0)
	case 'e':
		f, ok := fields(k, 1)
		l.b.runs = append(l.b.runs, relRun{first: f[0], n: d.u32(), block: d.uvarint()})
		return ok && d.err == nil
	case 'p':
		return l.column(k, &d)
	case 'a':
		f, ok := fields(k, 3)
		if !ok || len(k) != 21 || f[1] > 1 {
			return false
		}
		key := adjKey{catalog.TypeID(f[0]), Direction(f[1])}
		r := region{first: f[2], end: d.u32(), block: d.uvarint(), edges: d.u32(), part: d.byte() != 0, least: binary.BigEndian.Uint64(k[13:])}
		l.regions[key] = append(l.regions[key], r)
		return d.err == nil && r.end > r.first
	case 'i':
		f, ok := fields(k, 1)
		if !ok || len(k) != 13 {
			return false
		}
		id := catalog.IndexID(f[0])
		if l.b.indexes[id] == nil {
			l.b.indexes[id] = &indexBase{}
		}
		x := l.b.indexes[id]
		x.blocks = append(x.blocks, indexBlock{number: d.u32(), fence: d.str(), block: binary.BigEndian.Uint64(k[5:])})
		return d.err == nil
	case 'c':
		return l.counts(&d)
	case 's':
		l.stats = decodeStatistics(v)
		return true
	}
	return false
}

func (l *loader) column(k []byte, d *reader) bool {
	f, ok := fields(k, 3)
	if !ok || f[0] > 1 || f[2] >= maxGroups {
		return false
	}
	dirs := l.b.nodeCols
	if f[0] == uint32(catalog.Relationships) {
		dirs = l.b.relCols
	}
	key := catalog.KeyID(f[1])
	if dirs[key] == nil {
		dirs[key] = &colDir{}
	}
	c := dirs[key]
	c.groups = grown(c.groups, f[2])
	g := colGroup{typ: column.Type(d.byte()), shift: d.byte(), count: d.u32()}
	for _, list := range [2]*[]uint64{&g.blocks, &g.over} {
		for n := d.uvarint(); n > 0 && d.err == nil; n-- {
			*list = append(*list, d.uvarint())
		}
	}
	c.groups[f[2]] = g
	if d.err != nil || g.typ > column.Date || g.shift > groupBits {
		return false
	}
	parts := 1 << (groupBits - g.shift)
	return (g.blocks == nil || len(g.blocks) == parts) && (g.over == nil || len(g.over) == parts)
}

func (l *loader) counts(d *reader) bool {
	l.st.nodeHigh, l.st.relHigh = d.u32(), d.u32()
	o := newOwner()
	for i, c := range [2]*counters{&l.st.setCounts, &l.st.typeCounts} {
		for n := d.uvarint(); n > 0 && d.err == nil; n-- {
			id, many := d.u32(), int64(d.uvarint())
			addCount(c, o, id, many)
			if i == 0 {
				l.st.nodeCount += many
			} else {
				l.st.relCount += many
			}
		}
	}
	return d.err == nil
}

func (r *reader) counts() []setCount {
	var out []setCount
	for n := r.uvarint(); n > 0 && r.err == nil; n-- {
		out = append(out, setCount{catalog.LabelSetID(r.u32()), r.u32()})
	}
	return out
}

// grown returns s with at least i+1 entries.
func grown[T any](s []T, i uint32) []T {
	for uint32(len(s)) <= i {
		var zero T
		s = append(s, zero)
	}
	return s
}
