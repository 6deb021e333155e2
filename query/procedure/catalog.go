package procedure

import (
	"time"

	"github.com/kadedb/kadedb/value"
)

// Catalog is what the procedures about the schema read of a snapshot. Names
// come in the order in which they were first used.
type Catalog interface {
	// Labels returns the labels that some node has.
	Labels() ([]string, error)
	// RelationshipTypes returns the types that some relationship has.
	RelationshipTypes() ([]string, error)
	// PropertyKeys returns every key that was ever set.
	PropertyKeys() ([]string, error)
	// Indexes returns every index, those behind constraints included.
	Indexes() ([]Index, error)
	// Constraints returns every constraint.
	Constraints() ([]Constraint, error)
	// Counts returns the number of nodes and of relationships.
	Counts() (nodes, rels int64, err error)
}

// Index is a row of SHOW INDEXES.
type Index struct {
	ID         uint64
	Name       string
	State      string  // ONLINE, POPULATING, FAILED
	Progress   float64 // 0 to 1
	Type       string  // RANGE, LOOKUP
	Entity     string  // NODE, RELATIONSHIP
	Label      string  // label or type
	Keys       []string
	Constraint string // name of the constraint that owns it, "" for none
}

// Constraint is a row of SHOW CONSTRAINTS.
type Constraint struct {
	ID     uint64
	Name   string
	Type   string // UNIQUENESS, KEY, EXISTENCE, TYPE
	Entity string
	Label  string
	Keys   []string
	Of     string // TYPE: the name of the type
	Index  string // name of the index that it owns, "" for none
}

// Sessions is what the procedures about running queries see and do.
type Sessions interface {
	// Transactions returns the open transactions that the caller may see.
	Transactions() []Transaction
	// Terminate ends a transaction; false where no open one has this id.
	Terminate(id string) (bool, error)
}

// Transaction is a row of SHOW TRANSACTIONS.
type Transaction struct {
	ID       string
	User     string // name of the token, "" without tokens
	Query    string // text of the statement now running, "" between statements
	Status   string // Running, Idle, Terminated
	Details  string // how far a statement is that commits as it goes
	Started  time.Time
	ReadOnly bool
}

// Setting is a row of SHOW SETTINGS.
type Setting struct {
	Name, Value, Default, Origin, Doc string
}

// Function is a row of SHOW FUNCTIONS.
type Function struct {
	Name, Signature, Category, Doc, Example, Result string
	Args                                            []string // types, of the longest signature
	Aggregating                                     bool
}

// Server is what is told of the store, and of the process that serves it.
type Server struct {
	Database string   // the store's name
	Aliases  []string // its other names
	Address  string   // "" where nobody listens
	ReadOnly bool
	Started  time.Time
}

// User is who asks, or a row of SHOW USERS: a token. Without tokens there is no name,
// and the role is admin.
type User struct {
	ID, Name, Role string
	Created        time.Time
}

// Users tells who may ask; an error is for callers that may not know it.
type Users interface {
	Users() ([]User, error)
}

func stringsOf(list []string) value.Value {
	out := make([]value.Value, len(list))
	for i, s := range list {
		out[i] = value.String(s)
	}
	return value.List(out...)
}

// orNull returns the string, or null for an empty one.
func orNull(s string) value.Value {
	if s == "" {
		return value.Null
	}
	return value.String(s)
}

// instant returns t as a zoned date-time in UTC, null for the zero time.
func instant(t time.Time) value.Value {
	if t.IsZero() {
		return value.Null
	}
	return value.DateTime(t.Unix(), int32(t.Nanosecond()), &value.Zone{Name: ""})
}

// mapOf returns a map of keys, each followed by its value.
func mapOf(keysAndValues ...any) value.Value {
	m := &value.Map{}
	for i := 0; i < len(keysAndValues); i += 2 {
		m.Keys, m.Vals = append(m.Keys, keysAndValues[i].(string)), append(m.Vals, keysAndValues[i+1].(value.Value))
	}
	return value.FromMap(m)
}
