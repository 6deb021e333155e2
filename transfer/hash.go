package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// hashRounds is how far around a node its hash looks.
const hashRounds = 3

// sum128 is a hash that can be added up in any order.
type sum128 [2]uint64

func (s *sum128) add(t sum128) {
	low := s[0] + t[0]
	carry := uint64(0)
	if low < s[0] {
		carry = 1
	}
	s[0], s[1] = low, s[1]+t[1]+carry
}

func hashOf(parts ...[]byte) sum128 {
	h := sha256.New()
	var size [8]byte
	for _, p := range parts {
		binary.LittleEndian.PutUint64(size[:], uint64(len(p)))
		h.Write(size[:])
		h.Write(p)
	}
	b := h.Sum(nil)
	return sum128{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])}
}

func (s sum128) bytes() []byte {
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, s[0]), s[1])
}

// Hash returns a hash of the graph's state: nodes with their labels, properties and
// surroundings, relationships, indexes and constraints. It is the same for two stores
// with the same graph, whatever the numbers of nodes, relationships, labels and keys
// inside are, and in whatever order all was made. It takes 32 bytes of memory a node.
func Hash(ctx context.Context, r *graph.Reader) (string, error) {
	h := &hasher{exporter: exporter{ctx: ctx, r: r, cat: r.Catalog()}}
	now := make([]sum128, r.NodeHigh())
	if err := h.nodes(now); err != nil {
		return "", err
	}
	var rels sum128
	next := make([]sum128, len(now))
	for round := range hashRounds {
		clear(next)
		err := h.rels(func(start, end uint32, own sum128) {
			out := hashOf([]byte("out"), own.bytes(), now[end].bytes())
			in := hashOf([]byte("in"), own.bytes(), now[start].bytes())
			next[start].add(out)
			next[end].add(in)
			if round == hashRounds-1 {
				rels.add(hashOf(own.bytes(), now[start].bytes(), now[end].bytes()))
			}
		})
		if err != nil {
			return "", err
		}
		for i := range now {
			if now[i] != (sum128{}) {
				now[i] = hashOf(now[i].bytes(), next[i].bytes())
			}
		}
	}
	var nodes sum128
	for _, n := range now {
		nodes.add(n)
	}
	all := sha256.New()
	all.Write(nodes.bytes())
	all.Write(rels.bytes())
	// Constraints count by what they ask, not by the names that were made up for them.
	cat := h.cat
	cat.Schema = &catalog.Schema{Indexes: slices.Clone(cat.Indexes), Constraints: slices.Clone(cat.Constraints)}
	for i := range cat.Indexes {
		cat.Indexes[i].Name = ""
	}
	for i := range cat.Constraints {
		cat.Constraints[i].Name = ""
	}
	if _, err := io.WriteString(all, schemaText(cat)); err != nil {
		return "", status.Errorf(status.Internal, "hashing: %w", err)
	}
	return hex.EncodeToString(all.Sum(nil)[:16]), nil
}

type hasher struct{ exporter }

// named is a key with its name.
type named struct {
	key  catalog.KeyID
	name string
}

// keys returns the property keys by name.
func (h *hasher) keys() []named {
	var out []named
	for k := range h.cat.Len(catalog.Key) {
		out = append(out, named{catalog.KeyID(k), h.cat.KeyName(catalog.KeyID(k))})
	}
	slices.SortFunc(out, func(a, b named) int {
		if a.name < b.name {
			return -1
		}
		return 1
	})
	return out
}

// bodies calls f with each entity of a part and its properties in one form.
func (h *hasher) bodies(p *part, f func(refs []uint32, bodies [][]byte) error) error {
	keys := h.keys()
	bodies := make([][]byte, column.BatchSize)
	var v column.Vector
	return h.each(p, func(refs []uint32) error {
		for i := range refs {
			bodies[i] = bodies[i][:0]
		}
		for _, k := range keys {
			if err := h.gather(p, k.key, refs, &v); err != nil {
				return err
			}
			for i := range refs {
				if v.IsNull(i) {
					continue
				}
				b := binary.LittleEndian.AppendUint32(bodies[i], uint32(len(k.name)))
				b = append(b, k.name...)
				bodies[i] = value.Append(b, oneNaN(v.Value(i)))
			}
		}
		return f(refs, bodies[:len(refs)])
	})
}

// oneNaN makes every NaN, however it came about, the same bytes.
func oneNaN(v value.Value) value.Value {
	switch v.Kind() {
	case value.KindFloat:
		if math.IsNaN(v.AsFloat()) {
			return value.Float(math.NaN())
		}
	case value.KindList:
		elems := make([]value.Value, len(v.Elems()))
		for i, e := range v.Elems() {
			elems[i] = oneNaN(e)
		}
		return value.List(elems...)
	}
	return v
}

func (h *hasher) nodes(now []sum128) error {
	parts := []*part{{label: catalog.AnyLabel}}
	for id := range h.cat.Len(catalog.Label) {
		parts = append(parts, &part{label: catalog.LabelID(id)})
	}
	for _, p := range parts {
		if p.label != catalog.AnyLabel && h.r.CountNodes(p.label) == 0 {
			continue
		}
		err := h.bodies(p, func(refs []uint32, bodies [][]byte) error {
			for i, ref := range refs {
				set, err := h.r.LabelSet(ref)
				if err != nil {
					return err
				}
				now[ref] = hashOf([]byte(strings.Join(h.labels(set), "\x00")), bodies[i])
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (h *hasher) rels(f func(start, end uint32, own sum128)) error {
	var start, end [column.BatchSize]uint32
	for _, t := range h.r.Types() {
		name := []byte(h.cat.TypeName(t))
		err := h.bodies(&part{rel: true, typ: t}, func(refs []uint32, bodies [][]byte) error {
			if err := h.r.RelEnds(refs, nil, start[:len(refs)], end[:len(refs)]); err != nil {
				return err
			}
			for i := range refs {
				f(start[i], end[i], hashOf(name, bodies[i]))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
