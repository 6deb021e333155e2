// Package function declares every function of KadeQL once: name, arguments, types,
// documentation and code, and the operators' semantics on boxed values.
//
//	def, ok := function.Lookup("tolower")          // case-insensitive; aliases too
//	res, err := def.Check([]function.Kinds{function.StringKind})
//	v, err := def.Apply(ctx, []value.Value{value.String("ÅSA")}) // 'åsa'
//
//	table.go   text.go   lists.go   temporal.go …   kernels by family
//	operator.go                                     + - * / % ^ IN, indexes, slices
//	aggregate.go …                                  count, sum … over batches and groups
//
// Binder, evaluator, completion and documentation all read the same table. The package
// does not evaluate expressions (query/expr does) and knows no storage (see Graph).
package function

import (
	"math/bits"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// Kinds is a set of value kinds: bit k stands for value.Kind(k).
type Kinds uint32

// Sets by name.
const (
	NullKind          Kinds = 1 << value.KindNull
	BoolKind          Kinds = 1 << value.KindBool
	IntKind           Kinds = 1 << value.KindInt
	FloatKind         Kinds = 1 << value.KindFloat
	StringKind        Kinds = 1 << value.KindString
	ListKind          Kinds = 1 << value.KindList
	MapKind           Kinds = 1 << value.KindMap
	NodeKind          Kinds = 1 << value.KindNode
	RelKind           Kinds = 1 << value.KindRelationship
	PathKind          Kinds = 1 << value.KindPath
	DateKind          Kinds = 1 << value.KindDate
	LocalTimeKind     Kinds = 1 << value.KindLocalTime
	TimeKind          Kinds = 1 << value.KindTime
	LocalDateTimeKind Kinds = 1 << value.KindLocalDateTime
	DateTimeKind      Kinds = 1 << value.KindDateTime
	DurationKind      Kinds = 1 << value.KindDuration
	PointKind         Kinds = 1 << value.KindPoint

	NumberKind  = IntKind | FloatKind
	EntityKind  = NodeKind | RelKind
	InstantKind = DateKind | LocalTimeKind | TimeKind | LocalDateTimeKind | DateTimeKind
	AnyKind     = Kinds(1)<<(value.LastKind+1) - 1

	// PartsKind are the kinds with components, as in date().year.
	PartsKind = InstantKind | DurationKind | PointKind
)

// KindsOf returns the set of v's kind alone.
func KindsOf(v value.Value) Kinds { return 1 << v.Kind() }

// Has reports whether k is in the set.
func (s Kinds) Has(k value.Kind) bool { return s&(1<<k) != 0 }

// String names the kinds, "INTEGER or FLOAT"; null is left out beside others.
func (s Kinds) String() string {
	if s|NullKind == AnyKind {
		return "ANY"
	}
	if s != NullKind {
		s &^= NullKind
	}
	var names []string
	for k := s; k != 0; k &= k - 1 {
		names = append(names, value.Kind(bits.TrailingZeros32(uint32(k))).String())
	}
	return strings.Join(names, " or ")
}

// Signature is one way to call a function.
type Signature struct {
	Args     []Kinds // what each argument may be; null is allowed unless the kernel says otherwise
	Optional int     // how many of Args, counted from the end, may be left out
	Variadic bool    // the last of Args may repeat
	Result   Kinds
}

// Class says what kind of function a Def is.
type Class uint8

const (
	Scalar Class = iota
	Aggregate
)

// Stability says when calls with equal arguments may share a result.
type Stability uint8

const (
	// Immutable results depend on the arguments (and the snapshot) alone: the
	// optimizer may compute them once.
	Immutable Stability = iota
	// PerStatement results are equal within one run of a statement (date(), timestamp()).
	PerStatement
	// Volatile calls give another result each time (rand()).
	Volatile
)

// Def is one function.
type Def struct {
	Name       string   // as the documentation spells it, "date.truncate"
	Aliases    []string // further names, "lower"
	Class      Class
	Category   string // chapter of the documentation; the table sets it
	Signatures []Signature
	SeesNull   bool // false: a null argument makes the result null and Call is not made
	Stability  Stability
	NeedsGraph bool // reads the snapshot through Context.Graph
	OfLoad     bool // tells of the row that LOAD CSV reads: a column, which the binder puts in the call's place
	// DistinctChanges is set for aggregates for which DISTINCT matters (not min, max).
	DistinctChanges bool
	Doc             string
	Example         string // "toLower('ÅSA') = 'åsa'"

	// Call is the code of a scalar function; use Apply, which handles null.
	Call func(ctx *Context, args []value.Value) (value.Value, error)
	// Vector, where not nil, computes whole columns of the common types: it fills out
	// (whose memory it may reuse) for the rows sel (nil: all n) and reports true, or
	// returns false and has done nothing, and the caller goes row by row. Null rows
	// included; arguments have n rows or are constant.
	Vector func(ctx *Context, args []*column.Vector, sel []int32, n int, out *column.Vector) (bool, error)

	// Makes, where not nil, returns how many bytes the result of Call takes, or a little more:
	// of functions whose result may be far larger than their arguments.
	Makes func(args []value.Value) int64

	newState func() State
}

// Graph is what graph functions read of a snapshot. refs are numbers of nodes or
// relationships, rows those of them to look at (nil: all): what is at others is undefined, and
// stays as it is in the results. A deleted entity gives DeletedEntityAccess, but keeps its
// id, type and ends.
type Graph interface {
	// IDs sets dst[i] to the id that users see of refs[i], a column.Node or column.Rel.
	IDs(of column.Type, refs []uint32, rows []int32, dst []int64) error
	// Labels sets dst[i] to the list of the names of node refs[i]'s labels, sorted.
	Labels(refs []uint32, rows []int32, dst []value.Value) error
	// Types makes dst a column of the names of the relationships' types.
	Types(refs []uint32, rows []int32, dst *column.Vector) error
	// Ends sets start[i] and end[i] to the nodes of relationship refs[i]; either may be nil.
	Ends(refs []uint32, rows []int32, start, end []uint32) error
	// Properties returns all properties of a node or relationship.
	Properties(entity value.Value) (*value.Map, error)
	// Property returns one property, null when it is missing.
	Property(entity value.Value, key string) (value.Value, error)
}

// Context is what functions need beside their arguments. One per worker: it is
// not safe for several goroutines. Zero clocks read as the Unix epoch.
type Context struct {
	Graph       Graph
	Statement   time.Time        // clock of the statement
	Transaction time.Time        // clock of the transaction
	Now         func() time.Time // realtime clock; nil: Statement
	Zone        string           // default zone; "" = UTC
	Rand        *rand.Rand       // nil: the process-wide generator

	regex map[string]*pattern
	one   oneEntity
	rows  []int32
}

// Apply calls a scalar function on boxed arguments.
func (d *Def) Apply(ctx *Context, args []value.Value) (value.Value, error) {
	if !d.SeesNull {
		for _, a := range args {
			if a.IsNull() {
				return value.Null, nil
			}
		}
	}
	return d.Call(ctx, args)
}

// NewState returns fresh accumulators for an aggregate function.
func (d *Def) NewState() State { return d.newState() }

// Check finds the signature that takes arguments of these kinds and returns the
// kinds that the result can have. It returns InvalidNumberOfArguments or
// InvalidArgumentType when no values of these kinds can be passed.
func (d *Def) Check(args []Kinds) (Kinds, error) {
	var result Kinds
	counted := false
	var bad string
	for _, s := range d.Signatures {
		if !s.takes(len(args)) {
			continue
		}
		counted = true
		i := s.misfit(args)
		if i < 0 {
			result |= s.Result
			continue
		}
		bad = "argument " + itoa(i+1) + " of " + d.Name + "() is " + args[i].String() + ", want " + s.want(i).String()
	}
	switch {
	case !counted:
		return 0, status.Errorf(status.InvalidNumberOfArguments, "%s() does not take %d arguments", d.Name, len(args)).
			WithHint("write %s", d.Usage())
	case result == 0:
		return 0, status.Errorf(status.InvalidArgumentType, "%s", bad).WithHint("write %s", d.Usage())
	}
	if !d.SeesNull && d.Class == Scalar {
		for _, a := range args {
			result |= a & NullKind
		}
	}
	return result, nil
}

// Misfit returns which argument an InvalidArgumentType of Check speaks of, or -1.
func (d *Def) Misfit(args []Kinds) int {
	at := -1
	for _, s := range d.Signatures {
		if s.takes(len(args)) {
			at = s.misfit(args)
		}
	}
	return at
}

// misfit returns the first argument that the signature does not take, or -1.
func (s *Signature) misfit(args []Kinds) int {
	for i, a := range args {
		if a&(s.want(i)|NullKind) == 0 {
			return i
		}
	}
	return -1
}

func (s *Signature) want(i int) Kinds { return s.Args[min(i, len(s.Args)-1)] }

func (s *Signature) takes(n int) bool {
	return n >= len(s.Args)-s.Optional && (n <= len(s.Args) || s.Variadic)
}

// Usage shows the signatures, "substring(STRING, INTEGER [, INTEGER])".
func (d *Def) Usage() string {
	parts := make([]string, len(d.Signatures))
	for i, s := range d.Signatures {
		parts[i] = d.Name + "(" + s.List() + ")"
	}
	return strings.Join(parts, " or ")
}

// List shows the arguments, "STRING, INTEGER [, INTEGER]".
func (s *Signature) List() string {
	var b strings.Builder
	for i, a := range s.Args {
		optional := i >= len(s.Args)-s.Optional
		if optional {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteByte('[')
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(a.String())
		if s.Variadic && i == len(s.Args)-1 {
			b.WriteString(", …")
		}
		if optional {
			b.WriteString("]")
		}
	}
	return b.String()
}

// Foldable reports whether a call with these constant arguments gives the same result for
// ever, clock and default zone aside: date('2015-07-21') does, though date() does not.
func (d *Def) Foldable(args []value.Value) bool {
	if d.Class != Scalar || d.NeedsGraph || d.Stability == Volatile {
		return false
	}
	if d.Stability == Immutable {
		return true
	}
	switch d.Name {
	case "date", "localtime", "localdatetime":
		return len(args) == 1 && args[0].Kind() != value.KindMap
	}
	return false
}
