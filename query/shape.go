package query

import (
	"context"
	"slices"
	"sort"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/query/procedure"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

const (
	// shapeSample is how many entities of a kind tell what properties it has.
	shapeSample = 10_000
	// linkSample is how many relationships of a type tell what it connects.
	linkSample = 100_000
)

// shape collects the properties of alike entities.
type shape struct {
	seen int
	keys map[string]*keyShape
}

type keyShape struct {
	n     int
	types map[string]bool
}

func (s *shape) add(props *value.Map) {
	s.seen++
	for i := range props.Len() {
		k := s.keys[props.Keys[i]]
		if k == nil {
			if s.keys == nil {
				s.keys = map[string]*keyShape{}
			}
			k = &keyShape{types: map[string]bool{}}
			s.keys[props.Keys[i]] = k
		}
		k.n++
		k.types[typeName(props.Vals[i])] = true
	}
}

func (s *shape) properties() []procedure.ShapeProperty {
	var out []procedure.ShapeProperty
	for name, k := range s.keys {
		p := procedure.ShapeProperty{Name: name, All: k.n == s.seen}
		for t := range k.types {
			p.Types = append(p.Types, t)
		}
		sort.Strings(p.Types)
		out = append(out, p)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

var typeNames = map[value.Kind]string{
	value.KindBool: "Boolean", value.KindInt: "Long", value.KindFloat: "Double", value.KindString: "String",
	value.KindDate: "Date", value.KindLocalTime: "LocalTime", value.KindTime: "Time", value.KindLocalDateTime: "LocalDateTime",
	value.KindDateTime: "DateTime", value.KindDuration: "Duration", value.KindPoint: "Point",
}

// typeName names a property's type as drivers know it.
func typeName(v value.Value) string {
	if v.Kind() != value.KindList {
		return typeNames[v.Kind()]
	}
	of := ""
	for _, e := range v.Elems() {
		switch t := typeNames[e.Kind()]; {
		case t == "", of != "" && of != t:
			return "AnyArray"
		default:
			of = t
		}
	}
	if of == "" {
		of = "Any"
	}
	return of + "Array"
}

// NodeShapes looks at nodes by their set of labels.
func (v catalogView) NodeShapes(ctx context.Context) ([]procedure.Shape, error) {
	shapes := map[catalog.LabelSetID]*shape{}
	var buf [column.BatchSize]uint32
	all := column.Identity(len(buf))
	for _, m := range v.r.NodeMorsels(catalog.AnyLabel) {
		for from := m.From; from < m.To; {
			if err := status.Ended(ctx, "the reading of the schema"); err != nil {
				return nil, err
			}
			n, next, err := v.r.ScanNodes(m, catalog.AnyLabel, from, buf[:])
			if err != nil {
				return nil, err
			}
			from = next
			var perr error
			err = v.r.LabelSets(buf[:n], all[:n], func(i int, set catalog.LabelSetID) {
				s := shapes[set]
				if s == nil {
					s = &shape{}
					shapes[set] = s
				}
				if s.seen >= shapeSample || perr != nil {
					return
				}
				var props *value.Map
				if props, perr = v.r.NodeProperties(buf[i]); perr == nil {
					s.add(props)
				}
			})
			if err == nil {
				err = perr
			}
			if err != nil {
				return nil, err
			}
		}
	}
	var out []procedure.Shape
	for set, s := range shapes {
		p := procedure.Shape{Properties: s.properties(), Names: []string{}}
		for _, l := range v.r.Catalog().SetOf(set) {
			p.Names = append(p.Names, v.r.Catalog().LabelName(l))
		}
		sort.Strings(p.Names)
		out = append(out, p)
	}
	return out, nil
}

// eachRel calls f with some relationships of a type, at most most of them, taken from
// everywhere in the store.
func (v catalogView) eachRel(ctx context.Context, t catalog.TypeID, most int, f func(refs []uint32) error) error {
	var buf [column.BatchSize]uint32
	morsels := v.r.RelMorsels(t)
	for i, m := range morsels {
		share := most / (len(morsels) - i)
		for from := m.From; from < m.To && share > 0; {
			if err := status.Ended(ctx, "the reading of the schema"); err != nil {
				return err
			}
			n, next, err := v.r.ScanRels(m, t, from, buf[:min(share, len(buf))])
			if err != nil {
				return err
			}
			if err := f(buf[:n]); err != nil {
				return err
			}
			from, share, most = next, share-n, most-n
		}
	}
	return nil
}

// RelationshipShapes looks at relationships by their type.
func (v catalogView) RelationshipShapes(ctx context.Context) ([]procedure.Shape, error) {
	var out []procedure.Shape
	for _, t := range v.types() {
		var s shape
		err := v.eachRel(ctx, t, shapeSample, func(refs []uint32) error {
			for _, ref := range refs {
				props, err := v.r.RelProperties(ref)
				if err != nil {
					return err
				}
				s.add(props)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		out = append(out, procedure.Shape{Names: []string{v.r.Catalog().TypeName(t)}, Properties: s.properties()})
	}
	return out, nil
}

// types returns the types that some relationship has.
func (v catalogView) types() []catalog.TypeID {
	return slices.DeleteFunc(slices.Clone(v.r.Types()), func(t catalog.TypeID) bool { return v.r.CountRels(t) == 0 })
}

// Connections finds which labels relationships lead from and to.
func (v catalogView) Connections(ctx context.Context) ([]procedure.Connection, error) {
	var out []procedure.Connection
	var start, end [column.BatchSize]uint32
	var sets [2][column.BatchSize]catalog.LabelSetID
	all := column.Identity(column.BatchSize)
	for _, t := range v.types() {
		pairs := map[[2]catalog.LabelSetID]bool{}
		err := v.eachRel(ctx, t, linkSample, func(refs []uint32) error {
			n := len(refs)
			if err := v.r.RelEnds(refs, all[:n], start[:n], end[:n]); err != nil {
				return err
			}
			for k, nodes := range [][]uint32{start[:n], end[:n]} {
				if err := v.r.LabelSets(nodes, all[:n], func(i int, set catalog.LabelSetID) { sets[k][i] = set }); err != nil {
					return err
				}
			}
			for i := range n {
				pairs[[2]catalog.LabelSetID{sets[0][i], sets[1][i]}] = true
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		out = append(out, v.connections(t, pairs)...)
	}
	return out, nil
}

func (v catalogView) connections(t catalog.TypeID, pairs map[[2]catalog.LabelSetID]bool) []procedure.Connection {
	c := v.r.Catalog()
	names := func(set catalog.LabelSetID) []string {
		var out []string
		for _, l := range c.SetOf(set) {
			out = append(out, c.LabelName(l))
		}
		if len(out) == 0 {
			out = []string{""}
		}
		return out
	}
	found := map[procedure.Connection]bool{}
	for p := range pairs {
		for _, from := range names(p[0]) {
			for _, to := range names(p[1]) {
				found[procedure.Connection{From: from, Type: c.TypeName(t), To: to}] = true
			}
		}
	}
	var out []procedure.Connection
	for l := range found {
		out = append(out, l)
	}
	sort.Slice(out, func(i, j int) bool {
		a, b := out[i], out[j]
		return a.From < b.From || a.From == b.From && a.To < b.To
	})
	return out
}

var _ procedure.Shapes = catalogView{r: (*graph.Reader)(nil)}
