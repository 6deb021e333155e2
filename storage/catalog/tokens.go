package catalog

import (
	"encoding/binary"
	"slices"
	"sync"

	"github.com/kadedb/kadedb/status"
)

// Kind is a family of tokens with numbers of its own. The values are part of
// the log's format.
type Kind uint8

const (
	Label Kind = iota
	Type
	Key
	// LabelSet tokens are named by their labels' numbers, four bytes each, ascending.
	LabelSet
	kinds
)

var kindNames = [...]string{"label", "relationship type", "property key", "label set"}

func (k Kind) String() string { return kindNames[k] }

// MaxNameLen bounds a token's name in bytes.
const MaxNameLen = 16 << 10

// Tokens maps names to numbers and back, for the whole store. It is safe for
// use by several goroutines.
type Tokens struct {
	mu     sync.RWMutex
	tables [kinds]table
}

type table struct {
	ids    map[string]uint32
	names  []string
	logged []bool // a record that defines it precedes every later one
	sets   [][]LabelID
}

// NewTokens returns a table that holds only the empty label set.
func NewTokens() *Tokens {
	t := &Tokens{}
	for k := range t.tables {
		t.tables[k].ids = map[string]uint32{}
	}
	t.tables[LabelSet].add("")
	t.tables[LabelSet].logged[0] = true
	return t
}

func (t *table) add(name string) uint32 {
	id := uint32(len(t.names))
	t.ids[name] = id
	t.names = append(t.names, name)
	t.logged = append(t.logged, false)
	t.sets = append(t.sets, nil)
	return id
}

// Lookup returns the number of a name, and whether it has one.
func (t *Tokens) Lookup(k Kind, name string) (uint32, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	id, ok := t.tables[k].ids[name]
	return id, ok
}

// Intern returns the number of a name, giving it one where it has none, and
// whether a transaction that uses it has to log its definition.
func (t *Tokens) Intern(k Kind, name string) (id uint32, define bool, err error) {
	t.mu.RLock()
	id, ok := t.tables[k].ids[name]
	if ok {
		define = !t.tables[k].logged[id]
	}
	t.mu.RUnlock()
	if ok {
		return id, define, nil
	}
	if k != LabelSet && (name == "" || len(name) > MaxNameLen) {
		err := status.Errorf(status.InvalidArgumentValue, "a %s of %d bytes; it must have 1 to %d", k, len(name), MaxNameLen)
		if name == "" {
			return 0, false, err.WithHint("a name cannot be empty")
		}
		return 0, false, err.WithHint("a long text belongs into a property's value")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.internLocked(k, name)
}

func (t *Tokens) internLocked(k Kind, name string) (uint32, bool, error) {
	tab := &t.tables[k]
	if id, ok := tab.ids[name]; ok {
		return id, !tab.logged[id], nil
	}
	id := tab.add(name)
	if k == LabelSet {
		tab.sets[id] = decodeSet(name)
	}
	return id, true, nil
}

// Define records a token as a log record or the checkpoint states it.
func (t *Tokens) Define(k Kind, id uint32, name string) error {
	if k >= kinds {
		return status.Errorf(status.Corruption, "token of unknown kind %d", k)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	tab := &t.tables[k]
	if got, ok := tab.ids[name]; ok {
		if got != id {
			return status.Errorf(status.Corruption, "%s %q has number %d and %d", k, name, got, id)
		}
		tab.logged[id] = true
		return nil
	}
	// Numbers below may belong to transactions that never committed: they stay
	// nameless holes, which nothing stored refers to.
	if id > uint32(len(tab.names))+1<<20 {
		return status.Errorf(status.Corruption, "%s %q has the impossible number %d", k, name, id)
	}
	for uint32(len(tab.names)) <= id {
		tab.names = append(tab.names, "")
		tab.logged = append(tab.logged, false)
		tab.sets = append(tab.sets, nil)
	}
	tab.ids[name], tab.names[id], tab.logged[id] = id, name, true
	if k == LabelSet {
		tab.sets[id] = decodeSet(name)
	}
	return nil
}

// MarkLogged records that a definition is in the log ahead of all later records.
func (t *Tokens) MarkLogged(k Kind, id uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if int(id) < len(t.tables[k].logged) {
		t.tables[k].logged[id] = true
	}
}

// Name returns the name of a number, "" if it has none.
func (t *Tokens) Name(k Kind, id uint32) string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if int(id) >= len(t.tables[k].names) {
		return ""
	}
	return t.tables[k].names[id]
}

// Len returns one more than the highest number of a kind.
func (t *Tokens) Len(k Kind) int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.tables[k].names)
}

// Each calls f for every token whose definition is logged, in order of number.
func (t *Tokens) Each(k Kind, f func(id uint32, name string)) {
	t.mu.RLock()
	names, logged := slices.Clone(t.tables[k].names), slices.Clone(t.tables[k].logged)
	t.mu.RUnlock()
	for id, name := range names {
		if logged[id] {
			f(uint32(id), name)
		}
	}
}

// SetOf returns the labels of a set, ascending. The caller must not write to it.
func (t *Tokens) SetOf(id LabelSetID) []LabelID {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if int(id) >= len(t.tables[LabelSet].sets) {
		return nil
	}
	return t.tables[LabelSet].sets[id]
}

// SetsWith returns, by number of set, which sets hold label; for AnyLabel all do.
func (t *Tokens) SetsWith(label LabelID) []bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	sets := t.tables[LabelSet].sets
	in := make([]bool, len(sets))
	for i, s := range sets {
		in[i] = label == AnyLabel || slices.Contains(s, label)
	}
	return in
}

// InternSet returns the number of the set of labels, which may be unsorted and
// hold duplicates.
func (t *Tokens) InternSet(labels []LabelID) (LabelSetID, bool, error) {
	if len(labels) == 0 {
		return 0, false, nil
	}
	sorted := slices.Clone(labels)
	slices.Sort(sorted)
	id, define, err := t.Intern(LabelSet, encodeSet(slices.Compact(sorted)))
	return LabelSetID(id), define, err
}

// With returns the set that also holds label.
func (t *Tokens) With(set LabelSetID, label LabelID) (LabelSetID, bool, error) {
	labels := t.SetOf(set)
	if slices.Contains(labels, label) {
		return set, false, nil
	}
	return t.InternSet(append(slices.Clone(labels), label))
}

// Without returns the set that lacks label.
func (t *Tokens) Without(set LabelSetID, label LabelID) (LabelSetID, bool, error) {
	labels := t.SetOf(set)
	i := slices.Index(labels, label)
	if i < 0 {
		return set, false, nil
	}
	return t.InternSet(slices.Delete(slices.Clone(labels), i, i+1))
}

func encodeSet(labels []LabelID) string {
	b := make([]byte, 0, 4*len(labels))
	for _, l := range labels {
		b = binary.BigEndian.AppendUint32(b, uint32(l))
	}
	return string(b)
}

func decodeSet(name string) []LabelID {
	labels := make([]LabelID, 0, len(name)/4)
	for b := []byte(name); len(b) >= 4; b = b[4:] {
		labels = append(labels, LabelID(binary.BigEndian.Uint32(b)))
	}
	return labels
}
