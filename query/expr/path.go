package expr

import (
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

func (c *Context) pathBuild(e *PathBuild, b *column.Batch) (*column.Vector, error) {
	start, err := c.eval(e.Start, b)
	if err != nil {
		return nil, err
	}
	rels, nodes := make([]*column.Vector, len(e.Steps)), make([]*column.Vector, len(e.Steps))
	for i, s := range e.Steps {
		if rels[i], err = c.eval(s.Rel, b); err != nil {
			return nil, err
		}
		if s.Node == nil {
			continue
		}
		if nodes[i], err = c.eval(s.Node, b); err != nil {
			return nil, err
		}
	}
	out := c.result(column.Any, b, false)
	for _, r := range b.Selection() {
		p := pathBuilder{c: c}
		p.start(start.Value(int(r)))
		for i, s := range e.Steps {
			next := value.Null
			if nodes[i] != nil {
				next = nodes[i].Value(int(r))
			}
			rel := rels[i].Value(int(r))
			if !s.VarLength {
				p.hop(rel, next)
			} else if p.hops(rel); nodes[i] != nil && next.IsNull() {
				p.null = true
			}
		}
		if p.err != nil {
			return nil, p.err
		}
		out.Anys[r] = p.value()
	}
	return out, nil
}

// pathBuilder adds hops to a path until one is null.
type pathBuilder struct {
	c     *Context
	nodes []value.Value
	rels  []value.Value
	null  bool
	err   error
}

func (p *pathBuilder) start(node value.Value) {
	p.null = node.IsNull()
	p.nodes = append(p.nodes, node)
}

func (p *pathBuilder) hop(rel, node value.Value) {
	if rel.IsNull() || node.IsNull() {
		p.null = true
		return
	}
	p.rels, p.nodes = append(p.rels, rel), append(p.nodes, node)
}

// hops walks a list of relationships from where the path ends.
func (p *pathBuilder) hops(list value.Value) {
	if list.Kind() != value.KindList {
		p.null = true
	}
	if p.null || p.err != nil {
		return
	}
	g, err := p.c.graph()
	if err != nil {
		p.err = err
		return
	}
	elems := list.Elems()
	refs := make([]uint32, len(elems))
	for i, r := range elems {
		if r.Kind() != value.KindRelationship {
			p.null = true
			return
		}
		refs[i] = r.Ref()
	}
	ends := make([]uint32, 2*len(refs))
	from, to := ends[:len(refs)], ends[len(refs):]
	if err := g.Ends(refs, nil, from, to); err != nil {
		p.err = err
		return
	}
	at := p.nodes[len(p.nodes)-1].Ref()
	for i, r := range elems {
		switch at {
		case from[i]:
			at = to[i]
		case to[i]:
			at = from[i]
		default:
			p.err = status.Errorf(status.Internal, "relationships of a path do not meet")
			return
		}
		p.hop(r, value.NodeRef(at))
	}
}

func (p *pathBuilder) value() value.Value {
	if p.null {
		return value.Null
	}
	return value.FromPath(&value.Path{Nodes: p.nodes, Rels: p.rels})
}
