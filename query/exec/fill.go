package exec

import (
	"github.com/kadedb/kadedb/graph"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// maxFillDepth bounds nested lists and maps in answers.
const maxFillDepth = 1000

// Fill returns v with every node and relationship in it filled in: what leaves the
// engine.
func Fill(r *graph.Reader, v value.Value) (value.Value, error) { return fill(r, v, 0) }

func fill(r *graph.Reader, v value.Value, depth int) (value.Value, error) {
	if depth > maxFillDepth {
		return v, status.Errorf(status.TooDeep, "a value nested deeper than %d", maxFillDepth)
	}
	switch v.Kind() {
	case value.KindNode:
		if v.AsNode() != nil {
			return v, nil
		}
		n, err := r.FillNode(v.Ref())
		if err != nil {
			return v, err
		}
		return value.FromNode(n), nil
	case value.KindRelationship:
		if v.AsRelationship() != nil {
			return v, nil
		}
		rel, err := r.FillRel(v.Ref())
		if err != nil {
			return v, err
		}
		return value.FromRelationship(rel), nil
	case value.KindList:
		elems, err := fillAll(r, v.Elems(), depth)
		if err != nil || elems == nil {
			return v, err
		}
		return value.List(elems...), nil
	case value.KindMap:
		m := v.AsMap()
		if m.Len() == 0 {
			return v, nil
		}
		vals, err := fillAll(r, m.Vals, depth)
		if err != nil || vals == nil {
			return v, err
		}
		return value.FromMap(&value.Map{Keys: m.Keys, Vals: vals}), nil
	case value.KindPath:
		return fillPath(r, v.AsPath(), depth)
	}
	return v, nil
}

// fillAll fills a list in; nil means that nothing in it had to be.
func fillAll(r *graph.Reader, vals []value.Value, depth int) ([]value.Value, error) {
	var out []value.Value
	for i, v := range vals {
		switch v.Kind() {
		case value.KindNode, value.KindRelationship, value.KindList, value.KindMap, value.KindPath:
		default:
			continue
		}
		f, err := fill(r, v, depth+1)
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = append(make([]value.Value, 0, len(vals)), vals...)
		}
		out[i] = f
	}
	return out, nil
}

func fillPath(r *graph.Reader, p *value.Path, depth int) (value.Value, error) {
	out := &value.Path{Nodes: p.Nodes, Rels: p.Rels}
	nodes, err := fillAll(r, p.Nodes, depth)
	if err != nil {
		return value.Null, err
	}
	if nodes != nil {
		out.Nodes = nodes
	}
	rels, err := fillAll(r, p.Rels, depth)
	if err != nil {
		return value.Null, err
	}
	if rels != nil {
		out.Rels = rels
	}
	return value.FromPath(out), nil
}
