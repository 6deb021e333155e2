package graph

import (
	"bytes"
	"context"
	"fmt"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/block"
	"github.com/kadedb/kadedb/storage/catalog"
)

// Problem is something that Check found wrong.
type Problem struct {
	Where string // a block, an index, a list of relationships …
	What  string
}

func (p Problem) String() string { return p.Where + ": " + p.What }

// Check reads the whole store: the log as far as it is kept, every block's checksum, then counts, degrees, both
// directions of adjacency and every index against the base data that they are
// derived from. It calls report for each problem, at most a hundred of a kind, and
// returns an error only where it cannot go on.
func (s *Store) Check(ctx context.Context, report func(Problem)) error {
	r, err := s.Snapshot()
	if err != nil {
		return err
	}
	defer r.Close()
	c := &checker{ctx: ctx, r: r, s: s, report: report, said: map[string]int{}}
	if err := c.log(); err != nil {
		return err
	}
	if err := c.free(); err != nil {
		return err
	}
	damaged := c.found // a damaged log says nothing about what was folded from it
	c.blocks()
	if c.found > damaged {
		// What is derived from damaged blocks is wrong as well, and says nothing more.
		return nil
	}
	for _, f := range []func() error{c.nodes, c.relationships, c.indexes, c.constraints} {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

type checker struct {
	ctx    context.Context
	r      *Reader
	s      *Store
	report func(Problem)
	said   map[string]int
	found  int
}

func (c *checker) problem(kind, where, format string, args ...any) {
	c.found++
	if c.said[kind]++; c.said[kind] <= 100 {
		c.report(Problem{where, fmt.Sprintf(format, args...)})
	}
}

// log checks every record that the log keeps.
func (c *checker) log() error {
	err := c.s.txn.VerifyLog(c.ctx)
	if status.CodeOf(err) == status.Corruption {
		c.problem("log", "log", "%s", status.From(err).Msg)
		return nil
	}
	return err
}

// free checks the list of pages that hold nothing, without which nothing can be written.
func (c *checker) free() error {
	err := c.s.txn.KV().VerifyFree()
	if status.CodeOf(err) == status.Corruption {
		c.problem("free", "free pages", "%s", status.From(err).Msg)
		return nil
	}
	return err
}

// blocks checks every block that the directory names.
func (c *checker) blocks() {
	var buf []byte
	c.r.s.base.eachBlock(func(number uint64, what func() string) {
		if number == 0 || c.ctx.Err() != nil {
			return
		}
		var err error
		if buf, err = c.s.txn.Raw(buf[:0], number); err == nil {
			_, err = block.ReadHeader(buf)
		}
		if err == nil {
			var b *block.Block
			if b, err = block.Decode(buf, nil); err == nil {
				b.Free()
			}
		}
		if err != nil {
			c.problem("block", fmt.Sprintf("block %d (%s)", number, what()), "%v", err)
		}
	})
}

// eachBlock calls f for every block of the directory.
func (b *base) eachBlock(f func(number uint64, what func() string)) {
	for i, g := range b.nodes {
		f(g.set, func() string { return fmt.Sprintf("labels of node group %d", i) })
		f(g.gen, func() string { return fmt.Sprintf("generations of node group %d", i) })
	}
	for i, g := range b.rels {
		what := func() string { return fmt.Sprintf("relationship group %d", i) }
		for _, n := range [4]uint64{g.typ, g.src, g.dst, g.gen} {
			f(n, what)
		}
	}
	for _, r := range b.runs {
		f(r.block, func() string { return fmt.Sprintf("ends of relationships from %d", r.first) })
	}
	for e, dirs := range [2]map[catalog.KeyID]*colDir{b.nodeCols, b.relCols} {
		for k, d := range dirs {
			for i, g := range d.groups {
				what := func() string { return fmt.Sprintf("property %d of %s group %d", k, catalog.Entity(e), i) }
				for _, n := range g.blocks {
					f(n, what)
				}
				for _, n := range g.over {
					f(n, what)
				}
			}
		}
	}
	for k, d := range b.adj {
		for _, r := range d.regions {
			f(r.block, func() string {
				return fmt.Sprintf("lists of type %d, direction %d, from node %d", k.typ, k.dir, r.first)
			})
		}
	}
	for id, x := range b.indexes {
		for _, ib := range x.blocks {
			f(ib.block, func() string { return fmt.Sprintf("index %d", id) })
		}
	}
}

// nodes counts nodes by label set.
func (c *checker) nodes() error {
	counts := map[catalog.LabelSetID]int64{}
	total := int64(0)
	lk := c.r.s.labels()
	defer lk.close()
	err := c.r.eachOf(c.ctx, catalog.Nodes, uint32(catalog.AnyLabel), func(refs []uint32) error {
		for _, ref := range refs {
			set, err := lk.of(ref)
			if err != nil {
				return err
			}
			counts[set]++
			total++
		}
		return nil
	})
	if err != nil {
		return err
	}
	if total != c.r.s.nodeCount {
		c.problem("count", "count of nodes", "is %d, there are %d", c.r.s.nodeCount, total)
	}
	for set := range c.s.tokens.Len(catalog.LabelSet) {
		if n := count(&c.r.s.setCounts, uint32(set)); n != counts[catalog.LabelSetID(set)] {
			c.problem("count", fmt.Sprintf("count of nodes with label set %d", set), "is %d, there are %d", n, counts[catalog.LabelSetID(set)])
		}
	}
	return nil
}

// relationships compares the relationship table with both directions of adjacency
// by sums of hashes, and looks for the culprits only where those differ.
func (c *checker) relationships() error {
	types := c.r.cat.Len(catalog.Type)
	sums, counts := make([]uint64, types), make([]int64, types)
	lk := c.r.s.relTable()
	defer lk.close()
	err := c.r.eachOf(c.ctx, catalog.Relationships, uint32(catalog.AnyType), func(refs []uint32) error {
		for _, ref := range refs {
			typ, _, err := lk.get(ref)
			if err != nil {
				return err
			}
			src, dst, err := lk.ends(ref)
			if err != nil {
				return err
			}
			if int(typ) >= types {
				c.problem("type", fmt.Sprintf("relationship %d", ref), "has type %d, which has no name", typ)
				continue
			}
			sums[typ] += edgeHash(src, dst, ref)
			counts[typ]++
		}
		return nil
	})
	if err != nil {
		return err
	}
	for typ := range types {
		if n := count(&c.r.s.typeCounts, uint32(typ)); n != counts[typ] {
			c.problem("count", fmt.Sprintf("count of relationships of type %d", typ), "is %d, there are %d", n, counts[typ])
		}
		for d := Out; d <= In; d++ {
			if err := c.lists(catalog.TypeID(typ), d, sums[typ]); err != nil {
				return err
			}
		}
	}
	return nil
}

func edgeHash(src, dst, rel uint32) uint64 {
	x := (uint64(src)<<32 | uint64(dst)) * 0x9e3779b97f4a7c15
	x ^= x >> 29
	x = (x + uint64(rel)) * 0xbf58476d1ce4e5b9
	return x ^ x>>32
}

// lists checks the lists of one type and direction: order, degree, and the sum of
// all edges.
func (c *checker) lists(typ catalog.TypeID, d Direction, want uint64) error {
	a, degrees := c.r.Adjacency(typ, d), c.r.Adjacency(typ, d)
	defer a.Close()
	defer degrees.Close()
	where := fmt.Sprintf("lists of type `%s`, direction %d", c.r.cat.TypeName(typ), d)
	sum := uint64(0)
	for lo := a.After(0); lo < c.r.s.nodeHigh; lo = a.After(lo) {
		if err := status.Ended(c.ctx, "the check"); err != nil {
			return err
		}
		off, nbrs, rels, next, err := a.Range(lo, c.r.s.nodeHigh)
		if err != nil {
			return err
		}
		for i := range next - lo {
			nbr, rel := nbrs[off[i]:off[i+1]], rels[off[i]:off[i+1]]
			sum += c.list(where, lo+i, d, nbr, rel)
			if n, err := degrees.Degree(lo + i); err != nil {
				return err
			} else if n != len(nbr) {
				c.problem("degree", where, "the degree of node %d is %d, its list has %d", lo+i, n, len(nbr))
			}
		}
		lo = next
	}
	if sum != want {
		c.problem("adjacency", where, "differ from the relationship table")
	}
	return nil
}

// list checks the order of one list and returns the sum of its edges.
func (c *checker) list(where string, node uint32, d Direction, nbr, rel []uint32) (sum uint64) {
	for i := range nbr {
		if i > 0 && (nbr[i] < nbr[i-1] || nbr[i] == nbr[i-1] && rel[i] <= rel[i-1]) {
			c.problem("order", where, "the list of node %d is not sorted", node)
		}
		if d == Out {
			sum += edgeHash(node, nbr[i], rel[i])
		} else {
			sum += edgeHash(nbr[i], node, rel[i])
		}
	}
	return sum
}

// indexes checks that every entry is right and that none is missing.
func (c *checker) indexes() error {
	for _, x := range c.r.cat.Indexes {
		if !x.Online {
			continue
		}
		want := int64(0)
		missing := 0
		err := c.r.eachIndexed(c.ctx, x, nil, func(key []byte) error {
			want++
			refs, err := c.r.s.indexPrefix(x.ID, key, nil)
			if err != nil || len(refs) != 1 {
				missing++
			}
			return nil
		})
		if err != nil {
			return err
		}
		if missing > 0 {
			c.problem("index", "index `"+x.Name+"`", "%d entries are missing", missing)
		}
		got, err := c.entries(x)
		if err != nil {
			return err
		}
		if got != want {
			c.problem("index", "index `"+x.Name+"`", "has %d entries, it should have %d", got, want)
		}
	}
	return nil
}

func (c *checker) entries(x catalog.Index) (n int64, err error) {
	cur, err := c.r.s.openIndex(x.ID, nil, nil)
	if err != nil {
		return 0, err
	}
	defer cur.Close()
	var buf [1024]uint32
	for {
		k, err := cur.Next(buf[:])
		if err != nil || k == 0 {
			return n, err
		}
		n += int64(k)
	}
}

// constraints checks every entity against every constraint.
func (c *checker) constraints() error {
	for _, con := range c.r.cat.Constraints {
		where := "constraint `" + con.Name + "`"
		e := editor{s: c.r.s, tokens: c.s.tokens, schema: c.r.cat.Schema}
		if con.Kind != catalog.Unique {
			err := c.r.eachOf(c.ctx, con.Entity, con.Token, func(refs []uint32) error {
				for _, ref := range refs {
					if err := e.checkEntity(&con, entity{con.Entity, ref}, true); status.CodeOf(err) == status.ConstraintViolation {
						c.problem("constraint", where, "%v", err)
					} else if err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		if x, ok := c.r.cat.Index(con.Index); ok && x.Unique {
			if err := c.duplicates(x, where); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *checker) duplicates(x catalog.Index, where string) error {
	var before []byte
	return c.s.eachKey(c.r, x, func(key []byte, ref uint32) {
		if bytes.Equal(key, before) {
			c.problem("constraint", where, "several entities have the values of %d", ref)
		}
		before = append(before[:0], key...)
	})
}

// eachKey calls f with the key of each entity of x, in order, without its number.
func (s *Store) eachKey(r *Reader, x catalog.Index, f func(key []byte, ref uint32)) error {
	cur, err := r.s.openIndex(x.ID, nil, nil)
	if err != nil {
		return err
	}
	defer cur.Close()
	var buf [256]uint32
	var key []byte
	for {
		n, err := cur.Next(buf[:])
		if err != nil || n == 0 {
			return err
		}
		for _, ref := range buf[:n] {
			var ok bool
			if key, ok, err = r.s.indexKey(key[:0], &x, ref); err != nil {
				return err
			} else if ok {
				f(key, ref)
			}
		}
	}
}
