package bind

import (
	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
)

// variable is what a name stands for.
type variable struct {
	name string
	slot plan.Slot
	t    expr.Types
}

func (v *variable) ref() *expr.Slot { return &expr.Slot{Slot: v.slot, Name: v.name, T: v.t} }

// scope holds the variables that can be named at one place. Those of outer scopes
// are visible too: of the query around a subquery, of the expression around a
// comprehension. Crossing into a subquery's outer scope records the import.
type scope struct {
	vars    map[string]*variable
	order   []*variable
	outer   *scope
	imports *imports
	hidden  bool // outer is not visible (any more)

	loaded *plan.LoadCSV // whose rows are those here, nil: of none
}

// imports collects the slots that a subquery reads of the scopes around it.
type imports struct {
	slots []plan.Slot
}

func (im *imports) add(s plan.Slot) {
	for _, have := range im.slots {
		if have == s {
			return
		}
	}
	im.slots = append(im.slots, s)
}

func newScope(outer *scope) *scope {
	return &scope{vars: map[string]*variable{}, outer: outer}
}

// next returns an empty scope in the place of s, as WITH opens it.
func (s *scope) next() *scope {
	return &scope{vars: map[string]*variable{}, outer: s.outer, imports: s.imports, hidden: s.hidden}
}

// copy returns a scope with the same variables, to be added to.
func (s *scope) copy() *scope {
	n := s.next()
	for _, v := range s.order {
		n.add(v)
	}
	n.loaded = s.loaded
	return n
}

func (s *scope) add(v *variable) {
	if _, ok := s.vars[v.name]; !ok {
		s.order = append(s.order, v)
	} else {
		for i := range s.order {
			if s.order[i].name == v.name {
				s.order[i] = v
			}
		}
	}
	s.vars[v.name] = v
}

// lookup finds a variable, nil if there is none.
func (s *scope) lookup(name string) *variable {
	if v, ok := s.vars[name]; ok {
		return v
	}
	if s.outer == nil || s.hidden {
		return nil
	}
	v := s.outer.lookup(name)
	if v != nil && s.imports != nil {
		s.imports.add(v.slot)
	}
	return v
}

// load finds the LOAD CSV whose rows are those in reach, nil if there is none, and the
// imports that its slots have to be added to.
func (s *scope) load() (*plan.LoadCSV, []*imports) {
	var crossed []*imports
	for c := s; c != nil; c = c.outer {
		if c.loaded != nil {
			return c.loaded, crossed
		}
		if c.hidden {
			break
		}
		if c.imports != nil {
			crossed = append(crossed, c.imports)
		}
	}
	return nil, nil
}

// visible reports whether name stands for something, without importing it.
func (s *scope) visible(name string) bool {
	for c := s; c != nil; c = c.outer {
		if _, ok := c.vars[name]; ok {
			return true
		}
		if c.hidden {
			return false
		}
	}
	return false
}

// names lists every name in reach.
func (s *scope) names() []string {
	var out []string
	for c := s; c != nil; c = c.outer {
		for _, v := range c.order {
			out = append(out, v.name)
		}
		if c.hidden {
			break
		}
	}
	return out
}

func (s *scope) undefined(name string, pos status.Pos) error {
	err := status.Errorf(status.UndefinedVariable, "variable `%s` is not defined", name).At(pos)
	if near := status.Nearest(name, s.names()...); near != "" {
		return err.WithHint("did you mean `%s`?", near)
	}
	return err.WithHint("define it in a clause before this one, or pass it on with WITH")
}

// declare adds a new variable, or says that it is bound already.
func (b *binder) declare(s *scope, name *ast.Name, t expr.Types) (*variable, error) {
	if s.visible(name.Text) {
		return nil, alreadyBound(name.Text, name.Pos)
	}
	v := b.newVar(name.Text, t, 0)
	s.add(v)
	return v, nil
}

func alreadyBound(name string, pos status.Pos) error {
	return status.Errorf(status.VariableAlreadyBound, "variable `%s` is already defined", name).At(pos).
		WithHint("use another name")
}
