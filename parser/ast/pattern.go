package ast

// Selector says which of the paths that match are kept, for each pair of ends.
type Selector uint8

// The selectors.
const (
	SelectNone       Selector = iota // every path
	ShortestPath                     // shortestPath(…): one
	AllShortestPaths                 // allShortestPaths(…)
	SelectAll                        // ALL [PATHS]: every path, written out
	Any                              // ANY [k] [PATHS]
	AnyShortest                      // ANY SHORTEST
	AllShortest                      // ALL SHORTEST
	ShortestK                        // SHORTEST k
	ShortestKGroups                  // SHORTEST [k] GROUPS
	AnyCheapest                      // ANY CHEAPEST … COST e
	CheapestK                        // CHEAPEST k … COST e
)

// PathMode says what one path may pass twice.
type PathMode uint8

// The path modes; the zero one is what the clause has by default.
const (
	PathDefault PathMode = iota
	ModeWalk             // anything
	ModeTrail            // no relationship twice
	ModeAcyclic          // no node twice
	ModeSimple           // no node twice but the first as the last
)

// Direction is the direction of a relationship pattern, seen from left to right.
type Direction uint8

// The directions. Undirected is written -- or <-->.
const (
	Undirected Direction = iota
	Outgoing
	Incoming
)

// PatternPart is one path of a pattern: [var =] [selector] [mode] elements
// [COST e] [HEURISTIC e].
type PatternPart struct {
	Loc
	Var       *Name
	Selector  Selector
	K         Expr // ANY k, SHORTEST k, CHEAPEST k: *IntLit or *Parameter; nil if not written
	Mode      PathMode
	Elements  []PatternElement
	Cost      Expr
	Heuristic Expr
}

// PatternElement is *NodePattern, *RelPattern or *GroupPattern. Elements
// begin and end with a node or a group; a relationship stands between two nodes.
type PatternElement interface {
	Node
	patternElement()
}

// NodePattern is (var:labels {properties} WHERE …).
type NodePattern struct {
	Loc
	Var        *Name
	Labels     LabelExpr
	Properties Expr // *MapLit or *Parameter
	Where      Expr
}

// RelPattern is -[var:types*range {properties} WHERE …]->quantifier.
type RelPattern struct {
	Loc
	Var        *Name
	Types      LabelExpr
	Direction  Direction
	Range      *Hops // *1..3
	Properties Expr  // *MapLit or *Parameter
	Where      Expr
	Quantifier *Hops // {1,3}, + or * after the arrow
}

// GroupPattern is a parenthesised path: ([var =] [mode] elements [WHERE …])[quantifier].
type GroupPattern struct {
	Loc
	Var        *Name
	Mode       PathMode
	Elements   []PatternElement
	Where      Expr
	Quantifier *Hops // nil: once
}

// Hops is a number of repetitions, with the defaults filled in (* is 1 and
// up in a range, 0 and up as a quantifier).
type Hops struct {
	Loc
	Min       int64
	Max       int64 // only if not Unbounded
	Unbounded bool
}

// LabelExpr is a label or type expression.
type LabelExpr interface {
	Node
	labelExpr()
}

// LabelName is one label or type.
type LabelName struct {
	Loc
	Name string
}

// LabelDynamic is $(e) or $any(e) or $all(e): the labels that e evaluates to.
type LabelDynamic struct {
	Loc
	Any  bool // $any(e): one of them suffices
	Expr Expr
}

// LabelWildcard is %.
type LabelWildcard struct {
	Loc
}

// LabelNot is !X.
type LabelNot struct {
	Loc
	X LabelExpr
}

// LabelAnd is A&B&… or :A:B:….
type LabelAnd struct {
	Loc
	Items []LabelExpr
}

// LabelOr is A|B|….
type LabelOr struct {
	Loc
	Items []LabelExpr
}

func (*NodePattern) patternElement()  {}
func (*RelPattern) patternElement()   {}
func (*GroupPattern) patternElement() {}

func (*LabelName) labelExpr()     {}
func (*LabelDynamic) labelExpr()  {}
func (*LabelWildcard) labelExpr() {}
func (*LabelNot) labelExpr()      {}
func (*LabelAnd) labelExpr()      {}
func (*LabelOr) labelExpr()       {}
